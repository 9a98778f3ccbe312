"""Signatures over raw webhook bodies: pure, the time is passed in, nothing here raises over what a stranger sent."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Sequence
from datetime import datetime, timedelta

WINDOW = timedelta(seconds=300)
"""How far the signed time may lie from ours, both ways. Zendesk documents none; a retry is signed anew, so five
minutes cost no delivery and leave a replayed one little room."""

ZENDESK_TEST_SECRET = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="  # noqa: S105 - published by the vendor, never accepted
"""What Zendesk signs a webhook's test with before the webhook exists; anybody can read it on the page below."""

# The whole of it, in ASCII digits: there is no separator between time and body, so a looser pattern would let the
# boundary move under a valid signature. datetime alone would also take other digits and other spellings.
_ZENDESK_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z")


def zendesk_signature(*, body: bytes, timestamp: str, secret: str) -> str:
    """Base64 of HMAC-SHA256 over timestamp and raw body; the secret is used as text although it looks like base64.

    Source: https://developer.zendesk.com/documentation/webhooks/verifying/
    """
    key, signed = secret.encode("utf-8", "replace"), timestamp.encode("utf-8", "replace") + body
    return base64.b64encode(hmac.digest(key, signed, "sha256")).decode("ascii")


def signed_by_zendesk(*, body: bytes, signature: str, timestamp: str, secrets: Sequence[str], now: datetime) -> bool:
    """Say whether these raw bytes were signed with one of `secrets` within WINDOW of `now` (aware, passed in).

    Several secrets while a rotation lasts; a blank one and Zendesk's published test secret never match.
    Compared as text, not as decoded bytes: base64 has several spellings of the same bytes, a signature has one.
    """
    if not _fresh(timestamp, now=now):
        return False
    given = signature.encode("utf-8", "replace")
    return any(
        hmac.compare_digest(given, zendesk_signature(body=body, timestamp=timestamp, secret=secret).encode("ascii"))
        for secret in secrets
        if secret.strip() and secret != ZENDESK_TEST_SECRET
    )


def _fresh(timestamp: str, *, now: datetime) -> bool:
    if not _ZENDESK_TIME.fullmatch(timestamp):
        return False
    try:
        signed_at = datetime.fromisoformat(timestamp)
    except ValueError:  # the right digits, but no such day or hour
        return False
    return abs(now - signed_at) <= WINDOW
