"""The command line: `deskpilot serve | work | sync | demo`. Tables for people, `--json` for programs."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from connectors.base import ConnectorError
from service import logs, settings
from service.assembly import assembled, opened_library, working
from service.control import Control, announced, find, new_token
from service.database import open_database
from service.demo.play import play
from service.errors import ServiceError
from service.knowledge.sources import sync_all
from service.ledger import Ledger, leak_of
from service.progress import report_table, shown_progress, synced_by
from service.settings import SettingsProblem
from service.web.app import create_app
from service.web.server import serving, stop_signal

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="The open co-pilot inside Zendesk and Freshdesk: drafts, sources and summaries as internal notes.",
)
if sys.platform == "win32":  # where there is no faster loop than Python's own
    new_event_loop = None
else:
    from uvloop import new_event_loop

errors = Console(stderr=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def main() -> None:
    """Entry point of the console script."""
    app()


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8400,
    *,
    worker: Annotated[bool, typer.Option(help="Also work on tickets in this process.")] = True,
) -> None:
    """Receive webhooks and, unless --no-worker, write the notes."""
    _run(_serve(host, port, worker=worker))


@app.command()
def work() -> None:
    """Write notes; receive no webhooks. Needs DESKPILOT_DATABASE_URL and DESKPILOT_QDRANT__URL to share with `serve`."""
    _run(_work())


@app.command()
def sync(*, as_json: Json = False) -> None:
    """Read the articles of every source into the index, with a progress bar; through the running `serve` if there is one."""
    _run(_sync(as_json=as_json))


@app.command()
def resume(helpdesk: Annotated[str, typer.Argument(help="zendesk or freshdesk")]) -> None:
    """Write notes again after one came back public; mend the helpdesk's settings first."""
    _run(_resume(helpdesk))


@app.command()
def demo(
    *,
    check: Annotated[
        bool, typer.Option(help="Wait for nobody: print JSON per ticket, exit 0 when all is as stated.")
    ] = False,
    articles: Annotated[Path | None, typer.Option(help="A folder of your own articles (Markdown or HTML).")] = None,
    tickets: Annotated[Path | None, typer.Option(help="A folder of your own tickets (YAML).")] = None,
    browser: Annotated[bool, typer.Option(help="Open the two helpdesks in a browser.")] = True,
) -> None:
    """Two simulated helpdesks, a dozen tickets, and the notes deskpilot writes into them."""
    _run(play(check=check, articles=articles, tickets=tickets, browser=browser))


async def _serve(host: str, port: int, *, worker: bool) -> int:
    loaded = _settings()
    _refuse_idle(loaded)
    with stop_signal() as stopped:
        async with assembled(loaded) as service, AsyncExitStack() as stack:
            if worker:
                await stack.enter_async_context(working(service))
            token = new_token()
            url = await stack.enter_async_context(
                serving(create_app(service, control_token=token), host=host, port=port)
            )
            stack.enter_context(announced(loaded.data_dir, Control(url=url, token=token)))
            errors.print(f"deskpilot listens on [bold]{url}[/]")
            await stopped.wait()
            errors.print("Stopping: finishing what runs ...")
    return 0


async def _work() -> int:
    loaded = _settings()
    _refuse_idle(loaded)
    if problems := _not_shared(loaded):
        raise SettingsProblem(problems)
    with stop_signal() as stopped:
        async with assembled(loaded) as service, working(service):
            errors.print("deskpilot works on tickets")
            await stopped.wait()
            errors.print("Stopping: finishing what runs ...")
    return 0


def _refuse_idle(loaded: settings.Settings) -> None:
    """A service without a helpdesk would wait for ever, and look well."""
    if not loaded.helpdesks:
        raise SettingsProblem(
            ["No helpdesk is connected: set DESKPILOT_ZENDESK__URL or DESKPILOT_FRESHDESK__URL, and its credentials."]
        )


def _not_shared(loaded: settings.Settings) -> list[str]:
    """Why a worker of its own would work on nothing."""
    problems = []
    if not loaded.database_url.get_secret_value():
        problems.append("A worker of its own shares its queue with serve: set DESKPILOT_DATABASE_URL in both.")
    if not loaded.qdrant.url:
        problems.append("A worker of its own shares its knowledge with serve: set DESKPILOT_QDRANT__URL in both.")
    return problems


async def _resume(helpdesk: str) -> int:
    loaded = _settings()
    if helpdesk not in loaded.helpdesks:
        raise SettingsProblem(
            [f"{helpdesk} is not connected: the connected ones are {', '.join(loaded.helpdesks) or 'none'}."]
        )
    async with open_database(loaded) as database:
        await Ledger(database).up(leak_of(helpdesk))
    errors.print(f"Notes are written to {helpdesk} again.")
    return 0


async def _sync(*, as_json: bool) -> int:
    loaded = _settings()
    with shown_progress(errors) as progress:
        running = find(loaded.data_dir)
        reports = await synced_by(running, progress=progress) if running else None
        if reports is None:  # nobody serves here: the index is free
            async with opened_library(loaded) as library:
                reports = await sync_all(library, progress=progress)
    if as_json:
        print(json.dumps([asdict(report) for report in reports], indent=2))  # noqa: T201 - the command's output
    else:
        Console().print(report_table(reports))
    return 1 if any(report.failed or not report.complete for report in reports) else 0


def _settings() -> settings.Settings:
    loaded = settings.load()
    logs.configure(loaded.log_level, machine=not sys.stderr.isatty())
    return loaded


def _run(command: Coroutine[Any, Any, int]) -> None:
    """Run a command; what went wrong and is understood is said in sentences, not in a traceback."""
    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            code = runner.run(command)
    except SettingsProblem as error:
        _complain(error.problems)
        code = 2
    except (ServiceError, ConnectorError, OSError) as error:
        _complain([str(error)])
        code = 1
    raise typer.Exit(code)


def _complain(problems: Sequence[str]) -> None:
    """One line each, word for word: what stands in brackets is a path or an extra, not markup."""
    for problem in problems:
        errors.print(Text.assemble(("✗", "red"), f" {problem}"), soft_wrap=True)
