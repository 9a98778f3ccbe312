"""The audit for a terminal: the kinds, what to begin with, what stands out, and what to mend."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from service.audit.findings import Audit
from service.policy.document import Tier


def tables(made: Audit, tiers: Mapping[str, Tier]) -> Group:
    """All of it, beginning with what is wrong with it."""
    head = Text.assemble(
        (f"{made.tickets:,} tickets", "bold"),
        f" of {' and '.join(made.helpdesks)} since {made.since:%Y-%m-%d}, {made.replies:,} public replies to them",
    )
    problems = [Text.assemble(("✗", "red"), f" {problem}") for problem in made.problems]
    first = [Text("Begin with: " + ", ".join(kind.title for kind in made.top), style="bold")] if made.top else []
    peaks = [Text(f"Week of {one.week}: {one.times} times the median week ({one.kind})") for one in made.peaks]
    return Group(head, *problems, _kinds(made, tiers), *first, *peaks, *_warned(made))


def tell(sentence: str) -> None:
    """Beside the output, for whoever sits there."""
    Console(stderr=True, highlight=False).print(Text(sentence), soft_wrap=True)


def complain(problem: str) -> None:
    """The same, of what is wrong."""
    Console(stderr=True, highlight=False).print(Text.assemble(("✗", "red"), f" {problem}"), soft_wrap=True)


def _kinds(made: Audit, tiers: Mapping[str, Tier]) -> Table:
    kinds = Table(box=None, pad_edge=False)
    for title in ("kind", "tickets", "of replies", "hard", "stakes", "first contact", "tier"):
        kinds.add_column(title, justify="left" if title == "kind" else "right")
    for kind in made.kinds:
        ended = kind.first_contact
        kinds.add_row(
            Text(kind.title), f"{kind.tickets:,}", f"{kind.effort:.0%}", f"{kind.complexity:.1f}", f"{kind.stakes:.1f}",
            f"{ended.point:.0%} of {ended.n}" if ended else "too few", str(tiers.get(kind.name, "")),
        )  # fmt: skip
    return kinds


def _warned(made: Audit) -> list[Text | Padding]:
    """Where too many tickets are of no category, and what some of them say."""
    if not made.warning:
        return []
    told = [Text.assemble(("!", "yellow"), f" {made.warning}")]
    said = [Padding(Text(f"“{sentence}”"), (0, 0, 0, 2), expand=False) for sentence in made.not_told_apart]
    return [*told, *([Text("  Some of them, masked by form (a name may still stand there):")] if said else []), *said]
