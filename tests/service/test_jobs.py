"""The queue around the story: nothing is lost when a ticket fails, a worker dies, or an event arrives meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status

from connectors.base import (
    ConflictError,
    LeakError,
    MisconfiguredError,
    RejectedError,
    RetryableError,
    SpentError,
    UnsureError,
)
from service import jobs as jobs_module
from service import queue as queue_module
from service.database import Database
from service.errors import OutageError
from service.groups import KnowledgeSettings
from service.jobs import ALONE, ATTEMPTS
from service.queue import Look
from service.settings import Settings
from tests.service.scripted import Desk, ScriptedStory, failing, opened, ticket_event, true


@pytest.fixture
def quick_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is dead is seen to be so at once."""
    monkeypatch.setattr(queue_module, "_UNCHANGED_S", 0.1)
    monkeypatch.setattr(jobs_module, "_SWEEP_S", 0.1)


async def test_a_webhook_leads_to_one_look_at_its_ticket(desk: Desk) -> None:
    """From the inbox to the story."""
    await ticket_event(desk)
    async with desk.working():
        await desk.story.looked.wait()
        while await desk.inbox.waiting():
            await asyncio.sleep(0.02)

    assert desk.story.looks == ["zendesk:7"]


async def test_our_own_note_coming_back_as_a_webhook_makes_no_job(desk: Desk) -> None:
    """Otherwise we would look at every ticket once more than needed."""
    await ticket_event(desk, message="our-note")
    async with desk.working():
        while await desk.inbox.waiting():
            await asyncio.sleep(0.02)

    assert desk.story.looks == []
    assert await desk.waiting() == []


async def test_an_event_during_a_run_leads_to_exactly_one_further_run(desk: Desk) -> None:
    """Level-triggered: ten events while a ticket is worked on are one more look, after it, never beside it."""
    running, go_on = asyncio.Event(), asyncio.Event()
    at_once, most = 0, 0

    async def slow(_ticket_id: str) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        running.set()
        await go_on.wait()
        at_once -= 1

    desk.story.step = slow
    await desk.jobs.enqueue("zendesk", "7")
    async with desk.working():
        await running.wait()
        for _ in range(10):
            await desk.jobs.enqueue("zendesk", "7")
        assert await desk.waiting() == [(1, False)]
        go_on.set()
        await desk.until(lambda: true(len(desk.story.looks) == 2))
        await desk.until(desk.idle)

    assert most == 1


async def test_a_retry_beside_a_waiting_follow_up_leaves_the_ticket_free(desk: Desk) -> None:
    """Trap 1 of the queue: the built-in retry would collide with the follow-up and lock the ticket for ever."""
    first = asyncio.Event()

    async def fails_once_after_an_event(_ticket_id: str) -> None:
        if not first.is_set():
            first.set()
            await desk.jobs.enqueue("zendesk", "7")
            raise RetryableError("busy")

    desk.story.step = fails_once_after_an_event
    await desk.jobs.enqueue("zendesk", "7")
    async with desk.working():
        await desk.until(lambda: true(len(desk.story.looks) == 2))
        await desk.until(desk.idle)


async def test_a_failed_look_comes_back_later_with_one_attempt_more(desk: Desk) -> None:
    """Back-off, counted."""
    desk.story.step = failing(RetryableError("busy"))
    await desk.jobs.enqueue("zendesk", "7")
    async with desk.working():
        await desk.until(lambda: desk.has((2, True)))


async def test_a_wait_that_the_helpdesk_asked_for_is_honoured(desk: Desk) -> None:
    """Retry-After beats our own back-off."""
    desk.story.step = failing(RetryableError("429", after_s=1000))
    await desk.jobs.enqueue("zendesk", "7")
    async with desk.working():
        await desk.until(lambda: desk.has((2, True)))

    (job,) = await desk.queue.app.job_manager.list_jobs_async(status="todo")
    async with desk.database.engine.connect() as connection:
        now = await connection.scalar(sa.select(sa.func.now()))
    assert job.scheduled_at is not None
    assert now is not None
    assert (job.scheduled_at - now).total_seconds() > 990


async def test_after_five_defects_of_ours_a_ticket_is_parked_with_its_reason(desk: Desk) -> None:
    """Poison does not go round for ever."""
    desk.story.step = failing(ZeroDivisionError("poison"))
    await desk.queue.put(Look("zendesk", "7", attempt=9, defects=ATTEMPTS - 1))
    async with desk.working():
        await desk.until(lambda: true(bool(desk.story.given_up)))
        await desk.until(desk.idle)

    assert desk.story.given_up == [("7", "ZeroDivisionError", ATTEMPTS)]  # its text may hold a ticket's


@pytest.mark.parametrize(
    "error",
    [
        RetryableError("500"),
        ConflictError("it moves all the time"),
        UnsureError("the note's answer was lost", after_s=15),
        OutageError("zendesk", "500", since=datetime.now(UTC), open_=False),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_a_ticket_that_fails_where_others_are_served_is_parked_in_the_end(desk: Desk, error: Exception) -> None:
    """A helpdesk that chokes on one ticket is no outage: somebody has to look at that one."""
    desk.story.step = failing(error)
    await desk.queue.put(Look("zendesk", "7", attempt=ALONE, alone=ALONE - 1))
    async with desk.working():
        await desk.until(lambda: true(bool(desk.story.given_up)))
        await desk.until(desk.idle)

    assert desk.story.given_up == [("7", str(error), ALONE)]


@pytest.mark.parametrize(
    "error",
    [
        RetryableError("429", after_s=60),
        SpentError("our share is used up", after_s=60),
        OutageError("zendesk", "500", since=datetime.now(UTC), open_=True),
        OutageError("llm", "500", since=datetime.now(UTC), open_=False),
    ],
    ids=["429", "spent", "open", "model"],
)
async def test_what_everybody_waits_for_is_not_held_against_a_ticket(desk: Desk, error: Exception) -> None:
    """However long it takes; only a model's patience ends, by a note without it."""
    desk.story.step = failing(error)
    await desk.queue.put(Look("zendesk", "7", attempt=50, alone=ALONE - 1))
    async with desk.working():
        await desk.until(lambda: _tried_again(desk))

    assert desk.story.given_up == []


async def test_a_helpdesk_that_is_down_for_days_loses_nobody(desk: Desk) -> None:
    """An outage is no defect of ours: however often it was tried, the ticket waits."""
    desk.story.step = failing(RetryableError("down"))
    await desk.queue.put(Look("zendesk", "7", attempt=50))
    async with desk.working():
        await desk.until(lambda: desk.has((51, True)))

    assert desk.story.given_up == []


async def test_a_leak_stops_all_writing_to_its_helpdesk(desk: Desk) -> None:
    """The next note would be public, too."""
    desk.story.step = failing(LeakError("public!"))
    await desk.jobs.enqueue("zendesk", "7")
    async with desk.working():
        await desk.until(desk.idle)

    assert desk.story.halted == [("zendesk", "public!")]


async def test_a_long_drain_is_not_taken_for_a_death(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue's own heartbeat stops when the drain begins; a second worker must not take over what still runs."""
    for name, value in {"_HEARTBEAT_S": 0.1, "_SWEEP_S": 0.1, "_DRAIN_S": 10}.items():
        monkeypatch.setattr(jobs_module, name, value)
    monkeypatch.setattr(queue_module, "_STALLED_S", 0.5)
    monkeypatch.setattr(queue_module, "_UNCHANGED_S", 0.5)
    running, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_ticket_id: str) -> None:
        running.set()
        await go_on.wait()

    desk.story.step = slow
    await desk.jobs.enqueue("zendesk", "7")
    draining = asyncio.create_task(desk.jobs.run())
    await running.wait()
    async with opened(desk.database, desk.jobs._settings, story=desk.story) as other, other.working():
        draining.cancel()
        done, _ = await asyncio.wait([draining], timeout=2)  # four times as long as a dead worker is given
        assert not done
        go_on.set()
        await asyncio.gather(draining, return_exceptions=True)
        await desk.until(desk.idle)

    assert desk.story.looks == ["zendesk:7"]


async def test_a_ticket_is_put_off_even_when_the_database_was_away(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that ended before its ticket waits again would lose it."""
    monkeypatch.setattr(jobs_module, "_RESTART_S", 0.01)
    put, refused = desk.queue.put, 0

    async def away_at_first(*args: Any, **more: Any) -> bool:
        nonlocal refused
        refused += 1
        if refused < 4:
            raise ConnectorException
        return await put(*args, **more)

    desk.story.step = failing(RetryableError("busy"))
    await desk.jobs.enqueue("zendesk", "7")
    monkeypatch.setattr(desk.queue, "put", away_at_first)
    async with desk.working():
        await desk.until(lambda: desk.has((2, True)))

    assert refused == 4


@pytest.mark.parametrize(
    ("error", "given_up"),
    [(RejectedError("ticket 7 is gone"), ("7", "ticket 7 is gone", 0)), (LeakError("public!"), ("7", "public!", 1))],
)
async def test_what_never_works_ends_with_its_reason(
    desk: Desk, error: Exception, given_up: tuple[str, str, int]
) -> None:
    """A rejected call is not tried again; a leak is parked for a person."""
    desk.story.step = failing(error)
    await desk.jobs.enqueue("zendesk", "7")
    async with desk.working():
        await desk.until(desk.idle)

    assert desk.story.given_up == [given_up]


async def test_a_misconfigured_helpdesk_makes_its_tickets_wait_for_as_long_as_it_takes(desk: Desk) -> None:
    """A key that expired over the weekend loses nobody."""
    desk.story.step = failing(MisconfiguredError("401"))
    await desk.queue.put(Look("zendesk", "7", attempt=3))
    async with desk.working():
        await desk.until(lambda: desk.has((4, True)))

    assert desk.story.given_up == []


async def test_a_drained_worker_hands_its_ticket_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGTERM in the middle of a slow model: another worker goes on."""
    monkeypatch.setattr(jobs_module, "_DRAIN_S", 0.1)
    running = asyncio.Event()

    async def never_ends(_ticket_id: str) -> None:
        running.set()
        await asyncio.Event().wait()

    desk.story.step = never_ends
    await desk.jobs.enqueue("zendesk", "7")
    async with desk.working():
        await running.wait()

    assert await desk.waiting() == [(1, False)]


async def dead_worker_holds(desk: Desk, *, attempts: int = 0) -> None:
    """The ticket's job belongs to a worker whose last heartbeat was a minute ago."""
    await desk.jobs.enqueue("zendesk", "7")
    manager = desk.queue.app.job_manager
    worker = await manager.register_worker()
    job = await manager.fetch_job(queues=["zendesk"], worker_id=worker)
    assert job is not None
    async with desk.database.engine.begin() as connection:
        await connection.execute(sa.text("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '60 s'"))
        await connection.execute(sa.text("UPDATE procrastinate_jobs SET attempts = :n"), {"n": attempts})


@pytest.mark.usefixtures("quick_sweep")
async def test_a_dead_workers_ticket_is_taken_over(desk: Desk) -> None:
    """A killed worker's job runs again elsewhere."""
    await dead_worker_holds(desk)
    async with desk.working():
        await desk.story.looked.wait()
        await desk.until(desk.idle)

    assert desk.story.looks == ["zendesk:7"]


@pytest.mark.usefixtures("quick_sweep")
async def test_a_dead_workers_ticket_with_a_waiting_follow_up_is_freed_for_it(desk: Desk) -> None:
    """Trap 1 in the sweep: putting the dead job back would collide with the one that waits."""
    await dead_worker_holds(desk)
    await desk.jobs.enqueue("zendesk", "7")
    async with desk.working():
        await desk.story.looked.wait()
        await desk.until(desk.idle)

    assert desk.story.looks == ["zendesk:7"]


@pytest.mark.usefixtures("quick_sweep")
async def test_a_ticket_that_kills_its_workers_is_parked(desk: Desk) -> None:
    """Five dead workers are enough."""
    await dead_worker_holds(desk, attempts=ATTEMPTS - 1)
    async with desk.working():
        await desk.story.looked.wait()
        await desk.until(desk.idle)

    assert desk.story.looks == []
    assert desk.story.given_up == [("7", "its worker died each time it was looked at", ATTEMPTS)]
    failed = await desk.queue.app.job_manager.list_jobs_async(status=Status.FAILED.value)
    assert len(list(failed)) == 1


async def test_a_job_freed_by_its_time_is_found_by_a_short_poll(desk: Desk) -> None:
    """Trap 2: notifications tell of new jobs only; the poll for the rest is half a second, not five."""
    assert jobs_module._POLL_S <= 0.5
    await desk.queue.put(Look("zendesk", "7"), after_s=1)
    async with desk.working():
        await desk.story.looked.wait()

    assert desk.story.looks == ["zendesk:7"]


@pytest.mark.usefixtures("quick_sweep")
async def test_a_worker_that_dies_beside_others_takes_nobody_with_it_for_good(desk: Desk) -> None:
    """Tickets that died together a third time come back apart: the one that kills is told from its neighbours."""
    await dead_worker_holds(desk, attempts=3)
    async with desk.working():
        await desk.until(lambda: desk.has((1, True)))
        async with desk.database.engine.connect() as connection:
            left = await connection.scalar(sa.text("SELECT scheduled_at - now() FROM procrastinate_jobs"))
        assert left <= timedelta(seconds=8)


async def test_a_clock_that_is_set_forward_declares_no_living_worker_dead(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the database's clock its heartbeat is an hour old; by ours it was seen to beat just now."""
    monkeypatch.setattr(jobs_module, "_SWEEP_S", 0.05)
    monkeypatch.setattr(queue_module, "_UNCHANGED_S", 1.0)
    monkeypatch.setattr(jobs_module, "_HEARTBEAT_S", 0.2)
    running, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_ticket_id: str) -> None:
        running.set()
        await go_on.wait()

    desk.story.step = slow
    await desk.jobs.enqueue("zendesk", "7")
    async with desk.working():
        await running.wait()
        for _ in range(20):  # again and again, between two heartbeats
            async with desk.database.engine.begin() as connection:
                await connection.execute(
                    sa.text("UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '1 hour'")
                )
            await asyncio.sleep(0.05)
        go_on.set()
        await desk.until(desk.idle)

    assert desk.story.looks == ["zendesk:7"]


async def test_the_one_process_of_an_embedded_database_goes_on_at_once(database: Database) -> None:
    """Whoever held a job before it is dead: there is no other process to wait for."""
    settings = Settings(reconcile_every_s=0, knowledge=KnowledgeSettings(sync_every_s=0))
    async with opened(database, settings) as desk:
        await dead_worker_holds(desk)
        async with database.engine.begin() as connection:
            await connection.execute(sa.text("UPDATE procrastinate_workers SET last_heartbeat = now()"))
        async with desk.working():
            await desk.story.looked.wait()

    assert desk.story.looks == ["zendesk:7"]


async def test_a_defect_in_a_loop_stops_no_loop(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The forwarder trips once, and forwards all the same."""
    monkeypatch.setattr(jobs_module, "_RESTART_S", 0.01)
    tripped = False
    are_notes = desk.story.are_notes

    async def trips_once(helpdesk: str, message_ids: Collection[str]) -> bool:
        nonlocal tripped
        if not tripped:
            tripped = True
            raise ZeroDivisionError
        return await are_notes(helpdesk, message_ids)

    monkeypatch.setattr(desk.story, "are_notes", trips_once)
    await ticket_event(desk)
    async with desk.working():
        await desk.story.looked.wait()

    assert tripped


async def test_a_helpdesk_that_hangs_takes_nobody_elses_places(
    desk: Desk, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bulkhead: a queue and its places for each."""
    monkeypatch.setattr(jobs_module, "_DRAIN_S", 0.1)
    hung = asyncio.Event()

    async def hangs(ticket_id: str) -> None:
        if ticket_id.startswith("slow"):
            hung.set()
            await asyncio.Event().wait()

    settings = desk.jobs._settings.model_copy(update={"jobs_at_once": 1})
    async with opened(database, settings, story=ScriptedStory(step=hangs), helpdesks=("zendesk", "freshdesk")) as two:
        await two.jobs.enqueue("zendesk", "slow-1")
        await two.jobs.enqueue("zendesk", "slow-2")
        async with two.working():
            await hung.wait()
            await two.jobs.enqueue("freshdesk", "quick")
            await two.until(lambda: true("freshdesk:quick" in two.story.looks))
            assert "zendesk:slow-2" not in two.story.looks


async def test_a_loop_whose_step_swallows_the_cancellation_ends_all_the_same(desk: Desk) -> None:
    """The database goes away while the queue winds down: its error stands in the place of the cancellation."""
    begun = asyncio.Event()

    async def swallows() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ConnectorException from None

    loop = asyncio.create_task(desk.jobs._for_ever(swallows))
    await begun.wait()
    loop.cancel()
    await asyncio.wait_for(asyncio.gather(loop, return_exceptions=True), timeout=5)


async def _tried_again(desk: Desk) -> bool:
    """Whether the ticket is put off, none the worse for its failure."""
    given = [job.task_kwargs for job in await desk.jobs_named("look")]
    return [(one["attempt"] != 50, one["alone"]) for one in given] == [(True, ALONE - 1)]
