"""What customers write about: contact drivers and knowledge gaps, each against as many days before."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from service.database import Database
from service.knowledge.gaps import Topic, topics
from service.ledger import Ledger
from service.worth.figure import Figure, share
from service.worth.intervals import LEAST, Interval, difference
from service.worth.period import Filters, Period

QUESTIONS = 400
"""The newest that are grouped: some tenths of a second, which grow with their square."""


@dataclass(frozen=True, slots=True)
class Driver:
    """One category. part: of all tickets of the period. moved: the part now less the part before."""

    category: str
    tickets: int
    before: int
    part: Figure
    moved: Interval

    @property
    def change(self) -> float | None:
        """Tickets now against before, as a share; None where either rests on too few."""
        return self.tickets / self.before - 1 if min(self.tickets, self.before) >= LEAST else None


@dataclass(frozen=True, slots=True)
class Gap:
    """Questions of one topic, in tickets, now and before."""

    topic: Topic
    tickets: int
    before: int


@dataclass(frozen=True, slots=True)
class Contacts:
    """`questions`: how many were grouped; `cut`: there are more."""

    drivers: Sequence[Driver]
    gaps: Sequence[Gap]
    questions: int
    cut: bool


async def contacts(database: Database, period: Period, filters: Filters) -> Contacts:
    """Most tickets first."""
    drivers, (gaps, questions) = await asyncio.gather(
        _drivers(database, period, filters), _gaps(database, period, filters)
    )
    return Contacts(drivers, gaps, questions, cut=questions >= QUESTIONS)


async def _drivers(database: Database, period: Period, filters: Filters) -> list[Driver]:
    where = filters.of_tickets()
    given = {"before": period.before.since, "since": period.since, "until": period.until, **where.given}
    async with database.engine.connect() as connection:
        rows = (await connection.execute(sa.text(_DRIVERS.format(where=where.sql)), given)).all()
    now, before = sum(row.now for row in rows), sum(row.before for row in rows)
    found = [
        Driver(
            row.category,
            row.now,
            row.before,
            share("drivers", row.now, now),
            difference(row.now, now, row.before, before),
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: (-one.tickets, -one.before, one.category))


async def _gaps(database: Database, period: Period, filters: Filters) -> tuple[list[Gap], int]:
    asked = await Ledger(database).unanswered(since=period.before.since, limit=QUESTIONS)
    wanted = [
        one
        for one in asked
        if one.at < period.until
        and (not filters.helpdesk or one.ticket.startswith(f"{filters.helpdesk}:"))
        and (not filters.language or one.language == filters.language)
    ]
    found = []
    for topic in await asyncio.to_thread(topics, wanted):
        now = sum(at >= period.since for at in topic.times)
        found.append(Gap(topic, now, len(topic.times) - now))
    return sorted(found, key=lambda gap: (-gap.tickets, -gap.before)), len(asked)


_DRIVERS = """
    SELECT category, count(*) FILTER (WHERE opened_at >= :since) AS now, count(*) FILTER (WHERE opened_at < :since) AS before
    FROM resolutions WHERE opened_at >= :before AND opened_at < :until AND excluded = ''{where} GROUP BY category
"""
