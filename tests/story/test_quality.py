"""A week's sample drawn from the helpdesk, and a category that drifts: over both simulated accounts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.database import Database
from service.outcomes.sent import draft_in
from service.quality.drawing import Drawing
from service.quality.store import Samples
from service.quality.watching import Drifts
from tests.service.quality.answers import answered
from tests.story.one_desk import freshdesk, zendesk
from tests.story.team import Team, team

LOST = "The tracking of my parcel has not moved for nine days. Is it lost?"
DAY = timedelta(days=1)


@pytest.fixture(params=[zendesk, freshdesk])
async def here(request: pytest.FixtureRequest, database: Database, data_dir: Path) -> AsyncIterator[Team]:
    """A team at one account of either kind."""
    async with team(request.param, database, data_dir) as opened:
        yield opened


async def sent(here: Team, who: str) -> str:
    """Somebody asks, an agent sends our draft as it is, and the ticket is looked at."""
    ticket_id = await here.ask(LOST, who=who)
    draft = await here.looked(ticket_id)
    await here.desk.simulator.agent_message(ticket_id, text=draft_in(draft.html), public=True)
    await here.desk.look(ticket_id)
    return ticket_id


async def a_week_passes(database: Database) -> None:
    """For what was answered until now."""
    async with database.engine.connect() as connection:
        await connection.execute(sa.text("UPDATE outcomes SET replied_at = replied_at - interval '7 days'"))


async def test_a_week_that_is_over_is_drawn_from_the_helpdesk_once(here: Team, database: Database) -> None:
    """Masked as it stands there, and nothing is written."""
    drawing, samples = Drawing(database, here.desk.library), Samples(database)
    ticket_id = await sent(here, "ana")
    assert await drawing.go() == "nothing to draw"  # its week is not over

    await a_week_passes(database)
    here.desk.simulator.requests.clear()
    assert (await drawing.go()).startswith("1 drawn of ")
    assert {one.method for one in here.desk.simulator.requests if "/oauth/" not in one.path} == {"GET"}
    sample = await samples.next_for("Kim")
    assert sample
    assert "has not moved for nine days" in sample.asked
    assert sample.answer
    kept = f"{sample.asked} {sample.answer}"
    assert not [word for word in ("Ana", "Lind", "ana@", ticket_id) if word in kept]
    assert await drawing.go() == "nothing to draw"


async def test_a_ticket_that_is_gone_is_drawn_and_shown_to_nobody(here: Team, database: Database) -> None:
    """Or the next turn would ask for it again, and the next."""
    drawing, samples = Drawing(database, here.desk.library), Samples(database)
    ticket_id = await sent(here, "ana")
    await a_week_passes(database)
    await here.desk.simulator.delete(ticket_id)

    assert (await drawing.go()).startswith("0 drawn of ")
    assert await drawing.go() == "nothing to draw"
    assert await samples.next_for("Kim") is None


async def test_a_category_that_drifts_stands_a_tier_higher_for_the_next_ticket(here: Team, database: Database) -> None:
    """A person checks what was drafted freely before, and reads why; lowered, the next one is drafted as ever."""
    here.heard["parcel"] = {"category": "tracking"}
    first = await here.told(LOST, who="ana")
    category, now = str(first.details["category"]), datetime.now(UTC)
    assert category
    assert first.details["tier"] == 1
    for day, numbers, use in ((14, range(1_000, 1_200), "as_is"), (1, range(1_200, 1_250), "unused")):
        await answered(database, numbers, at=now - day * DAY, category=category, use=use)

    assert await Drifts(database).watch() == f"acceptance of {category}"
    raised = await here.told(LOST, who="bea")
    assert raised.details["tier"] == 2
    assert "drafts of this kind were less good lately" in raised.html

    await Drifts(database).lower(category, by="Kim")
    assert (await here.told(LOST, who="cem")).details["tier"] == 1
