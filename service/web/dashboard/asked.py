"""What a page of the dashboards was asked for: a period and filters, from its address. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from urllib.parse import urlencode

from service.worth.period import LONGEST_DAYS, Filters, Period, last_days

PERIODS: Sequence[tuple[str, str]] = (
    ("7", "Last 7 days"),
    ("28", "Last 28 days"),
    ("90", "Last 90 days"),
    ("365", "Last 365 days"),
    ("own", "Own days"),
)
"""As the form names them."""

_USUAL = "28"
_LONGEST_VALUE = 200  # characters of a filter

LABELS: Mapping[str, str] = {
    "helpdesk": "Helpdesk",
    "brand": "Brand",
    "group": "Group",
    "category": "Category",
    "language": "Language",
    "tier": "Tier",
    "channel": "Channel",
    "model": "Model or variant",
    "arm": "Notes",
}
_TIERS = (("1", "1: draft"), ("2", "2: draft to check"), ("3", "3: a person"))
_ARMS = (("note", "With a note"), ("holdout", "Held out"), ("silent", "Without, for another reason"))
_FIXED: Mapping[str, Sequence[tuple[str, str]]] = {"tier": _TIERS, "arm": _ARMS}
"""Filters whose values are ours, and not what was seen."""


@dataclass(frozen=True, slots=True)
class Asked:
    """`problem`: what of the address could not be used, and what is shown instead; empty: nothing."""

    period: Period
    filters: Filters
    chosen: str = _USUAL
    problem: str = ""

    @property
    def query(self) -> str:
        """The same as part of an address."""
        own = {"first": self.period.first.isoformat(), "last": self.period.last.isoformat()}
        return urlencode({"period": self.chosen, **(own if self.chosen == "own" else {}), **self.filters.chosen})

    @property
    def words(self) -> str:
        """Which days, and what of them."""
        period, named = self.period, [f"{LABELS[name].lower()} {value}" for name, value in self.filters.chosen.items()]
        return f"{_said(period.first)} to {_said(period.last)}" + "".join(f", {one}" for one in named)


@dataclass(frozen=True, slots=True)
class Field:
    """One filter of the form: (value, words) of what there is."""

    name: str
    label: str
    value: str
    options: Sequence[tuple[str, str]]


def read(query: Mapping[str, str], *, now: datetime, zone: str) -> Asked:
    """What the address says; what it says wrongly is told and replaced by what is usual."""
    given = {one.name: query.get(one.name, "").strip()[:_LONGEST_VALUE] for one in fields(Filters)}
    unknown = [name for name, options in _FIXED.items() if given[name] and given[name] not in dict(options)]
    problems = [f"“{given[name]}” is not to be chosen under {LABELS[name]}: all are shown." for name in unknown]
    filters = Filters(**{**given, **dict.fromkeys(unknown, "")})
    period, chosen, problem = _period(query, now=now, zone=zone)
    return Asked(period, filters, chosen, " ".join(filter(None, (problem, *problems))))


def _period(query: Mapping[str, str], *, now: datetime, zone: str) -> tuple[Period, str, str]:
    """The period, its name in the form, and what is to be said of it."""
    chosen = query.get("period", _USUAL)
    usual = last_days(int(_USUAL), now=now, zone=zone)
    if chosen not in dict(PERIODS):
        return usual, _USUAL, f"There is no period “{chosen[:_LONGEST_VALUE]}”: here are the last {_USUAL} days."
    if chosen != "own":
        return last_days(int(chosen), now=now, zone=zone), chosen, ""
    period = _own(query.get("first", ""), query.get("last", ""), zone=zone)
    if period is None:
        said = f"These days cannot be shown: the first must not be after the last, and they are at most {LONGEST_DAYS}. Here are the last {_USUAL}."
        return usual, _USUAL, said
    if period.last > usual.last:
        return period, "own", f"Of the days after today, {_said(usual.last)}, nothing can be known yet."
    return period, "own", ""


def form(asked: Asked, known: Mapping[str, Sequence[str]], *, only: Sequence[str] = ()) -> list[Field]:
    """The filters, with what there is to choose. only: names of filters; none: all."""
    chosen = asked.filters.chosen
    found = []
    for name, label in LABELS.items():
        if only and name not in only:
            continue
        value = chosen.get(name, "")
        if name in _FIXED:
            options = list(_FIXED[name])
        else:
            options = [(one, one) for one in sorted({*known.get(name, ()), *([value] if value else ())})]
        found.append(Field(name, label, value, options))
    return found


def _own(first: str, last: str, *, zone: str) -> Period | None:
    try:
        period = Period(date.fromisoformat(first), date.fromisoformat(last), zone)
    except ValueError:
        return None
    return period if period.days <= LONGEST_DAYS and 2000 <= period.first.year <= 2200 else None


def _said(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
