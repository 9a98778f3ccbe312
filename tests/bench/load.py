"""A load generator that costs little: bare HTTP/1.1 over keep-alive connections, signed as Zendesk signs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

from tests.bench.processes import HOST
from tests.bench.story import event, signed

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length: "
_PACED_CONNECTIONS = 8  # open before the first request leaves; more are opened where answers take long
_MOST_CONNECTIONS = 256

Request = Callable[[], bytes]


@dataclass(slots=True)
class Deliveries:
    """Webhooks of distinct tickets, whole requests as they go onto the wire."""

    secret: str
    path: str = "/webhooks/zendesk"
    made: int = 0

    def next(self) -> bytes:
        """A delivery about a ticket that no other delivery is about."""
        self.made += 1
        body = event(self.made)
        headers = {"host": HOST, "content-type": "application/json", "content-length": str(len(body))}
        lines = [f"{name}: {value}\r\n" for name, value in {**headers, **signed(body, self.secret)}.items()]
        return f"POST {self.path} HTTP/1.1\r\n{''.join(lines)}\r\n".encode() + body


class _Connection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.WriteTransport | None = None
        self._answer: asyncio.Future[int] | None = None
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)  # uvloop's has the methods, not the class

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(_HEAD_END)
        if not found:
            return
        length = head.lower().partition(_LENGTH)[2].partition(b"\r\n")[0]
        if len(body) >= int(length) and self._answer is not None:
            answer, self._answer, self._received = self._answer, None, b""
            answer.set_result(int(head[9:12]))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError("the server hung up", exc))

    async def ask(self, request: bytes) -> int:
        """Send a request; the status of its answer."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


@dataclass(slots=True)
class Load:
    """Requests to one server. `accepted` counts its 2xx answers, `refused` all others."""

    port: int
    deliveries: Deliveries
    accepted: int = 0
    refused: int = 0
    _idle: list[_Connection] = field(default_factory=list)
    _opened: int = 0

    async def saturate(self, *, connections: int, seconds: float) -> float:
        """Each connection asks again as soon as it is answered. Requests per second."""
        await self._open(connections)
        before, began = self.accepted, time.perf_counter()

        async def one() -> None:
            async with self._connection() as connection:
                while time.perf_counter() < began + seconds:
                    self._count(await connection.ask(self.deliveries.next()))

        async with asyncio.TaskGroup() as group:
            for _ in range(connections):
                group.create_task(one())
        speed = (self.accepted - before) / (time.perf_counter() - began)
        self._close()
        return speed

    async def pace(self, *, per_second: float, seconds: float) -> list[float]:
        """Requests leave on time, whether or not earlier ones were answered. Milliseconds from then to each answer."""
        await self._open(_PACED_CONNECTIONS)
        took: list[float] = []

        async def one(due: float) -> None:
            async with self._connection() as connection:
                self._count(await connection.ask(self.deliveries.next()))
            took.append((time.perf_counter() - due) * 1000)

        start = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in range(int(per_second * seconds)):
                due = start + number / per_second
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                group.create_task(one(due))
        self._close()
        return took

    async def _open(self, connections: int) -> None:
        """Fresh ones for each turn: the server hangs up on those that were silent during the turns of others."""
        self._idle = [await self._connect() for _ in range(connections)]

    def _close(self) -> None:
        for connection in self._idle:
            connection.close()
        self._opened = 0

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[_Connection]:
        connection = self._idle.pop() if self._idle else await self._connect()
        yield connection
        self._idle.append(connection)

    async def _connect(self) -> _Connection:
        self._opened += 1
        if self._opened > _MOST_CONNECTIONS:
            raise RuntimeError(f"the server at {self.port} does not keep up: {_MOST_CONNECTIONS} requests wait")
        _, connection = await asyncio.get_running_loop().create_connection(_Connection, HOST, self.port)
        return connection

    def _count(self, status: int) -> None:
        if 200 <= status < 300:
            self.accepted += 1
        else:
            self.refused += 1
