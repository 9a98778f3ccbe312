"""The whole service between two simulated helpdesks, over real HTTP, for each test anew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from service.demo.stage import Stage, staged
from service.knowledge.sources import sync_all
from service.ledger import SavedDraft, TicketKey
from tests import fake_llm
from tests.fake_llm import FakeLLM
from tests.story.articles import write_articles
from tests.story.model import ANALYSIS, DRAFT, answering

OpenStage = Callable[..., Any]


class Play:
    """A stage and what tests ask of it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.zendesk, self.freshdesk = stage.zendesk, stage.freshdesk
        self.ledger = stage.service.tools.ledger

    async def ask(self, helpdesk: str = "zendesk", **more: Any) -> str:
        """Ana asks about her parcel; returns the ticket's id."""
        given = {
            "name": "Ana Lind",
            "email": "ana.lind@customer.example",
            "subject": "Where is my parcel?",
            "text": "Hello, the tracking of my parcel has not moved for nine days. Is it lost? Do I get a new kettle?",
        }
        return await self.stage.simulator(helpdesk).open_ticket(**{**given, **more})

    def key(self, helpdesk: str, ticket_id: str) -> TicketKey:
        """The ticket in the ledger."""
        return TicketKey(helpdesk, self.stage.service.tools.library.helpdesks[helpdesk].account, ticket_id)

    def notes(self, helpdesk: str, ticket_id: str) -> list[Any]:
        """What we wrote, as the helpdesk stored it."""
        return list(self.stage.simulator(helpdesk).notes(ticket_id))

    async def settled(self, helpdesk: str, ticket_id: str) -> None:
        """Wait until nothing about this ticket waits any more."""
        await self.stage.settled(helpdesk, ticket_id)

    async def note(self, helpdesk: str, ticket_id: str, *, count: int = 1) -> str:
        """Wait until we have written `count` notes; the HTML of the newest."""
        await self.until(lambda: _enough(self, helpdesk, ticket_id, count))
        await self.settled(helpdesk, ticket_id)
        notes = self.notes(helpdesk, ticket_id)
        assert len(notes) == count
        return str(notes[-1].html)

    async def silence(self, helpdesk: str, ticket_id: str) -> str:
        """Wait until we have said why we are silent; the reason. Fails where there is a note."""
        await self.until(lambda: _said(self, helpdesk, ticket_id))
        await self.settled(helpdesk, ticket_id)
        assert self.notes(helpdesk, ticket_id) == []
        return (await self.ledger.silences(self.key(helpdesk, ticket_id)))[-1][1]

    async def draft(self, helpdesk: str, ticket_id: str) -> SavedDraft:
        """The newest draft in the ledger."""
        return (await self.ledger.drafts(self.key(helpdesk, ticket_id)))[-1]

    async def forget_everything(self) -> None:
        """The ledger is lost."""
        async with self.stage.service.database.engine.begin() as connection:
            await connection.execute(sa.text("TRUNCATE drafts, silences"))

    def posted_again(self, helpdesk: str, ticket_id: str) -> Callable[[], Awaitable[bool]]:
        """Whether the ledger knows of a posted note (again)."""

        async def posted() -> bool:
            drafts = await self.ledger.drafts(self.key(helpdesk, ticket_id))
            return any(draft.posted_at for draft in drafts)

        return posted

    async def until(self, condition: Callable[[], Awaitable[bool]]) -> None:
        """Wait until `condition` holds; the test's own time-out is the limit."""
        while not await condition():
            await asyncio.sleep(0.02)


async def _enough(play: Play, helpdesk: str, ticket_id: str, count: int) -> bool:
    return len(play.notes(helpdesk, ticket_id)) >= count


async def _said(play: Play, helpdesk: str, ticket_id: str) -> bool:
    return bool(await play.ledger.silences(play.key(helpdesk, ticket_id)))


@pytest.fixture
def open_play(database_url: str, tmp_path: Path) -> Callable[..., Any]:
    """Open a stage with settings that differ from the demo's."""

    @asynccontextmanager
    async def opened(**changes: Any) -> AsyncIterator[Play]:
        articles = write_articles(tmp_path / "articles")
        given = {"database_url": database_url, "debounce_s": 0, "debounce_max_s": 0, "reconcile_every_s": 0, **changes}
        async with staged(articles, **given) as stage:
            await sync_all(stage.service.tools.library, progress=lambda *_: None)
            yield Play(stage)

    return opened


@pytest.fixture
async def play(open_play: Callable[..., Any]) -> AsyncIterator[Play]:
    """The stage as the demo has it: no model."""
    async with open_play() as opened:
        yield opened


@pytest.fixture
def model() -> Iterator[FakeLLM]:
    """A model that analyses and drafts sensibly, unless a test says otherwise."""
    with fake_llm.serving() as server:
        server.otherwise = answering(ANALYSIS, DRAFT)
        yield server
