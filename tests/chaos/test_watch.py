"""What the stand-ins see, and which request they hold back."""

from __future__ import annotations

from tests.chaos.evidence import Point, TicketName
from tests.chaos.watch import Holds, Meaning, pid_of

ANA, BEN = TicketName("zendesk", "1"), TicketName("zendesk", "2")


def test_a_process_is_known_by_what_it_calls_itself() -> None:
    """Name, version, host, pid; nobody else is taken for one of ours."""
    assert pid_of("deskpilot/0.1.0 (worker-1.example; 4711)") == 4711
    assert pid_of("python-httpx/0.28.1") == 0


def held(point: Point, kinds: list[tuple[TicketName, int, str]]) -> list[Point | None]:
    """What becomes of these requests where the point is to be held for Ana's ticket."""
    holds = Holds()
    holds.arm(ANA, point)
    return [holds.caught(Meaning(ticket, pid, kind)) for ticket, pid, kind in kinds]


def test_a_note_is_held_once_and_only_of_its_ticket() -> None:
    """Whoever comes again is let through."""
    requests = [(ANA, 1, "ticket"), (BEN, 1, "note"), (ANA, 1, "note"), (ANA, 2, "note")]

    assert held("before the note", requests) == [None, None, "before the note", None]
    assert held("after the note", requests) == [None, None, "after the note", None]


def test_between_ledger_and_note_is_the_second_look_of_the_same_process() -> None:
    """The first look begins the job; the draft is saved before the second."""
    requests = [
        (ANA, 1, "ticket"),
        (ANA, 1, "conversation"),
        (ANA, 2, "ticket"),
        (ANA, 1, "ticket"),
        (ANA, 1, "ticket"),
    ]

    assert held("between ledger and note", requests) == [None, None, None, "between ledger and note", None]
