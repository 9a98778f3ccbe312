"""How good the drafts are, and what they change: every figure of a period, from a few statements."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil

import sqlalchemy as sa

from service.database import Database
from service.worth.counts import (
    MessageCell,
    Messages,
    TicketCell,
    Tickets,
    count_baseline,
    count_messages,
    count_tickets,
    messages_by_category,
    messages_by_day,
    tickets_by,
)
from service.worth.figure import Effect, Figure, average, effects, of_messages, of_tickets, share
from service.worth.judgements import Judged, Lessons, Reviewed, judgements, lessons, reviews
from service.worth.period import Filters, Period
from service.worth.score import Score, score_of

LABELS = ("ai_as_is", "ai_assisted", "human_only")


@dataclass(frozen=True, slots=True)
class Day:
    """One day or week of the period."""

    first: date
    hours: float
    figures: Mapping[str, Figure]
    messages: Messages


@dataclass(frozen=True, slots=True)
class Category:
    """One category; the name empty: none was found."""

    name: str
    figures: Mapping[str, Figure]
    messages: Messages
    tickets: Tickets


@dataclass(frozen=True, slots=True)
class Against:
    """Tickets with notes against those held out, and those from before. held: solved ones of the hold-out, in the days since its first ticket."""

    effects: Sequence[Effect]
    held: int
    days: int


@dataclass(frozen=True, slots=True)
class Quality:
    """All of a period. `figures` by the name of their definition; `labels`: the outcome of tickets by what was sent in them.

    `left_out`: (what, reason) → how many. `cost` in the currency of the settings.
    """

    period: Period
    figures: Mapping[str, Figure]
    messages: Messages
    tickets: Tickets
    days: Sequence[Day]
    categories: Sequence[Category]
    labels: Mapping[str, Tickets]
    left_out: Mapping[tuple[str, str], int]
    against: Against
    criteria: Mapping[str, Figure]
    lessons: Lessons
    score: Score


async def quality(database: Database, period: Period, filters: Filters, *, now: datetime) -> Quality:
    """The figures of whatever was asked, or opened, in the period, as they stand `now`: what became of it later counts, so yesterday's can still move."""
    messages, tickets, before, judged, reviewed, learnt = await asyncio.gather(
        count_messages(database, period, filters),
        count_tickets(database, period, filters, now=now),
        count_baseline(database, filters, now=now),
        judgements(database, period, filters),
        reviews(database, period, filters),
        lessons(database, period, filters),
    )
    by_day = messages_by_day(messages)
    all_messages = Messages()
    for counted in by_day.values():
        all_messages.add(counted)
    all_tickets = tickets_by(tickets, lambda _: "").get("", Tickets())
    figures = {**of_messages(all_messages), **of_tickets(all_tickets), **_judged(judged, all_messages, reviewed)}
    return Quality(
        period=period,
        figures=figures,
        messages=all_messages,
        tickets=all_tickets,
        days=_days(period, by_day),
        categories=_categories(messages, tickets),
        labels=_labels(tickets),
        left_out=_left_out(messages, tickets),
        against=_against(period, tickets, before, now),
        criteria=reviewed.criteria,
        lessons=learnt,
        score=score_of(figures),
    )


async def compared(database: Database, period: Period, filters: Filters, *, now: datetime) -> Against:
    """Only the comparisons, of a longer period: a small hold-out needs one."""
    tickets, before = await asyncio.gather(
        count_tickets(database, period, filters, now=now), count_baseline(database, filters, now=now)
    )
    return _against(period, tickets, before, now)


def _against(period: Period, tickets: Sequence[TicketCell], before: Tickets, now: datetime) -> Against:
    by_arm = tickets_by(tickets, lambda cell: cell.arm)
    noted, held = by_arm.get("note", Tickets()), by_arm.get("holdout", Tickets())
    found = [*effects(noted, held, against="holdout"), *effects(noted, before, against="baseline")]
    since = min((cell.since for cell in tickets if cell.arm == "holdout" and not cell.excluded), default=period.since)
    return Against(found, held.solved, ceil((min(now, period.until) - since) / timedelta(days=1)) or 1)


def _judged(judged: Judged, messages: Messages, reviewed: Reviewed) -> dict[str, Figure]:
    told = [
        share("wrong", judged.wrong, judged.right + judged.wrong),
        share("missed", min(judged.hand_over, messages.drafted), messages.drafted),
        average("qa", reviewed.points),
        average("agreement", reviewed.agreed),
    ]
    return {one.name: one for one in told}


def _days(period: Period, by_day: Mapping[date, Messages]) -> list[Day]:
    found = []
    for span in period.spans():
        counted = by_day.get(span.first, Messages())
        found.append(Day(span.first, span.hours, of_messages(counted), counted))
    return found


def _categories(messages: Sequence[MessageCell], tickets: Sequence[TicketCell]) -> list[Category]:
    """Most messages first."""
    asked = messages_by_category(messages)
    opened = tickets_by(tickets, lambda cell: cell.category)
    found = []
    for name in {**asked, **opened}:
        counted, of = asked.get(name, Messages()), opened.get(name, Tickets())
        found.append(Category(name, {**of_messages(counted), **of_tickets(of)}, counted, of))
    return sorted(found, key=lambda one: (-one.messages.asked, one.name))


def _labels(cells: Iterable[TicketCell]) -> dict[str, Tickets]:
    by_label = tickets_by(cells, lambda cell: cell.label)
    return {label: by_label.get(label, Tickets()) for label in LABELS}


def _left_out(messages: Iterable[MessageCell], tickets: Iterable[TicketCell]) -> dict[tuple[str, str], int]:
    found: Counter[tuple[str, str]] = Counter()
    for message in messages:
        if message.day is None:  # every message stands in a day and in a category
            continue
        found["messages", message.excluded] += message.counts.asked
    for ticket in tickets:
        found["tickets", ticket.excluded] += ticket.counts.opened
    return {key: count for key, count in sorted(found.items()) if key[1]}


async def choices(database: Database) -> dict[str, list[str]]:
    """What there is to filter by, of the newest messages: name of the filter → values."""
    async with database.engine.connect() as connection:
        rows = (await connection.execute(_CHOICES)).all()
    found: dict[str, list[str]] = {}
    for name, value in rows:
        found.setdefault(name, []).append(value)
    return found


_CHOICES = sa.text("""
    WITH newest AS (SELECT * FROM outcomes ORDER BY asked_at DESC LIMIT 5000)
    SELECT DISTINCT name, value FROM newest, LATERAL (VALUES
        ('helpdesk', helpdesk), ('brand', brand), ('group', group_id), ('category', category), ('language', language),
        ('channel', channel), ('model', model), ('model', variant)) AS said (name, value)
    WHERE value <> '' ORDER BY name, value
""")
