"""Which articles, macros and solved tickets mislead: counted from votes and from what agents really sent. They are found, and lower.

An article's bad share is compared with that of all: of the drafts that cite it and were answered or voted on, those that an
agent called wrong, or whose reply had nothing of the draft. Its factor is 1 less the excess of which we are sure (the lower end
of the 95 % interval over the share of all the others), at least LOWEST. Few citations take nothing away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from service.database import Database
from service.worth.intervals import wilson

LEAST: Final = 5
"""Drafts that were judged; with fewer, nothing is known of an article."""

LOWEST: Final = 0.6
"""A good match that misleads stands behind a fair one that does not, and is still found where there is nothing else."""

DAYS: Final = 180

Article = tuple[str, str]
"""Account and article, as a passage names them."""


@dataclass(frozen=True, slots=True)
class Merit:
    """Of one article. cited: drafts that cite it and were judged. bad: of those. fidelity: mean of the replies to them."""

    article: Article
    cited: int
    right: int
    wrong: int
    bad: int
    fidelity: float | None
    factor: float = 1.0


def weighed(merit: Merit, *, others_bad: int, others: int) -> float:
    """The factor of its score. others: judged drafts that do not cite it."""
    if merit.cited < LEAST or not merit.bad:
        return 1.0
    usual = others_bad / others if others else 0.0
    sure = wilson(merit.bad, merit.cited).low
    return round(max(LOWEST, 1.0 - max(0.0, sure - usual)), 3)


class Merits:
    """Counts them every so often, and tells which stand lower."""

    def __init__(self, database: Database) -> None:
        self._engine, self._transactions = database.engine, database.transactions

    async def lowered(self) -> Mapping[Article, float]:
        """Those that stand lower, with their factors: few."""
        async with self._engine.connect() as connection:
            return {(account, article): factor for account, article, factor in await connection.execute(_LOWERED)}

    async def misleading(self, limit: int = 50) -> list[Merit]:
        """For reports: those that stand lower, the worst first."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(_WORST, {"limit": limit})
            return [
                Merit(
                    (row.account, row.article), row.cited, row.votes_right, row.votes_wrong, 0, row.fidelity, row.factor
                )
                for row in rows
            ]

    async def count(self) -> str:
        """Count anew from the last DAYS days; a round of its own."""
        async with self._engine.connect() as connection:
            rows = (await connection.execute(_COUNTED, {"days": DAYS})).all()
            judged, bad = (await connection.execute(_ALL, {"days": DAYS})).one()
        merits = [
            Merit((row.account, row.article), row.cited, row.right, row.wrong, row.bad, row.fidelity) for row in rows
        ]
        factors = [weighed(one, others_bad=bad - one.bad, others=judged - one.cited) for one in merits]
        kept = [
            {
                "account": one.article[0], "article": one.article[1], "cited": one.cited, "right": one.right,
                "wrong": one.wrong, "fidelity": one.fidelity, "factor": factor,
            }
            for one, factor in zip(merits, factors, strict=True)
        ]  # fmt: skip
        async with self._transactions.begin() as connection:
            await connection.execute(_CLEAR)
            if kept:
                await connection.execute(_KEEP, kept)
        return f"{len(kept)} articles, {sum(factor < 1 for factor in factors)} of them lower"


# A draft is judged when an agent voted on it, or answered in its presence; then it is bad, or it is not.
_JUDGED = """
    WITH judged AS (
        SELECT d.details -> 'cited' AS cited, f.judgement, o.fidelity,
               coalesce(f.judgement = 'wrong', o.use = 'unused') AS bad
        FROM drafts d
        LEFT JOIN feedback f USING (helpdesk, account, ticket_id, reference)
        LEFT JOIN outcomes o ON (o.helpdesk, o.account, o.ticket_id, o.reference) = (d.helpdesk, d.account, d.ticket_id, d.reference)
            AND o.use <> '' AND o.excluded = ''
        WHERE d.created_at >= now() - make_interval(days => :days) AND d.posted_at IS NOT NULL
          AND (f.judgement IS NOT NULL OR o.use IS NOT NULL) AND jsonb_array_length(d.details -> 'cited') > 0
    )
"""
_COUNTED = sa.text(f"""{_JUDGED}
    SELECT c.one ->> 0 AS account, c.one ->> 1 AS article, count(*) AS cited,
           count(*) FILTER (WHERE judgement = 'right') AS "right", count(*) FILTER (WHERE judgement = 'wrong') AS wrong,
           count(*) FILTER (WHERE bad) AS bad, avg(fidelity) AS fidelity
    FROM judged, jsonb_array_elements(judged.cited) AS c (one) GROUP BY 1, 2
""")  # noqa: S608 - a constant of this file
_ALL = sa.text(f"{_JUDGED} SELECT count(*), count(*) FILTER (WHERE bad) FROM judged")  # noqa: S608 - likewise
_CLEAR = sa.text("DELETE FROM merits")
_KEEP = sa.text("""
    INSERT INTO merits (account, article, cited, votes_right, votes_wrong, fidelity, factor)
    VALUES (:account, :article, :cited, :right, :wrong, :fidelity, :factor)
""")
_LOWERED = sa.text("SELECT account, article, factor FROM merits WHERE factor < 1")
_WORST = sa.text("SELECT * FROM merits WHERE factor < 1 ORDER BY factor, account, article LIMIT :limit")
