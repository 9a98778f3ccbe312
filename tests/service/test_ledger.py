"""The ledger keeps drafts, notes and silences."""

from __future__ import annotations

import asyncio
import re

import pytest
import sqlalchemy as sa

from service.database import Database
from service.ledger import REFERENCE, Ledger, SavedDraft, TicketKey, reference_for
from service.pipeline import WRITES

KEY = TicketKey("zendesk", "acme.zendesk.test", "7")
DRAFT = SavedDraft(key=KEY, message_id="m1", reference="DP-7K2QX", verdict="ready", html="<p>Hi</p>", details={"a": 1})


@pytest.fixture
def ledger(database: Database) -> Ledger:
    """An empty ledger."""
    return Ledger(database)


async def test_a_saved_draft_is_found_by_its_message(ledger: Ledger) -> None:
    """A job that starts again finds what an earlier one drafted, and pays no model again."""
    await ledger.save(DRAFT)

    found = await ledger.draft(KEY, "m1")
    assert found is not None
    assert (found.html, found.details, found.posted_at) == ("<p>Hi</p>", {"a": 1}, None)
    assert await ledger.draft(KEY, "m2") is None


async def test_a_posted_draft_is_never_replaced(ledger: Ledger) -> None:
    """What stands in the ticket is what the ledger says."""
    await ledger.save(DRAFT)
    await ledger.posted(KEY, "m1", note_id="99")
    await ledger.save(SavedDraft(key=KEY, message_id="m1", reference="DP-OTHER", verdict="x", html="x", details={}))

    found = await ledger.draft(KEY, "m1")
    assert found is not None
    assert (found.reference, found.note_id) == ("DP-7K2QX", "99")
    assert found.posted_at is not None


async def test_a_silence_is_said_once(ledger: Ledger) -> None:
    """Ten webhooks about one thanks make one line of the ledger."""
    for _ in range(3):
        await ledger.silent(KEY, "m1", "the customer only says thanks")
    await ledger.silent(KEY, "m2", "an agent has answered already")

    assert await ledger.silences(KEY) == [
        ("m1", "the customer only says thanks"),
        ("m2", "an agent has answered already"),
    ]


async def test_a_parked_ticket_is_free_again_once_its_note_is_posted(ledger: Ledger) -> None:
    """The list of what a person must look at holds nothing that has solved itself."""
    await ledger.park(KEY, attempts=5, error="boom")
    assert [(parked.key, parked.attempts, parked.error) for parked in await ledger.parked()] == [(KEY, 5, "boom")]

    await ledger.save(DRAFT)
    await ledger.posted(KEY, "m1", note_id="99")
    assert await ledger.parked() == []


def test_a_reference_is_the_same_for_the_same_message_and_can_be_read_aloud() -> None:
    """It is computed again after a crash, and recognised in the ticket."""
    reference = reference_for(KEY, "m1")

    assert reference == reference_for(KEY, "m1")
    assert REFERENCE.fullmatch(reference)
    assert not re.search("[ILOU]", reference.removeprefix("DP-"))
    assert len({reference_for(KEY, str(number)) for number in range(200)}) == 200


async def test_a_message_that_has_its_note_is_not_silent(ledger: Ledger) -> None:
    """What became of the ticket since is no reason for a silence that there was not."""
    await ledger.save(DRAFT)
    await ledger.posted(KEY, "m1", note_id="99")

    assert not await ledger.silent(KEY, "m1", "an agent has answered already")
    assert await ledger.silent(KEY, "m2", "the customer only says thanks")
    assert not await ledger.silent(KEY, "m2", "the customer only says thanks")
    assert [message for message, _ in await ledger.silences(KEY)] == ["m2"]


async def test_one_at_a_time_writes_the_note_of_a_message(ledger: Ledger) -> None:
    """Two workers that both believe the ticket is theirs: the second one waits, and finds the note written."""
    await ledger.save(DRAFT)
    order: list[str] = []

    async def write(name: str) -> None:
        async with ledger.writing(KEY, "m1") as mine:
            order.append(f"{name} {mine}")
            await asyncio.sleep(0)
            await ledger.posted(KEY, "m1", note_id=name)

    await asyncio.gather(write("a"), write("b"))
    assert [line.split()[1] for line in order] == ["True", "False"]


async def test_a_note_of_ours_is_known_by_its_id(ledger: Ledger) -> None:
    """So its webhook needs no look; a message beside it does."""
    await ledger.save(DRAFT)
    await ledger.posted(KEY, "m1", note_id="99")

    assert await ledger.are_notes("zendesk", {"99"})
    assert not await ledger.are_notes("zendesk", {"99", "100"})
    assert not await ledger.are_notes("zendesk", set())
    assert not await ledger.are_notes("freshdesk", {"99"})


async def test_more_notes_at_once_than_connections_do_not_wait_for_each_other(ledger: Ledger) -> None:
    """A note's place is held while the helpdesk is asked, and asking needs the database, too."""

    async def write(ticket_id: str) -> None:
        key = TicketKey("zendesk", "acme", ticket_id)
        async with ledger.writing(key, "1") as mine:
            assert mine
            await ledger.silences(key)

    await asyncio.gather(*(write(str(number)) for number in range(60)))


async def test_notes_on_their_way_leave_connections_for_the_forwarder_and_the_sweep(database: Database) -> None:
    """A helpdesk that takes its time with every write must not stop the webhooks' way to their jobs."""
    pool = database.transactions.pool
    assert isinstance(pool, sa.AsyncAdaptedQueuePool)
    assert pool.size() >= WRITES + 2
