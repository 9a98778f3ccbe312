"""The reconciler: asks a helpdesk what changed, so that a lost webhook loses nobody."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from connectors.base import Event, Helpdesk
from service.database import Database
from service.inbox import Inbox
from service.ledger import DROPPED
from service.tables import cursors, parked, silences

OVERLAP = timedelta(minutes=10)
"""Read again each time: the vendors' search knows a change some minutes late, and clocks differ. It costs a look, no note."""

_AT_ONCE = 100  # deliveries that share a commit


class Reconciler:
    """Reads what changed, from a stored cursor on, into the inbox. The queue lets one do it at a time per helpdesk."""

    def __init__(self, database: Database, *, inbox: Inbox) -> None:
        self._engine = database.engine
        self._inbox = inbox

    async def read(self, desk: Helpdesk, *, since: datetime | None = None) -> int:
        """Every ticket that changed since the cursor (or since then, where that is earlier) is looked at; how many.

        Without a cursor it starts now: what is older is for `deskpilot backfill`. The cursor moves when all is in the inbox,
        to the newest change seen: it stands by the helpdesk's clock, so ours may be wrong. Raises ConnectorError.
        """
        known, now = await self._cursor(desk), datetime.now(UTC)
        start = min(known, now) - OVERLAP if known else now
        start = min(start, since) if since else start
        newest, found, group = known or start, 0, list[Event]()
        given_up = await self._given_up(desk)
        async for change in desk.changed_since(start):
            newest = max(newest, change.at)
            if (at := given_up.get(change.ticket_id)) and change.at <= at:  # nothing new: it stays with the operator
                continue
            found += 1
            group.append(Event(kind="ticket", ticket_id=change.ticket_id, what="reconciled"))
            if len(group) == _AT_ONCE:
                await self._store(desk, group)
                group = []
        await self._store(desk, group)
        await self._move(desk, newest)
        return found

    async def _store(self, desk: Helpdesk, events: list[Event]) -> None:
        await asyncio.gather(*(self._inbox.put(desk.name, event) for event in events))

    async def _given_up(self, desk: Helpdesk) -> dict[str, datetime]:
        """When tickets were parked, or dropped by the operator."""
        of_desk = (
            sa.select(one.c.ticket_id, one.c.at).where(one.c.helpdesk == desk.name) for one in (parked, silences)
        )
        of_parked, of_silences = of_desk
        chosen = of_parked.union_all(of_silences.where(silences.c.reason == DROPPED))
        async with self._engine.connect() as connection:
            rows = await connection.execute(chosen.order_by("at"))  # the newest of a ticket counts
            return {row.ticket_id: row.at for row in rows}

    async def _cursor(self, desk: Helpdesk) -> datetime | None:
        async with self._engine.connect() as connection:
            upto: datetime | None = await connection.scalar(
                sa.select(cursors.c.upto).where(cursors.c.helpdesk == desk.name, cursors.c.account == desk.account)
            )
            return upto

    async def _move(self, desk: Helpdesk, upto: datetime) -> None:
        statement = insert(cursors).values(helpdesk=desk.name, account=desk.account, upto=upto)
        async with self._engine.connect() as connection:
            await connection.execute(
                statement.on_conflict_do_update(index_elements=["helpdesk", "account"], set_={"upto": upto})
            )
