"""The inbox: accepted webhooks, durable before they are answered, and quiet tickets on their way to a job.

A webhook never carries work; it says "look at ticket T". Deliveries that arrive together share one commit. A ticket is
due when it has been quiet for the debounce, or has waited for the longest debounce.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.base import Event
from service.database import Database
from service.errors import DatabaseUnavailableError
from service.tables import deliveries
from service.tasks import end

STORE_TIMEOUT_S = 2.5  # then the helpdesk is asked to send again; both give up listening after ten
_FUTURE_S = 60.0
_GROUP = 500  # deliveries in one commit at most
_WRITERS = 2  # while one waits for the disk, the other gathers; more were no faster
_TRACES = 8  # of webhooks that led to one job
_FORWARDER_LOCK = 0x696E626F  # "inbo": one forwarder at a time over all replicas

FOUND = ("reconciled", "backfill")
"""`what` of deliveries that nobody sent: we asked for them."""

_COLUMNS = ("helpdesk", "kind", "ticket_id", "what", "delivery_id", "author_id", "message_id", "trace")
# one text is written faster than seven arrays
_INSERT = (
    f"INSERT INTO deliveries ({', '.join(_COLUMNS)}) SELECT {', '.join(_COLUMNS)} "  # noqa: S608 - our own names
    f"FROM json_to_recordset(%s::json) AS given ({', '.join(f'{name} text' for name in _COLUMNS)})"
).encode()

_FORWARDED = sa.text("""
    UPDATE deliveries d SET forwarded_at = now(), result = done.result
    FROM unnest(CAST(:helpdesks AS text[]), CAST(:kinds AS text[]), CAST(:ticket_ids AS text[]), CAST(:newest AS bigint[]),
                CAST(:results AS text[])) AS done (helpdesk, kind, ticket_id, upto, result)
    WHERE d.helpdesk = done.helpdesk AND d.kind = done.kind AND d.ticket_id = done.ticket_id AND d.id <= done.upto
      AND d.forwarded_at IS NULL
""")


@dataclass(frozen=True, slots=True)
class Due:
    """A ticket to look at, an article to read, or an account to poll, and the newest delivery that asks for it.

    ticket_id: of kind `article` the article's; of kind `poll` empty.
    """

    helpdesk: str
    ticket_id: str
    upto: int  # id of the newest delivery seen
    first_at: datetime  # when the oldest of them came
    messages: frozenset[str] = frozenset()  # that were added; "" where a body does not say
    live: bool = True  # somebody has just written; False: the reconciler or a backfill found it
    kind: str = "ticket"
    traces: tuple[str, ...] = ()  # of the webhooks that told of it, oldest first: see service/spans.py


@dataclass(slots=True)
class _Waiting:
    row: tuple[str, ...]
    stored: asyncio.Future[None] = field(default_factory=asyncio.Future)


class Inbox:
    """Accepted deliveries. `arrived` is set when this process has stored one, so that a forwarder beside it need not poll."""

    def __init__(self, database: Database) -> None:
        self._engine, self._transactions = database.engine, database.transactions
        self._conninfo = database.conninfo
        self._waiting: asyncio.Queue[_Waiting] = asyncio.Queue()
        self.arrived = asyncio.Event()

    @asynccontextmanager
    async def receiving(self) -> AsyncIterator[None]:
        """While this is open, `put` works."""
        writers = [asyncio.create_task(self._write(), name=f"inbox writer {number}") for number in range(_WRITERS)]
        try:
            yield
        finally:
            await end(writers)

    async def put(self, helpdesk: str, event: Event, *, trace: str = "") -> None:
        """Store one event; returns when it is durable. Raises DatabaseUnavailableError within STORE_TIMEOUT_S."""
        about = event.article_id or event.ticket_id
        row = (event.kind, about, event.what, event.delivery_id, event.author_id, event.message_id, trace)
        waiting = _Waiting((helpdesk, *row))
        self._waiting.put_nowait(waiting)
        try:
            await asyncio.wait_for(waiting.stored, STORE_TIMEOUT_S)
        except TimeoutError as error:
            raise DatabaseUnavailableError(
                "the inbox could not be written in time: the sender has to try again"
            ) from error

    async def _write(self) -> None:
        """Commit what is waiting, all of it at once, for ever; over a connection of its own."""
        async with _Writer(self._conninfo) as writer:
            while True:
                group = [await self._waiting.get()]
                while len(group) < _GROUP and not self._waiting.empty():
                    group.append(self._waiting.get_nowait())
                # who has stopped listening was told to send again
                group = [waiting for waiting in group if not waiting.stored.done()]
                if not group:
                    continue
                try:
                    async with asyncio.timeout(STORE_TIMEOUT_S):
                        await writer.insert([waiting.row for waiting in group])
                except (psycopg.Error, OSError, TimeoutError) as error:
                    for waiting in group:
                        if not waiting.stored.done():
                            failure = DatabaseUnavailableError(f"the inbox cannot be written: {type(error).__name__}")
                            waiting.stored.set_exception(failure)
                    continue
                for waiting in group:
                    if not waiting.stored.done():
                        waiting.stored.set_result(None)
                self.arrived.set()

    @asynccontextmanager
    async def due(self, *, debounce_s: float, longest_s: float, limit: int = 200) -> AsyncIterator[list[Due]]:
        """Tickets that have been quiet long enough, the longest waiting first.

        Held by one forwarder at a time: another replica gets an empty list. Each that has become a job is handed to
        `forwarded` before the block ends; what is not comes again.
        """
        async with self._transactions.begin() as connection:
            mine = await connection.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(_FORWARDER_LOCK)))
            yield await _quiet(connection, debounce_s, longest_s, limit) if mine else []

    async def forwarded(self, done: Sequence[tuple[Due, str]]) -> None:
        """Mark the deliveries that led to these jobs (or to nothing: the text says why), all in one commit."""
        given = {
            "helpdesks": [due.helpdesk for due, _ in done],
            "kinds": [due.kind for due, _ in done],
            "ticket_ids": [due.ticket_id for due, _ in done],
            "newest": [due.upto for due, _ in done],
            "results": [result for _, result in done],
        }
        async with self._engine.connect() as connection:
            await connection.execute(_FORWARDED, given)

    async def articles(self, *, hours: int) -> dict[tuple[str, str], datetime]:
        """(helpdesk, article) that webhooks told of within so many hours, once each was quiet, and when that was."""
        since = sa.func.now() - sa.func.make_interval(0, 0, 0, 0, hours)
        told = (
            sa.select(deliveries.c.helpdesk, deliveries.c.ticket_id, sa.func.max(deliveries.c.forwarded_at))
            .where(deliveries.c.kind == "article", deliveries.c.forwarded_at >= since)
            .group_by(deliveries.c.helpdesk, deliveries.c.ticket_id)
        )
        async with self._engine.connect() as connection:
            return {(helpdesk, article): at for helpdesk, article, at in await connection.execute(told)}

    async def heard(self, helpdesk: str, *, since: datetime) -> bool:
        """Whether the helpdesk itself has told us something since then (aware)."""
        told = sa.select(deliveries.c.id).where(
            deliveries.c.helpdesk == helpdesk, deliveries.c.received_at >= since, deliveries.c.what.not_in(FOUND)
        )
        async with self._engine.connect() as connection:
            return await connection.scalar(told.limit(1)) is not None

    async def prune(self, *, days: int) -> None:
        """Forget deliveries that were dealt with longer ago than this."""
        old = sa.func.now() - sa.func.make_interval(0, 0, 0, days)
        async with self._engine.connect() as connection:
            await connection.execute(sa.delete(deliveries).where(deliveries.c.forwarded_at < old))

    async def waiting(self) -> int:
        """How many deliveries have not become a job yet."""
        async with self._engine.connect() as connection:
            return (
                await connection.scalar(
                    sa.select(sa.func.count()).select_from(deliveries).where(deliveries.c.forwarded_at.is_(None))
                )
                or 0
            )


class _Writer:
    """A connection that is opened when it is needed, and anew when it has died since."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._connection: psycopg.AsyncConnection[tuple[object, ...]] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._connection is not None:
            await self._connection.close()

    async def insert(self, rows: list[tuple[str, ...]]) -> None:
        """Commit rows of _COLUMNS in one statement. Raises psycopg.Error, OSError."""
        given = json.dumps([dict(zip(_COLUMNS, row, strict=True)) for row in rows])
        reused = self._connection is not None
        try:
            await self._execute(given)
        except psycopg.OperationalError:
            if not reused:
                raise
            await self._execute(given)  # the server was restarted; if it did commit, a duplicate does no harm

    async def _execute(self, given: str) -> None:
        if self._connection is None:
            self._connection = await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True)
        connection, self._connection = self._connection, None
        async with AsyncExitStack() as failed:  # or given up in the middle: what comes next over it belongs to nobody
            failed.push_async_callback(connection.close)
            await connection.execute(_INSERT, (given,), prepare=True)
            failed.pop_all()
        self._connection = connection


async def _quiet(connection: AsyncConnection, debounce_s: float, longest_s: float, limit: int) -> list[Due]:
    now = sa.func.clock_timestamp()
    first, last = sa.func.min(deliveries.c.received_at), sa.func.max(deliveries.c.received_at)
    found = await connection.execute(
        sa.select(
            deliveries.c.helpdesk,
            deliveries.c.kind,
            deliveries.c.ticket_id,
            sa.func.max(deliveries.c.id),
            first,
            sa.func.array_agg(deliveries.c.message_id.distinct()),
            sa.func.bool_or(deliveries.c.what.not_in(FOUND)),
            sa.func.array_agg(aggregate_order_by(deliveries.c.trace, deliveries.c.id)),
        )
        .where(deliveries.c.forwarded_at.is_(None))
        .group_by(deliveries.c.helpdesk, deliveries.c.kind, deliveries.c.ticket_id)
        .having(
            sa.or_(
                last <= now - sa.func.make_interval(0, 0, 0, 0, 0, 0, debounce_s),
                first <= now - sa.func.make_interval(0, 0, 0, 0, 0, 0, longest_s),
                first > now + sa.func.make_interval(0, 0, 0, 0, 0, 0, _FUTURE_S),  # the clock was set back
            )
        )
        .order_by(first)
        .limit(limit)
    )
    return [
        Due(
            helpdesk,
            ticket_id,
            upto=upto,
            first_at=first_at,
            messages=frozenset(messages),
            live=live,
            kind=kind,
            traces=tuple(filter(None, traces))[:_TRACES],
        )
        for helpdesk, kind, ticket_id, upto, first_at, messages, live, traces in found
    ]
