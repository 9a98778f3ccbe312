"""Samples and reviews in PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final

import sqlalchemy as sa

from service.changes import named
from service.database import Database, storable
from service.ledger import TicketKey
from service.quality.rubric import RUBRIC, ReviewError
from service.quality.sample import Chosen, Sample, read
from service.tables import reviews, samples

SHARE: Final = 0.05
"""Of a week's answered messages."""

REVIEWERS: Final = 2
"""Of one sample."""

REMARK_CHARS: Final = 500

_WEEKS = 5  # that are shown, and reviewed: the texts of older ones are forgotten


@dataclass(frozen=True, slots=True)
class Week:
    """How far a week is. of: what can be read; once, twice: by how many it was reviewed."""

    monday: date
    of: int
    once: int
    twice: int


@dataclass(frozen=True, slots=True)
class Review:
    """What one reviewer gave."""

    reviewer: str
    scores: Mapping[str, int]
    remark: str = ""


class Samples:
    """Reads and writes them."""

    def __init__(self, database: Database) -> None:
        self._engine, self._transactions = database.engine, database.transactions

    async def undrawn(self, week: date, *, since: datetime, until: datetime, limit: int) -> list[Chosen]:
        """What chance has chosen of the messages that were answered then, and is not drawn yet."""
        given = {"week": week, "since": since, "until": until, "share": SHARE, "limit": limit}
        async with self._engine.connect() as connection:
            rows = (await connection.execute(_UNDRAWN, given)).all()
        return [
            Chosen(TicketKey(one.helpdesk, one.account, one.ticket_id), one.message_id, one.category, one.requester)
            for one in rows
        ]

    async def draw(self, chosen: Chosen, week: date, text: Mapping[str, Any]) -> None:
        """Keep a sample. text: {} where its ticket cannot be read any more; it is drawn all the same, and nobody sees it."""
        values = asdict(chosen.key) | {
            "message_id": chosen.message_id,
            "category": chosen.category,
            "requester": chosen.requester if text else "",
            "week": week,
            "text": json.loads(storable(json.dumps(text, ensure_ascii=False))),
        }
        async with self._engine.connect() as connection:
            await connection.execute(_DRAW, values)

    async def weeks(self) -> list[Week]:
        """The newest first."""
        async with self._engine.connect() as connection:
            rows = (await connection.execute(_WEEKS_DRAWN, {"weeks": _WEEKS, "reviewers": REVIEWERS})).all()
        return [Week(one.week, one.of, one.once, one.twice) for one in rows]

    async def next_for(self, reviewer: str) -> Sample | None:
        """What to judge next: the newest week, what somebody else has judged alone first. In no order that tells anything."""
        given = {"reviewer": named(reviewer), "reviewers": REVIEWERS, "weeks": _WEEKS}
        async with self._engine.connect() as connection:
            row = (await connection.execute(_NEXT, given)).first()
        return read(row.id, row.week, row.text, row.by_whom) if row else None

    async def one(self, number: int) -> Sample | None:
        """By its number, as long as its text is kept."""
        async with self._engine.connect() as connection:
            row = (await connection.execute(_ONE, {"id": number})).first()
        return read(row.id, row.week, row.text, row.by_whom) if row else None

    async def reviews_of(self, sample: Sample) -> list[Review]:
        """Both, once both are there; before that none, so that nobody judges by another's."""
        wanted = sa.select(reviews).where(reviews.c.sample == sample.id).order_by(reviews.c.at, reviews.c.reviewer)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(wanted)).all()
        return [Review(one.reviewer, one.scores, one.remark) for one in rows] if len(rows) >= REVIEWERS else []

    async def judge(self, number: int, review: Review) -> None:
        """Keep a review; one's own may be changed until the other's is there. Raises ReviewError. remark: masked."""
        async with self._transactions.begin() as connection:
            if not await connection.scalar(
                sa.select(samples.c.id).where(samples.c.id == number, samples.c.text != {}).with_for_update()
            ):
                raise ReviewError("This sample is not kept any more.")
            whose = sa.select(reviews.c.reviewer).where(reviews.c.sample == number)
            if len((await connection.execute(whose)).all()) >= REVIEWERS:
                raise ReviewError("Two people have reviewed this sample already.")
            await connection.execute(
                _JUDGE,
                {
                    "sample": number,
                    "reviewer": named(review.reviewer),
                    "scores": dict(review.scores),
                    "remark": storable(review.remark),
                },
            )

    async def pairs(self) -> dict[str, list[tuple[int, int]]]:
        """What two reviewers gave, by criterion, of all weeks that are kept."""
        async with self._engine.connect() as connection:
            rows = (await connection.execute(_PAIRS)).all()
        names = [one.name for one in RUBRIC]
        return {name: [(a[name], b[name]) for a, b in rows if name in a and name in b] for name in names}


# Chance is a hash: it knows neither who wrote the answer nor how sure a draft was, and every replica draws the same ones.
_UNDRAWN = sa.text("""
    WITH answered AS (
        SELECT helpdesk, account, ticket_id, message_id, category, requester FROM outcomes
        WHERE replied_at >= :since AND replied_at < :until AND excluded = '' AND arm <> 'baseline' AND reply_id <> ''
    ), chosen AS (
        SELECT *, md5(concat_ws(' ', CAST(:week AS text), helpdesk, account, ticket_id, message_id)) AS place FROM answered
        ORDER BY place LIMIT (SELECT ceil(count(*) * CAST(:share AS double precision)) FROM answered)
    )
    SELECT * FROM chosen WHERE NOT EXISTS (
        SELECT FROM samples s WHERE (s.helpdesk, s.account, s.ticket_id, s.message_id)
            = (chosen.helpdesk, chosen.account, chosen.ticket_id, chosen.message_id)
    ) ORDER BY place LIMIT :limit
""")
_DRAW = sa.text("""
    INSERT INTO samples (week, helpdesk, account, ticket_id, message_id, category, requester, text)
    VALUES (:week, :helpdesk, :account, :ticket_id, :message_id, :category, :requester, :text)
    ON CONFLICT ON CONSTRAINT samples_drawn_once DO NOTHING
""").bindparams(sa.bindparam("text", type_=samples.c.text.type))
_WEEKS_DRAWN = sa.text("""
    SELECT week, count(*) FILTER (WHERE text <> '{}' OR told > 0) AS of, count(*) FILTER (WHERE told = 1) AS once,
        count(*) FILTER (WHERE told >= :reviewers) AS twice
    FROM (SELECT week, text, (SELECT count(*) FROM reviews WHERE sample = samples.id) AS told FROM samples) AS drawn
    GROUP BY week ORDER BY week DESC LIMIT :weeks
""")
_WITH_REVIEWERS = """
    SELECT id, week, text, (SELECT coalesce(array_agg(reviewer), '{}') FROM reviews WHERE sample = samples.id) AS by_whom
    FROM samples WHERE text <> '{}'
"""
_NEXT = sa.text(f"""
    SELECT * FROM ({_WITH_REVIEWERS}) AS open
    WHERE cardinality(by_whom) < :reviewers AND NOT :reviewer = ANY(by_whom)
        AND week IN (SELECT DISTINCT week FROM samples ORDER BY week DESC LIMIT :weeks)
    ORDER BY week DESC, cardinality(by_whom) DESC, md5(CAST(id AS text)) LIMIT 1
""")  # noqa: S608 - constants of this file
_ONE = sa.text(f"{_WITH_REVIEWERS} AND id = :id")
_JUDGE = sa.text("""
    INSERT INTO reviews (sample, reviewer, scores, remark) VALUES (:sample, :reviewer, :scores, :remark)
    ON CONFLICT (sample, reviewer) DO UPDATE SET scores = excluded.scores, remark = excluded.remark, at = now()
""").bindparams(sa.bindparam("scores", type_=reviews.c.scores.type))
_PAIRS = sa.text("""
    SELECT told[1], told[2] FROM (SELECT array_agg(scores ORDER BY reviewer) AS told FROM reviews GROUP BY sample) AS each
    WHERE cardinality(told) >= 2
""")
