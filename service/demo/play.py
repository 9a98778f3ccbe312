"""`deskpilot demo`: the tickets arrive, the notes appear; for a person to watch, or for a program to check."""

from __future__ import annotations

import asyncio
import json
import sys
import webbrowser
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from connectors.base import Channel
from service import logs
from service.demo.help_centre import help_centre
from service.demo.macros import store_macros
from service.demo.stage import COMPANY, HOST, Simulator, Stage, staged
from service.demo.tickets import DemoTicket, Entry, TicketFileError, load_tickets
from service.demo.verdict import Seen, see
from service.demo.watch import outcome, watched
from service.knowledge.sources import sync_all
from service.ledger import TicketKey
from service.progress import shown_progress
from service.web.server import stop_signal

_CONTENT = Path(__file__).parent.parent.parent / "deploy" / "demo"
_PORTS = (8400, 8401, 8402)
_HELP_PORT = 8403
_LONGEST_S = 180.0  # for one ticket; a slow local model needs most of it
_LOOK_S = 0.1
_INTERRUPTED = 130  # as shells say it


async def play(*, check: bool, articles: Path | None, tickets: Path | None, browser: bool) -> int:
    """Run the demo; returns the exit code: 0 when every ticket got what its file states."""
    console = Console(stderr=True, highlight=False)
    logs.configure("ERROR" if check else "WARNING", machine=False)
    async with AsyncExitStack() as stack:
        stopped = stack.enter_context(stop_signal())
        folder = articles or _CONTENT / "articles"
        if not folder.is_dir():
            raise TicketFileError(f"{folder} is not a folder of articles")
        if articles is None and not check:  # a program reads the addresses that the files state
            folder = await stack.enter_async_context(help_centre(folder, company=COMPANY, host=HOST, port=_HELP_PORT))
        strange = articles is not None and tickets is None  # our tickets ask about our company: what to expect?
        written = [] if strange else load_tickets(tickets or _CONTENT / "tickets", folder)
        console.print("Starting two helpdesks, PostgreSQL, the search index and deskpilot ...")
        stage = await stack.enter_async_context(staged(folder, ports=(0, 0, 0) if check else _PORTS))
        if articles is None:
            store_macros(stage, _CONTENT / "macros.yaml")
        seen = await _unless(stopped, _performed(stage, written, console, check=check, browser=browser))
        if seen is None:
            console.print("Stopped.")
            return _INTERRUPTED
        _conclude(console, seen)
        if not check:
            console.print("\nWrite as a customer on either page and watch the note appear.\nCtrl-C ends the demo.")
            await watched(stage, lambda sentence: console.print(Text(sentence), soft_wrap=True), stopped)
    return 1 if any(one.problems for one in seen) else 0


async def _unless(stopped: asyncio.Event, work: Coroutine[Any, Any, list[Seen]]) -> list[Seen] | None:
    """What the work returns; None where it was stopped before."""
    working, waiting = asyncio.create_task(work), asyncio.create_task(stopped.wait())
    try:
        await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
        return await working if working.done() else None
    finally:
        working.cancel()
        waiting.cancel()
        await asyncio.wait({working, waiting})


async def _performed(
    stage: Stage, tickets: Sequence[DemoTicket], console: Console, *, check: bool, browser: bool
) -> list[Seen]:
    """Read the articles, say where everything is, and let the tickets arrive."""
    with shown_progress(console, transient=True) as progress:
        reports = await sync_all(stage.service.tools.library, progress=progress)
    for problem in (problem for report in reports for problem in report.problems):
        console.print(Text.assemble(("! ", "yellow"), problem), soft_wrap=True)
    if check:
        return await _played(stage, tickets, console, told=_print_json)
    macros = sum(report.added for report in reports if report.source.endswith(" macros"))
    console.print(f"{sum(report.added for report in reports) - macros} articles and {macros} macros read.\n")
    _say_where(console, stage)
    if browser and sys.stdout.isatty():
        webbrowser.open(stage.pages["zendesk"])
    if not tickets:
        return []
    table = Table("helpdesk", "ticket", "what came of it", "seconds", box=None, pad_edge=False)
    with Live(table, console=console):
        return await _played(stage, tickets, console, told=lambda one: _add_row(table, one))


def _conclude(console: Console, seen: Sequence[Seen]) -> None:
    bad = [one for one in seen if one.problems]
    for one in bad:
        console.print(Text.assemble(("✗ ", "red"), f"{one.ticket.name}: {'; '.join(one.problems)}"), soft_wrap=True)
    if seen and not bad:
        console.print(f"[green]✓[/] all {len(seen)} tickets got what their files state")


async def _played(
    stage: Stage, tickets: Sequence[DemoTicket], console: Console, *, told: Callable[[Seen], None]
) -> list[Seen]:
    """Let every ticket arrive, wait until deskpilot has dealt with each, and read them back, telling each at once."""
    opened = [(ticket, await _open(stage.simulator(ticket.helpdesk), ticket), datetime.now(UTC)) for ticket in tickets]
    library, ledger = stage.service.tools.library, stage.service.tools.ledger
    seen = []
    for ticket, ticket_id, written_at in opened:
        desk = library.helpdesks[ticket.helpdesk]
        if not await _dealt_with(stage, TicketKey(ticket.helpdesk, desk.account, ticket_id)):
            console.print(Text.assemble(("! ", "yellow"), f"{ticket.name}: nothing happened in {_LONGEST_S:g} s"))
        me = await desk.whoami()
        seen.append(await see(desk, me, ledger, ticket, ticket_id=ticket_id, written_at=written_at))
        told(seen[-1])
    return seen


async def _open(simulator: Simulator, ticket: DemoTicket) -> str:
    """The ticket's messages as its file lists them; each of them calls our webhook, as in life."""
    first, *later = ticket.entries
    channel: Channel = ticket.channel  # type: ignore[assignment]  # the simulator refuses what it does not know
    ticket_id = await simulator.open_ticket(
        name=ticket.requester,
        email=ticket.email,
        subject=ticket.subject,
        text=first.text,
        html=first.html,
        channel=channel,
        tags=ticket.tags,
        organization=ticket.organization,
        attachments=first.attachments,
        automatic=first.automatic,
    )
    for entry in later:
        await _write(simulator, ticket_id, entry)
    return ticket_id


async def _write(simulator: Simulator, ticket_id: str, entry: Entry) -> None:
    if entry.by in ("customer", "cc"):
        await simulator.customer_message(
            ticket_id,
            text=entry.text,
            html=entry.html,
            email=entry.email if entry.by == "cc" else "",
            attachments=entry.attachments,
            automatic=entry.automatic,
        )
    else:
        await simulator.agent_message(ticket_id, text=entry.text, public=not entry.private, bot=entry.by == "bot")


async def _dealt_with(stage: Stage, key: TicketKey) -> bool:
    """Wait until the ticket has its note, or its reason for none, and nothing about it waits any more."""
    ledger, inbox, jobs = stage.service.tools.ledger, stage.service.inbox, stage.service.jobs
    try:
        async with asyncio.timeout(_LONGEST_S):
            while True:
                settled = not await inbox.waiting() and not await jobs.busy(key.helpdesk, key.ticket_id)
                drafts = await ledger.drafts(key)
                said = any(draft.posted_at for draft in drafts) or bool(await ledger.silences(key))
                if settled and said:
                    return True
                await asyncio.sleep(_LOOK_S)
    except TimeoutError:
        return False


def _say_where(console: Console, stage: Stage) -> None:
    console.print(f"Zendesk    [bold]{stage.pages['zendesk']}[/]")
    console.print(f"Freshdesk  [bold]{stage.pages['freshdesk']}[/]\n")
    if stage.service.tools.llm is None:
        console.print(
            "No language model is set, so the notes quote the articles.\n"
            "For drafts, set DESKPILOT_LLM__BASE_URL and DESKPILOT_LLM__MODEL first\n"
            "(and DESKPILOT_LLM__API_KEY where the model wants a key).\n"
        )


def _print_json(one: Seen) -> None:
    print(json.dumps(one.as_json(), ensure_ascii=False), flush=True)  # noqa: T201 - the command's output


def _add_row(table: Table, one: Seen) -> None:
    came = f"note: {outcome(one.draft)}" if one.draft else f"no note: {'; '.join(one.silences) or 'nothing happened'}"
    table.add_row(
        one.ticket.helpdesk,
        Text(one.ticket.subject, style=f"link {one.url}"),
        Text(came),
        f"{one.seconds:.1f}" if one.seconds is not None else "",
    )
