"""What customers write about, against as many days before."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from service.database import Database
from service.tables import drafts, resolutions
from service.worth.contacts import contacts
from service.worth.contacts_sheets import contacts_sheets
from service.worth.period import Filters, Period

WEEK = Period(date(2026, 11, 16), date(2026, 11, 22), "UTC")


async def _open(database: Database, category: str, *, now: int, before: int, arm: str = "note") -> None:
    async with database.engine.connect() as connection:
        for number in range(now + before):
            at = WEEK.since - timedelta(hours=1) if number < before else WEEK.since
            row = {
                "helpdesk": "zendesk",
                "account": "acme",
                "ticket_id": f"{category}{arm}{number}",
                "category": category,
            }
            await connection.execute(sa.insert(resolutions).values(**row, arm=arm, opened_at=at))


async def test_drivers_are_told_with_what_they_were_before(database: Database) -> None:
    """Most tickets first; a change only where both periods have thirty; tickets of before deskpilot count as contacts, too."""
    await _open(database, "billing", now=60, before=20)
    await _open(database, "billing", now=0, before=20, arm="baseline")
    await _open(database, "delivery", now=40, before=29)
    found = await contacts(database, WEEK, Filters())
    first, second = found.drivers
    assert (first.category, first.tickets, first.before, first.change) == ("billing", 60, 40, 0.5)
    assert (second.category, second.tickets, second.before, second.change) == ("delivery", 40, 29, None)
    assert (first.part.hits, first.part.interval.n) == (60, 100)
    assert first.moved.point == pytest.approx(0.6 - 40 / 69)
    rows = contacts_sheets(found)["drivers"].rows
    assert [row[3] for row in rows] == ["+50 %", "too few (29 of 30)"]


async def test_gaps_count_each_ticket_once_in_the_period_in_which_it_asked_last(database: Database) -> None:
    """Three tickets asked, one of them in both weeks; what was asked later than the period is in neither."""
    norway = "Do you ship parcels to Norway, and what does it cost?"
    async with database.engine.connect() as connection:
        for ticket, message, at in (
            ("1", "a", WEEK.since - timedelta(days=1)),
            ("1", "b", WEEK.since + timedelta(days=1)),
            ("2", "a", WEEK.since + timedelta(days=2)),
            ("3", "a", WEEK.since - timedelta(days=2)),
            ("4", "a", WEEK.until + timedelta(days=1)),
        ):
            made = {
                "reference": "DP-1",
                "verdict": "uncovered",
                "html": "",
                "details": {"asked": norway, "language": "en"},
            }
            key = {"helpdesk": "zendesk", "account": "acme", "ticket_id": ticket, "message_id": message}
            await connection.execute(
                sa.insert(drafts).values(**key, **made, created_at=at, posted_at=datetime.now(UTC))
            )
    found = await contacts(database, WEEK, Filters())
    (gap,) = found.gaps
    assert (gap.topic.question, gap.tickets, gap.before) == (norway, 2, 1)
    assert not found.cut
    assert (await contacts(database, WEEK, Filters(helpdesk="freshdesk"))).gaps == []
    assert (await contacts(database, WEEK, Filters(language="de"))).gaps == []
