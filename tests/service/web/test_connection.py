"""A connection waits for nobody for ever."""

from __future__ import annotations

import asyncio
import contextlib

import httpx
import pytest
from fastapi import FastAPI, Request

from service.web import connection
from service.web.protection import HEADERS
from service.web.server import serving

HOST = "127.0.0.1"
HEAD = b"POST / HTTP/1.1\r\nhost: x\r\n"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a minute is too long for a test."""
    monkeypatch.setattr(connection, "PATIENCE_S", 0.3)


def application() -> FastAPI:
    """It reads what is sent, and takes its time when asked to."""
    app = FastAPI()

    @app.post("/")
    async def read(request: Request) -> int:
        return len(await request.body())

    @app.post("/slow")
    async def slow() -> str:
        await asyncio.sleep(3 * connection.PATIENCE_S)
        return "done"

    return app


async def told(*pieces: bytes, pause_s: float = 0.0) -> bytes:
    """What comes back until the other side hangs up."""
    async with serving(application(), host=HOST, port=0) as url:
        reader, writer = await asyncio.open_connection(HOST, int(url.rsplit(":", 1)[1]))
        hearing = asyncio.create_task(heard(reader))
        with contextlib.suppress(ConnectionError):  # it may hang up before all of it is sent
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause_s)
        said = await hearing
        writer.close()
        return said


async def heard(reader: asyncio.StreamReader) -> bytes:
    """All that comes, read as it comes: what is sent to one who has hung up makes the rest unreadable."""
    said = b""
    with contextlib.suppress(ConnectionError):
        while part := await reader.read(65_536):
            said += part
    return said


@pytest.mark.parametrize(
    "begun", [b"", HEAD, HEAD + b"content-length: 9\r\n\r\nx", HEAD + b"transfer-encoding: chunked\r\n\r\n1\r\nx\r\n"]
)
async def test_a_request_that_does_not_come_to_its_end_is_told_so_and_ended(begun: bytes) -> None:
    """Without a byte, within its head, within its body."""
    said = await told(begun)

    assert said.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"\r\nconnection: close\r\n" in said
    assert all(b"\r\n%s: %s\r\n" % pair in said for pair in HEADERS)


async def test_drops_do_not_buy_time() -> None:
    """The whole of a request has to come in time, not just its next byte."""
    body = HEAD + b"content-length: 100\r\n\r\n"

    assert (await told(body, *[b"x"] * 4, pause_s=0.1)).startswith(b"HTTP/1.1 408")


async def test_an_answer_may_take_its_time() -> None:
    """The clock runs for the other side, not for us."""
    async with serving(application(), host=HOST, port=0) as url, httpx.AsyncClient() as http:
        assert (await http.post(f"{url}/slow")).json() == "done"


async def test_a_connection_that_is_kept_serves_one_request_after_the_other() -> None:
    """Also where its body comes in pieces: each request has its own time."""

    async def slowly() -> object:
        for _ in range(3):
            yield b"x" * 70_000
            await asyncio.sleep(0.05)

    async with serving(application(), host=HOST, port=0) as url, httpx.AsyncClient() as http:
        assert [(await http.post(url, content=slowly())).json() for _ in range(3)] == [210_000] * 3  # type: ignore[arg-type]


async def test_many_small_chunks_are_no_large_head() -> None:
    """What stands between chunks is counted from one to the next."""
    chunks = HEAD + b"connection: close\r\ntransfer-encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 60_000 + b"0\r\n\r\n"

    assert (await told(chunks)).endswith(b"60000")


@pytest.mark.parametrize(
    "head",
    [
        HEAD + b"x-a: b\r\n" * 40_000,
        HEAD + b"x-a: " + b"b" * 320_000,
        b"GET /" + b"a" * 320_000,
        HEAD + b"transfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n" + b"x-a: b\r\n" * 70_000,
    ],
    ids=["many", "long", "path", "trailers"],
)
async def test_a_head_beyond_64_kilobytes_is_refused(head: bytes) -> None:
    """The parser alone would gather it as long as it comes."""
    assert (await told(head)).startswith(b"HTTP/1.1 431 ")


async def test_what_is_not_http_is_refused_with_the_same_headers() -> None:
    """And the connection closed."""
    said = await told(b"\x16\x03\x01\x02\x00\r\n\r\n")

    assert said.startswith(b"HTTP/1.1 400 ")
    assert b"\r\nx-content-type-options: nosniff\r\n" in said
