"""Carries the simulators' webhooks to the service, as badly as the internet does: lost, doubled, late and in another order."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import httpx

from tests.chaos.evidence import Sent, TicketName

_TIMEOUT_S = 10.0
_AGAIN_S = 0.5


@dataclass(slots=True)
class Weather:
    """Shares of all webhooks. `resend`: those that are refused or not answered are sent again until they are taken."""

    lost: float = 0.0
    doubled: float = 0.0
    late: float = 0.0
    late_s: float = 0.0  # so that newer ones overtake them
    resend: bool = False


Reader = Callable[[httpx.Request], tuple[TicketName, bool]]
"""Says which ticket a webhook names, and whether it tells of what the service itself did."""


class Courier(httpx.AsyncBaseTransport):
    """The transport of a simulator's HTTP client: takes everything at once, so that no webhook waits for another one."""

    def __init__(self, read: Reader, *, seed: str) -> None:
        self.weather = Weather()
        self.sent: list[Sent] = []
        self.lost = 0
        self._read = read
        self._random = random.Random(seed)
        self._http = httpx.AsyncClient(timeout=_TIMEOUT_S, limits=httpx.Limits(max_keepalive_connections=0))
        self._under_way = set[asyncio.Task[None]]()

    @property
    def under_way(self) -> int:
        """Webhooks that have not arrived yet."""
        return len(self._under_way)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Take a webhook from the simulator, and bring it when and as often as the weather has it."""
        await request.aread()
        chance = self._random
        if chance.random() < self.weather.lost:
            self.lost += 1
            return httpx.Response(200)
        for _ in range(2 if chance.random() < self.weather.doubled else 1):
            wait_s = chance.uniform(0, self.weather.late_s) if chance.random() < self.weather.late else 0.0
            task = asyncio.create_task(self._bring(request, wait_s))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return httpx.Response(200)

    async def aclose(self) -> None:
        """Stop bringing."""
        for task in self._under_way:
            task.cancel()
        await self._http.aclose()

    def as_json(self) -> dict[str, Any]:
        """For the driver."""
        return {"sent": [asdict(one) for one in self.sent], "lost": self.lost, "under_way": self.under_way}

    async def _bring(self, request: httpx.Request, wait_s: float) -> None:
        await asyncio.sleep(wait_s)
        while not await self._brought(request) and self.weather.resend:
            await asyncio.sleep(_AGAIN_S)

    async def _brought(self, request: httpx.Request) -> bool:
        ticket, ours = self._read(request)
        began, status, said, error = time.time(), 0, "", ""
        try:
            answer = await self._http.request(
                request.method, request.url, content=request.content, headers=_own(request.headers)
            )
            status, said = answer.status_code, str(answer.json().get("detail", ""))
        except httpx.TransportError as problem:
            error = type(problem).__name__
        except ValueError:  # not JSON
            said = "?"
        self.sent.append(Sent(ticket, began, time.time(), status, said, error, ours))
        return 200 <= status < 300


def _own(headers: Mapping[str, str]) -> dict[str, str]:
    """The webhook's headers without those of its connection."""
    return {name: value for name, value in headers.items() if name not in ("host", "connection", "content-length")}
