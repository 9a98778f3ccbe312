"""Freshdesk's webhooks: an automation rule's "Trigger Webhook". They are not signed, carry no id and may be late.

So a shared secret is all there is: as password of "Requires authentication", as a custom header, or as the last part of
the address. The body is a hint that names a ticket; nothing else in it is believed. Rules run on tickets alone: nothing tells of
articles, whose changes are found by reading them all.
Source: https://support.freshdesk.com/support/solutions/articles/132589
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from urllib.parse import parse_qsl

from connectors.base import Delivery, Event, ForgedError, UnreadableError
from connectors.unambiguous import AmbiguousError, once, read_json

SHORTEST_SECRET = 16
"""Characters. Nothing else proves a delivery, and anybody may try."""

_TICKET_ID = re.compile(r"#?0*([1-9][0-9]{0,18})")
_FORM_FIELD = re.compile(r"(?:freshdesk_webhook\[)?(\w+)\]?")
_MOST_FIELDS = 200
_WHAT_CHARS = 80


def accept(delivery: Delivery, *, secrets: Sequence[str], now: datetime) -> Event:  # noqa: ARG001 (nothing is dated)
    """Check the secret, then read which ticket changed. Raises ForgedError (first), UnreadableError, nothing else.

    Read are Simple content ({"freshdesk_webhook": {...}}) and Advanced content ({"ticket_id": "6541", ...}), as JSON or
    as a form. Inserted text may break the JSON (whether Freshdesk escapes it is unknown): then `kind` is "poll". So it
    is where the body names a ticket twice: one of the two may be a stranger's words.
    """
    if not _proven(delivery, secrets=secrets):
        raise ForgedError(
            "the Freshdesk webhook carries none of our secrets (Basic password, X-Webhook-Secret, or path)"
        )
    text = delivery.body.decode("utf-8", "replace").strip("\ufeff \t\r\n")
    try:
        if text.startswith("{"):
            return _event(read_json(text))
        if "=" in text and not text.startswith("<"):
            return _event(_form(text))
    except AmbiguousError:
        return Event(kind="poll", what="ambiguous")
    except (ValueError, RecursionError):
        return Event(kind="poll", what="unreadable")
    raise UnreadableError("the Freshdesk webhook is not JSON: set its encoding to JSON in the automation rule")


def refuse(secrets: Sequence[str]) -> Sequence[str]:
    """One sentence per secret that must not be used, by its place in the list; empty when all are fine."""
    return [
        f"Freshdesk webhook secret {number} is {'blank' if not secret.strip() else 'too short'}: "
        f"use at least {SHORTEST_SECRET} random characters, nothing else protects the address."
        for number, secret in enumerate(secrets, start=1)
        if len(secret.strip()) < SHORTEST_SECRET
    ]


def _proven(delivery: Delivery, *, secrets: Sequence[str]) -> bool:
    """Compare all that was given with all that is ours, without stopping early; digests make every length alike."""
    expected = [
        hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest() for secret in secrets if secret.strip()
    ]
    proven = False
    for given in _given(delivery):
        digest = hashlib.sha256(given).digest()
        for secret in expected:
            proven |= hmac.compare_digest(digest, secret)
    return proven


def _given(delivery: Delivery) -> Iterator[bytes]:
    """Everything in a delivery that may be the secret. Header text is what the bytes on the wire are in latin-1."""
    yield delivery.path_secret.encode("utf-8", "surrogatepass")
    yield _wire_bytes(delivery.headers.get("x-webhook-secret", "").strip())
    scheme, _, value = delivery.headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer":
        yield _wire_bytes(value.strip())
    if scheme.lower() == "basic":
        try:
            pair = base64.b64decode(value.strip(), validate=True)
        except ValueError:
            return
        user, _, password = pair.partition(b":")
        yield password
        if password in (b"", b"X"):  # "Authenticate with API key" sends it as the user's name (unconfirmed)
            yield user


def _wire_bytes(header: str) -> bytes:
    try:
        return header.encode("latin-1")
    except UnicodeEncodeError:
        return header.encode("utf-8", "surrogatepass")


def _form(text: str) -> dict[str, object]:
    """Read a form-encoded body, of either spelling: freshdesk_webhook[ticket_id]=11 or ticket_id=11."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise UnreadableError(f"the Freshdesk webhook is a form of more than {_MOST_FIELDS} fields") from error
    return once((match[1], value) for name, value in pairs if (match := _FORM_FIELD.fullmatch(name)))


def _event(body: object) -> Event:
    outer = body if isinstance(body, dict) else {}
    inner = outer.get("freshdesk_webhook")
    if isinstance(inner, dict) and "ticket_id" in outer:
        raise AmbiguousError("a ticket is named in both of Freshdesk's ways")
    content = inner if isinstance(inner, dict) else outer
    given = content.get("ticket_id")
    match = _TICKET_ID.fullmatch(str(given).strip()) if isinstance(given, str | int) else None
    if not match:
        raise UnreadableError('the Freshdesk webhook names no ticket: its content needs "ticket_id": "{{ticket.id}}"')
    return Event(kind="ticket", ticket_id=match[1], what=_what(content.get("triggered_event") or content.get("event")))


def _what(triggered: object) -> str:
    """`{ticket_action:created}` -> `ticket_action:created`: Freshdesk's own notation, not JSON. For the log only."""
    text = triggered.strip() if isinstance(triggered, str) else ""
    if text.startswith("{") and text.endswith("}"):
        text = text[1:-1]
    return "".join(letter for letter in text if letter.isprintable())[:_WHAT_CHARS] or "webhook"
