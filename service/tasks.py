"""The end of what runs beside: a task that is cancelled, and really ends."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

_AGAIN_S = 1.0


async def end(tasks: Collection[asyncio.Task[None]], *, grace_s: float = _AGAIN_S) -> None:
    """Cancel tasks, wait until they have ended, and cancel them again every `grace_s` seconds until they have.

    Once is not enough: `asyncio.wait_for` of Python 3.11 swallows a cancellation that meets the answer it waits for
    (https://github.com/python/cpython/issues/86296), and the pool of database connections waits with it. What a task
    raises at its end is nobody's any more.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=grace_s)
    await asyncio.gather(*tasks, return_exceptions=True)
