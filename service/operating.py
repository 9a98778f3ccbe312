"""The operator's commands: `deskpilot migrate`, `jobs …`, `backfill`, `forget`, `resume`. They work beside the running service."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import httpx
from rich.console import Console
from rich.table import Table

from connectors import WEBHOOKS
from service.assembly import helpdesks
from service.backfill import Plan, Reading, planned, put, reading
from service.backlog import Backlog, Entry
from service.control import Control, asked, find
from service.database import open_database, revision
from service.errors import ServiceError
from service.forgetting import Forgotten, forget, forget_address
from service.inbox import Inbox
from service.outages import Outages, leak_of
from service.queue import Queue
from service.settings import Settings, SettingsProblem
from service.vectors import open_vectors

_ARROW = {"parked": "✗", "waiting": "…", "running": "→"}


@asynccontextmanager
async def _backlog(settings: Settings) -> AsyncIterator[Backlog]:
    async with open_database(settings) as database:
        queue = Queue(database)
        async with queue.app.open_async():
            yield Backlog(database, queue)


async def migrate(settings: Settings) -> int:
    """Migrate the database, and say to which revision."""
    async with open_database(settings) as database:
        Console(highlight=False).print(f"The database is at revision {await revision(database)}.")
    return 0


async def list_jobs(settings: Settings, *, as_json: bool) -> int:
    """Print what waits, runs or was given up."""
    async with _backlog(settings) as backlog:
        entries = await backlog.entries()
    if as_json:
        print(json.dumps([entry.as_json() for entry in entries], indent=2))  # noqa: T201 - the command's output
    else:
        Console().print(_table(entries) if entries else "Nothing waits, nothing runs, nothing is parked.")
    return 0


async def show_job(settings: Settings, ticket: str, *, as_json: bool) -> int:
    """Print a ticket's place in the queue and its history."""
    async with _backlog(settings) as backlog:
        entries = [entry for entry in await backlog.entries() if entry.ticket == ticket]
        history = await backlog.history(ticket)
    if not entries and not history:
        raise ServiceError(f"nothing is known of {ticket}: no webhook named it, and no backfill found it")
    if as_json:
        told = [{"at": at.isoformat(), "what": what, "details": details} for at, what, details in history]
        print(json.dumps({"now": [entry.as_json() for entry in entries], "history": told}, indent=2))  # noqa: T201
        return 0
    table = Table("when (UTC)", "what", "", box=None, pad_edge=False)
    for at, what, details in history:
        table.add_row(f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}", what, details)
    Console().print(table)
    if entries:
        Console().print(_table(entries))
    return 0


async def retry_jobs(settings: Settings, tickets: Sequence[str], *, parked: bool) -> int:
    """Look at these tickets now; `parked`: at all that are parked."""
    async with _backlog(settings) as backlog:
        chosen = [entry.ticket for entry in await backlog.entries() if parked and entry.state == "parked"]
        asked = list(dict.fromkeys((*tickets, *chosen)))
        unknown = [ticket for ticket in asked if not await backlog.retry(ticket)]
    return _told("Looked at again", len(asked) - len(unknown), unknown)


async def drop_jobs(settings: Settings, tickets: Sequence[str]) -> int:
    """Forget these tickets until their customers write again."""
    async with _backlog(settings) as backlog:
        unknown = [ticket for ticket in tickets if not await backlog.drop(ticket)]
    return _told("Dropped", len(tickets) - len(unknown), unknown)


async def backfill(settings: Settings, *, days: float, sure: bool, as_json: bool) -> int:
    """Say how many open tickets of the last days there are and what they cost; ask; put them into the inbox."""
    since = datetime.now(UTC) - timedelta(days=days)
    async with httpx.AsyncClient() as http, open_database(settings) as database:
        desks = list(helpdesks(settings, http).values())
        with Console(stderr=True).status("Asking the helpdesks which open tickets changed ..."):
            plan = await planned(desks, since=since, database=database, llm=settings.llm)
        if as_json:
            print(json.dumps(_as_json(plan), indent=2))  # noqa: T201 - the command's output
        else:
            Console().print(_estimate(plan, days=days), highlight=False)
        if not plan.count or not (sure or _asked(as_json=as_json)):
            return 0
        inbox = Inbox(database)
        async with inbox.receiving():
            await put(plan.tickets, inbox)
    return _put(plan.count)


async def read_solved(settings: Settings, *, days: float, sure: bool, as_json: bool) -> int:
    """Say how many tickets were solved in the last days and what reading them costs; ask; put them into the inbox."""
    since = datetime.now(UTC) - timedelta(days=days)
    async with httpx.AsyncClient() as http, open_database(settings) as database:
        desks = list(helpdesks(settings, http).values())
        with Console(stderr=True).status("Asking the helpdesks which solved tickets changed ..."):
            plan = await reading(desks, since=since, embeddings=settings.embeddings.on)
        if as_json:
            counts = {name: len(ids) for name, ids in plan.tickets.items()}
            print(json.dumps({"tickets": counts, "calls": plan.calls, "embeddings": plan.texts}, indent=2))  # noqa: T201
        else:
            Console().print(_cost_of_reading(plan, days=days), highlight=False)
        if not plan.count or not (sure or _asked(as_json=as_json)):
            return 0
        inbox = Inbox(database)
        async with inbox.receiving():
            await put(plan.tickets, inbox)
    return _put(plan.count)


async def resume(settings: Settings, helpdesk: str) -> int:
    """Allow writing again where it was stopped."""
    if helpdesk not in settings.helpdesks:
        raise SettingsProblem(
            [f"{helpdesk} is not connected: the connected ones are {', '.join(settings.helpdesks) or 'none'}."]
        )
    async with open_database(settings) as database:
        await Outages(database).over(leak_of(helpdesk))
    Console(stderr=True).print(f"Notes are written to {helpdesk} again.")
    return 0


async def forget_requester(settings: Settings, requester: str, *, helpdesk: str, as_json: bool) -> int:
    """Delete what is known of a requester, by the running `serve` where there is one; 1 where that was nothing, or not yet all."""
    requester, helpdesk = _whom(requester), _at_which(settings, helpdesk)
    running = find(settings.data_dir)
    done = await _forgotten_by(running, requester, helpdesk=helpdesk) if running else None
    if done is None:
        async with open_vectors(settings) as vectors, open_database(settings) as database:
            done = await forget(requester, helpdesk=helpdesk, database=database, vectors=vectors)
    if as_json:
        print(json.dumps({"helpdesk": helpdesk, "requester": requester, **asdict(done)}, indent=2))  # noqa: T201
    elif not done.nothing:
        Console().print(_deleted(done))
    errors = Console(stderr=True)
    for ticket in done.running:
        errors.print(f"✗ {ticket} is being worked on: forget again when it is done.", highlight=False)
    if done.nothing:
        errors.print(
            f"✗ Nothing is known of requester {requester} of {helpdesk}: of older text nobody knows whose it is.",
            highlight=False,
            soft_wrap=True,
        )
    return 1 if done.nothing or done.running else 0


async def forget_by_address(settings: Settings, email: str, *, requester: str, as_json: bool) -> int:
    """Delete what was pushed and looked up about an e-mail address; 1 where that was nothing."""
    if requester:
        raise ServiceError("give --requester or --email: one after the other, which tells what was whose")
    if "@" not in email:
        raise ServiceError("name one e-mail address, as in --email ana@acme.example")
    async with open_database(settings) as database:
        rows, ids = await forget_address(email, database=database)
    if as_json:
        print(json.dumps({"contexts": rows, "ids": ids}, indent=2))  # noqa: T201 - the command's output
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    said = (
        f"{rows} facts, signals, look-ups and outreach are deleted." if rows else "✗ Nothing is known of that address."
    )
    errors.print(said)
    for one in ids:
        helpdesk, _, requester = one.partition(":")
        errors.print(f"Their tickets: deskpilot forget --requester {requester} --helpdesk {helpdesk}")
    return 0 if rows else 1


def _whom(requester: str) -> str:
    """The id of one requester. Raises ServiceError for what would be everybody or nobody."""
    requester = requester.strip()
    if not requester or requester == "*":
        raise ServiceError("name one requester by the helpdesk's id, as in --requester 4711")
    return requester


def _at_which(settings: Settings, helpdesk: str) -> str:
    """The helpdesk that is meant: ids of one mean nothing at the other. Raises ServiceError."""
    if helpdesk in WEBHOOKS:
        return helpdesk
    if helpdesk:
        raise ServiceError(f"{helpdesk!r} is no helpdesk: the known ones are {', '.join(WEBHOOKS)}")
    if len(settings.helpdesks) != 1:
        raise ServiceError(f"say whose id it is: --helpdesk {' or --helpdesk '.join(WEBHOOKS)}")
    return next(iter(settings.helpdesks))


async def _forgotten_by(control: Control, requester: str, *, helpdesk: str) -> Forgotten | None:
    """Have the running `serve` do it. None where nobody answers any more. Raises ServiceError where it cannot."""
    path = f"/api/requesters/{helpdesk}/{quote(requester, safe='')}"
    answer = await asked(control, "DELETE", path, cannot="forget")
    if answer is None:
        return None
    told = answer.json()
    return Forgotten(**{**told, "running": tuple(told["running"])})


def _deleted(done: Forgotten) -> Table:
    table = Table("deleted", "", box=None, pad_edge=False)
    for what, count in (
        ("examples in the index", done.examples),
        ("texts of notes and drafts", done.notes),
        ("the same of others that rest on an example", done.borrowed),
        ("reasons for silence", done.silences),
        ("parked tickets", done.parked),
        ("webhooks", done.webhooks),
        ("jobs", done.jobs),
        ("facts, signals, look-ups and outreach", done.contexts),
    ):
        table.add_row(what, str(count))
    return table


def _put(count: int) -> int:
    Console(stderr=True).print(f"{count} tickets are in the inbox; `deskpilot jobs list` shows what is left.")
    return 0


def _asked(*, as_json: bool) -> bool:
    """A program is not asked: it says --yes."""
    return not as_json and Console(stderr=True).input("Go on? [y/N] ", markup=False).strip().lower() in ("y", "yes")


def _estimate(plan: Plan, *, days: float) -> str:
    counts = ", ".join(f"{len(ids)} in {name}" for name, ids in plan.tickets.items())
    if not plan.count:
        return f"No open ticket has changed in the last {days:g} days ({counts or 'no helpdesk is connected'})."
    lines = [f"{plan.count} open tickets changed in the last {days:g} days: {counts}."]
    if plan.calls:
        tokens = f"{plan.tokens_in:,} tokens in and {plan.tokens_out:,} out"
        price = "" if plan.cost is None else f", about {plan.cost:,.2f} at your prices"
        lines.append(f"At most {plan.calls} calls of the model, roughly {tokens}{price}.")
        if plan.cost is None:
            lines.append("For an amount, set DESKPILOT_LLM__PRICE_IN and __PRICE_OUT (of a million tokens).")
    else:
        lines.append("No model is set: the notes quote your articles and cost nothing.")
    lines.append("Tickets that an agent has answered get no note.")
    return "\n".join(lines)


def _cost_of_reading(plan: Reading, *, days: float) -> str:
    counts = ", ".join(f"{len(ids)} in {name}" for name, ids in plan.tickets.items())
    if not plan.count:
        return f"No solved ticket has changed in the last {days:g} days ({counts or 'no helpdesk is connected'})."
    embedded = (
        f" and at most {plan.texts:,} texts to embed" if plan.texts else "; nothing is embedded: no embeddings are set"
    )
    return "\n".join(
        (
            f"{plan.count} solved tickets changed in the last {days:g} days: {counts}.",
            f"About {plan.calls:,} calls to the helpdesks, within their limits{embedded}.",
            "No model is asked and no note is written; those that did not end well are not kept.",
        )
    )


def _as_json(plan: Plan) -> dict[str, object]:
    return {
        "tickets": {name: len(ids) for name, ids in plan.tickets.items()},
        "calls": plan.calls,
        "tokens_in": plan.tokens_in,
        "tokens_out": plan.tokens_out,
        "cost": plan.cost,
    }


def _table(entries: Sequence[Entry]) -> Table:
    table = Table("", "ticket", "state", "tries", "since / due (UTC)", "reason", box=None, pad_edge=False)
    for entry in entries:
        at = f"{entry.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if entry.at else "now"
        table.add_row(_ARROW[entry.state], entry.ticket, entry.state, str(entry.attempts), at, entry.reason)
    return table


def _told(done: str, count: int, unknown: Sequence[str]) -> int:
    errors = Console(stderr=True)
    if count:
        errors.print(f"{done}: {count} ticket{'s' if count > 1 else ''}.")
    for ticket in unknown:
        errors.print(f"✗ {ticket} is neither parked nor waiting: `deskpilot jobs list` shows what is.", highlight=False)
    return 1 if unknown else 0
