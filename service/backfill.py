"""Older tickets, open or solved: how many there are, what they will roughly cost, and their way into the inbox."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from connectors.base import Change, Event, Helpdesk
from service.database import Database
from service.groups import LLMSettings
from service.inbox import Inbox
from service.tables import drafts

_RECENT = 200  # notes whose tokens are averaged
_TOKENS_IN, _TOKENS_OUT = 4_000, 500
"""Of a note, both calls together, as long as none has been written: the prompts and ten passages of 150 words."""

_CALLS = {"zendesk": 2, "freshdesk": 7}
"""Of the account's limit, to read a solved ticket: the ticket and its comments; the ticket with requester and company (three),
its conversation, its rating, and two people, who are asked about once in a while only."""

_TEXTS = 2  # that are embedded of each: body and title

_AT_ONCE = 100  # deliveries that share a commit


@dataclass(frozen=True, slots=True)
class Plan:
    """What a backfill would do at most: tickets that were answered meanwhile cost a look and no note.

    tokens_in, tokens_out: of all of them. cost: in the currency of the prices that are set; None where none is.
    """

    tickets: dict[str, tuple[str, ...]]  # ids by helpdesk, the longest unchanged first
    calls: int
    tokens_in: int
    tokens_out: int
    cost: float | None

    @property
    def count(self) -> int:
        """Tickets of all helpdesks."""
        return sum(map(len, self.tickets.values()))


@dataclass(frozen=True, slots=True)
class Reading:
    """What an import of solved tickets would do: those that did not end well are read, too, and not embedded.

    calls: of the helpdesks' limits, about. texts: to be embedded, 0 without embeddings. No model is asked.
    """

    tickets: dict[str, tuple[str, ...]]  # as in Plan
    calls: int
    texts: int

    @property
    def count(self) -> int:
        """Tickets of all helpdesks."""
        return sum(map(len, self.tickets.values()))


async def reading(desks: list[Helpdesk], *, since: datetime, embeddings: bool) -> Reading:
    """Ask every helpdesk for its solved and closed tickets that changed since then. Raises ConnectorError."""
    tickets = {desk.name: await _chosen(desk, since, lambda change: change.solved) for desk in desks}
    calls = sum(_CALLS[name] * len(ids) for name, ids in tickets.items())
    return Reading(tickets, calls=calls, texts=_TEXTS * sum(map(len, tickets.values())) if embeddings else 0)


async def planned(desks: list[Helpdesk], *, since: datetime, database: Database, llm: LLMSettings) -> Plan:
    """Ask every helpdesk for its open tickets that changed since then. Raises ConnectorError."""
    tickets = {desk.name: await _chosen(desk, since, lambda change: change.open) for desk in desks}
    count = sum(map(len, tickets.values()))
    if not llm.on:
        return Plan(tickets, calls=0, tokens_in=0, tokens_out=0, cost=None)
    each_in, each_out = await _tokens_of_a_note(database)
    tokens_in, tokens_out = count * each_in, count * each_out
    priced = llm.price_in is not None and llm.price_out is not None
    cost = (tokens_in * (llm.price_in or 0) + tokens_out * (llm.price_out or 0)) / 1e6 if priced else None
    return Plan(tickets, calls=2 * count, tokens_in=tokens_in, tokens_out=tokens_out, cost=cost)


async def put(tickets: Mapping[str, Sequence[str]], inbox: Inbox) -> None:
    """Have all these tickets looked at (ids by helpdesk), behind those that somebody has just written to."""
    for helpdesk, ticket_ids in tickets.items():
        for start in range(0, len(ticket_ids), _AT_ONCE):
            events = (
                Event(kind="ticket", ticket_id=one, what="backfill") for one in ticket_ids[start : start + _AT_ONCE]
            )
            await asyncio.gather(*(inbox.put(helpdesk, event) for event in events))


async def _chosen(desk: Helpdesk, since: datetime, wanted: Callable[[Change], bool]) -> tuple[str, ...]:
    changes = [change async for change in desk.changed_since(since) if wanted(change)]
    return tuple(dict.fromkeys(change.ticket_id for change in sorted(changes, key=lambda change: change.at)))


async def _tokens_of_a_note(database: Database) -> tuple[int, int]:
    """Tokens in and out of the last notes a model wrote, on average."""
    counts = [sa.cast(drafts.c.details[name].astext, sa.Integer) for name in ("tokens_in", "tokens_out")]
    recent = (
        sa.select(counts[0].label("sent"), counts[1].label("received"))
        .where(counts[0] > 0)
        .order_by(drafts.c.id.desc())
        .limit(_RECENT)
        .subquery()
    )
    async with database.engine.connect() as connection:
        sent, received = (
            await connection.execute(sa.select(sa.func.avg(recent.c.sent), sa.func.avg(recent.c.received)))
        ).one()
    return (round(sent), round(received)) if sent else (_TOKENS_IN, _TOKENS_OUT)
