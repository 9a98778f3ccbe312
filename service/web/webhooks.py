"""The way in for webhooks: verify the raw bytes, store one row, answer. Nothing else happens in a request."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from connectors import WEBHOOKS
from connectors.base import Delivery, Event, ForgedError, UnreadableError
from service.errors import DatabaseUnavailableError
from service.inbox import Inbox
from service.metrics import DELIVERIES

log = structlog.get_logger()

LARGEST_BYTES = 1024 * 1024
"""Zendesk sends at most 256 KB, Freshdesk names no limit."""


class _TooLargeError(Exception):
    """More than LARGEST_BYTES."""


_REFUSALS: dict[type[Exception], tuple[int, str]] = {
    _TooLargeError: (413, f"the body is larger than {LARGEST_BYTES} bytes"),
    ForgedError: (401, "the signature or secret is wrong or missing"),
    UnreadableError: (400, "this is not a body that the helpdesk documents"),
    DatabaseUnavailableError: (503, "not stored: send it again"),
}


def router(inbox: Inbox, secrets: dict[str, tuple[str, ...]]) -> APIRouter:
    """Routes for the helpdesks that are on. secrets: accepted webhook secrets by helpdesk."""
    routes = APIRouter(prefix="/webhooks", tags=["webhooks"])

    async def receive(request: Request, helpdesk: str, path_secret: str = "") -> JSONResponse:
        if helpdesk not in secrets:
            return _answer(helpdesk, 404, "this helpdesk is off: set its url to turn it on")
        try:
            delivery = Delivery(headers=dict(request.headers), body=await _body(request), path_secret=path_secret)
            event = WEBHOOKS[helpdesk].accept(delivery, secrets=secrets[helpdesk], now=datetime.now(UTC))
            return _answer(helpdesk, 200, await _stored(inbox, helpdesk, event))
        except tuple(_REFUSALS) as error:
            status, text = _REFUSALS[type(error)]
            log.warning("webhook refused", helpdesk=helpdesk, status=status, reason=str(error))
            return _answer(helpdesk, status, text)

    @routes.post("/{helpdesk}")
    async def signed(request: Request, helpdesk: str) -> JSONResponse:
        """A webhook whose secret stands in a header."""
        return await receive(request, helpdesk)

    @routes.post("/{helpdesk}/{secret}")
    async def secret_in_path(request: Request, helpdesk: str, secret: str) -> JSONResponse:
        """A webhook whose secret stands in the path, for a helpdesk that can set no header."""
        return await receive(request, helpdesk, secret)

    return routes


async def _stored(inbox: Inbox, helpdesk: str, event: Event) -> str:
    """Make an event durable, unless it is not for us; returns what was done with it."""
    if event.kind == "ignored":
        return "ignored"
    if event.kind == "poll":
        log.warning("webhook cannot be read: polling its account instead", helpdesk=helpdesk, what=event.what)
    await inbox.put(helpdesk, event)
    return "accepted"


async def _body(request: Request) -> bytes:
    """The raw bytes; stops reading at the limit, whatever Content-Length says."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > LARGEST_BYTES:
        raise _TooLargeError
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST_BYTES:
            raise _TooLargeError
        parts.append(part)
    return b"".join(parts)


def _answer(helpdesk: str, status: int, text: str) -> JSONResponse:
    known = helpdesk if helpdesk in WEBHOOKS else "unknown"
    DELIVERIES.labels(known, text if status == 200 else str(status)).inc()
    # Zendesk sends again after 503 only when the wait is short
    headers = {"Retry-After": "5"} if status == 503 else None
    return JSONResponse({"detail": text}, status_code=status, headers=headers)
