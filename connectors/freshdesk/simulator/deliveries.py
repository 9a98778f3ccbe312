"""Webhooks on their way: sent at once, sent again as one of the vendor's three texts says, lost, late or doubled."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from typing import Literal

import httpx

from connectors.freshdesk.simulator.clock import MovableClock
from connectors.freshdesk.simulator.options import Faults, Options
from connectors.simulated.limits import Bucket

Outcome = Literal["pending", "delivered", "failed", "lost", "dropped"]

_REMEMBERED = 2_000
_LATE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_GIVES_UP = timedelta(hours=24)

_PAUSES: Mapping[str, tuple[timedelta, ...]] = {
    "three_times": tuple(timedelta(minutes=minutes) for minutes in (5, 30, 60)),
    "half_hourly": (timedelta(minutes=30),) * 48,
    "next_hour": (),
}
"""How long after each failed attempt the next one comes."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try. `status` 0: no answer."""

    at: datetime
    status: int


@dataclass(slots=True)
class Delivery:
    """One webhook request and what became of it."""

    ticket_id: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    at: datetime
    outcome: Outcome = "pending"
    attempts: list[Attempt] = field(default_factory=list)


class Deliveries:
    """The account's outgoing webhooks. Without `http` they stay pending for ever."""

    def __init__(
        self, *, http: httpx.AsyncClient | None, clock: MovableClock, options: Options, faults: Faults, budget: Bucket
    ) -> None:
        self._http = http
        self._clock = clock
        self._options = options
        self._faults = faults
        self._budget = budget  # the API's: in `next_hour` webhooks are paid from it
        self._hourly = Bucket(options.webhooks_per_hour, _HOUR.total_seconds(), clock=clock)
        self._waiting: list[tuple[datetime, int, Delivery]] = []
        self._serial = count()
        self._sending: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.log: deque[Delivery] = deque(maxlen=_REMEMBERED)
        self.admin_mails: deque[str] = deque(maxlen=_REMEMBERED)

    def send(self, *, ticket_id: str, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Take one webhook; the answer of its receiver is not waited for."""
        copies = 2 if self._faults.spend("duplicated_deliveries") else 1
        late = _LATE if self._faults.spend("late_deliveries") else timedelta()
        lost = self._faults.spend("lost_deliveries")
        now = self._clock()
        for _ in range(copies):
            delivery = Delivery(ticket_id, url, headers, body, now, outcome="lost" if lost else "pending")
            self.log.append(delivery)
            if not lost:
                self._wait(delivery, until=now + late)
        self._wake()

    async def settle(self) -> None:
        """Wait until everything that is due has been sent. Raises what a receiver in this process raised."""
        while (sending := self._wake()) is not None:
            await asyncio.shield(sending)

    async def advance(self, seconds: float) -> None:
        """Put the clock forward, stopping to send whatever becomes due on the way."""
        until = self._clock() + timedelta(seconds=seconds)
        await self.settle()
        while self._http is not None and self._waiting and self._waiting[0][0] <= until:
            self._clock.move_to(self._waiting[0][0])
            await self.settle()
        self._clock.move_to(until)

    def _wait(self, delivery: Delivery, *, until: datetime) -> None:
        heappush(self._waiting, (until, next(self._serial), delivery))

    def _due(self) -> bool:
        return bool(self._waiting) and self._waiting[0][0] <= self._clock()

    def _wake(self) -> asyncio.Task[None] | None:
        """Who sends what is due; None: nothing is, and a timer looks again when something will be."""
        if self._http is None:
            return None
        if self._sending is not None and not self._sending.done():
            return self._sending
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._due():
            self._sending = asyncio.create_task(self._send_due(self._http))
            return self._sending
        if self._waiting:
            delay_s = self._clock.real_seconds_until(self._waiting[0][0])
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._wake)
        return None

    async def _send_due(self, http: httpx.AsyncClient) -> None:
        while self._due():
            _, _, delivery = heappop(self._waiting)
            if not self._postponed(delivery):
                await self._attempt(http, delivery)
        # the next look must come after this task is done
        asyncio.get_running_loop().call_soon(self._wake)

    def _postponed(self, delivery: Delivery) -> bool:
        """True where this hour's webhooks are used up: the delivery waits for the next hour, or is dropped."""
        bucket = {"half_hourly": self._hourly, "next_hour": self._budget}.get(self._options.retries)
        if bucket is None or bucket.take().allowed:
            return False
        now = self._clock()
        if now - delivery.at >= _GIVES_UP:
            delivery.outcome = "dropped"
            self.admin_mails.append(
                f"Webhook for ticket {delivery.ticket_id} was dropped: too many webhooks for 24 hours."
            )
        else:
            self._wait(delivery, until=now.replace(minute=0, second=0, microsecond=0) + _HOUR)
        return True

    async def _attempt(self, http: httpx.AsyncClient, delivery: Delivery) -> None:
        try:
            response = await http.post(
                delivery.url,
                content=delivery.body,
                headers=delivery.headers,
                timeout=self._options.webhook_timeout_s,
                follow_redirects=False,
            )
            status = response.status_code
        except httpx.RequestError:
            status = 0
        now = self._clock()
        delivery.attempts.append(Attempt(now, status))
        if 200 <= status < 300:
            delivery.outcome = "delivered"
            return
        pauses = _PAUSES[self._options.retries]
        if len(delivery.attempts) <= len(pauses):
            self._wait(delivery, until=now + pauses[len(delivery.attempts) - 1])
            return
        delivery.outcome = "failed"
        self.admin_mails.append(f"Webhook for ticket {delivery.ticket_id} failed {len(delivery.attempts)} times.")
