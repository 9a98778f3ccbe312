"""Which tickets are replayed, and with what knowledge."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

from rich.console import Console

from connectors.base import Change, Helpdesk, RetryableError
from service.backtest.results import Key
from service.errors import ServiceError
from service.knowledge.sources import Library, sync_all
from service.progress import shown_progress
from service.settings import SettingsProblem

_WAITS_S, _TRIES = 60.0, 5  # for a helpdesk that asks to slow down
_YEAR = timedelta(days=365)
_pause = asyncio.sleep

Answer = TypeVar("Answer")


async def filled(library: Library, console: Console) -> None:
    """Read the knowledge where nobody has: whoever tries it out has had no reason to. Raises ServiceError where there is none."""
    if (await library.vectors.status()).passages:
        return
    console.print("The index is empty: reading the knowledge first.")
    with shown_progress(console) as progress:
        await sync_all(library, progress=progress)
    if not (await library.vectors.status()).passages:
        raise ServiceError("There is no article to draft from: see what `deskpilot sync` says.")


def wanted(desks: Mapping[str, Helpdesk], helpdesk: str) -> Mapping[str, Helpdesk]:
    """The helpdesks to look at. Raises SettingsProblem, ServiceError."""
    if not desks:
        raise SettingsProblem(["No helpdesk is connected: set DESKPILOT_ZENDESK__URL or DESKPILOT_FRESHDESK__URL."])
    if helpdesk and helpdesk not in desks:
        raise ServiceError(f"{helpdesk} is not connected; connected are {', '.join(desks)}")
    return {helpdesk: desks[helpdesk]} if helpdesk else desks


async def newest_solved(desks: Mapping[str, Helpdesk], count: int, console: Console) -> list[Key]:
    """The newest solved tickets of all, newest first. Raises ConnectorError, and ServiceError where there are none."""
    newest: dict[Key, datetime] = {}
    with console.status("Looking for solved tickets ..."):
        for name, desk in desks.items():
            for change in await patiently(partial(_changes, desk)):
                newest[name, change.ticket_id] = max(change.at, newest.get((name, change.ticket_id), change.at))
    if not newest:
        raise ServiceError("There are no solved tickets of the last year to replay.")
    return sorted(newest, key=lambda key: newest[key], reverse=True)[:count]


async def _changes(desk: Helpdesk) -> list[Change]:
    return [change async for change in desk.changed_since(datetime.now(UTC) - _YEAR) if change.solved]


async def patiently(call: Callable[[], Awaitable[Answer]]) -> Answer:
    """What a helpdesk answers; one that asks to slow down, or stumbles, is waited for. Raises ConnectorError."""
    for attempt in range(_TRIES - 1):
        try:
            return await call()
        except RetryableError as error:
            await _pause(min(error.after_s or 2.0**attempt, _WAITS_S))
    return await call()
