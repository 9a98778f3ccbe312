"""How it runs: what came in, what was written, handed over or left open, how sure drafts were, what they cost."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from math import ceil

import sqlalchemy as sa

from service.database import Database
from service.worth.counts import Sums
from service.worth.figure import Figure, average, share
from service.worth.period import Filters, Period

_HOURLY_UP_TO = 3  # days
_STEPS = 10


@dataclass(frozen=True, slots=True)
class Stretch:
    """An hour, day or week. hours: of it that are over. person, uncovered: notes that hand over, or that no article answers."""

    since: datetime
    hours: float
    notes: int = 0
    silences: int = 0
    person: int = 0
    uncovered: int = 0

    @property
    def intake(self) -> int:
        """Messages that were looked at."""
        return self.notes + self.silences

    def per_hour(self, count: int) -> float | None:
        """None where none of it is over."""
        return count / self.hours if self.hours > 0 else None

    def begins(self, zone: tzinfo, form: str) -> str:
        """In the team's time. The second of two hours of one name, when the clocks go back, says so."""
        local = self.since.astimezone(zone)
        return f"{local:{form}}{' again' if local.fold else ''}"


@dataclass(frozen=True, slots=True)
class Sureness:
    """Drafts of one step of confidence. accepted: of those that a reply was compared with."""

    low: float
    high: float
    drafts: int
    accepted: Figure


@dataclass(frozen=True, slots=True)
class Operations:
    """Of a period. `hourly`: its stretches are hours. `waited`: seconds from a message to its note."""

    hourly: bool
    stretches: Sequence[Stretch]
    sureness: Sequence[Sureness]
    waited: Figure
    cost: float
    priced: int
    tokens: int


async def operations(database: Database, period: Period, filters: Filters, *, now: datetime) -> Operations:
    """Notes and silences know their helpdesk only; confidence and cost are of the messages that all filters let through."""
    written, sureness, (waited, cost, priced, tokens) = await asyncio.gather(
        _written(database, period, filters), _sureness(database, period, filters), _spent(database, period, filters)
    )
    stretches = [
        Stretch(since, max((min(until, now) - since) / timedelta(hours=1), 0.0), **written.get(since, {}))
        for since, until in _cut(period)
    ]
    return Operations(is_hourly(period), stretches, sureness, average("note_after", waited), cost, priced, tokens)


def is_hourly(period: Period) -> bool:
    """Whether it is so short that hours are shown."""
    return period.days <= _HOURLY_UP_TO


def _cut(period: Period) -> list[tuple[datetime, datetime]]:
    if not is_hourly(period):
        return [(span.since, span.until) for span in period.spans()]
    hours = ceil(
        (period.until - period.since) / timedelta(hours=1)
    )  # where clocks change by half an hour, the last is one
    starts = [period.since + timedelta(hours=number) for number in range(hours)]
    return [(start, min(start + timedelta(hours=1), period.until)) for start in starts]


async def _written(database: Database, period: Period, filters: Filters) -> dict[datetime, dict[str, int]]:
    """By the first moment of the stretch."""
    cut = _cut(period)
    given = {
        "starts": [since for since, _ in cut],
        "until": period.until,
        "since": period.since,
        "helpdesk": filters.helpdesk,
    }
    async with database.engine.connect() as connection:
        rows = (await connection.execute(_WRITTEN, given)).all()
    found: dict[datetime, dict[str, int]] = {}
    for row in rows:
        at = cut[row.place - 1][0]
        found[at] = {"notes": row.notes, "silences": row.silences, "person": row.person, "uncovered": row.uncovered}
    return found


async def _sureness(database: Database, period: Period, filters: Filters) -> list[Sureness]:
    where = filters.of_messages()
    given = {"since": period.since, "until": period.until, **where.given}
    async with database.engine.connect() as connection:
        rows = (await connection.execute(sa.text(_SURENESS.format(where=where.sql)), given)).all()
    counted: Mapping[int, sa.Row[tuple[int, int, int, int]]] = {row.step: row for row in rows}
    found = []
    for step in range(_STEPS):
        row = counted.get(step)
        accepted = share("acceptance", row.accepted, row.compared) if row else share("acceptance", 0, 0)
        found.append(Sureness(step / _STEPS, (step + 1) / _STEPS, row.drafts if row else 0, accepted))
    return found


async def _spent(database: Database, period: Period, filters: Filters) -> tuple[Sums, float, int, int]:
    where = filters.of_messages()
    given = {"since": period.since, "until": period.until, **where.given}
    async with database.engine.connect() as connection:
        row = (await connection.execute(sa.text(_SPENT.format(where=where.sql)), given)).one()
    return Sums(row.waited, row.wait or 0.0, row.wait_sq or 0.0), row.cost or 0.0, row.priced, int(row.tokens or 0)


# width_bucket finds the stretch by its first moment, so that an hour that comes twice when the clocks change is two.
_WRITTEN = sa.text("""
    SELECT width_bucket(at, CAST(:starts AS timestamptz[])) AS place, count(verdict) AS notes, count(*) - count(verdict) AS silences,
           count(*) FILTER (WHERE verdict = 'person') AS person, count(*) FILTER (WHERE verdict = 'uncovered') AS uncovered
    FROM (
        SELECT created_at AS at, verdict FROM drafts
        WHERE created_at >= :since AND created_at < :until AND (:helpdesk = '' OR helpdesk = :helpdesk)
        UNION ALL
        SELECT at, NULL FROM silences WHERE at >= :since AND at < :until AND (:helpdesk = '' OR helpdesk = :helpdesk)
    ) AS told
    GROUP BY place
""")
_SURENESS = """
    SELECT least(floor(confidence * 10), 9)::integer AS step, count(*) AS drafts,
           count(*) FILTER (WHERE use IN ('as_is', 'edited')) AS accepted, count(*) FILTER (WHERE use <> '') AS compared
    FROM outcomes WHERE asked_at >= :since AND asked_at < :until AND excluded = '' AND confidence IS NOT NULL{where} GROUP BY step
"""
_SPENT = """
    SELECT count(wait) AS waited, sum(wait) AS wait, sum(wait * wait) AS wait_sq, sum(cost) AS cost, count(cost) AS priced, sum(tokens) AS tokens
    FROM (
        SELECT CASE WHEN noted_at >= asked_at THEN date_part('epoch', noted_at - asked_at) END AS wait,
               cost, tokens_in + tokens_out AS tokens
        FROM outcomes WHERE asked_at >= :since AND asked_at < :until AND excluded = '' AND arm <> 'baseline'{where} OFFSET 0
    ) AS told
"""
