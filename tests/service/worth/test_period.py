"""Days are the team's, and not every one has 24 hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from service.worth.period import Filters, Period, last_days, name_of_week, week_before, week_of

BERLIN = "Europe/Berlin"


def test_a_day_has_23_or_25_hours_where_the_clocks_change() -> None:
    """In Berlin on 29 March and 25 October 2026; the days around them have 24, and none overlaps or leaves a gap."""
    for middle, hours in ((date(2026, 3, 29), 23), (date(2026, 10, 25), 25)):
        period = Period(middle - timedelta(days=1), middle + timedelta(days=1), BERLIN)
        spans = list(period.spans())
        assert [span.hours for span in spans] == [24, hours, 24]
        assert [span.since for span in spans[1:]] == [span.until for span in spans[:-1]]
        assert (spans[0].since, spans[-1].until) == (period.since, period.until)
        alone = Period(middle, middle, BERLIN)
        assert alone.until - alone.since == timedelta(hours=hours)


def test_a_day_that_has_no_midnight_begins_when_its_first_hour_does() -> None:
    """In Santiago the clocks go forward at midnight: 6 September 2026 begins at one, and has 23 hours."""
    (span,) = Period(date(2026, 9, 6), date(2026, 9, 6), "America/Santiago").spans()
    assert (span.since, span.hours) == (datetime(2026, 9, 6, 4, tzinfo=UTC), 23)


def test_the_period_before_is_as_long_and_ends_where_this_one_begins() -> None:
    """In days of the calendar, whatever their hours."""
    period = Period(date(2026, 3, 23), date(2026, 3, 29), BERLIN)
    assert period.before == Period(date(2026, 3, 16), date(2026, 3, 22), BERLIN)
    assert period.before.until == period.since


def test_a_long_period_is_cut_into_weeks_that_begin_on_monday() -> None:
    """Its first and last may be shorter, and no day is lost between two."""
    period = Period(date(2026, 9, 3), date(2026, 11, 25), BERLIN)  # Thursday to Wednesday
    spans = list(period.spans())
    assert (spans[0].first, spans[1].first, spans[-1].first) == (date(2026, 9, 3), date(2026, 9, 7), date(2026, 11, 23))
    assert (spans[0].until, spans[-1].until) == (spans[1].since, period.until)


def test_a_week_is_written_as_the_calendar_names_it() -> None:
    """2026-W47 is 16 to 22 November; the newest that is over is told at any moment of the next one, by the team's clock."""
    week = week_of("2026-W47", zone=BERLIN)
    assert (week.first, week.last, name_of_week(week)) == (date(2026, 11, 16), date(2026, 11, 22), "2026-W47")
    assert week_before(datetime(2026, 11, 22, 23, 30, tzinfo=UTC), zone=BERLIN) == week  # Monday in Berlin
    assert week_before(datetime(2026, 11, 22, 22, 30, tzinfo=UTC), zone=BERLIN).last == date(2026, 11, 15)
    assert name_of_week(week_of("2026-W53", zone=BERLIN)) == "2026-W53"
    for wrong in ("2026-47", "2026-W54", "W47", "2026-W", ""):
        with pytest.raises(ValueError):
            week_of(wrong, zone=BERLIN)


def test_the_last_days_end_today_by_the_teams_clock() -> None:
    """Half past eleven at night in London is tomorrow in Berlin."""
    period = last_days(7, now=datetime(2026, 11, 20, 23, 30, tzinfo=UTC), zone=BERLIN)
    assert (period.first, period.last, period.days) == (date(2026, 11, 15), date(2026, 11, 21), 7)
    with pytest.raises(ValueError, match="before"):
        Period(date(2026, 11, 2), date(2026, 11, 1), BERLIN)


def test_filters_are_values_and_never_part_of_a_statement() -> None:
    """Whatever stands in an address: what goes into SQL is ours, and tickets know no model."""
    filters = Filters(category="'; DROP TABLE outcomes", tier="3", model="m")
    assert (
        filters.of_messages().sql
        == " AND category = :category AND tier = :tier AND (model = :model OR variant = :model)"
    )
    assert filters.of_messages().given == {"category": "'; DROP TABLE outcomes", "tier": 3, "model": "m"}
    assert filters.of_tickets().sql == " AND category = :category AND tier = :tier AND variant = :model"
    assert Filters().of_messages().sql == ""
