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
        """Once through the list. A round that fails costs the others nothing; one whose process died is due at its next turn."""
        for one in self._rounds:
            if await self._claimed(one):
                await self._gone(one)

    async def _claimed(self, one: Round) -> bool:
        async with self._engine.connect() as connection:
            claimed = await connection.execute(_CLAIM, {"name": one.name, "every_s": one.every_s})
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
            await connection.execute(_ENDED, {"name": one.name, "done": storable(done)[:_DONE_CHARS]})


_CLAIM = sa.text("""
    INSERT INTO rounds (name, begun_at) VALUES (:name, now())
    ON CONFLICT (name) DO UPDATE SET begun_at = now(), ended_at = NULL
    WHERE rounds.begun_at <= now() - make_interval(secs => :every_s) RETURNING name
""")
_ENDED = sa.text("UPDATE rounds SET ended_at = now(), done = :done WHERE name = :name")
