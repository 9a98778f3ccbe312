"""What the demo says of what a person writes on the pages: every note, and every silence with its reason."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from service.demo.stage import Stage, staged
from service.demo.watch import watched
from service.knowledge.sources import sync_all
from tests.story.articles import write_articles

QUESTION = "The tracking of my parcel has not moved for nine days. Is my parcel lost?"


@pytest.fixture
async def stage(tmp_path: Path, database_url: str) -> AsyncIterator[Stage]:
    """Both helpdesks and the service, on a database of the run."""
    articles = write_articles(tmp_path / "articles")
    async with staged(articles, database_url=database_url, debounce_s=0, debounce_max_s=0) as opened:
        await sync_all(opened.service.tools.library, progress=lambda *_: None)
        yield opened


class Listening:
    """What was said so far, and a way to wait for more."""

    def __init__(self) -> None:
        self.said: asyncio.Queue[str] = asyncio.Queue()

    async def next(self) -> str:
        """The next sentence."""
        return await asyncio.wait_for(self.said.get(), 20)


async def test_every_note_and_every_silence_is_said_once(stage: Stage) -> None:
    """Also the second silence of a ticket, for the same reason; and nothing of what was there before."""
    asked: dict[str, Any] = {
        "name": "Ana Lind",
        "email": "ana@customer.example",
        "subject": "Where is my parcel?",
        "text": QUESTION,
    }
    listening, stopped = Listening(), asyncio.Event()
    watching = asyncio.create_task(watched(stage, listening.said.put_nowait, stopped))
    try:
        ticket_id = await stage.freshdesk.open_ticket(**asked)
        where = f"{stage.pages['freshdesk']}/tickets/{ticket_id}"
        assert await listening.next() == f"note: articles quoted (parcels) → {where}"
        for _ in range(2):
            await stage.freshdesk.customer_message(ticket_id, text="Thank you!")
            assert await listening.next() == f"no note: the customer only says thanks → {where}"
        other = await stage.zendesk.open_ticket(**asked)
        assert (await listening.next()).endswith(f"{stage.pages['zendesk']}/tickets/{other}")
    finally:
        stopped.set()
        await watching
    assert listening.said.empty()

    again, stopped = Listening(), asyncio.Event()
    stopped.set()
    await watched(stage, again.said.put_nowait, stopped)
    assert again.said.empty()
