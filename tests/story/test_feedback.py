"""From the note's links to the vote, through both helpdesks."""

from __future__ import annotations

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
