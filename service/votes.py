"""Agents' votes on notes, and the links that they are cast by."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import sqlalchemy as sa

from service.ballot import ballot
from service.database import Database, storable
from service.errors import DatabaseUnavailableError
from service.feedback import VALID_FOR, Judgement, Vote, token_for, vote_in
from service.keys import Keys
from service.ledger import TicketKey
from service.masking import Masker, neutral
from service.metrics import FEEDBACK
from service.plaintext import plain
from service.seals import key_of

MOST_CHARS = 500
"""Of a comment."""

PATH = "/feedback/"

# Only of a note that the ledger still knows: what was forgotten does not come back by a vote on it.
_RECORD = sa.text("""
    WITH before AS (
        SELECT judgement FROM feedback
        WHERE (helpdesk, account, ticket_id, reference) = (:helpdesk, :account, :ticket_id, :reference)
    )
    INSERT INTO feedback (helpdesk, account, ticket_id, reference, judgement, comment)
    SELECT helpdesk, account, ticket_id, reference, :judgement, :comment FROM drafts
    WHERE (helpdesk, account, ticket_id, reference) = (:helpdesk, :account, :ticket_id, :reference) LIMIT 1
    ON CONFLICT (helpdesk, account, ticket_id, reference)
    DO UPDATE SET judgement = excluded.judgement, comment = excluded.comment, at = now()
    RETURNING (SELECT judgement FROM before)
""")


class Votes:
    """Makes the links of a note, reads them, and keeps what an agent said. `renew` first."""

    def __init__(self, database: Database, *, public_url: str = "") -> None:
        """public_url: where people reach us; empty: notes carry no links."""
        self._engine, self._public_url = database.engine, public_url
        self.keys = Keys(database)

    async def renew(self) -> None:
        """Bring the keys up to date: see service/keys.py."""
        await self.keys.renew()

    def links(self, key: TicketKey, reference: str, *, language: str) -> tuple[tuple[str, str], ...]:
        """(word, address) of each judgement on a note, in the team's language; none where nobody could open them."""
        newest = self.keys.newest
        if not self._public_url or newest is None:
            return ()
        (key_id, signing), expires_at, words = newest, datetime.now(UTC) + VALID_FOR, ballot(language)

        def address(judgement: Judgement) -> str:
            vote = Vote(key, reference, judgement)
            token = token_for(vote, key_id=key_id, key=signing, expires_at=expires_at)
            return f"{self._public_url}{PATH}{token}"

        return (words.right, address("right")), (words.wrong, address("wrong"))

    async def read(self, token: str) -> Vote | None:
        """The vote that a token stands for; None for one that is forged or has expired. Raises DatabaseUnavailableError."""
        await self.keys.look_for(key_of(token))
        return vote_in(token, keys=self.keys.known, now=datetime.now(UTC))

    async def record(self, vote: Vote, comment: str) -> bool:
        """Keep a vote, in place of an earlier one on the same note. False: the note is not known any more.

        comment: as it came; at most MOST_CHARS of it are kept, masked for good. Raises DatabaseUnavailableError.
        """
        kept = await asyncio.to_thread(_masked, comment)
        given = {
            "helpdesk": vote.key.helpdesk,
            "account": vote.key.account,
            "ticket_id": vote.key.ticket_id,
            "reference": vote.reference,
            "judgement": vote.judgement,
            "comment": kept,
        }
        try:
            async with self._engine.connect() as connection:
                recorded = (await connection.execute(_RECORD, given)).first()
        except (sa.exc.SQLAlchemyError, OSError) as error:
            raise DatabaseUnavailableError("a vote cannot be stored") from error
        if recorded is not None and recorded[0] != vote.judgement:
            FEEDBACK.labels(vote.key.helpdesk, vote.judgement).inc()
        return recorded is not None


def _masked(comment: str) -> str:
    """No ticket is at hand here, so names are not known: the page asks to leave them out."""
    return neutral(Masker([]).mask(plain(storable(comment), limit=MOST_CHARS)))
