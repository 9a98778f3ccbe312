"""What is done beside the tickets comes again when it could not be done."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from connectors.base import MisconfiguredError, RejectedError, RetryableError
from service import jobs as jobs_module
from service.database import Database
from service.settings import KnowledgeSettings, Settings
from tests.service.scripted import Desk, opened, ticket_event, true

QUIET = KnowledgeSettings(sync_every_s=0)


async def test_a_webhook_that_cannot_be_read_makes_us_look_for_what_changed(desk: Desk) -> None:
    """Unreadable is not lost: from shortly before it, and again when the vendor's search knows."""
    await ticket_event(desk, kind="poll")
    async with desk.working():
        await desk.until(lambda: true(bool(desk.story.reconciled)))
        await desk.until(lambda: _later(desk, 2))

    (since,) = desk.story.reconciled
    assert since is not None
    assert since < datetime.now(UTC)


async def test_a_poll_that_is_drained_is_handed_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else tells which ticket its webhook meant."""
    monkeypatch.setattr(jobs_module, "_DRAIN_S", 0.1)
    asked = asyncio.Event()

    async def never() -> None:
        asked.set()
        await asyncio.Event().wait()

    desk.story.poll = never
    await ticket_event(desk, kind="poll")
    async with desk.working():
        await asked.wait()
        await desk.until(lambda: _later(desk, 2))

    jobs = await desk.jobs_named("reconcile")
    assert sorted(bool(job.scheduled_at) for job in jobs) == [False, True, True]
    assert all(job.task_kwargs["since"] for job in jobs)


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (RetryableError("busy", after_s=900), [900.0]),
        (MisconfiguredError("401"), [300.0]),  # until a person acts
        (RejectedError("no"), []),
    ],
)
async def test_a_poll_without_an_answer_is_made_again(desk: Desk, error: Exception, again: list[float]) -> None:
    """When the helpdesk says, and never where it will not have it."""

    async def fails() -> None:
        raise error

    desk.story.poll = fails
    await desk.queue.put_chore(
        "reconcile", lock="r", queueing_lock="r", given={"helpdesk": "zendesk", "since": "", "after_s": 0.0}
    )
    async with desk.working():
        await desk.until(lambda: true(bool(desk.story.reconciled)))
        await desk.until(lambda: _settled(desk))

    jobs = await desk.jobs_named("reconcile")
    assert [job.task_kwargs["after_s"] for job in jobs] == again


async def test_what_changed_is_looked_for_at_start_up_and_regularly(database: Database) -> None:
    """A webhook that is lost loses nobody."""
    async with opened(database, Settings(reconcile_every_s=0.05, knowledge=QUIET)) as desk, desk.working():
        await desk.until(lambda: true(len(desk.story.reconciled) > 2))

    assert set(desk.story.reconciled) == {None}  # from the stored cursor on


async def test_the_knowledge_is_synced_at_start_up(database: Database) -> None:
    """A new deployment knows its articles without anybody calling for them."""
    async with opened(database, Settings(reconcile_every_s=0)) as desk, desk.working():
        await desk.story.synced.wait()

    assert desk.story.synced_first  # before any ticket is told that nothing is known


async def test_what_is_old_is_forgotten(desk: Desk) -> None:
    """Deliveries, and budgets of tickets."""
    async with desk.working():
        await desk.until(lambda: true(desk.story.tidied))


async def _later(desk: Desk, polls: int) -> bool:
    """Whether all that are put in at once for later are: before, the end of the work may cut them off."""
    return sum(bool(job.scheduled_at) for job in await desk.jobs_named("reconcile")) == polls


async def _settled(desk: Desk) -> bool:
    manager = desk.queue.app.job_manager
    return not list(await manager.list_jobs_async(status="doing"))
