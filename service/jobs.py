"""The queue around the story: one job per ticket, put off when it fails, taken over when its worker dies.

A ticket job never uses the queue's built-in retry: where a follow-up for the same ticket already waits, that raises
and leaves the ticket locked for ever. It puts its ticket off itself (a new job, later, one attempt higher) and ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import structlog
from procrastinate import JobContext

from connectors.base import LeakError, MisconfiguredError, RejectedError, RetryableError, UnsureError
from service.chores import Chores
from service.database import storable
from service.errors import OutageError, ServiceError, UnroutedError
from service.inbox import Due, Inbox
from service.incidents.alarms import Alarms
from service.metrics import JOBS
from service.outages import MODEL, Outages
from service.queue import AWAY, CHORES, LOOK, Look, Queue, insist
from service.rounds import Rounds
from service.settings import Settings
from service.spans import Tracer, current
from service.steps import stage_over
from service.story import Story
from service.tasks import end

log = structlog.get_logger()

ATTEMPTS = 5
"""So often a ticket may fail by our own fault, or kill its worker; then it is parked until a person acts or its customer
writes again."""

ALONE = 10
"""So often it may fail outside while others are served: half an hour of a helpdesk's 500, for a note it cannot take."""

_BACKOFF_S = (5.0, 20.0, 60.0, 180.0)
_MISCONFIGURED_S = 300.0  # nothing works until a person acts; look again every five minutes
_OUT_S = 300.0  # a ticket that waits for an outage is freed when it is over; this is the net below that
_ROUTED_S = 60.0  # in which a helpdesk's own rules give a new ticket its group and brand
_JITTER = 0.2  # a hundred tickets that failed together do not come back together
_APART_S = 4.0  # tickets that died together a third time come back apart: one of them may be what kills

_HEARTBEAT_S = 2.0
_SWEEP_S = 1.0
_POLL_S = 0.5  # jobs freed by a lock or by time are found by polling only
_FORWARD_S = 0.25
_RESTART_S = 1.0
_REASON_CHARS = 200
_DRAIN_S = 20.0  # of the 25 s that container platforms grant at least; the rest hands jobs back
_WOUND_DOWN_S = 2.0  # after the drain: what the queue still writes down
_KEPT_WORKERS_S = (
    86_400.0  # dead workers' rows: the sweep needs them, and a clock that is set must not delete the living
)
_CHORES_AT_ONCE = 3


class Jobs:
    """The worker. While the queue's app is open, `enqueue` puts tickets in and `run` works on them."""

    def __init__(
        self,
        queue: Queue,
        *,
        inbox: Inbox,
        outages: Outages,
        story: Story,
        settings: Settings,
        helpdesks: Collection[str],
        tracer: Tracer | None = None,
        alarms: Alarms | None = None,
        rounds: Rounds | None = None,
    ) -> None:
        self._queue, self._inbox, self._outages = queue, inbox, outages
        self._story, self._settings, self._helpdesks = story, settings, helpdesks
        self._tracer = tracer or Tracer()
        self._workers: dict[str, int] = {}  # id of the queue's worker in this process by queue, once it has had a job
        self._chores = Chores(
            queue, inbox=inbox, story=story, settings=settings, helpdesks=helpdesks, alarms=alarms, rounds=rounds
        )
        queue.app.task(name=LOOK, pass_context=True)(self._look_at)

    async def enqueue(self, helpdesk: str, ticket_id: str) -> bool:
        """Have the ticket looked at. False: a look waits already, and will do it."""
        return await self._queue.put(Look(helpdesk, ticket_id))

    async def busy(self, helpdesk: str, ticket_id: str) -> bool:
        """Whether a look at this ticket waits or runs."""
        return await self._queue.busy(helpdesk, ticket_id)

    async def run(self) -> None:
        """Forward, work and sweep until cancelled; then finish what runs, or hand it back after _DRAIN_S."""
        if self._settings.knowledge.sync_every_s:
            await self._story.first_sync()  # a first ticket must not be told that nothing is known
        if not self._settings.database_url.get_secret_value():
            await self._take_over_all()
        steps = [self._forward, self._sweep, *self._chores.steps()]
        loops = [asyncio.create_task(self._for_ever(step)) for step in steps]
        # a queue and its workers for each helpdesk: one that hangs takes nobody else's places
        queues = {**dict.fromkeys(self._helpdesks, self._settings.jobs_at_once), CHORES: _CHORES_AT_ONCE}
        workers = [
            asyncio.create_task(self._for_ever(partial(self._work, name, at_once=n))) for name, n in queues.items()
        ]
        heart = asyncio.create_task(self._for_ever(self._beat))
        try:
            await asyncio.wait(workers)
        finally:
            # The queue stops its own heartbeat when it begins to drain; without ours, its jobs would be taken over
            # while they still run. So: no new jobs, then the drain, and the heart stops last.
            await end(loops)
            await end(workers, grace_s=_DRAIN_S + _WOUND_DOWN_S)
            await end([heart])

    async def _for_ever(self, step: Callable[[], Awaitable[None]]) -> None:
        """Repeat `step`; neither a database that is gone for a while nor a defect of ours stops a loop."""
        name, task = getattr(step, "__name__", "work"), asyncio.current_task()
        while task and not task.cancelling():  # a database that goes while a step winds down swallows the cancellation
            try:
                await step()
            except AWAY as error:
                log.warning("the database does not answer: trying again", loop=name, error=type(error).__name__)
                await asyncio.sleep(_RESTART_S)
            except Exception:
                log.exception("a loop failed: it goes on", loop=name)
                await asyncio.sleep(_RESTART_S)

    async def _work(self, queue: str, *, at_once: int) -> None:
        await self._queue.app.run_worker_async(
            queues=[queue],
            concurrency=at_once,
            fetch_job_polling_interval=_POLL_S,
            update_heartbeat_interval=_HEARTBEAT_S,
            stalled_worker_timeout=_KEPT_WORKERS_S,
            shutdown_graceful_timeout=_DRAIN_S,
            delete_jobs="successful",
            install_signal_handlers=False,
        )
        await asyncio.sleep(_RESTART_S)  # it ends by itself when one of its own connections fails

    async def _beat(self) -> None:
        """Say that our workers live, also while they drain."""
        for worker_id in list(self._workers.values()):
            await self._queue.app.job_manager.update_heartbeat(worker_id)
        await asyncio.sleep(_HEARTBEAT_S)

    async def _forward(self) -> None:
        """Turn tickets that have become quiet into jobs."""
        self._inbox.arrived.clear()
        debounce_s, longest_s = self._settings.debounce_s, self._settings.debounce_max_s
        async with self._inbox.due(debounce_s=debounce_s, longest_s=longest_s) as due:
            if due:
                await self._inbox.forwarded([(item, await self._into_job(item)) for item in due])
        if debounce_s >= _FORWARD_S:
            await asyncio.sleep(_FORWARD_S)
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._inbox.arrived.wait(), _FORWARD_S)

    async def _into_job(self, due: Due) -> str:
        after, *also = due.traces or ("",)
        with self._tracer.begin("forward", after=after, also=also, began=due.first_at) as span:
            span.tell({"helpdesk": due.helpdesk, "ticket.id": due.ticket_id})
            told_at = due.first_at.astimezone(UTC).isoformat() if due.live else ""
            result = await self._forwarded(due, trace=str(span.place), told_at=told_at)
            span.tell({"result": result})
            return result

    async def _forwarded(self, due: Due, *, trace: str, told_at: str) -> str:
        if due.kind == "article":
            await self._chores.article_told(due.helpdesk, due.ticket_id)
            return "article"
        if not due.ticket_id:
            await self._chores.unreadable(due.helpdesk, at=due.first_at)
            return "poll"
        if "" not in due.messages and await self._story.are_notes(due.helpdesk, due.messages):
            return "our own note"
        await self._queue.put(Look(due.helpdesk, due.ticket_id, found=not due.live, trace=trace, told_at=told_at))
        return "job"

    async def _sweep(self) -> None:
        """Take over the jobs of dead workers, and let go what waits for an outage that is over. One replica at a time."""
        dead = await self._queue.stalled()  # every replica watches, so that each knows when it is its turn
        async with self._queue.sweeping() as mine:
            if mine:
                out = [outage for outage in (await self._outages.standing()).values() if outage.open]
                probing = [outage.name for outage in out if outage.probe_due]
                await self._queue.release([outage.name for outage in out], probing=probing)
                await asyncio.gather(*(self._take_over(job_id) for job_id in dead))
        await asyncio.sleep(_SWEEP_S)

    async def _take_over_all(self) -> None:
        """The embedded database belongs to one process, which is this one: whoever held a job is dead."""
        await asyncio.gather(*(self._take_over(job_id) for job_id in await self._queue.running()))

    async def _take_over(self, job_id: int) -> None:
        job = await self._queue.job(job_id)
        if job is None or job.status != "doing":
            return
        deaths = job.attempts + 1
        log.warning("a worker died in the middle of a job", job=job.id, task=job.task_name, deaths=deaths)
        if job.task_name == LOOK and deaths >= ATTEMPTS:
            look = Look.of(job.task_kwargs, priority=job.priority)
            reason = "its worker died each time it was looked at"
            await self._story.give_up(look.helpdesk, look.ticket_id, reason=reason, attempts=deaths)
            await self._queue.end(job)
            JOBS.labels("parked").inc()
            return
        apart_s = random.uniform(0, _APART_S * max(deaths - 2, 0))  # noqa: S311 - no secret
        await self._queue.put_back(job, after_s=apart_s)

    async def _look_at(self, context: JobContext, /, **given: Any) -> None:  # noqa: ANN401 - JSON of our own making
        self._alive(context)
        look = Look.of(given, priority=context.job.priority)
        structlog.contextvars.bind_contextvars(helpdesk=look.helpdesk, ticket=look.ticket_id, attempt=look.attempt)
        since = datetime.fromisoformat(look.told_at).timestamp() if look.told_at else 0.0
        with self._tracer.begin("look", after=look.trace, since=since, observe=stage_over) as span:
            span.tell({"helpdesk": look.helpdesk, "ticket.id": look.ticket_id, "attempt": look.attempt})
            await self._looked(look)

    async def _looked(self, look: Look) -> None:
        give_up = partial(self._story.give_up, look.helpdesk, look.ticket_id)
        try:
            patient = self._patience_s(look) > 0
            done = await self._story.look(look.helpdesk, look.ticket_id, patient=patient, routed=look.routed)
        except asyncio.CancelledError:  # the drain's time is up: somebody else goes on
            await insist(partial(self._queue.put, look))
            raise
        except RejectedError as error:
            log.info("nothing can be written", reason=str(error))
            _ended("rejected")
            await insist(partial(give_up, reason=str(error)))
        except MisconfiguredError as error:
            log.error("a person has to act", problem=str(error))  # noqa: TRY400 - the sentence says it all
            _ended("misconfigured")
            await self._put_off(look, reason=str(error), after_s=_MISCONFIGURED_S)
        except LeakError as error:
            log.critical("a note of ours is visible to the customer: nothing more is written there", problem=str(error))
            _ended("leak")
            await insist(partial(self._story.halt, look.helpdesk, reason=str(error)))
            await insist(partial(give_up, reason=str(error), attempts=look.attempt))
        except (OutageError, UnroutedError) as error:
            await self._wait(look, error)
        except RetryableError as error:
            alone = error.after_s is None or isinstance(error, UnsureError)  # not that it asked everybody to wait
            await self._failed(replace(look, alone=look.alone + alone), reason=str(error), after_s=error.after_s)
        except (ServiceError, *AWAY) as error:  # the database is away for a while
            await self._put_off(look, reason=str(error) if isinstance(error, ServiceError) else "no database")
        except Exception as error:  # a defect of ours costs this ticket an attempt, not the worker
            log.exception("looking at a ticket failed")
            await self._failed(replace(look, defects=look.defects + 1), reason=type(error).__name__)
        else:
            log.info("looked at a ticket", done=done)
            _ended("done")

    async def _failed(self, look: Look, *, reason: str, after_s: float | None = None) -> None:
        """Later again; or, after ATTEMPTS by our own fault or ALONE by others', park the ticket with its reason."""
        if look.defects < ATTEMPTS and look.alone < ALONE:
            await self._put_off(look, reason=reason, after_s=after_s)
            return
        log.error("a ticket is parked", reason=reason)
        _ended("parked")
        tries = max(look.defects, look.alone)
        given_up = partial(self._story.give_up, look.helpdesk, look.ticket_id, reason=reason, attempts=tries)
        await insist(given_up)

    def _patience_s(self, look: Look) -> float:
        """Seconds for which this ticket may still wait for a model; then it gets a note without one."""
        waited = datetime.now(UTC) - datetime.fromisoformat(look.since) if look.since else timedelta()
        return self._settings.llm.wait_s - max(waited.total_seconds(), 0.0)

    async def _wait(self, look: Look, error: OutageError | UnroutedError) -> None:
        """Until the outage is over (the sweep lets go), or, for a model, until patience ends; one failure is no outage.

        For its group or brand a ticket waits once.
        """
        if isinstance(error, UnroutedError):
            await self._put_off(replace(look, routed=True), reason=str(error), wait_s=_ROUTED_S)
            return
        if error.name != MODEL and not error.open:
            await self._failed(replace(look, alone=look.alone + 1), reason=str(error), after_s=error.after_s)
            return
        wait_s = _OUT_S if error.open else _wait_s(look.attempt, after_s=error.after_s)
        if error.name == MODEL:
            look = replace(look, since=look.since or datetime.now(UTC).isoformat())
            left_s = max(self._patience_s(look), 0.0)
            wait_s = left_s if error.open else min(wait_s, left_s)
        waits_for = error.name if error.open else ""
        await self._put_off(look, reason=str(error), wait_s=wait_s, waits_for=waits_for, needed_by=error.needed_by)

    async def _put_off(
        self,
        look: Look,
        *,
        reason: str,
        after_s: float | None = None,
        wait_s: float | None = None,
        waits_for: str = "",
        needed_by: datetime | None = None,
    ) -> None:
        """Later again, for as long as it takes: an outage of a weekend loses nobody.

        after_s: what the other side asked for at least. wait_s: exactly this long. needed_by: whose turn it is before others.
        """
        wait_s = _wait_s(look.attempt, after_s=after_s) if wait_s is None else wait_s
        log.warning("a ticket is put off", reason=reason, wait_s=round(wait_s, 1))
        _ended("put_off")
        said = storable(reason)[:_REASON_CHARS]
        later = replace(look, attempt=look.attempt + 1, waits_for=waits_for, reason=said)

        async def enqueued() -> None:
            while not await self._queue.put(later, after_s=wait_s, needed_by=needed_by) and (after_s or waits_for):
                await self._queue.take_back(look.key)  # it would ask before it may be asked

        await insist(enqueued)

    def _alive(self, context: JobContext) -> None:
        """Remember which of the queue's workers this job's is."""
        if context.job.worker_id is not None:
            self._workers[context.job.queue] = context.job.worker_id


def _ended(result: str) -> None:
    """Count how a job ended, and tell its span."""
    JOBS.labels(result).inc()
    span = current()
    if span and "result" not in span.attributes:  # the first says why
        span.tell({"result": result})
        if result != "done":
            span.failed(result)


def _wait_s(attempt: int, *, after_s: float | None) -> float:
    """Seconds until the next attempt: our own back-off, or what the other side asked for where that is longer."""
    backoff_s = _BACKOFF_S[min(attempt, len(_BACKOFF_S)) - 1]
    return max(backoff_s * random.uniform(1, 1 + _JITTER), after_s or 0.0)  # noqa: S311 - jitter, no secret
