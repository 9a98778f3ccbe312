"""Votes that a note was wrong, and what would have been right: each is heard once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.database import Database
from service.learning.candidates import HAND_OVER, Judged
from service.ledger import TicketKey

_AT_ONCE = 50  # each costs a call to the helpdesk


@dataclass(frozen=True, slots=True)
class Unheard:
    """A vote that nobody has learnt from. reference: of its note. at: when it was given, which tells it from a changed one."""

    judged: Judged
    reference: str
    at: datetime


class CorrectingVotes:
    """Reads the votes of service/votes.py, and marks those that were heard: a vote may be older than when it reached us."""

    def __init__(self, database: Database) -> None:
        self._engine = database.engine

    async def unheard(self, helpdesk: str, account: str) -> list[Unheard]:
        """The oldest first. One that is changed is heard again."""
        async with self._engine.connect() as connection:
            given = {"helpdesk": helpdesk, "account": account, "most": _AT_ONCE, "hand_over": HAND_OVER}
            rows = (await connection.execute(_UNHEARD, given)).all()
        return [_unheard(TicketKey(helpdesk, account, row.ticket_id), row) for row in rows]

    async def heard(self, vote: Unheard) -> None:
        """Be done with it, unless it was changed meanwhile."""
        key = vote.judged.key
        given = {"helpdesk": key.helpdesk, "account": key.account, "ticket_id": key.ticket_id}
        async with self._engine.connect() as connection:
            await connection.execute(_HEARD, given | {"reference": vote.reference, "at": vote.at})


def _unheard(key: TicketKey, row: Any) -> Unheard:  # noqa: ANN401 - a row's columns have no types
    return Unheard(Judged(key, row.message_id, row.reason, row.answer, row.category), row.reference, row.at)


_UNHEARD = sa.text("""
    SELECT f.ticket_id, f.reference, f.reason, f.answer, f.at, d.message_id, coalesce(d.details ->> 'category', '') AS category
    FROM feedback AS f JOIN drafts AS d USING (helpdesk, account, ticket_id, reference)
    WHERE f.helpdesk = :helpdesk AND f.account = :account AND f.judgement = 'wrong' AND (f.answer <> '' OR f.reason = :hand_over)
        AND f.heard_at IS NULL
    ORDER BY f.at LIMIT :most
""")
_HEARD = sa.text("""
    UPDATE feedback SET heard_at = now()
    WHERE (helpdesk, account, ticket_id, reference) = (:helpdesk, :account, :ticket_id, :reference) AND at = :at
""")
