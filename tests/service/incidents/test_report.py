"""What an incident came to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from service.database import Database
from service.incidents.history import History
from service.incidents.report import Answered, lasted, reported
from service.incidents.store import Incidents
from service.ledger import Ledger, SavedDraft, TicketKey
from service.policy.document import Policy
from tests.service.incidents.holding import shifted, started

NOW = datetime(2026, 11, 20, 9, 50, tzinfo=UTC)
POLICY = Policy(version=1)


def answered(number: int, minutes: float = 0, **more: Any) -> Answered:
    """One message."""
    given = {"requester": f"zendesk:{number}", "language": "en", "stage": "investigating", "asked": ()} | more
    return Answered(ticket=f"zendesk:{number}", at=NOW + timedelta(minutes=minutes), **given)


async def test_tickets_are_counted_once_and_ordered_by_segment_then_by_time(database: Database) -> None:
    """As the plan wants them answered; a second message of a ticket is another draft, not another ticket."""
    incidents = await started(database, order=["vip", "pro"])
    told = [
        answered(1, segments=("pro",)),
        answered(2, 5, language="de"),
        answered(3, 15, segments=("pro", "vip"), requester="zendesk:1"),
        answered(1, 70, stage="resolved"),
        answered(4, 16, segments=("vip",), requester=""),
    ]
    report = reported(await incidents.one("sign-in-down"), told)

    assert (report.tickets, report.customers) == (4, 2)
    assert [(one.ticket, one.segment) for one in report.affected] == [
        ("zendesk:3", "vip"),
        ("zendesk:4", "vip"),
        ("zendesk:1", "pro"),
        ("zendesk:2", ""),
    ]
    assert [(f"{hour:%H}", count) for hour, count in report.by_hour.items()] == [("09", 2), ("10", 2)]
    assert report.texts == (("investigating", "en", 3), ("investigating", "de", 1), ("resolved", "en", 1))


async def test_what_only_a_person_may_answer_got_no_text_and_its_questions_are_none_of_the_texts(
    database: Database,
) -> None:
    """It is a ticket of the incident all the same."""
    incidents = await started(database)
    told = [answered(1, stage="", asked=("Whom may I sue?",), posted_at=NOW), answered(2, asked=("How long?",))]
    report = reported(await incidents.one("sign-in-down"), told)

    assert (report.tickets, report.for_people, report.first_note_s) == (2, 1, None)
    assert report.texts == (("investigating", "en", 1),)
    assert [one.question for one in report.questions] == ["How long?"]


async def test_open_questions_are_grouped(database: Database) -> None:
    """The one that most ask stands first."""
    incidents = await started(database)
    told = [
        answered(1, asked=("When will the login work again?",)),
        answered(2, asked=("When does my login work again?", "Will you refund September?")),
        answered(3, asked=("When will login work?",)),
    ]
    first, second = reported(await incidents.one("sign-in-down"), told).questions

    assert (first.count, second.count, second.question) == (3, 1, "Will you refund September?")


async def test_the_report_reads_what_was_drafted_and_posted_and_what_came_after(database: Database) -> None:
    """From the start to the first note; who wrote again; new tickets of the category."""
    incidents = await started(database, match={"category": ["sign_in"]})
    await shifted(database, 0.5)
    running = (await incidents.one("sign-in-down")).as_running
    ledger = Ledger(database)
    for number in ("1", "2"):
        key = TicketKey("zendesk", "acme.zendesk.test", number)
        await incidents.record(
            running, key, "m1", requester=number, language="de", stage="investigating", asked=("Wie | lange?",)
        )
        await ledger.save(SavedDraft(key, "m1", f"DP-{number}", "ready", "<p>", {}))
    await ledger.posted(TicketKey("zendesk", "acme.zendesk.test", "1"), "m1", note_id="9")
    await incidents.stop("sign-in-down", by="Robin")
    async with database.engine.connect() as connection:
        for ticket, message, category in (("1", "m2", "sign_in"), ("8", "m1", "sign_in"), ("9", "m1", "parcel")):
            await connection.execute(_LATER, {"ticket": ticket, "message": message, "category": category})

    report = await History(database).report(await incidents.one("sign-in-down"), POLICY)
    assert (report.tickets, report.customers, report.wrote_again, report.came_after) == (2, 2, 1, 1)
    assert report.first_note_s is not None
    assert 1800 <= report.first_note_s < 1900
    read = report.as_markdown()
    assert read.startswith("# Incident sign-in-down: Nobody can sign in\n")
    assert "- First status note after: 30 min" in read
    assert "- New tickets after the end: 1" in read
    assert "| investigating | de | 2 |" in read
    assert "| Wie \\| lange? | 2 | zendesk:" in read  # a customer's words make no column
    told = report.as_json()
    assert (told["after"], told["incident"]["state"]) == ({"wrote_again": 1, "came": 1}, "stopped")


async def test_a_running_one_that_nobody_asked_about_has_a_report_too(database: Database) -> None:
    """Of nothing yet."""
    incidents = await started(database)
    report = await History(database).report(await incidents.one("sign-in-down"), POLICY)

    assert (report.tickets, report.first_note_s, report.questions) == (0, None, ())
    assert "still running" in report.as_markdown()
    assert "None." in report.as_markdown()
    assert await Incidents(database).all()


_LATER = sa.text("""
    INSERT INTO triages (helpdesk, account, ticket_id, message_id, tier, category, language, at)
    VALUES ('zendesk', 'acme.zendesk.test', :ticket, :message, 1, :category, 'en', now() + interval '1 second')
""")


def test_a_length_of_time_is_told_as_people_say_it() -> None:
    """Two units at least where there are two."""
    assert [lasted(seconds) for seconds in (4, 60, 7500, 90_000, 86_400)] == [
        "4 s",
        "1 min",
        "2 h 5 min",
        "1 d 1 h",
        "1 d",
    ]
