"""What is done beside the tickets comes again when it could not be done."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from connectors.base import Event, MisconfiguredError, RejectedError, RetryableError
from service import chores as chores_module
from service import jobs as jobs_module
from service.database import Database
from service.groups import KnowledgeSettings, QdrantSettings
from service.incidents.alarms import Alarms
from service.policy.document import Policy
from service.settings import Settings
from service.vectors import VectorsUnavailableError
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


async def test_spikes_are_watched_for(database: Database) -> None:
    """From the start on, with the policy of that moment."""
    looked = asyncio.Event()

    def policy() -> Policy:
        looked.set()
        return Policy(version=1)

    alarms = Alarms(database, policy)
    async with opened(database, Settings(reconcile_every_s=0, knowledge=QUIET), alarms=alarms) as desk, desk.working():
        await looked.wait()


@pytest.mark.parametrize(("days", "left"), [(30, 1), (3, 0)])
async def test_a_webhook_is_not_kept_longer_than_text(database: Database, days: int, left: int) -> None:
    """Fourteen days, or fewer where everything is kept for fewer."""
    settings = Settings(reconcile_every_s=0, retention_days=days, knowledge=QUIET)
    async with opened(database, settings) as desk:
        await ticket_event(desk)
        async with database.engine.connect() as connection:
            await connection.execute(sa.text("UPDATE deliveries SET forwarded_at = now() - interval '4 days'"))
        async with desk.working():
            await desk.until(lambda: true(desk.story.tidied))

    async with database.engine.connect() as connection:
        assert await connection.scalar(sa.text("SELECT count(*) FROM deliveries")) == left


async def _later(desk: Desk, polls: int) -> bool:
    """Whether all that are put in at once for later are: before, the end of the work may cut them off."""
    return sum(bool(job.scheduled_at) for job in await desk.jobs_named("reconcile")) == polls


async def _settled(desk: Desk) -> bool:
    manager = desk.queue.app.job_manager
    return not list(await manager.list_jobs_async(status="doing"))


SHARED = QdrantSettings(url="http://qdrant.test")


async def article_event(desk: Desk, number: str) -> None:
    """A webhook tells of an article."""
    await desk.inbox.put("zendesk", Event(kind="article", article_id=number, what="article.published"))


def quick(**more: object) -> Settings:
    """No debounce, nothing else to do."""
    given = {"debounce_s": 0, "debounce_max_s": 0, "reconcile_every_s": 0, "knowledge": QUIET}
    return Settings(**{**given, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize("qdrant", [QdrantSettings(), SHARED], ids=["own index", "shared index"])
async def test_an_article_that_a_webhook_names_is_read_once(database: Database, qdrant: QdrantSettings) -> None:
    """Three events in a moment are one reading; a ticket of the same number is another thing."""
    async with opened(database, quick(qdrant=qdrant)) as desk:
        for _ in range(3):
            await article_event(desk, "7")
        await ticket_event(desk)
        async with desk.working():
            await desk.until(lambda: true(bool(desk.story.articles and desk.story.looks)))
            await desk.until(desk.idle)

    assert desk.story.articles == [("zendesk", ["7"])]
    assert desk.story.looks == ["zendesk:7"]


async def test_every_process_reads_for_the_index_of_its_own(database: Database) -> None:
    """One of them forwards the event; the others see that it was told."""
    async with opened(database, quick()) as one, opened(database, quick()) as other:
        await article_event(one, "7")
        async with one.working(), other.working():
            await one.until(lambda: true(bool(one.story.articles and other.story.articles)))


@pytest.mark.parametrize("qdrant", [QdrantSettings(), SHARED], ids=["own index", "shared index"])
async def test_an_article_told_again_is_read_again(database: Database, qdrant: QdrantSettings) -> None:
    """It may have changed while it was read."""
    async with opened(database, quick(qdrant=qdrant)) as desk, desk.working():
        for count in (1, 2):
            await article_event(desk, "7")
            await desk.until(lambda count=count: true(len(desk.story.articles) == count))  # type: ignore[misc]


@pytest.mark.parametrize("qdrant", [QdrantSettings(), SHARED], ids=["own index", "shared index"])
async def test_an_article_that_could_not_be_read_is_read_later(
    database: Database, monkeypatch: pytest.MonkeyPatch, qdrant: QdrantSettings
) -> None:
    """An index that was away for a while costs nobody an update; what is gone for good is not asked for twice."""
    monkeypatch.setattr(chores_module, "_PUT_OFF_S", (0.1, 0.2))
    async with opened(database, quick(qdrant=qdrant)) as desk:
        desk.story.unread = [VectorsUnavailableError("away"), RejectedError("switched off")]
        await article_event(desk, "7")
        async with desk.working():
            await desk.until(lambda: true(len(desk.story.articles) == 2))
            await desk.until(desk.idle)
            await article_event(desk, "8")
            await desk.until(lambda: true(len(desk.story.articles) == 3))

    assert [ids for _, ids in desk.story.articles] == [["7"], ["7"], ["8"]]
