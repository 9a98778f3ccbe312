"""What is cancelled ends, also where a cancellation is swallowed."""

from __future__ import annotations

import asyncio

from service.tasks import end


async def swallows(times: int, ended: asyncio.Event) -> None:
    """Goes on although it was cancelled, so many times, as a wait for a database does that is answered in that moment."""
    while times >= 0:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            times -= 1
    ended.set()


async def test_a_task_that_swallows_its_cancellation_is_cancelled_again() -> None:
    """A drain must not wait for an hour's sleep."""
    ended = asyncio.Event()
    task = asyncio.create_task(swallows(2, ended))
    await asyncio.sleep(0)
    await end([task], grace_s=0.01)

    assert ended.is_set()
    assert task.done()


async def test_a_task_has_its_time_to_finish_before_it_is_cancelled_again() -> None:
    """A worker that drains finishes its jobs."""
    cancelled = 0

    async def drains() -> None:
        nonlocal cancelled
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled += 1
            await asyncio.sleep(0.05)
            raise

    task = asyncio.create_task(drains())
    await asyncio.sleep(0)
    await end([task], grace_s=30)

    assert task.cancelled()
    assert cancelled == 1


async def test_the_end_of_nothing_and_of_what_failed_is_quiet() -> None:
    """Whoever winds down has nobody to tell."""

    async def fails() -> None:
        raise ZeroDivisionError

    task = asyncio.create_task(fails())
    await asyncio.sleep(0)
    await end([])
    await end([task])

    assert isinstance(task.exception(), ZeroDivisionError)
