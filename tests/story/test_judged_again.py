"""A process that ends between judging and posting, in the whole story."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from service.database import Database
from tests.story.one_desk import freshdesk, zendesk
from tests.story.team import Team, team

ASKING_BACK = {
    "reply": "Hi there,\n\nwhich kettle is it, and what does the tracking say?",
    "covered": False,
    "citations": [],
    "checks": [],
}
ACID = "How much citric acid do I take for my kettle?"


@pytest.fixture(params=[zendesk, freshdesk])
async def here(request: pytest.FixtureRequest, database: Database, data_dir: Path) -> AsyncIterator[Team]:
    """A team at one account of either kind."""
    async with team(request.param, database, data_dir) as opened:
        yield opened


async def ends(here: Team, ticket_id: str, at: tuple[object, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The process looks at the ticket, and ends where it calls this."""

    async def end(*_: Any, **__: Any) -> None:
        raise asyncio.CancelledError

    written = len(here.desk.notes(ticket_id))
    with monkeypatch.context() as patch:
        patch.setattr(*at, end)
        with pytest.raises(asyncio.CancelledError):
            await here.desk.look(ticket_id)
    assert len(here.desk.notes(ticket_id)) == written


async def test_what_was_judged_and_not_drafted_is_judged_again_as_strictly(
    here: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two calls for each attempt at most, one note, and no laxer tier though the policy has changed meanwhile."""
    unsaved = (here.desk.pipeline._ledger, "save")
    ticket_id = await here.ask("Where is my parcel? Is it lost?", who="ana")
    await ends(here, ticket_id, unsaved, monkeypatch)
    assert here.calls() == ["fast", "main"]
    assert (await here.looked(ticket_id)).verdict == "ready"
    assert here.calls() == ["fast", "main"]

    strict = await here.ask(ACID, who="bea")
    await ends(here, strict, unsaved, monkeypatch)
    await here.rewrite(rules=[])
    assert (await here.looked(strict)).verdict == "person"
    assert here.calls() == ["fast", "fast"]
    assert (await here.told(ACID, who="cem")).verdict != "person"


async def test_a_draft_that_was_kept_is_posted_without_another_call(
    here: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says what was decided then, and stands in the ticket once, however often it is looked at."""
    ticket_id = await here.ask(ACID)
    await ends(here, ticket_id, (type(here.desk.library.helpdesks[here.desk.name]), "add_note"), monkeypatch)
    assert here.calls() == ["fast"]
    for _ in range(2):
        assert (await here.looked(ticket_id)).verdict == "person"
    assert here.calls() == []


async def test_a_question_back_that_was_not_kept_is_not_counted_twice(
    here: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second attempt at a message has as many questions left as the first."""
    here.heard["kettle"] = {"draft": ASKING_BACK}
    unsaved = (here.desk.pipeline._ledger, "save")
    ticket_id = await here.ask("My kettle is not here.")
    await ends(here, ticket_id, unsaved, monkeypatch)
    assert (await here.looked(ticket_id)).verdict == "uncovered"
    await here.desk.simulator.customer_message(ticket_id, text="It is the red kettle, is that enough?")
    await ends(here, ticket_id, unsaved, monkeypatch)
    assert (await here.looked(ticket_id)).verdict == "uncovered"
    assert (await here.again(ticket_id, "Well, the kettle with the gooseneck, what else?")).verdict == "person"
