"""`deskpilot doctor`: one line per check for people, JSON for programs, and an exit code."""

from __future__ import annotations

import asyncio
import functools
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from connectors import setup_of
from connectors.setup import Check
from service import logs
from service.doctor import access, helpdesks, index, lookups, models, reports, stores, traffic
from service.doctor.examination import Examination, Part, examined
from service.settings import Settings, SettingsProblem, load

_SIGNS = {"fine": ("✓", "green"), "doubtful": ("!", "yellow"), "wrong": ("✗", "red")}

Live = Annotated[
    bool,
    typer.Option("--live", help="Also make one tiny call each to the model and the embeddings, which costs tokens."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def doctor(*, live: Live = False, as_json: Json = False) -> None:
    """Look at every part and say what is wrong and what to do; change nothing. Exit code 1 where anything is wrong."""
    try:
        settings = load()
    except SettingsProblem as error:
        _print([Check("settings", "wrong", problem) for problem in error.problems], as_json=as_json)
        raise typer.Exit(2) from None
    shown = functools.partial(logs.masked, hosts=settings.hosts, secrets=settings.secrets)
    logs.configure(settings.log_level, machine=not sys.stderr.isatty(), hosts=settings.hosts, secrets=settings.secrets)
    with asyncio.Runner() as runner:
        found = runner.run(_with_patience(settings, live=live))
        checks = [replace(check, said=shown(check.said), remedy=shown(check.remedy)) for check in found.checks]
        _print(checks, as_json=as_json)
        code = int(any(check.state == "wrong" for check in checks))
        if found.hanging:  # Python would wait for a thread that waits for a dead disk
            sys.stdout.flush()
            os._exit(code)
    raise typer.Exit(code)


async def _with_patience(settings: Settings, *, live: bool) -> Examination:
    with Console(stderr=True).status("Looking at every part ..."):
        return await examined(parts(settings, live=live))


def parts(settings: Settings, *, live: bool, setup_of: helpdesks.SetupOf = setup_of) -> list[Part]:
    """Everything there is to look at, in the order in which it is told."""
    now = datetime.now(UTC)
    away = "See that it answers from this machine, and look again."
    model = functools.partial(models.language_model, settings.llm, live=live)
    encoder = functools.partial(models.embeddings, settings.embeddings, live=live)
    patience_s = settings.llm.timeout_s if live else 0.0
    return [
        Part("settings", functools.partial(access.look, settings), away),
        Part("data directory", functools.partial(stores.data_directory, settings), "See that its disk answers."),
        Part("database", functools.partial(traffic.look, settings), away, limit_s=30.0),  # one that recovers first
        Part("index", functools.partial(index.look, settings), away, limit_s=30.0),
        Part("language model", model, away, limit_s=20.0 + patience_s),
        Part("embeddings", encoder, away, limit_s=20.0 + settings.embeddings.timeout_s),
        Part("look-ups", functools.partial(lookups.look, settings), away, limit_s=20.0),
        Part("weekly report", functools.partial(reports.look, settings.report), away, limit_s=15.0),
        *(
            Part(
                name, functools.partial(helpdesks.look, settings, name, now=now, setup_of=setup_of), away, limit_s=30.0
            )
            for name in settings.helpdesks
        ),
        *(
            Part(f"{name} fields", functools.partial(helpdesks.look_at_fields, settings, name), away, limit_s=30.0)
            for name in settings.helpdesks
        ),
    ]


def _print(checks: Sequence[Check], *, as_json: bool) -> None:
    counts = {state: sum(check.state == state for check in checks) for state in _SIGNS}
    if as_json:
        print(json.dumps({**counts, "checks": [asdict(check) for check in checks]}, indent=2))  # noqa: T201
        return
    table = Table("", "check", "", box=None, pad_edge=False, show_header=False)
    for check in checks:
        sign, colour = _SIGNS[check.state]
        said = Text(check.said)
        if check.remedy:
            said.append(f"\n→ {check.remedy}", style="bold")
        table.add_row(Text(sign, colour), Text(check.what), said)
    Console().print(table)
    Console().print(", ".join(f"{count} {state}" for state, count in counts.items()), highlight=False)
