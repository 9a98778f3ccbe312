"""A few words that prove themselves: signed with one of our keys, in letters that no mail program breaks. Pure; keys are passed in."""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Mapping, Sequence

Content = Sequence[str | int]

_TOKEN = re.compile(r"([1-9][0-9]{0,8})\.([a-z2-7]{16,800})\.([a-z2-7]{52})", re.ASCII)


def sealed(content: Content, *, purpose: bytes, key_id: int, key: bytes) -> str:
    """Key number, content, HMAC-SHA256 of both. purpose: what is sealed for one thing is never read as another."""
    signed = f"{key_id}.{_letters(json.dumps(content, separators=(',', ':')).encode())}"
    return f"{signed}.{_mac(signed, purpose, key)}"


def unsealed(token: str, *, purpose: bytes, keys: Mapping[int, bytes]) -> list[str | int] | None:
    """The content that one of `keys` signed for this purpose; None for anything else. Never raises.

    The signature is compared as it is spelt, not decoded: of a valid token there is no second spelling.
    """
    parts = _TOKEN.fullmatch(token)
    key = keys.get(int(parts[1])) if parts else None
    if parts is None or key is None:
        return None
    if not hmac.compare_digest(_mac(f"{parts[1]}.{parts[2]}", purpose, key), parts[3]):
        return None
    # what is read from here on we have written ourselves
    content: list[str | int] = json.loads(base64.b32decode(parts[2].upper() + "=" * (-len(parts[2]) % 8)))
    return content


def key_of(token: str) -> int | None:
    """The number of the key that a token says signed it; None where it is none."""
    parts = _TOKEN.fullmatch(token)
    return int(parts[1]) if parts else None


def _mac(signed: str, purpose: bytes, key: bytes) -> str:
    return _letters(hmac.digest(key, purpose + signed.encode(), "sha256"))


def _letters(content: bytes) -> str:
    """Base32 in lower case without padding: no character that ends an address, marks up a text or means a note's reference."""
    return base64.b32encode(content).decode().rstrip("=").lower()
