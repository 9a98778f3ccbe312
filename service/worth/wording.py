"""Figures as people read them. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from service.worth.definition import Unit
from service.worth.definitions import BY_NAME
from service.worth.figure import Effect, Figure
from service.worth.intervals import LEAST, Interval

NO_CATEGORY = "no category"

STATES: Mapping[str, str] = {"ai_as_is": "AI as is", "ai_assisted": "AI-assisted", "human_only": "Human only"}
AGAINST: Mapping[str, str] = {"holdout": "Held out", "baseline": "Before"}


def titled(name: str) -> str:
    """What a figure is called."""
    return BY_NAME[name].title if name in BY_NAME else name.replace("_", " ").capitalize()


def unit_of(name: str) -> Unit:
    """What it is counted in; of a criterion of the review a score."""
    return BY_NAME[name].unit if name in BY_NAME else "score"


def value(point: float, unit: Unit, *, signed: bool = False) -> str:
    """One number: 73.6 %, 5 h 10 min. signed: of a difference, with + or −, and shares in points."""
    sign = ("+" if point > 0 else "−" if point < 0 else "±") if signed else "−" * (point < 0)
    size = abs(point)
    if unit == "share":
        return f"{sign}{size * 100:.1f}{' points' if signed else ' %'}"
    if unit in ("minutes", "hours", "seconds"):
        return sign + _lasting(size * {"seconds": 1, "minutes": 60, "hours": 3600}[unit])
    return (
        f"{sign}{size:,.4f}" if unit == "money" and size < 0.1 else f"{sign}{size:,.2f}"
    )  # a draft costs less than a cent


def too_few(n: int) -> str:
    """In place of a figure."""
    return f"too few ({n} of {LEAST})"


def shown(figure: Figure) -> str:
    """The figure, or why there is none."""
    if figure.shown:
        return value(figure.interval.point, unit_of(figure.name))
    return "not known yet" if figure.interval.n + figure.unsettled >= LEAST else too_few(figure.interval.n)


def between(interval: Interval, unit: Unit, *, signed: bool = False) -> str:
    """Its 95 % interval; empty where there is no figure."""
    if not interval.enough:
        return ""
    return f"{value(interval.low, unit, signed=signed)} to {value(interval.high, unit, signed=signed)}"


def counted(figure: Figure) -> str:
    """Numerator and denominator, of which "too few" has told the latter; and how many are too young for it."""
    told, said = figure.interval, []
    if figure.shown:
        said.append(f"{figure.hits:,} of {told.n:,}" if figure.kind == "share" else f"of {told.n:,}")
    elif figure.kind == "share" and told.n:
        said.append(f"{figure.hits:,} so far")
    if figure.unsettled:
        said.append(f"{figure.unsettled:,} too new")
    return "; ".join(said)


def verdict(effect: Effect) -> str:
    """What a difference says."""
    if not effect.difference.enough:
        return too_few(effect.difference.n)
    if not effect.difference.certain:
        return "no difference to be seen"
    more = effect.difference.point > 0
    better = BY_NAME[effect.name].better
    if not better:
        return "more" if more else "less"
    return "better" if more == (better == "higher") else "worse"


def _lasting(seconds: float) -> str:
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours < 48 else f"{hours / 24:.1f} days"
