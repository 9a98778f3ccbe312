"""The Freshdesk twin's webhooks: unsigned, in two bodies, repeated after three schedules, lost, late and doubled."""

from __future__ import annotations

import asyncio
import base64
import json
from datetime import timedelta

import httpx
import pytest

from connectors.freshdesk.simulator import CHATTY, FreshdeskSimulator, Options
from connectors.freshdesk.simulator.rules import SecretKind
from connectors.simulated.clock import ManualClock
from tests.connectors.freshdesk.account import ENDPOINT, NOON, Receiver, api, new_desk, opened


def attempts(desk: FreshdeskSimulator, *, delivery: int = 0) -> list[float]:
    """Minutes after noon at which a webhook was tried."""
    return [(attempt.at - NOON) / timedelta(minutes=1) for attempt in desk.deliveries[delivery].attempts]


@pytest.mark.parametrize("kind", ["basic", "header", "path"])
async def test_the_secret_travels_in_one_of_three_places(kind: SecretKind) -> None:
    """There is no signature; whoever knows the secret is believed."""
    receiver = Receiver()
    desk = new_desk(receiver=receiver)
    secret = desk.connect_webhook(ENDPOINT, kind=kind)
    await opened(desk)
    await desk.settle()

    request = receiver.requests[0]
    password = base64.b64decode(request.headers.get("authorization", "").removeprefix("Basic ")).partition(b":")[2]
    places = {
        "basic": password.decode(),
        "header": request.headers.get("x-webhook-secret", ""),
        "path": str(request.url).removeprefix(f"{ENDPOINT}/"),
    }
    assert [place for place, found in places.items() if found == secret] == [kind]
    assert not any("signature" in name for name in request.headers)
    assert desk.settings["webhook_secrets"] == secret


async def test_an_advanced_body_is_sent_as_written_with_the_id_as_text() -> None:
    """Placeholders are filled in; nothing tells one delivery from another."""
    receiver = Receiver()
    desk = new_desk(receiver=receiver)
    desk.connect_webhook(ENDPOINT, body="advanced")
    ticket_id = await opened(desk)
    await desk.customer_message(ticket_id, text="Hello?")
    await desk.settle()

    bodies = [json.loads(request.content) for request in receiver.requests]
    assert bodies == [
        {"v": 1, "ticket_id": ticket_id, "event": "{ticket_action:created}"},
        {"v": 1, "ticket_id": ticket_id, "event": "{reply_sent:sent}"},
    ]


async def test_a_simple_body_is_wrapped_and_its_event_is_not_json() -> None:
    """Numbers for the id, words for the rest."""
    receiver = Receiver()
    desk = new_desk(receiver=receiver)
    desk.connect_webhook(ENDPOINT, body="simple")
    ticket_id = await opened(desk)
    await desk.settle()

    body = json.loads(receiver.requests[0].content)["freshdesk_webhook"]
    assert (body["ticket_id"], body["ticket_status"]) == (int(ticket_id), "Open")
    assert body["ticket_contact_email"] == "ana@customer.example"
    with pytest.raises(json.JSONDecodeError):
        json.loads(body["triggered_event"])


async def test_a_quote_in_the_customers_words_may_break_the_body() -> None:
    """Whether the vendor escapes is not documented, so both can be had."""
    receiver = Receiver()
    desk = new_desk(receiver=receiver)
    desk.connect_webhook(ENDPOINT, content=CHATTY)
    await opened(desk, text='It says "sold out"')
    desk.faults.unescaped_quotes = True
    await opened(desk, text='It says "sold out"')
    await desk.settle()

    escaped, raw = [request.content for request in receiver.requests]
    assert json.loads(escaped)["latest"] == 'It says "sold out"'
    with pytest.raises(json.JSONDecodeError):
        json.loads(raw)


async def test_rules_hear_requesters_only() -> None:
    """Neither agents' messages nor our own note come back as a webhook."""
    receiver = Receiver()
    desk = new_desk(receiver=receiver)
    ticket_id = await opened(desk)
    desk.connect_webhook(ENDPOINT)
    await desk.agent_message(ticket_id, text="On it", public=True)
    async with api(desk) as client:
        await client.post(f"/tickets/{ticket_id}/notes", json={"body": "x"})
    await desk.settle()

    assert receiver.requests == []


async def test_our_own_note_may_come_back_as_a_webhook() -> None:
    """A rule without "performer = requester" makes the loop that we must not run in."""
    receiver = Receiver()
    desk = new_desk(Options(fire_on_agents=True), receiver=receiver)
    ticket_id = await opened(desk)
    desk.connect_webhook(ENDPOINT)
    async with api(desk) as client:
        await client.post(f"/tickets/{ticket_id}/notes", json={"body": "x"})
    await desk.settle()

    assert [json.loads(request.content)["event"] for request in receiver.requests] == ["{note_type:private}"]


async def test_text_a_a_failed_webhook_comes_again_three_times_then_a_mail() -> None:
    """After 5, 30 and 60 minutes."""
    desk = new_desk(receiver=Receiver(500, 0, 401, 503))
    desk.connect_webhook(ENDPOINT)
    await opened(desk)
    await desk.advance(86_400)

    assert attempts(desk) == [0, 5, 35, 95]
    assert [attempt.status for attempt in desk.deliveries[0].attempts] == [500, 0, 401, 503]
    assert (desk.deliveries[0].outcome, len(desk.admin_mails)) == ("failed", 1)


async def test_text_a_a_2xx_ends_the_tries() -> None:
    """The second try succeeded, so there is no third."""
    desk = new_desk(receiver=Receiver(500, 200))
    desk.connect_webhook(ENDPOINT)
    await opened(desk)
    await desk.advance(86_400)

    assert (attempts(desk), desk.deliveries[0].outcome, desk.admin_mails) == ([0, 5], "delivered", [])


async def test_text_b_a_failed_webhook_comes_every_half_hour_for_a_day() -> None:
    """48 times: the same change is told for 24 hours."""
    desk = new_desk(Options(retries="half_hourly"), receiver=Receiver(*[500] * 60))
    desk.connect_webhook(ENDPOINT)
    await opened(desk)
    await desk.advance(2 * 86_400)

    assert attempts(desk) == [30 * number for number in range(49)]
    assert desk.deliveries[0].outcome == "failed"


async def test_text_b_more_than_the_hourly_number_waits_for_the_next_hour() -> None:
    """1,000 with the vendor, two here."""
    clock = ManualClock(NOON)
    clock.advance(600)
    desk = new_desk(Options(retries="half_hourly", webhooks_per_hour=2), receiver=Receiver(), clock=clock)
    desk.connect_webhook(ENDPOINT)
    for _ in range(3):
        await opened(desk)
    await desk.advance(3 * 3_600)

    # the window began at ten past twelve and is still on at one
    assert [attempts(desk, delivery=number) for number in range(3)] == [[10], [10], [120]]


async def test_text_c_webhooks_share_the_api_budget_and_the_surplus_waits() -> None:
    """A busy minute of API calls delays the webhooks to the next hour; failed ones never come again."""
    desk = new_desk(Options(retries="next_hour", plan="Trial"), receiver=Receiver(500))
    desk.connect_webhook(ENDPOINT)
    await opened(desk)
    await desk.settle()
    async with api(desk) as client:
        for _ in range(49):
            await client.get("/agents/me")
    await opened(desk)
    await desk.advance(2 * 3_600)

    assert (attempts(desk), desk.deliveries[0].outcome) == ([0], "failed")
    assert (attempts(desk, delivery=1), desk.deliveries[1].outcome) == ([60], "delivered")


async def test_text_c_what_finds_no_room_for_a_day_is_dropped_with_a_mail() -> None:
    """Nobody is told but the administrators."""
    desk = new_desk(Options(retries="next_hour", plan="Free"), receiver=Receiver())
    desk.connect_webhook(ENDPOINT)
    await opened(desk)
    await desk.advance(25 * 3_600)

    assert (desk.deliveries[0].outcome, attempts(desk), len(desk.admin_mails)) == ("dropped", [], 1)


async def test_a_webhook_may_be_doubled_lost_or_late() -> None:
    """Nothing in the body shows which; the later one of two may come first."""
    receiver = Receiver()
    desk = new_desk(receiver=receiver)
    desk.connect_webhook(ENDPOINT)
    desk.faults.lost_deliveries = 1
    await opened(desk)
    desk.faults.late_deliveries = 1
    await opened(desk)
    desk.faults.duplicated_deliveries = 1
    await opened(desk)
    await desk.advance(60)

    assert [json.loads(request.content)["ticket_id"] for request in receiver.requests] == ["3", "3", "2"]
    assert desk.deliveries[0].outcome == "lost"


async def test_a_fast_clock_repeats_without_anybody_waiting() -> None:
    """With `time_scale` five simulated minutes pass in milliseconds, by themselves."""
    statuses, answered = [200, 500], asyncio.Event()

    def receive(_request: httpx.Request) -> httpx.Response:
        status = statuses.pop()
        if not statuses:
            answered.set()
        return httpx.Response(status)

    http = httpx.AsyncClient(transport=httpx.MockTransport(receive))
    desk = FreshdeskSimulator(http=http, options=Options(time_scale=30_000.0))
    desk.connect_webhook(ENDPOINT)
    await opened(desk)
    await answered.wait()
    await desk.settle()

    first, second = desk.deliveries[0].attempts
    assert second.at - first.at >= timedelta(minutes=5)


async def test_without_a_client_webhooks_stay_pending() -> None:
    """A twin that nobody listens to still works."""
    desk = new_desk()
    desk.connect_webhook(ENDPOINT)
    await opened(desk)
    await desk.settle()
    await desk.advance(3_600)

    assert [delivery.outcome for delivery in desk.deliveries] == ["pending"]
