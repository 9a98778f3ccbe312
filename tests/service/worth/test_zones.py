"""Days and weeks are the team's wherever it sits: far from UTC, off by a quarter of an hour, and on the days on which clocks change."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from service.database import Database
from service.tables import drafts
from service.worth.contacts import contacts
from service.worth.operations import operations
from service.worth.operations_sheets import operations_sheets
from service.worth.period import Filters, Period, week_before
from service.worth.quality import quality
from service.worth.weekly import weekly

FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
LATER = LAST

CHANGES = [
    ("Asia/Kathmandu", date(2026, 3, 29), 24),  # +5:45, never changes
    ("America/St_Johns", date(2026, 3, 8), 23),  # -3:30
    ("America/St_Johns", date(2026, 11, 1), 25),
    ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),  # by half an hour
    ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
    ("America/Santiago", date(2026, 9, 6), 23),  # begins at one
    ("America/Havana", date(2026, 11, 1), 25),  # its first hour comes twice
    ("Pacific/Kiritimati", date(2026, 3, 29), 24),  # +14
]


async def write(database: Database) -> list[datetime]:
    """A message and a ticket every quarter of an hour of a year; their moments."""
    moments = [FIRST + number * timedelta(minutes=15) for number in range(int((LAST - FIRST) / timedelta(minutes=15)))]
    statements = (
        (
            "INSERT INTO outcomes (helpdesk, account, ticket_id, message_id, arm, asked_at, category)"
            " SELECT 'zendesk', 'acme', at::text, '1', 'note', at, 'billing' FROM generate_series({}) AS at"
        ),
        (
            "INSERT INTO resolutions (helpdesk, account, ticket_id, arm, opened_at, category)"
            " SELECT 'zendesk', 'acme', at::text, 'note', at, 'billing' FROM generate_series({}) AS at"
        ),
    )
    series = "CAST(:first AS timestamptz), CAST(:last AS timestamptz), interval '15 minutes'"
    async with database.engine.connect() as connection:
        for statement in statements:
            await connection.execute(sa.text(statement.format(series)), {"first": moments[0], "last": moments[-1]})
    return moments


async def test_each_message_is_counted_in_the_one_day_on_which_the_team_got_it(database: Database) -> None:
    """Around every change, in every zone: as many as have that date by the clock on the team's wall."""
    moments = await write(database)
    for zone, middle, hours in CHANGES:
        expected = Counter(at.astimezone(ZoneInfo(zone)).date() for at in moments)
        days = [middle + timedelta(days=number) for number in (-1, 0, 1)]
        found = await quality(database, Period(days[0], days[-1], zone), Filters(), now=LATER)
        assert [(day.first, day.messages.asked) for day in found.days] == [(day, expected[day]) for day in days], zone
        assert [day.hours for day in found.days] == [24, hours, 24], zone
        assert found.messages.asked == found.tickets.opened == sum(expected[day] for day in days), zone
        alone = [await quality(database, Period(day, day, zone), Filters(), now=LATER) for day in days]
        assert [one.messages.asked for one in alone] == [expected[day] for day in days], zone


async def test_weeks_begin_on_the_teams_monday_and_share_no_message(database: Database) -> None:
    """In the pictures of a quarter and in the report of one week; contact drivers compare the same days."""
    moments = await write(database)
    for zone, middle, _ in CHANGES:
        local = [at.astimezone(ZoneInfo(zone)).date() for at in moments]
        mondays = Counter(day - timedelta(days=day.weekday()) for day in local)
        monday = middle - timedelta(days=middle.weekday())
        first = monday - timedelta(weeks=7)
        period = Period(
            max(first, date(2026, 1, 12)), max(first, date(2026, 1, 12)) + timedelta(weeks=10, days=-1), zone
        )
        cut = (await quality(database, period, Filters(), now=LATER)).days
        assert [(week.first, week.messages.asked) for week in cut] == [
            (period.first + timedelta(weeks=number), mondays[period.first + timedelta(weeks=number)])
            for number in range(10)
        ], zone

        ended = datetime.combine(monday + timedelta(weeks=1), datetime.min.time(), ZoneInfo(zone)) + timedelta(hours=8)
        report = await weekly(database, week_before(ended.astimezone(UTC), zone=zone), now=LATER)
        assert (report.week.first, report.found.messages.asked) == (monday, mondays[monday]), zone
        (driver,) = (await contacts(database, report.week, Filters())).drivers
        assert (driver.tickets, driver.before) == (mondays[monday], mondays[monday - timedelta(weeks=1)]), zone


@pytest.mark.parametrize(("zone", "middle", "hours"), CHANGES)
async def test_each_note_stands_in_one_hour_also_where_an_hour_is_half_or_twice(
    database: Database, zone: str, middle: date, hours: float
) -> None:
    """Two an hour: the last half an hour of a day has one, and the same rate. No two hours have one name."""
    day = Period(middle, middle, zone)
    async with database.engine.connect() as connection:
        for number in range(int(hours * 2)):
            made: dict[str, object] = {
                "helpdesk": "zendesk",
                "account": "acme",
                "ticket_id": str(number),
                "message_id": "1",
            }
            made |= {"reference": f"DP-{number}", "verdict": "person", "html": "", "details": {}}
            at = day.since + number * timedelta(minutes=30)
            await connection.execute(sa.insert(drafts).values(**made, created_at=at))
    found = await operations(database, day, Filters(), now=LAST)
    told = [row[0] for row in operations_sheets(found, zone=ZoneInfo(zone))["intake"].rows]

    assert sum(one.hours for one in found.stretches) == hours
    assert sum(one.person for one in found.stretches) == int(hours * 2)
    assert {one.per_hour(one.person) for one in found.stretches} == {2.0}
    assert len(set(told)) == len(told)
