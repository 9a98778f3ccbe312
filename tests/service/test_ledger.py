"""The ledger keeps drafts, notes and silences."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from service.database import Database
from service.ledger import REFERENCE, Ledger, SavedDraft, TicketKey, reference_for
from service.pipeline import WRITES

KEY = TicketKey("zendesk", "acme.zendesk.test", "7")
DRAFT = SavedDraft(key=KEY, message_id="m1", reference="DP-7K2QX", verdict="ready", html="<p>Hi</p>", details={"a": 1})

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


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


async def test_what_is_known_when_a_note_is_posted_is_kept_beside_its_draft(ledger: Ledger) -> None:
    """Which fields were set with it."""
    await ledger.save(DRAFT)
    await ledger.posted(KEY, "m1", note_id="99", details={"wrote": {"priority": "high"}})

    found = await ledger.draft(KEY, "m1")
    assert found is not None
    assert found.details == {"a": 1, "wrote": {"priority": "high"}}


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


async def saved(ledger: Ledger, number: int, *, posted: bool = True, **details: object) -> None:
    """A note in the ledger, with these details."""
    key = TicketKey("zendesk", "acme.zendesk.test", str(number))
    verdict = "uncovered" if "asked" in details else "ready"
    await ledger.save(SavedDraft(key, "m1", reference_for(key, "m1"), verdict, "<p>Hi</p>", details))
    if posted:
        await ledger.posted(key, "m1", note_id=f"n{number}")


async def test_citations_are_counted_by_note(ledger: Ledger) -> None:
    """Only of notes that stand in a ticket; older drafts, which say nothing of it, do not count as notes without one."""
    await saved(ledger, 1, cited=[["*", "folder:a.md"], ["*", "folder:b.md"]], language="en")
    await saved(ledger, 2, cited=[["*", "folder:a.md"]], language="en")
    await saved(ledger, 3, cited=[], language="de")
    await saved(ledger, 4, cited=[["*", "folder:a.md"]], posted=False)
    await saved(ledger, 5, sources=["https://help.example/a"], language="en")

    assert await ledger.citations(since=LONG_AGO) == {("*", "folder:a.md"): 2, ("*", "folder:b.md"): 1}
    counted = [(one.account, one.language, one.verdict, one.count) for one in await ledger.drafted(since=LONG_AGO)]
    assert sorted(counted) == [("acme.zendesk.test", "de", "ready", 1), ("acme.zendesk.test", "en", "ready", 2)]
    assert await ledger.drafted(since=datetime.now(UTC) + timedelta(hours=1)) == []


async def test_open_questions_are_told_newest_first(ledger: Ledger) -> None:
    """With the ticket, so that a person can read what became of it."""
    await saved(ledger, 1, cited=[], asked="engraving", language="en", nearest=["*", "folder:a.md"])
    await saved(ledger, 2, cited=[], asked="gravur", language="de", nearest=[])

    told = await ledger.unanswered(since=LONG_AGO, limit=10)
    assert [(one.asked, one.language, one.ticket, one.nearest) for one in told] == [
        ("gravur", "de", "zendesk:2", None),
        ("engraving", "en", "zendesk:1", ("*", "folder:a.md")),
    ]
    assert len(await ledger.unanswered(since=LONG_AGO, limit=1)) == 1
