"""The queue around the story: nothing is lost when a ticket fails, a worker dies, or an event arrives meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status

from connectors.base import Event, LeakError, MisconfiguredError, RejectedError, RetryableError
from service import jobs as jobs_module
from service.database import Database
from service.inbox import Inbox
from service.jobs import ATTEMPTS, Jobs
from service.settings import KnowledgeSettings, Settings

Step = Callable[[str], Awaitable[None]]


async def _nothing(_ticket_id: str) -> None:
    """A look that finds nothing to do."""


@dataclass
class ScriptedStory:
    """A story whose looks are scripted; remembers what it was asked."""

    step: Step = _nothing
    looks: list[str] = field(default_factory=list)
    given_up: list[tuple[str, str, int]] = field(default_factory=list)
    changed_tickets: list[str] = field(default_factory=list)
    own: str = "our-note"
    halted: list[tuple[str, str]] = field(default_factory=list)
    synced_first: bool = False
    looked: asyncio.Event = field(default_factory=asyncio.Event)
    synced: asyncio.Event = field(default_factory=asyncio.Event)

    async def look(self, helpdesk: str, ticket_id: str) -> str:
        self.looks.append(f"{helpdesk}:{ticket_id}")
        self.looked.set()
        await self.step(ticket_id)
        return "done"

    async def changed(self, _helpdesk: str, *, since: datetime) -> list[str]:
        assert since < datetime.now(UTC)
        return self.changed_tickets

    async def give_up(self, _helpdesk: str, ticket_id: str, *, reason: str, attempts: int = 0) -> None:
        self.given_up.append((ticket_id, reason, attempts))
        self.looked.set()

    async def sync(self) -> str:
        self.synced.set()
        return "nothing"

    async def are_notes(self, _helpdesk: str, message_ids: Collection[str]) -> bool:
        return set(message_ids) == {self.own}

    async def halt(self, helpdesk: str, *, reason: str) -> None:
        self.halted.append((helpdesk, reason))

    async def first_sync(self) -> None:
        self.synced_first = not self.looks


@dataclass
class Desk:
    """Everything a test needs: the queue, its inbox, its story."""

    jobs: Jobs
    inbox: Inbox
    story: ScriptedStory
    database: Database

    async def waiting(self) -> list[tuple[int, bool]]:
        """(attempt, whether put off) of the jobs that wait."""
        jobs = await self.jobs.app.job_manager.list_jobs_async(status="todo", queue="tickets")
        return [(int(str(job.task_kwargs["attempt"])), job.scheduled_at is not None) for job in jobs]

    async def until(self, condition: Callable[[], Awaitable[bool]]) -> None:
        """Wait until `condition` holds; the test's own time-out is the limit."""
        while not await condition():
            await asyncio.sleep(0.02)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """A worker in this process."""
        worker = asyncio.create_task(self.jobs.run())
        try:
            yield
        finally:
            worker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await worker


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    """A queue with nothing in it."""
    inbox, story = Inbox(database), ScriptedStory()
    settings = Settings(debounce_s=0, debounce_max_s=0, jobs_at_once=5, knowledge=KnowledgeSettings(sync_every_s=0))
    jobs = Jobs(database, inbox=inbox, story=story, settings=settings)
    async with inbox.receiving(), jobs.app.open_async():
        yield Desk(jobs, inbox, story, database)


def failing(error: Exception) -> Step:
    """A look that ends with `error`."""

    async def step(_ticket_id: str) -> None:
        raise error

    return step


async def ticket_event(desk: Desk, *, message: str = "m1", kind: str = "ticket") -> None:
    """A webhook arrives."""
    ticket = "7" if kind == "ticket" else ""
    await desk.inbox.put("zendesk", Event(kind=kind, ticket_id=ticket, message_id=message))  # type: ignore[arg-type]


async def test_a_webhook_leads_to_one_look_at_its_ticket(desk: Desk) -> None:
    """From the inbox to the story."""
    await ticket_event(desk)
    async with desk.working():
        await desk.story.looked.wait()

    assert desk.story.looks == ["zendesk:7"]
    assert await desk.inbox.waiting() == 0


async def test_our_own_note_coming_back_as_a_webhook_makes_no_job(desk: Desk) -> None:
    """Otherwise we would look at every ticket once more than needed."""
    await ticket_event(desk, message="our-note")
    async with desk.working():
        await desk.until(lambda: _is_zero(desk.inbox.waiting()))

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
        await desk.until(lambda: _true(len(desk.story.looks) == 2))
        await desk.until(lambda: _no_jobs(desk))

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
        await desk.until(lambda: _true(len(desk.story.looks) == 2))
        await desk.until(lambda: _no_jobs(desk))


async def test_a_failed_look_comes_back_later_with_one_attempt_more(desk: Desk) -> None:
    """Back-off, counted."""
    desk.story.step = failing(RetryableError("busy"))
    await desk.jobs.enqueue("zendesk", "7")
    async with desk.working():
        await desk.until(lambda: _has(desk, (2, True)))


async def test_a_wait_that_the_helpdesk_asked_for_is_honoured(desk: Desk) -> None:
    """Retry-After beats our own back-off."""
    desk.story.step = failing(RetryableError("429", after_s=1000))
    await desk.jobs.enqueue("zendesk", "7")
    async with desk.working():
        await desk.until(lambda: _has(desk, (2, True)))

    (job,) = await desk.jobs.app.job_manager.list_jobs_async(status="todo")
    async with desk.database.engine.connect() as connection:
        now = await connection.scalar(sa.select(sa.func.now()))
    assert job.scheduled_at is not None
    assert now is not None
    assert (job.scheduled_at - now).total_seconds() > 990


async def test_after_five_defects_of_ours_a_ticket_is_parked_with_its_reason(desk: Desk) -> None:
    """Poison does not go round for ever."""
    desk.story.step = failing(ZeroDivisionError("poison"))
    await desk.jobs.enqueue("zendesk", "7", attempt=9, defects=ATTEMPTS - 1)
    async with desk.working():
        await desk.until(lambda: _true(bool(desk.story.given_up)))
        await desk.until(lambda: _no_jobs(desk))

    assert desk.story.given_up == [("7", "ZeroDivisionError", ATTEMPTS)]  # its text may hold a ticket's


async def test_a_helpdesk_that_is_down_for_days_loses_nobody(desk: Desk) -> None:
    """An outage is no defect of ours: however often it was tried, the ticket waits."""
    desk.story.step = failing(RetryableError("down"))
    await desk.jobs.enqueue("zendesk", "7", attempt=50)
    async with desk.working():
        await desk.until(lambda: _has(desk, (51, True)))

    assert desk.story.given_up == []


async def test_a_leak_stops_all_writing_to_its_helpdesk(desk: Desk) -> None:
    """The next note would be public, too."""
    desk.story.step = failing(LeakError("public!"))
    await desk.jobs.enqueue("zendesk", "7")
    async with desk.working():
        await desk.until(lambda: _no_jobs(desk))

    assert desk.story.halted == [("zendesk", "public!")]


async def test_a_long_drain_is_not_taken_for_a_death(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue's own heartbeat stops when the drain begins; a second worker must not take over what still runs."""
    for name, value in {"_STALLED_S": 0.5, "_HEARTBEAT_S": 0.1, "_SWEEP_S": 0.1, "_DRAIN_S": 10}.items():
        monkeypatch.setattr(jobs_module, name, value)
    running, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_ticket_id: str) -> None:
        running.set()
        await go_on.wait()

    desk.story.step = slow
    await desk.jobs.enqueue("zendesk", "7")
    other = Jobs(desk.database, inbox=desk.inbox, story=desk.story, settings=desk.jobs._settings)
    async with other.app.open_async(), Desk(other, desk.inbox, desk.story, desk.database).working():
        draining = asyncio.create_task(desk.jobs.run())
        await running.wait()
        draining.cancel()
        done, _ = await asyncio.wait([draining], timeout=2)  # four times as long as a dead worker is given
        assert not done
        go_on.set()
        await asyncio.gather(draining, return_exceptions=True)
        await desk.until(lambda: _no_jobs(desk))

    assert desk.story.looks == ["zendesk:7"]


async def test_a_ticket_is_put_off_even_when_the_database_was_away(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that ended before its ticket waits again would lose it."""
    monkeypatch.setattr(jobs_module, "_RESTART_S", 0.01)
    enqueue, refused = desk.jobs.enqueue, 0

    async def away_at_first(*args: Any, **more: Any) -> bool:
        nonlocal refused
        refused += 1
        if refused < 4:
            raise ConnectorException
        return await enqueue(*args, **more)

    desk.story.step = failing(RetryableError("busy"))
    await enqueue("zendesk", "7")
    monkeypatch.setattr(desk.jobs, "enqueue", away_at_first)
    async with desk.working():
        await desk.until(lambda: _has(desk, (2, True)))

    assert refused == 4


async def test_a_poll_that_is_drained_is_handed_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else tells which ticket its webhook meant."""
    monkeypatch.setattr(jobs_module, "_DRAIN_S", 0.1)
    asked = asyncio.Event()

    async def never(_helpdesk: str, *, since: datetime) -> list[str]:
        assert since
        asked.set()
        await asyncio.Event().wait()
        return []

    monkeypatch.setattr(desk.story, "changed", never)
    await ticket_event(desk, kind="poll")
    async with desk.working():
        await asked.wait()

    jobs = [*await desk.jobs.app.job_manager.list_jobs_async(task="poll", status="todo")]
    assert [job.task_kwargs["turn"] for job in jobs] == [0]


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
        await desk.until(lambda: _no_jobs(desk))

    assert desk.story.given_up == [given_up]


async def test_a_misconfigured_helpdesk_makes_its_tickets_wait_for_as_long_as_it_takes(desk: Desk) -> None:
    """A key that expired over the weekend loses nobody."""
    desk.story.step = failing(MisconfiguredError("401"))
    await desk.jobs.enqueue("zendesk", "7", attempt=3)
    async with desk.working():
        await desk.until(lambda: _has(desk, (4, True)))

    assert desk.story.given_up == []


async def test_a_webhook_that_cannot_be_read_makes_us_look_at_what_changed(desk: Desk) -> None:
    """Unreadable is not lost."""
    desk.story.changed_tickets = ["8", "9"]
    await ticket_event(desk, kind="poll")
    async with desk.working():
        await desk.until(lambda: _true(sorted(desk.story.looks) == ["zendesk:8", "zendesk:9"]))
        await desk.until(lambda: _polls_again(desk))  # the vendor's search may not have known yet


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
    manager = desk.jobs.app.job_manager
    worker = await manager.register_worker()
    job = await manager.fetch_job(queues=["tickets"], worker_id=worker)
    assert job is not None
    async with desk.database.engine.begin() as connection:
        await connection.execute(sa.text("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '60 s'"))
        await connection.execute(sa.text("UPDATE procrastinate_jobs SET attempts = :n"), {"n": attempts})


async def test_a_dead_workers_ticket_is_taken_over(desk: Desk) -> None:
    """A killed worker's job runs again elsewhere."""
    await dead_worker_holds(desk)
    async with desk.working():
        await desk.story.looked.wait()
        await desk.until(lambda: _no_jobs(desk))

    assert desk.story.looks == ["zendesk:7"]


async def test_a_dead_workers_ticket_with_a_waiting_follow_up_is_freed_for_it(desk: Desk) -> None:
    """Trap 1 in the sweep: putting the dead job back would collide with the one that waits."""
    await dead_worker_holds(desk)
    await desk.jobs.enqueue("zendesk", "7")
    async with desk.working():
        await desk.story.looked.wait()
        await desk.until(lambda: _no_jobs(desk))

    assert desk.story.looks == ["zendesk:7"]


async def test_a_ticket_that_kills_its_workers_is_parked(desk: Desk) -> None:
    """Five dead workers are enough."""
    await dead_worker_holds(desk, attempts=ATTEMPTS - 1)
    async with desk.working():
        await desk.story.looked.wait()
        await desk.until(lambda: _no_jobs(desk))

    assert desk.story.looks == []
    assert desk.story.given_up == [("7", "its worker died each time it was looked at", ATTEMPTS)]
    failed = await desk.jobs.app.job_manager.list_jobs_async(status=Status.FAILED.value)
    assert len(list(failed)) == 1


async def test_a_job_freed_by_its_time_is_found_by_a_short_poll(desk: Desk) -> None:
    """Trap 2: notifications tell of new jobs only; the poll for the rest is half a second, not five."""
    assert jobs_module._POLL_S <= 0.5
    await desk.jobs.enqueue("zendesk", "7", after_s=1)
    async with desk.working():
        await desk.story.looked.wait()

    assert desk.story.looks == ["zendesk:7"]


async def test_the_knowledge_is_synced_at_start_up(database: Database) -> None:
    """A new deployment knows its articles without anybody calling for them."""
    inbox, story = Inbox(database), ScriptedStory()
    jobs = Jobs(database, inbox=inbox, story=story, settings=Settings())
    async with inbox.receiving(), jobs.app.open_async(), Desk(jobs, inbox, story, database).working():
        await story.synced.wait()

    assert story.synced_first  # before any ticket is told that nothing is known


async def _true(value: bool) -> bool:  # noqa: FBT001 - a condition is a boolean
    return value


async def _is_zero(count: Awaitable[int]) -> bool:
    return await count == 0


async def _has(desk: Desk, job: tuple[int, bool]) -> bool:
    return await desk.waiting() == [job]


async def _no_jobs(desk: Desk) -> bool:
    manager = desk.jobs.app.job_manager
    return not [*await manager.list_jobs_async(status="todo"), *await manager.list_jobs_async(status="doing")]


async def _polls_again(desk: Desk) -> bool:
    jobs = [*await desk.jobs.app.job_manager.list_jobs_async(task="poll", status="todo")]
    return [job.task_kwargs["turn"] for job in jobs] == [1]
