"""Twenty tickets whose figures were counted by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from service.database import Database
from service.tables import feedback, lessons, merits, outcomes, resolutions, reviews, samples

MONDAY = datetime(2026, 11, 16, 9, tzinfo=UTC)
LATER = datetime(2026, 12, 24, tzinfo=UTC)
"""When nothing of it can change any more."""

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)

# number, category, tier, use, fidelity, minutes from note to reply, label, hours to solution (0: not solved), replies, csat, reopened, again
TWENTY: tuple[tuple[int, str, int, str, float | None, int, str, int, int, int | None, bool, bool], ...] = (
    (1, "billing", 1, "as_is", 1.0, 10, "ai_as_is", 1, 1, 1, False, False),
    (2, "billing", 1, "as_is", 1.0, 20, "ai_as_is", 2, 1, 1, False, False),
    (3, "billing", 1, "as_is", 1.0, 30, "ai_as_is", 3, 1, None, False, False),
    (4, "billing", 2, "as_is", 1.0, 40, "ai_as_is", 4, 2, None, True, False),
    (5, "billing", 2, "edited", 0.9, 50, "ai_assisted", 5, 2, 1, False, False),
    (6, "billing", 2, "edited", 0.8, 60, "ai_assisted", 6, 2, 0, False, False),
    (7, "delivery", 2, "edited", 0.7, 70, "ai_assisted", 7, 3, -1, True, False),
    (8, "delivery", 2, "unused", 0.2, 80, "human_only", 8, 3, None, False, True),
    (9, "delivery", 2, "unused", 0.0, 90, "human_only", 9, 4, -1, False, False),
    (10, "delivery", 3, "", None, 100, "human_only", 10, 5, None, False, False),
    (11, "delivery", 3, "edited", 0.6, 110, "ai_assisted", 11, 2, 1, False, False),
    (12, "delivery", 3, "", None, 120, "human_only", 12, 3, None, False, False),
    (13, "", 1, "", None, 0, "", 0, 0, None, False, False),  # no reply yet
    (14, "", 1, "", None, 0, "", 0, 0, None, False, False),
)
# The last six: two left out (bot, merged), three in the hold-out, one from before deskpilot was there.


async def write_twenty(database: Database) -> None:
    """Two tickets a day from Monday on, at nine and ten (UTC)."""
    async with database.engine.connect() as connection:
        for number, category, tier, use, fidelity, minutes, label, hours, replies, csat, reopened, again in TWENTY:
            at = MONDAY + (number - 1) // 2 * _DAY + (number - 1) % 2 * _HOUR
            noted = at + timedelta(seconds=10)
            replied = noted + timedelta(minutes=minutes) if minutes else None
            solved = at + timedelta(hours=hours) if hours else None
            await connection.execute(
                sa.insert(outcomes).values(
                    **_key(number), message_id="1", arm="note", asked_at=at, reference=f"DP-{number}", noted_at=noted,
                    replied_at=replied, use=use, fidelity=fidelity, tier=tier, category=category, language="en",
                    model="main", confidence=0.95 if use == "as_is" else 0.55, cost=0.01, tokens_in=100,
                )
            )  # fmt: skip
            await connection.execute(
                sa.insert(resolutions).values(
                    **_key(number), arm="note", label=label, opened_at=at, first_reply_at=replied, solved_at=solved,
                    exchanges=replies or None, csat=csat, reopened_at=solved + _DAY if reopened and solved else None,
                    again_at=solved + 2 * _DAY if again and solved else None, tier=tier, category=category, language="en",
                )
            )  # fmt: skip
        for number, excluded in ((15, "bot"), (16, "merged")):
            given = {**_key(number), "arm": "note", "excluded": excluded, "category": "billing"}
            await connection.execute(
                sa.insert(outcomes).values(**given, message_id="1", asked_at=MONDAY, use="as_is", fidelity=1.0)
            )
            await connection.execute(sa.insert(resolutions).values(**given, opened_at=MONDAY, solved_at=MONDAY, csat=1))
        for number, hours, csat in ((17, 20, 1), (18, 22, -1), (19, 24, None)):
            given = {**_key(number), "arm": "holdout", "category": "billing"}
            solved = MONDAY + timedelta(hours=hours)
            await connection.execute(
                sa.insert(outcomes).values(**given, message_id="1", asked_at=MONDAY, replied_at=MONDAY + _HOUR)
            )
            await connection.execute(
                sa.insert(resolutions).values(
                    **given, opened_at=MONDAY, solved_at=solved, label="human_only", exchanges=3, csat=csat,
                    first_reply_at=MONDAY + _HOUR,
                )
            )  # fmt: skip
        await connection.execute(
            sa.insert(resolutions).values(
                **_key(20), arm="baseline", category="billing", opened_at=MONDAY - 60 * _DAY, label="human_only",
                solved_at=MONDAY - 59 * _DAY, exchanges=4, csat=-1, first_reply_at=MONDAY - 60 * _DAY + 5 * _HOUR,
            )
        )  # fmt: skip


async def write_judgements(database: Database) -> None:
    """Three votes, two samples of which one has two reviews, and four lessons of which one was cited."""
    async with database.engine.connect() as connection:
        for number, judgement, reason in (
            (1, "right", ""),
            (7, "wrong", "facts"),
            (8, "wrong", "hand_over"),
            (15, "wrong", "facts"),
        ):
            vote = {**_key(number), "reference": f"DP-{number}", "judgement": judgement, "reason": reason}
            await connection.execute(sa.insert(feedback).values(**vote))
        for number in (1, 2):
            drawn = sa.insert(samples).values(**_key(number), message_id="1", week=MONDAY.date(), category="billing")
            await connection.execute(drawn)
        first, second = (await connection.execute(sa.select(samples.c.id).order_by(samples.c.id))).scalars()
        for sample, reviewer, scores in (
            (first, "one", {"intent": 2, "policy": 2, "tone": 1, "timing": 2}),
            (first, "two", {"intent": 2, "policy": 1, "tone": 1}),
            (second, "one", {"intent": 0, "policy": 0, "tone": 0, "timing": 0}),
        ):
            await connection.execute(sa.insert(reviews).values(sample=sample, reviewer=reviewer, scores=scores))
        for number, state in ((1, "waiting"), (2, "approved"), (3, "approved"), (4, "rejected")):
            made: dict[str, Any] = {"kind": "reply", "origin": "edited", "state": state, "question": "?", "reply": "!"}
            await connection.execute(
                sa.insert(lessons).values(**_key(number), message_id="1", category="billing", created_at=MONDAY, **made)
            )
        cited = await connection.scalar(sa.select(lessons.c.id).where(lessons.c.ticket_id == "2"))
        await connection.execute(
            sa.insert(merits).values(
                account="acme", article=f"lesson:{cited}", cited=3, votes_right=0, votes_wrong=0, factor=1.0
            )
        )


def _key(number: int) -> dict[str, str]:
    return {"helpdesk": "zendesk", "account": "acme", "ticket_id": str(number)}
