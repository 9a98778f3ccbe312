"""What does not answer at the moment, known to all replicas: a breaker for each outside thing.

Two failures in a row open it. While it is open nobody calls, but for one probe a second: a ticket's own work, so that a
check of health costs no tokens. Whoever gets an answer closes it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from connectors.base import ConflictError, ConnectorError, RetryableError
from service.database import Database, storable
from service.errors import OutageError, ServiceError
from service.tables import outages

OPENS_AFTER = 2
"""Failures in a row. One alone is a hiccup, and its ticket's matter."""

MODEL, INDEX = "llm", "index"

_PROBE_S = 1.0
_LEASE_S = 10.0  # a probe that hangs longer does not keep the next one waiting
_REASON_CHARS = 300


@dataclass(frozen=True, slots=True)
class Outage:
    """Something that does not answer. `probe_due`: somebody may try."""

    name: str
    since: datetime
    failures: int
    reason: str
    probe_due: bool
    by: str = ""  # who, where it is a pause (service/pauses.py)

    @property
    def open(self) -> bool:
        """Whether calls are refused without being made."""
        return self.failures >= OPENS_AFTER


_STANDING = sa.select(outages, (outages.c.probe_at <= sa.func.clock_timestamp()).label("probe_due"))

Standing = Mapping[str, Outage]
Failures = tuple[type[Exception], ...]


def leak_of(helpdesk: str) -> str:
    """Under which name it stands among the outages that a note came back public."""
    return f"leak:{helpdesk}"


class Outages:
    """Reads and writes the outages; each statement stands alone."""

    def __init__(self, database: Database) -> None:
        self._engine = database.engine

    async def standing(self) -> Standing:
        """Everything that is out, by name."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(_STANDING)
            return {
                row.name: Outage(row.name, row.since, row.failures, row.reason, row.probe_due, row.by_whom)
                for row in rows
            }

    async def failed(self, name: str, reason: str, *, after_s: float = 0.0) -> Outage:
        """It did not answer (again). The next probe is due in a second, or when it asked for."""
        reason = storable(reason)[:_REASON_CHARS]
        later = sa.func.clock_timestamp() + sa.func.make_interval(0, 0, 0, 0, 0, 0, max(_PROBE_S, after_s))
        statement = (
            insert(outages)
            .values(name=name, failures=1, reason=reason, probe_at=later)
            .on_conflict_do_update(
                index_elements=["name"],
                set_={"failures": outages.c.failures + 1, "reason": reason, "probe_at": later},
            )
            .returning(outages.c.since, outages.c.failures)
        )
        async with self._engine.connect() as connection:
            row = (await connection.execute(statement)).one()
        return Outage(name, row.since, row.failures, reason, probe_due=False)

    async def probes(self, outage: Outage) -> bool:
        """Whether this caller is the one that may try now; one at a time, and one a second."""
        lease = sa.func.clock_timestamp() + sa.func.make_interval(0, 0, 0, 0, 0, 0, _LEASE_S)
        async with self._engine.connect() as connection:
            claimed = await connection.execute(
                sa.update(outages)
                .where(outages.c.name == outage.name, outages.c.probe_at <= sa.func.clock_timestamp())
                .values(probe_at=lease)
                .returning(outages.c.name)
            )
            if claimed.first() is not None:
                return True
            known = sa.exists().where(outages.c.name == outage.name)
            return not await connection.scalar(sa.select(known))  # over since the caller looked: nobody has to ask

    async def over(self, name: str) -> None:
        """It answers (again)."""
        async with self._engine.connect() as connection:
            await connection.execute(sa.delete(outages).where(outages.c.name == name))

    @asynccontextmanager
    async def watching(self, name: str, standing: Standing, *, failures: Failures) -> AsyncIterator[None]:
        """Around the work with one outside thing: refused while it is out, counted when it fails, over when it answers.

        failures: the exceptions that mean it did not answer; any other of ours is an answer. Raises OutageError at once
        while the breaker is open, and in place of a failure; what a helpdesk says about its limits stays as it is.
        """
        known = standing.get(name)
        if known and known.open and not await self.probes(known):
            raise OutageError(name, known.reason, since=known.since, open_=True)
        try:
            yield
        except failures as error:
            after_s = getattr(error, "after_s", None)
            if isinstance(error, ConflictError) or (isinstance(error, RetryableError) and after_s is not None):
                raise  # it answers, and says what to do: the ticket's matter
            outage = await self.failed(name, str(error), after_s=after_s or 0.0)
            raise OutageError(name, str(error), since=outage.since, open_=outage.open, after_s=after_s) from error
        except (ConnectorError, ServiceError):
            await self._answered(known)
            raise
        await self._answered(known)

    async def _answered(self, known: Outage | None) -> None:
        if known:
            await self.over(known.name)
