"""The way in for webhooks: verify the raw bytes, store one row, answer. Nothing else happens in a request."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from connectors import WEBHOOKS
from connectors.base import Delivery, Event, ForgedError, UnreadableError
from service.errors import DatabaseUnavailableError
from service.inbox import Inbox
from service.metrics import DELIVERIES
from service.spans import Tracer, current
from service.steps import stage_over

log = structlog.get_logger()

LARGEST_BYTES = 1024 * 1024
"""Zendesk sends at most 256 KB, Freshdesk names no limit."""

_SMALL_BYTES = 64 * 1024
_LARGE_AT_ONCE = 4
"""Bodies beyond the small ones are read so many at a time: anybody may begin to send one, and nobody is to fill our memory."""

_PREFIX = "/webhooks/"
_KIND = re.compile(r"(?:note_type|reply_sent|ticket_action):[a-z_]{1,40}\b|[a-z_.]{1,40}(?=:|\Z)")
"""What of an event's name may leave us in a span: of a changed field, Freshdesk tells the old and the new text, too."""


class _TooLargeError(Exception):
    """More than LARGEST_BYTES."""


class _GoneError(Exception):
    """The sender hung up before its body was whole; nobody waits for an answer."""


_REFUSALS: dict[type[Exception], tuple[int, str]] = {
    _TooLargeError: (413, f"the body is larger than {LARGEST_BYTES} bytes"),
    ForgedError: (401, "the signature or secret is wrong or missing"),
    UnreadableError: (400, "this is not a body that the helpdesk documents"),
    DatabaseUnavailableError: (503, "not stored: send it again"),
}

_MORE_HEADERS = {
    405: [(b"allow", b"POST")],
    503: [(b"retry-after", b"5")],  # Zendesk sends again after 503 only when the wait is short
}


class Webhooks:
    """Answers below /webhooks/ and hands everything else on: `POST /webhooks/{helpdesk}[/{secret}]`.

    A secret in the path is for a helpdesk that can set no header. Bare ASGI in front of the application: its routing
    and its reading of parameters cost more time than all that is done here.
    """

    def __init__(
        self, app: ASGIApp, *, inbox: Inbox, secrets: Mapping[str, tuple[str, ...]], tracer: Tracer | None = None
    ) -> None:
        """secrets: accepted webhook secrets by helpdesk, for those that are on. tracer: where spans go; None: nowhere."""
        self._app = app
        self._inbox = inbox
        self._secrets = secrets
        self._large = asyncio.Semaphore(_LARGE_AT_ONCE)
        self._tracer = tracer or Tracer()
        for helpdesk, result in itertools.product(secrets, ("accepted", "401")):
            DELIVERIES.labels(
                helpdesk, result
            )  # from its start, so that the first one is an increase, and its lack a missing process

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on."""
        if scope["type"] != "http" or not scope["path"].startswith(_PREFIX):
            await self._app(scope, receive, send)
            return
        helpdesk, _, path_secret = scope["path"].removeprefix(_PREFIX).partition("/")
        known = helpdesk if helpdesk in WEBHOOKS else "unknown"
        try:
            with self._tracer.begin("receive", kind="server", observe=stage_over) as span:
                span.tell({"helpdesk": known})
                sink, span.sink = span.sink, None  # anybody can have himself refused: sent is the helpdesks' own
                status, said = await self._received(helpdesk, path_secret, scope, receive)
                if status == 200:
                    span.sink = sink
        except _GoneError:
            return
        DELIVERIES.labels(known, said if status == 200 else str(status)).inc()
        await _answer(send, status, said)

    async def _received(self, helpdesk: str, path_secret: str, scope: Scope, receive: Receive) -> tuple[int, str]:
        """Status, and what was done or is wrong."""
        if helpdesk not in self._secrets:
            return 404, "this helpdesk is off: set its url to turn it on"
        if scope["method"] != "POST":
            return 405, "webhooks are sent with POST"
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(scope["headers"])}
        try:
            delivery = Delivery(headers=headers, body=await self._body(headers, receive), path_secret=path_secret)
            event = WEBHOOKS[helpdesk].accept(delivery, secrets=self._secrets[helpdesk], now=datetime.now(UTC))
            return 200, await self._stored(helpdesk, event)
        except tuple(_REFUSALS) as error:
            status, text = _REFUSALS[type(error)]
            log.warning("webhook refused", helpdesk=helpdesk, status=status, reason=str(error))
            return status, text

    async def _body(self, headers: dict[str, str], receive: Receive) -> bytes:
        """The raw bytes; stops reading at the limit, whatever Content-Length says."""
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > LARGEST_BYTES:
            raise _TooLargeError
        parts: list[bytes] = []
        if await _read(receive, parts, upto=_SMALL_BYTES):
            async with self._large:
                await _read(receive, parts, upto=LARGEST_BYTES + 1)
        return b"".join(parts)

    async def _stored(self, helpdesk: str, event: Event) -> str:
        """Make an event durable, unless it is not for us; returns what was done with it."""
        if event.kind == "ignored":
            return "ignored"
        if event.kind == "poll":
            log.warning("webhook cannot be read: polling its account instead", helpdesk=helpdesk, what=event.what)
        span = current()
        if span:
            span.tell(
                {
                    "ticket.id": event.ticket_id,
                    "webhook.what": kind[0] if (kind := _KIND.match(event.what)) else "other",
                }
            )
        await self._inbox.put(helpdesk, event, trace=str(span.place) if span else "")
        return "accepted"


async def _read(receive: Receive, parts: list[bytes], *, upto: int) -> bool:
    """Read on until the body is whole (False) or has `upto` bytes (True); `parts` gets what came."""
    size = sum(map(len, parts))
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _GoneError
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LARGEST_BYTES:
            raise _TooLargeError
        if not message.get("more_body", False):
            return False
        if size >= upto:
            return True


async def _answer(send: Send, status: int, text: str) -> None:
    content = json.dumps({"detail": text}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]
    headers += _MORE_HEADERS.get(status, [])
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
