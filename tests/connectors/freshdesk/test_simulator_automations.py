"""The Freshdesk twin's automation rules over the API: kept as they are given, for administrators, and they really run."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from connectors.freshdesk.simulator import FreshdeskSimulator, Options
from tests.connectors.freshdesk.account import ENDPOINT, Receiver, api, new_desk, opened

CONDITIONS = [
    {
        "name": "condition_set_1",
        "match_type": "all",
        "properties": [{"resource_type": "ticket", "field_name": "status", "operator": "in", "value": [2, 3]}],
    }
]
HOOK = {
    "field_name": "trigger_webhook",
    "request_type": "POST",
    "url": ENDPOINT,
    "content_type": "JSON",
    "content_layout": "2",
    "custom_headers": {"X-Webhook-Secret": "a-secret-of-some-length"},
    "content": {"ticket_id": "{{ticket.id}}", "event": "{{triggered_event}}"},
}
MAIL = {"field_name": "send_email_to_agent", "email_to": [1], "email_subject": "Note", "email_body": "A note"}
CREATED = {"name": "new", "conditions": CONDITIONS, "actions": [HOOK]}


def updated(*events: dict[str, Any], performer: dict[str, Any], action: dict[str, Any] = HOOK) -> dict[str, Any]:
    """A rule on updates."""
    return {
        "name": "update",
        "performer": performer,
        "events": list(events),
        "conditions": CONDITIONS,
        "actions": [action],
    }


async def made(desk: FreshdeskSimulator, rule: dict[str, Any], *, kind: int = 4) -> dict[str, Any]:
    """The rule as the API answers it."""
    async with api(desk) as client:
        answer = await client.post(f"/automations/{kind}/rules", json=rule)
        assert answer.status_code == 201, answer.text
        body: dict[str, Any] = answer.json()
        return body


def events(receiver: Receiver) -> list[str]:
    """What each webhook tells."""
    return [json.loads(request.content)["event"] for request in receiver.requests]


async def test_a_rule_is_made_read_changed_and_deleted() -> None:
    """What it was given comes back, custom headers too; 204 when it goes, 404 after."""
    desk = new_desk()
    rule = await made(desk, CREATED, kind=1)
    async with api(desk) as client:
        path = f"/automations/1/rules/{rule['id']}"
        assert (await client.get("/automations/1/rules")).json() == [rule]
        assert (await client.get("/automations/4/rules")).json() == []
        assert {**rule, **CREATED, "active": True} == rule
        assert (await client.put(path, json={"active": False})).json()["active"] is False
        assert (await client.get(path)).json()["actions"] == [HOOK]
        assert (await client.delete(path)).status_code == 204
        assert (await client.get(path)).status_code == 404


async def test_a_rule_on_new_tickets_really_calls_its_webhook() -> None:
    """With its headers and its body; one that is switched off, or whose condition does not hold, is silent."""
    receiver = Receiver()
    desk = new_desk(receiver=receiver)
    await made(desk, {**CREATED, "active": False}, kind=1)
    solved = [{**CONDITIONS[0], "properties": [{**CONDITIONS[0]["properties"][0], "value": [4]}]}]  # type: ignore[dict-item]
    await made(desk, {**CREATED, "conditions": solved}, kind=1)
    await made(desk, CREATED, kind=1)
    ticket_id = await opened(desk)
    await desk.settle()

    (request,) = receiver.requests
    assert request.headers["x-webhook-secret"] == "a-secret-of-some-length"
    assert json.loads(request.content) == {"ticket_id": ticket_id, "event": "{ticket_action:created}"}
    assert desk.settings["webhook_secrets"] == "a-secret-of-some-length"


async def test_a_rule_on_updates_hears_its_performer_and_its_events_only() -> None:
    """1 is an agent, 2 the requester; "--" is anything."""
    receiver = Receiver()
    desk = new_desk(receiver=receiver)
    ticket_id = await opened(desk)
    await made(desk, updated({"field_name": "reply_sent"}, performer={"type": 2}))
    await made(
        desk,
        updated(
            {"field_name": "note_type", "value": "private"},
            {"field_name": "status", "from": "--", "to": "3"},
            performer={"type": 1},
        ),
    )
    await desk.customer_message(ticket_id, text="Hello?")
    await desk.agent_message(ticket_id, text="On it", public=True)
    await desk.agent_message(ticket_id, text="Hm", public=False)
    await desk.set_status(ticket_id, "pending")
    await desk.set_status(ticket_id, "open")
    await desk.settle()

    assert events(receiver) == ["{reply_sent:sent}", "{note_type:private}", "{status:{from:2,to:3}}"]


async def test_a_rule_mails_our_note_unless_its_performers_are_others() -> None:
    """Notes by the API are an agent's deed; `members` names whose deeds count."""
    desk = new_desk()
    ticket_id = await opened(desk)
    note = {"field_name": "note_type", "value": "--"}
    rule = await made(desk, updated(note, performer={"type": 1}, action=MAIL))
    async with api(desk) as client:
        await client.post(f"/tickets/{ticket_id}/notes", json={"body": "x"})
        assert [(mail.rule, mail.action) for mail in desk.mails] == [("update", "send_email_to_agent")]
        others = {"type": 1, "members": [desk.state.people.agent.id]}
        await client.put(f"/automations/4/rules/{rule['id']}", json={"performer": others})
        await client.post(f"/tickets/{ticket_id}/notes", json={"body": "x"})
    assert len(desk.mails) == 1


async def test_on_a_new_ticket_an_account_may_run_its_first_rule_only() -> None:
    """A choice of the administrator, which the API does not tell."""
    receiver = Receiver()
    desk = new_desk(Options(first_rule_only=True), receiver=receiver)
    await made(desk, {**CREATED, "actions": [{"field_name": "priority", "value": 2}]}, kind=1)
    await made(desk, CREATED, kind=1)
    await opened(desk)
    await desk.settle()

    assert receiver.requests == []


async def test_a_webhook_connected_by_hand_is_a_rule_like_others() -> None:
    """The API shows it, but not its password."""
    desk = new_desk()
    secret = desk.connect_webhook(ENDPOINT, kind="basic")
    async with api(desk) as client:
        answers = [await client.get(f"/automations/{kind}/rules") for kind in (1, 4)]

    assert [[rule["actions"][0]["url"] for rule in answer.json()] for answer in answers] == [[ENDPOINT], [ENDPOINT]]
    assert all(secret not in answer.text for answer in answers)


@pytest.mark.parametrize(
    ("options", "refused", "status"),
    [(Options(), 404, 404), (Options(administrator=False), 0, 403)],
)
async def test_rules_may_not_be_there_for_us(options: Options, refused: int, status: int) -> None:
    """No such API in this account; an agent who is no administrator."""
    desk = new_desk(options)
    desk.faults.automations_refused = refused
    async with api(desk) as client:
        assert (await client.get("/automations/4/rules")).status_code == status


@pytest.mark.parametrize(("number", "status"), [(1, 400), (2, 404), (3, 201), (4, 400)])
async def test_only_one_kind_of_rule_knows_who_did_what(number: int, status: int) -> None:
    """Which number it has is an option: texts disagree."""
    async with api(new_desk(Options(update_rules=3))) as client:
        rule = updated({"field_name": "reply_sent"}, performer={"type": 2})
        assert (await client.post(f"/automations/{number}/rules", json=rule)).status_code == status


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"conditions": []}, "conditions"),
        ({"conditions": [{"properties": [{"field_name": "status", "operator": "in", "value": [2]}]}]}, "resource_type"),
        ({"actions": []}, "actions"),
        ({"actions": [{"field_name": "trigger_webhook", "url": ENDPOINT}]}, "request_type"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_a_rule_that_cannot_be_stored_is_refused_by_field(change: dict[str, Any], field: str) -> None:
    """400; a condition is compulsory and says what it is about."""
    async with api(new_desk()) as client:
        answer: httpx.Response = await client.post("/automations/1/rules", json={**CREATED, **change})

    assert answer.status_code == 400
    assert field in answer.json()["errors"][0]["field"]
