"""The queue with a story that is scripted: what jobs, chores and outages are tested on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from procrastinate.jobs import Job

from connectors.base import Event
from service.database import Database
from service.inbox import Inbox
from service.incidents.alarms import Alarms
from service.jobs import Jobs
from service.outages import Outages
from service.queue import Queue
from service.settings import Settings

Step = Callable[[str], Awaitable[None]]


async def _nothing(_ticket_id: str) -> None:
    """A look that finds nothing to do."""


async def _no_poll() -> None:
    """A poll that finds nothing."""


@dataclass
class ScriptedStory:
    """A story whose looks are scripted; remembers what it was asked."""

    step: Step = _nothing
    looks: list[str] = field(default_factory=list)
    patient: list[bool] = field(default_factory=list)
    routed: list[bool] = field(default_factory=list)
    reconciled: list[datetime | None] = field(default_factory=list)
    given_up: list[tuple[str, str, int]] = field(default_factory=list)
    articles: list[tuple[str, list[str]]] = field(default_factory=list)
    unread: list[Exception] = field(default_factory=list)  # raised by the next readings of articles
    poll: Callable[[], Awaitable[None]] = _no_poll
    own: str = "our-note"
    halted: list[tuple[str, str]] = field(default_factory=list)
    synced_first: bool = False
    tidied: bool = False
    looked: asyncio.Event = field(default_factory=asyncio.Event)
    synced: asyncio.Event = field(default_factory=asyncio.Event)

    async def look(self, helpdesk: str, ticket_id: str, *, patient: bool, routed: bool) -> str:
        self.looks.append(f"{helpdesk}:{ticket_id}")
        self.patient.append(patient)
        self.routed.append(routed)
        self.looked.set()
        await self.step(ticket_id)
        return "done"

    async def reconcile(self, _helpdesk: str, *, since: datetime | None = None) -> int:
        self.reconciled.append(since)
        await self.poll()
        return 1

    async def give_up(self, _helpdesk: str, ticket_id: str, *, reason: str, attempts: int = 0) -> None:
        self.given_up.append((ticket_id, reason, attempts))
        self.looked.set()

    async def forget_old(self) -> None:
        self.tidied = True

    async def sync(self) -> str:
        self.synced.set()
        return "nothing"

    async def read_articles(self, helpdesk: str, ids: Collection[str]) -> bool:
        self.articles.append((helpdesk, sorted(ids)))
        if self.unread:
            raise self.unread.pop(0)
        return True

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
    queue: Queue
    inbox: Inbox
    outages: Outages
    story: ScriptedStory
    database: Database

    async def waiting(self) -> list[tuple[int, bool]]:
        """(attempt, whether put off) of the jobs that wait."""
        jobs = await self.queue.app.job_manager.list_jobs_async(status="todo", task="look")
        return [(int(str(job.task_kwargs["attempt"])), job.scheduled_at is not None) for job in jobs]

    async def has(self, *jobs: tuple[int, bool]) -> bool:
        """Whether just these wait."""
        return await self.waiting() == list(jobs)

    async def jobs_named(self, task: str) -> list[Job]:
        """The jobs of a kind that wait."""
        return list(await self.queue.app.job_manager.list_jobs_async(status="todo", task=task))

    async def idle(self) -> bool:
        """Whether nothing waits and nothing runs."""
        manager = self.queue.app.job_manager
        return not [*await manager.list_jobs_async(status="todo"), *await manager.list_jobs_async(status="doing")]

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


@asynccontextmanager
async def opened(
    database: Database,
    settings: Settings,
    *,
    story: ScriptedStory | None = None,
    helpdesks: Collection[str] = ("zendesk",),
    alarms: Alarms | None = None,
) -> AsyncIterator[Desk]:
    """A queue with these settings."""
    inbox, story, queue, outages = Inbox(database), story or ScriptedStory(), Queue(database), Outages(database)
    jobs = Jobs(queue, inbox=inbox, outages=outages, story=story, settings=settings, helpdesks=helpdesks, alarms=alarms)
    async with inbox.receiving(), queue.app.open_async():
        yield Desk(jobs, queue, inbox, outages, story, database)


def failing(error: Exception) -> Step:
    """A look that ends with `error`."""

    async def step(_ticket_id: str) -> None:
        raise error

    return step


async def ticket_event(desk: Desk, *, message: str = "m1", kind: str = "ticket") -> None:
    """A webhook arrives."""
    ticket = "7" if kind == "ticket" else ""
    await desk.inbox.put("zendesk", Event(kind=kind, ticket_id=ticket, message_id=message))  # type: ignore[arg-type]


async def true(value: bool) -> bool:  # noqa: FBT001 - a condition is a boolean
    """A condition that holds or does not."""
    return value
