"""What a backtest comes to, for a terminal; and its figures as people read them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Group
from rich.table import Table
from rich.text import Text

from service.backtest.results import Comparison, Summary
from service.worth.intervals import Interval
from service.worth.wording import too_few

Said = tuple[str, str]
"""A figure, and what stands smaller beside it."""


def share(one: Interval, of: str = "messages") -> Said:
    """A share with its denominator and interval; of too few none."""
    if not one.enough:
        return too_few(one.n), ""
    return f"{one.point:.0%}", f"of {one.n:,} {of}, {one.low:.0%} to {one.high:.0%}"


def number(one: Interval, of: str = "drafts") -> Said:
    """Likewise a mean."""
    if not one.enough:
        return too_few(one.n), ""
    return f"{one.point:.2f}", f"of {one.n:,} {of}, {one.low:.2f} to {one.high:.2f}"


def moved(one: Interval) -> Said:
    """Likewise a difference."""
    if not one.enough:
        return too_few(one.n), ""
    return f"{one.point:+.3f}", f"{one.low:+.3f} to {one.high:+.3f}"


def tables(made: Sequence[Summary], against: Comparison | None) -> Group:
    """One or two configurations side by side."""
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for title in ["as set", "against"][: len(made)]:
        table.add_column(title, justify="right")
    if against:
        table.add_column("difference", justify="right")
    rows: tuple[tuple[str, Callable[[Summary], Said], Said], ...] = (
        ("messages", lambda one: (f"{one.messages:,}", ""), ("", "")),
        ("a draft that answers", lambda one: share(one.coverage), moved(against.coverage) if against else ("", "")),
        ("  sent as it is", lambda one: share(one.as_is, "drafts"), ("", "")),
        ("  edited", lambda one: share(one.edited, "drafts"), ("", "")),
        ("  unused", lambda one: share(one.unused, "drafts"), ("", "")),
        ("  fidelity", lambda one: number(one.fidelity), moved(against.fidelity) if against else ("", "")),
        ("no answer in the articles", lambda one: share(one.abstained), ("", "")),
        ("a person's", lambda one: share(one.person), ("", "")),
        ("seconds each", seconds, seconds_moved(against)),
        ("cost each", cost, cost_moved(against)),
        ("younger passages left out", lambda one: (f"{one.younger_left_out:,}", "messages"), ("", "")),
    )
    for name, shown, difference in rows:
        table.add_row(name, *(_plain(shown(one)) for one in made), *([_plain(difference)] if against else []))
    remarks = [Text(f"! {one}", style="yellow") for one in made[0].remarks]
    return Group(*remarks, table)


def seconds(one: Summary) -> Said:
    """Of a message; measured, so that a few are told as well."""
    return (f"{one.seconds:.2f}" if one.messages else "none", "")


def cost(one: Summary) -> Said:
    """Likewise."""
    if not one.messages:
        return "none", ""
    return (f"{one.cost:.4f}", "") if one.cost is not None else ("no prices", "")


def seconds_moved(against: Comparison | None) -> Said:
    """The difference of a message; of too few it would pass for a verdict."""
    if not against:
        return "", ""
    return (f"{against.seconds:+.2f}" if against.enough else too_few(against.messages), "")


def cost_moved(against: Comparison | None) -> Said:
    """Likewise."""
    if not against or against.cost is None:
        return "", ""
    return (f"{against.cost:+.4f}" if against.enough else too_few(against.messages), "")


def money(amount: float) -> str:
    """In the currency of the prices; small sums with more digits."""
    return f"{amount:.2f}" if amount >= 0.1 or not amount else f"{amount:.4f}"


def _plain(said: Said) -> str:
    figure, more = said
    return f"{figure} ({more})" if more and not more[0].isalpha() else f"{figure} {more}".strip()
