"""The Freshdesk twin behind the shared web page."""

from __future__ import annotations

import httpx
import pytest

from connectors.simulated.desk import Desk
from tests.connectors.freshdesk.account import ENDPOINT, Receiver, api, new_desk, opened


async def test_the_page_shows_tickets_and_our_note_as_an_agent_sees_them() -> None:
    """The description first, then what followed, each with who wrote it and who may read it."""
    desk = new_desk()
    ticket_id = await opened(desk)
    await desk.agent_writes(ticket_id, text="On it", public=True)
    async with api(desk) as client:
        await client.post(f"/tickets/{ticket_id}/notes", json={"body": "<p>Draft</p>"})
    same: Desk = desk
    ticket = same.conversation(ticket_id)

    assert [(entry.by, entry.public) for entry in ticket.entries] == [
        ("customer", True),
        ("agent", True),
        ("co-pilot", False),
    ]
    assert (ticket.row.notes, ticket.row.status, ticket.channel) == (1, "Open", "Email")
    transport = httpx.ASGITransport(app=desk.app)
    async with httpx.AsyncClient(transport=transport, base_url=desk.settings["url"], follow_redirects=True) as browser:
        start, page = await browser.get("/"), await browser.get(f"/a/tickets/{ticket_id}")
        missing = await browser.get("/tickets/99")

    assert ("Parcel" in start.text, "Draft" in page.text, missing.status_code) == (True, True, 404)


async def test_what_is_written_on_the_page_goes_out_as_a_webhook() -> None:
    """The page is a way in like any other."""
    receiver = Receiver()
    desk = new_desk(receiver=receiver)
    desk.connect_webhook(ENDPOINT)
    ticket_id = await desk.customer_opens(name="Ben", email="ben@customer.example", subject="Export", text="How?")
    await desk.customer_writes(ticket_id, text="Hello?")
    await desk.agent_solves(ticket_id)
    await desk.settle()

    assert len(receiver.requests) == 2
    assert desk.rows()[0].status == "Resolved"


@pytest.mark.parametrize("ticket_id", ["99", "²", "x", "-1"])
async def test_an_unknown_ticket_is_a_key_error(ticket_id: str) -> None:
    """Whatever the page was asked for."""
    with pytest.raises(KeyError):
        new_desk().conversation(ticket_id)
