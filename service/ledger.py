"""The ledger: what was drafted, what was posted, and why nothing was written.

A draft is saved before its note is posted: a job that dies between the two posts the same draft again without paying
the model, and finds its own reference in the ticket first, so that there is never a second note.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from connectors.base import Update
from service.database import Database
from service.tables import drafts, parked, silences

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O, U: it is read aloud

REFERENCE = re.compile(r"\bDP-[0-9A-HJKMNP-TV-Z]{5}\b")
"""How a note of ours is recognised in a ticket."""


DROPPED = "dropped by the operator"
"""Why a ticket gets nothing that a person took out of the queue."""


@dataclass(frozen=True, slots=True)
class TicketKey:
    """Which ticket, over all accounts."""

    helpdesk: str
    account: str
    ticket_id: str

    def __str__(self) -> str:
        return f"{self.helpdesk}:{self.account}:{self.ticket_id}"


@dataclass(frozen=True, slots=True)
class SavedDraft:
    """A composed note and whether it is in the ticket."""

    key: TicketKey
    message_id: str  # the message, or the @deskpilot note, that it answers
    reference: str
    verdict: str
    html: str
    details: Mapping[str, Any]
    requester: str = ""  # the helpdesk's id of whose ticket it is
    created_at: datetime | None = None
    note_id: str = ""
    posted_at: datetime | None = None
    update: Update | None = None  # of the ticket, with its own values; only while the draft is in our hands, never kept


@dataclass(frozen=True, slots=True)
class Drafted:
    """How many notes for which articles were asked had this verdict. language: the customers'; "" unknown."""

    account: str
    language: str
    verdict: str
    count: int
    first: datetime


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A question, masked, that no article answers. nearest: (account, article) of the best that was found."""

    asked: str
    language: str
    ticket: str  # "zendesk:123"
    at: datetime
    nearest: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Parked:
    """A ticket that was given up after too many attempts."""

    key: TicketKey
    attempts: int
    error: str
    at: datetime


def reference_for(key: TicketKey, message_id: str) -> str:
    """The reference of the note that answers this message, e.g. "DP-7K2QX": the same whoever computes it, and again.

    25 bits: within one ticket of a hundred notes, two meet once in seven thousand tickets.
    """
    number = int.from_bytes(hashlib.sha256(f"{key}:{message_id}".encode()).digest()[:4], "big")
    return "DP-" + "".join(_CROCKFORD[number >> shift & 31] for shift in (20, 15, 10, 5, 0))


class Ledger:
    """Reads and writes the ledger's tables; every statement stands alone."""

    def __init__(self, database: Database) -> None:
        self._engine, self._transactions = database.engine, database.transactions

    async def draft(self, key: TicketKey, message_id: str) -> SavedDraft | None:
        """The draft that answers this message, posted or not."""
        async with self._engine.connect() as connection:
            row = (await connection.execute(_DRAFT, _given(key, message_id))).first()
        return _saved(row) if row else None

    async def drafts(self, key: TicketKey) -> list[SavedDraft]:
        """All drafts of a ticket, oldest first."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(sa.select(drafts).where(_same(drafts, key)).order_by(drafts.c.id))
            return [_saved(row) for row in rows]

    async def newest(self, limit: int = 50) -> list[SavedDraft]:
        """The newest drafts of all tickets, newest first."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(sa.select(drafts).order_by(drafts.c.id.desc()).limit(limit))
            return [_saved(row) for row in rows]

    async def save(self, draft: SavedDraft) -> None:
        """Save a draft before it is posted; one that is not posted yet is replaced."""
        written = {
            "reference": draft.reference,
            "verdict": draft.verdict,
            "html": draft.html,
            "details": dict(draft.details),
            "requester": draft.requester,
        }
        async with self._engine.connect() as connection:
            await connection.execute(_SAVE, _given(draft.key, draft.message_id) | written)

    async def posted(
        self, key: TicketKey, message_id: str, *, note_id: str, details: Mapping[str, Any] | None = None
    ) -> None:
        """The note of this draft is in the ticket. details: what is known since, beside those of the draft."""
        given = _given(key, message_id) | {"note": note_id, "more": json.dumps(dict(details or {}))}
        async with self._engine.connect() as connection:
            await connection.execute(_POSTED, given)

    async def are_notes(self, helpdesk: str, message_ids: Collection[str]) -> bool:
        """Whether all of these messages are notes of ours."""
        async with self._engine.connect() as connection:
            found = await connection.execute(_NOTES, {"helpdesk": helpdesk, "ids": list(message_ids)})
            return bool(message_ids) and set(found.scalars()) == set(message_ids)

    @asynccontextmanager
    async def writing(self, key: TicketKey, message_id: str) -> AsyncIterator[bool]:
        """Hold the one place in which a note for this message is written; yields whether it still has to be.

        The queue's lock keeps a ticket to one worker. This one holds when that was wrong: a worker that was paused, or
        declared dead while it lived.
        """
        async with self._transactions.begin() as connection:
            await connection.execute(_LOCK, {"place": f"{key}:{message_id}"})
            posted = await connection.scalar(_POSTED_AT, _given(key, message_id))
            yield posted is None

    async def silent(self, key: TicketKey, message_id: str, reason: str, *, requester: str = "") -> bool:
        """Nothing is written for this message, and why. Said once, however often it is found: True the first time.

        A message that has its note is not silent, whatever became of the ticket since.
        """
        async with self._engine.connect() as connection:
            if message_id and await connection.scalar(_POSTED_AT, _given(key, message_id)):
                return False
            given = _given(key, message_id) | {"reason": reason, "requester": requester}
            said = await connection.execute(_SAY, given)
            return said.first() is not None

    async def is_silent(self, key: TicketKey, message_id: str, reason: str) -> bool:
        """Whether this was found of the message before."""
        async with self._engine.connect() as connection:
            return bool(await connection.scalar(_IS_SILENT, _given(key, message_id) | {"reason": reason}))

    async def silences(self, key: TicketKey) -> list[tuple[str, str]]:
        """(message id, reason) of every silence of a ticket, oldest first."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(
                sa.select(silences.c.message_id, silences.c.reason).where(_same(silences, key)).order_by(silences.c.id)
            )
            return [(message_id, reason) for message_id, reason in rows]

    async def park(self, key: TicketKey, *, attempts: int, error: str) -> None:
        """Give a ticket up until a person looks at it (or the customer writes again)."""
        values = {"attempts": attempts, "error": error, "at": sa.func.now()}
        async with self._engine.connect() as connection:
            await connection.execute(
                insert(parked)
                .values(helpdesk=key.helpdesk, account=key.account, ticket_id=key.ticket_id, **values)
                .on_conflict_do_update(index_elements=["helpdesk", "account", "ticket_id"], set_=values)
            )

    async def parked(self) -> list[Parked]:
        """Tickets that were given up, newest first."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(sa.select(parked).order_by(parked.c.at.desc()))
            return [
                Parked(TicketKey(row.helpdesk, row.account, row.ticket_id), row.attempts, row.error, row.at)
                for row in rows
            ]

    async def drafted(self, *, since: datetime) -> list[Drafted]:
        """The notes since then that say what they cite, counted."""
        async with self._engine.connect() as connection:
            return [Drafted(*row) for row in await connection.execute(_DRAFTED, {"since": since})]

    async def citations(self, *, since: datetime) -> dict[tuple[str, str], int]:
        """In how many notes since then an article is cited, by (account, article)."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(_CITED, {"since": since})
            return {(account, article): count for account, article, count in rows}

    async def unanswered(self, *, since: datetime, limit: int) -> list[Unanswered]:
        """The newest questions since then that no article answers, newest first."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(_UNANSWERED, {"since": since, "limit": limit})
            return [
                Unanswered(asked, language, ticket, at, (nearest[0], nearest[1]) if nearest else None)
                for asked, language, ticket, at, nearest in rows
            ]


def _same(table: sa.Table, key: TicketKey) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.helpdesk == key.helpdesk, table.c.account == key.account, table.c.ticket_id == key.ticket_id)


# What every ticket needs is composed once: composing it took longer than PostgreSQL takes to do it.
_NAMES = ("helpdesk", "account", "ticket_id", "message_id")
_SAID = ("reference", "verdict", "html", "details", "requester")


def _named(table: sa.Table) -> sa.ColumnElement[bool]:
    """The row of a message, as _given names it."""
    return sa.and_(*(table.c[name] == sa.bindparam(name) for name in _NAMES))


def _given(key: TicketKey, message_id: str) -> dict[str, Any]:
    return {"helpdesk": key.helpdesk, "account": key.account, "ticket_id": key.ticket_id, "message_id": message_id}


_DRAFT = sa.select(drafts).where(_named(drafts))
_POSTED_AT = sa.select(drafts.c.posted_at).where(_named(drafts))
_NOTES = sa.select(drafts.c.note_id).where(
    drafts.c.helpdesk == sa.bindparam("helpdesk"),
    drafts.c.note_id == sa.any_(sa.bindparam("ids", type_=sa.ARRAY(sa.Text))),
)
_NEW = insert(drafts).values({name: sa.bindparam(name) for name in (*_NAMES, *_SAID)})
_SAVE = _NEW.on_conflict_do_update(
    constraint="drafts_one_per_message",
    set_={name: _NEW.excluded[name] for name in _SAID},
    where=drafts.c.posted_at.is_(None),
)
_POSTED = sa.text("""
    WITH noted AS (
        UPDATE drafts SET note_id = :note, posted_at = now(), details = details || CAST(:more AS jsonb)
        WHERE (helpdesk, account, ticket_id, message_id) = (:helpdesk, :account, :ticket_id, :message_id)
    )
    DELETE FROM parked WHERE (helpdesk, account, ticket_id) = (:helpdesk, :account, :ticket_id)
""")
_LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:place, 0))")
_SAY = (
    insert(silences)
    .values({name: sa.bindparam(name) for name in (*_NAMES, "reason", "requester")})
    .on_conflict_do_nothing()
    .returning(silences.c.id)
)
_DRAFTED = sa.text("""
    SELECT account, coalesce(details ->> 'language', ''), verdict, count(*), min(created_at) FROM drafts
    WHERE created_at >= :since AND posted_at IS NOT NULL AND jsonb_exists(details, 'cited') GROUP BY 1, 2, 3
""")
_CITED = sa.text("""
    SELECT cited ->> 0, cited ->> 1, count(*) FROM drafts, jsonb_array_elements(details -> 'cited') AS cited
    WHERE created_at >= :since AND posted_at IS NOT NULL AND jsonb_exists(details, 'cited') GROUP BY 1, 2
""")
_UNANSWERED = sa.text("""
    SELECT details ->> 'asked', coalesce(details ->> 'language', ''), helpdesk || ':' || ticket_id, created_at, details -> 'nearest'
    FROM drafts WHERE created_at >= :since AND posted_at IS NOT NULL AND jsonb_exists(details, 'asked')
    ORDER BY created_at DESC, id DESC LIMIT :limit
""")
_IS_SILENT = sa.select(sa.exists().where(_named(silences), silences.c.reason == sa.bindparam("reason")))


def _saved(row: sa.Row[Any]) -> SavedDraft:
    return SavedDraft(
        key=TicketKey(row.helpdesk, row.account, row.ticket_id),
        message_id=row.message_id,
        reference=row.reference,
        verdict=row.verdict,
        html=row.html,
        details=row.details,
        requester=row.requester,
        created_at=row.created_at,
        note_id=row.note_id or "",
        posted_at=row.posted_at,
    )
