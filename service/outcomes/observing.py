"""Whoever looks at a ticket sees what became of our notes in it: the step that measures. It never keeps a note from being written."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import sqlalchemy as sa
import structlog

from connectors.base import Ticket
from service.ledger import TicketKey
from service.outcomes.ended import resolution_of
from service.outcomes.outcome import Outcome, Resolution
from service.outcomes.sent import Known, Prices, outcomes_of
from service.outcomes.store import Outcomes

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Observed:
    """What a look at a ticket found."""

    outcomes: tuple[Outcome, ...] = ()
    resolution: Resolution | None = None


class Observer:
    """Holds nothing but its tools."""

    def __init__(self, outcomes: Outcomes, prices: Prices) -> None:
        self._outcomes, self._prices = outcomes, prices

    async def observe(self, ticket: Ticket) -> Observed:
        """Keep what became of this ticket so far; three statements where anything changed, two where nothing did."""
        key = TicketKey(ticket.helpdesk, ticket.account, ticket.id)
        try:
            known = await self._outcomes.known(key)
            observed = await asyncio.to_thread(self._seen, ticket, known)
            await self._outcomes.keep(observed.outcomes, observed.resolution, known=known)
        except (sa.exc.SQLAlchemyError, OSError) as error:  # the next look sees the same
            log.warning("an outcome could not be kept", error=type(error).__name__)
            return Observed()
        return observed

    def _seen(self, ticket: Ticket, known: Known) -> Observed:
        outcomes = outcomes_of(ticket, known, prices=self._prices)
        return Observed(outcomes, resolution_of(ticket, outcomes, known))
