"""uvicorn inside our own composition: it serves, we decide when it stops and what is closed after it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

from service.web.connection import Connection

_STOPS = (signal.SIGTERM, signal.SIGINT)
_BACKLOG = 2048  # uvicorn's own
_IDLE_S = 5  # between two requests of a connection


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to us: uvicorn raises them again when it has stopped, and the worker could not drain."""
        yield


@asynccontextmanager
async def serving(app: ASGIApp, *, host: str, port: int, listening: socket.socket | None = None) -> AsyncIterator[str]:
    """Serve `app` until the block ends, then finish running requests. port 0: a free one. Yields the address.

    listening: a socket of `listener`, in place of host and port; it is closed at the end. Raises OSError where the port is taken.
    """
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=Connection,
        ws="none",
        timeout_keep_alive=_IDLE_S,
        log_config=None,
        access_log=False,
        lifespan="off",
        proxy_headers=False,  # who is at the other end is the connection's word alone: the admin page believes its proxy by it
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    listening = listening or socket.create_server((host, port), backlog=config.backlog)
    # asyncio does this for sockets it opens itself; without it an answer in two packets waits 40 ms for an ACK
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]), name=f"http {port}")
    try:
        yield f"http://{host}:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


@contextlib.contextmanager
def stop_signal() -> Iterator[asyncio.Event]:
    """An event that SIGTERM and SIGINT set while the block runs."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _STOPS:
        loop.add_signal_handler(number, stopped.set)
    try:
        yield stopped
    finally:
        for number in _STOPS:
            loop.remove_signal_handler(number)


def listener(host: str, wanted: int) -> socket.socket:
    """A socket that listens on `wanted`, or on a free port where that is taken or 0. Nobody can take it from us meanwhile."""
    for port in (wanted, 0):
        try:
            return socket.create_server((host, port), backlog=_BACKLOG)
        except OSError:
            continue
    raise OSError(f"no free port on {host}")


def free_port(host: str, wanted: int) -> int:
    """`wanted` where nobody listens on it, else a free one: for another process, which may come too late for it."""
    with listener(host, wanted) as probe:
        return int(probe.getsockname()[1])
