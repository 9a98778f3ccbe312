"""What an agent thinks of a note, as an address that proves itself: signed, expiring. Pure; keys and time are passed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from service.ledger import TicketKey
from service.seals import sealed, unsealed

Judgement = Literal["right", "wrong"]

Reason = Literal["", "facts", "outdated", "policy", "unasked", "hand_over", "tone"]
"""What was wrong: a fact, an article that is out of date, against the rules of the house, beside the question, a matter for a
person, how it was said. Empty: not said."""

REASONS: tuple[Reason, ...] = get_args(Reason)

VALID_FOR = timedelta(days=30)
"""An agent judges a note when the ticket is answered, or when the customer comes back."""

_PURPOSE = b"deskpilot feedback 1:"  # a key signs nothing else, and nothing else is read as a vote


@dataclass(frozen=True, slots=True)
class Remarks:
    """What an agent says beside a vote, as it came. answer: what would have been right."""

    comment: str = ""
    reason: Reason = ""
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Vote:
    """A judgement on one note."""

    key: TicketKey
    reference: str  # of the note, "DP-7K2QX"
    judgement: Judgement


def token_for(vote: Vote, *, key_id: int, key: bytes, expires_at: datetime) -> str:
    """The last part of the vote's address: see service/seals.py.

    expires_at: aware; to the second.
    """
    about = vote.key
    content: list[str | int] = [
        about.helpdesk,
        about.account,
        about.ticket_id,
        vote.reference,
        vote.judgement,
        int(expires_at.timestamp()),
    ]
    return sealed(content, purpose=_PURPOSE, key_id=key_id, key=key)


def vote_in(token: str, *, keys: Mapping[int, bytes], now: datetime) -> Vote | None:
    """The vote that one of `keys` signed and that has not expired; None for anything else. Never raises."""
    content: list[Any] | None = unsealed(token, purpose=_PURPOSE, keys=keys)
    if content is None:
        return None
    helpdesk, account, ticket_id, reference, judgement, expires = content
    if now.timestamp() >= expires:
        return None
    return Vote(TicketKey(helpdesk, account, ticket_id), reference, judgement)
