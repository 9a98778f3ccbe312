"""`deskpilot baseline` as somebody runs it: over HTTP, as a table, for programs, slowed down, interrupted and gone on with."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from connectors.freshdesk.simulator import FreshdeskSimulator, Options
from connectors.simulated.clock import ManualClock
from service.baselining import read_baseline
from service.database import Database
from service.groups import FreshdeskSettings
from service.settings import Settings, SettingsProblem
from service.web.server import serving
from tests.connectors.test_history import NOW

COUNT = 40


@dataclass
class Desk:
    """A served Freshdesk on a trial (50 calls a minute), and its clock."""

    simulator: FreshdeskSimulator
    clock: ManualClock
    settings: Settings

    async def past(self) -> list[str]:
        """So many tickets of the last weeks; one is an auto-reply."""
        made = []
        for number in range(COUNT):
            subject = "Automatic reply: away" if number == 0 else "Parcel"
            with self.simulator.back_then(NOW - timedelta(days=30) + timedelta(hours=number)) as later:
                id_ = await self.simulator.open_ticket(
                    name="Ana Sol", email="ana@example.com", subject=subject, text="Where is my parcel?"
                )
                later(NOW - timedelta(days=30) + timedelta(hours=number, minutes=20))
                await self.simulator.agent_message(id_, text="On its way.", public=True)
                await self.simulator.set_status(id_, "solved")
            made.append(id_)
        return made

    def refusals(self) -> int:
        """How often it said 429."""
        return sum(record.status == 429 for record in self.simulator.requests)


@pytest.fixture
async def desk(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    """Its pages and our batches are small."""
    clock = ManualClock(NOW)
    simulator = FreshdeskSimulator(clock=clock, options=Options(plan="Trial"))
    monkeypatch.setattr("connectors.freshdesk.history._PAGE", 10)
    monkeypatch.setattr("service.outcomes.baseline._BATCH", 5)
    async with serving(simulator.app, host="127.0.0.1", port=0) as url:
        settings = Settings(
            database_url=SecretStr(database_url),
            data_dir=tmp_path / "data",
            freshdesk=FreshdeskSettings(url=url, api_key=SecretStr(simulator.settings["api_key"])),
        )
        yield Desk(simulator, clock, settings)


Pause = Callable[[float], Awaitable[None]]


def let_wait(monkeypatch: pytest.MonkeyPatch, pause: Pause) -> None:
    """Wherever a limit is waited for: our own share of it, and what the helpdesk asks."""
    monkeypatch.setattr("connectors.patience.pause", pause)
    monkeypatch.setattr("service.budgets.asyncio", SimpleNamespace(sleep=pause))


async def a_minute_passes(desk: Desk, database: Database) -> None:
    """In the account, and in our own count of its limit."""
    desk.clock.advance(60)
    async with database.engine.connect() as connection:
        await connection.execute(sa.text("DELETE FROM budgets"))


async def kept(database: Database) -> list[Any]:
    """Rows, oldest first."""
    async with database.engine.connect() as connection:
        return list(await connection.execute(sa.text("SELECT * FROM resolutions ORDER BY opened_at")))


async def test_a_rate_limit_in_the_middle_is_waited_for(
    desk: Desk, database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every ticket is there once, and the table says how many count. Others use the account as well, so it refuses us, too."""
    made, waited = await desk.past(), list[float]()

    async def pause(seconds: float) -> None:
        waited.append(seconds)
        await a_minute_passes(desk, database)
        desk.simulator.faults.refused = 2 if len(waited) == 1 else desk.simulator.faults.refused

    let_wait(monkeypatch, pause)
    assert await read_baseline(desk.settings, days=90, as_json=False) == 0
    rows, told = await kept(database), capsys.readouterr().out

    assert [row.ticket_id for row in rows] == made
    assert desk.refusals() == 2
    assert len(waited) > 2
    assert all(0 < seconds < 66 for seconds in waited)  # our own count of a minute is cut in slots
    assert [line.split() for line in told.splitlines()] == [
        ["helpdesk", "tickets", "in", "no", "figure"],
        ["freshdesk", "40", "1", "automatic"],
    ]


async def test_what_was_interrupted_goes_on_where_it_stopped(
    desk: Desk, database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody presses Ctrl-C while it waits; what was read stays, and is not read again."""
    made, waiting = await desk.past(), asyncio.Event()

    async def for_ever(_: float) -> None:
        waiting.set()
        await asyncio.Event().wait()

    let_wait(monkeypatch, for_ever)
    first = asyncio.create_task(read_baseline(desk.settings, days=90, as_json=True))
    await asyncio.wait_for(waiting.wait(), 60)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    before = [row.ticket_id for row in await kept(database)]
    assert before == made[: len(before)]
    assert 5 <= len(before) < COUNT
    await a_minute_passes(desk, database)
    asked = len(desk.simulator.requests)
    let_wait(monkeypatch, lambda _: a_minute_passes(desk, database))
    capsys.readouterr()
    assert await read_baseline(desk.settings, days=90, as_json=True) == 0
    (told,) = json.loads(capsys.readouterr().out)

    assert [row.ticket_id for row in await kept(database)] == made
    assert (told["helpdesk"], told["tickets"]) == ("freshdesk", COUNT)
    assert told["resumed"] is not None
    assert len(desk.simulator.requests) - asked < COUNT


async def test_without_a_helpdesk_there_is_nothing_to_read(desk: Desk) -> None:
    """It says what to set."""
    with pytest.raises(SettingsProblem, match="DESKPILOT_FRESHDESK__URL"):
        await read_baseline(desk.settings.model_copy(update={"freshdesk": FreshdeskSettings()}), days=90, as_json=False)
