"""The way in for webhooks: verify the raw bytes, store one row, answer. Nothing else happens in a request."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from connectors import WEBHOOKS
from connectors.base import Delivery, ForgedError, UnreadableError
from service.errors import DatabaseUnavailableError
from service.inbox import Inbox
from service.metrics import DELIVERIES

log = structlog.get_logger()

LARGEST_BYTES = 1024 * 1024
"""Zendesk sends at most 256 KB, Freshdesk names no limit."""

_RETRY_AFTER_S = "5"  # Zendesk tries again only when the wait is short


class _TooLargeError(Exception):
    pass


def router(inbox: Inbox, secrets: dict[str, tuple[str, ...]]) -> APIRouter:
    """Routes for the helpdesks that are on. secrets: accepted webhook secrets by helpdesk."""
    routes = APIRouter(prefix="/webhooks", tags=["webhooks"])

    async def receive(request: Request, helpdesk: str, path_secret: str = "") -> JSONResponse:
        if helpdesk not in secrets:
            return _answer(helpdesk, 404, "this helpdesk is off: set its url to turn it on")
        try:
            delivery = Delivery(headers=dict(request.headers), body=await _body(request), path_secret=path_secret)
            event = WEBHOOKS[helpdesk].accept(delivery, secrets=secrets[helpdesk], now=datetime.now(UTC))
        except _TooLargeError:
            return _answer(helpdesk, 413, f"the body is larger than {LARGEST_BYTES} bytes")
        except ForgedError as error:
            log.warning("webhook refused", helpdesk=helpdesk, reason=str(error))
            return _answer(helpdesk, 401, "the signature or secret is wrong or missing")
        except UnreadableError as error:
            log.warning("webhook not understood", helpdesk=helpdesk, reason=str(error))
            return _answer(helpdesk, 400, str(error))
        if event.kind == "ignored":
            return _answer(helpdesk, 200, "ignored")
        if event.kind == "poll":
            log.warning("webhook cannot be read: polling its account instead", helpdesk=helpdesk, what=event.what)
        try:
            await inbox.put(helpdesk, event)
        except DatabaseUnavailableError as error:
            log.error("webhook not stored: the sender is asked to send it again", reason=str(error))  # noqa: TRY400
            return _answer(helpdesk, 503, "not stored: send it again", {"Retry-After": _RETRY_AFTER_S})
        return _answer(helpdesk, 200, "accepted")

    @routes.post("/{helpdesk}")
    async def signed(request: Request, helpdesk: str) -> JSONResponse:
        """A webhook whose secret stands in a header."""
        return await receive(request, helpdesk)

    @routes.post("/{helpdesk}/{secret}")
    async def secret_in_path(request: Request, helpdesk: str, secret: str) -> JSONResponse:
        """A webhook whose secret stands in the path, for a helpdesk that can set no header."""
        return await receive(request, helpdesk, secret)

    return routes


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


def _answer(helpdesk: str, status: int, text: str, headers: dict[str, str] | None = None) -> JSONResponse:
    known = helpdesk if helpdesk in WEBHOOKS else "unknown"
    DELIVERIES.labels(known, text if status == 200 else str(status)).inc()
    return JSONResponse({"detail": text}, status_code=status, headers=headers)
