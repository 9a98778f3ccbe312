"""A simulated account with a signed-in client and a receiver for its webhooks, all in one process."""

from __future__ import annotations

import base64
import hmac
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from connectors.simulated.clock import ManualClock
from connectors.zendesk.simulator import Options, ZendeskSimulator

ENDPOINT = "https://deskpilot.example/webhooks/zendesk"


@dataclass(slots=True)
class Receiver:
    """Takes webhooks and answers as told: the next of `answers`, then 200."""

    requests: list[httpx.Request] = field(default_factory=list)
    answers: Sequence[httpx.Response | type[httpx.TimeoutException]] = ()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one webhook."""
        self.requests.append(request)
        answer, self.answers = (self.answers[0], self.answers[1:]) if self.answers else (httpx.Response(200), ())
        if isinstance(answer, httpx.Response):
            return answer
        raise answer("too slow", request=request)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """The bodies that came, read."""
        return [httpx.Response(200, content=request.content).json() for request in self.requests]


@dataclass(slots=True)
class Twin:
    """What a test holds."""

    simulator: ZendeskSimulator
    clock: ManualClock
    api: httpx.AsyncClient  # below /api/v2, signed in
    receiver: Receiver

    async def ticket(self, **given: object) -> str:
        """A ticket by the customer Ana Marsh."""
        wanted = {
            "name": "Ana Marsh",
            "email": "ana@globex.example",
            "subject": "Parcel",
            "text": "Where is my parcel?",
        }
        return await self.simulator.open_ticket(**(wanted | given))  # type: ignore[arg-type]  # its tests name what fits

    async def stamp(self, ticket_id: str) -> str:
        """`updated_at` as the API gives it."""
        answer = await self.api.get(f"tickets/{ticket_id}")
        return str(answer.json()["ticket"]["updated_at"])

    async def write(self, ticket_id: str, comment: dict[str, Any] | None = None, **given: object) -> httpx.Response:
        """PUT a ticket; without more an internal note."""
        body = {"comment": comment or {"html_body": "<p>Draft</p>", "public": False}} | given
        return await self.api.put(f"tickets/{ticket_id}", json={"ticket": body})

    async def put(self, ticket_id: str, **given: object) -> httpx.Response:
        """PUT a ticket with these keys alone."""
        return await self.api.put(f"tickets/{ticket_id}", json={"ticket": given})


@asynccontextmanager
async def twin(options: Options | None = None) -> AsyncIterator[Twin]:
    """Start one on a clock that stands still at an ordinary morning."""
    clock, receiver = ManualClock(datetime(2026, 11, 20, 9, 30, 15, 250_000, tzinfo=UTC)), Receiver()
    async with httpx.AsyncClient(transport=httpx.MockTransport(receiver)) as http:
        simulator = ZendeskSimulator(http=http, clock=clock, options=options or Options(retry_wait_s=2.0))
        transport = httpx.ASGITransport(app=simulator.app)
        headers = {"Authorization": f"Bearer {simulator.token_settings['token']}"}
        base_url = f"{simulator.state.url}/api/v2/"
        async with httpx.AsyncClient(transport=transport, base_url=base_url, headers=headers) as api:
            yield Twin(simulator, clock, api, receiver)
        await simulator.close()


def expected_signature(request: httpx.Request, secret: str) -> str:
    """The signature by the documented formula, computed a second time here."""
    stamp = request.headers["x-zendesk-webhook-signature-timestamp"]
    mac = hmac.new(secret.encode(), stamp.encode() + request.content, "sha256")
    return base64.b64encode(mac.digest()).decode()
