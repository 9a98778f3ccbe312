"""`deskpilot backtest`: the last solved tickets, drafted again with what was known then. Nothing is written but the report."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Annotated, TypeVar

import structlog
import typer
from dotenv.parser import parse_stream
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from connectors.base import Change, ConnectorError, GoneError, Helpdesk, RetryableError
from service.assembly import opened_library
from service.backtest.page import backtest_page
from service.backtest.replay import Replayer, opened
from service.backtest.results import Comparison, Result, Results, Summary, compared, summary
from service.backtest.terminal import tables
from service.contradictions import unknown_names
from service.errors import ServiceError
from service.knowledge.sources import Library, sync_all
from service.progress import shown_progress
from service.settings import PREFIX, Settings, SettingsProblem, load, setting_names
from service.vectors import IndexInUseError

log = structlog.get_logger()

_AT_ONCE = 3
_TOKENS_IN, _TOKENS_OUT = 4_000, 500  # of a message, both calls together
_WAITS_S, _TRIES = 60.0, 5  # for a helpdesk that asks to slow down
_YEAR = timedelta(days=365)
_pause = asyncio.sleep

Run = Callable[..., None]
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for. margin: that is no regression yet."""

    out: Path
    tickets: int = 200
    helpdesk: str = ""
    each: bool = False
    against: Path | None = None
    most: float | None = None
    min_coverage: float | None = None
    min_fidelity: float | None = None
    margin: float = 0.02
    sure: bool = False
    as_json: bool = False


def add_commands(app: typer.Typer, run: Run) -> None:
    """Put it into the command line."""

    @app.command("backtest")
    def backtest(
        tickets: Annotated[int, typer.Option(help="So many of the newest solved ones.", min=1, max=20_000)] = 200,
        *,
        out: Annotated[
            Path, typer.Option(help="Folder for results and report; a second run goes on there.", file_okay=False)
        ] = Path("backtest"),
        helpdesk: Annotated[str, typer.Option(help="zendesk or freshdesk; without it all that are connected.")] = "",
        each: Annotated[bool, typer.Option("--each", help="Each message of a customer, not the first alone.")] = False,
        against: Annotated[
            Path | None,
            typer.Option(help="A file of settings (NAME=value) that differ: both are replayed and compared."),
        ] = None,
        max_cost: Annotated[float | None, typer.Option(help="Stop when so much is spent.", min=0)] = None,
        min_coverage: Annotated[float | None, typer.Option(help="Exit 1 below it.", min=0, max=1)] = None,
        min_fidelity: Annotated[float | None, typer.Option(help="Exit 1 below it.", min=0, max=1)] = None,
        margin: Annotated[float, typer.Option(help="With --against: worse by so much is a regression.", min=0)] = 0.02,
        yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    ) -> None:
        """What would have been drafted for tickets that are solved, with what was known then, against what agents sent."""
        wish = Wish(
            out,
            tickets,
            helpdesk,
            each,
            against,
            max_cost,
            min_coverage,
            min_fidelity,
            margin,
            sure=yes,
            as_json=as_json,
        )
        run(replay_tickets, wish)


async def replay_tickets(settings: Settings, wish: Wish) -> int:
    """Replay, report, and judge. 1: below a threshold, or a regression; 3: stopped before the end (money, an outage)."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    other = load(**overlay(wish.against)) if wish.against else None  # before anything is asked
    _refuse_a_cap_without_prices([settings, *([other] if other else [])], wish)
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(_replaying(settings, most=wish.most))
        desks = _wanted(first.library.helpdesks, wish.helpdesk)
        await _filled(first.library, console)
        chosen = await _chosen(desks, wish.tickets, console)
        _ask(chosen, [settings, *([other] if other else [])], wish, console)
        done, whole = await _Round(
            first, desks, Results(wish.out, {**first.configuration, "each": wish.each}), wish, console
        ).go(chosen)
    results: tuple[Sequence[Result], ...] = (done,)
    if other:
        async with _replaying(other, most=wish.most) as second:
            desks = _wanted(second.library.helpdesks, wish.helpdesk)
            await _filled(second.library, console)
            beside = Results(wish.out / "against", {**second.configuration, "each": wish.each})
            again, rest = await _Round(second, desks, beside, wish, console).go(chosen)
        results, whole = (done, again), whole and rest
    return await _reported(results, wish, whole=whole, console=console)


def _refuse_a_cap_without_prices(all_settings: Sequence[Settings], wish: Wish) -> None:
    """What costs nothing as far as anybody knows is never stopped. Raises SettingsProblem."""
    unpriced = any(one.llm.on and None in (one.llm.price_in, one.llm.price_out) for one in all_settings)
    if wish.most is not None and unpriced:
        raise SettingsProblem(["--max-cost needs prices: set DESKPILOT_LLM__PRICE_IN and DESKPILOT_LLM__PRICE_OUT."])


def overlay(file: Path) -> dict[str, object]:
    """The settings of a file, by field, as `load` takes them. Raises SettingsProblem."""
    try:
        lines = list(parse_stream(StringIO(file.read_text(encoding="utf-8-sig"))))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsProblem([f"{file} cannot be read: {error}"]) from error
    bad = [str(line.original.line) for line in lines if line.error or (line.key and not line.key.startswith(PREFIX))]
    if bad:
        raise SettingsProblem(
            [f"Line {number} of {file} is no setting: write it as {PREFIX}NAME=value." for number in bad]
        )
    misspelt = list(unknown_names({line.key: line.value for line in lines if line.key}, known=setting_names()))
    if misspelt:
        raise SettingsProblem([f"{file}: {one}" for one in misspelt])
    changes: dict[str, object] = {}
    for line in lines:
        if line.key:
            first, _, rest = line.key.removeprefix(PREFIX).lower().partition("__")
            if rest:
                group = changes.setdefault(first, {})
                assert isinstance(group, dict)  # noqa: S101 - a group holds settings alone
                group[rest] = line.value
            else:
                changes[first] = line.value
    return changes


@asynccontextmanager
async def _replaying(settings: Settings, *, most: float | None) -> AsyncIterator[Replayer]:
    try:
        async with opened_library(settings) as library:
            await library.vectors.open()
            async with opened(settings, library, most=most) as replayer:
                yield replayer
    except IndexInUseError as error:
        raise ServiceError(
            f"{str(error).rstrip('.')}. A backtest reads the index itself: stop `serve` meanwhile, or keep the index on a Qdrant server."
        ) from error


async def _filled(library: Library, console: Console) -> None:
    """Read the knowledge where nobody has: whoever tries it out has had no reason to. Raises ServiceError where there is none."""
    if (await library.vectors.status()).passages:
        return
    console.print("The index is empty: reading the knowledge first.")
    with shown_progress(console) as progress:
        await sync_all(library, progress=progress)
    if not (await library.vectors.status()).passages:
        raise ServiceError("There is no article to draft from: see what `deskpilot sync` says.")


def _wanted(desks: Mapping[str, Helpdesk], helpdesk: str) -> Mapping[str, Helpdesk]:
    if not desks:
        raise SettingsProblem(["No helpdesk is connected: set DESKPILOT_ZENDESK__URL or DESKPILOT_FRESHDESK__URL."])
    if helpdesk and helpdesk not in desks:
        raise ServiceError(f"{helpdesk} is not connected; connected are {', '.join(desks)}")
    return {helpdesk: desks[helpdesk]} if helpdesk else desks


async def _chosen(desks: Mapping[str, Helpdesk], count: int, console: Console) -> list[tuple[str, str]]:
    """The newest solved tickets of all, newest first: (helpdesk, id)."""
    newest: dict[tuple[str, str], datetime] = {}
    with console.status("Looking for solved tickets ..."):
        for name, desk in desks.items():
            for change in await _patiently(partial(_changes, desk)):
                newest[name, change.ticket_id] = max(change.at, newest.get((name, change.ticket_id), change.at))
    ranked = sorted(newest, key=lambda key: newest[key], reverse=True)
    return ranked[:count]


async def _changes(desk: Helpdesk) -> list[Change]:
    return [change async for change in desk.changed_since(datetime.now(UTC) - _YEAR) if change.solved]


async def _patiently(call: Callable[[], Awaitable[Answer]]) -> Answer:
    """What a helpdesk answers; one that asks to slow down, or stumbles, is waited for. Raises ConnectorError."""
    for attempt in range(_TRIES - 1):
        try:
            return await call()
        except RetryableError as error:
            await _pause(min(error.after_s or 2.0**attempt, _WAITS_S))
    return await call()


def _ask(chosen: Sequence[tuple[str, str]], all_settings: Sequence[Settings], wish: Wish, console: Console) -> None:
    """Say what it will take, and ask. Raises Abort where a person says no."""
    if not chosen:
        raise ServiceError("There are no solved tickets of the last year to replay.")
    for settings in all_settings:
        llm = settings.llm
        if not llm.on:
            console.print(f"{len(chosen):,} tickets with the extractive writer: no model is asked, nothing is paid.")
            continue
        tokens_in, tokens_out = _TOKENS_IN * len(chosen), _TOKENS_OUT * len(chosen)
        said = f"{len(chosen):,} tickets with {llm.model}: about {tokens_in:,} tokens in and {tokens_out:,} out"
        if llm.price_in is not None and llm.price_out is not None:
            cost = (tokens_in * llm.price_in + tokens_out * llm.price_out) / 1e6
            said += f", some {cost:.2f} in your currency"
        if wish.most is not None:
            said += f"; it stops at {wish.most:.2f}"
        console.print(f"{said}.")
    if not wish.sure and any(one.llm.on for one in all_settings):
        typer.confirm("Go on?", abort=True, err=True)


@dataclass(frozen=True, slots=True)
class _Round:
    """One configuration over all tickets."""

    replayer: Replayer
    desks: Mapping[str, Helpdesk]
    results: Results
    wish: Wish
    console: Console

    async def go(self, chosen: Sequence[tuple[str, str]]) -> tuple[list[Result], bool]:
        """Whatever is not there yet; and whether it came to its end."""
        await asyncio.to_thread(self.results.begin)
        left = [key for key in chosen if not self.results.has(*key)]
        if len(left) < len(chosen):
            self.console.print(f"{len(chosen) - len(left):,} are done already; going on with {len(left):,}.")
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        stopped: list[str] = []
        gate = asyncio.Semaphore(_AT_ONCE)
        with Progress(*columns, console=self.console, disable=not self.console.is_terminal) as progress:
            bar = progress.add_task("Replaying", total=len(left))

            async def one(name: str, ticket_id: str) -> None:
                async with gate:
                    if stopped:
                        return
                    try:
                        made = await self._replayed(self.desks[name], ticket_id)
                    except (ConnectorError, ServiceError) as error:
                        stopped.append(str(error))
                        return
                    if self.replayer.purse.empty:  # this one was cut short, too
                        stopped.append(f"the cap of {self.wish.most} is reached")
                        return
                    await asyncio.to_thread(self.results.add, made)
                    progress.advance(bar)

            await asyncio.gather(*(one(*key) for key in left))
        for why in dict.fromkeys(stopped):
            self.console.print(f"✗ Stopped: {why}. The same command goes on where it stopped.")
        return self.results.known, not stopped

    async def _replayed(self, desk: Helpdesk, ticket_id: str) -> list[Result]:
        """One ticket. Raises ConnectorError, ServiceError."""
        try:
            ticket = await _patiently(partial(desk.ticket, ticket_id))
        except GoneError:
            return []
        return await self.replayer.replay(ticket, each=self.wish.each)


async def _reported(results: Sequence[Sequence[Result]], wish: Wish, *, whole: bool, console: Console) -> int:
    made = [summary(one) for one in results]
    against = compared(results[0], results[1], margin=wish.margin) if len(results) > 1 else None
    page = await asyncio.to_thread(backtest_page, results, made, against)
    told = {
        "whole": whole,
        "summary": made[0].as_json(),
        **({"against": made[1].as_json(), "difference": against.as_json()} if against else {}),
        "failed": _failed(made[-1] if against else made[0], against, wish),
    }
    for name, text in (("report.html", page), ("summary.json", json.dumps(told, indent=2))):
        await asyncio.to_thread((wish.out / name).write_text, text, encoding="utf-8")
    console.print(f"Written to {wish.out / 'report.html'}")
    if wish.as_json:
        print(json.dumps(told, indent=2))  # noqa: T201 - the command's output
    else:
        Console(highlight=False).print(tables(made, against))
    for why in _failed(made[-1], against, wish):
        console.print(f"✗ {why}")
    return 1 if told["failed"] else 0 if whole else 3


def _failed(made: Summary, against: Comparison | None, wish: Wish) -> list[str]:
    """Which thresholds are missed, a sentence each."""
    floors = (("coverage", made.coverage, wish.min_coverage), ("fidelity", made.fidelity, wish.min_fidelity))
    missed = [
        f"{name} is {one.point:.2f} of {one.n}, below {least}"
        for name, one, least in floors
        if least is not None and one.point < least
    ]
    return missed + [f"{name} got worse" for name in (against.worse if against else ())]
