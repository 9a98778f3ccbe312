"""What the demo says of tickets: of those it lets arrive, and of whatever a person writes on the pages afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from service.demo.stage import Stage
from service.ledger import SavedDraft, TicketKey

_EVERY_S = 0.5
_NEWEST = 20  # tickets of each helpdesk that are looked at; nobody writes into more within half a second

_WAYS = {
    "ready": "draft ready",
    "uncovered": "not covered by the articles",
    "person": "for a person",
    "no_model": "articles quoted",
}


def outcome(draft: SavedDraft) -> str:
    """What a note says, in a few words, with its first source."""
    sources = draft.details["sources"]
    return _WAYS[draft.verdict] + (f" ({sources[0].rsplit('/', 1)[-1]})" if sources else "")


async def watched(stage: Stage, say: Callable[[str], None], stopped: asyncio.Event) -> None:
    """Say of every note and of every silence that comes from now on what and where it is, until `stopped`."""
    known = {what async for what, _ in _said(stage)}
    while not stopped.is_set():
        async for what, sentence in _said(stage):
            if what not in known:
                known.add(what)
                say(sentence)
        try:
            await asyncio.wait_for(stopped.wait(), _EVERY_S)
        except TimeoutError:
            continue


async def _said(stage: Stage) -> AsyncIterator[tuple[tuple[TicketKey, str, str], str]]:
    """(what tells it from all others, a sentence) for every note and silence of the newest tickets."""
    ledger = stage.service.tools.ledger
    for name, desk in stage.service.tools.library.helpdesks.items():
        for row in reversed(stage.simulator(name).rows()[:_NEWEST]):
            key = TicketKey(name, desk.account, row.id)
            where = f"{stage.pages[name]}/tickets/{row.id}"
            for draft in await ledger.drafts(key):
                if draft.posted_at:
                    yield (key, draft.message_id, ""), f"note: {outcome(draft)} → {where}"
            for message_id, reason in await ledger.silences(key):
                yield (key, message_id, reason), f"no note: {reason} → {where}"
