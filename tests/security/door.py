"""The way in for webhooks as a stranger meets it: raw ASGI, signed or not, and what it answered."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from fastapi import FastAPI
from starlette.types import ASGIApp, Message

from service.inbox import Inbox
from service.web.webhooks import Webhooks

SECRETS = {"zendesk": ("zd-secret-of-this-test-1",), "freshdesk": ("fd-secret-of-this-test-1",)}
EVENT = (
    b'{"type":"zen:event-type:ticket.created","id":"cbe4028c-7239-495d-b020-f22348516046",'
    b'"detail":{"id":"5158","status":"OPEN"},"event":{},"zendesk_event_version":"2022-11-06"}'
)
HINT = b'{"v":1,"ticket_id":"6541","event":"{ticket_action:created}"}'
SIGNATURE, TIMESTAMP = b"x-zendesk-webhook-signature", b"x-zendesk-webhook-signature-timestamp"

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Request:
    """One request, as a server hands it to an application."""

    path: str
    headers: Headers
    parts: Sequence[bytes]  # of the body, as they come in
    method: str = "POST"


@dataclass(slots=True)
class Answer:
    """What came back."""

    status: int = 0  # 0: nothing
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""


def door(inbox: Inbox, secrets: dict[str, tuple[str, ...]] | None = None) -> Webhooks:
    """A replica with these secrets."""
    return Webhooks(FastAPI(), inbox=inbox, secrets=SECRETS if secrets is None else secrets)


async def answer_of(app: ASGIApp, request: Request) -> Answer:
    """Send one request. What the application raises is an answer of 500, as a server would give it."""
    waiting = [
        {"type": "http.request", "body": part, "more_body": number < len(request.parts)}
        for number, part in enumerate(request.parts, start=1)
    ]
    answer = Answer()

    async def receive() -> Message:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status, answer.headers = message["status"], dict(message["headers"])
        else:
            answer.body += message.get("body", b"")

    path, _, query = request.path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode("utf-8", "surrogatepass"),
        "query_string": query.encode(),
        "root_path": "",
        "headers": list(request.headers),
        "server": ("deskpilot.test", 80),
        "client": ("192.0.2.1", 4711),
    }
    try:
        await app(scope, receive, send)
    except Exception:  # noqa: BLE001 - whatever it is, it is a defect
        answer.status = 500
    return answer


def stamped(after: timedelta = timedelta(0)) -> bytes:
    """Now, or so much later, as Zendesk writes it."""
    return (datetime.now(UTC) + after).strftime("%Y-%m-%dT%H:%M:%SZ").encode()


def mac(body: bytes, timestamp: bytes, *, secret: str = SECRETS["zendesk"][0]) -> bytes:
    """Zendesk's documented formula, computed apart from the product."""
    return base64.b64encode(hmac.digest(secret.encode(), timestamp + body, "sha256"))


def signed(body: bytes = EVENT, *, secret: str = SECRETS["zendesk"][0], after: timedelta = timedelta(0)) -> Request:
    """A delivery of Zendesk."""
    timestamp = stamped(after)
    headers = ((SIGNATURE, mac(body, timestamp, secret=secret)), (TIMESTAMP, timestamp))
    return Request("/webhooks/zendesk", headers, [body])


def shown(secret: str = SECRETS["freshdesk"][0], body: bytes = HINT) -> Request:
    """A delivery of Freshdesk."""
    return Request("/webhooks/freshdesk", ((b"x-webhook-secret", secret.encode()),), [body])
