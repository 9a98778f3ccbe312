"""Text of tickets goes after its days; what is left of it keeps second notes away."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from service import retention as retention_module
from service.backlog import Backlog
from service.database import Database
from service.feedback import Remarks, Vote
from service.ledger import Ledger, SavedDraft, TicketKey
from service.outages import Outages
from service.pauses import Pauses
from service.queue import Look, Queue
from service.retention import KEPT, Retention
from service.settings import SettingsProblem, load
from service.tables import metadata
from service.votes import Votes
from tests import dump

TEXT = "kumquat"  # stands wherever a ticket's text can

KEY = TicketKey("zendesk", "acme.zendesk.test", "7")
DRAFT = SavedDraft(
    key=KEY,
    message_id="m1",
    reference="DP-7K2QX",
    verdict="uncovered",
    html=f"<p>{TEXT}</p>",
    details={"cited": [["*", "folder:a.md"]], "writer": "model", "tokens_in": 7, "asked": TEXT, "sources": [TEXT], "intent": TEXT},
    requester="4711",
)  # fmt: skip

HOLD_NO_TEXT = {
    "deliveries": {
        "helpdesk",
        "kind",
        "ticket_id",
        "what",
        "delivery_id",
        "author_id",
        "message_id",
        "result",
        "trace",
    },
    "drafts": {"helpdesk", "account", "ticket_id", "message_id", "reference", "verdict", "note_id"},
    "silences": {"helpdesk", "account", "ticket_id", "message_id"},
    "parked": {"helpdesk", "account", "ticket_id"},
    "outages": {"name", "by_whom"},
    "pilots": {"helpdesk"},
    "changes": {"by_whom", "what", "helpdesk"},
    "cursors": {"helpdesk", "account"},
    "budgets": {"name"},
    "spending": {"account", "budget", "subject"},
    "feedback": {"helpdesk", "account", "ticket_id", "reference", "judgement", "reason", "came"},
    "policies": {"version", "text"},
    "triages": {"helpdesk", "account", "ticket_id", "message_id", "category", "language", "policy", "details"},
    "lookups": {"name"},
    "signals": {"delivery_id", "kind"},
    "incidents": {"name", "title", "match", "texts", "stage", "by_whom", "details"},
    "incident_tickets": {"helpdesk", "account", "ticket_id", "message_id", "language", "stage", "details"},
    "outreach": {"cause", "playbook", "language", "state", "by_whom"},
    "outcomes": {
        *("helpdesk", "account", "ticket_id", "message_id", "arm", "reference", "reply_id", "use", "excluded"),
        *("category", "language", "brand", "group_id", "channel", "writer", "model", "prompt_version", "variant"),
        "details",
    },
    "resolutions": {
        *("helpdesk", "account", "ticket_id", "arm", "label", "excluded", "category", "language"),
        *("brand", "group_id", "channel", "variant", "details"),
    },
    "imports": {"helpdesk", "account", "what", "cursor"},
    "lessons": {
        *("helpdesk", "account", "ticket_id", "message_id", "kind", "origin", "state", "language", "category"),
        *("brand", "organization", "owner", "by_whom", "details"),
    },
    "merits": {"account", "article"},
    "experiments": {"name", "variants", "rules", "state", "by_whom", "details"},
    "samples": {"helpdesk", "account", "ticket_id", "message_id", "category"},
    "reviews": {"reviewer", "scores"},
    "drifts": {"category", "kind", "figures", "by_whom"},
    "rounds": {"name", "done"},
}
"""Columns of text that hold ids and words of ours, never what somebody wrote."""

FORGOTTEN = {
    "drafts": {"html", "details", "requester"},
    "silences": {"reason", "requester"},
    "parked": {"error"},
    "outages": {"reason"},
    "changes": {"details"},
    "feedback": {"comment", "answer"},
    "outcomes": {"requester"},
    "resolutions": {"requester"},
    "lessons": {"question", "reply", "changed", "requester"},
    "samples": {"text", "requester"},
    "reviews": {"remark"},
    "syncs": {"progress", "reports", "problem"},
    "triages": {"requester"},
    "contexts": {"customer", "facts"},
    "signals": {"customer", "data"},
    "lookups": {"customer", "facts"},
    "incident_tickets": {"requester", "asked"},
    "outreach": {"customer", "situation", "subject", "text", "details"},
}
"""Columns of text that the retention empties, or deletes with their rows."""


async def aged(database: Database, days: float) -> None:
    """So many days pass for all that is there."""
    times = {
        "drafts": ("created_at", "posted_at"),
        "silences": ("at",),
        "feedback": ("at",),
        "parked": ("at",),
        "outages": ("since", "probe_at"),
        "syncs": ("asked_at",),
        "deliveries": ("received_at", "forwarded_at"),
        "changes": ("at",),
        "outcomes": ("asked_at",),
        "resolutions": ("opened_at",),
        "lessons": ("created_at",),
        "samples": ("drawn_at",),
        "reviews": ("at",),
        "procrastinate_events": ("at",),
    }
    async with database.engine.connect() as connection:
        for table, columns in times.items():
            moved = ", ".join(f"{column} = {column} - make_interval(hours => {round(days * 24)})" for column in columns)
            await connection.execute(sa.text(f"UPDATE {table} SET {moved}"))  # noqa: S608 - our own names


@pytest.fixture
def ledger(database: Database) -> Ledger:
    """An empty ledger."""
    return Ledger(database)


async def everything_about(ledger: Ledger, database: Database, queue: Queue) -> None:
    """A ticket that left something in every table."""
    await ledger.save(DRAFT)
    await ledger.posted(KEY, "m1", note_id="99")
    await ledger.save(replace(DRAFT, message_id="m2", reference="DP-NEVER"))
    await ledger.silent(KEY, "m3", f"the helpdesk answered 422 ({TEXT})", requester="4711")
    await ledger.park(KEY, attempts=5, error=TEXT)
    await Outages(database).failed("llm", TEXT)
    await Votes(database).record(Vote(KEY, DRAFT.reference, "wrong"), Remarks(TEXT, "facts", TEXT))
    await queue.put(Look("zendesk", "7", reason=TEXT), after_s=60)
    await Pauses(database).pause("zendesk", by="Kim", why=TEXT)
    await Pauses(database).resume("zendesk", by="Kim")
    async with database.engine.connect() as connection:
        await connection.execute(sa.text("INSERT INTO syncs (problem) VALUES (:text)"), {"text": TEXT})


async def test_after_its_days_no_text_is_left(database: Database, ledger: Ledger) -> None:
    """In no table, the queue's included; a day earlier all of it is there."""
    queue = Queue(database)
    async with queue.app.open_async():
        await everything_about(ledger, database, queue)
        await aged(database, 29)
        before = await dump.tables(database.conninfo)
        await Retention(database, days=30).forget_old()
        assert await dump.tables(database.conninfo) == before
        assert len(dump.lines_with(before, TEXT)) == 9

        await aged(database, 1.1)
        await Retention(database, days=30).forget_old()

        left = await dump.tables(database.conninfo)
        assert dump.lines_with(left, TEXT, "4711") == []
        assert [entry.state for entry in await Backlog(database, queue).entries()] == ["parked", "waiting"]


async def test_what_stays_keeps_a_second_note_away(database: Database, ledger: Ledger) -> None:
    """Which message was answered, by which note, and what figures are made of."""
    await ledger.save(DRAFT)
    await ledger.posted(KEY, "m1", note_id="99")
    await aged(database, 31)
    await Retention(database, days=30).forget_old()

    left = await ledger.draft(KEY, "m1")
    assert left is not None
    assert (left.reference, left.note_id, left.html, left.verdict) == ("DP-7K2QX", "99", "", "uncovered")
    assert left.posted_at is not None
    assert left.details == {"cited": [["*", "folder:a.md"]], "writer": "model", "tokens_in": 7}
    assert await ledger.are_notes("zendesk", ["99"])
    async with ledger.writing(KEY, "m1") as mine:
        assert not mine


async def test_a_draft_that_was_never_posted_goes_whole(database: Database, ledger: Ledger) -> None:
    """An empty note must never be posted in its place: the next look writes it anew."""
    await ledger.save(DRAFT)
    await aged(database, 31)
    await Retention(database, days=30).forget_old()

    assert await ledger.drafts(KEY) == []


async def test_many_rows_go_in_batches(database: Database, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """No statement holds more rows than a few milliseconds' worth, and the last one does not end too early."""
    monkeypatch.setattr(retention_module, "_BATCH", 3)
    for number in range(7):
        await ledger.save(replace(DRAFT, message_id=f"m{number}"))
        await ledger.posted(KEY, f"m{number}", note_id=str(number))
    await aged(database, 31)
    await Retention(database, days=30).forget_old()

    assert [draft.html for draft in await ledger.drafts(KEY)] == [""] * 7


async def test_a_row_that_somebody_holds_is_left_to_the_next_round(database: Database, ledger: Ledger) -> None:
    """Nobody waits for a lock, neither the ticket nor the others."""
    for message in ("m1", "m2"):
        await ledger.save(replace(DRAFT, message_id=message))
        await ledger.posted(KEY, message, note_id=message)
    await aged(database, 31)
    async with database.transactions.begin() as holder:
        await holder.execute(sa.text("SELECT 1 FROM drafts WHERE message_id = 'm1' FOR UPDATE"))
        await Retention(database, days=30).forget_old()
        assert [draft.html for draft in await ledger.drafts(KEY)] == [DRAFT.html, ""]

    await Retention(database, days=30).forget_old()
    assert [draft.html for draft in await ledger.drafts(KEY)] == ["", ""]


def test_every_column_of_text_is_forgotten_or_holds_none() -> None:
    """Whoever adds a column says here which; what is to be forgotten is added to service/retention.py and forgetting.py."""
    there = {
        name: {column.name for column in table.columns if isinstance(column.type, sa.Text | sa.JSON)}
        for name, table in metadata.tables.items()
    }
    told = {name: HOLD_NO_TEXT.get(name, set()) | FORGOTTEN.get(name, set()) for name in there}

    assert there == told


def test_nothing_that_a_model_or_a_person_wrote_is_kept_of_the_details() -> None:
    """Whatever a later version puts there goes, unless it is named."""
    assert not set(KEPT) & {"asked", "nearest", "sources", "intent"}


@pytest.mark.parametrize("days", ["0", "-1", "soon"])
def test_at_least_a_day_is_kept(days: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A note is not forgotten before it is posted."""
    monkeypatch.setenv("DESKPILOT_RETENTION_DAYS", days)

    with pytest.raises(SettingsProblem, match="DESKPILOT_RETENTION_DAYS"):
        load()
