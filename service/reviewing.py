"""`deskpilot drift list | lower` and `deskpilot reviews`: where drafts get worse, and how far the week's reviews are."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from service.database import open_database
from service.quality.rubric import RUBRIC, Agreement, agreement
from service.quality.store import Samples
from service.quality.watching import Drifts
from service.settings import Settings
from service.steering import who
from service.worth.intervals import LEAST

Run = Callable[..., None]

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def add_commands(app: typer.Typer, run: Run) -> None:
    """Put them into the command line."""
    drift = typer.Typer(no_args_is_help=True, help="Categories whose drafts got worse, and stand a tier higher.")
    app.add_typer(drift, name="drift")

    @drift.command("list")
    def list_(*, as_json: Json = False) -> None:
        """What drifted and was not lowered since."""
        run(show_drifts, as_json=as_json)

    @drift.command("lower")
    def lower(
        category: Annotated[str, typer.Argument(help="As `deskpilot drift list` shows it.")],
        *,
        by: Annotated[str, typer.Option("--by", help="Who you are, for the record.")] = "",
    ) -> None:
        """Have a category stand where the policy has it again."""
        run(lower_category, category, by=by)

    @app.command("reviews")
    def reviews(*, as_json: Json = False) -> None:
        """How far the blind samples are, week by week, and how well two reviewers agree."""
        run(show_reviews, as_json=as_json)


async def show_drifts(settings: Settings, *, as_json: bool) -> int:
    """Print what stands."""
    async with open_database(settings) as database:
        standing = await Drifts(database).standing()
    if as_json:
        print(json.dumps([one.as_json() for one in standing], indent=2, ensure_ascii=False))  # noqa: T201 - the command's output
        return 0
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for one in standing:
        console.print(f"{one.category or 'no category'}{', a tier higher' if one.raises else ''}", style="bold")
        console.print(f"  {one.in_words}, since {one.since:%Y-%m-%d %H:%M} UTC")
    if not standing:
        console.print("Nothing has drifted.")
    return 0


async def lower_category(settings: Settings, category: str, *, by: str) -> int:
    """End the drifts of a category."""
    category = "" if category == "no category" else category
    async with open_database(settings) as database:
        kinds = await Drifts(database).lower(category, by=who(by))
    said = f"{category or 'no category'} stands where the policy has it: {', '.join(kinds)}, looked at again in a week."
    Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(said)
    return 0


async def show_reviews(settings: Settings, *, as_json: bool) -> int:
    """Print weeks, then agreement."""
    async with open_database(settings) as database:
        samples = Samples(database)
        weeks, pairs = await samples.weeks(), await samples.pairs()
    agreed = {one.title: agreement(pairs[one.name]) for one in RUBRIC}
    if as_json:
        told = [asdict(one) | {"monday": one.monday.isoformat()} for one in weeks]
        print(json.dumps({"weeks": told, "agreement": {name: asdict(one) for name, one in agreed.items()}}, indent=2))  # noqa: T201
        return 0
    console = Console(highlight=False, markup=False)
    if not weeks:
        console.print("No sample is drawn yet: the first comes when a week with answers is over.")
        return 0
    console.print(_table("Week of", ("Samples", "One review", "Two"), [(str(one.monday), one.of, one.once, one.twice) for one in weeks]))  # fmt: skip
    rows = [(name, one.pairs, *figures_of(one)) for name, one in agreed.items()]
    console.print(_table("Two reviewers", ("Judged", "The same", "Kappa"), rows))
    return 0


def figures_of(agreed: Agreement) -> tuple[str, str]:
    """How often the same, and kappa; a dash under the fewest a figure needs."""
    if agreed.pairs < LEAST:
        return "–", "–"
    return f"{agreed.same / agreed.pairs * 100:.0f} %", "–" if agreed.kappa is None else f"{agreed.kappa:.2f}"


def _table(first: str, others: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(*map(str, row))
    return table
