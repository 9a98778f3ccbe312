"""Webhooks of the simulated account: what is sent, how it is signed, and what becomes of failures."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from connectors.zendesk.simulator import Options
from connectors.zendesk.simulator.deliveries import signature
from tests.connectors.zendesk.twin import ENDPOINT, Twin, expected_signature, twin


@pytest.fixture
async def desk() -> AsyncIterator[Twin]:
    """A fresh account."""
    async with twin() as running:
        yield running


def _subscribe(desk: Twin, *kinds: str) -> str:
    """An event webhook for these alone; returns its id."""
    given = {"name": "test", "endpoint": ENDPOINT, "subscriptions": [f"zen:event-type:ticket.{kind}" for kind in kinds]}
    return desk.simulator._webhooks.add(given, created_by=desk.simulator.state.api_user).id


async def test_the_signature_fits_the_published_formula() -> None:
    """The vector of the documentation's secret, computed outside this code."""
    secret = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="

    made = signature(secret, timestamp="2026-08-28T12:30:00Z", body=b'{"a":1}')

    assert made == "KIZljxKO9wRRdB5yZJnlYENGdru5FbQ3uYdmbsdbNvE="


async def test_a_delivery_is_signed_over_its_pretty_bytes(desk: Twin) -> None:
    """All five headers; the body as recorded: three blanks, `{ }`, a newline at the end."""
    secret = desk.simulator.connect_webhook(ENDPOINT)
    await desk.ticket()
    await desk.simulator.settle()

    request = desk.receiver.requests[0]
    assert request.headers["x-zendesk-webhook-signature"] == expected_signature(request, secret)
    assert request.headers["x-zendesk-account-id"] == str(json.loads(request.content)["account_id"])
    assert len(request.headers["x-zendesk-webhook-id"]) == len(request.headers["x-zendesk-webhook-invocation-id"]) == 26
    assert (request.headers["user-agent"], request.headers["content-type"]) == (
        "Zendesk Webhook",
        "application/json; charset=utf-8",
    )
    assert request.content.startswith(b'{\n   "account_id": ')
    assert b'"event": { },' in request.content
    assert request.content.endswith(b"}\n")


async def test_events_spell_ids_as_text_and_states_in_capitals(desk: Twin) -> None:
    """Unlike the API, which has integers and lower case."""
    desk.simulator.connect_webhook(ENDPOINT)
    ticket = await desk.ticket()
    await desk.simulator.settle()

    created, added = desk.receiver.bodies
    assert (created["type"], added["type"]) == ("zen:event-type:ticket.created", "zen:event-type:ticket.comment_added")
    assert (created["detail"]["id"], created["detail"]["status"]) == (ticket, "NEW")
    assert added["event"]["comment"]["author"]["is_staff"] is False
    assert added["subject"] == f"zen:ticket:{ticket}"


async def test_our_own_note_comes_back_as_an_event(desk: Twin) -> None:
    """`comment_added` fires for private notes, and for ours: told by author, public flag and staff flag."""
    _subscribe(desk, "comment_added")
    ticket = await desk.ticket()
    await desk.write(ticket)
    await desk.simulator.settle()

    comment = desk.receiver.bodies[-1]["event"]["comment"]
    assert comment["author"]["id"] == str(desk.simulator.state.api_user.id)
    assert (comment["is_public"], comment["author"]["is_staff"]) == (False, True)


async def test_a_trigger_sends_ids_when_a_customer_writes(desk: Twin) -> None:
    """New tickets and public messages of end users; neither agents nor notes."""
    secret = desk.simulator.connect_webhook(ENDPOINT, kind="trigger")
    ticket = await desk.ticket()
    await desk.simulator.customer_message(ticket, text="Hello?")
    await desk.simulator.agent_message(ticket, text="Hi", public=True)
    await desk.write(ticket)
    await desk.simulator.settle()

    assert [body["ticket_id"] for body in desk.receiver.bodies] == [ticket, ticket]
    assert desk.receiver.bodies[0]["actor_id"] == str(desk.simulator.state.tickets[int(ticket)].requester_id)
    request = desk.receiver.requests[0]
    assert request.headers["x-zendesk-webhook-signature"] == expected_signature(request, secret)


async def test_raw_quotes_break_a_triggers_body(desk: Twin) -> None:
    """Whether the vendor escapes inserted text is not known, so both must hold."""
    desk.simulator.connect_webhook(ENDPOINT, kind="trigger", body='{"text": "{{ticket.latest_public_comment}}"}')
    await desk.ticket(text='He said "no"')
    desk.simulator.faults.raw_quotes = True
    await desk.ticket(text='He said "no"')
    await desk.simulator.settle()

    escaped, raw = desk.receiver.requests
    assert json.loads(escaped.content) == {"text": 'He said "no"'}
    with pytest.raises(json.JSONDecodeError):
        json.loads(raw.content)


@pytest.mark.parametrize(
    ("answer", "tries"),
    [
        (httpx.Response(409), 4),
        (httpx.Response(503, headers={"Retry-After": "5"}), 4),
        (httpx.Response(429, headers={"Retry-After": "5"}), 4),
        (httpx.Response(503), 1),
        (httpx.Response(429, headers={"Retry-After": "600"}), 1),
        (httpx.ReadTimeout, 6),
        (httpx.Response(500), 1),
        (httpx.Response(401), 1),
        (httpx.Response(302, headers={"Location": "https://elsewhere.example"}), 1),
    ],
)
async def test_only_some_failures_are_tried_again(
    desk: Twin, answer: httpx.Response | type[httpx.TimeoutException], tries: int
) -> None:
    """409 three times more, a short Retry-After too, a time-out five times; all else is lost."""
    _subscribe(desk, "created")
    desk.receiver.answers = [answer] * 10
    await desk.ticket()
    for _ in range(10):
        await desk.simulator.settle()
        desk.clock.advance(30)

    assert len(desk.receiver.requests) == tries
    assert desk.simulator.deliveries.pending == []


async def test_a_retry_is_signed_anew_under_the_same_invocation(desk: Twin) -> None:
    """The signature's time is the attempt's; the event's id and bytes stay."""
    _subscribe(desk, "created")
    desk.receiver.answers = [httpx.Response(409)]
    await desk.ticket()
    await desk.simulator.settle()
    desk.clock.advance(3)
    await desk.simulator.settle()

    first, second = desk.receiver.requests
    name = "x-zendesk-webhook-signature-timestamp"
    assert (first.headers[name], second.headers[name]) == ("2026-11-20T09:30:15Z", "2026-11-20T09:30:18Z")
    assert first.headers["x-zendesk-webhook-signature"] != second.headers["x-zendesk-webhook-signature"]
    assert first.headers["x-zendesk-webhook-invocation-id"] == second.headers["x-zendesk-webhook-invocation-id"]
    assert first.content == second.content


async def test_a_receiver_that_is_too_slow_has_timed_out() -> None:
    """The whole exchange has so many seconds (really 12), whatever the receiver is doing."""

    async def never(request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        return httpx.Response(200, request=request)

    async with (
        twin(Options(delivery_timeout_s=0.01)) as desk,
        httpx.AsyncClient(transport=httpx.MockTransport(never)) as http,
    ):
        desk.simulator.deliveries._http = http
        _subscribe(desk, "created")
        await desk.ticket()
        await desk.simulator.settle()

        assert desk.simulator.deliveries.invocations[0].attempts[0].status == "timeout"
    assert Options().delivery_timeout_s == 12


async def test_a_throttled_delivery_comes_minutes_late(desk: Twin) -> None:
    """Signed when it goes out, so its signature is fresh and its event is old."""
    webhook = _subscribe(desk, "created")
    desk.simulator.faults.throttle_s = 480
    await desk.ticket()
    await desk.simulator.settle()
    assert desk.receiver.requests == []

    desk.clock.advance(480)
    await desk.simulator.settle()

    assert desk.receiver.requests[0].headers["x-zendesk-webhook-signature-timestamp"] == "2026-11-20T09:38:15Z"
    assert desk.receiver.bodies[0]["time"].startswith("2026-11-20T09:30:15.250000021Z")
    invocation = (await desk.api.get(f"webhooks/{webhook}/invocations?page[size]=1")).json()["invocations"][0]
    attempts = (await desk.api.get(f"webhooks/{webhook}/invocations/{invocation['id']}/attempts")).json()["attempts"]
    assert [attempt["status"] for attempt in attempts] == ["success", "throttled"]
    assert "status_code" not in attempts[1]


async def test_deliveries_are_lost_doubled_and_swapped(desk: Twin) -> None:
    """Best effort is all that is promised."""
    _subscribe(desk, "created")
    desk.simulator.faults.lose = 1
    await desk.ticket(subject="lost")
    desk.simulator.faults.duplicate = 1
    await desk.ticket(subject="twice")
    desk.simulator.faults.out_of_order = True
    await desk.ticket(subject="later")
    await desk.ticket(subject="sooner")
    await desk.simulator.settle()

    bodies = desk.receiver.bodies
    assert [body["detail"]["subject"] for body in bodies] == ["twice", "twice", "sooner", "later"]
    assert bodies[0]["id"] == bodies[1]["id"]
    assert desk.simulator.deliveries.invocations[0].status == "lost"


async def test_a_held_back_event_goes_out_at_last(desk: Twin) -> None:
    """Out of order is not lost."""
    _subscribe(desk, "created")
    desk.simulator.faults.out_of_order = True
    await desk.ticket()

    await desk.simulator.settle()

    assert len(desk.receiver.requests) == 1


async def test_the_breaker_drops_everything_for_a_while(desk: Twin) -> None:
    """From 70 % failures in five minutes on; what falls into its pause is lost."""
    webhook = _subscribe(desk, "created")
    desk.receiver.answers = [httpx.Response(200)] * 3 + [httpx.Response(500)] * 7
    for _ in range(11):
        await desk.ticket()
    await desk.simulator.settle()

    newest = (await desk.api.get(f"webhooks/{webhook}/invocations?page[size]=1")).json()["invocations"][0]
    assert len(desk.receiver.requests) == 10
    assert (newest["status"], "status_code" in newest) == ("circuit broken", False)

    desk.clock.advance(301)
    await desk.ticket()
    await desk.simulator.settle()
    assert len(desk.receiver.requests) == 11


async def test_a_few_failures_leave_the_breaker_closed(desk: Twin) -> None:
    """Below 70 %."""
    _subscribe(desk, "created")
    desk.receiver.answers = [httpx.Response(200)] * 4 + [httpx.Response(500)] * 6
    for _ in range(11):
        await desk.ticket()
    await desk.simulator.settle()

    assert len(desk.receiver.requests) == 11


async def test_deliveries_go_out_by_themselves(desk: Twin) -> None:
    """Nobody has to call `settle` in the demo."""
    _subscribe(desk, "created")
    arrived = asyncio.Event()

    def receive(request: httpx.Request) -> httpx.Response:
        del request
        arrived.set()
        return httpx.Response(200)

    async with httpx.AsyncClient(transport=httpx.MockTransport(receive)) as http:
        desk.simulator.deliveries._http = http
        await desk.ticket()
        await asyncio.wait_for(arrived.wait(), timeout=10)


async def test_a_webhook_is_managed_over_the_api(desk: Twin) -> None:
    """Create, read without its credentials, change, renew the secret, delete."""
    given = {
        "name": "deskpilot",
        "endpoint": ENDPOINT,
        "http_method": "POST",
        "request_format": "json",
        "status": "active",
        "subscriptions": ["zen:event-type:ticket.comment_added"],
        "authentication": {"type": "bearer_token", "data": {"token": "t0"}, "add_position": "header"},
    }
    made = await desk.api.post("webhooks", json={"webhook": given})
    number = made.json()["webhook"]["id"]
    secret = (await desk.api.get(f"webhooks/{number}/signing_secret")).json()["signing_secret"]

    assert made.status_code == 201
    assert made.json()["webhook"]["authentication"] == {"type": "bearer_token", "add_position": "header"}
    assert secret["algorithm"] == "SHA256"
    assert (await desk.api.patch(f"webhooks/{number}", json={"webhook": {"name": "renamed"}})).status_code == 204
    assert (await desk.api.get("webhooks?filter[name_contains]=renam")).json()["webhooks"][0]["id"] == number
    await desk.ticket()
    await desk.simulator.settle()
    assert desk.receiver.requests[0].headers["authorization"] == "Bearer t0"
    renewed = await desk.api.post(f"webhooks/{number}/signing_secret")
    assert (renewed.status_code, renewed.json()["signing_secret"]["secret"] != secret["secret"]) == (201, True)
    assert (await desk.api.delete(f"webhooks/{number}")).status_code == 204
    assert (await desk.api.get(f"webhooks/{number}")).status_code == 404


async def test_a_webhook_is_for_events_or_for_triggers(desk: Twin) -> None:
    """Never both, and events are always POST with JSON."""
    both = {
        "name": "x",
        "endpoint": ENDPOINT,
        "subscriptions": ["conditional_ticket_events", "zen:event-type:ticket.created"],
    }
    get = {"name": "x", "endpoint": ENDPOINT, "subscriptions": ["zen:event-type:ticket.created"], "http_method": "GET"}

    for given in (both, get):
        assert (await desk.api.post("webhooks", json={"webhook": given})).status_code == 400


async def test_a_test_request_is_signed_with_the_published_secret(desk: Twin) -> None:
    """Before the webhook exists there is no other; nobody may accept it in production."""
    given = {"request": {"endpoint": ENDPOINT, "request_format": "json", "http_method": "POST", "payload": "{}"}}

    answer = await desk.api.post("webhooks/test", json=given)

    request = desk.receiver.requests[0]
    assert answer.json()["response"]["status_code"] == 200
    assert request.headers["x-zendesk-webhook-signature"] == expected_signature(
        request, "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="
    )


async def test_a_trigger_made_over_the_api_acts(desk: Twin) -> None:
    """Conditions read back as recorded; what a trigger changes is there when we read the ticket."""
    tagging = {
        "title": "Tag customers' messages",
        "conditions": {"all": [{"field": "comment_is_public", "operator": "is", "value": "true"}], "any": []},
        "actions": [{"field": "current_tags", "value": "from_customer"}],
    }
    made = await desk.api.post("triggers", json={"trigger": tagging})
    ticket = await desk.ticket()

    assert made.json()["trigger"]["conditions"]["all"][0]["value"] is True
    assert (await desk.api.get(f"tickets/{ticket}/tags")).json() == {"tags": ["from_customer"]}
    unknown = tagging | {"conditions": {"all": [{"field": "moon_phase", "operator": "is", "value": "full"}]}}
    assert (await desk.api.post("triggers", json={"trigger": unknown})).status_code == 422
