"""What we may not see: a ticket of the history costs nothing, our own identity everything."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from connectors.base import MisconfiguredError
from service.database import Database
from tests.story.one_desk import OneDesk, freshdesk, zendesk

ME = {"zendesk": "/api/v2/users/me", "freshdesk": "/api/v2/agents/me"}


@pytest.fixture(params=[zendesk, freshdesk])
async def desk(request: pytest.FixtureRequest, database: Database, data_dir: Path) -> AsyncIterator[OneDesk[Any]]:
    """One account of either kind, with the service around it."""
    async with request.param(database, data_dir) as opened:
        yield opened


async def test_a_parent_that_is_not_ours_to_see_is_not_missed(desk: OneDesk[Any]) -> None:
    """A token of one group reads a follow-up and gets 403 for what it follows: the customer is answered all the same."""
    parent = await desk.ask(text="The lid of my kettle broke.")
    await desk.simulator.set_status(parent, "closed")
    ticket_id = await desk.simulator.follow_up(parent)
    hidden = f"/api/v2/tickets/{parent}"
    desk.network.refused = {hidden: 403}

    await desk.look(ticket_id)

    assert len(desk.network.asked(hidden)) == 1
    assert desk.notes(ticket_id) == [False]


@pytest.mark.parametrize("status", [401, 403])
async def test_without_an_identity_no_ticket_is_read(desk: OneDesk[Any], status: int) -> None:
    """Without rights every ticket looks as if it did not exist, and each would be given up for good."""
    ticket_id = await desk.ask()
    desk.network.refused = {ME[desk.name]: status}

    with pytest.raises(MisconfiguredError):
        await desk.look(ticket_id)

    assert [one for one in desk.network.requests if "/tickets" in one.url.path] == []
    assert await desk.reasons(ticket_id) == []

    desk.network.refused = {}
    await desk.look(ticket_id)
    assert desk.notes(ticket_id) == [False]
