"""From which day to which, in the team's time zone, and which messages and tickets. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

Step = Literal["day", "week"]

_WEEKS_FROM = 63  # days: more points than that nobody reads in one line
LONGEST_DAYS = 732


@dataclass(frozen=True, slots=True)
class Span:
    """One step of a period. `hours`: 24 for a day, and 23 or 25 where the clocks change."""

    first: date
    since: datetime
    until: datetime

    @property
    def hours(self) -> float:
        """How long it is."""
        return (self.until - self.since) / timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Period:
    """`first` and `last` day, both within. Raises ValueError where the last is before the first."""

    first: date
    last: date
    zone: str

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"{self.last} is before {self.first}")

    @property
    def days(self) -> int:
        """Of the calendar."""
        return (self.last - self.first).days + 1

    @property
    def since(self) -> datetime:
        """The first moment, in UTC."""
        return _midnight(self.first, self.zone)

    @property
    def until(self) -> datetime:
        """The first moment after it, in UTC."""
        return _midnight(self.last + timedelta(days=1), self.zone)

    @property
    def before(self) -> Period:
        """As many days, just before."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1), self.zone)

    @property
    def step(self) -> Step:
        """How a picture of it is cut; weeks begin on Monday."""
        return "week" if self.days >= _WEEKS_FROM else "day"

    def spans(self) -> Iterator[Span]:
        """Its days or weeks, oldest first; the first and the last week may be cut."""
        day = self.first
        while day <= self.last:
            length = 1 if self.step == "day" else 7 - day.weekday()
            after = min(day + timedelta(days=length), self.last + timedelta(days=1))
            yield Span(day, _midnight(day, self.zone), _midnight(after, self.zone))
            day = after


def last_days(days: int, *, now: datetime, zone: str) -> Period:
    """So many days, of which today is the last."""
    today = now.astimezone(ZoneInfo(zone)).date()
    return Period(today - timedelta(days=days - 1), today, zone)


def week_of(text: str, *, zone: str) -> Period:
    """A week as in "2026-W47", Monday to Sunday. Raises ValueError for anything else."""
    year, sign, number = text.partition("-W")
    if not sign or not year.isdecimal() or not number.isdecimal():
        raise ValueError(f"{text!r} is no week: write it as 2026-W47")
    if not date.min.year < int(year) < date.max.year:
        raise ValueError(f"{text!r} is no week: the year is to be one of the calendar")
    last = date(int(year), 12, 28).isocalendar().week  # the 28th is always in the last one
    if not 1 <= int(number) <= last:
        raise ValueError(f"{text!r} is no week: {year} has the weeks 1 to {last}")
    monday = date.fromisocalendar(int(year), int(number), 1)
    return Period(monday, monday + timedelta(days=6), zone)


def week_before(now: datetime, *, zone: str) -> Period:
    """The newest week that is over."""
    today = now.astimezone(ZoneInfo(zone)).date()
    monday = today - timedelta(days=today.weekday() + 7)
    return Period(monday, monday + timedelta(days=6), zone)


def name_of_week(period: Period) -> str:
    """As in 2026-W47, by its first day."""
    year, week, _ = period.first.isocalendar()
    return f"{year}-W{week:02}"


@dataclass(frozen=True, slots=True)
class Filters:
    """What to look at; empty: everything. `model` may be a variant ("experiment:variant") as well; `tier` is 1, 2 or 3."""

    helpdesk: str = ""
    brand: str = ""
    group: str = ""
    category: str = ""
    language: str = ""
    tier: str = ""
    channel: str = ""
    model: str = ""
    arm: str = ""

    def of_messages(self) -> Filtered:
        """For the table `outcomes`."""
        return self._over(_OF_MESSAGES)

    def of_tickets(self) -> Filtered:
        """For `resolutions`, which know no model, only the variant of an experiment."""
        return self._over({**_OF_MESSAGES, "model": "variant = :model"})

    def of_lessons(self) -> Filtered:
        """For `lessons`."""
        return self._over({name: _OF_MESSAGES[name] for name in ("helpdesk", "brand", "category", "language")})

    def of_samples(self) -> Filtered:
        """For `samples`."""
        return self._over({name: _OF_MESSAGES[name] for name in ("helpdesk", "category")})

    @property
    def chosen(self) -> dict[str, str]:
        """Those that are not empty, by name."""
        return {one.name: value for one in fields(self) if (value := getattr(self, one.name))}

    def _over(self, known: Mapping[str, str]) -> Filtered:
        chosen = {name: value for name, value in self.chosen.items() if name in known}
        given: dict[str, Any] = {**chosen, **({"tier": int(chosen["tier"])} if "tier" in chosen else {})}
        return Filtered("".join(f" AND {known[name]}" for name in chosen), given)


@dataclass(frozen=True, slots=True)
class Filtered:
    """`sql`: of our own constants only, to stand behind a WHERE. `given`: the values, by name."""

    sql: str
    given: Mapping[str, Any] = field(default_factory=dict)


_OF_MESSAGES = {
    "helpdesk": "helpdesk = :helpdesk",
    "brand": "brand = :brand",
    "group": "group_id = :group",
    "category": "category = :category",
    "language": "language = :language",
    "tier": "tier = :tier",
    "channel": "channel = :channel",
    "model": "(model = :model OR variant = :model)",
    "arm": "arm = :arm",
}


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)
