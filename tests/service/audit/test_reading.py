"""The history of helpdesks, read and judged; and what is said of what cannot be read."""

from __future__ import annotations

import pytest

from connectors.base import ConnectorError, ForbiddenError, GoneError, MisconfiguredError, RetryableError
from service.audit.past import first_sentence
from service.audit.reading import Bench, why_nothing
from tests.service.audit.bench import read
from tests.service.audit.history import ASKED, SINCE, PastDesk, past


async def test_tickets_are_judged_as_they_came(bench: Bench) -> None:
    """By their first message alone: kind, stakes, tier; what became of them is the helpdesk's word."""
    desk = PastDesk(
        [
            past(1, ASKED["delivery"], tags=("deskpilot_tier_3", "vip")),
            past(2, ASKED["legal"], replies=4, hours=50),
            past(3, ASKED["fault"], replies=1, reopens=1),
            past(4, "Please fix.", replies=None, solved_at=None, status="open"),
        ]
    )
    delivery, legal, fault, still_open = (await read(bench, desk)).seen

    assert (delivery.kind, delivery.tier, delivery.first_contact, delivery.hours) == ("delivery", 1, True, 5.0)
    assert (legal.kind, legal.tier, legal.first_contact, legal.hours) == ("legal", 3, False, 50.0)
    assert legal.stakes == 5
    assert fault.first_contact is False  # it came back
    assert (still_open.first_contact, still_open.hours) == (None, None)
    assert desk.asked == [SINCE]


async def test_what_is_no_question_of_a_customer_is_left_out_and_counted(bench: Bench) -> None:
    """And a ticket that changed while it was read counts once; one that was opened earlier not at all."""
    tickets = [
        past(1, ASKED["delivery"]),
        past(1, ASKED["delivery"]),
        past(2, ASKED["delivery"], spam=True),
        past(3, ASKED["delivery"], tags=("closed_by_merge",)),
        past(4, "Out of office: I am away until Monday.", subject="Automatic reply: your order"),
        past(5, ASKED["delivery"], day=200),
    ]
    found = await read(bench, PastDesk(tickets))

    assert [one.id for one in found.seen] == ["1"]
    assert found.left_out == {"spam": 1, "merged": 1, "sent by a machine": 1}


async def test_nobodys_address_stands_in_an_example(bench: Bench) -> None:
    """The report is passed on."""
    mail = past(
        1, "Where is my parcel? Write to ana.lind@customer.example.", subject="Parcel for ana.lind@customer.example"
    )
    (one,) = (await read(bench, PastDesk([mail]))).seen

    assert "ana.lind" not in one.example
    assert one.example


async def test_the_first_sentence_of_a_ticket_is_no_greeting_and_names_nobody(bench: Bench) -> None:
    """It stands in the report for those that were not told apart."""
    mail = past(
        1, "Hello,\n\nMy number is ana.lind@customer.example and the lid squeaks. It does so at night.", subject="Lid"
    )
    (one,) = (await read(bench, PastDesk([mail]))).seen

    assert "the lid squeaks" in one.sentence
    assert "ana.lind" not in one.sentence
    assert not one.sentence.startswith("Hello")
    assert "at night" not in one.sentence
    assert first_sentence("Hi,") == "Hi,"
    assert not first_sentence("")


async def test_a_helpdesk_that_stops_answering_leaves_what_was_read_and_says_so(bench: Bench) -> None:
    """Half a history is no small history; not one ticket of it is lost."""
    found = await read(bench, PastDesk([past(n, ASKED["delivery"]) for n in range(150)], breaks_after=120))

    assert len(found.seen) == 120
    assert found.answered == ("zendesk",)
    assert found.problems == (
        "zendesk stopped answering, so its figures are too low: GET /api/v2/incremental/tickets/cursor: the helpdesk answered 503. Run the audit again.",
    )


async def test_a_helpdesk_that_never_answered_is_none_that_the_figures_are_of(bench: Bench) -> None:
    """The other one is, alone."""
    broken = PastDesk([past(1, ASKED["delivery"])], breaks_after=0, name="freshdesk")
    found = await read(bench, broken, PastDesk([past(1, ASKED["delivery"])]))
    (problem,) = found.problems

    assert (len(found.seen), found.answered) == (1, ("zendesk",))
    assert problem.startswith("Nothing could be read from freshdesk, so it is in no figure: ")
    assert "DESKPILOT_FRESHDESK__URL" in problem
    assert why_nothing(found, since=SINCE) == ()


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (MisconfiguredError("401"), "`deskpilot doctor` tries DESKPILOT_ZENDESK__URL and the credentials"),
        (ForbiddenError("403"), "the right to read all tickets"),
        (GoneError("404"), "the account's own address"),
        (RetryableError("no answer"), "answers from this machine"),
    ],
)
async def test_every_failure_says_what_to_do(bench: Bench, error: ConnectorError, remedy: str) -> None:
    """Each another thing; then nothing is told of tickets."""
    found = await read(bench, PastDesk([past(1, ASKED["delivery"])], breaks_after=0, breaks_with=error))

    assert why_nothing(found, since=SINCE) == found.problems
    assert remedy in found.problems[0]


async def test_an_account_without_a_ticket_that_counts_is_told_in_a_sentence(bench: Bench) -> None:
    """With what was left out, for that may be the reason; and a helpdesk that failed is told beside it."""
    spam = PastDesk([past(1, ASKED["delivery"], spam=True)])
    broken = PastDesk([past(1, ASKED["delivery"])], breaks_after=0, name="freshdesk")
    problem, empty = why_nothing(await read(bench, spam, broken), since=SINCE)

    assert problem.startswith("Nothing could be read from freshdesk")
    assert empty.startswith(f"zendesk has no ticket of a customer since {SINCE:%Y-%m-%d} (left out: 1 spam)")
    assert "--months" in empty
