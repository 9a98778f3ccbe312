"""The command line (`deskpilot --help`). Tables for people, `--json` for programs."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer
from rich.console import Console
from rich.text import Text

from connectors.base import ConnectorError
from service import __version__, logs, operating, reporting, wizard
from service.assembly import assembled, opened_library, working
from service.budgets import Budgets
from service.command_groups import add_groups
from service.control import Control, announced, find, new_token
from service.database import open_database
from service.demands import RECEIVING, idle, misread, not_shared, unsafe
from service.doctor.command import doctor
from service.errors import ServiceError
from service.evaluation import command as evaluating
from service.evaluation.retrieval import System
from service.knowledge.sources import sync_all
from service.progress import report_table, shown_progress, synced_by
from service.settings import Demand, Settings, SettingsProblem, load
from service.web.app import create_app, create_probes
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

log = structlog.get_logger()
errors = Console(stderr=True)

jobs = typer.Typer(no_args_is_help=True, help="Tickets that wait, run or were given up.")
app.add_typer(jobs, name="jobs")
evaluations = typer.Typer(no_args_is_help=True, help="How good it is, on labelled data of yours.")
app.add_typer(evaluations, name="eval")
knowledge = typer.Typer(no_args_is_help=True, help="What the articles lack.")
app.add_typer(knowledge, name="knowledge")
app.add_typer(wizard.commands(lambda command: _run(command)), name="setup")  # noqa: PLW0108 - it is defined below

add_groups(app, lambda command, *given, **more: _run(_told(command, *given, **more)))

Ticket = Annotated[str, typer.Argument(help="As in zendesk:123.")]
Tickets = Annotated[list[str], typer.Argument(help="As in zendesk:123.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Labelled = Annotated[Path, typer.Argument(help="JSON: corpus, queries, qrels, unanswerable.")]
Url = Annotated[str, typer.Option("--embeddings-url", help="In place of DESKPILOT_EMBEDDINGS__BASE_URL.")]
Model = Annotated[str, typer.Option("--embeddings-model")]
Key = Annotated[str, typer.Option("--embeddings-key")]


def main() -> None:
    """Entry point of the console script."""
    app()


def _version(*, wanted: bool) -> None:
    if wanted:
        Console(highlight=False).print(f"deskpilot {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[  # its callback has answered by now
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """What stands before a command."""


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8400,
    *,
    worker: Annotated[bool, typer.Option(help="Also work on tickets in this process.")] = True,
) -> None:
    """Receive webhooks and, unless --no-worker, write the notes."""
    _run(_serve(host, port, worker=worker), logged=True)


@app.command()
def work(
    host: Annotated[str, typer.Option(help="Address to listen on, with --port.")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(help="Answer /healthz, /readyz and /metrics on it.")] = None,
) -> None:
    """Write notes; receive no webhooks. Needs DESKPILOT_DATABASE_URL, and a DESKPILOT_DATA_DIR of its own or DESKPILOT_QDRANT__URL."""
    _run(_work(host, port), logged=True)


@app.command()
def migrate() -> None:
    """Bring the tables of the database to this version, and end; every process does so at its start, too."""
    _run(_told(operating.migrate))


@app.command()
def sync(*, as_json: Json = False) -> None:
    """Read the articles of every source into the index, with a progress bar; through the running `serve` if there is one."""
    _run(_sync(as_json=as_json))


app.command()(doctor)


@app.command()
def resume(helpdesk: Annotated[str, typer.Argument(help="zendesk or freshdesk")]) -> None:
    """Write notes again after one came back public; mend the helpdesk's settings first."""
    _run(_told(operating.resume, helpdesk))


@app.command()
def forget(
    requester: Annotated[str, typer.Option(help="The helpdesk's id of the person.")] = "",
    *,
    email: Annotated[str, typer.Option(help="In its place: what was pushed or looked up under this address.")] = "",
    helpdesk: Annotated[str, typer.Option(help="zendesk or freshdesk, where both are connected.")] = "",
    as_json: Json = False,
) -> None:
    """Delete all that is known of a requester, from database and index; delete them in the helpdesk first."""
    if email:
        _run(_told(operating.forget_by_address, email, requester=requester, as_json=as_json))
    _run(_told(operating.forget_requester, requester, helpdesk=helpdesk, as_json=as_json))


@app.command()
def backfill(
    days: Annotated[float, typer.Option(help="How far to look back.", min=0)] = 7,
    *,
    solved: Annotated[bool, typer.Option("--solved", help="Solved ones instead, as examples; no notes.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Older open tickets: say how many there are and what their notes cost, ask, and have them looked at."""
    command = operating.read_solved if solved else operating.backfill
    _run(_told(command, days=days, sure=yes, as_json=as_json))


@jobs.command("list")
def list_jobs(*, as_json: Json = False) -> None:
    """What is parked, what runs, what waits and for what."""
    _run(_told(operating.list_jobs, as_json=as_json))


@jobs.command("show")
def show_job(ticket: Ticket, *, as_json: Json = False) -> None:
    """All that happened to a ticket: webhooks, drafts, notes, silences."""
    _run(_told(operating.show_job, ticket, as_json=as_json))


@jobs.command("retry")
def retry_jobs(
    tickets: Tickets = (),  # type: ignore[assignment]  # Typer makes a list of it
    *,
    parked: Annotated[bool, typer.Option("--parked", help="All that are parked.")] = False,
) -> None:
    """Look at parked or waiting tickets now."""
    _run(_told(operating.retry_jobs, tickets, parked=parked))


@jobs.command("drop")
def drop_jobs(tickets: Tickets) -> None:
    """Forget parked or waiting tickets, until their customers write again."""
    _run(_told(operating.drop_jobs, tickets))


@evaluations.command("retrieval")
def evaluate_retrieval(
    file: Labelled,
    *,
    system: Annotated[
        System, typer.Option(help="How passages are ranked; hybrid without embeddings is words alone.")
    ] = "hybrid",
    url: Url = "",
    model: Model = "",
    key: Key = "",
    as_json: Json = False,
) -> None:
    """How well the right article is found: nDCG, recall, hits, speed. Indexes the corpus into a temporary folder."""
    encoder = {"url": url, "model": model, "key": key}
    _run(_told(evaluating.evaluate_retrieval, file, system=system, as_json=as_json, **encoder))


@evaluations.command("confidence")
def evaluate_confidence(
    file: Labelled, *, url: Url = "", model: Model = "", key: Key = "", as_json: Json = False
) -> None:
    """How sure a note may be, fitted to your knowledge base; prints the settings, and what they are worth."""
    _run(_told(evaluating.evaluate_confidence, file, as_json=as_json, url=url, model=model, key=key))


@knowledge.command("report")
def report_knowledge(
    days: Annotated[int, typer.Option(help="How far to look back.", min=1, max=3650)] = 90,
    *,
    html: Annotated[Path | None, typer.Option(help="Write a page into this file instead.", dir_okay=False)] = None,
    as_json: Json = False,
) -> None:
    """Which articles to write or mend: questions without an answer, contradictions, old, doubled and never cited articles."""
    _run(_told(reporting.report, days=days, as_json=as_json, html=html))


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
    from service.demo.play import play  # noqa: PLC0415 - a fifth of the start of every other command

    _run(play(check=check, articles=articles, tickets=tickets, browser=browser))


async def _told(command: Callable[..., Coroutine[Any, Any, int]], *given: Any, **more: Any) -> int:  # noqa: ANN401
    """Run an operator's command with the settings."""
    return await command(_settings(), *given, **more)


async def _serve(host: str, port: int, *, worker: bool) -> int:
    loaded = _settings(*RECEIVING, host=host)
    with stop_signal() as stopped:
        async with assembled(loaded) as service, AsyncExitStack() as stack:
            if worker:
                await stack.enter_async_context(working(service))
            token = new_token()
            application = create_app(service, control_token=token, works=worker)
            url = await stack.enter_async_context(serving(application, host=host, port=port))
            stack.enter_context(announced(loaded.data_dir, Control(url=url, token=token)))
            _say(f"deskpilot listens on {url}")
            await stopped.wait()
            _say("Stopping: finishing what runs ...")
    return 0


async def _work(host: str, port: int | None) -> int:
    loaded = _settings(idle, unsafe, misread, not_shared, host=host)
    with stop_signal() as stopped:
        async with assembled(loaded) as service, working(service), AsyncExitStack() as stack:
            if port is not None:
                url = await stack.enter_async_context(serving(create_probes(service), host=host, port=port))
                _say(f"deskpilot answers probes on {url}")
            _say("deskpilot works on tickets")
            await stopped.wait()
            _say("Stopping: finishing what runs ...")
    return 0


async def _sync(*, as_json: bool) -> int:
    loaded = _settings()
    with shown_progress(errors) as progress:
        running = find(loaded.data_dir)
        reports = await synced_by(running, progress=progress) if running else None
        if reports is None:  # nobody serves here: the index is free
            _refuse_nothing(loaded)
            async with AsyncExitStack() as stack:
                # calls to a helpdesk count for all, whoever makes them; a folder needs no database
                database = await stack.enter_async_context(open_database(loaded)) if loaded.helpdesks else None
                budgets = Budgets(database) if database else None
                library = await stack.enter_async_context(opened_library(loaded, budgets))
                reports = await sync_all(library, progress=progress)
    if as_json:
        print(json.dumps([asdict(report) for report in reports], indent=2))  # noqa: T201 - the command's output
    else:
        Console().print(report_table(reports))
    return 1 if any(report.failed or not report.complete for report in reports) else 0


def _refuse_nothing(loaded: Settings) -> None:
    if not loaded.helpdesks and not loaded.knowledge.folder:
        raise SettingsProblem(
            [
                "There are no articles to read: set DESKPILOT_KNOWLEDGE__FOLDER, DESKPILOT_ZENDESK__URL or DESKPILOT_FRESHDESK__URL."
            ]
        )


def _settings(*demands: Demand, host: str = "") -> Settings:
    """The settings, and logging as they say. host: ours, beside theirs."""
    loaded = load(*demands)
    known = {"hosts": loaded.hosts | {host}, "secrets": loaded.secrets}
    logs.configure(loaded.log_level, machine=not sys.stderr.isatty(), **known)
    return loaded


def _run(command: Coroutine[Any, Any, int], *, logged: bool = False) -> None:
    """Run a command; what went wrong and is understood is said in sentences, not in a traceback.

    logged: it is a service, and what it says belongs to its log, where nobody sits at a terminal.
    """
    logged = logged and not sys.stderr.isatty()
    if logged:  # until the settings are read
        logs.configure("INFO", machine=True)
    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            code = runner.run(command)
    except SettingsProblem as error:
        _complain(error.problems, logged=logged)
        code = 2
    except (ServiceError, ConnectorError, OSError) as error:
        _complain([str(error)], logged=logged)
        code = 1
    raise typer.Exit(code)


def _say(sentence: str) -> None:
    """What a service does, for whoever sits at the terminal, or in its log."""
    if errors.is_terminal:
        errors.print(sentence, soft_wrap=True)
    else:
        log.info(sentence)


def _complain(problems: Sequence[str], *, logged: bool) -> None:
    """One line each, word for word: what stands in brackets is a path or an extra, not markup."""
    for problem in problems:
        if logged:
            structlog.get_logger().error(problem)
        else:
            errors.print(Text.assemble(("✗", "red"), f" {problem}"), soft_wrap=True)
