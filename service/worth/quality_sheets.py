"""The tables of quality. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from service.worth import wording
from service.worth.figure import share
from service.worth.intervals import LEAST
from service.worth.quality import LABELS, Against, Quality
from service.worth.sheets import Cell, Column, Measure, Sheet

_NOBODY = (
    "No ticket of a hold-out was solved, so what notes change cannot be told from all else: “deskpilot pilot set --holdout 10” leaves"
    " one requester in ten without notes."
)
_ORDER = (
    *("acceptance", "as_is", "edited", "unused", "fidelity", "note_to_reply"),
    *("ai_as_is", "ai_assisted", "human_only", "csat", "reopened", "again", "exchanges", "first_reply", "to_solution"),
    *("wrong", "escalation", "missed", "qa", "agreement", "cost_message", "cost_accepted"),
)


def quality_sheets(found: Quality) -> dict[str, Sheet]:
    """All of them, by name."""
    sheets = (
        _figures(found),
        _days(found),
        _categories(found),
        _labels(found),
        *effects_sheets(found.against),
        _reviews(found),
        _lessons(found),
        _left_out(found),
        _score(found),
    )
    return {sheet.name: sheet for sheet in sheets}


def _figures(found: Quality) -> Sheet:
    rows: list[Sequence[Cell]] = [
        (
            wording.titled(name),
            figure := found.figures[name],
            wording.between(figure.interval, wording.unit_of(name)),
        )
        for name in _ORDER
    ]
    columns = (_first("Figure"), Column("Value"), Column("95 % interval"))
    return Sheet("figures", "All figures", columns, rows)


def _days(found: Quality) -> Sheet:
    names = ("acceptance", "as_is", "edited", "unused", "fidelity")
    columns = (
        _first("Week from" if found.period.step == "week" else "Day"),
        Column("Messages"),
        *(_of(name) for name in names),
        Column("Cost", "cost", "money"),
    )
    rows = [
        (
            day.first.isoformat(),
            day.messages.asked,
            *(day.figures[name] for name in names),
            day.messages.cost.total if day.messages.cost.n else None,
        )
        for day in found.days
    ]
    return Sheet("days", "By week" if found.period.step == "week" else "By day", columns, rows)


def _categories(found: Quality) -> Sheet:
    names = (*LABELS, "acceptance", "fidelity", "csat", "reopened", "exchanges")
    columns = (_first("Category"), Column("Messages"), Column("Tickets"), *(_of(name) for name in names))
    rows: list[Sequence[Cell]] = [
        (
            one.name or wording.NO_CATEGORY,
            one.messages.asked,
            one.tickets.opened,
            *(one.figures[name] for name in names),
        )
        for one in found.categories
    ]
    return Sheet("categories", "By category", columns, rows)


def _labels(found: Quality) -> Sheet:
    columns = (
        _first("What was sent"),
        Column("Tickets"),
        *(_of(name) for name in ("csat", "reopened", "again", "exchanges", "first_reply", "to_solution")),
    )
    rows: list[Sequence[Cell]] = [
        (
            wording.STATES[label],
            of.opened,
            share("csat", of.good, of.rated),
            share("reopened", of.reopened, of.settled, unsettled=of.unsettled),
            share("again", of.again, of.settled, unsettled=of.unsettled),
            Measure(of.exchanges.mean, "number"),
            Measure(of.first_reply.mean, "minutes"),
            Measure(of.to_solution.mean, "hours"),
        )
        for label, of in found.labels.items()
    ]
    return Sheet("labels", "What was sent, side by side", columns, rows)


def effects_sheets(found: Against) -> tuple[Sheet, Sheet]:
    """Against the hold-out, which proves, and against before, which does not."""
    return _effects(found, "holdout"), _effects(found, "baseline")


def _effects(found: Against, against: str) -> Sheet:
    chosen = [one for one in found.effects if one.against == against]
    rows: list[Sequence[Cell]]
    columns = (
        _first("Figure"),
        Column("With notes"),
        Column(wording.AGAINST[against]),
        Column("Difference", "effect" if against == "holdout" else "baseline"),
        Column("Says", number=False),
    )
    rows = [
        (
            wording.titled(one.name),
            Measure(one.ours, unit := wording.unit_of(one.name)),
            Measure(one.theirs, unit),
            Measure(one.difference, unit, difference=True),
            wording.verdict(one),
        )
        for one in chosen
    ]
    if against == "baseline":
        return Sheet("baseline", "Against before", columns, rows)
    return Sheet(
        "effect", "Against the hold-out", columns, rows if found.held else (), empty=_NOBODY, hint=_wait(found)
    )


def _wait(found: Against) -> str:
    """How long it takes until the hold-out tells something, at its pace until now."""
    if not found.held or found.held >= LEAST:
        return ""
    weeks = ceil(LEAST * found.days / found.held / 7)
    return (
        f"{found.held:,} solved tickets were held out in {found.days:,} days, of the {LEAST} that a figure needs:"
        f" at this pace that takes {weeks:,} week{'s' * (weeks != 1)}. Hold out a larger share, or look at a longer period of the dashboard."
    )


def _reviews(found: Quality) -> Sheet:
    columns = (_first("Criterion"), Column("Of what can be given", "qa", "score"))
    rows = [(wording.titled(name), figure) for name, figure in found.criteria.items()]
    return Sheet("reviews", "Quality review", columns, rows, empty="No sample of these weeks was reviewed.")


def _lessons(found: Quality) -> Sheet:
    rows: list[Sequence[Cell]] = [(state.capitalize(), count) for state, count in sorted(found.lessons.states.items())]
    if rows:
        rows.append(("Approved and cited in a note", found.lessons.used))
    return Sheet("lessons", "Lessons", (_first("Stands"), Column("Lessons", "lessons")), rows, empty="None was made.")


def _left_out(found: Quality) -> Sheet:
    rows = [(reason, what, count) for (what, reason), count in found.left_out.items()]
    columns = (_first("Reason"), Column("Of", number=False), Column("Left out", "excluded"))
    return Sheet("excluded", "Left out", columns, rows, empty="Nothing was left out.")


def _score(found: Quality) -> Sheet:
    rows = [
        (wording.titled(part.name), part.weight, "too few" if part.value is None else f"{part.value:.3f}")
        for part in found.score.parts
    ]
    columns = (_first("Part"), Column("Weight"), Column("Counts as"))
    return Sheet("score", "Score", columns, rows)


def _first(title: str) -> Column:
    return Column(title, number=False)


def _of(name: str) -> Column:
    return Column(wording.titled(name), name, wording.unit_of(name))
