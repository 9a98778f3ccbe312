"""From the note's links to the vote, through both helpdesks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from service.votes import PATH
from tests.service.safe_html import parsed
from tests.story.articles import HELP

URL = "https://desk.example"


@pytest.mark.parametrize("helpdesk", ["zendesk", "freshdesk"])
async def test_the_links_of_a_note_survive_the_helpdesk_and_are_votes(
    open_play: Callable[..., Any], helpdesk: str
) -> None:
    """Byte for byte; beside them the note leads to its source, and nowhere else. Of a note that is marked as out of date they stay."""
    async with open_play(public_url=URL) as play:
        ticket_id = await play.ask(helpdesk)
        note = await play.note(helpdesk, ticket_id)
        found = {link.get("href", ""): "".join(link.itertext()) for link in parsed(note).iter("a")}
        ours = {word: url for url, word in found.items() if url.startswith(f"{URL}{PATH}")}

        assert set(ours) == {"Right", "Wrong"}
        assert set(found) - set(ours.values()) == {f"{HELP}/parcels"}
        draft = await play.draft(helpdesk, ticket_id)
        assert all(url in draft.html for url in ours.values())
        async with httpx.AsyncClient() as http:
            answer = await http.post(ours["Wrong"].replace(URL, play.stage.url), data={"comment": "It is ten days."})

        assert answer.status_code == 200
        async with play.stage.service.database.engine.connect() as connection:
            rows = await connection.execute(
                sa.text("SELECT helpdesk, ticket_id, reference, judgement, comment FROM feedback")
            )
            assert [tuple(row) for row in rows] == [(helpdesk, ticket_id, draft.reference, "wrong", "It is ten days.")]


async def test_without_an_address_of_ours_a_note_has_no_such_links(play: Any) -> None:
    """As it was."""
    note = await play.note("zendesk", await play.ask())

    assert PATH not in note


@pytest.mark.parametrize("helpdesk", ["zendesk", "freshdesk"])
async def test_an_agent_judges_a_note_where_it_stands(play: Any, helpdesk: str) -> None:
    """In an internal note, with the right answer, masked; it is kept once, and asks for no other note."""
    ticket_id = await play.ask(helpdesk)
    await play.note(helpdesk, ticket_id)
    draft = await play.draft(helpdesk, ticket_id)
    simulator, service = play.stage.simulator(helpdesk), play.stage.service
    said = "@deskpilot wrong: it is ten days, write to ana.lind@customer.example"
    await simulator.agent_message(ticket_id, text=said, public=False)

    async def kept() -> list[tuple[str, ...]]:
        async with service.database.engine.connect() as connection:
            rows = await connection.execute(sa.text("SELECT reference, judgement, answer, came FROM feedback"))
            return [tuple(row) for row in rows]

    while not await kept():
        await asyncio.sleep(0.02)
    await service.pipeline.look(helpdesk, ticket_id)
    ((reference, judgement, answer, came),) = await kept()

    assert (reference, judgement, came) == (draft.reference, "wrong", "note")
    assert answer.startswith("it is ten days")
    assert "ana.lind" not in answer
    assert len(play.notes(helpdesk, ticket_id)) == 1
