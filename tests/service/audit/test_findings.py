"""Figures of an audit, against what was counted by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from tests.service.audit.seen import audit, seen


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


def test_no_tickets_at_all_are_no_error() -> None:
    """A new account."""
    made = audit()

    assert (made.tickets, made.kinds, made.top, made.peaks) == (0, (), (), ())
