"""What changed is read from a stored cursor on, with an overlap, into the inbox."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from connectors.base import Change, RetryableError
from service.database import Database
from service.inbox import Inbox
from service.ledger import Ledger, TicketKey
from service.reconcile import OVERLAP, Reconciler


@dataclass
class Scripted:
    """A helpdesk that knows of changes."""

    name: str = "zendesk"
    account: str = "acme.zendesk.test"
    changes: list[Change] = field(default_factory=list)
    asked: list[datetime] = field(default_factory=list)
    fails_after: int | None = None

    async def changed_since(self, moment: datetime) -> AsyncIterator[Change]:
        """As the vendor gives them; it may break off."""
        self.asked.append(moment)
        for number, change in enumerate(self.changes):
            if number == self.fails_after:
                raise RetryableError("busy")
            if change.at >= moment:
                yield change


@pytest.fixture
async def inbox(database: Database) -> AsyncIterator[Inbox]:
    """An empty inbox."""
    made = Inbox(database)
    async with made.receiving():
        yield made


async def tickets(inbox: Inbox) -> list[str]:
    """What is to be looked at."""
    async with inbox.due(debounce_s=0, longest_s=0) as due:
        return sorted(one.ticket_id for one in due)


async def test_without_a_cursor_it_starts_now(database: Database, inbox: Inbox) -> None:
    """Older tickets are for the backfill, which asks first."""
    before = datetime.now(UTC)
    desk = Scripted(changes=[Change("1", before - timedelta(minutes=1))])

    assert await Reconciler(database, inbox=inbox).read(desk) == 0  # type: ignore[arg-type]
    assert desk.asked[0] >= before
    assert await tickets(inbox) == []


async def test_it_goes_on_where_it_ended_with_an_overlap(database: Database, inbox: Inbox) -> None:
    """By the helpdesk's clock, however wrong ours is."""
    theirs = datetime.now(UTC) - timedelta(hours=3)  # their clock, or ours, is wrong
    desk = Scripted(changes=[Change("1", theirs), Change("2", theirs + timedelta(minutes=1))])
    reconciler = Reconciler(database, inbox=inbox)
    assert await reconciler.read(desk, since=theirs) == 2  # type: ignore[arg-type]
    async with database.engine.begin() as connection:  # as if it had been the helpdesk's clock from the start
        await connection.execute(sa.text("UPDATE cursors SET upto = :upto"), {"upto": theirs + timedelta(minutes=1)})
    desk.changes.append(Change("3", theirs + timedelta(minutes=5)))

    await reconciler.read(desk)  # type: ignore[arg-type]
    assert desk.asked[-1] == theirs + timedelta(minutes=1) - OVERLAP
    await reconciler.read(desk)  # type: ignore[arg-type]
    assert desk.asked[-1] == theirs + timedelta(minutes=5) - OVERLAP
    assert await tickets(inbox) == ["1", "2", "3"]


async def test_a_poll_that_breaks_off_moves_nothing_and_loses_nothing(database: Database, inbox: Inbox) -> None:
    """What it found is looked at all the same, and found again."""
    start = datetime.now(UTC) - timedelta(hours=1)
    changes = [Change(str(number), start + timedelta(seconds=number)) for number in range(150)]
    desk, reconciler = Scripted(changes=changes, fails_after=120), Reconciler(database, inbox=inbox)
    with pytest.raises(RetryableError):
        await reconciler.read(desk, since=start)  # type: ignore[arg-type]

    assert len(await tickets(inbox)) == 100
    desk.fails_after = None
    assert await reconciler.read(desk, since=start) == 150  # type: ignore[arg-type]
    async with inbox.due(debounce_s=0, longest_s=0, limit=1000) as due:
        assert len({one.ticket_id for one in due}) == 150


async def test_what_was_given_up_stays_so_until_its_customer_writes_again(database: Database, inbox: Inbox) -> None:
    """Poison must not come back every five minutes."""
    start = datetime.now(UTC) - timedelta(minutes=5)
    await Ledger(database).park(TicketKey("zendesk", "acme", "poison"), attempts=5, error="boom")
    desk, reconciler = (
        Scripted(changes=[Change("poison", start), Change("other", start)]),
        Reconciler(database, inbox=inbox),
    )
    await reconciler.read(desk, since=start)  # type: ignore[arg-type]
    assert await tickets(inbox) == ["other"]

    desk.changes.append(Change("poison", datetime.now(UTC) + timedelta(minutes=1)))
    await reconciler.read(desk, since=start)  # type: ignore[arg-type]
    assert await tickets(inbox) == ["other", "poison"]


async def test_a_cursor_in_the_future_hides_nothing(database: Database, inbox: Inbox) -> None:
    """Somebody's clock was an hour ahead when it was stored."""
    desk, reconciler = Scripted(), Reconciler(database, inbox=inbox)
    await reconciler.read(desk)  # type: ignore[arg-type]
    async with database.engine.begin() as connection:
        await connection.execute(sa.text("UPDATE cursors SET upto = now() + interval '1 hour'"))
    now = datetime.now(UTC)
    await reconciler.read(desk)  # type: ignore[arg-type]

    assert desk.asked[-1] <= now - OVERLAP + timedelta(seconds=5)
