"""Fields set beside a note, in the whole service: one note, and nothing that goes round in circles."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from connectors.base import Note, Ticket, Update
from tests.story.conftest import Play
from tests.writes import is_ours_to_send


@pytest.mark.parametrize("helpdesk", ["zendesk", "freshdesk"])
async def test_our_own_update_comes_back_and_leads_to_nothing(
    play: Play, helpdesk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The helpdesk tells us of what we set; a look at the ticket finds its note there, and sets nothing again."""
    simulator, desk = play.stage.simulator(helpdesk), play.stage.service.tools.library.helpdesks[helpdesk]
    update = Update(
        group=simulator.add_group("Parcels"),
        priority="high",
        add_tags=("ai_parcel",),
        fields={simulator.add_field("Mood", choices=["calm"]): "calm"},
    )
    written: list[Note] = []

    async def with_fields(add: Any, ticket: Ticket, html: str, *, run: str) -> Note:
        written.append(await add(ticket, html, run=run, update=update))
        return written[-1]

    monkeypatch.setattr(type(desk), "add_note", functools.partialmethod(_called, type(desk).add_note, with_fields))
    if helpdesk == "zendesk":
        (webhook,) = play.zendesk.state.webhooks.values()
        webhook.subscriptions.append("zen:event-type:ticket.tags_changed")
    ticket_id = await play.ask(helpdesk)

    await play.note(helpdesk, ticket_id)

    assert [note.written for note in written] == [update.parts]
    requests = list(simulator.requests)
    writes = [one for one in requests if one.method != "GET" and "/tickets/" in one.path]
    assert len(writes) == (1 if helpdesk == "zendesk" else 2)
    assert all(is_ours_to_send(one.method, one.path, one.body) for one in writes)
    looks = [one for one in requests[requests.index(writes[-1]) :] if one.path.endswith(f"/tickets/{ticket_id}")]
    assert len([one for one in looks if one.method == "GET"]) <= 3  # what comes back is gathered into a look or two


async def _called(desk: Any, add: Any, with_fields: Any, ticket: Ticket, html: str, *, run: str, **_: Any) -> Any:
    return await with_fields(functools.partial(add, desk), ticket, html, run=run)
