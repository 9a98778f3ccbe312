"""How it goes with each helpdesk, out of a real database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from connectors.base import Event
from service.condition import Condition, conditions
from service.database import Database
from service.inbox import Inbox
from service.ledger import Ledger, SavedDraft, TicketKey
from service.queue import Look, Queue

KEY = TicketKey("zendesk", "acme.zendesk.test", "1")


async def test_an_empty_database_says_that_nothing_came_and_nobody_works(database: Database) -> None:
    """Of every helpdesk that is connected."""
    found = await conditions(database, ["zendesk", "freshdesk"], today=datetime.now(UTC))

    assert (found.of, found.workers) == ({"zendesk": Condition(), "freshdesk": Condition()}, 0)


async def test_what_came_waits_was_written_and_was_given_up_is_counted(database: Database) -> None:
    """What we found by asking is no webhook, and yesterday's note is not today's."""
    ledger, inbox, queue = Ledger(database), Inbox(database), Queue(database)
    now = datetime.now(UTC)
    await ledger.save(SavedDraft(KEY, "1", "DP-7K2QX", "ready", "<p>x</p>", {}))
    await ledger.posted(KEY, "1", note_id="9")
    await ledger.park(TicketKey("zendesk", KEY.account, "2"), attempts=5, error="KeyError")
    async with inbox.receiving(), queue.app.open_async():
        await inbox.put("zendesk", Event(kind="ticket", ticket_id="3", what="created"))
        await inbox.put("freshdesk", Event(kind="ticket", ticket_id="4", what="reconciled"))
        await queue.put(Look("zendesk", "5", attempt=2, reason="the model is overloaded"), after_s=60)
    async with database.engine.connect() as connection:
        await connection.execute(sa.text("INSERT INTO procrastinate_workers DEFAULT VALUES"))
    found = await conditions(database, ["zendesk", "freshdesk"], today=now - timedelta(hours=1))
    tomorrow = await conditions(database, ["zendesk"], today=now + timedelta(hours=1))
    zendesk, freshdesk = found.of["zendesk"], found.of["freshdesk"]

    assert (zendesk.waiting, zendesk.running, zendesk.parked, zendesk.notes_today) == (2, 0, 1, 1)
    assert zendesk.reason == "the model is overloaded"
    assert zendesk.webhook_at is not None
    assert zendesk.note_at is not None
    assert (freshdesk.webhook_at, freshdesk.note_at, freshdesk.waiting) == (None, None, 1)
    assert (found.workers, tomorrow.of["zendesk"].notes_today) == (1, 0)
