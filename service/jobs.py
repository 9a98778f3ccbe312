"""The queue around the story: one job per ticket, put off when it fails, taken over when its worker dies.

A ticket job never uses the queue's built-in retry: where a follow-up for the same ticket already waits, that raises
and leaves the ticket locked for ever. It puts its ticket off itself (a new job, later, one attempt higher) and ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Protocol

import procrastinate
import sqlalchemy as sa
import structlog
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.types import TimeDeltaParams

from connectors.base import ConnectorError, LeakError, MisconfiguredError, RejectedError, RetryableError
from service.database import Database
from service.errors import ServiceError
from service.inbox import Due, Inbox
from service.metrics import JOBS
from service.settings import Settings

log = structlog.get_logger()

ATTEMPTS = 5
"""Then a ticket is parked until a person acts or its customer writes again."""

_BACKOFF_S = (5.0, 20.0, 60.0, 180.0)
_MISCONFIGURED_S = 300.0  # nothing works until a person acts; look again every five minutes
_JITTER = 0.2  # a hundred tickets that failed together do not come back together

_HEARTBEAT_S = 2.0  # with the two below, a dead worker's jobs run again within ten seconds
_STALLED_S = 6.0
_SWEEP_S = 2.0
_POLL_S = 0.5  # jobs freed by a lock or by time are found by polling only
_FORWARD_S = 0.25
_RESTART_S = 1.0
_DRAIN_S = 20.0  # of the 25 s that container platforms grant at least; the rest hands jobs back
_SWEEP_LOCK = 0x73776565  # "swee"
_POLLED_BEFORE = timedelta(minutes=15)  # the webhook itself may have been late
_POLL_TURNS_S = (0, 60, 240)  # after an unreadable webhook; what changed just now is not in the vendors' search yet


class Story(Protocol):
    """What the jobs call."""

    async def look(self, helpdesk: str, ticket_id: str) -> str:
        """Do for this ticket what is missing; returns what was done, for the log."""
        ...

    async def changed(self, helpdesk: str, *, since: datetime) -> list[str]:
        """Tickets that changed since then."""
        ...

    async def give_up(self, helpdesk: str, ticket_id: str, *, reason: str, attempts: int = 0) -> None:
        """Record why a ticket gets nothing; with `attempts`, park it."""
        ...

    def own_id(self, helpdesk: str) -> str:
        """Who we are there, once known; empty before."""
        ...

    async def sync(self) -> str:
        """Bring the knowledge up to date; returns what was done, for the log."""
        ...


class Jobs:
    """The queue. While `app` is open, `enqueue` puts tickets in and `run` works on them."""

    def __init__(self, database: Database, *, inbox: Inbox, story: Story, settings: Settings) -> None:
        self._engine = database.engine
        self._inbox = inbox
        self._story = story
        self._settings = settings
        # a connection is used for milliseconds at the ends of a job, so jobs share a few
        connector = procrastinate.PsycopgConnector(conninfo=database.conninfo, min_size=2, max_size=10)
        self.app = procrastinate.App(connector=connector)
        self._look = self.app.task(name="look", queue="tickets")(self._look_at)
        self._poll = self.app.task(name="poll", queue="tickets")(self._poll_account)
        self._sync = self.app.task(name="sync", queue="tickets")(self._sync_knowledge)

    async def enqueue(self, helpdesk: str, ticket_id: str, *, attempt: int = 1, after_s: float = 0.0) -> bool:
        """Have the ticket looked at, after `after_s` seconds. False: one waits already, and will do it."""
        key = f"{helpdesk}:{ticket_id}"
        later = self._look.configure(lock=key, queueing_lock=key, schedule_in=_in(after_s))
        with contextlib.suppress(AlreadyEnqueued):
            await later.defer_async(helpdesk=helpdesk, ticket_id=ticket_id, attempt=attempt)
            return True
        return False

    async def busy(self, helpdesk: str, ticket_id: str) -> bool:
        """Whether a job of this ticket waits or runs."""
        key, manager = f"{helpdesk}:{ticket_id}", self.app.job_manager
        waiting = await manager.list_jobs_async(lock=key, status="todo")
        running = await manager.list_jobs_async(lock=key, status="doing")
        return bool([*waiting, *running])

    async def run(self) -> None:
        """Forward, work and sweep until cancelled; then finish what runs, or hand it back after _DRAIN_S."""
        loops = [
            asyncio.create_task(self._for_ever(self._forward), name="forwarder"),
            asyncio.create_task(self._for_ever(self._sweep), name="sweep"),
        ]
        if self._settings.knowledge.sync_every_s:
            loops.append(asyncio.create_task(self._for_ever(self._ask_for_sync), name="sync"))
        try:
            await self._for_ever(self._work)
        finally:
            for loop in loops:
                loop.cancel()
            await asyncio.gather(*loops, return_exceptions=True)

    async def _for_ever(self, step: Callable[[], Awaitable[None]]) -> None:
        """Repeat `step`; a database that is gone for a while stops none of the loops."""
        while True:
            try:
                await step()
            except (ConnectorException, sa.exc.SQLAlchemyError, OSError, TimeoutError) as error:
                log.warning("the database does not answer: trying again", loop=step.__name__, error=str(error))
                await asyncio.sleep(_RESTART_S)

    async def _work(self) -> None:
        await self.app.run_worker_async(
            queues=["tickets"],
            concurrency=self._settings.jobs_at_once,
            fetch_job_polling_interval=_POLL_S,
            update_heartbeat_interval=_HEARTBEAT_S,
            stalled_worker_timeout=_STALLED_S,
            shutdown_graceful_timeout=_DRAIN_S,
            delete_jobs="successful",
            install_signal_handlers=False,
        )
        await asyncio.sleep(_RESTART_S)  # it ends by itself when one of its own connections fails

    async def _forward(self) -> None:
        """Turn tickets that have become quiet into jobs."""
        self._inbox.arrived.clear()
        debounce_s, longest_s = self._settings.debounce_s, self._settings.debounce_max_s
        async with self._inbox.due(debounce_s=debounce_s, longest_s=longest_s) as due:
            for item in due:
                await self._inbox.forwarded(item, result=await self._into_job(item))
        if debounce_s >= _FORWARD_S:
            await asyncio.sleep(_FORWARD_S)
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._inbox.arrived.wait(), _FORWARD_S)

    async def _into_job(self, due: Due) -> str:
        if not due.ticket_id:
            await self._enqueue_poll(due.helpdesk, since=due.first_at - _POLLED_BEFORE)
            return "poll"
        if due.authors == {self._story.own_id(due.helpdesk)} and "" not in due.authors:
            return "our own note"
        await self.enqueue(due.helpdesk, due.ticket_id)
        return "job"

    async def _sweep(self) -> None:
        """Take over the jobs of dead workers; park what has killed too many."""
        async with self._engine.begin() as connection:
            if await connection.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(_SWEEP_LOCK))):
                for job in await self.app.job_manager.get_stalled_jobs(seconds_since_heartbeat=_STALLED_S):
                    await self._take_over(job)
        await asyncio.sleep(_SWEEP_S)

    async def _take_over(self, job: Job) -> None:
        log.warning("a worker died in the middle of a job", job=job.id, task=job.task_name, attempts=job.attempts)
        if job.task_name == "look" and job.attempts + 1 >= ATTEMPTS:
            await self._story.give_up(
                str(job.task_kwargs["helpdesk"]),
                str(job.task_kwargs["ticket_id"]),
                reason="its worker died each time it was looked at",
                attempts=job.attempts + 1,
            )
            await self.app.job_manager.finish_job(job, status=Status.FAILED, delete_job=False)
            JOBS.labels("parked").inc()
            return
        try:
            await self.app.job_manager.retry_job(job)
        except UniqueViolation:  # a follow-up waits: it does the work once this one no longer holds the ticket's lock
            await self.app.job_manager.finish_job(job, status=Status.FAILED, delete_job=True)

    async def _enqueue_poll(
        self, helpdesk: str, *, since: datetime, turn: int = 0, attempt: int = 1, after_s: float = 0.0
    ) -> bool:
        """Have the account polled. False: one waits already. One runs per account, and one waits per turn, at most."""
        key = f"poll:{helpdesk}"
        later = self._poll.configure(lock=key, queueing_lock=f"{key}:{turn}", schedule_in=_in(after_s))
        with contextlib.suppress(AlreadyEnqueued):
            await later.defer_async(helpdesk=helpdesk, since=since.isoformat(), turn=turn, attempt=attempt)
            return True
        return False

    async def _poll_account(self, helpdesk: str, since: str, turn: int, attempt: int) -> None:
        """A webhook could not be read: look at what changed since shortly before it, and again when the vendor's search knows.

        Put off and never given up where the helpdesk does not answer: nothing else tells which ticket it was.
        """
        start = datetime.fromisoformat(since)
        try:
            for ticket_id in await self._story.changed(helpdesk, since=start):
                await self.enqueue(helpdesk, ticket_id)
        except RejectedError as error:
            log.error("an account cannot be polled", helpdesk=helpdesk, reason=str(error))  # noqa: TRY400 - the sentence says it all
        except ConnectorError as error:
            asked_s = error.after_s if isinstance(error, RetryableError) else _MISCONFIGURED_S
            wait_s = _wait_s(attempt, after_s=asked_s)
            log.warning("a poll is put off", helpdesk=helpdesk, reason=str(error), wait_s=round(wait_s, 1))
            while not await self._enqueue_poll(helpdesk, since=start, turn=turn, attempt=attempt + 1, after_s=wait_s):
                await self._take_back(f"poll:{helpdesk}:{turn}")  # it looks less far back than this one
            return
        if turn + 1 < len(_POLL_TURNS_S):
            await self._enqueue_poll(helpdesk, since=start, turn=turn + 1, after_s=_POLL_TURNS_S[turn + 1])

    async def _ask_for_sync(self) -> None:
        """At start-up and every hour. Replicas that ask at once get one job, or several that find nothing to do."""
        with contextlib.suppress(AlreadyEnqueued):
            await self._sync.configure(lock="sync", queueing_lock="sync", priority=-1).defer_async()
        await asyncio.sleep(self._settings.knowledge.sync_every_s)

    async def _sync_knowledge(self) -> None:
        try:
            log.info("synced the knowledge", done=await self._story.sync())
        except ServiceError as error:
            log.warning("the knowledge could not be synced: it stays as it was", reason=str(error))

    async def _look_at(self, helpdesk: str, ticket_id: str, attempt: int) -> None:
        structlog.contextvars.bind_contextvars(helpdesk=helpdesk, ticket=ticket_id, attempt=attempt)
        try:
            done = await self._story.look(helpdesk, ticket_id)
        except asyncio.CancelledError:  # the drain's time is up: somebody else goes on
            await asyncio.shield(self.enqueue(helpdesk, ticket_id, attempt=attempt))
            raise
        except RejectedError as error:
            await self._story.give_up(helpdesk, ticket_id, reason=str(error))
            log.info("nothing can be written", reason=str(error))
            JOBS.labels("rejected").inc()
        except MisconfiguredError as error:
            log.error("a person has to act", problem=str(error))  # noqa: TRY400 - the sentence says it all
            JOBS.labels("misconfigured").inc()
            await self.enqueue(helpdesk, ticket_id, attempt=attempt, after_s=_MISCONFIGURED_S)
        except LeakError as error:
            log.critical("a note of ours is visible to the customer: check the account's settings", problem=str(error))
            JOBS.labels("leak").inc()
            await self._story.give_up(helpdesk, ticket_id, reason=str(error), attempts=attempt)
        except RetryableError as error:
            await self._put_off(helpdesk, ticket_id, attempt=attempt, reason=str(error), after_s=error.after_s)
        except ServiceError as error:  # the index or the database is away for a while
            await self._put_off(helpdesk, ticket_id, attempt=attempt, reason=str(error))
        except Exception as error:  # the one place: a defect of ours costs this ticket an attempt, not the worker
            log.exception("looking at a ticket failed")
            await self._put_off(helpdesk, ticket_id, attempt=attempt, reason=f"{type(error).__name__}: {error}")
        else:
            log.info("looked at a ticket", done=done)
            JOBS.labels("done").inc()

    async def _put_off(
        self, helpdesk: str, ticket_id: str, *, attempt: int, reason: str, after_s: float | None = None
    ) -> None:
        """Later again; or, after ATTEMPTS, park the ticket with its reason."""
        if attempt >= ATTEMPTS:
            log.error("a ticket is parked", reason=reason)
            JOBS.labels("parked").inc()
            await self._story.give_up(helpdesk, ticket_id, reason=reason, attempts=attempt)
            return
        wait_s = _wait_s(attempt, after_s=after_s)
        log.warning("a ticket is put off", reason=reason, wait_s=round(wait_s, 1))
        JOBS.labels("put_off").inc()
        while not await self.enqueue(helpdesk, ticket_id, attempt=attempt + 1, after_s=wait_s) and after_s:
            await self._take_back(f"{helpdesk}:{ticket_id}")  # it would ask the helpdesk before it may be asked

    async def _take_back(self, key: str) -> None:
        """Drop the follow-up that waits under this key: the job that is about to wait in its place does its work, too."""
        for job in await self.app.job_manager.list_jobs_async(queueing_lock=key, status="todo"):
            if job.id is not None:
                await self.app.job_manager.cancel_job_by_id_async(job.id, delete_job=True)


def _in(seconds: float) -> TimeDeltaParams | None:
    """When a job may begin: in whole seconds, never earlier than asked; None: now."""
    return {"seconds": math.ceil(seconds)} if seconds else None


def _wait_s(attempt: int, *, after_s: float | None) -> float:
    """Seconds until the next attempt: our own back-off, or what the other side asked for where that is longer."""
    backoff_s = _BACKOFF_S[min(attempt, len(_BACKOFF_S)) - 1]
    return max(backoff_s * random.uniform(1, 1 + _JITTER), after_s or 0.0)  # noqa: S311 - jitter, no secret
