"""Votes that a note was wrong, and what would have been right: each is heard once."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from service.database import Database
from service.learning.candidates import HAND_OVER, Judged
from service.ledger import TicketKey

_AT_ONCE = 50  # each costs a call to the helpdesk


class CorrectingVotes:
    """Reads the votes of service/votes.py, and remembers in `imports` how far."""

    def __init__(self, database: Database) -> None:
        self._engine = database.engine

    async def unheard(self, helpdesk: str, account: str) -> list[tuple[Judged, datetime]]:
        """With when they were given, the oldest first. One that is changed is heard again."""
        async with self._engine.connect() as connection:
            given = {"helpdesk": helpdesk, "account": account, "most": _AT_ONCE, "hand_over": HAND_OVER}
            rows = (await connection.execute(_UNHEARD, given)).all()
        return [
            (
                Judged(
                    TicketKey(helpdesk, account, row.ticket_id), row.message_id, row.reason, row.answer, row.category
                ),
                row.at,
            )
            for row in rows
        ]

    async def heard(self, helpdesk: str, account: str, *, upto: datetime) -> None:
        """Those until then are done."""
        async with self._engine.connect() as connection:
            await connection.execute(_HEARD, {"helpdesk": helpdesk, "account": account, "upto": upto})


# a minute's grace: a vote is there when its transaction ends, and dated by when that began
_UNHEARD = sa.text("""
    SELECT f.ticket_id, f.reason, f.answer, f.at, d.message_id, coalesce(d.details ->> 'category', '') AS category
    FROM feedback AS f JOIN drafts AS d USING (helpdesk, account, ticket_id, reference)
    WHERE f.helpdesk = :helpdesk AND f.account = :account AND f.judgement = 'wrong' AND (f.answer <> '' OR f.reason = :hand_over)
        AND f.at <= now() - interval '1 minute'
        AND f.at > coalesce((SELECT upto FROM imports WHERE (helpdesk, account, what) = (:helpdesk, :account, 'lessons')), '-infinity')
    ORDER BY f.at LIMIT :most
""")
_HEARD = sa.text("""
    INSERT INTO imports (helpdesk, account, what, since, upto, tickets) VALUES (:helpdesk, :account, 'lessons', :upto, :upto, 1)
    ON CONFLICT (helpdesk, account, what) DO UPDATE SET upto = excluded.upto, tickets = imports.tickets + 1
""")
