"""What waits, runs or was given up, for the operator who asks why, and what can be done about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from service.database import Database
from service.errors import ServiceError
from service.inbox import FOUND
from service.ledger import DROPPED
from service.queue import Look, Queue
from service.tables import deliveries, drafts, parked, silences

State = Literal["parked", "waiting", "running"]

_NEWEST = 20  # webhooks of a ticket that are shown


@dataclass(frozen=True, slots=True)
class Entry:
    """One ticket. at: since when it is parked, or when a waiting one is due (None: now)."""

    ticket: str  # "zendesk:123"
    state: State
    attempts: int
    at: datetime | None
    reason: str
    waits_for: str = ""

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "ticket": self.ticket,
            "state": self.state,
            "attempts": self.attempts,
            "at": self.at.isoformat() if self.at else None,
            "reason": self.reason,
            "waits_for": self.waits_for or None,
        }


class Backlog:
    """Reads the queue and the ledger. Works beside a running service."""

    def __init__(self, database: Database, queue: Queue) -> None:
        self._engine, self._transactions = database.engine, database.transactions
        self._queue = queue

    async def entries(self, ticket: str = "") -> list[Entry]:
        """Parked tickets first, then running ones, then those that wait, in the order of their turn. ticket: of this one alone."""
        given_up_of = sa.select(parked).order_by(parked.c.at)
        if ticket:
            look = _key(ticket)
            given_up_of = given_up_of.where(parked.c.helpdesk == look.helpdesk, parked.c.ticket_id == look.ticket_id)
        async with self._engine.connect() as connection:
            rows = await connection.execute(given_up_of)
            given_up = [
                Entry(f"{row.helpdesk}:{row.ticket_id}", "parked", row.attempts, row.at, row.error) for row in rows
            ]
            rows = await connection.execute(_JOBS, {"ticket": ticket})
            jobs = [
                Entry(row.lock, _STATES[row.status], row.attempt, row.scheduled_at, row.reason, row.waits_for)
                for row in rows
            ]
        return given_up + jobs

    async def waiting_for(self, names: Sequence[str]) -> int:
        """How many tickets wait for one of these outages."""
        async with self._engine.connect() as connection:
            return await connection.scalar(_WAITING_FOR, {"names": list(names)}) or 0

    async def history(self, ticket: str) -> list[tuple[datetime, str, str]]:
        """(when, what, details) of a ticket, oldest first: webhooks, notes, silences."""
        key = _key(ticket)
        found: list[tuple[datetime, str, str]] = []
        async with self._engine.connect() as connection:
            told = _of(deliveries, key).where(deliveries.c.kind == "ticket")
            sent = await connection.execute(told.order_by(deliveries.c.id.desc()).limit(_NEWEST))
            found += [(row.received_at, _what(row.what), row.result or "not looked at yet") for row in sent]
            for row in await connection.execute(_of(drafts, key)):
                found.append((row.created_at, f"draft {row.reference}", row.verdict))
                if row.posted_at:
                    found.append((row.posted_at, f"note {row.reference}", f"comment {row.note_id}"))
            found += [(row.at, "no note", row.reason) for row in await connection.execute(_of(silences, key))]
        return sorted(found)

    async def retry(self, ticket: str) -> bool:
        """Look at it now. False: it is neither parked nor waiting."""
        look = _key(ticket)
        known = bool(await self._waiting(look)) or any(entry.state == "parked" for entry in await self.entries(ticket))
        if known:  # first in the queue, then out of the parked ones: it is never in neither
            if not await self._queue.put(look):
                async with self._engine.connect() as connection:
                    await connection.execute(_NOW, {"key": look.key})
            await self._unpark(look)
        return known

    async def drop(self, ticket: str) -> bool:
        """Forget it until its customer writes again; the ledger says so. False: it is neither parked nor waiting."""
        look = _key(ticket)
        dropped = await self._unpark(look)
        for job_id in await self._waiting(look):
            dropped = await self._queue.app.job_manager.cancel_job_by_id_async(job_id, delete_job=True) or dropped
        if dropped:
            said = {"helpdesk": look.helpdesk, "account": "", "ticket_id": look.ticket_id, "message_id": ""}
            async with self._engine.connect() as connection:
                await connection.execute(
                    insert(silences)
                    .values(**said, reason=DROPPED)
                    .on_conflict_do_update(constraint="silences_said_once", set_={"at": sa.func.now()})
                )
        return dropped

    async def _waiting(self, look: Look) -> list[int]:
        jobs = await self._queue.app.job_manager.list_jobs_async(queueing_lock=look.key, status="todo")
        return [job.id for job in jobs if job.id is not None]

    async def _unpark(self, look: Look) -> bool:
        """Take it out of the parked ones, and the jobs that failed with it."""
        async with self._transactions.begin() as connection:
            found = await connection.execute(
                sa.delete(parked)
                .where(parked.c.helpdesk == look.helpdesk, parked.c.ticket_id == look.ticket_id)
                .returning(parked.c.ticket_id)
            )
            await connection.execute(_FORGET_FAILED, {"lock": look.key})
            return found.first() is not None


def _what(kind: str) -> str:
    return kind if kind in FOUND else f"webhook {kind}".strip()


_STATES: dict[str, State] = {"todo": "waiting", "doing": "running"}

_JOBS = sa.text(
    "SELECT lock, status::text AS status, scheduled_at, COALESCE((args ->> 'attempt')::int, 1) AS attempt,"
    " COALESCE(args ->> 'reason', '') AS reason, COALESCE(args ->> 'waits_for', '') AS waits_for"
    " FROM procrastinate_jobs WHERE task_name = 'look' AND status IN ('todo', 'doing')"
    " AND (:ticket = '' OR lock = :ticket) ORDER BY status DESC, priority DESC, scheduled_at NULLS FIRST, id"
)

_WAITING_FOR = sa.text(
    "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'look' AND status = 'todo' AND args ->> 'waits_for' = ANY(:names)"
).bindparams(sa.bindparam("names", type_=sa.ARRAY(sa.Text)))

_NOW = sa.text(
    "UPDATE procrastinate_jobs SET scheduled_at = NULL, priority = 0,"
    """ args = args || '{"attempt": 1, "defects": 0, "waits_for": ""}'"""
    " WHERE queueing_lock = :key AND status = 'todo'"
)

_FORGET_FAILED = sa.text("DELETE FROM procrastinate_jobs WHERE lock = :lock AND status = 'failed'")


def _key(ticket: str) -> Look:
    """Raises ServiceError for what names no ticket."""
    helpdesk, _, ticket_id = ticket.partition(":")
    if not helpdesk or not ticket_id:
        raise ServiceError(f"{ticket!r} names no ticket: write it as zendesk:123 or freshdesk:123")
    return Look(helpdesk, ticket_id)


def _of(table: sa.Table, look: Look) -> sa.Select[Any]:
    return sa.select(table).where(table.c.helpdesk == look.helpdesk, table.c.ticket_id == look.ticket_id)
