"""A simulated account for tests: its API as an HTTP client, and somebody who receives its webhooks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx

from connectors.freshdesk.auth import ApiKey
from connectors.freshdesk.simulator import FreshdeskSimulator, Options
from connectors.http import Door
from connectors.setup import Call, Send
from connectors.simulated.clock import ManualClock

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)

ENDPOINT = "https://deskpilot.example/webhooks/freshdesk"


class Receiver:
    """Takes webhooks. Answers with `statuses` in turn, then with 202; 0 is a broken connection."""

    def __init__(self, *statuses: int) -> None:
        self.requests: list[httpx.Request] = []
        self._statuses = list(statuses)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one webhook."""
        self.requests.append(request)
        status = self._statuses.pop(0) if self._statuses else 202
        if not status:
            raise httpx.ConnectError("refused", request=request)
        return httpx.Response(status)


def new_desk(
    options: Options | None = None, *, receiver: Receiver | None = None, clock: ManualClock | None = None
) -> FreshdeskSimulator:
    """An account whose clock stands still at noon until `advance`."""
    http = httpx.AsyncClient(transport=httpx.MockTransport(receiver)) if receiver else None
    return FreshdeskSimulator(http=http, clock=clock or ManualClock(NOON), options=options)


@asynccontextmanager
async def api(desk: FreshdeskSimulator, *, key: str = "") -> AsyncIterator[httpx.AsyncClient]:
    """The account's API with a key, the right one unless given."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=desk.app),
        base_url=f"{desk.settings['url']}/api/v2",
        auth=(key or desk.settings["api_key"], "X"),
    ) as client:
        yield client


async def opened(desk: FreshdeskSimulator, *, text: str = "Where is my parcel?") -> str:
    """A ticket by Ana Ruiz; returns its id."""
    return await desk.open_ticket(name="Ana Ruiz", email="ana@customer.example", subject="Parcel", text=text)


def sending(desk: FreshdeskSimulator, http: httpx.AsyncClient) -> Send:
    """What makes the calls of set-up in earnest."""
    door = Door(http, base_url=desk.settings["url"], auth=ApiKey(desk.settings["api_key"]))

    async def send(call: Call) -> Mapping[str, Any]:
        answer = await door.call(call.method, call.path, json=dict(call.body) if call.body else None)
        return answer.body if isinstance(answer.body, dict) else {}

    return send
