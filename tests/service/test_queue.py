"""The queue's own door: what it makes of its jobs, whoever wrote them."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from procrastinate.exceptions import ConnectorException

from service import queue as queue_module
from service.queue import FOUND, LIVE, Look, insist
from tests.service.scripted import Desk

NOW = datetime.now(UTC)


async def order(desk: Desk) -> list[object]:
    """The tickets, in the order in which a worker would take them."""
    manager = desk.queue.app.job_manager
    worker = await manager.register_worker()
    taken: list[object] = []
    while job := await manager.fetch_job(queues=["zendesk"], worker_id=worker):
        taken.append(job.task_kwargs["ticket_id"])
    return taken


async def test_who_has_just_written_comes_first_and_what_was_found_last(desk: Desk) -> None:
    """Whenever the answers are due: a backfill of weeks stands behind a customer who waited for a model."""
    await desk.queue.put(Look("zendesk", "found", found=True), needed_by=NOW - timedelta(days=30))
    await desk.queue.put(Look("zendesk", "waited"), needed_by=NOW + timedelta(hours=8))
    await desk.queue.put(Look("zendesk", "live"))

    assert await order(desk) == ["live", "waited", "found"]


async def test_a_found_ticket_whose_customer_writes_stands_behind_nobody(desk: Desk) -> None:
    """The job that waits is the one that will do it."""
    await desk.queue.put(Look("zendesk", "found", found=True))
    await desk.queue.put(Look("zendesk", "also found", found=True))
    assert not await desk.queue.put(Look("zendesk", "also found"))

    assert await order(desk) == ["also found", "found"]


async def test_an_answer_due_in_a_far_future_has_a_priority_all_the_same(desk: Desk) -> None:
    """The column holds four bytes."""
    assert await desk.queue.put(Look("zendesk", "7"), needed_by=datetime(9999, 1, 1, tzinfo=UTC))


def test_a_job_of_another_version_is_read_as_far_as_it_is_known() -> None:
    """Replicas of two versions share a queue while they are replaced."""
    given = {**asdict(Look("zendesk", "7", attempt=3)), "colour": "blue"}
    del given["defects"]

    assert Look.of(given, priority=LIVE) == Look("zendesk", "7", attempt=3)
    assert Look.of(given, priority=FOUND).found


@pytest.fixture
async def silent_worker(desk: Desk) -> int:
    """A job that runs in a worker whose last heartbeat was a minute ago; its number."""
    await desk.queue.put(Look("zendesk", "7"))
    manager = desk.queue.app.job_manager
    job = await manager.fetch_job(queues=["zendesk"], worker_id=await manager.register_worker())
    async with desk.database.engine.connect() as connection:
        await connection.execute(sa.text("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '60 s'"))
    assert job is not None
    assert job.id is not None
    return job.id


@pytest.mark.parametrize(
    ("looks_at", "dead"),
    [
        ([0, 1, 2, 3], True),  # it stood still before our eyes
        ([0, 1, 2], False),  # not long enough: a clock may have been set
        ([0, 8], False),  # we did not look ourselves meanwhile: the database may have been away, for all of us
        ([0, 8, 9, 10, 11], True),
    ],
)
async def test_a_worker_is_dead_when_it_was_seen_to_stand_still(
    desk: Desk, silent_worker: int, monkeypatch: pytest.MonkeyPatch, looks_at: list[int], *, dead: bool
) -> None:
    """A database that comes back declares nobody dead."""
    for moment in looks_at:
        monkeypatch.setattr(queue_module, "time", SimpleNamespace(monotonic=lambda at=moment: 1000.0 + at))
        found = await desk.queue.stalled()

    assert found == ([silent_worker] if dead else [])


async def test_an_interrupted_job_goes_before_all_that_came_since(desk: Desk) -> None:
    """Also where a poll had found it: whoever waits for a worker that died has waited once."""
    await desk.queue.put(Look("zendesk", "interrupted", found=True))
    manager = desk.queue.app.job_manager
    job = await manager.fetch_job(queues=["zendesk"], worker_id=await manager.register_worker())
    assert job is not None
    await desk.queue.put(Look("zendesk", "live"))
    await desk.queue.put_back(job)

    assert await order(desk) == ["interrupted", "live"]


async def test_jobs_that_failed_long_ago_are_forgotten(desk: Desk, silent_worker: int) -> None:
    """The table does not grow for ever; what failed last week is still shown."""
    job = await desk.queue.job(silent_worker)
    assert job is not None
    await desk.queue.end(job)
    await desk.queue.forget_old(days=14)
    kept = await desk.queue.job(silent_worker)
    async with desk.database.engine.connect() as connection:
        await connection.execute(sa.text("UPDATE procrastinate_events SET at = now() - interval '15 days'"))
    await desk.queue.forget_old(days=14)

    assert kept is not None
    assert await desk.queue.job(silent_worker) is None


async def test_what_must_not_be_lost_is_written_though_the_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database comes back within the last seconds of a drain."""
    monkeypatch.setattr(queue_module, "_RETRY_S", 0.05)
    tried, written = asyncio.Event(), False

    async def write() -> None:
        nonlocal written
        if not tried.is_set():
            tried.set()
            raise ConnectorException
        written = True

    task = asyncio.create_task(insist(write))
    await tried.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert task.cancelled()
    assert written
