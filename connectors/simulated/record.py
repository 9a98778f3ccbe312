"""What a simulator remembers of the API requests it received, so that a test or the demo can read them afterwards."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connectors.simulated.clock import Clock, now_utc

REMEMBERED = 2_000
"""Requests kept: more than any test makes, little enough for a demo that runs for days."""


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One API request and the status of its answer (0: the answer never left)."""

    method: str
    path: str
    body: Any  # parsed JSON; None where there was none or it could not be read
    status: int
    user_agent: str = ""
    query: str = ""
    at: datetime | None = None


class RequestLog:
    """The newest requests, oldest first. Behaves like a list that forgets."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._records: deque[RequestRecord] = deque(maxlen=remembered)

    def add(self, record: RequestRecord) -> None:
        """Remember one more; the oldest goes when there are too many."""
        self._records.append(record)

    def clear(self) -> None:
        """Forget all."""
        self._records.clear()

    def __iter__(self) -> Iterator[RequestRecord]:
        return iter(tuple(self._records))

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, index: int) -> RequestRecord:
        return self._records[index]


class Recording:
    """ASGI middleware: notes every request below one of `prefixes`. Use: `app.add_middleware(Recording, log=..., prefixes=("/api/",))`."""

    def __init__(self, app: ASGIApp, *, log: RequestLog, prefixes: tuple[str, ...], clock: Clock = now_utc) -> None:
        self._app = app
        self._log = log
        self._prefixes = prefixes
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and note what was asked and answered."""
        if scope["type"] != "http" or not scope["path"].startswith(self._prefixes):
            await self._app(scope, receive, send)
            return
        body = await Request(scope, receive).body()
        status, answered = 0, False

        async def send_and_look(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, replayed(body, receive), send_and_look)
            answered = True
        finally:
            self._log.add(_record(scope, body=body, status=status if answered else 0, at=self._clock()))


def replayed(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives `body` once more, then what the server has to say (a disconnect)."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return pending.pop() if pending else await receive()

    return again


def _record(scope: Scope, *, body: bytes, status: int, at: datetime) -> RequestRecord:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    return RequestRecord(
        method=scope["method"],
        path=scope["path"],
        body=_parsed(body),
        status=status,
        user_agent=headers.get("user-agent", ""),
        query=scope["query_string"].decode("latin-1"),
        at=at,
    )


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body) if body else None
    except ValueError:  # UnicodeDecodeError is one, too
        return None
