"""Seeing the first delivery of a helpdesk that cannot be asked for a test: it stands in the inbox of the running service."""

from __future__ import annotations

import asyncio
from datetime import datetime

from connectors.setup import Check
from service.control import find
from service.database import open_database
from service.inbox import Inbox
from service.settings import Settings

_EVERY_S = 1.0


async def first_arrival(
    settings: Settings, helpdesk: str, *, since: datetime, wait_s: float, otherwise: Check
) -> Check:
    """Wait until the service has accepted a delivery that came after `since` (aware).

    The inbox is asked, not a process: it has what any replica accepted, and only what carried the right secret. It can be
    seen from where the service's database is set, or where `serve` runs; `otherwise` is the answer elsewhere.
    """
    loop = asyncio.get_running_loop()
    over = loop.time() + wait_s
    while not (settings.database_url.get_secret_value() or find(settings.data_dir)):  # a `serve` that is about to start
        if loop.time() + _EVERY_S > over:
            return otherwise
        await asyncio.sleep(_EVERY_S)
    async with open_database(settings) as database:
        inbox = Inbox(database)
        while not await inbox.heard(helpdesk, since=since):
            if loop.time() + _EVERY_S > over:
                said = f"No delivery of {helpdesk} was accepted yet."
                remedy = (
                    'Write in a ticket as a customer; where the log of serve says "webhook refused", the secret differs, '
                    "where it says nothing, the helpdesk did not reach it."
                )
                return Check("first delivery", "wrong", said, remedy)
            await asyncio.sleep(_EVERY_S)
    return Check("first delivery", "fine", "The first delivery was accepted.")
