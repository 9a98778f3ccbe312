"""Drift in PostgreSQL: looked for every day, told once, and kept until a person lowers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa
import structlog

from service.changes import change, named
from service.database import Database
from service.errors import ServiceError
from service.quality.drift import BEFORE, NOW, Counts, Drift, Kind, drifts, in_words
from service.tables import drifts as table
from service.worth.intervals import Moments

log = structlog.get_logger()

EVERY_S = 86_400.0

BY_ITSELF = "deskpilot, by itself"


class DriftError(ServiceError):
    """What a person wants to lower does not stand: one sentence for them."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A drift that nobody has lowered. figures: of Drift.as_json. raises: its category stands a tier higher."""

    category: str
    kind: Kind
    since: datetime
    figures: Mapping[str, Any]
    raises: bool

    @property
    def in_words(self) -> str:
        """What is told of it, without its category."""
        return in_words(self.kind, self.figures)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "category": self.category, "kind": self.kind, "since": self.since.isoformat(timespec="seconds"),
            "raises": self.raises, **self.figures,
        }  # fmt: skip


class Drifts:
    """Reads and writes the table `drifts`."""

    def __init__(self, database: Database) -> None:
        self._engine, self._transactions = database.engine, database.transactions

    async def watch(self) -> str:
        """Look for new ones; a round of its own. What a person has lowered is looked at again when a week of new messages has come."""
        async with self._engine.connect() as connection:
            rows = (await connection.execute(_COUNTS, {"now": NOW, "before": NOW + BEFORE})).all()
            quiet = {(one.category, one.kind) for one in await connection.execute(_LOWERED, {"now": NOW})}
        before, now = ({one.category: _counts(one) for one in rows if one.is_now is is_now} for is_now in (False, True))
        found = [one for one in drifts(before, now) if (one.category, one.kind) not in quiet]
        told = [one for one in found if await self._told(one)]
        return ", ".join(f"{one.kind} of {one.category or 'no category'}" for one in told) or "nothing new"

    async def standing(self) -> list[Standing]:
        """Those that nobody has lowered, the newest first."""
        wanted = sa.select(table).where(table.c.lowered_at.is_(None)).order_by(table.c.since.desc(), table.c.id.desc())
        async with self._engine.connect() as connection:
            rows = (await connection.execute(wanted)).all()
        return [Standing(one.category, cast("Kind", one.kind), one.since, one.figures, one.raises) for one in rows]

    async def lower(self, category: str, *, by: str) -> Sequence[str]:
        """End every drift of a category, so that it stands where the policy has it; the kinds that ended. Raises DriftError."""
        async with self._transactions.begin() as connection:
            lowered = (await connection.execute(_LOWER, {"category": category, "by_whom": named(by)})).scalars().all()
            if not lowered:
                raise DriftError(f"no drift stands for {category or 'no category'!r}: see `deskpilot drift list`")
            details = {"category": category, "kinds": sorted(lowered), "deed": "lower"}
            await connection.execute(change("drift", "*", by=by, details=details))
        return sorted(lowered)

    async def _told(self, drift: Drift) -> bool:
        """Whether it is new."""
        values = {
            "category": drift.category, "kind": drift.kind, "figures": drift.as_json(), "raises": drift.raises,
        }  # fmt: skip
        async with self._transactions.begin() as connection:
            if not await connection.scalar(_RAISE, values):
                return False
            details = {"category": drift.category, "kinds": [drift.kind], "deed": "raise", "raises": drift.raises}
            await connection.execute(change("drift", "*", by=BY_ITSELF, details=details))
        log.warning(
            "drafts of a category have drifted",
            category=drift.category or "no category",
            kind=drift.kind,
            raised=drift.raises,
            figures=drift.as_json(),
        )
        return True


def _counts(row: Any) -> Counts:  # noqa: ANN401 - a row's columns have no types
    moments = Moments(row.sure, row.mean or 0.0, row.variance or 0.0)
    return Counts(row.messages, row.compared, row.accepted, moments)


_COUNTS = sa.text("""
    SELECT category, asked_at >= now() - CAST(:now AS interval) AS is_now, count(*) AS messages,
        count(*) FILTER (WHERE arm = 'note' AND use <> '') AS compared,
        count(*) FILTER (WHERE arm = 'note' AND use IN ('as_is', 'edited')) AS accepted,
        count(confidence) AS sure, avg(confidence) AS mean, var_samp(confidence) AS variance
    FROM outcomes WHERE asked_at >= now() - CAST(:before AS interval) AND excluded = '' AND arm <> 'baseline'
    GROUP BY 1, 2
""")
_LOWERED = sa.text("SELECT DISTINCT category, kind FROM drifts WHERE lowered_at > now() - CAST(:now AS interval)")
_LOWER = sa.text("""
    UPDATE drifts SET lowered_at = now(), by_whom = :by_whom WHERE category = :category AND lowered_at IS NULL RETURNING kind
""")
_RAISE = sa.text("""
    INSERT INTO drifts (category, kind, figures, raises) VALUES (:category, :kind, :figures, :raises)
    ON CONFLICT (category, kind) WHERE lowered_at IS NULL DO NOTHING RETURNING id
""").bindparams(sa.bindparam("figures", type_=table.c.figures.type))
