"""The weekly report: what the dashboards say of one week beside the week before, as HTML that stands alone, as Markdown, or for programs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from service.database import Database
from service.standalone import templates
from service.worth import sheets, wording
from service.worth.contacts import contacts
from service.worth.contacts_sheets import contacts_sheets
from service.worth.counts import Messages
from service.worth.period import Filters, Period, name_of_week
from service.worth.quality import Quality, compared, quality
from service.worth.quality_sheets import effects_sheets, quality_sheets
from service.worth.sheets import Cell, Column, Sheet, folded, markdown_of

_HEADLINES = (
    *("acceptance", "as_is", "edited", "unused", "fidelity"),
    *("csat", "reopened", "again", "exchanges", "first_reply", "to_solution", "note_to_reply"),
    *("wrong", "escalation", "missed", "qa", "cost_message", "cost_accepted"),
)
_FOLDED = ("categories", "labels", "reviews")
_WHOLE = ("lessons", "excluded", "score")
_SEASON_DAYS = 91
"""Over which notes are compared with the hold-out and with before: one week of a small hold-out says nothing."""


@dataclass(frozen=True, slots=True)
class Weekly:
    """Of one week. `sheets`: its tables, in the order in which they are read. until: when it was counted, where the week was not over then."""

    week: Period
    found: Quality
    sheets: Sequence[Sheet]
    until: datetime | None = None

    @property
    def name(self) -> str:
        """As in 2026-W47."""
        return name_of_week(self.week)

    @property
    def title(self) -> str:
        """Its heading."""
        first, last = self.week.first, self.week.last
        return f"deskpilot, week {self.name}: {first.day} {first:%B} to {last.day} {last:%B %Y}"

    @property
    def lead(self) -> str:
        """What it is about, in a sentence or two."""
        messages, tickets = self.found.messages, self.found.tickets
        running = (
            f"This week is not over: it is counted until {_said(self.until, self.week.zone)}. " if self.until else ""
        )
        if self.empty:
            return f"{running}deskpilot saw no customer message and no new ticket."
        score = self.found.score
        scored = (
            f" The score is {score.value:.0f} of 100, from {score.weight} of 100 weights."
            if score.value is not None
            else ""
        )
        return (
            f"{running}{messages.asked:,} customer messages, and {tickets.opened:,} new tickets (a message may belong to an older one)."
            f" {messages.compared:,} drafts can be compared with what was sent.{_paid(messages)}{scored}"
        )

    @property
    def empty(self) -> bool:
        """Whether there is nothing to tell, not even of what was left out."""
        return not (self.found.messages.asked or self.found.tickets.opened or self.found.left_out)


async def weekly(database: Database, week: Period, *, now: datetime) -> Weekly:
    """Count a week; what became of its messages until `now` is in it."""
    season = Period(week.last - timedelta(days=_SEASON_DAYS - 1), week.last, week.zone)
    found, before, against, about = await asyncio.gather(
        quality(database, week, Filters(), now=now),
        quality(database, week.before, Filters(), now=now),
        compared(database, season, Filters(), now=now),
        contacts(database, week, Filters()),
    )
    told, until = quality_sheets(found), now if now < week.until else None
    shown = (
        _headlines(found, before),
        *(folded(_of_season(sheet)) for sheet in effects_sheets(against)),
        *(folded(told[name]) for name in _FOLDED),
        *(told[name] for name in _WHOLE),
        *contacts_sheets(about).values(),
    )
    report = Weekly(week, found, shown, until)
    return replace(report, sheets=()) if report.empty else report


def html_of(report: Weekly) -> str:
    """One file: no scripts, nothing loaded; it prints, and reads on a phone."""
    page = templates(Path(__file__).parent).get_template("weekly.html.j2")
    return page.render(report=report, text=sheets.text, aside=sheets.aside, footnote=_FOOTNOTE)


def markdown_of_report(report: Weekly) -> str:
    """The same for a channel or a wiki."""
    parts = [f"# {report.title}\n\n{report.lead}\n"]
    parts += [f"## {sheet.title}\n\n{markdown_of(sheet)}" for sheet in report.sheets]
    return "\n".join([*parts, f"{_FOOTNOTE}\n"])


def json_of(report: Weekly) -> dict[str, Any]:
    """The figures, for programs; one that rests on too few says so and has no value."""
    return {
        "week": report.name,
        "first": report.week.first.isoformat(),
        "last": report.week.last.isoformat(),
        "zone": report.week.zone,
        "until": report.until.isoformat() if report.until else None,
        "messages": report.found.messages.asked,
        "tickets": report.found.tickets.opened,
        "score": report.found.score.value,
        "figures": [figure.as_json() for figure in report.found.figures.values()],
        "left_out": [
            {"what": what, "reason": why, "count": count} for (what, why), count in report.found.left_out.items()
        ],
    }


def _headlines(found: Quality, before: Quality) -> Sheet:
    columns = (Column("Figure", number=False), Column("This week"), Column("95 % interval"), Column("Week before"))
    rows: list[Sequence[Cell]] = [
        (
            wording.titled(name),
            found.figures[name],
            wording.between(found.figures[name].interval, wording.unit_of(name)),
            before.figures[name],
        )
        for name in _HEADLINES
    ]
    return Sheet("figures", "The week", columns, rows)


def _of_season(sheet: Sheet) -> Sheet:
    return replace(sheet, title=f"{sheet.title}, the last {_SEASON_DAYS // 7} weeks")


def _paid(messages: Messages) -> str:
    cost = messages.cost
    if cost.n:
        return f" The model cost {wording.value(cost.total, 'money')} in the currency of your prices."
    if messages.tokens:
        return " What the model cost is not known: set DESKPILOT_LLM__PRICE_IN and DESKPILOT_LLM__PRICE_OUT."
    return ""


def _said(at: datetime, zone: str) -> str:
    local = at.astimezone(ZoneInfo(zone))
    return f"{local.day} {local:%B, %H:%M}"


_FOOTNOTE = (
    "No figure is shown under 30; intervals hold the truth in 95 of 100 cases. Too new are tickets solved less than seven days ago. What every figure is stands at /dashboard/definitions."
    " People are not compared: no agent is named anywhere."
)
