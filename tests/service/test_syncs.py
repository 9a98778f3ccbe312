"""Who asks for a sync, how far it is, what it did: on a real database."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest
import sqlalchemy as sa

from service.database import Database
from service.knowledge.sources import Library, Told
from service.knowledge.sync import SyncReport
from service.syncs import Syncs
from service.vectors import VectorsUnavailableError

REPORT = SyncReport("folder", added=2, problems=tuple(f"problem {n}" for n in range(60)), read="all")
NOTHING = cast("Library", None)  # what is read is scripted


class Reading:
    """In place of `sync_all`: tells how far it is, waits, and reports or fails."""

    def __init__(self) -> None:
        self.whole: list[bool] = []
        self.begun, self.go_on = asyncio.Event(), asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self, _: Library, *, progress: Told, changes_only: bool) -> list[SyncReport]:
        self.whole.append(not changes_only)
        progress("folder", 3, 9)
        self.begun.set()
        await self.go_on.wait()
        if self.error:
            raise self.error
        return [REPORT]


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> Reading:
    """What a sync does."""
    made = Reading()
    monkeypatch.setattr("service.syncs.sync_all", made)
    monkeypatch.setattr("service.syncs._TOLD_S", 0.01)
    return made


async def test_a_sync_can_be_followed_from_another_process(database: Database, reading: Reading) -> None:
    """Asked for, under way, done; the problems of a source are kept up to a number."""
    syncs, other = Syncs(database), Syncs(database)
    assert await syncs.ask()
    asked = (await other.newest())[0]
    async with syncs.open():
        syncs.start(lambda: syncs.run(NOTHING, changes_only=True))
        while not (running := (await other.newest())[0]).progress:
            await asyncio.sleep(0.01)
        reading.go_on.set()
        while (done := (await other.newest())[0]).under_way:
            await asyncio.sleep(0.01)

    assert (asked.state, running.state, done.state) == ("asked", "running", "done")
    assert running.progress == {"folder": (3, 9)}
    assert (done.reports[0].source, done.reports[0].added, len(done.reports[0].problems)) == ("folder", 2, 50)
    assert reading.whole == [True]  # a person asked: all of every source is read
    assert len(await other.newest()) == 1


async def test_nobody_asks_twice(database: Database, reading: Reading) -> None:
    """At the same moment, while one runs, and while one that nobody asked for runs; afterwards it is possible again."""
    syncs = Syncs(database)
    assert sorted(await asyncio.gather(*(Syncs(database).ask() for _ in range(5)))) == [False] * 4 + [True]
    reading.go_on.set()
    await syncs.run(NOTHING)
    reading.begun.clear()
    reading.go_on.clear()
    async with syncs.open():
        syncs.start(lambda: syncs.run(NOTHING, changes_only=True))
        await reading.begun.wait()
        assert not await syncs.ask()
        reading.go_on.set()
        while (await syncs.newest())[0].under_way:
            await asyncio.sleep(0.01)
    assert await syncs.ask()
    assert reading.whole == [True, False]


async def test_a_sync_that_fails_says_why_and_one_that_is_cancelled_that(database: Database, reading: Reading) -> None:
    """Whoever called still hears of it."""
    syncs = Syncs(database)
    reading.error = VectorsUnavailableError("the index is locked")
    reading.go_on.set()
    with pytest.raises(VectorsUnavailableError):
        await syncs.run(NOTHING)
    reading.go_on.clear()
    reading.begun.clear()
    async with syncs.open():
        syncs.start(lambda: syncs.run(NOTHING))
        await reading.begun.wait()
    cancelled, failed = await syncs.newest()

    assert (failed.state, failed.problem) == ("done", "the index is locked")
    assert (cancelled.state, cancelled.problem) == ("done", "it was broken off")


async def test_one_whose_process_died_is_not_waited_for(database: Database) -> None:
    """Nor is one that no worker takes."""
    syncs = Syncs(database)
    async with database.engine.connect() as connection:
        await connection.execute(
            sa.text("INSERT INTO syncs (began_at, seen_at) VALUES (now(), now() - interval '31 s')")
        )
        await connection.execute(sa.text("INSERT INTO syncs (asked_at) VALUES (now() - interval '16 min')"))

    assert [sync.state for sync in await syncs.newest()] == ["broken off", "broken off"]
    assert await syncs.ask()


async def test_without_the_table_the_sync_is_done_all_the_same(database: Database, reading: Reading) -> None:
    """To follow it is not what it is for."""
    async with database.engine.connect() as connection:
        await connection.execute(sa.text("DROP TABLE syncs"))
    reading.go_on.set()

    assert await Syncs(database).run(NOTHING) == [REPORT]
