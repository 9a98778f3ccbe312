"""The syncs of the knowledge as people follow them: who asks for one, how far it is, what it did; in PostgreSQL for all replicas."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
import structlog

from service.database import Database
from service.errors import ServiceError
from service.knowledge.sources import Library, Told, sync_all
from service.knowledge.sync import SyncReport
from service.queue import AWAY
from service.tasks import end

log = structlog.get_logger()

State = Literal["asked", "running", "done", "broken off"]

_TOLD_S = 1.0
_ALIVE_S = 30  # without a word from it, its process has died
_ASKED_S = 900  # so long a worker may take to begin
_KEPT = 200
_PROBLEMS = 50  # of a source
_ASK_LOCK = 0x61736B73  # "asks": two clicks at once ask once

_OPEN = f"""ended_at IS NULL AND CASE WHEN began_at IS NULL THEN asked_at > clock_timestamp() - interval '{_ASKED_S} s'
    ELSE seen_at > clock_timestamp() - interval '{_ALIVE_S} s' END"""

_LOCK = sa.text("SELECT pg_advisory_xact_lock(:lock)")
_ASK = sa.text(f"""
    INSERT INTO syncs (asked_at) SELECT clock_timestamp() WHERE NOT EXISTS (SELECT FROM syncs WHERE {_OPEN}) RETURNING id
""")  # noqa: S608 - constants of this file
_CLAIM = sa.text(f"""
    UPDATE syncs SET began_at = clock_timestamp(), seen_at = clock_timestamp()
    WHERE id = (SELECT id FROM syncs WHERE began_at IS NULL AND {_OPEN} ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id
""")  # noqa: S608 - constants of this file
_BEGIN = sa.text("INSERT INTO syncs (began_at, seen_at) VALUES (clock_timestamp(), clock_timestamp()) RETURNING id")
_TELL = sa.text("UPDATE syncs SET seen_at = clock_timestamp(), progress = CAST(:progress AS jsonb) WHERE id = :id")
_END = sa.text("""
    UPDATE syncs SET ended_at = clock_timestamp(), progress = CAST(:progress AS jsonb), reports = CAST(:reports AS jsonb), problem = :problem
    WHERE id = :id
""")
_FORGET = sa.text(f"DELETE FROM syncs WHERE id < (SELECT max(id) FROM syncs) - {_KEPT}")  # noqa: S608 - a constant of this file
_NEWEST = sa.text(f"SELECT *, {_OPEN} AS open FROM syncs ORDER BY id DESC LIMIT :limit")  # noqa: S608 - constants of this file


@dataclass(frozen=True, slots=True)
class Sync:
    """One sync. progress: by source, articles done and in all (None: unknown). problem: why it could not be done; "" where it could."""

    state: State
    asked_at: datetime
    ended_at: datetime | None
    progress: Mapping[str, tuple[int, int | None]]
    reports: Sequence[SyncReport]
    problem: str = ""

    @property
    def under_way(self) -> bool:
        """Whether it runs, or is about to."""
        return self.state in ("asked", "running")


class Syncs:
    """Writes down what syncs do. While it is `open`, one can be started beside a request."""

    def __init__(self, database: Database) -> None:
        self._engine, self._transactions = database.engine, database.transactions
        self._started: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """At its end, what was started is cancelled."""
        try:
            yield
        finally:
            await end(self._started)

    def start(self, sync: Callable[[], Awaitable[object]]) -> None:
        """Have it done beside the request that asks for it."""

        async def done() -> None:
            try:
                await sync()
            except (ServiceError, *AWAY) as error:  # its row says so, too
                log.warning("the knowledge could not be synced: it stays as it was", reason=str(error))

        task = asyncio.create_task(done(), name="sync")
        self._started.add(task)
        task.add_done_callback(self._started.discard)

    async def ask(self) -> bool:
        """Note down that somebody wants one. False: one runs, or was asked for, already."""
        async with self._transactions.begin() as connection:
            await connection.execute(_LOCK, {"lock": _ASK_LOCK})
            return (await connection.execute(_ASK)).first() is not None

    async def run(
        self, library: Library, *, changes_only: bool = False, progress: Told | None = None
    ) -> list[SyncReport]:
        """`sync_all`, written down. One that a person asked for reads all of every source. Raises ServiceError."""
        done: dict[str, tuple[int, int | None]] = {}

        def told(source: str, count: int, total: int | None) -> None:
            done[source] = count, total
            if progress:
                progress(source, count, total)

        number, asked = await self._begun()
        telling = asyncio.create_task(self._tell(number, done), name="sync told")
        reports: list[SyncReport] = []
        problem = "it was broken off"
        try:
            reports = await sync_all(library, progress=told, changes_only=changes_only and not asked)
            problem = ""
        except ServiceError as error:
            problem = str(error)
            raise
        finally:
            await end([telling])
            said = json.dumps([asdict(replace(one, problems=one.problems[:_PROBLEMS])) for one in reports])
            await self._written(_END, id=number, progress=json.dumps(done), reports=said, problem=problem)
        return reports

    async def newest(self, limit: int = 30) -> list[Sync]:
        """The newest syncs, newest first."""
        async with self._engine.connect() as connection:
            return [_sync(row) for row in await connection.execute(_NEWEST, {"limit": limit})]

    async def _begun(self) -> tuple[int, bool]:
        """Its number, and whether a person asked for it; 0 where PostgreSQL is away: the sync is done all the same."""
        await self._written(_FORGET)
        if claimed := await self._written(_CLAIM):
            return claimed, True
        return await self._written(_BEGIN), False

    async def _tell(self, number: int, done: Mapping[str, tuple[int, int | None]]) -> None:
        while True:
            await asyncio.sleep(_TOLD_S)
            await self._written(_TELL, id=number, progress=json.dumps(done))

    async def _written(self, statement: sa.TextClause, **given: object) -> int:
        """The number that it answers with, if any."""
        with contextlib.suppress(sa.exc.SQLAlchemyError, OSError):
            async with self._engine.connect() as connection:
                answer = await connection.execute(statement, given)
                return int(answer.scalar() or 0) if answer.returns_rows else 0
        return 0


def _sync(row: sa.Row[Any]) -> Sync:
    state: State = "done" if row.ended_at else "broken off"
    if row.open:
        state = "running" if row.began_at else "asked"
    progress = {source: (count, total) for source, (count, total) in row.progress.items()}
    reports = [SyncReport(**{**one, "problems": tuple(one["problems"])}) for one in row.reports]
    return Sync(state, row.asked_at, row.ended_at, progress, reports, row.problem)
