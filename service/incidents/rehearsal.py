"""A rehearsal of an incident on tickets that came before it: reads the database and, where asked, the helpdesks; writes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from connectors.base import Helpdesk, RejectedError, Ticket
from service.incidents.history import History
from service.incidents.past import Kept, Rehearsed, rehearsed
from service.incidents.plan import Plan
from service.ledger import TicketKey
from service.policy.document import Policy

MOST_READ = 200  # tickets that are read again: some minutes of a small account's rate limit
_AT_ONCE = 4

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Looks back. helpdesks: those that tickets are read from again; none: what is kept has to do."""

    history: History
    policy: Policy
    helpdesks: Mapping[str, Helpdesk]

    async def run(self, plan: Plan, *, days: float) -> Rehearsed:
        """Which tickets would have got a text. Raises ConnectorError where a helpdesk does not answer."""
        past = await self.history.past(days=days)
        whole = await self._read(past)
        return await asyncio.to_thread(rehearsed, plan, past=past, whole=whole, policy=self.policy, days=days)

    async def _read(self, past: Sequence[Kept]) -> dict[TicketKey, Ticket | None]:
        """The newest MOST_READ tickets, as they stand now; None: gone, or not for us."""
        keys = [key for key in dict.fromkeys(one.key for one in past) if self._desk(key)][:MOST_READ]
        places = asyncio.Semaphore(_AT_ONCE)

        async def read(key: TicketKey) -> Ticket | None:
            desk = self._desk(key)
            async with places:
                try:
                    return await desk.ticket(key.ticket_id) if desk else None
                except RejectedError as error:
                    log.info(
                        "a ticket could not be read again", ticket=f"{key.helpdesk}:{key.ticket_id}", reason=str(error)
                    )
                    return None

        return dict(zip(keys, await asyncio.gather(*map(read, keys)), strict=True))

    def _desk(self, key: TicketKey) -> Helpdesk | None:
        desk = self.helpdesks.get(key.helpdesk)
        return desk if desk and desk.account == key.account else None
