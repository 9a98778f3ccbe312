"""What people judged: votes on notes, reviews of samples, and what was learnt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import fmean

import sqlalchemy as sa

from service.database import Database
from service.worth.counts import Sums
from service.worth.figure import Figure, average
from service.worth.period import Filters, Period

_MOST = 2  # points of a criterion


@dataclass(frozen=True, slots=True)
class Judged:
    """Votes. hand_over: wrong ones that say that a person was needed, on notes with a draft."""

    right: int
    wrong: int
    hand_over: int


@dataclass(frozen=True, slots=True)
class Reviewed:
    """points: of each sample, 0 to 1, the mean of its reviews. agreed: of each that two reviewers judged, the share of criteria with the same points."""

    points: Sums = field(default_factory=Sums)
    criteria: Mapping[str, Figure] = field(default_factory=dict)
    agreed: Sums = field(default_factory=Sums)


@dataclass(frozen=True, slots=True)
class Lessons:
    """By state; used: approved ones that a note has cited."""

    states: Mapping[str, int]
    used: int = 0


async def judgements(database: Database, period: Period, filters: Filters) -> Judged:
    """Votes on the notes for messages of the period, whenever they were cast."""
    where = filters.of_messages()
    given = {"since": period.since, "until": period.until, **where.given}
    async with database.engine.connect() as connection:
        row = (await connection.execute(sa.text(_JUDGED.format(where=where.sql)), given)).one()
    return Judged(row.was_right, row.was_wrong, row.hand_over)


async def reviews(database: Database, period: Period, filters: Filters) -> Reviewed:
    """Of the samples of weeks that begin in the period."""
    where = filters.of_samples()
    given = {"first": period.first, "last": period.last, **where.given}
    async with database.engine.connect() as connection:
        rows = (await connection.execute(sa.text(_REVIEWED.format(where=where.sql)), given)).all()
    given_by_sample: dict[int, list[Mapping[str, float]]] = {}
    for sample, scores in rows:
        told = {name: value / _MOST for name, value in scores.items() if isinstance(value, int) and 0 <= value <= _MOST}
        if told:
            given_by_sample.setdefault(sample, []).append(told)
    points, agreed, criteria = Sums(), Sums(), dict[str, Sums]()
    for (
        both
    ) in given_by_sample.values():  # reviews of one sample are not independent of each other: a sample counts once
        points.add(_one(fmean(fmean(told.values()) for told in both)))
        for name in {name for told in both for name in told}:
            criteria.setdefault(name, Sums()).add(_one(fmean(told[name] for told in both if name in told)))
        if len(both) > 1 and (shared := both[0].keys() & both[1].keys()):
            agreed.add(_one(fmean(both[0][name] == both[1][name] for name in shared)))
    return Reviewed(points, {name: average(name, criteria[name]) for name in sorted(criteria)}, agreed)


async def lessons(database: Database, period: Period, filters: Filters) -> Lessons:
    """Those made in the period, by where they stand now."""
    where = filters.of_lessons()
    given = {"since": period.since, "until": period.until, **where.given}
    async with database.engine.connect() as connection:
        rows = (await connection.execute(sa.text(_LESSONS.format(where=where.sql)), given)).all()
    return Lessons({row.state: row.n for row in rows}, sum(row.used for row in rows))


def _one(value: float) -> Sums:
    return Sums(1, value, value * value)


# Votes are few, so each looks for its message by the index of the ticket.
_JUDGED = """
    SELECT count(*) FILTER (WHERE judgement = 'right') AS was_right, count(*) FILTER (WHERE judgement = 'wrong') AS was_wrong,
           count(*) FILTER (WHERE judgement = 'wrong' AND reason = 'hand_over' AND tier <> 3 AND replied_at >= noted_at) AS hand_over
    FROM outcomes JOIN feedback USING (helpdesk, account, ticket_id, reference)
    WHERE asked_at >= :since AND asked_at < :until AND arm <> 'baseline' AND excluded = '' AND reference <> ''{where}
"""
_REVIEWED = """
    SELECT sample, scores FROM reviews JOIN samples ON samples.id = sample
    WHERE week BETWEEN :first AND :last{where} ORDER BY sample, reviewer
"""
_LESSONS = """
    SELECT state, count(*) AS n, count(*) FILTER (WHERE state = 'approved' AND EXISTS (
        SELECT FROM merits WHERE merits.account = lessons.account AND article = 'lesson:' || lessons.id AND cited > 0)) AS used
    FROM lessons WHERE created_at >= :since AND created_at < :until{where} GROUP BY state
"""
