"""`deskpilot backtest`: the last solved tickets, drafted again with what was known then. Nothing is written but the report."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from service import logs
from service.assembly import opened_library
from service.backtest.apart import Cap
from service.backtest.choosing import filled, newest_solved, wanted
from service.backtest.overlay import alike, overlay
from service.backtest.page import About, backtest_page
from service.backtest.replay import Replayer, configuration_of, opened
from service.backtest.results import Comparison, Key, Results, Summary, compared, paid, summary
from service.backtest.series import Series
from service.backtest.stopping import confirm, until_stopped
from service.backtest.terminal import money, tables
from service.errors import ServiceError
from service.settings import Settings, SettingsProblem, load
from service.vectors import IndexInUseError
from service.worth.intervals import LEAST

_TOKENS_IN, _TOKENS_OUT = 4_000, 500  # of a message, both calls together
_MADE = ("report.html", "summary.json")

Run = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for. most: of all configurations and runs together. margin: that is no regression yet."""

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
        max_cost: Annotated[
            float | None,
            typer.Option(help="Stop when all in the folder has cost so much, both sides and earlier runs.", min=0),
        ] = None,
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


@dataclass(frozen=True, slots=True)
class _Side:
    """One configuration, and what is known of it."""

    settings: Settings
    configuration: dict[str, Any]
    results: Results


async def replay_tickets(settings: Settings, wish: Wish) -> int:
    """Replay, report, and judge. 1: below a threshold, a regression, or too few to judge; 3: stopped before the end (money, an outage, Ctrl-C)."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    if console.is_terminal and settings.log_level != "DEBUG":  # what drafting logs would stand between the answers
        logs.configure("CRITICAL", machine=False, hosts=settings.hosts, secrets=settings.secrets)
    sides = await asyncio.to_thread(_sides, settings, wish)
    # also of a side that is not wanted this time
    cap = Cap(wish.most, spent=await asyncio.to_thread(paid, wish.out) + await asyncio.to_thread(paid, _beside(wish)))
    chosen = list[Key]()
    stopped = await until_stopped(_all_replayed(sides, chosen, cap, wish, console))
    if stopped and not chosen:  # there is nothing to report on
        console.print(f"✗ Stopped: {stopped}, before a ticket was replayed. The same command begins anew.")
        return 3
    return await _reported(sides, chosen, wish, stopped=stopped, console=console)


async def _all_replayed(sides: Sequence[_Side], chosen: list[Key], cap: Cap, wish: Wish, console: Console) -> str:
    """Side after side. chosen: gets the tickets, which both share. Returns why it stopped before its end; empty: it did not."""
    for side in sides:
        async with _replaying(side.settings, cap) as replayer:
            desks = wanted(replayer.library.helpdesks, wish.helpdesk)
            await filled(replayer.library, console)
            if not chosen:
                chosen += await newest_solved(desks, wish.tickets, console)
                _ask(sides, chosen, cap, wish, console)
            if stopped := await Series(replayer, desks, side.results, cap, wish.each, console).go(chosen):
                return stopped
    return ""


def _beside(wish: Wish) -> Path:
    return wish.out / "against"


def _sides(settings: Settings, wish: Wish) -> list[_Side]:
    """Both configurations, before anything is asked, read or paid. Raises SettingsProblem, ServiceError."""
    given = [(settings, wish.out)]
    if wish.against:
        other = load(**overlay(wish.against))
        if alike(other, settings):
            said = f"{wish.against} changes nothing that a draft depends on: write a setting that is to differ into it"
            raise SettingsProblem([f"{said}, as in DESKPILOT_LLM__MODEL=…"])
        given.append((other, _beside(wish)))
    unpriced = any(one.llm.on and None in (one.llm.price_in, one.llm.price_out) for one, _ in given)
    if wish.most is not None and unpriced:  # what costs nothing as far as anybody knows is never stopped
        raise SettingsProblem(["--max-cost needs prices: set DESKPILOT_LLM__PRICE_IN and DESKPILOT_LLM__PRICE_OUT."])
    configurations = [{**configuration_of(one), "each": wish.each} for one, _ in given]
    return [
        _Side(one, configuration, Results(folder, configuration))
        for (one, folder), configuration in zip(given, configurations, strict=True)
    ]


@asynccontextmanager
async def _replaying(settings: Settings, cap: Cap) -> AsyncIterator[Replayer]:
    try:
        async with opened_library(settings) as library:
            await library.vectors.open()
            async with opened(settings, library, cap) as replayer:
                yield replayer
    except IndexInUseError as error:
        raise ServiceError(
            f"{str(error).rstrip('.')}. A backtest reads the index itself: stop `serve` meanwhile, or keep the index on a Qdrant server."
        ) from error


def _ask(sides: Sequence[_Side], chosen: Sequence[Key], cap: Cap, wish: Wish, console: Console) -> None:
    """Say what is left to do and what that will take, and ask. Raises Abort where a person says no."""
    costs = False
    for side, whose in zip(sides, ("", " with the other configuration"), strict=False):
        llm, left = side.settings.llm, len(side.results.left(chosen))
        if left < len(chosen):
            console.print(f"{len(chosen) - left:,} of {len(chosen):,} tickets are done already{whose}.")
        if not left:
            continue
        if not llm.on:
            console.print(f"{_counted(left)} with the extractive writer: no model is asked, nothing is paid.")
            continue
        costs = True
        tokens_in, tokens_out = _TOKENS_IN * left, _TOKENS_OUT * left
        said = f"{_counted(left)} with {llm.model}: about {tokens_in:,} tokens in and {tokens_out:,} out"
        if llm.price_in is not None and llm.price_out is not None:
            said += f", some {money((tokens_in * llm.price_in + tokens_out * llm.price_out) / 1e6)} in your currency"
        console.print(f"{said}.")
    if wish.most is not None and costs:
        before = f", of which {money(cap.spent)} is spent" if cap.spent else ""
        console.print(f"It stops at {money(wish.most)} in all{before}.")
    if costs and not wish.sure:
        confirm("Go on?")


def _counted(tickets: int) -> str:
    return f"{tickets:,} ticket{'s' if tickets != 1 else ''}"


async def _reported(
    sides: Sequence[_Side], chosen: Sequence[Key], wish: Wish, *, stopped: str, console: Console
) -> int:
    results = [side.results.of(chosen) for side in sides]
    made = [summary(one) for one in results]
    against = compared(results[0], results[1], margin=wish.margin) if len(results) > 1 else None
    failed = [] if stopped else _failed(made[-1], against, wish)  # half of it is no verdict
    about = About(
        datetime.now(UTC),
        [side.settings for side in sides],
        sorted({name for name, _ in chosen}),
        stopped.rstrip("."),
        [side.configuration["policy"] for side in sides],
    )
    told = {
        "made_at": about.made_at.isoformat(timespec="seconds"),
        "whole": not stopped,
        "stopped": about.stopped,
        "configurations": [side.configuration for side in sides],
        "summary": made[0].as_json(),
        **({"against": made[1].as_json(), "difference": against.as_json()} if against else {}),
        "failed": failed,
    }
    said = json.dumps(told, indent=2, allow_nan=False)
    page = await asyncio.to_thread(backtest_page, about, results, made, against)
    await asyncio.to_thread(wish.out.mkdir, parents=True, exist_ok=True)
    for name, text in zip(_MADE, (page, said), strict=True):
        await asyncio.to_thread((wish.out / name).write_text, text, encoding="utf-8")
    console.print(f"Written to {wish.out / _MADE[0]}")
    if wish.as_json:
        print(said)  # noqa: T201 - the command's output
    else:
        Console(highlight=False).print(tables(made, against))
    if stopped:
        console.print(f"✗ Stopped: {about.stopped}. The same command goes on where it stopped.")
    for why in failed:
        console.print(f"✗ {why}")
    return 3 if stopped else 1 if failed else 0


def _failed(made: Summary, against: Comparison | None, wish: Wish) -> list[str]:
    """Which thresholds are missed or cannot be judged, a sentence each."""
    floors = (("coverage", made.coverage, wish.min_coverage), ("fidelity", made.fidelity, wish.min_fidelity))
    missed = []
    for name, one, least in floors:
        if least is not None and not one.enough:
            missed.append(f"{name} cannot be judged: it rests on {one.n:,}, and needs {LEAST}")
        elif least is not None and one.point < least:
            missed.append(f"{name} is {one.point:.2f} of {one.n:,}, below {least}")
    if against and not against.enough:
        missed.append(
            f"a regression cannot be judged: {against.messages:,} messages were replayed by both, and it needs {LEAST}"
        )
    return missed + [f"{name} got worse" for name in (against.worse if against else ())]
