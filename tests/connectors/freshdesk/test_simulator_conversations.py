"""The Freshdesk twin's conversations over HTTP: what is embedded, what is paged, who may see a note."""

from __future__ import annotations

import pytest

from tests.connectors.freshdesk.account import api, new_desk, opened


async def test_ten_conversations_are_embedded_and_never_more() -> None:
    """The eleventh message is on the conversations endpoint only."""
    desk = new_desk()
    ticket_id = await opened(desk)
    for number in range(11):
        await desk.customer_message(ticket_id, text=f"message {number}")
    async with api(desk) as client:
        ticket = (await client.get(f"/tickets/{ticket_id}?include=conversations")).json()
        all_of_them = (await client.get(f"/tickets/{ticket_id}/conversations?per_page=100")).json()

    assert len(ticket["conversations"]) == 10
    assert [entry["body_text"] for entry in all_of_them] == [f"message {number}" for number in range(11)]
    assert all(entry["incoming"] and not entry["private"] for entry in all_of_them)


async def test_conversations_come_in_pages_with_a_link_while_there_is_more() -> None:
    """30 unless asked otherwise; the last page has no Link header."""
    desk = new_desk()
    ticket_id = await opened(desk)
    for number in range(31):
        await desk.customer_message(ticket_id, text=str(number))
    async with api(desk) as client:
        first = await client.get(f"/tickets/{ticket_id}/conversations")
        second = await client.get(first.links["next"]["url"])

    assert (len(first.json()), len(second.json())) == (30, 1)
    assert "link" not in second.headers


@pytest.mark.parametrize(("sent", "private"), [({}, True), ({"private": True}, True), ({"private": False}, False)])
async def test_a_note_is_private_unless_told_otherwise(sent: dict[str, bool], *, private: bool) -> None:
    """`private: false` really is shown to the customer: the leak must be possible here to be seen."""
    desk = new_desk()
    ticket_id = await opened(desk)
    async with api(desk) as client:
        answer = await client.post(f"/tickets/{ticket_id}/notes", json={"body": "<p>Hi</p>", **sent})

    assert answer.status_code == 201
    assert answer.json()["private"] is private
    assert [note.public for note in desk.notes(ticket_id)] == [not private]


async def test_who_is_notified_of_a_note_can_be_seen() -> None:
    """A note that mails agents about itself does not pass unnoticed; neither does one that poses as the customer's."""
    desk = new_desk()
    ticket_id = await opened(desk)
    note = {"body": "x", "notify_emails": ["robin.vale@acme.example"], "incoming": True}
    async with api(desk) as client:
        answer = (await client.post(f"/tickets/{ticket_id}/notes", json=note)).json()

    assert (answer["to_emails"], answer["incoming"], answer["source"]) == (["robin.vale@acme.example"], True, 2)


async def test_notes_can_be_edited_and_deleted_but_replies_cannot_be_edited() -> None:
    """PUT works on notes only."""
    desk = new_desk()
    ticket_id = await opened(desk)
    async with api(desk) as client:
        note = (await client.post(f"/tickets/{ticket_id}/notes", json={"body": "one"})).json()
        reply = await client.post(f"/tickets/{ticket_id}/reply", json={"body": "two"})
        edited = await client.put(f"/conversations/{note['id']}", json={"body": "three"})
        refused = await client.put(f"/conversations/{reply.json()['id']}", json={"body": "four"})
        deleted = await client.delete(f"/conversations/{note['id']}")
        left = (await client.get(f"/tickets/{ticket_id}/conversations")).json()

    assert (reply.status_code, edited.json()["body"], refused.status_code) == (201, "three", 400)
    assert (deleted.status_code, [entry["body"] for entry in left]) == (204, ["two"])


async def test_bad_bodies_are_answered_in_the_vendors_words() -> None:
    """Which field, what is wrong with it, and a code."""
    desk = new_desk()
    ticket_id = await opened(desk)
    path = f"/tickets/{ticket_id}"
    as_json = {"content-type": "application/json"}
    async with api(desk) as client:
        unknown = await client.post(f"{path}/notes", json={"body": "x", "public": False})
        mistyped = await client.post(f"{path}/notes", json={"body": "x", "private": "yes"})
        missing = await client.post(f"{path}/notes", json={})
        value = await client.put(path, json={"status": 9})
        broken = await client.post(f"{path}/notes", content=b'{"body": ', headers=as_json)
        form = await client.post(f"{path}/notes", data={"body": "x"})

    codes = [answer.json()["errors"][0]["code"] for answer in (unknown, mistyped, missing, value)]
    assert codes == ["invalid_field", "datatype_mismatch", "missing_field", "invalid_value"]
    assert (broken.status_code, broken.json()["code"]) == (400, "invalid_json")
    assert form.status_code == 415


async def test_notes_are_what_our_api_user_wrote() -> None:
    """Neither an agent's note nor an edit by hand."""
    desk = new_desk()
    ticket_id = await opened(desk)
    await desk.agent_message(ticket_id, text="Ask billing", public=False)
    async with api(desk) as client:
        await client.post(f"/tickets/{ticket_id}/notes", json={"body": "<p>Draft</p>"})

    assert [(note.html, note.author) for note in desk.notes(ticket_id)] == [("<p>Draft</p>", "deskpilot")]


async def test_a_merge_is_told_in_private_notes_and_closes_the_source() -> None:
    """The only trace of the merged ticket is its number in a note."""
    desk = new_desk()
    source, target = await opened(desk), await opened(desk)
    await desk.merge(source, target)
    async with api(desk) as client:
        note = (await client.get(f"/tickets/{target}/conversations")).json()[-1]
        closed = (await client.get(f"/tickets/{source}")).json()

    assert (note["private"], note["body_text"]) == (True, f"Tickets with ids {source} are merged into this ticket.")
    assert (closed["status"], closed["tags"]) == (5, ["merged"])


async def test_what_an_automation_writes_has_no_author() -> None:
    """It must not pass for an agent's answer."""
    desk = new_desk()
    ticket_id = await opened(desk)
    await desk.agent_message(ticket_id, text="We got your message.", public=True, bot=True)
    async with api(desk) as client:
        entry = (await client.get(f"/tickets/{ticket_id}/conversations")).json()[0]

    assert (entry["user_id"], entry["incoming"], entry["auto_response"]) == (None, False, True)
