"""uvicorn inside our own composition."""

from __future__ import annotations

import asyncio
import os
import signal
import socket

import httpx
import pytest
from fastapi import FastAPI

from service.web.server import free_port, listener, serving, stop_signal

HOST = "127.0.0.1"


def hello() -> FastAPI:
    """An application with one page."""
    app = FastAPI()

    @app.get("/")
    async def page() -> str:
        return "hello"

    return app


def port_of(url: str) -> int:
    """The port of an address."""
    return int(url.rsplit(":", 1)[1])


async def closed(port: int) -> None:
    """Wait until nobody listens on this port."""
    while True:
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except ConnectionError:  # refused, or reset while it closes
            return
        writer.close()
        await asyncio.sleep(0.01)


async def test_it_serves_at_the_address_it_names() -> None:
    """Port 0 is a free one, and the address says which."""
    async with serving(hello(), host=HOST, port=0) as url, httpx.AsyncClient() as http:
        assert (await http.get(url)).json() == "hello"


async def test_a_port_that_is_taken_is_an_error_of_the_system() -> None:
    """Raised before anything is served, for the command line to say in a sentence; uvicorn alone would end the process."""
    async with serving(hello(), host=HOST, port=0) as url:
        with pytest.raises(OSError, match="in use"):
            async with serving(hello(), host=HOST, port=port_of(url)):
                pass


async def test_the_port_is_free_again_when_the_block_ends() -> None:
    """What is open belongs to the block."""
    async with serving(hello(), host=HOST, port=0) as url:
        pass

    assert free_port(HOST, port_of(url)) == port_of(url)


async def test_a_port_that_is_held_is_nobody_elses_until_it_is_served() -> None:
    """Whoever connects meanwhile is answered then; afterwards it is free."""
    with listener(HOST, 0) as held:
        port = held.getsockname()[1]
        assert free_port(HOST, port) != port
        async with httpx.AsyncClient() as http:
            asked = asyncio.create_task(http.get(f"http://{HOST}:{port}"))
            async with serving(hello(), host=HOST, port=0, listening=held) as url:
                assert port_of(url) == port
                assert (await asked).status_code == 200

    assert free_port(HOST, port) == port


async def test_a_request_that_runs_is_finished_before_the_block_ends() -> None:
    """A webhook that was taken is answered."""
    arrived, go_on = asyncio.Event(), asyncio.Event()
    app = FastAPI()

    @app.get("/")
    async def slow() -> str:
        arrived.set()
        await go_on.wait()
        return "done"

    async with httpx.AsyncClient() as http:
        async with serving(app, host=HOST, port=0) as url:
            asked = asyncio.create_task(http.get(url))
            await arrived.wait()
            closing = asyncio.create_task(closed(port_of(url)))
            closing.add_done_callback(lambda _: go_on.set())
        assert (await asked).json() == "done"
        await closing


def test_a_wanted_port_that_is_free_is_given() -> None:
    """The demo's addresses stay the same from day to day."""
    with socket.create_server((HOST, 0)) as probe:
        port = probe.getsockname()[1]

    assert free_port(HOST, port) == port


def test_a_wanted_port_that_is_taken_is_replaced_by_a_free_one() -> None:
    """A second demo runs beside the first."""
    with socket.create_server((HOST, 0)) as taken:
        port = free_port(HOST, taken.getsockname()[1])
        assert port != taken.getsockname()[1]

        with socket.create_server((HOST, port)):
            pass


def test_without_a_free_port_it_says_where_none_is() -> None:
    """An address that is not this machine's has none."""
    with pytest.raises(OSError, match=r"no free port on 192\.0\.2\.1"):
        free_port("192.0.2.1", 0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_to_stop_sets_the_event_and_ends_nothing(number: signal.Signals) -> None:
    """The block ends the process in its own order; also while something is served."""
    with stop_signal() as stopped:
        async with serving(hello(), host=HOST, port=0) as url, httpx.AsyncClient() as http:
            assert (await http.get(url)).status_code == 200
            os.kill(os.getpid(), number)
            await stopped.wait()
            for _ in range(10):  # longer than uvicorn needs to notice a signal of its own
                assert (await http.get(url)).status_code == 200
                await asyncio.sleep(0.03)


async def test_after_the_block_signals_are_what_they_were() -> None:
    """Ctrl-C ends a process that does not serve any more."""
    before = signal.getsignal(signal.SIGTERM)
    with stop_signal():
        assert signal.getsignal(signal.SIGTERM) is not before

    assert signal.getsignal(signal.SIGTERM) is before
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
