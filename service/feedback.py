"""What an agent thinks of a note, as an address that proves itself: signed, expiring. Pure; keys and time are passed in."""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from service.ledger import TicketKey

Judgement = Literal["right", "wrong"]

VALID_FOR = timedelta(days=30)
"""An agent judges a note when the ticket is answered, or when the customer comes back."""

_TOKEN = re.compile(r"([1-9][0-9]{0,8})\.([a-z2-7]{16,800})\.([a-z2-7]{52})", re.ASCII)
_PURPOSE = b"deskpilot feedback 1:"  # a key signs nothing else, and nothing else is read as a vote


@dataclass(frozen=True, slots=True)
class Vote:
    """A judgement on one note."""

    key: TicketKey
    reference: str  # of the note, "DP-7K2QX"
    judgement: Judgement


def token_for(vote: Vote, *, key_id: int, key: bytes, expires_at: datetime) -> str:
    """The last part of the vote's address: key number, content, HMAC-SHA256 of both; in letters that no mail program breaks.

    expires_at: aware; to the second.
    """
    about = vote.key
    content = [
        about.helpdesk,
        about.account,
        about.ticket_id,
        vote.reference,
        vote.judgement,
        int(expires_at.timestamp()),
    ]
    signed = f"{key_id}.{_letters(json.dumps(content, separators=(',', ':')).encode())}"
    return f"{signed}.{_mac(signed, key)}"


def vote_in(token: str, *, keys: Mapping[int, bytes], now: datetime) -> Vote | None:
    """The vote that one of `keys` signed and that has not expired; None for anything else. Never raises.

    The signature is compared as it is spelt, not decoded: of a valid token there is no second spelling.
    """
    parts = _TOKEN.fullmatch(token)
    key = keys.get(int(parts[1])) if parts else None
    if parts is None or key is None:
        return None
    if not hmac.compare_digest(_mac(f"{parts[1]}.{parts[2]}", key), parts[3]):
        return None
    # what is read from here on we have written ourselves
    helpdesk, account, ticket_id, reference, judgement, expires = json.loads(_bytes(parts[2]))
    if now.timestamp() >= expires:
        return None
    return Vote(TicketKey(helpdesk, account, ticket_id), reference, judgement)


def key_of(token: str) -> int | None:
    """The number of the key that a token says signed it; None where it is none."""
    parts = _TOKEN.fullmatch(token)
    return int(parts[1]) if parts else None


def _mac(signed: str, key: bytes) -> str:
    return _letters(hmac.digest(key, _PURPOSE + signed.encode(), "sha256"))


def _letters(content: bytes) -> str:
    """Base32 in lower case without padding: no character that ends an address, marks up a text or means a note's reference."""
    return base64.b32encode(content).decode().rstrip("=").lower()


def _bytes(letters: str) -> bytes:
    return base64.b32decode(letters.upper() + "=" * (-len(letters) % 8))
