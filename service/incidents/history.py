"""What the database keeps of tickets that came: for the report afterwards, and for a rehearsal. Reads only."""

from __future__ import annotations

import asyncio
from typing import Any

import sqlalchemy as sa

from service.database import Database
from service.incidents.past import Kept, came
from service.incidents.report import Answered, Report, reported
from service.incidents.running import Incident
from service.ledger import TicketKey
from service.policy.document import Policy

_MOST = 50_000  # messages of the past


class History:
    """Looks back."""

    def __init__(self, database: Database) -> None:
        self._engine = database.engine

    async def past(self, *, days: float) -> list[Kept]:
        """What is kept of the customers' messages of so many days, newest first."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(_PAST, {"seconds": days * 86_400, "most": _MOST})
            return [_kept(row) for row in rows]

    async def report(self, incident: Incident, policy: Policy) -> Report:
        """What it came to, until now."""
        given = {"incident": incident.id, "ended": incident.ended_at, "most": _MOST}
        async with self._engine.connect() as connection:
            rows = (await connection.execute(_ANSWERED, {"incident": incident.id})).all()
            again, after = 0, []
            if incident.ended_at:
                again = await connection.scalar(_AGAIN, given) or 0
                after = [_kept(row) for row in await connection.execute(_AFTER, given)]
        own = {_key(row) for row in rows}
        number = came(incident.match, after, without=own, policy=policy) if incident.match else None
        return await asyncio.to_thread(
            reported, incident, [_answered(row) for row in rows], wrote_again=again, came_after=number
        )


def _key(row: Any) -> TicketKey:  # noqa: ANN401 - a row's columns have no types
    return TicketKey(row.helpdesk, row.account, row.ticket_id)


def _kept(row: Any) -> Kept:  # noqa: ANN401 - as above
    return Kept(_key(row), row.at, row.category, row.language or "", row.details)


def _answered(row: Any) -> Answered:  # noqa: ANN401 - as above
    return Answered(
        ticket=f"{row.helpdesk}:{row.ticket_id}",
        requester=f"{row.helpdesk}:{row.requester}" if row.requester else "",
        language=row.language,
        stage=row.stage,
        asked=tuple(row.asked.split("\n")) if row.asked else (),
        at=row.at,
        posted_at=row.posted_at,
        segments=tuple(row.details.get("segments", ())),
    )


_SAME = "(d.helpdesk, d.account, d.ticket_id, d.message_id) = (t.helpdesk, t.account, t.ticket_id, t.message_id)"
_JUDGED = "SELECT helpdesk, account, ticket_id, at, category, language, details FROM triages"

_PAST = sa.text(f"""
    {_JUDGED} WHERE at > now() - make_interval(secs => :seconds)
    UNION ALL
    SELECT helpdesk, account, ticket_id, created_at, NULL, details ->> 'language', '{{}}' FROM drafts d
    WHERE created_at > now() - make_interval(secs => :seconds) AND NOT EXISTS (SELECT FROM triages t WHERE {_SAME})
    ORDER BY at DESC LIMIT :most
""")  # noqa: S608 - constants of this file
"""Notes from before there was triage have no category."""

_ANSWERED = sa.text(f"""
    SELECT t.*, d.posted_at FROM incident_tickets t LEFT JOIN drafts d ON {_SAME} WHERE t.incident = :incident ORDER BY t.at
""")  # noqa: S608 - as above

_AGAIN = sa.text("""
    SELECT count(DISTINCT (t.helpdesk, t.account, t.ticket_id)) FROM triages t
    WHERE t.at > :ended AND EXISTS (SELECT FROM incident_tickets i WHERE i.incident = :incident
        AND (i.helpdesk, i.account, i.ticket_id) = (t.helpdesk, t.account, t.ticket_id))
""")

_AFTER = sa.text(f"{_JUDGED} WHERE at > :ended AND at < :ended + interval '7 days' ORDER BY at DESC LIMIT :most")
