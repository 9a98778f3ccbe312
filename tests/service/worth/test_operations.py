"""What came and how sure it was, in the team's hours and days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from service.database import Database
from service.tables import drafts, outcomes, silences
from service.worth.operations import operations
from service.worth.period import Filters, Period
from tests.service.worth.ledger import write_twenty

LATER = datetime(2026, 12, 31, tzinfo=UTC)
BERLIN = "Europe/Berlin"


async def _write(database: Database, first: datetime, *, every: timedelta, count: int) -> None:
    """Of four messages one each is drafted, handed over, not covered, and silent."""
    async with database.engine.connect() as connection:
        for number in range(count):
            key = {"helpdesk": "zendesk", "account": "acme", "ticket_id": str(number), "message_id": "1"}
            at, kind = first + number * every, number % 4
            if kind == 3:
                await connection.execute(sa.insert(silences).values(**key, reason="only thanks", at=at))
                continue
            verdict = ("ready", "person", "uncovered")[kind]
            made = {"reference": f"DP-{number}", "verdict": verdict, "html": "", "details": {}, "created_at": at}
            await connection.execute(sa.insert(drafts).values(**key, **made))


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 11, 2), 24)])
async def test_a_rate_an_hour_knows_how_many_hours_the_day_has(database: Database, day: date, hours: int) -> None:
    """Four messages an hour for the whole day: one an hour is handed over, on days of 23 and of 25 hours as well."""
    period = Period(day, day, BERLIN)
    await _write(database, period.since, every=timedelta(minutes=15), count=hours * 4)
    found = await operations(database, period, Filters(), now=LATER)
    assert found.hourly
    assert [(one.intake, one.person, one.uncovered, one.silences) for one in found.stretches] == [(4, 1, 1, 1)] * hours

    long = Period(day - timedelta(days=3), day, BERLIN)
    found = await operations(database, long, Filters(), now=LATER)
    last = found.stretches[-1]
    assert (found.hourly, last.hours, last.intake, last.per_hour(last.person)) == (False, hours, hours * 4, 1.0)


async def test_what_is_not_over_is_counted_by_the_hours_that_are(database: Database) -> None:
    """At six in the morning a day has six hours, and tomorrow none: no rate of it."""
    today = Period(date(2026, 11, 2), date(2026, 11, 6), "UTC")
    await _write(database, today.since, every=timedelta(minutes=15), count=24)
    found = await operations(database, today, Filters(), now=today.since + timedelta(hours=6))
    assert [one.hours for one in found.stretches] == [6, 0, 0, 0, 0]
    assert found.stretches[0].per_hour(found.stretches[0].person) == 1.0
    assert found.stretches[1].per_hour(0) is None


async def test_confidence_is_told_with_what_became_of_the_drafts(database: Database) -> None:
    """Of the twenty tickets: four drafts at 0.95, all sent as they were; ten at 0.55, of which six were compared and four sent."""
    await write_twenty(database)
    found = await operations(database, Period(date(2026, 11, 16), date(2026, 11, 22), "UTC"), Filters(), now=LATER)
    told = {one.low: (one.drafts, one.accepted.hits, one.accepted.interval.n) for one in found.sureness if one.drafts}
    assert told == {0.9: (4, 4, 4), 0.5: (10, 4, 6)}
    assert len(found.sureness) == 10
    assert (found.waited.interval.point, found.waited.interval.n) == (10.0, 14)
    assert found.cost == pytest.approx(0.14)
    assert (found.priced, found.tokens) == (14, 1400)


async def test_a_filter_of_the_helpdesk_keeps_others_out(database: Database) -> None:
    """Of notes as of messages."""
    await write_twenty(database)
    async with database.engine.connect() as connection:
        await connection.execute(sa.update(outcomes).values(helpdesk="freshdesk"))
    await _write(database, datetime(2026, 11, 16, 9, tzinfo=UTC), every=timedelta(hours=1), count=4)
    week = Period(date(2026, 11, 16), date(2026, 11, 22), "UTC")
    found = await operations(database, week, Filters(helpdesk="zendesk"), now=LATER)
    assert (sum(one.intake for one in found.stretches), found.priced) == (4, 0)
    found = await operations(database, week, Filters(helpdesk="freshdesk"), now=LATER)
    assert (sum(one.intake for one in found.stretches), found.priced) == (0, 14)
