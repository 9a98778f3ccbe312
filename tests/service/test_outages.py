"""A breaker for each outside thing, shared by all replicas."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from connectors.base import ConflictError, GoneError, RetryableError
from service.database import Database
from service.errors import LLMUnavailableError, OutageError
from service.outages import OPENS_AFTER, Outages
from tests.service.scripted import Desk, failing, true

FAILURES = (RetryableError, LLMUnavailableError)


@pytest.fixture
def outages(database: Database) -> Outages:
    """Of one replica."""
    return Outages(database)


async def call(outages: Outages, *, error: Exception | None = None) -> None:
    """Work with the thing once."""
    async with outages.watching("thing", await outages.standing(), failures=FAILURES):
        if error:
            raise error


async def break_it(outages: Outages) -> OutageError:
    """Let it fail until its breaker opens."""
    for _ in range(OPENS_AFTER):
        with pytest.raises(OutageError) as caught:
            await call(outages, error=RetryableError("no answer"))
    return caught.value


async def let_a_second_pass(database: Database) -> None:
    """Set the next probe's time back, as if it had come."""
    async with database.engine.begin() as connection:
        await connection.execute(sa.text("UPDATE outages SET probe_at = now() - interval '1 ms'"))


async def test_one_failure_alone_stops_nobody(outages: Outages) -> None:
    """A hiccup is one ticket's matter."""
    with pytest.raises(OutageError) as caught:
        await call(outages, error=RetryableError("no answer"))

    assert not caught.value.open
    await call(outages)
    assert await outages.standing() == {}


async def test_failures_in_a_row_open_it_for_every_replica(outages: Outages, database: Database) -> None:
    """Nobody waits ten seconds for what is known not to answer."""
    assert (await break_it(outages)).open

    with pytest.raises(OutageError, match="thing does not answer: no answer"):
        await call(Outages(database))


async def test_an_open_one_lets_one_caller_try_and_closes_when_it_gets_an_answer(
    outages: Outages, database: Database
) -> None:
    """One probe, however many ask."""
    await break_it(outages)
    await let_a_second_pass(database)
    standing = await outages.standing()
    assert standing["thing"].probe_due

    assert [await outages.probes(standing["thing"]) for _ in range(3)] == [True, False, False]
    await let_a_second_pass(database)
    await call(outages)
    assert await outages.standing() == {}


async def test_the_one_that_got_an_answer_is_not_refused_in_its_next_step(outages: Outages, database: Database) -> None:
    """It looked once, at the start; the outage is over since, by its own doing."""
    await break_it(outages)
    await let_a_second_pass(database)
    seen = await outages.standing()
    for _ in range(2):  # the analysis, the draft
        async with outages.watching("thing", seen, failures=FAILURES):
            pass

    assert await outages.standing() == {}


async def test_a_reason_that_no_database_takes_is_stored_without_it(outages: Outages) -> None:
    """A NUL in what a server says must not keep its breaker closed."""
    await outages.failed("thing", "bad\0answer")

    assert (await outages.standing())["thing"].reason == "badanswer"


async def test_a_probe_that_fails_makes_the_next_one_wait_a_second(outages: Outages, database: Database) -> None:
    """At most one a second."""
    await break_it(outages)
    await let_a_second_pass(database)
    with pytest.raises(OutageError):
        await call(outages, error=RetryableError("still no answer"))

    async with database.engine.connect() as connection:
        wait = await connection.scalar(sa.text("SELECT probe_at - now() FROM outages"))
    assert timedelta(seconds=0.5) < wait <= timedelta(seconds=1)


async def test_a_model_that_says_when_is_not_probed_before(outages: Outages, database: Database) -> None:
    """Retry-After."""
    with pytest.raises(OutageError):
        await call(outages, error=LLMUnavailableError("busy", after_s=90))

    async with database.engine.connect() as connection:
        wait = await connection.scalar(sa.text("SELECT probe_at - now() FROM outages"))
    assert wait > timedelta(seconds=80)


@pytest.mark.parametrize(
    "answer", [GoneError("gone"), ConflictError("changed"), RetryableError("429", after_s=30)], ids=lambda error: type(error).__name__
)  # fmt: skip
async def test_an_answer_is_no_failure_though_it_is_a_no(outages: Outages, answer: Exception) -> None:
    """It is gone, it has changed, it wants us to wait: all said by something that works."""
    for _ in range(OPENS_AFTER + 1):
        with pytest.raises(type(answer)):
            await call(outages, error=answer)

    assert await outages.standing() == {}


async def test_since_when_is_the_first_failure(outages: Outages) -> None:
    """A note tells the agent."""
    first = await outages.failed("thing", "x")

    assert (await outages.failed("thing", "y")).since == first.since


# -- tickets that wait -------------------------------------------------------------------------------------------------


def out(name: str, *, needed_by: datetime | None = None) -> OutageError:
    """What a look raises while `name` is out."""
    return OutageError(name, "no answer", since=datetime.now(UTC), open_=True, needed_by=needed_by)


async def test_a_ticket_that_waits_for_an_outage_goes_on_when_it_is_over(desk: Desk) -> None:
    """Not after the wait it would have had, but at once."""
    for _ in range(OPENS_AFTER):
        await desk.outages.failed("index", "no answer")
    desk.story.step = failing(out("index"))
    await desk.jobs.enqueue("zendesk", "7")
    async with desk.working():
        await desk.until(lambda: desk.has((2, True)))
        desk.story.step = _nothing
        await desk.outages.over("index")
        await desk.until(desk.idle)

    assert len(desk.story.looks) >= 2


async def test_of_all_that_wait_one_at_a_time_probes(desk: Desk) -> None:
    """The one that tried least, so that a ticket that never works does not stand for all."""
    for ticket_id in ("1", "2", "3"):
        desk.story.step = failing(out("index"))
        await desk.jobs.enqueue("zendesk", ticket_id)
    for _ in range(OPENS_AFTER):
        await desk.outages.failed("index", "no answer")
    async with desk.working():
        await desk.until(lambda: true(len(desk.story.looks) >= 3))
        await desk.until(lambda: desk.has((2, True), (2, True), (2, True)))

    assert await desk.queue.release(["index"], probing=["index"]) == 1
    assert sorted(later for _, later in await desk.waiting()) == [False, True, True]
    assert await desk.queue.release([], probing=[]) == 2


async def test_a_ticket_waits_for_a_model_until_its_patience_ends(desk: Desk) -> None:
    """Then it is looked at without one."""
    desk.story.step = failing(out("llm"))
    await desk.jobs.enqueue("zendesk", "7")
    for _ in range(OPENS_AFTER):
        await desk.outages.failed("llm", "no answer")
    async with desk.working():
        await desk.until(lambda: desk.has((2, True)))

    (job,) = await desk.jobs_named("look")
    assert job.task_kwargs["waits_for"] == "llm"
    async with desk.database.engine.begin() as connection:
        left = await connection.scalar(sa.text("SELECT scheduled_at - now() FROM procrastinate_jobs"))
        assert timedelta(minutes=9) < left <= timedelta(minutes=10, seconds=1)
        await connection.execute(
            sa.text(
                "UPDATE procrastinate_jobs SET scheduled_at = now(),"
                " args = jsonb_set(args, '{since}', to_jsonb((now() - interval '11 minutes')::text))"
            )
        )
    desk.story.step = _nothing
    async with desk.working():
        await desk.until(desk.idle)

    assert desk.story.patient == [True, False]


async def test_whose_answer_is_due_first_is_served_first(desk: Desk) -> None:
    """When the model is back and the queue is long."""
    now = datetime.now(UTC)
    for ticket_id, hours in (("late", 9), ("soon", 1), ("later", 20)):
        desk.story.step = failing(out("llm", needed_by=now + timedelta(hours=hours)))
        await desk.jobs.enqueue("zendesk", ticket_id)
        for _ in range(OPENS_AFTER):
            await desk.outages.failed("llm", "no answer")
        async with desk.working():
            await desk.until(partial(_put_off, desk, ticket_id))

    manager = desk.queue.app.job_manager
    await desk.queue.release([], probing=[])
    worker = await manager.register_worker()
    fetched = [await manager.fetch_job(queues=["zendesk"], worker_id=worker) for _ in range(3)]
    assert [job and job.task_kwargs["ticket_id"] for job in fetched] == ["soon", "late", "later"]


async def test_a_clock_that_was_set_back_keeps_no_ticket_waiting(desk: Desk) -> None:
    """A job that lies further ahead than it was put off begins when it should have."""
    await desk.jobs.enqueue("zendesk", "7")
    async with desk.database.engine.begin() as connection:
        await connection.execute(sa.text("UPDATE procrastinate_jobs SET scheduled_at = now() + interval '1 hour'"))
    async with desk.working():
        await desk.until(desk.idle)

    assert desk.story.looks == ["zendesk:7"]


async def _nothing(_ticket_id: str) -> None:
    """The outage is over."""


async def _put_off(desk: Desk, ticket_id: str) -> bool:
    jobs = await desk.jobs_named("look")
    return any(job.scheduled_at and job.task_kwargs["ticket_id"] == ticket_id for job in jobs)
