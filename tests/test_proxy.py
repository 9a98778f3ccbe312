"""The fault proxy: each fault as a client meets it, with a real server behind and httpx in front."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from service.web.server import serving
from tests.proxy import FAULTS, Fault, Proxy, proxying


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    """In front of a server that gives back what it gets."""
    app = FastAPI()

    @app.post("/echo")
    async def echo(body: dict[str, Any]) -> dict[str, Any]:
        return body

    async with serving(app, host="127.0.0.1", port=0) as url, proxying(int(url.rpartition(":")[2])) as made:
        yield made


@pytest.fixture
async def client(proxy: Proxy) -> AsyncIterator[httpx.AsyncClient]:
    """A client with little patience."""
    async with httpx.AsyncClient(base_url=proxy.url, timeout=0.5) as made:
        yield made


async def test_without_a_fault_everything_passes_as_it_is(proxy: Proxy, client: httpx.AsyncClient) -> None:
    """With a length, and in chunks; many at once."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b'{"said": '
        yield b'"in pieces"}'

    answers = await asyncio.gather(*(client.post("/echo", json={"said": number}) for number in range(20)))
    chunked = await client.post("/echo", content=pieces(), headers={"content-type": "application/json"})

    assert [answer.json()["said"] for answer in answers] == list(range(20))
    assert chunked.json() == {"said": "in pieces"}
    assert (proxy.seen, proxy.spoiled) == (21, 0)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("reset", httpx.ReadError),
        ("black hole", httpx.ReadTimeout),
        ("truncated body", httpx.RemoteProtocolError),
    ],
)
async def test_a_broken_connection_is_an_error_of_the_transport(
    proxy: Proxy, client: httpx.AsyncClient, fault: Fault, error: type[Exception]
) -> None:
    """Reset, never an answer, half an answer."""
    proxy.fault = fault

    with pytest.raises(error):
        await client.post("/echo", json={"said": "something"})


@pytest.mark.parametrize(("fault", "status", "header"), [("too many", 429, "7"), ("server error", 503, None)])
async def test_a_refusal_is_a_status(
    proxy: Proxy, client: httpx.AsyncClient, fault: Fault, status: int, header: str | None
) -> None:
    """With how long to wait, or without."""
    proxy.fault = fault

    answer = await client.post("/echo", json={})

    assert (answer.status_code, answer.headers.get("retry-after")) == (status, header)


async def test_broken_json_comes_with_a_good_status(proxy: Proxy, client: httpx.AsyncClient) -> None:
    """What a gateway that is out of memory sends."""
    proxy.fault = "broken json"

    answer = await client.post("/echo", json={})

    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        answer.json()


async def test_a_late_answer_is_whole(proxy: Proxy, client: httpx.AsyncClient) -> None:
    """The patient get it, the impatient do not."""
    proxy.fault, proxy.latency_s = "latency", 0.7

    answer = await client.post("/echo", json={"said": "late"}, timeout=30)

    assert answer.json() == {"said": "late"}
    with pytest.raises(httpx.ReadTimeout):
        await client.post("/echo", json={})


async def test_a_drip_is_slow_as_a_whole_and_quick_byte_by_byte(proxy: Proxy, client: httpx.AsyncClient) -> None:
    """A time-out between bytes never strikes: only one for the whole call does."""
    proxy.fault, proxy.drip_s = "slow drip", 0.005
    began = time.monotonic()

    answer = await client.post("/echo", json={"said": "x" * 50})

    assert answer.json() == {"said": "x" * 50}
    assert time.monotonic() - began > 50 * proxy.drip_s


async def test_a_fault_is_switched_while_it_runs(proxy: Proxy, client: httpx.AsyncClient) -> None:
    """The same client, the next request."""
    statuses = []
    faults: list[Fault | None] = ["server error", None, "too many", None]
    for fault in faults:
        proxy.fault = fault
        statuses.append((await client.post("/echo", json={})).status_code)

    assert statuses == [503, 200, 429, 200]
    assert (proxy.seen, proxy.spoiled) == (4, 2)


def test_there_are_eight_faults() -> None:
    """As many as the promises name."""
    assert len(set(FAULTS)) == 8
