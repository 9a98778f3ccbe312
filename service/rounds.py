"""What is done every so often beside the tickets, by one of all processes: the claim stands in the database."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
import structlog

from connectors.base import ConnectorError
from service.database import Database, storable
from service.errors import ServiceError

log = structlog.get_logger()

_DONE_CHARS = 200
_DEAD_S = 3 * 3600.0  # a round that has not ended by then has lost its process
_AGAIN = "to be done once more"


async def hasten(database: Database, name: str) -> None:
    """Have a round go at once, or once more where it goes at this moment: what it read may be older than what was changed."""
    async with database.engine.connect() as connection:
        await connection.execute(_HASTEN, {"name": name, "again": _AGAIN})


@dataclass(frozen=True, slots=True)
class Round:
    """`do` returns what it did, as one line without text of tickets; what it cannot do now it raises, and the next turn tries again."""

    name: str
    every_s: float
    do: Callable[[], Awaitable[str]]


class Rounds:
    """Goes all rounds that are due."""

    def __init__(self, database: Database, rounds: Sequence[Round]) -> None:
        self._engine, self._rounds = database.engine, tuple(rounds)

    async def go(self) -> None:
        """Once through the list. A round that fails costs the others nothing; one whose process died is due again after hours."""
        for one in self._rounds:
            if await self._claimed(one):
                await self._gone(one)

    async def _claimed(self, one: Round) -> bool:
        async with self._engine.connect() as connection:
            claimed = await connection.execute(_CLAIM, {"name": one.name, "every_s": one.every_s, "dead_s": _DEAD_S})
            return claimed.first() is not None

    async def _gone(self, one: Round) -> None:
        began = time.monotonic()
        try:
            done = await one.do()
        except (ServiceError, ConnectorError) as error:
            log.warning("a round could not be done", round=one.name, reason=str(error))
            done = "failed"
        else:
            log.info("a round is done", round=one.name, done=done, seconds=round(time.monotonic() - began, 2))
        async with self._engine.connect() as connection:
            await connection.execute(_ENDED, {"name": one.name, "done": storable(done)[:_DONE_CHARS], "again": _AGAIN})


_CLAIM = sa.text("""
    INSERT INTO rounds (name, begun_at) VALUES (:name, now())
    ON CONFLICT (name) DO UPDATE SET begun_at = now(), ended_at = NULL, done = ''
    WHERE rounds.begun_at <= now() - make_interval(secs => :every_s)
        AND (rounds.ended_at IS NOT NULL OR rounds.begun_at <= now() - make_interval(secs => :dead_s)) RETURNING name
""")
_ENDED = sa.text("""
    UPDATE rounds SET ended_at = now(), done = :done,
        begun_at = CASE WHEN done = :again THEN now() - interval '1 day' ELSE begun_at END WHERE name = :name
""")
_HASTEN = sa.text("""
    UPDATE rounds SET done = CASE WHEN ended_at IS NULL THEN :again ELSE done END,
        begun_at = CASE WHEN ended_at IS NULL THEN begun_at ELSE now() - interval '1 day' END WHERE name = :name
""")
