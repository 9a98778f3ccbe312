"""What a stand-in sees of the processes that ask it: who, for which ticket, from when to when; and how it holds an answer back."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connectors.simulated.record import replayed
from tests.chaos.evidence import Asked, Point, TicketName

_PID = re.compile(r"deskpilot/\S+ \([^;)]*; ?(?:pid )?(?P<pid>\d+)\)")


def pid_of(user_agent: str) -> int:
    """The worker's process, out of `deskpilot/1.0 (host; 4711)`; 0 where it does not say."""
    found = _PID.search(user_agent)
    return int(found["pid"]) if found else 0


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a request is about."""

    ticket: TicketName | None
    pid: int
    kind: str
    private: bool = True
    html: str = ""


@dataclass(slots=True)
class Flight:
    """A request under way. `held`: at which point it is kept waiting, until `released`."""

    meaning: Meaning
    start: float
    status: int = 0
    held: Point | None = None
    released: asyncio.Event = field(default_factory=asyncio.Event)


class Log:
    """All requests: those under way, and those that ended."""

    def __init__(self) -> None:
        self.flying: list[Flight] = []
        self.done: list[Asked] = []

    def land(self, flight: Flight, *, where: Any, note_id: str = "") -> None:
        """It is over."""
        self.flying.remove(flight)
        one, now = flight.meaning, time.time()
        self.done.append(
            Asked(
                one.ticket, one.pid, where, one.kind, flight.start, now, flight.status, one.private, note_id, one.html
            )
        )

    def as_json(self) -> dict[str, Any]:
        """For the driver."""
        flying = [
            {"ticket": asdict(one.meaning.ticket) if one.meaning.ticket else None, "pid": one.meaning.pid,
             "kind": one.meaning.kind, "held": one.held, "start": one.start}
            for one in self.flying
        ]  # fmt: skip
        return {"flying": flying, "done": [asdict(one) for one in self.done]}


class Holds:
    """Which tickets' requests are to be held back, and at which point. Each hold catches one request."""

    def __init__(self) -> None:
        self._points: dict[TicketName, Point] = {}
        self._looks: dict[tuple[TicketName, int], int] = {}

    def arm(self, ticket: TicketName, point: Point) -> None:
        """Hold the next fitting request of this ticket."""
        self._points[ticket] = point

    def disarm(self) -> None:
        """Hold nothing any more."""
        self._points.clear()

    def caught(self, meaning: Meaning) -> Point | None:
        """The point at which this request is to be held; None: let it go."""
        ticket, point = meaning.ticket, self._points.get(meaning.ticket) if meaning.ticket else None
        if ticket is None or point is None:
            return None
        if point == "between ledger and note":
            if meaning.kind != "ticket":
                return None
            key = (ticket, meaning.pid)
            self._looks[key] = self._looks.get(key, 0) + 1
            if self._looks[key] < 2:  # the first look is where the job begins
                return None
        elif meaning.kind != "note":
            return None
        del self._points[ticket]
        return point


class Watched:
    """ASGI middleware around a helpdesk: logs every request of its API, and holds back what is to be held."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        log: Log,
        holds: Holds,
        read: Callable[[Scope, Headers, bytes], Meaning],
        stored: Callable[[Meaning, bytes], str],
    ) -> None:
        self._app, self._log, self._holds = app, log, holds
        self._read, self._stored = read, stored

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let it pass, and remember it."""
        if scope["type"] != "http" or not scope["path"].startswith("/api/"):
            await self._app(scope, receive, send)
            return
        start = time.time()
        body = await Request(scope, receive).body()
        flight = Flight(self._read(scope, Headers(scope=scope), body), start)
        self._log.flying.append(flight)
        kept: list[Message] = []

        async def keep(message: Message) -> None:
            kept.append(message)

        note_id = ""
        try:
            point = self._holds.caught(flight.meaning)
            if point in ("before the note", "between ledger and note"):
                await self._hold(flight, point)  # whoever asked is dead by now: nothing of it is done
                await Response(status_code=503)(scope, receive, send)
                return
            await self._app(scope, replayed(body, receive), keep)
            flight.status = kept[0]["status"] if kept else 0
            answer = b"".join(message.get("body", b"") for message in kept[1:])
            if flight.meaning.kind == "note" and 200 <= flight.status < 300:
                note_id = self._stored(flight.meaning, answer)
            if point:
                await self._hold(flight, point)
            for message in kept:
                await send(message)
        finally:
            self._log.land(flight, where="helpdesk", note_id=note_id)

    async def _hold(self, flight: Flight, point: Point | None) -> None:
        flight.held = point
        await flight.released.wait()
