"""What a backtest comes to, for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Group
from rich.table import Table
from rich.text import Text

from service.backtest.results import Comparison, Summary
from service.worth.intervals import Interval


def tables(made: Sequence[Summary], against: Comparison | None) -> Group:
    """One or two configurations side by side."""
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for title in ["as set", "against"][: len(made)]:
        table.add_column(title, justify="right")
    if against:
        table.add_column("difference", justify="right")
    rows: tuple[tuple[str, Callable[[Summary], str], str], ...] = (
        ("messages", lambda one: f"{one.messages:,}", ""),
        ("a draft", lambda one: _share(one.coverage), _difference(against.coverage) if against else ""),
        ("  as is", lambda one: _share(one.as_is), ""),
        ("  edited", lambda one: _share(one.edited), ""),
        ("  unused", lambda one: _share(one.unused), ""),
        ("fidelity", lambda one: _mean(one.fidelity), _difference(against.fidelity) if against else ""),
        ("no answer in the articles", lambda one: _share(one.abstained), ""),
        ("a person's", lambda one: _share(one.person), ""),
        ("seconds each", lambda one: f"{one.seconds:.2f}", f"{against.seconds:+.2f}" if against else ""),
        ("cost each", lambda one: f"{one.cost:.4f}" if one.cost is not None else "no prices", ""),
        ("younger passages left out", lambda one: f"{one.robbed:,} messages", ""),
    )
    for name, shown, difference in rows:
        table.add_row(name, *(shown(one) for one in made), *([difference] if against else []))
    remarks = [Text(f"! {one}", style="yellow") for one in made[0].remarks]
    return Group(*remarks, table)


def _share(one: Interval) -> str:
    return f"{one.point:.0%} of {one.n:,} ({one.low:.0%} to {one.high:.0%})" if one.n else "none"


def _mean(one: Interval) -> str:
    return f"{one.point:.2f} of {one.n:,} ({one.low:.2f} to {one.high:.2f})" if one.n else "none"


def _difference(one: Interval) -> str:
    return f"{one.point:+.3f} ({one.low:+.3f} to {one.high:+.3f})" if one.n else "none"
