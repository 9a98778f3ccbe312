"""What PostgreSQL counts of messages and tickets: one pass over each, in groups that Python adds up as each figure needs them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from service.database import Database
from service.outcomes.ended import REOPENED
from service.worth.intervals import Interval, Moments, mean_of
from service.worth.period import Filters, Period, Span

_Key = TypeVar("_Key", bound=Hashable)


@dataclass(slots=True)
class Sums:
    """Of some values: how many, their sum, the sum of their squares. Sums of two groups add up to those of both."""

    n: int = 0
    total: float = 0.0
    squares: float = 0.0

    def add(self, other: Sums) -> None:
        """Both together."""
        self.n, self.total, self.squares = self.n + other.n, self.total + other.total, self.squares + other.squares

    @property
    def moments(self) -> Moments:
        """For intervals."""
        average = self.total / self.n if self.n else 0.0
        spread = max(self.squares - self.total * average, 0.0)  # of equal values it may round to less than nothing
        return Moments(self.n, average, spread / (self.n - 1) if self.n > 1 else 0.0)

    @property
    def mean(self) -> Interval:
        """With its interval."""
        return mean_of(self.moments)


@dataclass(slots=True)
class Messages:
    """Outcomes of customer messages. asked: all that count. handed: tier 3 with a reply. drafted: of tier 1 and 2, with note and reply."""

    asked: int = 0
    replied: int = 0
    as_is: int = 0
    edited: int = 0
    unused: int = 0
    handed: int = 0
    handed_and_used: int = 0
    drafted: int = 0
    tokens: int = 0
    cost: Sums = field(default_factory=Sums)  # of those with a price
    cost_of_accepted: Sums = field(default_factory=Sums)  # of these, those whose draft was used
    fidelity: Sums = field(default_factory=Sums)
    wait: Sums = field(default_factory=Sums)  # minutes from note to reply

    @property
    def compared(self) -> int:
        """Drafts that a reply was compared with."""
        return self.as_is + self.edited + self.unused

    def add(self, other: Messages) -> None:
        """Both together."""
        _add(self, other)


@dataclass(slots=True)
class Tickets:
    """Resolutions. settled: solved seven days ago or earlier; reopened and again are of these, as of younger ones nobody knows yet."""

    opened: int = 0
    ai_as_is: int = 0
    ai_assisted: int = 0
    human_only: int = 0
    solved: int = 0
    settled: int = 0
    reopened: int = 0
    again: int = 0
    rated: int = 0
    good: int = 0
    bad: int = 0
    exchanges: Sums = field(default_factory=Sums)
    first_reply: Sums = field(default_factory=Sums)  # minutes
    to_solution: Sums = field(default_factory=Sums)  # hours

    @property
    def labelled(self) -> int:
        """With a reply."""
        return self.ai_as_is + self.ai_assisted + self.human_only

    @property
    def unsettled(self) -> int:
        """Solved so lately that they may still be opened again."""
        return self.solved - self.settled

    def add(self, other: Tickets) -> None:
        """Both together."""
        _add(self, other)


@dataclass(frozen=True, slots=True)
class MessageCell:
    """One group of messages: of a day, or of a category, the other being None. excluded: empty for those that count."""

    day: date | None
    category: str | None
    excluded: str
    counts: Messages


@dataclass(frozen=True, slots=True)
class TicketCell:
    """One group of tickets."""

    category: str
    arm: str
    label: str
    excluded: str
    counts: Tickets
    since: datetime  # when the first of them was opened


async def count_messages(database: Database, period: Period, filters: Filters) -> list[MessageCell]:
    """Messages asked in the period, all of them by day and all of them by category; none from before deskpilot was there."""
    where, spans = filters.of_messages(), list(period.spans())
    given = {"since": period.since, "until": period.until, "starts": [span.since for span in spans]}
    async with database.engine.connect() as connection:
        rows = await connection.execute(sa.text(_MESSAGES.format(where=where.sql)), {**given, **where.given})
        return [_message_cell(row, spans) for row in rows.all()]


async def count_tickets(database: Database, period: Period, filters: Filters, *, now: datetime) -> list[TicketCell]:
    """Tickets opened in the period, as they stand `now`; none from before deskpilot was there."""
    where = filters.of_tickets()
    given = {"since": period.since, "until": period.until, "settled": now - REOPENED}
    async with database.engine.connect() as connection:
        rows = await connection.execute(sa.text(_TICKETS.format(where=where.sql)), {**given, **where.given})
        return [_ticket_cell(row) for row in rows.all()]


async def count_baseline(database: Database, filters: Filters, *, now: datetime) -> Tickets:
    """All tickets that were imported from before, with these filters but the arm and the model, which they have none of."""
    where = Filters(
        **{name: value for name, value in filters.chosen.items() if name not in ("arm", "model")}
    ).of_tickets()
    async with database.engine.connect() as connection:
        rows = await connection.execute(
            sa.text(_BASELINE.format(where=where.sql)), {**where.given, "settled": now - REOPENED}
        )
        counted = Tickets()
        for row in rows.all():
            counted.add(_tickets(row))
        return counted


def messages_by_day(cells: Iterable[MessageCell]) -> dict[date, Messages]:
    """Added up; what is left out is in none."""
    found: dict[date, Messages] = {}
    for cell in cells:
        if cell.day is not None and not cell.excluded:
            found.setdefault(cell.day, Messages()).add(cell.counts)
    return found


def messages_by_category(cells: Iterable[MessageCell]) -> dict[str, Messages]:
    """The same by category; empty: none was found."""
    found: dict[str, Messages] = {}
    for cell in cells:
        if cell.category is not None and not cell.excluded:
            found.setdefault(cell.category, Messages()).add(cell.counts)
    return found


def tickets_by(cells: Iterable[TicketCell], key: Callable[[TicketCell], _Key]) -> dict[_Key, Tickets]:
    """Tickets, added up by what `key` says; what is left out is in none."""
    found: dict[_Key, Tickets] = {}
    for cell in cells:
        if not cell.excluded:
            found.setdefault(key(cell), Tickets()).add(cell.counts)
    return found


def _add(one: Messages | Tickets, other: Messages | Tickets) -> None:
    for name in one.__slots__:
        value = getattr(other, name)
        if isinstance(value, Sums):
            getattr(one, name).add(value)
        elif value:
            setattr(one, name, getattr(one, name) + value)


def _message_cell(row: sa.Row[Any], spans: Sequence[Span]) -> MessageCell:
    used = row.use in ("as_is", "edited")
    counts = Messages(
        asked=row.n,
        replied=row.replied,
        handed=row.replied if row.person else 0,
        handed_and_used=row.replied if row.person and used else 0,
        drafted=0 if row.person else row.waited,
        tokens=int(row.tokens or 0),
        cost=(cost := Sums(row.priced, row.cost or 0.0, row.cost_sq or 0.0)),
        cost_of_accepted=replace(cost) if used else Sums(),
        fidelity=Sums(row.fidelity_n, row.fidelity_sum or 0.0, row.fidelity_sq or 0.0),
        wait=Sums(row.waited, row.wait_sum or 0.0, row.wait_sq or 0.0),
    )
    if row.use:
        setattr(counts, row.use, row.n)
    day = spans[row.place - 1].first if row.by_day else None
    return MessageCell(day, None if row.by_day else row.category, row.excluded, counts)


def _ticket_cell(row: sa.Row[Any]) -> TicketCell:
    return TicketCell(row.category, row.arm, row.label, row.excluded, _tickets(row), row.since)


def _tickets(row: sa.Row[Any]) -> Tickets:
    counts = Tickets(
        opened=row.n,
        solved=row.solved,
        settled=row.settled,
        reopened=row.reopened,
        again=row.again,
        rated=row.rated,
        good=row.good,
        bad=row.bad,
        exchanges=Sums(row.exchanges_n, row.exchanges_sum or 0.0, row.exchanges_sq or 0.0),
        first_reply=Sums(row.first_n, row.first_sum or 0.0, row.first_sq or 0.0),
        to_solution=Sums(row.solved, row.solution_sum or 0.0, row.solution_sq or 0.0),
    )
    if row.label:
        setattr(counts, row.label, row.n)
    return counts


# What is computed of a row stands in an inner SELECT with OFFSET 0, so that it is computed once and not for each aggregate. Days are found by
# their first moments: right when the clocks change, and cheaper than a time zone for each row.
_MESSAGES = """
    SELECT grouping(place) = 0 AS by_day, place, category, use, excluded, person, count(*) AS n, count(reply) AS replied,
           count(fidelity) AS fidelity_n, sum(fidelity) AS fidelity_sum, sum(fidelity * fidelity) AS fidelity_sq,
           count(wait) AS waited, sum(wait) AS wait_sum, sum(wait * wait) AS wait_sq,
           count(cost) AS priced, sum(cost) AS cost, sum(cost * cost) AS cost_sq, sum(tokens) AS tokens
    FROM (
        SELECT width_bucket(asked_at, CAST(:starts AS timestamptz[])) AS place, category, use, excluded, tier = 3 AS person,
               replied_at AS reply, fidelity, cost, tokens_in + tokens_out AS tokens,
               CASE WHEN replied_at >= noted_at THEN date_part('epoch', replied_at - noted_at) / 60 END AS wait
        FROM outcomes WHERE asked_at >= :since AND asked_at < :until AND arm <> 'baseline'{where} OFFSET 0
    ) AS told
    GROUP BY GROUPING SETS ((place, use, excluded, person), (category, use, excluded, person))
"""
_COUNTED = """
    count(*) AS n, min(opened_at) AS since, count(solution) AS solved, count(*) FILTER (WHERE settled) AS settled,
    count(*) FILTER (WHERE settled AND reopened) AS reopened, count(*) FILTER (WHERE settled AND again) AS again,
    count(csat) AS rated, count(csat) FILTER (WHERE csat = 1) AS good, count(csat) FILTER (WHERE csat = -1) AS bad,
    count(exchanges) AS exchanges_n, sum(exchanges) AS exchanges_sum, sum(exchanges * exchanges) AS exchanges_sq,
    count(first) AS first_n, sum(first) AS first_sum, sum(first * first) AS first_sq,
    sum(solution) AS solution_sum, sum(solution * solution) AS solution_sq
"""
_TOLD = """
    arm, label, excluded, opened_at, csat, solved_at <= :settled AS settled,
    reopened_at IS NOT NULL AS reopened, again_at IS NOT NULL AS again,
    CASE WHEN solved_at IS NOT NULL THEN exchanges::float8 END AS exchanges,
    CASE WHEN first_reply_at IS NOT NULL THEN date_part('epoch', greatest(first_reply_at - opened_at, interval '0')) / 60 END AS first,
    CASE WHEN solved_at IS NOT NULL THEN date_part('epoch', greatest(solved_at - opened_at, interval '0')) / 3600 END AS solution
"""
_TICKETS = f"""
    SELECT category, arm, label, excluded, {_COUNTED}
    FROM (
        SELECT category, {_TOLD} FROM resolutions
        WHERE opened_at >= :since AND opened_at < :until AND arm <> 'baseline'{{where}} OFFSET 0
    ) AS told
    GROUP BY category, arm, label, excluded
"""  # noqa: S608 - constants of this file
_BASELINE = f"""
    SELECT label, {_COUNTED}
    FROM (SELECT {_TOLD} FROM resolutions WHERE arm = 'baseline' AND excluded = ''{{where}} OFFSET 0) AS told GROUP BY label
"""  # noqa: S608 - constants of this file
