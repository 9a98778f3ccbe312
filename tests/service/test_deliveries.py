"""What became of each webhook, on a real database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from service.database import Database
from service.deliveries import Deliveries, Filter, Told
from service.ledger import Ledger, TicketKey
from service.queue import Look, Queue

ACCOUNT = "acme.zendesk.test"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

_DELIVERY = sa.text("""
    INSERT INTO deliveries (helpdesk, kind, ticket_id, what, delivery_id, author_id, message_id, received_at, forwarded_at, result)
    VALUES ('zendesk', :kind, :ticket, 'created', '', '', '', :at, :forwarded, :result)
""")
_NOTE = sa.text("""
    INSERT INTO drafts (helpdesk, account, ticket_id, message_id, reference, verdict, html, details, created_at, note_id, posted_at)
    VALUES ('zendesk', :account, :ticket, CAST(:at AS text), 'DP-7K2QX', 'ready', '', '{}', :at, '9', :at)
""")
_SILENCE = sa.text("""
    INSERT INTO silences (helpdesk, account, ticket_id, message_id, reason, at)
    VALUES ('zendesk', :account, :ticket, CAST(:at AS text), :reason, :at)
""")


class Past:
    """What happened, by minutes after noon."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.deliveries = Deliveries(database, accounts=[ACCOUNT])

    async def came(
        self, minute: float, *, ticket: str = "1", kind: str = "ticket", result: str = "job", lag: float = 0.1
    ) -> None:
        """A webhook; result "": not handed on yet."""
        at = NOON + timedelta(minutes=minute)
        forwarded = at + timedelta(minutes=lag) if result else None
        await self._done(_DELIVERY, kind=kind, ticket=ticket, at=at, forwarded=forwarded, result=result)

    async def noted(self, minute: float, *, ticket: str = "1") -> None:
        """A note was written."""
        await self._done(_NOTE, account=ACCOUNT, ticket=ticket, at=NOON + timedelta(minutes=minute))

    async def silent(self, minute: float, reason: str, *, ticket: str = "1", account: str = ACCOUNT) -> None:
        """Nothing was written."""
        await self._done(_SILENCE, account=account, ticket=ticket, at=NOON + timedelta(minutes=minute), reason=reason)

    async def _done(self, statement: sa.TextClause, **given: object) -> None:
        async with self.database.engine.connect() as connection:
            await connection.execute(statement, given)

    async def told(self, **wanted: object) -> list[Told]:
        """Of the newest page."""
        return list((await self.deliveries.page(Filter(**wanted))).told)  # type: ignore[arg-type]

    async def fates(self, **wanted: object) -> list[tuple[str, str]]:
        """(fate, words) of the newest page, newest first."""
        return [(one.fate, one.verdict or one.reason) for one in await self.told(**wanted)]


@pytest.fixture
def past(database: Database) -> Past:
    """Nothing happened yet."""
    return Past(database)


async def test_each_delivery_says_what_it_led_to(past: Past) -> None:
    """A note, the webhook that our note caused, an agent's answer, the next question, which gets none."""
    await past.came(0)
    await past.noted(1)
    await past.came(1.1, result="our own note")
    await past.came(10)
    await past.came(60)
    await past.silent(61, "the customer only says thanks")

    assert await past.fates() == [
        ("silence", "the customer only says thanks"),
        ("unchanged", "ready"),
        ("own", "our own note"),
        ("note", "ready"),
    ]


async def test_deliveries_that_came_together_led_to_the_same(past: Past) -> None:
    """They were handed on in one, and answered by one note."""
    await past.came(0, lag=1)
    await past.came(0.5, lag=0.5)
    await past.noted(2)

    assert await past.fates() == [("note", "ready"), ("note", "ready")]


async def test_what_still_waits_or_failed_says_why(past: Past, database: Database) -> None:
    """Not handed on, in the queue for the third time, parked."""
    queue = Queue(database)
    now = (datetime.now(UTC) - NOON).total_seconds() / 60 - 1
    async with queue.app.open_async():
        await queue.put(Look("zendesk", "2", attempt=3, reason="the model does not answer"), after_s=60)
    await past.came(now, ticket="3")
    await Ledger(database).park(TicketKey("zendesk", ACCOUNT, "3"), attempts=5, error="KeyError")
    await Ledger(database).silent(TicketKey("zendesk", ACCOUNT, "3"), "", "KeyError")
    await past.came(now, ticket="2")
    await past.came(now, ticket="1", result="")
    waiting, put_off, failed = await past.told()

    assert (waiting.fate, waiting.reason) == ("waiting", "")
    assert (put_off.fate, put_off.reason, put_off.attempts) == ("waiting", "the model does not answer", 3)
    assert put_off.due_at is not None
    assert (failed.fate, failed.reason, failed.attempts) == ("failed", "KeyError", 5)


async def test_what_an_operator_dropped_is_said(past: Past) -> None:
    """The ledger keeps it without an account."""
    await past.came(0)
    await past.silent(3, "dropped by the operator", account="")

    assert await past.fates() == [("silence", "dropped by the operator")]


async def test_articles_and_polls_are_not_about_tickets(past: Past) -> None:
    """They are told all the same."""
    await past.came(0, ticket="77", kind="article", result="article")
    await past.came(1, ticket="", kind="poll", result="poll")

    assert [(one.fate, one.ticket, one.kind) for one in await past.told()] == [
        ("other", "", "poll"),
        ("other", "", "article"),
    ]


async def test_the_filter_takes_helpdesk_ticket_and_fate(past: Past) -> None:
    """An article of the same number is no ticket."""
    await past.came(0, ticket="1")
    await past.noted(1, ticket="1")
    await past.came(2, ticket="2")
    await past.silent(3, "spam", ticket="2")
    await past.came(4, ticket="2", kind="article", result="article")

    assert [one.ticket_id for one in await past.told(ticket_id="2")] == ["2"]
    assert await past.fates(fate="note") == [("note", "ready")]
    assert await past.fates(fate="silence") == [("silence", "spam")]
    assert await past.told(helpdesk="freshdesk") == []
    assert await past.told(fate="failed") == []


async def test_page_by_page_every_delivery_is_told_once(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where one comes in between, and where those that are wanted are rare."""
    monkeypatch.setattr("service.deliveries._LOOKED_THROUGH", 4)
    for minute in range(11):
        await past.came(minute, ticket=str(minute))
    await past.noted(2.5, ticket="2")
    seen: list[str] = []
    before, pages = 0, 0
    while pages == 0 or before:
        page = await past.deliveries.page(Filter(before=before), rows=3)
        seen += [one.ticket_id for one in page.told]
        before, pages = page.older, pages + 1
        await past.came(100 + pages, ticket="later")
    found, before, looks = [], 0, 0
    while looks == 0 or before:
        page = await past.deliveries.page(Filter(before=before, fate="note"), rows=3)
        found += [one.ticket_id for one in page.told]
        before, looks = page.older, looks + 1

    assert seen == [str(number) for number in reversed(range(11))]
    assert (found, looks > 2) == (["2"], True)


async def test_what_came_in_the_middle_of_a_look_led_to_the_same_note(past: Past) -> None:
    """The first was still being looked at when the second was handed on; what came much later is another look's."""
    await past.came(0)
    await past.came(0.3)
    await past.noted(1)
    await past.came(1.5)
    await past.silent(1.8, "the customer only says thanks")
    await past.came(90, ticket="2")
    await past.came(95, ticket="2")
    await past.noted(96, ticket="2")
    _, first = await past.told(ticket_id="2")

    assert await past.fates(ticket_id="1") == [
        ("silence", "the customer only says thanks"),
        ("note", "ready"),
        ("note", "ready"),
    ]
    assert (first.fate, first.later, first.reference) == ("unchanged", True, "")
