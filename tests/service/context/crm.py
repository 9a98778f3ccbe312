"""A server beside us that answers as it is told: well, badly, slowly or not at all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Crm:
    """Its address, what it was asked, and how it answers."""

    url: str = ""
    asked: list[str] = field(default_factory=list)
    answer: Answer | None = None


@asynccontextmanager
async def crm() -> AsyncIterator[Crm]:
    """While this is open, it listens."""
    told = Crm()
    writers: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        writers.add(task)
        try:
            told.asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
            assert told.answer
            await told.answer(writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # whoever asked went away, or the test is over
        finally:
            writers.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    told.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield told
    server.close()
    for task in list(writers):
        task.cancel()
    await asyncio.gather(*writers, return_exceptions=True)


def says(body: object, *, status: str = "200 OK", more: str = "") -> Answer:
    """An answer at once. body: bytes as they are, anything else as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(
            f"HTTP/1.1 {status}\r\ncontent-length: {len(raw)}\r\nconnection: close\r\n{more}\r\n".encode() + raw
        )
        await writer.drain()

    return answer


async def hangs(_writer: asyncio.StreamWriter) -> None:
    """It never says anything."""
    await asyncio.Event().wait()


async def drips(writer: asyncio.StreamWriter) -> None:
    """A byte, and another one long after."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{")
    await writer.drain()
    await asyncio.Event().wait()
