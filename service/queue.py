"""The queue's door: Procrastinate on PostgreSQL, and the few questions to its tables that it does not answer itself."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import procrastinate
import psycopg
import sqlalchemy as sa
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.types import TimeDeltaParams

from service.database import Database

AWAY = (
    ConnectorException,
    psycopg.OperationalError,
    sa.exc.OperationalError,
    sa.exc.InterfaceError,
    sa.exc.TimeoutError,
    OSError,
)
"""What a database that is gone, or restarts, looks like from here."""

LOOK = "look"
CHORES = "chores"
"""Name of the queue for everything but tickets; a ticket's queue has the name of its helpdesk."""

LIVE = 0
"""Priority of a ticket that somebody has just written to; those that wait for an outage have lower ones."""

_INTERRUPTED = LIVE + 1  # somebody was at work on it: not once more behind all that came since

FOUND = -2_000_000_000
"""Priority of a ticket that the reconciler or a backfill found: behind all others, whenever those are due (int4)."""

Given = Mapping[str, Any]
"""A task's arguments, as JSON."""

_SWEEP_LOCK = 0x73776565  # "swee"

_RETRY_S = 1.0
_LAST_S = 2.0  # for what must not be lost, when the drain's time is up
_STALLED_S = 6.0  # without a heartbeat, by the database's clock
_UNCHANGED_S = 3.0  # and by our own: more than one heartbeat; a clock that is set must not declare the living dead
_BLIND_S = 3.0  # between two of our looks at the heartbeats, they may have stood still for our own reasons
_UNCHANGED_ALONE_S = 9.0  # where the database's clock was set back and says nothing


@dataclass(frozen=True, slots=True)
class Look:
    """One job: look at a ticket.

    attempt: counts all tries in a row. defects: those of them that failed by our own fault. alone: those that failed at
    something outside that answered others. waits_for: the outage it waits for. since: when it began to wait for a model, in ISO 8601. after_s, reason: how long it is put off, and why.
    """

    helpdesk: str
    ticket_id: str
    attempt: int = 1
    defects: int = 0
    alone: int = 0
    waits_for: str = ""
    since: str = ""
    after_s: float = 0.0
    reason: str = ""
    found: bool = False  # nobody has just written: the reconciler or a backfill found it
    routed: bool = False  # it was put off once for its group and brand
    trace: str = ""  # what it goes on with: see service/spans.py
    told_at: str = ""  # when the first webhook came, in ISO 8601; empty: none did

    @classmethod
    def of(cls, given: Given, *, priority: int) -> Look:
        """From a job; one of another version of ours may say more."""
        known = {one.name: given[one.name] for one in fields(cls) if one.name in given}
        return replace(cls(**known), found=priority == FOUND)

    @property
    def key(self) -> str:
        """What serialises a ticket."""
        return f"{self.helpdesk}:{self.ticket_id}"


class Queue:
    """Jobs in PostgreSQL. While `app` is open, they can be put in, found and taken back."""

    def __init__(self, database: Database) -> None:
        self._engine, self._transactions = database.engine, database.transactions
        # a connection is used for milliseconds at the ends of a job, so jobs share a few
        connector = procrastinate.PsycopgConnector(
            conninfo=database.conninfo, min_size=2, max_size=10, configure=_autocommit
        )
        self.app = procrastinate.App(connector=connector)
        self._watched_at = 0.0
        self._beats: dict[int | None, tuple[datetime | None, float]] = {}

    async def put(self, look: Look, *, after_s: float = 0.0, needed_by: datetime | None = None) -> bool:
        """Have a ticket looked at, after `after_s` seconds. False: a look at it waits already, and will do it.

        needed_by: of several that wait for the same, the nearest goes first.
        """
        due = max(FOUND + 1, -int(needed_by.timestamp() // 60)) if needed_by else LIVE
        priority = FOUND if look.found else due
        given = asdict(replace(look, after_s=after_s))
        key = look.key
        if await self._defer(
            LOOK, queue=look.helpdesk, lock=key, queueing_lock=key, after_s=after_s, priority=priority, given=given
        ):
            return True
        if priority == LIVE:  # its customer has just written: it stands no longer behind a backfill
            async with self._engine.connect() as connection:
                await connection.execute(_RAISE, {"key": key, "priority": priority})
        return False

    async def put_chore(
        self, task: str, *, lock: str, queueing_lock: str, after_s: float = 0.0, given: Given = MappingProxyType({})
    ) -> bool:
        """Have a task done, one at a time per `lock`. False: one with this `queueing_lock` waits already."""
        return await self._defer(
            task, queue=CHORES, lock=lock, queueing_lock=queueing_lock, after_s=after_s, priority=LIVE, given=given
        )

    async def _defer(
        self, task: str, *, queue: str, lock: str, queueing_lock: str, after_s: float, priority: int, given: Given
    ) -> bool:
        later = self.app.configure_task(
            task, queue=queue, lock=lock, queueing_lock=queueing_lock, schedule_in=_in(after_s), priority=priority
        )
        with contextlib.suppress(AlreadyEnqueued):
            await later.defer_async(**given)
            return True
        return False

    async def busy(self, helpdesk: str, ticket_id: str) -> bool:
        """Whether a job of this ticket waits or runs."""
        lock, manager = Look(helpdesk, ticket_id).key, self.app.job_manager
        waiting = await manager.list_jobs_async(lock=lock, status="todo")
        running = await manager.list_jobs_async(lock=lock, status="doing")
        return bool([*waiting, *running])

    async def take_back(self, queueing_lock: str) -> None:
        """Drop the job that waits under this lock: the one that is about to wait in its place does its work, too."""
        for job in await self.app.job_manager.list_jobs_async(queueing_lock=queueing_lock, status="todo"):
            if job.id is not None:
                await self.app.job_manager.cancel_job_by_id_async(job.id, delete_job=True)

    async def release(self, out: Collection[str], *, probing: Collection[str]) -> int:
        """Let go what waits for nothing any more, and one ticket for each outage that may be probed; how many.

        out: the outages whose breaker is open. probing: those of them that a ticket may try now.
        """
        async with self._engine.connect() as connection:
            await connection.execute(_AFTER_CLOCK_CHANGE)
            freed = await connection.execute(_FREE, {"out": list(out)})
            released = freed.rowcount
            for name in probing:
                released += (await connection.execute(_PROBE, {"name": name})).rowcount
        return released

    async def stalled(self) -> list[int]:
        """Ids of the jobs whose worker has died. Call it every second or two: it compares with what it saw before."""
        async with self._engine.connect() as connection:
            rows = (await connection.execute(_RUNNING)).all()
        now, seen = time.monotonic(), self._beats
        if now - self._watched_at > _BLIND_S:  # we could not look: what stood still meanwhile proves nothing
            seen = {}
        self._watched_at = now
        self._beats = {
            row.worker_id: (row.last_heartbeat, known[1] if (known := seen.get(row.worker_id)) and known[0] == row.last_heartbeat else now)
            for row in rows
        }  # fmt: skip
        return [row.id for row in rows if _is_dead(row.age_s, now - self._beats[row.worker_id][1])]

    async def running(self) -> list[int]:
        """Ids of the jobs that somebody works on, or says so."""
        async with self._engine.connect() as connection:
            return [row.id for row in await connection.execute(_RUNNING)]

    @asynccontextmanager
    async def sweeping(self) -> AsyncIterator[bool]:
        """Hold the one sweep over all replicas; False: another has it."""
        async with self._transactions.begin() as connection:
            yield bool(await connection.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(_SWEEP_LOCK))))

    async def forget_old(self, *, days: int) -> None:
        """Delete jobs that failed or were aborted so long ago."""
        await self.app.job_manager.delete_old_jobs(
            nb_hours=24 * days, include_failed=True, include_cancelled=True, include_aborted=True
        )

    async def job(self, job_id: int) -> Job | None:
        """A job by its number."""
        return next(iter(await self.app.job_manager.list_jobs_async(id=job_id)), None)

    async def put_back(self, job: Job, *, after_s: float = 0.0) -> None:
        """Have a dead worker's job done again."""
        at = datetime.now(UTC) + timedelta(seconds=after_s) if after_s else _AT_ONCE
        try:
            await self.app.job_manager.retry_job(job, retry_at=at, priority=_INTERRUPTED)
        except UniqueViolation:  # a follow-up waits: it does the work once this one no longer holds the ticket's lock
            await self.app.job_manager.finish_job(job, status=Status.FAILED, delete_job=True)

    async def end(self, job: Job) -> None:
        """A job that is not done again; it stays in the table as failed."""
        await self.app.job_manager.finish_job(job, status=Status.FAILED, delete_job=False)


async def insist(step: Callable[[], Awaitable[object]]) -> None:
    """Repeat until the database has taken it: a job that ends before its ticket is put off or recorded loses it.

    Cancelled, it goes on for two seconds more: what was about to be written is the ticket's only trace.
    """
    taken = asyncio.create_task(_repeated(step))
    try:
        await asyncio.shield(taken)
    except asyncio.CancelledError:
        await asyncio.wait([taken], timeout=_LAST_S)
        taken.cancel()
        raise


async def _repeated(step: Callable[[], Awaitable[object]]) -> None:
    while True:
        try:
            await step()
        except AWAY:
            await asyncio.sleep(_RETRY_S)
        else:
            return


_AT_ONCE = datetime.fromtimestamp(0, UTC)  # also where our clock is ahead of the database's

_FREE = sa.text(
    "UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE status = 'todo' AND task_name = 'look'"
    " AND scheduled_at > clock_timestamp() AND args ->> 'waits_for' <> '' AND args ->> 'waits_for' <> ALL (:out)"
).bindparams(sa.bindparam("out", type_=sa.ARRAY(sa.Text)))

_RAISE = sa.text(
    "UPDATE procrastinate_jobs SET priority = :priority"
    " WHERE queueing_lock = :key AND status = 'todo' AND priority < :priority"
)

_AFTER_CLOCK_CHANGE = sa.text(
    "UPDATE procrastinate_jobs"
    " SET scheduled_at = clock_timestamp() + make_interval(secs => COALESCE((args ->> 'after_s')::float, 0))"
    " WHERE status = 'todo' AND scheduled_at >"
    " clock_timestamp() + make_interval(secs => COALESCE((args ->> 'after_s')::float, 0) + 300)"
)
"""A job that lies further ahead than it was put off: the clock went back."""

_PROBE = sa.text(
    "UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE id = ("
    " SELECT id FROM procrastinate_jobs WHERE status = 'todo' AND task_name = 'look'"
    " AND scheduled_at > clock_timestamp() AND args ->> 'waits_for' = :name"
    # the one that tried least: a ticket that never works must not stand for all
    " ORDER BY (args ->> 'attempt')::int, priority DESC, id LIMIT 1)"
)

_RUNNING = sa.text(
    "SELECT j.id, j.worker_id, w.last_heartbeat, EXTRACT(EPOCH FROM clock_timestamp() - w.last_heartbeat)::float AS age_s"
    " FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id WHERE j.status = 'doing'"
)


def _is_dead(age_s: float | None, unchanged_s: float) -> bool:
    """Whether a worker is: `age_s` of its last heartbeat by the database's clock (None: it is gone), seen unchanged for so long."""
    old = age_s is None or age_s >= _STALLED_S
    return (old and unchanged_s >= _UNCHANGED_S) or unchanged_s >= _UNCHANGED_ALONE_S


def _in(seconds: float) -> TimeDeltaParams | None:
    """When a job may begin: in whole seconds, never earlier than asked; None: now."""
    return {"seconds": math.ceil(seconds)} if seconds else None


async def _autocommit(connection: psycopg.AsyncConnection[Any]) -> None:
    """Every statement of the queue stands alone: without BEGIN and COMMIT it is one round trip, not three."""
    await connection.set_autocommit(True)
