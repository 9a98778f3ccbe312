"""Accepted webhooks are durable, and a ticket becomes a job once it is quiet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa

from connectors.base import Event
from service.database import Database
from service.errors import DatabaseUnavailableError
from service.inbox import Due, Inbox
from service.tables import deliveries

EVENT = Event(kind="ticket", ticket_id="7", what="comment_added", delivery_id="d1", author_id="42", message_id="c1")


@pytest.fixture
async def inbox(database: Database) -> AsyncIterator[Inbox]:
    """An inbox that receives."""
    opened = Inbox(database)
    async with opened.receiving():
        yield opened


async def due(inbox: Inbox, *, debounce_s: float = 0, longest_s: float = 100) -> list[Due]:
    """What a forwarder would see now."""
    async with inbox.due(debounce_s=debounce_s, longest_s=longest_s) as found:
        return found


async def age(database: Database, seconds: float) -> None:
    """Let the stored deliveries have arrived earlier."""
    earlier = deliveries.c.received_at - sa.func.make_interval(0, 0, 0, 0, 0, 0, seconds)
    async with database.engine.begin() as connection:
        await connection.execute(sa.update(deliveries).values(received_at=earlier))


async def test_a_stored_delivery_is_in_the_database_before_put_returns(inbox: Inbox, database: Database) -> None:
    """What is answered with 2xx survives a crash of this process."""
    await inbox.put("zendesk", EVENT)

    async with database.engine.connect() as connection:
        row = (await connection.execute(sa.select(deliveries))).one()
    assert (row.helpdesk, row.ticket_id, row.delivery_id, row.author_id) == ("zendesk", "7", "d1", "42")


async def test_deliveries_that_arrive_together_share_a_commit(inbox: Inbox, database: Database) -> None:
    """Fifty requests cost a handful of commits, not fifty."""
    await asyncio.gather(*(inbox.put("zendesk", EVENT) for _ in range(50)))

    async with database.engine.connect() as connection:
        rows, commits = (
            await connection.execute(sa.text("SELECT count(*), count(DISTINCT xmin::text) FROM deliveries"))
        ).one()
    assert rows == 50
    assert commits <= 5


async def test_a_burst_on_one_ticket_is_due_once(inbox: Inbox) -> None:
    """Duplicates and bursts make one job."""
    for _ in range(5):
        await inbox.put("zendesk", EVENT)

    assert [(item.ticket_id, item.messages) for item in await due(inbox)] == [("7", frozenset({"c1"}))]


async def test_a_ticket_is_due_only_after_it_has_been_quiet(inbox: Inbox, database: Database) -> None:
    """The debounce trails: it counts from the last message, not from the first."""
    await inbox.put("zendesk", EVENT)
    await age(database, 4)
    await inbox.put("zendesk", EVENT)

    assert await due(inbox, debounce_s=3) == []
    await age(database, 4)
    assert [item.ticket_id for item in await due(inbox, debounce_s=3)] == ["7"]


async def test_a_ticket_that_is_never_quiet_is_due_after_the_longest_wait(inbox: Inbox, database: Database) -> None:
    """A customer who keeps typing gets a note all the same."""
    await inbox.put("zendesk", EVENT)
    await age(database, 16)
    await inbox.put("zendesk", EVENT)

    assert [item.ticket_id for item in await due(inbox, debounce_s=3, longest_s=15)] == ["7"]


async def test_what_was_forwarded_does_not_come_again_and_what_was_not_does(inbox: Inbox) -> None:
    """A forwarder that dies between job and mark forwards again; one that marked does not."""
    await inbox.put("zendesk", EVENT)
    (first,) = await due(inbox)
    (again,) = await due(inbox)
    await inbox.put("zendesk", EVENT)
    await inbox.forwarded([(first, "job")])

    (newer,) = await due(inbox)
    assert again == first
    assert newer.upto > first.upto


async def test_one_forwarder_at_a_time_sees_what_is_due(inbox: Inbox) -> None:
    """Two replicas do not forward the same ticket."""
    await inbox.put("zendesk", EVENT)

    async with inbox.due(debounce_s=0, longest_s=9) as mine, inbox.due(debounce_s=0, longest_s=9) as theirs:
        assert [item.ticket_id for item in mine] == ["7"]
        assert theirs == []


async def test_the_same_number_in_two_helpdesks_is_two_tickets(inbox: Inbox) -> None:
    """Ids are unique within a helpdesk only."""
    await inbox.put("zendesk", EVENT)
    await inbox.put("freshdesk", EVENT)

    assert {item.helpdesk for item in await due(inbox)} == {"zendesk", "freshdesk"}


async def test_a_database_that_refuses_is_an_error_and_the_next_delivery_is_stored(
    inbox: Inbox, database: Database
) -> None:
    """No 2xx without a durable row, and the writer outlives the failure."""
    async with database.engine.begin() as connection:
        await connection.execute(sa.text("ALTER TABLE deliveries RENAME TO away"))
    with pytest.raises(DatabaseUnavailableError):
        await inbox.put("zendesk", EVENT)

    async with database.engine.begin() as connection:
        await connection.execute(sa.text("ALTER TABLE away RENAME TO deliveries"))
    await inbox.put("zendesk", EVENT)
    assert await inbox.waiting() == 1


async def test_a_disk_that_is_full_is_an_error_and_the_next_delivery_is_stored(
    inbox: Inbox, database: Database
) -> None:
    """As PostgreSQL says it: the sender is asked to send again, and nothing is half stored."""
    full = "BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END"
    async with database.engine.begin() as connection:
        await connection.execute(sa.text(f"CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $${full}$$"))
        await connection.execute(
            sa.text("CREATE TRIGGER full_disk BEFORE INSERT ON deliveries EXECUTE FUNCTION full_disk()")
        )
    with pytest.raises(DatabaseUnavailableError):
        await inbox.put("zendesk", EVENT)

    async with database.engine.begin() as connection:
        await connection.execute(sa.text("DROP TRIGGER full_disk ON deliveries"))
    await inbox.put("zendesk", EVENT)
    assert await inbox.waiting() == 1


@pytest.mark.parametrize("hours", [-1, 1])
async def test_a_clock_that_was_moved_by_an_hour_keeps_no_ticket_waiting(
    inbox: Inbox, database: Database, hours: int
) -> None:
    """A delivery from the future is due at once; one of the past is anyway."""
    await inbox.put("zendesk", EVENT)
    await age(database, 3600 * hours)

    assert [item.ticket_id for item in await due(inbox, debounce_s=3)] == ["7"]


async def test_a_connection_that_died_between_two_deliveries_is_replaced(inbox: Inbox, database: Database) -> None:
    """A PostgreSQL that was restarted costs no delivery: the sender is not asked to send again."""
    await inbox.put("zendesk", EVENT)
    async with database.engine.begin() as connection:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        await connection.execute(sa.text(others))

    await inbox.put("zendesk", EVENT)

    assert await inbox.waiting() == 2


async def test_what_was_dealt_with_long_ago_is_forgotten_and_what_waits_is_not(
    inbox: Inbox, database: Database
) -> None:
    """The inbox does not grow for ever."""
    await inbox.put("zendesk", EVENT)
    (first,) = await due(inbox)
    await inbox.forwarded([(first, "job")])
    await inbox.put("zendesk", EVENT)
    async with database.engine.begin() as connection:
        long_ago = sa.text("UPDATE deliveries SET forwarded_at = forwarded_at - interval '15 days'")
        await connection.execute(long_ago)
    await inbox.prune(days=14)

    async with database.engine.connect() as connection:
        assert await connection.scalar(sa.select(sa.func.count()).select_from(deliveries)) == 1


async def test_an_article_and_a_ticket_of_the_same_number_are_two(inbox: Inbox) -> None:
    """What is forwarded of one leaves the other waiting; forwarded articles are known for a while."""
    await inbox.put("zendesk", EVENT)
    await inbox.put("zendesk", Event(kind="article", article_id="7", what="article.published"))

    async with inbox.due(debounce_s=0, longest_s=100) as found:
        assert sorted((one.kind, one.ticket_id) for one in found) == [("article", "7"), ("ticket", "7")]
        await inbox.forwarded([(one, "article") for one in found if one.kind == "article"])

    assert [one.kind for one in await due(inbox)] == ["ticket"]
    assert list(await inbox.articles(hours=1)) == [("zendesk", "7")]
    assert await inbox.articles(hours=0) == {}
