"""`deskpilot baseline`: read how it was before, to compare with."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.table import Table

from service.assembly import helpdesks
from service.budgets import Budgets
from service.database import open_database
from service.outcomes.baseline import Baseline
from service.policy.standing import required
from service.settings import Settings, SettingsProblem
from service.triage.categories import Categories
from service.vectors import EmbeddedVectors

Run = Callable[..., None]


def add_commands(app: typer.Typer, run: Run) -> None:
    """Put it into the command line."""

    @app.command("baseline")
    def baseline(
        days: Annotated[int, typer.Option(help="How far to look back.", min=1, max=1096)] = 90,
        *,
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    ) -> None:
        """Read the tickets from before the first note, to compare with. Interrupted, it goes on where it stopped."""
        run(read_baseline, days=days, as_json=as_json)


async def read_baseline(settings: Settings, *, days: int, as_json: bool) -> int:
    """Read every connected helpdesk's history. Writes into our own database only."""
    if not settings.helpdesks:
        raise SettingsProblem(["No helpdesk is connected: set DESKPILOT_ZENDESK__URL or DESKPILOT_FRESHDESK__URL."])
    found = required(settings.policy_file, secrets=settings.lookup.by_name)
    since, imported = datetime.now(UTC) - timedelta(days=days), []
    with TemporaryDirectory(prefix="deskpilot-") as folder, Console(stderr=True).status("Reading ...") as status:
        examples = EmbeddedVectors(Path(folder))
        try:
            async with open_database(settings) as database, httpx.AsyncClient() as http:
                reader = Baseline(database, Categories(examples), found.policy)
                for name, desk in helpdesks(settings, http, Budgets(database)).items():
                    said = f"Reading {name} ..."
                    told = lambda count, said=said: status.update(f"{said} {count:,} tickets")  # noqa: E731
                    imported.append(await reader.read(desk, since=since, told=told))
        finally:
            await examples.close()
    if as_json:
        print(json.dumps([asdict(one) for one in imported], indent=2, default=str))  # noqa: T201 - the command's output
        return 0
    table = Table("helpdesk", "tickets", "in no figure", box=None, pad_edge=False)
    for one in imported:
        out = ", ".join(f"{count} {why}" for why, count in one.left_out.items())
        table.add_row(one.helpdesk, f"{one.tickets:,}", out or "none")
    Console(highlight=False).print(table)
    return 0
