"""The queue around the story: one job per ticket, put off when it fails, taken over when its worker dies.

A ticket job never uses the queue's built-in retry: where a follow-up for the same ticket already waits, that raises
and leaves the ticket locked for ever. It puts its ticket off itself (a new job, later, one attempt higher) and ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import math
import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import procrastinate
import sqlalchemy as sa
import structlog
from procrastinate import JobContext
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.types import TimeDeltaParams

from connectors.base import ConnectorError, LeakError, MisconfiguredError, RejectedError, RetryableError
from service.database import Database
from service.errors import ServiceError
from service.inbox import Due, Inbox
from service.metrics import JOBS
from service.settings import Settings
from service.story import Story

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
_KEPT_DAYS = 14  # deliveries, for those who ask why one led to nothing
_TIDY_S = 3600.0
_SWEEP_LOCK = 0x73776565  # "swee"
_POLLED_BEFORE = timedelta(minutes=15)  # the webhook itself may have been late
_POLL_TURNS_S = (0, 60, 240)  # after an unreadable webhook; what changed just now is not in the vendors' search yet


_DATABASE_AWAY = (ConnectorException, sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError, OSError)
"""What a database that is gone, or restarts, looks like from here."""


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
        self._worker_id: int | None = None  # of the queue's worker in this process, once it has a job
        self._look = self.app.task(name="look", queue="tickets", pass_context=True)(self._look_at)
        self._poll = self.app.task(name="poll", queue="tickets")(self._poll_account)
        self._sync = self.app.task(name="sync", queue="tickets")(self._sync_knowledge)

    async def enqueue(
        self, helpdesk: str, ticket_id: str, *, attempt: int = 1, defects: int = 0, after_s: float = 0.0
    ) -> bool:
        """Have the ticket looked at, after `after_s` seconds. False: one waits already, and will do it.

        attempt: counts all tries in a row. defects: those of them that failed by our own fault.
        """
        key = f"{helpdesk}:{ticket_id}"
        later = self._look.configure(lock=key, queueing_lock=key, schedule_in=_in(after_s))
        with contextlib.suppress(AlreadyEnqueued):
            await later.defer_async(helpdesk=helpdesk, ticket_id=ticket_id, attempt=attempt, defects=defects)
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
        if self._settings.knowledge.sync_every_s:
            await self._story.first_sync()  # a first ticket must not be told that nothing is known
        loops = [
            asyncio.create_task(self._for_ever(self._forward), name="forwarder"),
            asyncio.create_task(self._for_ever(self._sweep), name="sweep"),
            asyncio.create_task(self._for_ever(self._tidy), name="tidy"),
        ]
        if self._settings.knowledge.sync_every_s:
            loops.append(asyncio.create_task(self._for_ever(self._ask_for_sync), name="sync"))
        worker = asyncio.create_task(self._for_ever(self._work), name="queue")
        heart = asyncio.create_task(self._for_ever(self._beat), name="heartbeat")
        try:
            await asyncio.wait([worker])
        finally:
            # The queue stops its own heartbeat when it begins to drain; without ours, its jobs would be taken over
            # while they still run. So: no new jobs, then the drain, and the heart stops last.
            for group in (loops, [worker], [heart]):
                for task in group:
                    task.cancel()
                await asyncio.gather(*group, return_exceptions=True)

    async def _for_ever(self, step: Callable[[], Awaitable[None]]) -> None:
        """Repeat `step`; neither a database that is gone for a while nor a defect of ours stops a loop."""
        while True:
            try:
                await step()
            except _DATABASE_AWAY as error:
                log.warning(
                    "the database does not answer: trying again", loop=step.__name__, error=type(error).__name__
                )
                await asyncio.sleep(_RESTART_S)
            except Exception:
                log.exception("a loop failed: it goes on", loop=step.__name__)
                await asyncio.sleep(_RESTART_S)

    async def _beat(self) -> None:
        """Say that this worker lives, also while it drains."""
        if self._worker_id is not None:
            await self.app.job_manager.update_heartbeat(self._worker_id)
        await asyncio.sleep(_HEARTBEAT_S)

    async def _tidy(self) -> None:
        """Forget what nobody will ask about any more."""
        await self._inbox.prune(days=_KEPT_DAYS)
        await asyncio.sleep(_TIDY_S)

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
        if "" not in due.messages and await self._story.are_notes(due.helpdesk, due.messages):
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
        except asyncio.CancelledError:  # the drain's time is up: somebody else goes on
            await asyncio.shield(self._enqueue_poll(helpdesk, since=start, turn=turn, attempt=attempt))
            raise
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

    async def _look_at(
        self, context: JobContext, helpdesk: str, ticket_id: str, attempt: int, defects: int = 0
    ) -> None:
        self._worker_id = context.job.worker_id
        structlog.contextvars.bind_contextvars(helpdesk=helpdesk, ticket=ticket_id, attempt=attempt)
        give_up = functools.partial(self._story.give_up, helpdesk, ticket_id)
        again = functools.partial(self._put_off, helpdesk, ticket_id, attempt=attempt, defects=defects)
        try:
            done = await self._story.look(helpdesk, ticket_id)
        except asyncio.CancelledError:  # the drain's time is up: somebody else goes on
            await asyncio.shield(self.enqueue(helpdesk, ticket_id, attempt=attempt, defects=defects))
            raise
        except RejectedError as error:
            log.info("nothing can be written", reason=str(error))
            JOBS.labels("rejected").inc()
            await self._insist(functools.partial(give_up, reason=str(error)))
        except MisconfiguredError as error:
            log.error("a person has to act", problem=str(error))  # noqa: TRY400 - the sentence says it all
            JOBS.labels("misconfigured").inc()
            await again(reason=str(error), after_s=_MISCONFIGURED_S)
        except LeakError as error:
            log.critical("a note of ours is visible to the customer: nothing more is written there", problem=str(error))
            JOBS.labels("leak").inc()
            await self._insist(functools.partial(self._story.halt, helpdesk, reason=str(error)))
            await self._insist(functools.partial(give_up, reason=str(error), attempts=attempt))
        except RetryableError as error:
            await again(reason=str(error), after_s=error.after_s)
        except (ServiceError, *_DATABASE_AWAY) as error:  # the index or the database is away for a while
            await again(reason=f"{type(error).__name__}: {error}" if isinstance(error, ServiceError) else "no database")
        except Exception as error:  # a defect of ours costs this ticket an attempt, not the worker
            log.exception("looking at a ticket failed")
            await self._failed(helpdesk, ticket_id, attempt=attempt, defects=defects + 1, reason=type(error).__name__)
        else:
            log.info("looked at a ticket", done=done)
            JOBS.labels("done").inc()

    async def _failed(self, helpdesk: str, ticket_id: str, *, attempt: int, defects: int, reason: str) -> None:
        """Later again; or, after ATTEMPTS by our own fault, park the ticket with its reason."""
        if defects < ATTEMPTS:
            await self._put_off(helpdesk, ticket_id, attempt=attempt, defects=defects, reason=reason)
            return
        log.error("a ticket is parked", reason=reason)
        JOBS.labels("parked").inc()
        await self._insist(lambda: self._story.give_up(helpdesk, ticket_id, reason=reason, attempts=defects))

    async def _put_off(
        self,
        helpdesk: str,
        ticket_id: str,
        *,
        attempt: int,
        defects: int,
        reason: str,
        after_s: float | None = None,
    ) -> None:
        """Later again, for as long as it takes: an outage of a weekend loses nobody."""
        wait_s = _wait_s(attempt, after_s=after_s)
        log.warning("a ticket is put off", reason=reason, wait_s=round(wait_s, 1))
        JOBS.labels("put_off").inc()

        async def enqueued() -> None:
            later = functools.partial(self.enqueue, attempt=attempt + 1, defects=defects, after_s=wait_s)
            while not await later(helpdesk, ticket_id) and after_s:
                await self._take_back(f"{helpdesk}:{ticket_id}")  # it would ask the helpdesk before it may be asked

        await self._insist(enqueued)

    async def _insist(self, step: Callable[[], Awaitable[None]]) -> None:
        """Repeat until the database has taken it: a job that ends before its ticket is put off or recorded loses it."""
        while True:
            try:
                await step()
            except _DATABASE_AWAY:
                await asyncio.sleep(_RESTART_S)
            else:
                return

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
