"""`deskpilot outreach list | copied | discard`: the queue of outreach without a browser."""

from __future__ import annotations

import contextlib
import getpass
import json
from collections.abc import Callable
from datetime import UTC
from typing import Annotated, Literal

import typer
from rich.console import Console

from service.database import open_database
from service.errors import ServiceError
from service.outreach.store import Outreaches
from service.settings import Settings

Run = Callable[..., None]
"""Runs a coroutine function with the settings in front of what is given, and ends the process as a command does."""

Number = Annotated[int, typer.Argument(help="As `deskpilot outreach list` shows it.", min=1)]
By = Annotated[str, typer.Option("--by", help="Who you are, for the record.")]


def add_commands(app: typer.Typer, run: Run) -> None:
    """Put them into the command line."""
    outreach = typer.Typer(no_args_is_help=True, help="Drafts for customers who have not written yet.")
    app.add_typer(outreach, name="outreach")

    @outreach.command("list")
    def list_(
        *,
        every: Annotated[bool, typer.Option("--all", help="Also those that are decided.")] = False,
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    ) -> None:
        """What waits, the newest first, and how the others ended."""
        run(show, every=every, as_json=as_json)

    @outreach.command("copied")
    def copied(number: Number, *, by: By = "") -> None:
        """Say that you have sent a text."""
        run(decide, number, "copied", by=by)

    @outreach.command("discard")
    def discard(
        number: Number, *, why: Annotated[str, typer.Option(help="For whoever wonders.")] = "", by: By = ""
    ) -> None:
        """Say that nobody is to be written to."""
        run(decide, number, "discarded", by=by, why=why)


async def show(settings: Settings, *, every: bool, as_json: bool) -> int:
    """Print the queue."""
    async with open_database(settings) as database:
        queue = Outreaches(database)
        waiting, counts = await queue.newest(state="" if every else "waiting"), await queue.counts()
    if as_json:
        told = {"outreach": [one.as_json() for one in waiting], "counts": counts}
        print(json.dumps(told, indent=2, ensure_ascii=False))  # noqa: T201 - the command's output
        return 0
    console = Console(highlight=False, markup=False)  # somebody's words may hold brackets
    for one in waiting:
        console.print(f"{one.id}  {one.state}  {one.customer}  {one.cause}", style="bold")
        console.print(f"   {one.situation}", f"until {one.expires_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC", sep="; ")
        console.print(f"   {one.subject or one.text.splitlines()[0]}", style="dim")
    console.print(", ".join(f"{name} {count}" for name, count in counts.items()))
    return 0


async def decide(
    settings: Settings, number: int, ending: Literal["copied", "discarded"], *, by: str, why: str = ""
) -> int:
    """Take one out of the queue."""
    with contextlib.suppress(KeyError, OSError):  # a container has a number for a name
        by = by or getpass.getuser()
    async with open_database(settings) as database:
        done = await Outreaches(database).decide(number, ending, by=by or "somebody at the command line", why=why)
    if not done:
        raise ServiceError(f"no outreach {number} waits: see `deskpilot outreach list --all`")
    Console(stderr=True, highlight=False).print(f"Outreach {number} is {ending}.")
    return 0
