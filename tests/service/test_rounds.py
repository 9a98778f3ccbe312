"""What is done every so often is done by one of all processes, and again when its time has come."""

from __future__ import annotations

import asyncio

import sqlalchemy as sa
from structlog.testing import capture_logs

from service.database import Database
from service.errors import ServiceError
from service.rounds import Round, Rounds, hasten


class Errand:
    """Counts how often it was done."""

    def __init__(self, *failures: Exception) -> None:
        self.done, self._failures = 0, list(failures)

    async def do(self) -> str:
        """Does it, or fails as it was told to."""
        self.done += 1
        if self._failures:
            raise self._failures.pop(0)
        return f"{self.done} done"


async def said(database: Database, name: str) -> str | None:
    """What the last turn left."""
    async with database.engine.connect() as connection:
        done: str | None = await connection.scalar(
            sa.text("SELECT done FROM rounds WHERE name = :name"), {"name": name}
        )
    return done


async def pass_time(database: Database, seconds: float) -> None:
    """So much later."""
    async with database.engine.connect() as connection:
        await connection.execute(
            sa.text("UPDATE rounds SET begun_at = begun_at - make_interval(secs => :s)"), {"s": seconds}
        )


async def test_of_two_processes_one_goes_the_round(database: Database) -> None:
    """And nobody before its time has come again."""
    errand = Errand()
    rounds = [Round("merits", 3600, errand.do)]
    await asyncio.gather(*(Rounds(database, rounds).go() for _ in range(4)))
    assert errand.done == 1
    assert await said(database, "merits") == "1 done"

    await pass_time(database, 3599)
    await Rounds(database, rounds).go()
    assert errand.done == 1
    await pass_time(database, 2)
    await Rounds(database, rounds).go()
    assert errand.done == 2


async def test_a_round_that_fails_costs_the_others_nothing(database: Database) -> None:
    """It is tried again at its next turn, and the log says why it failed."""
    first, second = Errand(ServiceError("the index does not answer")), Errand()
    with capture_logs() as logs:
        await Rounds(database, [Round("first", 60, first.do), Round("second", 60, second.do)]).go()

    assert second.done == 1
    assert await said(database, "first") == "failed"
    assert [one["reason"] for one in logs if one["log_level"] == "warning"] == ["the index does not answer"]
    await pass_time(database, 61)
    await Rounds(database, [Round("first", 60, first.do)]).go()
    assert await said(database, "first") == "2 done"


async def test_a_round_that_goes_is_not_begun_again_by_another_process(database: Database) -> None:
    """However long it takes; hastened meanwhile, it goes once more behind itself. One whose process died is due again after hours."""
    going, ended, begun = asyncio.Event(), asyncio.Event(), 0

    async def slow() -> str:
        nonlocal begun
        begun += 1
        going.set()
        await ended.wait()
        return "done"

    rounds = [Round("slow", 60, slow)]
    first = asyncio.create_task(Rounds(database, rounds).go())
    await going.wait()
    await pass_time(database, 3600)
    await hasten(database, "slow")
    await Rounds(database, rounds).go()
    assert begun == 1

    ended.set()
    await first
    assert await said(database, "slow") == "done"
    await Rounds(database, rounds).go()
    assert begun == 2
    await Rounds(database, rounds).go()
    assert begun == 2

    async with database.engine.connect() as connection:
        await connection.execute(sa.text("UPDATE rounds SET ended_at = NULL, begun_at = now() - interval '4 hours'"))
    await Rounds(database, rounds).go()
    assert begun == 3
