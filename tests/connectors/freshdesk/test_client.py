"""What the Freshdesk client asks for, and what it makes of the answers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import respx

from connectors.base import (
    GoneError,
    LeakError,
    MisconfiguredError,
    Note,
    Person,
    RejectedError,
    RetryableError,
    Ticket,
)
from connectors.freshdesk.auth import ApiKey
from connectors.freshdesk.client import MOST_PAGES, PAGE, FreshdeskClient
from connectors.freshdesk.people import MOST_LOOK_UPS
from tests.connectors.freshdesk.recorded import entry, recorded

URL = "https://acme.freshdesk.test"
TICKET = f"{URL}/api/v2/tickets/42"

pytestmark = pytest.mark.respx(assert_all_called=True)


@pytest.fixture
async def client() -> AsyncIterator[FreshdeskClient]:
    """The real client, whose network is respx."""
    async with httpx.AsyncClient() as http:
        yield FreshdeskClient(http, base_url=URL, auth=ApiKey("key-1"))


def answer(router: respx.MockRouter, *, ticket: Any = None, entries: Any = None) -> None:
    """Answer for one ticket with one page of conversation; nobody else is known."""
    router.get(TICKET).respond(json=ticket or recorded("ticket"))
    router.get(f"{TICKET}/conversations").respond(json=recorded("conversations") if entries is None else entries)
    router.get(url__regex=rf"{URL}/api/v2/agents/\d+").respond(404)


async def read(client: FreshdeskClient, router: respx.MockRouter) -> Ticket:
    """Read the recorded ticket."""
    answer(router)
    return await client.ticket("42")


async def test_the_key_is_sent_as_user_name(client: FreshdeskClient, respx_mock: respx.MockRouter) -> None:
    """Basic authentication with the key and a dummy password."""
    me = respx_mock.get(f"{URL}/api/v2/agents/me", headers={"Authorization": "Basic a2V5LTE6WA=="})
    me.respond(json=recorded("agent_me"))

    assert await client.whoami() == Person(
        id="70", name="Desk Pilot", email="pilot@example.com", role="agent", language="en"
    )


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_key_that_is_no_agents_is_a_misconfiguration(
    client: FreshdeskClient, respx_mock: respx.MockRouter, status: int
) -> None:
    """Nothing works until a person sets another key or address."""
    respx_mock.get(f"{URL}/api/v2/agents/me").respond(status)

    with pytest.raises(MisconfiguredError):
        await client.whoami()


async def test_a_ticket_is_read_with_requester_and_company(
    client: FreshdeskClient, respx_mock: respx.MockRouter
) -> None:
    """What costs extra is asked for only where it is used."""
    ticket = await read(client, respx_mock)

    assert ticket.account == "acme.freshdesk.test"
    assert respx_mock.calls[0].request.url.params["include"] == "requester,company"
    assert [message.id for message in ticket.messages] == ["ticket:42", "902", "903", "904"]


async def test_a_long_conversation_is_read_page_by_page(client: FreshdeskClient, respx_mock: respx.MockRouter) -> None:
    """Pages are asked for until one is short; an entry that comes twice counts once."""
    first = [entry(id=id_) for id_ in range(1, PAGE + 1)]
    second = [entry(id=PAGE), entry(id=PAGE + 1)]
    respx_mock.get(TICKET).respond(json=recorded("ticket"))
    respx_mock.get(f"{TICKET}/conversations", params={"per_page": PAGE, "page": 1}).respond(json=first)
    respx_mock.get(f"{TICKET}/conversations", params={"per_page": PAGE, "page": 2}).respond(json=second)
    respx_mock.get(url__regex=rf"{URL}/api/v2/agents/\d+").respond(404)

    ticket = await client.ticket("42")

    assert [message.id for message in ticket.messages[1:]] == [str(id_) for id_ in range(1, PAGE + 2)]


async def test_a_full_last_page_is_followed_by_an_empty_one(
    client: FreshdeskClient, respx_mock: respx.MockRouter
) -> None:
    """Exactly one hundred messages are no special case."""
    pages = [[entry(id=id_) for id_ in range(1, PAGE + 1)], []]
    respx_mock.get(TICKET).respond(json=recorded("ticket"))
    respx_mock.get(f"{TICKET}/conversations").mock(side_effect=[httpx.Response(200, json=page) for page in pages])
    respx_mock.get(url__regex=rf"{URL}/api/v2/agents/\d+").respond(404)

    assert len((await client.ticket("42")).messages) == PAGE + 1


async def test_a_conversation_that_freshdesk_does_not_give_whole_is_rejected(
    client: FreshdeskClient, respx_mock: respx.MockRouter
) -> None:
    """Beyond page 300 there is an error, never a quietly shortened thread."""
    page = [entry(id=id_) for id_ in range(PAGE)]
    respx_mock.get(TICKET).respond(json=recorded("ticket"))
    pages = respx_mock.get(f"{TICKET}/conversations").respond(json=page)

    with pytest.raises(RejectedError, match="300 pages"):
        await client.ticket("42")

    assert pages.call_count == MOST_PAGES


async def test_names_are_asked_for_once_each(client: FreshdeskClient, respx_mock: respx.MockRouter) -> None:
    """Conversations carry ids only; one call per person, not per message."""
    entries = [entry(id=id_, user_id=71) for id_ in range(1, 30)]
    entries += [entry(id=id_, user_id=502, incoming=True, from_email=None) for id_ in range(30, 60)]
    respx_mock.get(TICKET).respond(json=recorded("ticket"))
    respx_mock.get(f"{TICKET}/conversations").respond(json=entries)
    agent = respx_mock.get(f"{URL}/api/v2/agents/71").respond(json=recorded("agent"))
    requester = respx_mock.get(f"{URL}/api/v2/agents/501").respond(404)
    contact = respx_mock.get(f"{URL}/api/v2/contacts/502").respond(json=recorded("contact"))

    ticket = await client.ticket("42")

    assert {message.author.name for message in ticket.messages} == {"Ana Sol", "Robin Vale", "Cora Lind"}
    assert ticket.assignee is not None
    assert ticket.assignee.name == "Robin Vale"
    assert (agent.call_count, requester.call_count, contact.call_count) == (1, 1, 1)


@pytest.mark.parametrize("status", [403, 404])
async def test_a_person_whom_the_key_may_not_see_has_no_name(
    client: FreshdeskClient, respx_mock: respx.MockRouter, status: int
) -> None:
    """The ticket is read all the same."""
    respx_mock.get(TICKET).respond(json=recorded("ticket"))
    respx_mock.get(f"{TICKET}/conversations").respond(json=[entry(user_id=71)])
    respx_mock.get(url__regex=rf"{URL}/api/v2/agents/\d+").respond(status)

    assert (await client.ticket("42")).messages[1].author == Person(id="71", role="agent")


async def test_a_crowd_does_not_use_up_the_rate_limit(client: FreshdeskClient, respx_mock: respx.MockRouter) -> None:
    """A ticket with fifty agents asks about the newest of them."""
    respx_mock.get(TICKET).respond(json=recorded("ticket"))
    respx_mock.get(f"{TICKET}/conversations").respond(json=[entry(id=id_, user_id=1000 + id_) for id_ in range(50)])
    agents = respx_mock.get(url__regex=rf"{URL}/api/v2/agents/\d+").respond(404)

    await client.ticket("42")

    assert agents.call_count == MOST_LOOK_UPS


async def test_a_refused_look_up_is_tried_again_later(client: FreshdeskClient, respx_mock: respx.MockRouter) -> None:
    """Without the names nothing can be masked, so 429 there is 429 for the ticket."""
    respx_mock.get(TICKET).respond(json=recorded("ticket"))
    respx_mock.get(f"{TICKET}/conversations").respond(json=[])
    respx_mock.get(url__regex=rf"{URL}/api/v2/agents/\d+").respond(429, headers={"Retry-After": "30"})

    with pytest.raises(RetryableError) as caught:
        await client.ticket("42")

    assert caught.value.after_s == 30


async def test_a_missing_ticket_is_gone(client: FreshdeskClient, respx_mock: respx.MockRouter) -> None:
    """Freshdesk's 404 has no body."""
    respx_mock.get(TICKET).respond(404)
    respx_mock.get(f"{TICKET}/conversations").respond(404)

    with pytest.raises(GoneError):
        await client.ticket("42")


async def test_a_conversation_that_cannot_be_read_is_not_an_empty_one(
    client: FreshdeskClient, respx_mock: respx.MockRouter
) -> None:
    """The ticket alone is not the ticket."""
    respx_mock.get(TICKET).respond(json=recorded("ticket"))
    respx_mock.get(f"{TICKET}/conversations").respond(502, html="<html>Bad gateway</html>")

    with pytest.raises(RetryableError):
        await client.ticket("42")


async def test_an_id_that_is_no_number_never_leaves(client: FreshdeskClient) -> None:
    """A path made from a stranger's text could name another endpoint."""
    with pytest.raises(RejectedError):
        await client.ticket("42/../../agents/me")


async def test_a_note_is_written_as_private(client: FreshdeskClient, respx_mock: respx.MockRouter) -> None:
    """Sent: the text, private, mailed to nobody. Nothing else."""
    ticket = await read(client, respx_mock)
    notes = respx_mock.post(f"{TICKET}/notes").respond(201, json=recorded("note"))

    assert await client.add_note(ticket, "<p>Draft</p>", run="01J") == Note(id="905", ticket_id="42")

    assert json.loads(notes.calls.last.request.content) == {
        "body": "<p>Draft</p>",
        "private": True,
        "notify_emails": [],
    }


@pytest.mark.parametrize("private", [False, None, "true", 1])
async def test_a_note_that_came_back_public_is_deleted_and_reported(
    client: FreshdeskClient, respx_mock: respx.MockRouter, private: object
) -> None:
    """Only a plain `true` is private; the message is taken back at once and everything stops."""
    ticket = await read(client, respx_mock)
    respx_mock.post(f"{TICKET}/notes").respond(201, json=recorded("note", private=private))
    taken_back = respx_mock.delete(f"{URL}/api/v2/conversations/905").respond(204)

    with pytest.raises(LeakError, match="905 in ticket 42"):
        await client.add_note(ticket, "<p>Draft</p>", run="01J")

    assert taken_back.call_count == 1


@pytest.mark.parametrize("status", [403, 404, 500])
async def test_a_leak_is_reported_even_where_it_cannot_be_taken_back(
    client: FreshdeskClient, respx_mock: respx.MockRouter, status: int
) -> None:
    """A failing repair never hides the leak."""
    ticket = await read(client, respx_mock)
    respx_mock.post(f"{TICKET}/notes").respond(201, json=recorded("note", private=False))
    respx_mock.delete(f"{URL}/api/v2/conversations/905").respond(status)

    with pytest.raises(LeakError):
        await client.add_note(ticket, "<p>Draft</p>", run="01J")


async def test_a_note_without_an_id_is_still_never_public(
    client: FreshdeskClient, respx_mock: respx.MockRouter
) -> None:
    """An answer that names no message cannot be repaired, only reported."""
    ticket = await read(client, respx_mock)
    respx_mock.post(f"{TICKET}/notes").respond(201, json={"message": "created"})

    with pytest.raises(LeakError, match="by hand"):
        await client.add_note(ticket, "<p>Draft</p>", run="01J")


async def test_a_note_whose_answer_is_empty_is_looked_for_again(
    client: FreshdeskClient, respx_mock: respx.MockRouter
) -> None:
    """It may exist: the ticket is read before anything is written again."""
    ticket = await read(client, respx_mock)
    respx_mock.post(f"{TICKET}/notes").respond(201)

    with pytest.raises(RetryableError):
        await client.add_note(ticket, "<p>Draft</p>", run="01J")


async def test_a_note_that_is_not_answered_in_time_may_exist(
    client: FreshdeskClient, respx_mock: respx.MockRouter
) -> None:
    """A time-out is retryable, and the client itself never sends twice."""
    ticket = await read(client, respx_mock)
    notes = respx_mock.post(f"{TICKET}/notes").mock(side_effect=httpx.ReadTimeout("slow"))

    with pytest.raises(RetryableError):
        await client.add_note(ticket, "<p>Draft</p>", run="01J")

    assert notes.call_count == 1


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (200, [], ""),
        (200, [{"id": 1, "created_at": "2026-11-20T09:00:00Z", "ratings": {"default_question": 100}}], ""),
        (200, [{"id": 1, "created_at": "2026-11-20T09:00:00Z", "ratings": {"default_question": -101}}], "bad"),
        (200, [{"id": 1, "created_at": "2026-11-20T09:00:00Z", "ratings": {"default_question": 103}}], "good"),
        (200, [{"id": 1, "created_at": "2026-11-20T09:00:00Z", "ratings": {}}], ""),
        (200, {"surveys": []}, ""),
        (403, {"code": "require_feature", "message": "The Surveys feature is not supported in your plan."}, ""),
        (404, None, ""),
    ],
)
async def test_a_rating_that_cannot_be_read_is_none(
    client: FreshdeskClient, respx_mock: respx.MockRouter, status: int, body: Any, says: str
) -> None:
    """Surveys are a feature of some plans, and their scale is known from hearsay."""
    respx_mock.get(f"{TICKET}/satisfaction_ratings").respond(status, json=body)

    assert (await client.rated(await read(client, respx_mock))).satisfaction == says


async def test_reading_a_ticket_asks_for_no_rating(client: FreshdeskClient, respx_mock: respx.MockRouter) -> None:
    """It would be a call for each ticket of a history."""
    await read(client, respx_mock)

    assert not [call for call in respx_mock.calls if "satisfaction" in call.request.url.path]
