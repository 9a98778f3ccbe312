"""`deskpilot demo`: the tickets arrive, the notes appear; for a person to watch, or for a program to check."""

from __future__ import annotations

import asyncio
import json
import sys
import webbrowser
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from connectors.base import Channel
from service import logs
from service.demo.stage import Simulator, Stage, staged
from service.demo.tickets import DemoTicket, Entry, TicketFileError, load_tickets
from service.demo.verdict import Seen, see
from service.knowledge.sources import sync_all
from service.ledger import TicketKey
from service.progress import shown_progress
from service.web.server import stop_signal

_CONTENT = Path(__file__).parent.parent.parent / "deploy" / "demo"
_PORTS = (8400, 8401, 8402)
_LONGEST_S = 180.0  # for one ticket; a slow local model needs most of it
_LOOK_S = 0.1

_WAYS = {"ready": "ready", "uncovered": "not covered", "person": "for a person", "no_model": "quoted"}


async def play(*, check: bool, articles: Path | None, tickets: Path | None, browser: bool) -> int:
    """Run the demo; returns the exit code: 0 when every ticket got what its file states."""
    console = Console(stderr=True)
    strange = articles is not None and tickets is None  # our tickets ask about our company: nothing can be expected
    articles = articles or _CONTENT / "articles"
    if not articles.is_dir():
        raise TicketFileError(f"{articles} is not a folder of articles")
    written = [] if strange else load_tickets(tickets or _CONTENT / "tickets", articles)
    logs.configure("ERROR" if check else "WARNING", machine=False)
    with stop_signal() as stopped:
        console.print("Starting two helpdesks, PostgreSQL, the search index and deskpilot ...")
        async with staged(articles, ports=(0, 0, 0) if check else _PORTS) as stage:
            with shown_progress(console) as progress:
                reports = await sync_all(stage.service.tools.library, progress=progress)
            for problem in (problem for report in reports for problem in report.problems):
                console.print(Text.assemble(("! ", "yellow"), problem), soft_wrap=True)
            if not check:
                _say_where(console, stage)
            if check:
                seen = await _played(stage, written, console, told=_print_json)
            else:
                if browser and sys.stdout.isatty():
                    webbrowser.open(stage.pages["zendesk"])
                table = Table("helpdesk", "ticket", "what came of it", "source", "seconds", box=None, pad_edge=False)
                with Live(table, console=console):
                    seen = await _played(stage, written, console, told=lambda one: _add_row(table, one))
                console.print("\nWrite as a customer on either page and watch the note appear. Ctrl-C ends the demo.")
                await _watched(stage, console, stopped)
    bad = [one for one in seen if one.problems]
    for one in bad:
        console.print(Text.assemble(("✗ ", "red"), f"{one.ticket.name}: {'; '.join(one.problems)}"), soft_wrap=True)
    if seen and not bad:
        console.print(f"[green]✓[/] all {len(seen)} tickets got what their files state")
    return 1 if bad else 0


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


async def _watched(stage: Stage, console: Console, stopped: asyncio.Event) -> None:
    """Say what deskpilot does with whatever a person writes on the pages, until Ctrl-C."""
    ledger = stage.service.tools.ledger
    known = {(draft.key, draft.message_id) for draft in await ledger.newest()}
    while not stopped.is_set():
        for draft in reversed(await ledger.newest()):
            if draft.posted_at and (draft.key, draft.message_id) not in known:
                known.add((draft.key, draft.message_id))
                page = f"{stage.pages[draft.key.helpdesk]}/tickets/{draft.key.ticket_id}"
                console.print(f"note {draft.reference} ({_WAYS[draft.verdict]}) → {page}")
        try:
            await asyncio.wait_for(stopped.wait(), 0.5)
        except TimeoutError:
            continue


def _say_where(console: Console, stage: Stage) -> None:
    console.print(f"Zendesk   [bold]{stage.pages['zendesk']}[/]")
    console.print(f"Freshdesk [bold]{stage.pages['freshdesk']}[/]\n")
    if stage.service.tools.llm is None:
        console.print(
            "No language model is set: the notes quote the articles. Set DESKPILOT_LLM__BASE_URL to change that.\n"
        )


def _print_json(one: Seen) -> None:
    print(json.dumps(one.as_json(), ensure_ascii=False), flush=True)  # noqa: T201 - the command's output


def _add_row(table: Table, one: Seen) -> None:
    draft = one.draft
    came = f"note {draft.reference}: {_WAYS[draft.verdict]}" if draft else "; ".join(one.silences) or "nothing"
    sources = draft.details["sources"] if draft else []
    table.add_row(
        one.ticket.helpdesk,
        Text(one.ticket.subject, style=f"link {one.url}"),
        came,
        sources[0].rsplit("/", 1)[-1] if sources else "",
        f"{one.seconds:.1f}" if one.seconds is not None else "",
    )
