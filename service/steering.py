"""Commands of whoever runs a pilot: `deskpilot pilot show | set | pause | resume`, `policy`, `try`."""

from __future__ import annotations

import contextlib
import getpass
import json
from collections.abc import Callable
from datetime import UTC
from typing import Annotated

import typer
from rich.console import Console

from connectors import WEBHOOKS
from service.changes import SWITCHES, newest_changes
from service.database import Database, open_database
from service.errors import ServiceError
from service.outages import Outages, leak_of
from service.pauses import ALL, Pauses
from service.pilot import Pilots, ScopeError, change_in_words, read_scope
from service.policy_commands import policy_commands
from service.rehearsing import try_out
from service.settings import Settings

_CHANGES = 10  # that people are shown

Run = Callable[..., None]
"""Runs a coroutine function with the settings in front of what is given, and ends the process as a command does."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
One = Annotated[str, typer.Option("--helpdesk", help="zendesk or freshdesk, where both are connected.")]
Either = Annotated[str, typer.Option("--helpdesk", help="zendesk or freshdesk; without it both.")]
By = Annotated[str, typer.Option("--by", help="Who you are, for the record.")]


def add_commands(app: typer.Typer, run: Run) -> None:
    """Put them into the command line."""
    pilot = typer.Typer(no_args_is_help=True, help="Which tickets are covered, and whether notes are written.")
    app.add_typer(pilot, name="pilot")

    @pilot.command("show")
    def show(*, json_: Json = False) -> None:
        """Which tickets are covered, what is paused, and who changed that."""
        run(show_pilot, as_json=json_)

    @pilot.command("set")
    def set_(
        *,
        helpdesk: One = "",
        brands: Annotated[str | None, typer.Option(help="Ids with commas; empty: every brand.")] = None,
        groups: Annotated[str | None, typer.Option(help="Ids, at Zendesk also names; empty: every group.")] = None,
        tags: Annotated[str | None, typer.Option(help="With commas, one is enough; empty: whatever the tags.")] = None,
        percent: Annotated[str | None, typer.Option(help="So many per cent of those tickets, 0 to 100.")] = None,
        holdout: Annotated[
            str | None, typer.Option(help="So many per cent of requesters get no notes, to compare: 0 to 50.")
        ] = None,
        by: By = "",
        json_: Json = False,
    ) -> None:
        """Say which tickets are covered. What is not given stays as it is."""
        given = {"brands": brands, "groups": groups, "tags": tags, "percent": percent, "holdout": holdout}
        run(
            set_pilot,
            helpdesk,
            {name: value for name, value in given.items() if value is not None},
            by=by,
            as_json=json_,
        )

    @pilot.command("pause")
    def pause(
        *, helpdesk: Either = "", why: Annotated[str, typer.Option(help="For whoever wonders.")] = "", by: By = ""
    ) -> None:
        """Write no notes; tickets wait, and webhooks are taken as always."""
        run(pause_writing, helpdesk, why=why, by=by)

    @pilot.command("resume")
    def resume(*, helpdesk: Either = "", by: By = "") -> None:
        """Write notes again after `pause`. After a note came back public it is `deskpilot resume`."""
        run(resume_writing, helpdesk, by=by)

    app.add_typer(policy_commands(run), name="policy")

    @app.command("try")
    def try_(
        question: Annotated[str, typer.Argument(help="As a customer would ask it.")],
        *,
        subject: str = "",
        helpdesk: One = "",
        brand: Annotated[str, typer.Option(help="Id of a brand or product.")] = "",
        organization: Annotated[str, typer.Option(help="Id of the customer's organisation.")] = "",
        language: Annotated[str, typer.Option(help="As in de; without it, as it is found.")] = "",
        json_: Json = False,
    ) -> None:
        """See the note that a question would get: passages, draft, cost. Writes nothing anywhere."""
        given = {"question": question, "subject": subject, "helpdesk": helpdesk, "brand": brand}
        run(try_out, {**given, "organization": organization, "language": language}, as_json=json_)


async def show_pilot(settings: Settings, *, as_json: bool) -> int:
    """Print scopes, pauses and the newest changes."""
    async with open_database(settings) as database:
        scopes = {name: await Pilots(database).scope(name) for name in settings.helpdesks}
        pauses = await Pauses(database).standing()
        changes = await newest_changes(database, of=SWITCHES)
    if as_json:
        told = [
            {"at": one.at.isoformat(), "by": one.by, "what": one.what, "helpdesk": one.helpdesk, **one.details}
            for one in changes
        ]
        covered = {name: scope.as_json() for name, scope in scopes.items()}
        stopped = [pause.as_json() for pause in pauses]
        print(json.dumps({"pilot": covered, "paused": stopped, "changes": told}, indent=2))  # noqa: T201
        return 0
    console = Console(highlight=False, markup=False)  # somebody's words may hold brackets
    for pause in pauses:
        what = "All notes" if pause.helpdesk == ALL else f"Notes for {pause.helpdesk}"
        why = f": {pause.why}" if pause.why else ""
        console.print(f"{what} are paused by {pause.by} since {pause.since.astimezone(UTC):%Y-%m-%d %H:%M} UTC{why}")
    for name, scope in scopes.items():
        console.print(f"{name}: {scope.in_words}")
    if not scopes:
        console.print("No helpdesk is connected.")
    for one in changes[:_CHANGES]:
        said = f"{one.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC  {one.by} {change_in_words(one)}"
        console.print(said, style="dim")
    return 0


async def set_pilot(settings: Settings, helpdesk: str, given: dict[str, str], *, by: str, as_json: bool) -> int:
    """Change a scope."""
    helpdesk = _one(settings, helpdesk)
    async with open_database(settings) as database:
        known = await Pilots(database).scope(helpdesk)
        written = {name: ", ".join(getattr(known, name)) for name in ("brands", "groups", "tags")}
        try:
            shares = {"percent": str(known.percent), "holdout": str(known.holdout)}
            scope = read_scope({**written, **shares, **given}, helpdesk=helpdesk)
        except ScopeError as error:
            raise ServiceError("; ".join(f"--{field}: {said}" for field, said in error.problems.items())) from error
        await Pilots(database).cover(helpdesk, scope, by=who(by))
    if as_json:
        print(json.dumps({"helpdesk": helpdesk, **scope.as_json()}, indent=2))  # noqa: T201 - the command's output
    else:
        Console(stderr=True, highlight=False, markup=False).print(f"{helpdesk}: {scope.in_words}")
    return 0


async def pause_writing(settings: Settings, helpdesk: str, *, why: str, by: str) -> int:
    """Switch off."""
    async with open_database(settings) as database:
        await Pauses(database).pause(_either(helpdesk), by=who(by), why=why)
    what = f"for {helpdesk}" if helpdesk else "at all"
    Console(stderr=True).print(f"No notes are written {what} until `deskpilot pilot resume`; tickets wait.")
    return 0


async def resume_writing(settings: Settings, helpdesk: str, *, by: str) -> int:
    """Switch on; without a helpdesk, whatever is paused."""
    errors = Console(stderr=True, soft_wrap=True)
    async with open_database(settings) as database:
        pauses = Pauses(database)
        paused = [one.helpdesk for one in await pauses.standing()]
        wanted = [helpdesk] if _either(helpdesk) != ALL else paused
        gone = [name for name in wanted if await pauses.resume(name, by=who(by))]
        for name in await _leaking(database, settings):
            errors.print(f"✗ A note in {name} came back public: mend its settings, then `deskpilot resume {name}`.")
    if not gone:
        errors.print(
            "✗ Nothing was paused." if not helpdesk or ALL not in paused else "✗ All are paused: leave --helpdesk out."
        )
        return 1
    errors.print("Notes are written again; the tickets that waited go first.")
    return 0


async def _leaking(database: Database, settings: Settings) -> list[str]:
    standing = await Outages(database).standing()
    return [name for name in settings.helpdesks if leak_of(name) in standing]


def _one(settings: Settings, helpdesk: str) -> str:
    if helpdesk in settings.helpdesks:
        return helpdesk
    if not helpdesk and len(settings.helpdesks) == 1:
        return next(iter(settings.helpdesks))
    connected = ", ".join(settings.helpdesks) or "none"
    raise ServiceError(f"say which helpdesk: --helpdesk with one that is connected ({connected})")


def _either(helpdesk: str) -> str:
    if helpdesk and helpdesk not in WEBHOOKS:
        raise ServiceError(f"{helpdesk!r} is no helpdesk: the known ones are {', '.join(WEBHOOKS)}")
    return helpdesk or ALL


def who(by: str) -> str:
    """Who sits at the terminal, where nobody says so; a container has a number for a name."""
    with contextlib.suppress(KeyError, OSError):
        by = by or getpass.getuser()
    return by or "somebody at the command line"
