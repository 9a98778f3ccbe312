"""The judge can fail: for every promise, evidence that breaks it and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from service.ledger import TicketKey, reference_for
from tests.chaos.evidence import Asked, Evidence, Kill, Said, Sent, Stop, Stored, TicketName, load, save
from tests.chaos.judge import Demands, Verdict, judge

ACCOUNTS = {"zendesk": "z.example", "freshdesk": "f.example"}
ANA = TicketName("freshdesk", "1")
BEN = TicketName("zendesk", "2")
ONE, TWO = 101, 102
"""Two workers."""


def said(ticket: TicketName, id_: str, at: float, *, deserves: bool = True) -> Said:
    """A customer writes."""
    return Said(ticket, id_, at, "customer", deserves=deserves)


def answered(ticket: TicketName, at: float) -> Said:
    """An agent writes."""
    return Said(ticket, f"agent {at}", at, "agent")


def asked(ticket: TicketName, kind: str, start: float, end: float, *, pid: int = ONE, **more: Any) -> Asked:
    """A request to the helpdesk, or to the model."""
    return Asked(ticket, pid, "model" if kind == "model" else "helpdesk", kind, start, end, 200, **more)


def wrote(message: Said, at: float, *, note: str, pid: int = ONE) -> Asked:
    """A note for this message."""
    key = TicketKey(message.ticket.helpdesk, ACCOUNTS[message.ticket.helpdesk], message.ticket.id)
    html = f"<p>{reference_for(key, message.id)}</p>"
    return asked(message.ticket, "note", at, at + 0.1, pid=pid, note_id=note, html=html)


def job(message: Said, begin: float, *, note: str, pid: int = ONE) -> list[Asked]:
    """What a worker asks from the first look to the note, two seconds in all."""
    ticket = message.ticket
    return [
        asked(ticket, "ticket", begin, begin + 0.1, pid=pid),
        asked(ticket, "conversation", begin + 0.1, begin + 0.2, pid=pid),
        asked(ticket, "model", begin + 0.2, begin + 1.5, pid=pid),
        asked(ticket, "ticket", begin + 1.5, begin + 1.6, pid=pid),
        asked(ticket, "conversation", begin + 1.6, begin + 1.7, pid=pid),
        wrote(message, begin + 1.8, note=note, pid=pid),
    ]


def told(ticket: TicketName, at: float, **more: Any) -> Sent:
    """A webhook that was accepted."""
    return replace(Sent(ticket, at, at + 0.01, 200, "accepted"), **more)


QUESTION, OTHER = said(ANA, "m1", 10.0), said(BEN, "m2", 10.0)

HONEST = Evidence(
    accounts=ACCOUNTS,
    said=[QUESTION, OTHER],
    asked=[*job(QUESTION, 11.0, note="n1"), *job(OTHER, 11.0, note="n2", pid=TWO)],
    stored=[Stored(ANA, "n1", public=False), Stored(BEN, "n2", public=False)],
    sent=[told(ANA, 10.1), told(BEN, 10.1)],
    kills=[],
    stops=[],
    mailed=[],
)


def changed(**more: list[Any]) -> Evidence:
    """The honest run, and more."""
    together: dict[str, Any] = {name: [*getattr(HONEST, name), *added] for name, added in more.items()}
    return replace(HONEST, **together)


def breach(evidence: Evidence, demands: Demands | None = None) -> tuple[Verdict, str]:
    """The verdict, and what its only breach is called."""
    verdict = judge(evidence, demands)
    assert len(verdict.breaches) == 1, verdict.breaches
    return verdict, verdict.breaches[0].partition(":")[0]


def test_an_honest_run_has_no_breach() -> None:
    """Two messages, two notes."""
    verdict = judge(HONEST)

    assert (verdict.breaches, verdict.messages, verdict.notes, verdict.accepted_webhooks) == ([], 2, 2, 2)


def test_evidence_is_the_same_after_it_was_written_down(tmp_path: Path) -> None:
    """A breach can be judged again tomorrow."""
    evidence = changed(kills=[Kill("web", 9, 1.0, 1.1, "after the note")], stops=[Stop("web", 9, 1.0, 2.0, 3.0)])
    save(evidence, tmp_path / "evidence.json")

    assert load(tmp_path / "evidence.json") == evidence


def test_a_message_without_its_note_is_missed() -> None:
    """The newest of its ticket, and somebody looked."""
    evidence = changed(said=[said(ANA, "m3", 20.0)], asked=[asked(ANA, "ticket", 21.0, 21.1)])

    verdict, what = breach(evidence)

    assert (what, verdict.missing_notes) == ("missing_notes", 1)


@pytest.mark.parametrize(
    "more",
    [
        [said(ANA, "m3", 20.0, deserves=False)],
        [answered(ANA, 20.0)],
        [said(ANA, "m3", 20.0), answered(ANA, 21.0)],
    ],
    ids=["thanks", "an agent's answer", "a question and its answer"],
)
def test_what_deserves_no_note_is_not_missed(more: list[Said]) -> None:
    """Thanks, and what an agent has answered."""
    assert judge(changed(said=more)).breaches == []


def test_an_auto_reply_takes_no_question_back() -> None:
    """The question before it is still owed its note, and may get it after the machine has written."""
    away = Said(ANA, "m4", 20.5, "customer", automatic=True)
    question = said(ANA, "m3", 20.0)
    _, what = breach(changed(said=[question, away], asked=[asked(ANA, "ticket", 21.0, 21.1)]))

    assert what == "missing_notes"
    assert judge(changed(said=[question, away], asked=job(question, 21.0, note="n3"))).breaches == []


def test_a_second_note_for_a_message_is_a_duplicate() -> None:
    """By whomever, and however much later."""
    verdict, what = breach(changed(asked=job(QUESTION, 31.0, note="n3", pid=TWO)))

    assert (what, verdict.duplicate_notes) == ("duplicate_notes", 1)


def test_a_note_for_thanks_is_unwanted() -> None:
    """It costs an agent's time."""
    thanks = said(ANA, "m3", 20.0, deserves=False)

    verdict, what = breach(changed(said=[thanks], asked=job(thanks, 21.0, note="n3")))

    assert (what, verdict.unwanted_notes) == ("unwanted_notes", 1)


def test_a_note_for_a_message_that_its_writer_saw_superseded_is_late() -> None:
    """The newer message stood there before the last look."""
    newer = said(ANA, "m3", 12.3)
    evidence = changed(said=[newer], asked=job(newer, 14.0, note="n3"))

    verdict, what = breach(evidence)

    assert (what, verdict.late_notes) == ("late_notes", 1)


def test_a_note_after_an_agents_answer_is_late() -> None:
    """Where the writer could see it."""
    verdict, what = breach(changed(said=[answered(ANA, 12.0)]))

    assert (what, verdict.late_notes) == ("late_notes", 1)


def test_a_note_that_crossed_a_new_message_is_not_late_on_freshdesk() -> None:
    """It came after the last look: Freshdesk has no compare-and-set."""
    newer = said(ANA, "m3", 12.75)

    assert judge(changed(said=[newer], asked=job(newer, 14.0, note="n3"))).breaches == []


def test_a_note_that_crossed_a_message_of_a_later_second_is_late_on_zendesk() -> None:
    """There the helpdesk itself refuses such a write, when it is asked to."""
    slow = [*job(OTHER, 11.0, note="n2", pid=TWO)[:-1], wrote(OTHER, 13.5, note="n2", pid=TWO)]
    newer = said(BEN, "m3", 13.3)
    evidence = replace(
        HONEST, said=[*HONEST.said, newer], asked=[*HONEST.asked[:6], *slow, *job(newer, 14.0, note="n3")]
    )

    verdict, what = breach(evidence)

    assert (what, verdict.late_notes) == ("late_notes", 1)


def test_a_note_that_answers_nothing_is_unknown() -> None:
    """Its reference belongs to no message of its ticket."""
    strange = asked(ANA, "note", 20.0, 20.1, note_id="n3", html="<p>DP-00000</p>")

    verdict, what = breach(changed(asked=[strange]))

    assert (what, verdict.unknown_notes) == ("unknown_notes", 1)


def test_a_public_note_is_a_public_write() -> None:
    """Whatever was asked for: the helpdesk has it public."""
    verdict, what = breach(replace(HONEST, stored=[Stored(ANA, "n1", public=True), Stored(BEN, "n2", public=False)]))

    assert (what, verdict.public_writes) == ("public_writes", 1)


def test_a_write_that_does_not_ask_for_a_private_note_is_a_public_write() -> None:
    """Also where the helpdesk refused it."""
    verdict, what = breach(changed(asked=[replace(asked(ANA, "other", 20.0, 20.1), private=False, status=403)]))

    assert (what, verdict.public_writes) == ("public_writes", 1)


def test_a_note_that_left_as_mail_is_a_public_write() -> None:
    """Private now, and yet the customer has it."""
    verdict, what = breach(replace(HONEST, mailed=["n2"]))

    assert (what, verdict.public_writes) == ("public_writes", 1)


def test_two_processes_at_a_ticket_at_once_overlap() -> None:
    """Two requests in flight together."""
    verdict, what = breach(changed(asked=[asked(ANA, "ticket", 11.03, 11.07, pid=TWO)]))

    assert (what, verdict.overlaps) == ("overlaps", 1)


def test_a_process_between_the_look_and_the_note_of_another_one_overlaps() -> None:
    """Nothing in flight together, and still two at work."""
    verdict, what = breach(changed(asked=[asked(ANA, "ticket", 12.72, 12.75, pid=TWO)]))

    assert (what, verdict.overlaps) == ("overlaps", 1)


def test_a_killed_process_overlaps_with_nobody() -> None:
    """The helpdesk answers on, to nobody."""
    held = asked(ANA, "ticket", 13.5, 40.0)
    killed = Kill("worker-1", ONE, 14.0, 14.1)

    assert judge(changed(asked=[held, asked(ANA, "ticket", 20.0, 20.1, pid=TWO)], kills=[killed])).breaches == []


def test_an_accepted_webhook_after_which_nobody_looks_is_not_accounted_for() -> None:
    """2xx is our word."""
    verdict, what = breach(changed(sent=[told(ANA, 30.0)]))

    assert (what, verdict.unaccounted_webhooks) == ("unaccounted_webhooks", 1)


@pytest.mark.parametrize(
    "more", [{"status": 503}, {"status": 0, "error": "ConnectError"}, {"said": "ignored"}, {"ours": True}]
)
def test_only_accepted_webhooks_about_others_ask_for_a_look(more: dict[str, Any]) -> None:
    """Refused ones come again, or the reconciler finds them; our own notes ask for nothing."""
    assert judge(changed(sent=[told(ANA, 30.0, **more)])).breaches == []


def test_a_job_that_is_resumed_after_more_than_ten_seconds_is_a_breach() -> None:
    """By any other process, its own successor included."""
    held = asked(ANA, "ticket", 20.0, 40.0)
    killed = Kill("worker-1", ONE, 20.5, 20.6, "between ledger and note")
    evidence = changed(asked=[held, asked(ANA, "ticket", 31.0, 31.1, pid=TWO)], kills=[killed])

    verdict, what = breach(evidence)

    assert (what, verdict.resume_s_max, verdict.kills_of_running_jobs) == ("resume_s_max", 10.5, 1)
    assert verdict.kills_by_point["between ledger and note"] == 1
    assert judge(evidence, Demands(resumed_within_s=11.0)).breaches == []


def test_a_job_that_nobody_resumes_is_a_breach() -> None:
    """Its ticket's note may be there already; the job still hangs."""
    verdict, what = breach(changed(asked=[asked(ANA, "ticket", 20.0, 40.0)], kills=[Kill("worker-1", ONE, 20.5, 20.6)]))

    assert (what, verdict.never_resumed) == ("never_resumed", 1)


def test_a_run_that_hit_too_few_running_jobs_proves_nothing() -> None:
    """Kills of idle processes are easy."""
    idle = [Kill("worker-1", ONE, 50.0, 50.1)]

    _, what = breach(changed(kills=idle), Demands(kills=1, kills_of_running_jobs=1))

    assert what == "the run proves too little"


def test_a_process_that_takes_too_long_to_stop_is_a_breach() -> None:
    """Or that does not stop well."""
    assert breach(changed(stops=[Stop("worker-1", ONE, 50.0, 76.0, 80.0)]))[1] == "exit_s_max"
    assert breach(changed(stops=[Stop("worker-1", ONE, 50.0, 52.0, 80.0, code=1)]))[1] == "exit_s_max"


@pytest.mark.parametrize("process", ["web", "serve"])
def test_a_killed_process_that_listens_may_be_met_by_nobody_until_it_is_back(process: str) -> None:
    """The web among several, or the only one there is."""
    dead = [Kill(process, 9, 50.0, 50.1, None)]
    lost, after = told(ANA, 50.5, status=0, error="ConnectError"), told(ANA, 60.0, status=0, error="ConnectError")
    back, rolling = told(ANA, 53.0), [Stop("worker-1", ONE, 90.0, 91.0, 92.0)]

    assert judge(changed(kills=dead, stops=rolling, sent=[lost, back])).webhook_errors_elsewhen == 0
    assert judge(changed(kills=dead, stops=rolling, sent=[lost, back, after])).webhook_errors_elsewhen == 1


def test_a_webhook_may_meet_nobody_only_while_its_own_process_restarts() -> None:
    """The others' restarts are not seen from outside."""
    lost = told(ANA, 50.5, status=0, error="ConnectError")

    own = judge(changed(stops=[Stop("web", 9, 50.0, 51.0, 53.0)], sent=[lost]))
    another, what = breach(changed(stops=[Stop("worker-1", ONE, 50.0, 51.0, 53.0)], sent=[lost]))

    assert own.breaches == []
    assert (what, another.webhook_errors_elsewhen) == ("webhook_errors_elsewhen", 1)
