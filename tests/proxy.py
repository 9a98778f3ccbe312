"""A TCP proxy on loopback that breaks what passes through it, in eight ways, switched while it runs.

Each connection takes one request to the real server behind; what comes back depends on the fault that stands when the
request arrives. The client is told to close, so that the next request meets the next fault.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

Fault = Literal[
    "latency",  # the answer comes `latency_s` later
    "reset",  # the connection is reset in place of an answer
    "black hole",  # the request is taken, and nothing ever comes back
    "truncated body",  # half of the body, then the end
    "slow drip",  # the answer, a byte every `drip_s`
    "too many",  # 429 with Retry-After
    "server error",  # 503 with an HTML page
    "broken json",  # 200 with JSON that stops in the middle
]

FAULTS: tuple[Fault, ...] = (
    "latency",
    "reset",
    "black hole",
    "truncated body",
    "slow drip",
    "too many",
    "server error",
    "broken json",
)

_END_OF_HEADERS = b"\r\n\r\n"
_PAGE = b"<html><body><h1>503 Service Unavailable</h1></body></html>"


@dataclass(eq=False)
class Proxy:
    """In front of `port` on loopback. `fault` holds for the requests that arrive from now on; None: they pass as they are."""

    port: int  # of the server behind
    fault: Fault | None = None
    latency_s: float = 5.0
    drip_s: float = 0.2
    retry_after_s: int = 7
    url: str = ""
    seen: int = 0  # requests that arrived
    spoiled: int = 0  # those that met a fault
    _open: set[asyncio.Task[None]] = field(default_factory=set)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, with one request."""
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            # whoever hangs up, on either side, has ended it
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                request = await _message(reader)
                self.seen += 1
                self.spoiled += self.fault is not None
                await self._spoil(request, writer)
        finally:
            self._open.discard(task)
            writer.close()

    async def close(self) -> None:
        """End what still hangs."""
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _spoil(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        match self.fault:
            case "black hole":
                await asyncio.Event().wait()
            case "reset":
                _reset(writer)
            case "too many" | "server error" | "broken json" as fault:
                await _send(writer, self._instead(fault))
            case "latency":
                await asyncio.sleep(self.latency_s)
                await _send(writer, await self._fetched(request))
            case "truncated body":
                head, end, body = (await self._fetched(request)).partition(_END_OF_HEADERS)
                await _send(writer, head + end + body[: len(body) // 2])
            case "slow drip":
                for byte in await self._fetched(request):
                    await _send(writer, bytes([byte]))
                    await asyncio.sleep(self.drip_s)
            case None:
                await _send(writer, await self._fetched(request))

    def _instead(self, fault: Literal["too many", "server error", "broken json"]) -> bytes:
        """An answer that the server behind never gave."""
        match fault:
            case "too many":
                head = f"HTTP/1.1 429 Too Many Requests\r\nRetry-After: {self.retry_after_s}\r\n"
                return _whole(head, "application/json", b'{"error": "too many requests"}')
            case "server error":
                return _whole("HTTP/1.1 503 Service Unavailable\r\n", "text/html", _PAGE)
            case "broken json":
                return _whole("HTTP/1.1 200 OK\r\n", "application/json", b'{"ticket": {"id": 12, "subj')

    async def _fetched(self, request: bytes) -> bytes:
        """What the server behind answers."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            await _send(writer, _closing(request))
            return await reader.read()
        finally:
            writer.close()


@asynccontextmanager
async def proxying(port: int, **settings: object) -> AsyncIterator[Proxy]:
    """A proxy in front of this port, until the block ends; settings: fields of Proxy."""
    proxy = Proxy(port, **settings)  # type: ignore[arg-type]  # what the caller names
    server = await asyncio.start_server(proxy.answer, "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()
        await server.wait_closed()


async def _message(reader: asyncio.StreamReader) -> bytes:
    """One HTTP request, with its body as Content-Length or chunks have it."""
    head = await reader.readuntil(_END_OF_HEADERS)
    fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:] if b":" in line)
    if b"chunked" in fields.get(b"transfer-encoding", b""):
        return head + await _chunks(reader)
    return head + await reader.readexactly(int(fields.get(b"content-length", b"0")))


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while True:
        size = await reader.readuntil(b"\r\n")
        chunk = await reader.readexactly(int(size, 16) + 2)
        body += size + chunk
        if int(size, 16) == 0:
            return body


def _closing(request: bytes) -> bytes:
    """The request, after which the server hangs up: so its answer ends where the connection ends."""
    head, end, body = request.partition(_END_OF_HEADERS)
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith((b"connection:", b"expect:"))]
    return b"\r\n".join([*lines, b"Connection: close"]) + end + body


def _whole(head: str, kind: str, body: bytes) -> bytes:
    return f"{head}Content-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


def _reset(writer: asyncio.StreamWriter) -> None:
    """End with RST instead of FIN: the kernel does so where a socket that lingers for no time is closed."""
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _send(writer: asyncio.StreamWriter, content: bytes) -> None:
    writer.write(content)
    await writer.drain()
