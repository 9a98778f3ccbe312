"""A person asks to be forgotten: from the tickets in the helpdesk to nothing in the database and the index."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from tests import dump
from tests.story.conftest import Play
from tests.story.test_solved import COLLEAGUE, solve

ADMIN = "admin-token-of-this-test"
HER_WORD, HIS_WORD = "quokka", "wombat"


async def everything(play: Play) -> str:
    """What the database and the index hold."""
    service = play.stage.service
    return f"{await dump.tables(service.database.conninfo)}\n{await dump.passages(service.tools.library.vectors)}"


async def who_asked(play: Play, helpdesk: str, ticket_id: str) -> str:
    """The helpdesk's id of a ticket's requester."""
    return (await play.stage.service.tools.library.helpdesks[helpdesk].ticket(ticket_id)).requester.id


async def forgotten(play: Play, helpdesk: str, requester: str) -> dict[str, Any]:
    """An administrator's program has somebody forgotten."""
    async with httpx.AsyncClient() as http:
        answer = await http.delete(
            f"{play.stage.url}/api/requesters/{helpdesk}/{requester}", headers={"Authorization": f"Bearer {ADMIN}"}
        )
    return dict(answer.raise_for_status().json())


@pytest.mark.parametrize("helpdesk", ["zendesk", "freshdesk"])
async def test_a_requester_is_forgotten_and_a_colleague_is_not(open_play: Callable[..., Any], helpdesk: str) -> None:
    """Two tickets of hers, one of them solved and open to her organisation; one of his."""
    async with open_play(admin_token=SecretStr(ADMIN)) as play:
        hers = await solve(play, helpdesk)
        her_open_one = await play.ask(helpdesk, name="Cana Ryman", email="cana.ryman@lindholm.example")
        await play.note(helpdesk, her_open_one)
        his = await play.ask(helpdesk, **COLLEAGUE, text=f"Where does my {HIS_WORD} parcel stay? It has not moved.")
        await play.note(helpdesk, his)
        her_id, his_id = await who_asked(play, helpdesk, hers), await who_asked(play, helpdesk, his)
        before = await everything(play)
        assert dump.lines_with(before, HER_WORD)
        assert dump.lines_with(before, her_id)

        done = await forgotten(play, helpdesk, her_id)

        assert (done["examples"], done["notes"], done["running"]) == (1, 2, [])
        left = await everything(play)
        assert dump.lines_with(left, HER_WORD, "Cana", "Ryman", f'"{her_id}"') == []
        assert dump.lines_with(left, f'"requester":"{his_id}"')

        await play.stage.service.pipeline.look(helpdesk, her_open_one)  # a late webhook, or the reconciler
        assert len(play.notes(helpdesk, her_open_one)) == 1
        assert (await play.draft(helpdesk, her_open_one)).html == ""


async def test_nobody_is_forgotten_without_the_token(open_play: Callable[..., Any]) -> None:
    """Nor at a helpdesk that there is not."""
    async with open_play(admin_token=SecretStr(ADMIN)) as play, httpx.AsyncClient() as http:
        refused = await http.delete(f"{play.stage.url}/api/requesters/zendesk/4711")
        unknown = await http.delete(
            f"{play.stage.url}/api/requesters/elsewhere/4711", headers={"Authorization": f"Bearer {ADMIN}"}
        )

    assert (refused.status_code, unknown.status_code) == (401, 422)
