"""Samples and reviews: drawn by chance, judged by two, unseen until both are there."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from service.database import Database
from service.quality.rubric import ReviewError
from service.quality.store import Review, Samples
from service.worth.intervals import wilson
from service.worth.period import Filters, Period
from service.worth.quality import quality
from tests.service.quality.answers import MONDAY, answered, drawn

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
LATER = datetime(2026, 12, 24, tzinfo=UTC)
WEEK = {"since": datetime(2026, 11, 16, tzinfo=UTC), "until": datetime(2026, 11, 23, tzinfo=UTC)}
GOOD = {"intent": 2, "policy": 2, "tone": 2, "timing": 2}


@pytest.fixture
def samples(database: Database) -> Samples:
    """The store."""
    return Samples(database)


async def chosen(samples: Samples, limit: int = 1000) -> list[str]:
    """The tickets that are to be drawn."""
    return [one.key.ticket_id for one in await samples.undrawn(MONDAY, **WEEK, limit=limit)]


async def test_five_of_a_hundred_answers_are_chosen_whoever_wrote_them(database: Database, samples: Samples) -> None:
    """Rounded up, always the same ones, of this week alone; what is in no figure is in no sample."""
    await answered(database, range(61), at=NOON)
    await answered(database, range(100, 140), at=NOON, arm="silent", use="")
    await answered(database, range(200, 300), at=NOON, excluded="merged")
    await answered(database, range(300, 400), at=NOON, arm="baseline")
    await answered(database, range(400, 500), at=NOON - timedelta(days=7))
    first = await chosen(samples)

    assert len(first) == 6
    assert await chosen(samples) == first
    assert all(int(one) < 140 for one in first)
    assert await chosen(samples, limit=2) == first[:2]


async def test_chance_does_not_look_at_the_arm(database: Database, samples: Samples) -> None:
    """Of two equal halves neither is drawn more often than chance allows; a hash has no seed, so this never changes."""
    await answered(database, range(2_000), at=NOON)
    await answered(database, range(2_000, 4_000), at=NOON, arm="holdout", use="")
    found = await chosen(samples)
    share = wilson(sum(int(one) < 2_000 for one in found), len(found))
    assert len(found) == 200
    assert share.low < 0.5 < share.high


async def test_what_is_drawn_is_not_chosen_again_and_late_answers_still_are(
    database: Database, samples: Samples
) -> None:
    """The helpdesk may tell of an answer days later."""
    await answered(database, range(100), at=NOON)
    before = await chosen(samples)
    await drawn(samples, *map(int, before))
    assert await chosen(samples) == []

    await answered(database, range(100, 500), at=NOON)
    assert not set(await chosen(samples)) & set(before)


async def test_two_people_judge_a_sample_and_nobody_sees_what_the_first_gave(samples: Samples) -> None:
    """What somebody else has judged comes first; a third is not asked."""
    await drawn(samples, 1, 2)
    first = await samples.next_for("Ana")
    assert first
    await samples.judge(first.id, Review("Ana", GOOD))
    other = await samples.next_for("Ana")
    assert other
    assert other.id != first.id
    following = await samples.next_for("Bea")
    assert following
    assert following.id == first.id
    assert await samples.reviews_of(following) == []

    await samples.judge(first.id, Review("Bea", {"intent": 0}, "misses the point"))
    assert [one.reviewer for one in await samples.reviews_of(first)] == ["Ana", "Bea"]
    with pytest.raises(ReviewError, match="Two people"):
        await samples.judge(first.id, Review("Cem", GOOD))
    with pytest.raises(ReviewError, match="Two people"):
        await samples.judge(first.id, Review("Ana", {"intent": 0}))
    assert (await samples.pairs())["intent"] == [(2, 0)]
    assert (await samples.pairs())["tone"] == []


async def test_one_may_correct_oneself_before_the_other_came(samples: Samples) -> None:
    """It is still one review."""
    await drawn(samples, 1)
    one = await samples.next_for("Ana")
    assert one
    await samples.judge(one.id, Review("Ana", {"tone": 0}))
    await samples.judge(one.id, Review("Ana", GOOD))
    assert [(week.of, week.once, week.twice) for week in await samples.weeks()] == [(1, 1, 0)]


async def test_of_many_at_once_two_are_kept(samples: Samples) -> None:
    """Whoever comes third is told."""
    await drawn(samples, 1)
    one = await samples.next_for("Ana")
    assert one
    told = await asyncio.gather(
        *(samples.judge(one.id, Review(f"reviewer {number}", GOOD)) for number in range(6)), return_exceptions=True
    )
    assert [type(error) for error in told if error] == [ReviewError] * 4
    assert [(week.of, week.once, week.twice) for week in await samples.weeks()] == [(1, 0, 1)]


async def test_what_cannot_be_read_is_drawn_and_shown_to_nobody(samples: Samples) -> None:
    """Its ticket is gone, or its text forgotten."""
    await drawn(samples, 1, text={})
    assert await samples.next_for("Ana") is None
    assert [(week.of, week.once, week.twice) for week in await samples.weeks()] == [(0, 0, 0)]
    with pytest.raises(ReviewError, match="not kept"):
        await samples.judge(1, Review("Ana", GOOD))


async def test_the_dashboard_has_what_reviewers_gave(database: Database, samples: Samples) -> None:
    """As a share of what can be given, with who agrees."""
    await drawn(samples, 1, 2)
    for reviewer, scores in (("Ana", GOOD), ("Bea", {**GOOD, "tone": 0})):
        while one := await samples.next_for(reviewer):
            await samples.judge(one.id, Review(reviewer, scores))
    found = (await quality(database, Period(MONDAY, MONDAY + timedelta(days=6), "UTC"), Filters(), now=LATER)).figures
    assert found["qa"].interval.point == pytest.approx((1 + 6 / 8) / 2)
    assert found["agreement"].interval.point == pytest.approx(6 / 8)
    assert (found["qa"].interval.n, found["agreement"].interval.n) == (2, 2)  # two reviews of one answer are one
