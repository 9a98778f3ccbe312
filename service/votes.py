"""Agents' votes on notes, and the keys of their links: both in the database, so that nothing has to be set and all replicas agree."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime

import sqlalchemy as sa

from service.ballot import ballot
from service.database import Database, feedback_keys, storable
from service.errors import DatabaseUnavailableError
from service.feedback import VALID_FOR, Judgement, Vote, key_of, token_for, vote_in
from service.ledger import TicketKey
from service.masking import Masker, neutral
from service.metrics import FEEDBACK
from service.plaintext import plain

MOST_CHARS = 500
"""Of a comment."""

PATH = "/feedback/"

_KEY_BYTES = 32
_SIGNS_DAYS = 30  # then a new key signs; the old one is good for as long as a link that it signed
_GOOD_DAYS = _SIGNS_DAYS + VALID_FOR.days + 1
_ASKED_AGAIN_S = 1.0  # after a key that is not known: another replica may just have made it, or a stranger made it up

_MAKE = sa.text("""
    INSERT INTO feedback_keys (key) SELECT :key
    WHERE NOT EXISTS (SELECT FROM feedback_keys WHERE made_at > now() - make_interval(days => :days))
""")
_FORGET = sa.text("DELETE FROM feedback_keys WHERE made_at < now() - make_interval(days => :days)")
_KEYS = sa.select(feedback_keys.c.id, feedback_keys.c.key)

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
        self._keys: Mapping[int, bytes] = {}
        self._asked_at = 0.0

    async def renew(self) -> None:
        """Make a new key where the newest is old, forget those that signed nothing that is still good, and read them."""
        async with self._engine.connect() as connection:
            await connection.execute(_FORGET, {"days": _GOOD_DAYS})
            await connection.execute(_MAKE, {"key": secrets.token_bytes(_KEY_BYTES), "days": _SIGNS_DAYS})
        await self._read_keys()

    def links(self, key: TicketKey, reference: str, *, language: str) -> tuple[tuple[str, str], ...]:
        """(word, address) of each judgement on a note, in the team's language; none where nobody could open them."""
        if not self._public_url or not self._keys:
            return ()
        newest, expires_at, words = max(self._keys), datetime.now(UTC) + VALID_FOR, ballot(language)

        def address(judgement: Judgement) -> str:
            vote = Vote(key, reference, judgement)
            token = token_for(vote, key_id=newest, key=self._keys[newest], expires_at=expires_at)
            return f"{self._public_url}{PATH}{token}"

        return (words.right, address("right")), (words.wrong, address("wrong"))

    async def read(self, token: str) -> Vote | None:
        """The vote that a token stands for; None for one that is forged or has expired. Raises DatabaseUnavailableError."""
        key_id = key_of(token)
        if key_id is not None and key_id not in self._keys and time.monotonic() - self._asked_at > _ASKED_AGAIN_S:
            try:
                await self._read_keys()
            except (sa.exc.SQLAlchemyError, OSError) as error:
                raise DatabaseUnavailableError("the keys of votes cannot be read") from error
        return vote_in(token, keys=self._keys, now=datetime.now(UTC))

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

    async def _read_keys(self) -> None:
        self._asked_at = time.monotonic()
        async with self._engine.connect() as connection:
            self._keys = {number: bytes(key) for number, key in await connection.execute(_KEYS)}


def _masked(comment: str) -> str:
    """No ticket is at hand here, so names are not known: the page asks to leave them out."""
    return neutral(Masker([]).mask(plain(storable(comment), limit=MOST_CHARS)))
