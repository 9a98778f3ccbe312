"""The round that asks what requesters thought of answers: ratings come late, are changed, and are taken back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
import structlog

from connectors.base import ForbiddenError, Helpdesk, Rating
from service.database import Database
from service.outcomes.imports import Imports, Read

log = structlog.get_logger()

EVERY_S = 3600.0
_FIRST = timedelta(days=30)  # that the first round looks back
_OVERLAP = timedelta(minutes=10)  # what is being written while we read


class Ratings:
    """Holds nothing but its tools."""

    def __init__(self, database: Database, desks: Mapping[str, Helpdesk]) -> None:
        self._engine, self._desks, self._imports = database.engine, desks, Imports(database)

    async def read(self) -> str:
        """Of every helpdesk, what is new since the last round. Raises ConnectorError."""
        counts = []
        for name, desk in self._desks.items():
            try:
                counts.append(f"{name}: {await self._of(desk)}")
            except ForbiddenError as error:  # without surveys there is nothing to ask for
                log.info("a helpdesk tells no ratings", helpdesk=name, reason=str(error))
                counts.append(f"{name}: none told")
        return ", ".join(counts)

    async def _of(self, desk: Helpdesk) -> int:
        known = await self._imports.read(desk.name, desk.account, "ratings")
        since = known.upto if known and known.upto else datetime.now(UTC) - _FIRST
        count, newest = await self.read_since(desk, since - _OVERLAP)
        await self._imports.keep(desk.name, desk.account, "ratings", Read(since, max(since, newest), done=True))
        return count

    async def read_since(self, desk: Helpdesk, since: datetime) -> tuple[int, datetime]:
        """Those since then: how many changed a figure, and when the newest was given. Raises ConnectorError."""
        count, newest = 0, since
        async for rating in desk.ratings_since(since):
            count += await self._keep(desk, rating)
            newest = max(newest, rating.at)
        return count, newest

    async def _keep(self, desk: Helpdesk, rating: Rating) -> int:
        """Whether it changed anything; a ticket that we never looked at has no row, and gets none."""
        given = {"helpdesk": desk.name, "account": desk.account, "ticket": rating.ticket_id, "at": rating.at}
        async with self._engine.connect() as connection:
            return (await connection.execute(_RATED, given | {"csat": rating.score})).rowcount


_RATED = sa.text("""
    UPDATE resolutions SET csat = CAST(:csat AS smallint), csat_at = :at, seen_at = now()
    WHERE (helpdesk, account, ticket_id) = (:helpdesk, :account, :ticket)
        AND (csat_at IS NULL OR csat_at <= :at) AND (csat IS DISTINCT FROM :csat)
""")
