"""What an incident came to: tickets, times, the texts used and the questions they left open. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from service.incidents.running import Incident
from service.knowledge.gaps import topics
from service.ledger import Unanswered

_QUESTIONS = 20
_NEWEST = 3  # tickets of one question
_LISTED = 100  # tickets of the Markdown; JSON has them all


@dataclass(frozen=True, slots=True)
class Answered:
    """One message. stage: whose text it got; "" none, it was for a person. posted_at: when its note stood in the ticket.

    asked: what the text left open.
    """

    ticket: str  # "zendesk:123"
    requester: str
    language: str
    stage: str
    asked: tuple[str, ...]
    at: datetime
    posted_at: datetime | None = None
    segments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """Open questions of one topic. count: tickets."""

    question: str
    count: int
    tickets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Affected:
    """One ticket, in the order in which the plan wants them answered. segment: the first of the order's that it has."""

    ticket: str
    segment: str
    at: datetime
    language: str


@dataclass(frozen=True, slots=True)
class Report:
    """by_hour: start of the hour (UTC) → tickets that came in it. first_note_s: from the start to the first note in a ticket.

    texts: (stage, language, drafts). wrote_again: tickets of the incident whose customer wrote after its end. came_after: other
    tickets that match by what is kept of them; None: it cannot be told from that.
    """

    incident: Incident
    tickets: int
    customers: int
    by_hour: Mapping[datetime, int]
    first_note_s: float | None
    texts: tuple[tuple[str, str, int], ...]
    affected: tuple[Affected, ...]
    questions: tuple[Question, ...]
    wrote_again: int = 0
    came_after: int | None = None
    for_people: int = 0  # tickets that got no text, since only a person may answer them

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "incident": self.incident.as_json(),
            "tickets": self.tickets,
            "for_people": self.for_people,
            "customers": self.customers,
            "by_hour": [{"hour": hour.isoformat(), "tickets": count} for hour, count in self.by_hour.items()],
            "first_note_s": self.first_note_s,
            "texts": [{"stage": stage, "language": language, "drafts": count} for stage, language, count in self.texts],
            "questions": [asdict(one) | {"tickets": list(one.tickets)} for one in self.questions],
            "affected": [asdict(one) | {"at": one.at.isoformat()} for one in self.affected],
            "after": {"wrote_again": self.wrote_again, "came": self.came_after},
        }

    def as_markdown(self) -> str:
        """For the page on which the team looks back."""
        return "\n".join(_lines(self)) + "\n"


def reported(
    incident: Incident, answered: Sequence[Answered], *, wrote_again: int = 0, came_after: int | None = None
) -> Report:
    """answered: oldest first. Groups questions, which takes seconds for thousands of them: call it in a thread."""
    first: dict[str, Answered] = {}
    for one in answered:
        first.setdefault(one.ticket, one)
    told = [one for one in answered if one.stage]
    posted = [one.posted_at for one in told if one.posted_at]
    asked = [
        Unanswered(question, one.language, one.ticket, one.at) for one in told for question in one.asked if question
    ]
    hours = Counter(one.at.astimezone(UTC).replace(minute=0, second=0, microsecond=0) for one in first.values())
    texts = Counter((one.stage, one.language) for one in told)
    return Report(
        incident=incident,
        tickets=len(first),
        customers=len({one.requester for one in first.values() if one.requester}),
        by_hour=dict(sorted(hours.items())),
        first_note_s=max((min(posted) - incident.started_at).total_seconds(), 0.0) if posted else None,
        texts=tuple((stage, language, count) for (stage, language), count in texts.most_common()),
        affected=tuple(_in_order(first.values(), incident.order)),
        questions=tuple(_grouped(asked)[:_QUESTIONS]),
        wrote_again=wrote_again,
        came_after=came_after,
        for_people=len(first.keys() - {one.ticket for one in told}),
    )


def _grouped(asked: Sequence[Unanswered]) -> list[Question]:
    """By what they are about; "how long?" is about nothing, and is grouped by being the same."""
    found: dict[str, Question] = {}
    for one in topics(asked):
        same = found.get(key := one.question.casefold(), Question(one.question, 0, ()))
        found[key] = Question(same.question, same.count + one.count, (*same.tickets, *one.tickets)[:_NEWEST])
    return sorted(found.values(), key=lambda question: -question.count)


def _in_order(answered: Iterable[Answered], order: Sequence[str]) -> list[Affected]:
    """By segment, those of none last, then by time."""
    found = []
    for one in answered:
        segment = next((name for name in order if name in one.segments), "")
        place = order.index(segment) if segment else len(order)
        found.append((place, one.at, Affected(one.ticket, segment, one.at, one.language)))
    return [one for _, _, one in sorted(found, key=lambda given: given[:2])]


def lasted(seconds: float) -> str:
    """A length of time, as people say it: 2 h 5 min."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    return " ".join(f"{n} {unit}" for n, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if n)


def in_utc(at: datetime) -> str:
    """For Markdown and a terminal."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def facts(report: Report, *, when: Callable[[datetime], str] = in_utc) -> list[tuple[str, str]]:
    """The short part: (what, how much), for a terminal, a page and Markdown. when: how a moment is told."""
    one = report.incident
    ended = {"running": "still running", "stopped": f"stopped by {one.stopped_by}", "expired": "expired by itself"}
    came = "unknown: the match asks for what is not kept" if report.came_after is None else str(report.came_after)
    return [
        ("Started", f"{when(one.started_at)} by {one.by}"),
        ("Ended", f"{when(one.ended_at)}, {ended[one.state]}" if one.ended_at else ended["running"]),
        ("Lasted", lasted(one.age_s)),
        ("Tickets", str(report.tickets)),
        ("Of them only for a person", str(report.for_people)),
        ("Customers", str(report.customers)),
        (
            "First status note after",
            "no note was written" if report.first_note_s is None else lasted(report.first_note_s),
        ),
        ("Wrote again after the end", str(report.wrote_again)),
        ("New tickets after the end", came),
    ][: 9 if one.ended_at else 7]


def _lines(report: Report) -> Iterator[str]:
    one = report.incident
    yield f"# Incident {one.name}: {_plain(one.title)}"
    yield ""
    yield from (f"- {what}: {_plain(value)}" for what, value in facts(report))
    yield from _table("Stages", ("stage", "since"), _stages(one))
    yield from _table("Texts used", ("stage", "language", "drafts"), report.texts)
    yield from _table(
        "Tickets by hour (UTC)",
        ("hour", "tickets"),
        [(f"{hour:%Y-%m-%d %H}:00", n) for hour, n in report.by_hour.items()],
    )
    asked = [(_plain(question.question), question.count, ", ".join(question.tickets)) for question in report.questions]
    yield from _table("Questions that the texts did not answer", ("question", "tickets", "newest"), asked)
    listed = [(each.ticket, each.segment or "–", in_utc(each.at), each.language) for each in report.affected[:_LISTED]]
    yield from _table("Tickets, in the order to answer them", ("ticket", "segment", "came", "language"), listed)
    if len(report.affected) > _LISTED:
        yield f"\nand {len(report.affected) - _LISTED} more: `deskpilot incident report {one.name} --json` has them all."


def _stages(one: Incident) -> list[tuple[str, str]]:
    return [(stage, in_utc(datetime.fromisoformat(at))) for stage, at in one.stages]  # the first is the one it began in


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    yield from ("", f"## {title}", "")
    if not rows:
        yield "None."
        return
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    yield from (f"| {' | '.join(map(str, row))} |" for row in rows)


def _plain(text: str) -> str:
    """A stranger's words as words: no column, no markup of theirs."""
    return text.translate({ord(char): f"\\{char}" for char in "\\|<>[]*_`"}).replace("\n", " ")
