"""What a request proves itself with, struck out of what its answer says: some vendors and gateways repeat the key in an error."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator

import httpx

_STRUCK = "***"
_SHORTEST = 6  # less is no secret, and may be a part of any word

_OF_CLIENTS = ("client_secret", "refresh_token")
"""In the body of a request for an access token."""


def without_credentials(text: str, request: httpx.Request) -> str:
    """The text without what the request carried to prove who sends it, however the answer repeats it."""
    for secret in sorted(_carried(request), key=len, reverse=True):
        text = text.replace(secret, _STRUCK)
    return text


def _carried(request: httpx.Request) -> Iterator[str]:
    header = request.headers.get("authorization", "")
    scheme, _, value = header.partition(" ")
    parts = [value]
    if scheme.lower() == "basic":
        parts += _decoded(value)
    if any(name.encode() in request.content for name in _OF_CLIENTS):
        parts += _of_client(request.content)
    yield from (part for part in parts if len(part) >= _SHORTEST)


def _decoded(value: str) -> list[str]:
    try:
        whole = base64.b64decode(value).decode()
    except (binascii.Error, UnicodeDecodeError):
        return []
    return [whole, *whole.split(":", 1)]


def _of_client(content: bytes) -> list[str]:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return []
    return [str(body[name]) for name in _OF_CLIENTS if body.get(name)] if isinstance(body, dict) else []
