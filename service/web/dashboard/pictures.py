"""What dashboard.js draws: our own few words for it, so that the library can be changed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, tzinfo
from typing import Any, Literal

from service.worth.contacts import Contacts
from service.worth.operations import Operations
from service.worth.period import Period
from service.worth.quality import LABELS, Quality
from service.worth.wording import NO_CATEGORY, STATES

_MOST = 10  # categories of a picture; the table has all


@dataclass(frozen=True, slots=True)
class Series:
    """One colour. A value that is None is a gap: there is no figure. tone: 1 to 3, the style's colours."""

    label: str
    values: Sequence[float | None]
    tone: int = 1


@dataclass(frozen=True, slots=True)
class Picture:
    """`about`: for whoever cannot see it. Shares are given in per cent."""

    title: str
    about: str
    kind: Literal["bar", "line"]
    labels: Sequence[str]
    series: Sequence[Series]
    stacked: bool = False
    lying: bool = False
    unit: str = ""
    most: float | None = None
    drawn: bool = field(default=True)

    def as_json(self) -> dict[str, Any]:
        """For the script."""
        return asdict(self)


def uses(found: Quality) -> Picture:
    """What became of drafts, by day."""
    days = [day.messages for day in found.days]
    return Picture(
        title="What became of drafts",
        about="Bars of drafts sent as is, edited and unused, by day; the numbers are in the table below.",
        kind="bar",
        labels=days_of(found.period),
        series=[
            Series("As is", [day.as_is for day in days], 1),
            Series("Edited", [day.edited for day in days], 2),
            Series("Unused", [day.unused for day in days], 3),
        ],
        stacked=True,
        drawn=found.messages.compared > 0,
    )


def trend(found: Quality) -> Picture:
    """Acceptance and fidelity, by day; a day with too few is a gap."""
    series = [
        Series(
            title,
            [100 * day.figures[name].interval.point if day.figures[name].shown else None for day in found.days],
            tone,
        )
        for name, title, tone in (("acceptance", "Acceptance", 1), ("fidelity", "Fidelity", 2))
    ]
    return Picture(
        title="Acceptance and fidelity",
        about="Lines of acceptance and fidelity by day; a day with too few is left out; the numbers are in the table below.",
        kind="line",
        labels=days_of(found.period),
        series=series,
        unit="%",
        most=100,
        drawn=sum(value is not None for value in series[0].values) > 1,
    )


def labels(found: Quality) -> Picture:
    """AI as is, AI-assisted and human only, side by side by category."""
    large = [one for one in found.categories if one.tickets.labelled][:_MOST]
    return Picture(
        title="AI as is, AI-assisted, human only",
        about="For each category a bar of the shares of tickets; the numbers are in the table below.",
        kind="bar",
        labels=[one.name or NO_CATEGORY for one in large],
        series=[
            Series(STATES[label], [round(100 * one.figures[label].interval.point, 1) for one in large], tone)
            for tone, label in enumerate(LABELS, start=1)
        ],
        stacked=True,
        lying=True,
        unit="%",
        most=100,
        drawn=bool(large),
    )


def days_of(period: Period) -> list[str]:
    """As they stand below a picture."""
    return [_short(span.first) for span in period.spans()]


def _short(day: date) -> str:
    return f"{day.day} {day:%b}"


def written(found: Operations, *, zone: tzinfo) -> Picture:
    """What came, and what was written of it."""
    past = [one for one in found.stretches if one.hours > 0]
    plain = [one.notes - one.person - one.uncovered for one in past]
    return Picture(
        title="Messages that came",
        about="Bars of messages that got a draft, were handed to a person or not covered, and got no note; the numbers are in the table below.",
        kind="bar",
        labels=_times(found, zone),
        series=[
            Series("Draft", plain, 1),
            Series("Handed over or not covered", [one.person + one.uncovered for one in past], 2),
            Series("No note", [one.silences for one in past], 3),
        ],
        stacked=True,
        drawn=any(one.intake for one in past),
    )


def rates(found: Operations, *, zone: tzinfo) -> Picture:
    """Escalations and abstentions per hour."""
    past = [one for one in found.stretches if one.hours > 0]
    return Picture(
        title="Escalations and abstentions an hour",
        about="Lines of notes an hour that hand over, and that no article answers; the numbers are in the table below.",
        kind="line",
        labels=_times(found, zone),
        series=[
            Series("Handed over", [one.per_hour(one.person) for one in past], 1),
            Series("Not covered", [one.per_hour(one.uncovered) for one in past], 2),
        ],
        drawn=any(one.notes for one in past),
    )


def sureness(found: Operations) -> Picture:
    """How sure drafts were."""
    return Picture(
        title="Confidence of drafts",
        about="Bars of drafts by confidence, in ten steps from 0 to 1; the numbers are in the table below.",
        kind="bar",
        labels=[f"{one.low:.1f}" for one in found.sureness],
        series=[Series("Drafts", [one.drafts for one in found.sureness], 1)],
        drawn=any(one.drafts for one in found.sureness),
    )


def drivers(found: Contacts) -> Picture:
    """Categories by volume, now and before."""
    large = found.drivers[:_MOST]
    return Picture(
        title="Contact drivers",
        about="For each category bars of its tickets now and before; the numbers are in the table below.",
        kind="bar",
        labels=[one.category or NO_CATEGORY for one in large],
        series=[
            Series("This period", [one.tickets for one in large], 1),
            Series("As many days before", [one.before for one in large], 3),
        ],
        lying=True,
        drawn=bool(large),
    )


def _times(found: Operations, zone: tzinfo) -> list[str]:
    past = [one for one in found.stretches if one.hours > 0]
    return [one.begins(zone, "%H:%M") if found.hourly else _short(one.since.astimezone(zone).date()) for one in past]
