"""What an audit found: kinds of tickets with their figures, when they come, and what to begin with. Pure.

Neither helpdesk tells how many minutes an agent worked on a ticket, so effort is counted in public replies. What a kind is worth to
begin with is `Kind.worth`; the formula stands in the report.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from statistics import mean, median
from typing import Any
from zoneinfo import ZoneInfo

from service.audit import untold
from service.audit.past import Seen
from service.policy.document import Tier
from service.worth.intervals import LEAST, Interval, wilson

OTHER = ""
"""The kind of what no example of the policy is near enough to."""

TOP = 10
_EXAMPLES = 3
_PEAK = 1.4  # times the median week
_FEWEST_WEEKS = 4
_PERSON: Tier = 3
_DIGITS = 5

WORTH = "share of effort x share solved at first contact x share that is not a person's x (6 - complexity) / 5 x (6 - stakes) / 5"
"""How kinds are ordered in what to begin with."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of ticket. Shares are of 1. effort: its share of all public replies. complexity, stakes: means, 1 to 5."""

    name: str
    title: str
    tickets: int
    share: float
    replies: int
    effort: float
    complexity: float
    stakes: float
    person: float  # share that the policy leaves to a person
    first_contact: Interval | None  # None: fewer than LEAST that were solved
    median_hours: float | None  # to the solution
    median_first_reply_hours: float | None
    examples: tuple[str, ...]

    @property
    def worth(self) -> float:
        """What it is worth to begin with it: see WORTH. 0 where too little is known."""
        if self.first_contact is None:
            return 0.0
        ease = (6 - self.complexity) / 5 * (6 - self.stakes) / 5
        return self.effort * self.first_contact.point * (1 - self.person) * ease


@dataclass(frozen=True, slots=True)
class Peak:
    """A week with far more tickets than the median one."""

    week: date  # its Monday
    tickets: int
    times: float
    kind: str  # title of what grew the most


@dataclass(frozen=True, slots=True)
class Audit:
    """All of it. weeks: tickets by Monday, only whole weeks. weekdays: Monday first. hours: 0 to 23. Days are the team's."""

    helpdesks: tuple[str, ...]
    since: datetime
    until: datetime
    tickets: int
    left_out: Mapping[str, int]
    replies: int
    kinds: tuple[Kind, ...]
    weeks: tuple[tuple[date, int], ...]
    weekdays: tuple[int, ...]
    hours: tuple[int, ...]
    languages: tuple[tuple[str, int], ...]
    channels: tuple[tuple[str, int], ...]
    peaks: tuple[Peak, ...]
    timezone: str
    counted: int  # tickets of which the helpdesk tells how many replies they had
    problems: tuple[str, ...] = field(default=())
    not_told_apart: tuple[str, ...] = ()  # first sentences of some such tickets, masked
    embedded: bool = False  # told by meaning, too

    @property
    def top(self) -> tuple[Kind, ...]:
        """What to begin with, the best first."""
        worthy = (kind for kind in self.kinds if kind.name != OTHER and kind.worth > 0)
        return tuple(sorted(worthy, key=lambda kind: -kind.worth)[:TOP])

    @property
    def warning(self) -> str:
        """What to do where too many tickets are of no category; empty where it is well."""
        of_none = sum(kind.tickets for kind in self.kinds if kind.name == OTHER)
        return untold.warning(of_none, self.tickets, embedded=self.embedded)

    def as_json(self) -> dict[str, Any]:
        """For programs: deploy/audit.md says what each key is and in which unit. Times are ISO 8601 in UTC."""
        told = asdict(self)
        for kind, given in zip(self.kinds, told["kinds"], strict=True):
            given["worth"] = kind.worth
        more = {"top": [kind.name for kind in self.top], "worth": WORTH, "warning": self.warning}
        return {name: _plain(value) for name, value in {**told, **more}.items()}


def audited(
    seen: Sequence[Seen],
    *,
    left_out: Mapping[str, int],
    titles: Mapping[str, str],
    helpdesks: Iterable[str],
    since: datetime,
    until: datetime,
    timezone: str,
    problems: Sequence[str] = (),
    embedded: bool = False,
) -> Audit:
    """Count. titles: of the policy's categories. embedded: the kinds were told by meaning, too."""
    zone = ZoneInfo(timezone)
    groups: dict[str, list[Seen]] = defaultdict(list)
    for one in seen:
        groups[one.kind].append(one)
    replies = sum(one.replies or 0 for one in seen)
    kinds = [
        _kind(name, titles.get(name, "") or "Not told apart", of, tickets=len(seen), replies=replies)
        for name, of in groups.items()
    ]
    local = [one.opened_at.astimezone(zone) for one in seen]
    weekdays, hours = Counter(at.weekday() for at in local), Counter(at.hour for at in local)
    weeks = _weeks(local, since.astimezone(zone).date(), until.astimezone(zone).date())
    return Audit(
        helpdesks=tuple(helpdesks),
        since=since,
        until=until,
        tickets=len(seen),
        left_out=dict(left_out),
        replies=replies,
        kinds=tuple(sorted(kinds, key=lambda kind: (kind.name == OTHER, -kind.tickets))),
        weeks=weeks,
        weekdays=tuple(weekdays[day] for day in range(7)),
        hours=tuple(hours[hour] for hour in range(24)),
        languages=tuple(Counter(one.language or "unknown" for one in seen).most_common(8)),
        channels=tuple(Counter(one.channel for one in seen).most_common()),
        peaks=_peaks(seen, weeks, zone, titles),
        timezone=timezone,
        counted=sum(one.replies is not None for one in seen),
        problems=tuple(problems),
        not_told_apart=untold.samples(one.sentence for one in groups.get(OTHER, ())),
        embedded=embedded,
    )


def _plain(value: Any) -> Any:  # noqa: ANN401 - what JSON holds
    """As JSON has it: times by ISO 8601, and no more digits than a figure is worth."""
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="seconds")
        case date():
            return value.isoformat()
        case float():
            return round(value, _DIGITS)
        case dict():
            return {name: _plain(one) for name, one in value.items()}
        case tuple() | list():
            return [_plain(one) for one in value]
    return value


def _kind(name: str, title: str, of: Sequence[Seen], *, tickets: int, replies: int) -> Kind:
    ended = [one.first_contact for one in of if one.first_contact is not None]
    own = sum(one.replies or 0 for one in of)
    return Kind(
        name=name,
        title=title,
        tickets=len(of),
        share=len(of) / tickets,
        replies=own,
        effort=own / replies if replies else 0.0,
        complexity=float(mean(one.complexity for one in of)),
        stakes=float(mean(one.stakes for one in of)),
        person=sum(one.tier == _PERSON for one in of) / len(of),
        first_contact=wilson(sum(ended), len(ended)) if len(ended) >= LEAST else None,
        median_hours=_median(one.hours for one in of),
        median_first_reply_hours=_median(one.first_reply_hours for one in of),
        examples=tuple(dict.fromkeys(one.example for one in of if one.example))[:_EXAMPLES],
    )


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _weeks(local: Sequence[datetime], first: date, last: date) -> tuple[tuple[date, int], ...]:
    """Whole weeks only: half a week at an end is no fall in numbers."""
    counts = Counter(_monday(at.date()) for at in local)
    monday = _monday(first + timedelta(days=6))
    weeks = []
    while monday + timedelta(days=6) < last:
        weeks.append((monday, counts[monday]))
        monday += timedelta(days=7)
    return tuple(weeks)


def _peaks(
    seen: Sequence[Seen], weeks: Sequence[tuple[date, int]], zone: ZoneInfo, titles: Mapping[str, str]
) -> tuple[Peak, ...]:
    if len(weeks) < _FEWEST_WEEKS:
        return ()
    usual = median(count for _, count in weeks)
    by_kind: dict[str, Counter[date]] = defaultdict(Counter)
    for one in seen:
        by_kind[one.kind][_monday(one.opened_at.astimezone(zone).date())] += 1
    peaks = []
    for monday, count in weeks:
        if usual and count >= _PEAK * usual and count - usual >= LEAST:
            grew = max(
                by_kind, key=lambda kind: by_kind[kind][monday] - median(by_kind[kind][week] for week, _ in weeks)
            )
            peaks.append(Peak(monday, count, round(count / usual, 1), titles.get(grew, "") or "not told apart"))
    return tuple(sorted(peaks, key=lambda peak: -peak.tickets))
