"""How a stand-in listens: as a vendor does, who keeps an idle connection for longer than any client."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

HOST = "127.0.0.1"
_KEPT_S = 75  # uvicorn's own 5 s are httpx's, too: whoever asks again after just that long is hung up on


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the process."""
        yield


@asynccontextmanager
async def listening(app: ASGIApp, port: int) -> AsyncIterator[None]:
    """Serve `app` until the block ends."""
    config = uvicorn.Config(
        app,
        host=HOST,
        port=port,
        log_config=None,
        lifespan="off",
        timeout_keep_alive=_KEPT_S,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve())
    try:
        yield
    finally:
        server.should_exit = True
        await task
