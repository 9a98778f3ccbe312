"""Figures of an audit, against what was counted by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from service.audit.findings import Audit, audited
from service.audit.matrix import BOTTOM, HEIGHT, LEFT, RIGHT, WIDTH, bubbles, point
from service.audit.past import Seen
from service.audit.proposal import proposal, proposed_tier, tiers_of
from service.policy.document import Tier
from service.policy.reading import builtin, understood

SINCE, UNTIL = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 8, 31, tzinfo=UTC)
TINY = 1e-6
TITLES = {"delivery": "Delivery", "fault": "Fault", "legal": "Legal"}


def seen(kind: str, count: int, **more: object) -> list[Seen]:
    """So many of a kind, all on one day unless said otherwise."""
    one = Seen(
        id="1", kind=kind, complexity=1, stakes=2, tier=1, language="en", channel="email",
        opened_at=datetime(2026, 7, 1, 9, tzinfo=UTC), replies=1, first_contact=True, first_reply_hours=1.0, hours=4.0,
        example="Where is it?",
    )  # fmt: skip
    return [replace(one, id=f"{kind}{number}", **more) for number in range(count)]  # type: ignore[arg-type]


def audit(*groups: list[Seen], timezone: str = "UTC") -> Audit:
    """Of all these."""
    tickets = [one for group in groups for one in group]
    return audited(
        tickets, left_out={"spam": 2}, titles=TITLES, helpdesks=["zendesk"], since=SINCE, until=UNTIL, timezone=timezone
    )


def test_a_kind_has_its_share_of_tickets_and_of_the_work() -> None:
    """Ten of forty tickets with three replies each are half of sixty replies."""
    made = audit(seen("delivery", 30), seen("fault", 10, replies=3, complexity=3, stakes=3, first_contact=False))
    delivery, fault = made.kinds

    assert (delivery.title, delivery.tickets, delivery.share, delivery.effort) == ("Delivery", 30, 0.75, 0.5)
    assert (fault.replies, fault.effort, fault.complexity, fault.stakes) == (30, 0.5, 3, 3)
    assert delivery.first_contact is not None
    assert (delivery.first_contact.point, delivery.first_contact.n) == (1.0, 30)
    assert fault.first_contact is None  # ten are too few
    assert (delivery.median_hours, delivery.median_first_reply_hours) == (4.0, 1.0)


def test_what_to_begin_with_is_simple_frequent_and_solved_at_once() -> None:
    """Worth by hand: .5 x 1 x 1 x (5/5) x (4/5) = .4 against .5 x .5 x 1 x (3/5) x (2/5) = .06; a person's kind is worth nothing."""
    made = audit(
        seen("delivery", 60),
        [*seen("fault", 30, complexity=3, stakes=4), *seen("fault", 30, complexity=3, stakes=4, first_contact=False)],
        seen("legal", 40, tier=3, stakes=5, replies=0),
        seen("", 50, replies=0),
    )

    assert [(kind.name, round(kind.worth, 3)) for kind in made.top] == [("delivery", 0.4), ("fault", 0.06)]
    assert made.kinds[-1].title == "Not told apart"


def test_tickets_that_a_helpdesk_does_not_count_are_in_no_share() -> None:
    """And the report says of how many it tells."""
    made = audit(seen("delivery", 40), seen("delivery", 60, replies=None, first_contact=None, hours=None))
    (kind,) = made.kinds

    assert kind.first_contact is not None
    assert (kind.first_contact.n, made.counted, made.tickets) == (40, 40, 100)


def test_a_day_is_the_teams_and_lasts_as_long_as_the_clock_says() -> None:
    """In Berlin the clock goes forward on 29 March 2026: 00:30 UTC is 01:30 there before, 02:30 a day later."""
    late = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)  # 00:30 on Sunday
    night = [replace(one, opened_at=late + timedelta(days=shift)) for shift, one in enumerate(seen("delivery", 2))]
    made = audit(night, timezone="Europe/Berlin")

    assert made.weekdays == (1, 0, 0, 0, 0, 0, 1)  # Sunday 00:30, Monday 01:30
    assert made.hours[:3] == (1, 1, 0)


def test_a_week_that_stands_out_is_named_with_what_grew() -> None:
    """Only whole weeks are compared."""
    first = datetime(2026, 6, 3, 9, tzinfo=UTC)
    calm = [replace(one, opened_at=first + timedelta(weeks=week)) for week in range(12) for one in seen("delivery", 20)]
    storm = [replace(one, opened_at=first + timedelta(weeks=5)) for one in seen("fault", 60)]
    made = audit(calm, storm)

    (peak,) = made.peaks
    assert (peak.week, peak.tickets, peak.times, peak.kind) == (date(2026, 7, 6), 80, 4.0, "Fault")
    assert made.weeks[0] == (date(2026, 6, 1), 20)
    assert len(made.weeks) == 13  # the last of them is quiet


@pytest.mark.parametrize(
    ("more", "tier"),
    [
        ({}, 1),
        ({"stakes": 3}, 2),
        ({"stakes": 4}, 3),
        ({"complexity": 3}, 2),
        ({"first_contact": False}, 2),
        ({"tier": 3}, 3),
    ],
)
def test_a_tier_is_proposed_by_the_figures(more: dict[str, object], tier: Tier) -> None:
    """One threshold each."""
    (kind,) = audit(seen("delivery", 50, **more)).kinds

    assert proposed_tier(kind)[0] == tier


def test_the_proposed_policy_is_accepted_and_never_laxer() -> None:
    """It passes the check, raises what the figures raise, and lowers nothing that the built-in policy says."""
    standing = builtin().policy
    strict = next(name for name, one in standing.categories.items() if one.tier == 3)
    made = audit(seen("delivery", 50, stakes=3), seen("fault", 50), seen(strict, 50), seen("returns", 5, stakes=5))
    text = proposal(made, standing)
    found = understood(text.encode(), source="proposal.yaml").policy

    assert found.categories["delivery"].tier == 2
    assert found.categories["fault"].tier == standing.categories["fault"].tier
    assert found.categories[strict].tier == 3
    assert found.categories["returns"].tier == standing.categories["returns"].tier
    assert "returns: 5 tickets are too few" in text
    told = tiers_of(made, standing)  # of the table and the picture
    assert told == {name: found.categories[name].tier or 1 for name in told}
    assert {*told} == {"delivery", "fault", strict, "returns"}
    assert {name: one.examples for name, one in found.categories.items()} == {
        name: one.examples for name, one in standing.categories.items()
    }


def test_a_proposal_that_raises_nothing_is_a_policy_all_the_same() -> None:
    """No empty key."""
    made = audit(seen("fault", 50))

    assert understood(proposal(made, builtin().policy).encode(), source="p.yaml").policy.categories


def test_bubbles_keep_apart_and_inside_the_frame() -> None:
    """Kinds with the same figures are all to be seen; the largest is the most work."""
    groups = [seen(name, 40 + number) for number, name in enumerate(TITLES)]
    placed = bubbles([(kind, 1) for kind in audit(*groups).kinds])

    for one in placed:
        assert one.x - one.radius >= LEFT - TINY
        assert one.x + one.radius <= WIDTH - RIGHT + TINY
        assert one.y + one.radius <= HEIGHT - BOTTOM + TINY
        for other in placed[: one.number - 1]:
            assert math.dist((one.x, one.y), (other.x, other.y)) >= one.radius + other.radius
    assert point(1, 1) == (LEFT, HEIGHT - BOTTOM)


def test_no_tickets_at_all_are_no_error() -> None:
    """A new account."""
    made = audit()

    assert (made.tickets, made.kinds, made.top, made.peaks) == (0, (), (), ())
