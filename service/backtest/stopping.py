"""Ctrl-C while something long runs, and while somebody is asked."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any

import typer

from service.web.server import stop_signal

ASKED = "you asked for it"
_AGAIN_S = 5.0  # Python 3.11 may swallow a cancellation


async def until_stopped(work: Coroutine[Any, Any, str]) -> str:
    """Why the work stopped before its end, by its own word, or that Ctrl-C or SIGTERM asked for it; empty: it is through."""
    with stop_signal() as asked:
        working = asyncio.create_task(work, name="backtest")
        waiting = asyncio.create_task(asked.wait(), name="whether to stop")
        try:
            await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
            await _ended(working)
    return ASKED if working.cancelled() else await working


async def _ended(working: asyncio.Task[str]) -> None:
    """Let it close what it has opened."""
    while not working.done():
        working.cancel()
        await asyncio.wait({working}, timeout=_AGAIN_S)


def confirm(question: str) -> None:
    """Ask. Raises Abort for a no, and at once for Ctrl-C: the loop, which would hear of it, waits for the answer."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    hearing = signal.set_wakeup_fd(-1)  # else it hears of it when all is over, and takes the no for a stop
    try:
        typer.confirm(question, abort=True, err=True)
    finally:
        signal.set_wakeup_fd(hearing, warn_on_full_buffer=False)
        signal.signal(signal.SIGINT, before or signal.default_int_handler)
