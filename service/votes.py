"""Agents' votes on notes, and the links that they are cast by."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Literal

import sqlalchemy as sa

from service.ballot import ballot
from service.database import Database, storable
from service.errors import DatabaseUnavailableError
from service.feedback import VALID_FOR, Judgement, Remarks, Vote, token_for, vote_in
from service.keys import Keys
from service.ledger import TicketKey
from service.masking import Masker, neutral
from service.metrics import FEEDBACK
from service.plaintext import clip, plain
from service.seals import key_of

MOST_CHARS = 500
"""Of a comment."""

MOST_ANSWER_CHARS = 4_000
"""Of the answer that would have been right: as long as a long reply."""

PATH = "/feedback/"

NO_REMARKS = Remarks()

_READ_CHARS = 20_000

_NOTE = "(helpdesk, account, ticket_id, reference) = (:helpdesk, :account, :ticket_id, :reference)"

# Only of a note that the ledger still knows: what was forgotten does not come back by a vote on it. The same vote again adds
# what it left out the first time and changes nothing that it said; another one takes its place, unless it is older.
_RECORD = sa.text(f"""
    WITH before AS (SELECT judgement FROM feedback WHERE {_NOTE}),
    kept AS (
        INSERT INTO feedback AS known (helpdesk, account, ticket_id, reference, judgement, comment, reason, answer, came, at)
        SELECT helpdesk, account, ticket_id, reference, :judgement, :comment, :reason, :answer, :came, coalesce(CAST(:at AS timestamptz), now())
        FROM drafts WHERE {_NOTE} LIMIT 1
        ON CONFLICT (helpdesk, account, ticket_id, reference) DO UPDATE SET
            judgement = excluded.judgement, came = excluded.came, at = excluded.at, heard_at = NULL,
            comment = CASE WHEN known.judgement = excluded.judgement AND known.comment <> '' THEN known.comment ELSE excluded.comment END,
            reason = CASE WHEN known.judgement = excluded.judgement AND known.reason <> '' THEN known.reason ELSE excluded.reason END,
            answer = CASE WHEN known.judgement = excluded.judgement AND known.answer <> '' THEN known.answer ELSE excluded.answer END
        WHERE known.at < excluded.at AND (known.judgement <> excluded.judgement
            OR (known.comment = '' AND excluded.comment <> '') OR (known.reason = '' AND excluded.reason <> '')
            OR (known.answer = '' AND excluded.answer <> ''))
        RETURNING judgement
    )
    SELECT EXISTS (SELECT FROM drafts WHERE {_NOTE}), (SELECT judgement FROM before), (SELECT judgement FROM kept)
""")  # noqa: S608 - a constant of this file

Recorded = Literal["gone", "known", "kept"]
"""`gone`: the note is not known any more. `known`: this was said before, and nothing new. `kept`: a vote, or more of one."""


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

    async def record(
        self,
        vote: Vote,
        remarks: Remarks = NO_REMARKS,
        *,
        masker: Masker | None = None,
        at: datetime | None = None,
    ) -> Recorded:
        """Keep a vote, in place of another judgement on the same note; the same one again only adds what was left out.

        remarks: kept masked for good, and cut to MOST_CHARS and MOST_ANSWER_CHARS. masker: of the ticket, where it is at hand.
        at: when a note of the helpdesk said so; None: now, by a link. Raises DatabaseUnavailableError.
        """
        own = masker or Masker([])
        comment = await asyncio.to_thread(_masked, remarks.comment, own, limit=MOST_CHARS)
        answer = await asyncio.to_thread(_masked, remarks.answer, own, limit=MOST_ANSWER_CHARS)
        given = {
            "comment": comment,
            "reason": remarks.reason,
            "answer": answer,
            "came": "note" if at else "link",
            "at": at,
            "helpdesk": vote.key.helpdesk,
            "account": vote.key.account,
            "ticket_id": vote.key.ticket_id,
            "reference": vote.reference,
            "judgement": vote.judgement,
        }
        try:
            async with self._engine.connect() as connection:
                there, before, kept = (await connection.execute(_RECORD, given)).one()
        except (sa.exc.SQLAlchemyError, OSError) as error:
            raise DatabaseUnavailableError("a vote cannot be stored") from error
        if kept and before != vote.judgement:
            FEEDBACK.labels(vote.key.helpdesk, vote.judgement).inc()
        return "kept" if kept else "known" if there else "gone"


def _masked(text: str, masker: Masker, *, limit: int) -> str:
    """Behind a link no ticket is at hand, so names are not known: the page asks to leave them out."""
    return clip(
        neutral(masker.mask(plain(storable(text), limit=_READ_CHARS))), limit=limit
    )  # cut last: half a number is recognised by no mask
