"""The round that draws a week's blind sample, once the week is over in the team's time zone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import structlog

from connectors.base import RejectedError
from service.database import Database
from service.knowledge.sources import Library
from service.outcomes.sent import excluded_of
from service.quality.sample import Chosen, text_of
from service.quality.store import Samples
from service.scope import kept_out
from service.worth.period import week_before

log = structlog.get_logger()

EVERY_S = 3600.0

_AT_ONCE = 50  # each costs one call of the helpdesk's API; the next turn goes on


class Drawing:
    """Holds nothing but its tools."""

    def __init__(self, database: Database, library: Library) -> None:
        self._samples, self._library = Samples(database), library

    async def go(self, now: datetime | None = None) -> str:
        """Draw what is missing of the newest week that is over; also what came to light late. Raises ConnectorError, EntitiesError.

        now: aware; None: this moment.
        """
        week = week_before(now or datetime.now(UTC), zone=self._library.settings.team.timezone)
        chosen = await self._samples.undrawn(week.first, since=week.since, until=week.until, limit=_AT_ONCE)
        drawn = 0
        for one in chosen:
            text = await self._read(one)
            await self._samples.draw(one, week.first, text)
            drawn += bool(text)
        return f"{drawn} drawn of {week.first}" if chosen else "nothing to draw"

    async def _read(self, chosen: Chosen) -> dict[str, object]:
        desk = self._library.helpdesks.get(chosen.key.helpdesk)
        if desk is None or desk.account != chosen.key.account:  # it was connected then
            return {}
        try:
            ticket = await desk.ticket(chosen.key.ticket_id)
        except RejectedError as error:  # gone since
            log.info("a sample cannot be read", reason=str(error))
            return {}
        if excluded_of(ticket) or kept_out(ticket, self._library.settings.tickets):
            return {}
        return await asyncio.to_thread(text_of, ticket, chosen.message_id, entities=self._library.entities)
