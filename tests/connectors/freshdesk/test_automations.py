"""What the automation rules of an account do, in whatever shape the undocumented API tells it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from connectors.freshdesk import automations
from connectors.freshdesk.auth import ApiKey
from connectors.freshdesk.automations import CONTENT, HEADER, WANTED
from connectors.freshdesk.setup import FreshdeskSetup
from connectors.setup import Call
from tests.connectors.freshdesk.account import ENDPOINT, NOON

SECRET = "a-secret-of-some-length"
CREATION = WANTED[0]


def rule(**hook: Any) -> dict[str, Any]:
    """Our rule on new tickets, with a webhook that differs."""
    body = automations.written(CREATION, endpoint=ENDPOINT, secret=SECRET)
    return {**body, "id": 1, "actions": [{**body["actions"][0], **hook}]}


@pytest.mark.parametrize(
    ("hook", "stands"),
    [
        ({}, True),
        ({"custom_headers": {HEADER.lower(): SECRET}}, True),
        ({"custom_headers": None, "url": f"{ENDPOINT}/{SECRET}"}, True),
        ({"custom_headers": None, "need_authentication": True, "password": SECRET}, True),
        ({"url": f"{ENDPOINT}/"}, True),
        ({"content": '{"ticket_id":"{{ticket.id}}"}'}, True),
        ({"content": {"id": "{{ticket.id}}"}}, False),
        ({"content": "ticket_id"}, False),
        ({"content": "[" * 100_000}, False),
        ({"content": None}, False),
        ({"custom_headers": {HEADER: "******"}}, False),
        ({"custom_headers": {HEADER: "another-secret-of-ours"}}, False),
        ({"custom_headers": None}, False),
        ({"custom_headers": None, "need_authentication": True}, False),
        ({"url": f"{ENDPOINT}2"}, False),
        ({"field_name": "trigger_api"}, False),
    ],
)
def test_a_webhook_is_left_alone_only_where_it_surely_works(hook: dict[str, Any], *, stands: bool) -> None:
    """It calls us, names the ticket and is known to carry the secret; what is not told is written again."""
    assert automations.stands(rule(**hook), CREATION, endpoint=ENDPOINT, secret=SECRET) is stands


@pytest.mark.parametrize(
    ("hook", "proven"),
    [
        ({"custom_headers": {HEADER: "****"}}, None),
        ({"custom_headers": None, "need_authentication": True}, None),
        ({"custom_headers": None, "need_authentication": True, "password": "encrypted=="}, None),
        ({"custom_headers": None}, False),
    ],
)
def test_a_secret_that_is_hidden_is_not_taken_for_a_wrong_one(hook: dict[str, Any], proven: bool | None) -> None:  # noqa: FBT001
    """Nor for a missing one."""
    (action,) = rule(**hook)["actions"]

    assert automations.proven(action, endpoint=ENDPOINT, secrets=[SECRET]) is proven


@pytest.mark.parametrize("url", [ENDPOINT, "https://old.example/webhooks/freshdesk", "https://old.example/hook"])
def test_what_our_rule_was_given_to_do_besides_stays(url: str) -> None:
    """Its conditions and its other webhooks; only the action that calls us, or did so elsewhere, is put right."""
    other = {"field_name": "trigger_webhook", "url": "https://crm.example/hook"}
    found = {**rule(url=url), "conditions": [{"name": "x"}]}
    found["actions"] = [other, *found["actions"]]
    written = automations.written(CREATION, endpoint=ENDPOINT, secret="another-secret-of-ours", found=found)

    assert written["conditions"] == [{"name": "x"}]
    assert [action["url"] for action in written["actions"]] == ["https://crm.example/hook", ENDPOINT]
    assert written["actions"][1]["custom_headers"] == {HEADER: "another-secret-of-ours"}
    assert written["actions"][1]["content"] == CONTENT


ODD = [
    "text",
    None,
    {"id": 1, "name": None, "active": True, "performer": None, "events": None, "conditions": None, "actions": None},
    {
        "id": 2,
        "active": True,
        "performer": "agent",
        "events": ["note"],
        "actions": [{"field_name": "send_email_to_agent"}],
    },
    {"id": 3, "active": True, "actions": [{"field_name": "trigger_webhook", "url": None, "custom_headers": ["x"]}]},
    {"name": "without an id"},
]


@pytest.mark.parametrize("wrapped", [False, True])
async def test_rules_of_an_unknown_shape_are_no_rules_of_ours_and_stop_nothing(*, wrapped: bool) -> None:
    """A bare list and one below "rules" have both been seen; a list that ignores `page` ends all the same."""
    many = [*ODD, *({"id": number, "name": "x", "actions": []} for number in range(100, 200))]

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/agents/me"):
            return httpx.Response(200, json={"id": 7, "ticket_scope": 1, "contact": {"name": "deskpilot"}})
        return httpx.Response(200, json={"rules": many} if wrapped else many)

    calls: list[Call] = []

    async def rehearse(call: Call) -> dict[str, Any]:
        calls.append(call)
        return {}

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        setup = FreshdeskSetup(http, base_url="https://acme.freshdesk.com", auth=ApiKey("key"))
        found = {check.what: check for check in await setup.examine(ENDPOINT, secrets=[SECRET], now=NOON)}
        connected = await setup.connect(ENDPOINT, send=rehearse, secret=SECRET)

    assert "is missing" in found["webhook"].said
    assert found["mail rules"].state == "fine"
    assert [call.method for call in calls] == ["POST"] * 3
    assert connected.clicks == ()


async def test_a_rule_of_ours_whose_id_is_no_number_is_never_part_of_a_path() -> None:
    """It is left for clicks."""
    ours = {**rule(), "id": "1/../../agents/9", "active": False}

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=[ours] if "/automations/1/" in request.url.path else [])

    calls: list[Call] = []

    async def rehearse(call: Call) -> dict[str, Any]:
        calls.append(call)
        return {}

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        setup = FreshdeskSetup(http, base_url="https://acme.freshdesk.com", auth=ApiKey("key"))
        connected = await setup.connect(ENDPOINT, send=rehearse, secret=SECRET)

    assert [call.method for call in calls] == ["POST"] * 2
    assert any("Rule name: deskpilot: new ticket" in line for line in connected.clicks)


async def test_rules_on_updates_go_where_the_only_list_is() -> None:
    """An account without number 4."""

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(404 if "/automations/4/" in request.url.path else 200, json=[])

    calls: list[Call] = []

    async def rehearse(call: Call) -> dict[str, Any]:
        calls.append(call)
        return {}

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        setup = FreshdeskSetup(http, base_url="https://acme.freshdesk.com", auth=ApiKey("key"))
        await setup.connect(ENDPOINT, send=rehearse, secret=SECRET)

    assert [call.path for call in calls] == [f"/api/v2/automations/{number}/rules" for number in (1, 3, 3)]
