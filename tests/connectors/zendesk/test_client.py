"""One Zendesk account as a Helpdesk: which calls are made, and what each answer means for the job."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from itertools import count

import httpx
import pytest
import respx

from connectors.base import (
    ConflictError,
    GoneError,
    Helpdesk,
    LeakError,
    MisconfiguredError,
    RejectedError,
    RetryableError,
    Ticket,
)
from connectors.http import JSON
from connectors.zendesk import paging, wire
from connectors.zendesk.auth import Bearer
from connectors.zendesk.client import ZendeskClient
from tests.connectors.zendesk.recorded import URL, client_for, recorded

PATH = "/api/v2/tickets/5158"


@pytest.fixture
async def client() -> AsyncIterator[ZendeskClient]:
    """The client under test; what it calls is answered by `zendesk`."""
    async with httpx.AsyncClient() as http:
        yield ZendeskClient(http, base_url=f"{URL}/", auth=Bearer("t"))


@pytest.fixture
def zendesk() -> Iterator[respx.MockRouter]:
    """Answers by route; every route must be called, and nothing else may be."""
    with respx.mock(base_url=URL, assert_all_called=True) as router:
        yield router


def as_read(**changes: object) -> Ticket:
    """The ticket as a job has read it before writing."""
    answer = recorded("ticket.json")
    answer["ticket"] |= changes
    return wire.to_ticket(answer, [], base_url=URL, account="acme.zendesk.test", runs={})


def show(zendesk: respx.MockRouter, **changes: object) -> respx.Route:
    """Let the account show the ticket with some of its fields changed."""
    answer = recorded("ticket.json")
    answer["ticket"] |= changes
    return zendesk.get(PATH, params={"include": "users,organizations,groups,slas,metric_sets"}).respond(json=answer)


async def read_all(handler: Callable[[httpx.Request], httpx.Response]) -> Ticket:
    """Read the ticket of an account that answers by `handler`."""
    async with client_for(handler) as http:
        return await ZendeskClient(http, base_url=URL, auth=Bearer("t")).ticket("5158")


def test_the_client_is_a_helpdesk() -> None:
    """Checked by mypy; its account is the host."""
    helpdesk: Helpdesk = ZendeskClient(httpx.AsyncClient(), base_url=URL, auth=Bearer("t"))

    assert (helpdesk.name, helpdesk.account) == ("zendesk", "acme.zendesk.test")


async def test_whoami_is_the_agent_of_the_token(client: ZendeskClient, zendesk: respx.MockRouter) -> None:
    """Its id is how our own notes are known when they come back."""
    zendesk.get("/api/v2/users/me").respond(json={"user": {"id": 9, "name": "deskpilot", "role": "admin"}})

    me = await client.whoami()
    assert (me.id, me.role) == ("9", "agent")


async def test_whoami_is_not_satisfied_by_a_200(client: ZendeskClient, zendesk: respx.MockRouter) -> None:
    """Wrong basic credentials get one, with an anonymous user."""
    zendesk.get("/api/v2/users/me").respond(json={"user": {"id": None, "name": "Anonymous user", "role": "end-user"}})

    with pytest.raises(MisconfiguredError):
        await client.whoami()


@pytest.mark.parametrize("status", [401, 403, 404, 301])
async def test_whoami_refused_is_a_mistake_of_settings(
    client: ZendeskClient, zendesk: respx.MockRouter, status: int
) -> None:
    """403: a mistyped scope. 404: another host. None is a matter of one ticket."""
    zendesk.get("/api/v2/users/me").respond(status)

    with pytest.raises(MisconfiguredError):
        await client.whoami()


async def test_a_ticket_comes_with_all_pages_of_its_conversation() -> None:
    """The cursor is taken from a page, never its host; the last page has a cursor too and is the last."""
    asked: list[httpx.URL] = []

    def account(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        assert request.headers["authorization"] == "Bearer t"
        if request.url.path == PATH:
            return httpx.Response(200, json=recorded("ticket.json"))
        first = "page[after]" not in request.url.params
        return httpx.Response(200, json=recorded("comments_first.json" if first else "comments_last.json"))

    ticket = await read_all(account)

    assert [message.kind for message in ticket.messages] == ["requester message", "public reply", "internal note"]
    assert {url.host for url in asked} == {"acme.zendesk.test"}  # the first page's link names another
    comments = [dict(url.params) for url in asked if url.path == f"{PATH}/comments"]
    common = {"include": "users", "include_inline_images": "true", "page[size]": "100"}
    assert comments == [common, {**common, "page[after]": "eyJvIjoiMSJ9"}]


async def test_the_cursor_may_stand_in_the_link_only() -> None:
    """It is asked for again below our own host."""
    hosts: list[str] = []

    def account(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        if request.url.path == PATH:
            return httpx.Response(200, json=recorded("ticket.json"))
        if request.url.params.get("page[after]") == "eyJvIjoiMSJ9":
            return httpx.Response(200, json=recorded("comments_last.json"))
        page = recorded("comments_first.json")
        del page["meta"]["after_cursor"]
        return httpx.Response(200, json=page)

    assert len((await read_all(account)).messages) == 3
    assert set(hosts) == {"acme.zendesk.test"}


async def test_audits_are_asked_for_a_note_that_does_not_say_whose_it_is() -> None:
    """Newest first, and no further than to the note."""
    asked: list[httpx.URL] = []

    def account(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        if request.url.path == PATH:
            return httpx.Response(200, json=recorded("ticket.json"))
        if request.url.path == f"{PATH}/comments":
            page = recorded("comments_last.json")
            page["comments"][0]["metadata"]["custom"] = {}
            return httpx.Response(200, json=page)
        number = sum(url.path == f"{PATH}/audits" for url in asked)
        mark = {"deskpilot_run": "01J8RUN"} if number == 2 else {}
        audit = {"id": 33144692244380 if number == 2 else number, "metadata": {"system": {}, "custom": mark}}
        meta = {"has_more": True, "after_cursor": f"cursor-{number}"}
        return httpx.Response(200, json={"audits": [audit], "meta": meta, "links": {}})

    ticket = await read_all(account)

    assert [message.run for message in ticket.messages] == ["", "01J8RUN"]
    audits = [dict(url.params) for url in asked if url.path == f"{PATH}/audits"]
    common = {"sort": "-created_at", "page[size]": "100"}
    assert audits == [common, {**common, "page[after]": "cursor-1"}]


async def test_the_conversation_is_asked_for_when_the_stamp_is_there() -> None:
    """A newer stamp than what was read would let a note pass over a message that nobody has read."""
    asked: list[str] = []

    async def account(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        for _ in range(20):  # on its way, while whatever is asked beside it comes in
            await asyncio.sleep(0)
        first = request.url.path == PATH
        asked.append("answered")
        return httpx.Response(200, json=recorded("ticket.json" if first else "comments_last.json"))

    async with httpx.AsyncClient(transport=httpx.MockTransport(account)) as http:
        await ZendeskClient(http, base_url=URL, auth=Bearer("t")).ticket("5158")
    assert asked == [PATH, "answered", f"{PATH}/comments", "answered"]


def endless(cursors: Iterator[str]) -> Callable[[httpx.Request], httpx.Response]:
    """An account whose every page of comments says that there is another."""

    def account(request: httpx.Request) -> httpx.Response:
        if request.url.path == PATH:
            return httpx.Response(200, json=recorded("ticket.json"))
        page = recorded("comments_first.json")
        page["meta"]["after_cursor"] = next(cursors)
        return httpx.Response(200, json=page)

    return account


async def test_a_page_that_repeats_its_cursor_ends_the_job() -> None:
    """A part of a conversation would be answered wrongly, and asking again would not end."""
    with pytest.raises(RejectedError, match="does not come to an end"):
        await read_all(endless(iter(["a", "b"] * 10)))


async def test_pages_without_an_end_end_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where every page has a cursor of its own."""
    monkeypatch.setattr(paging, "_MOST_PAGES", 5)

    with pytest.raises(RejectedError, match="more than 5 pages"):
        await read_all(endless(str(number) for number in count()))


@pytest.mark.parametrize("link", [None, "", "https://[", "https://acme.zendesk.test/comments"])
async def test_a_next_page_without_a_cursor_is_rejected(link: str | None) -> None:
    """Unreadable addresses included."""
    page = recorded("comments_first.json")
    page["meta"]["after_cursor"] = None
    page["links"]["next"] = link

    with pytest.raises(RejectedError, match=r"page of|next page"):
        await read_all(
            lambda request: httpx.Response(200, json=recorded("ticket.json") if request.url.path == PATH else page)
        )


async def test_a_deleted_ticket_is_gone() -> None:
    """As a ConnectorError of its own, not in a group."""
    with pytest.raises(GoneError):
        await read_all(lambda _: httpx.Response(404, json={"error": "RecordNotFound", "description": "Not found"}))


async def test_a_limit_on_comments_makes_the_job_wait() -> None:
    """As long as Zendesk asks for, though the ticket itself was given."""

    def account(request: httpx.Request) -> httpx.Response:
        if request.url.path == PATH:
            return httpx.Response(200, json=recorded("ticket.json"))
        return httpx.Response(429, headers={"retry-after": "93"}, text="Too many requests")

    with pytest.raises(RetryableError) as caught:
        await read_all(account)
    assert caught.value.after_s == 93


@pytest.mark.parametrize("ticket_id", ["", "../users/1", "5158/comments", "-1", "５１５８", "1" * 21])
async def test_what_is_not_a_number_is_never_asked_for(client: ZendeskClient, ticket_id: str) -> None:
    """Ids come from outside and become part of an address."""
    with pytest.raises(RejectedError, match="not the number"):
        await client.ticket(ticket_id)


async def test_a_note_is_private_and_guarded_by_the_stamp(client: ZendeskClient, zendesk: respx.MockRouter) -> None:
    """One PUT with nothing but the note, its guard and our mark."""
    put = zendesk.put(f"{PATH}.json").respond(json=recorded("note_stored.json"))

    note = await client.add_note(as_read(), "<p>Draft</p>", run="01J8RUN")

    assert (note.id, note.ticket_id) == ("33144692244399", "5158")
    assert json.loads(put.calls.last.request.content) == {
        "ticket": {
            "comment": {"html_body": "<p>Draft</p>", "public": False},
            "safe_update": True,
            "updated_stamp": "2026-09-06T19:30:00Z",
            "metadata": {"deskpilot_run": "01J8RUN"},
        }
    }


async def test_a_ticket_without_a_stamp_is_guarded_by_its_time(
    client: ZendeskClient, zendesk: respx.MockRouter
) -> None:
    """A note is never written unguarded."""
    put = zendesk.put(f"{PATH}.json").respond(json=recorded("note_stored.json"))

    await client.add_note(replace(as_read(), stamp=""), "<p>Draft</p>", run="r")
    assert json.loads(put.calls.last.request.content)["ticket"]["updated_stamp"] == "2026-09-06T19:30:00Z"


def public_answer(*, public: object) -> JSON:
    """What Zendesk answers to a note that it has not kept private."""
    answer = recorded("note_stored.json")
    answer["audit"]["events"][1]["public"] = public
    return answer


@pytest.mark.parametrize("public", [True, None])
async def test_a_note_that_came_back_public_is_hidden_at_once(
    client: ZendeskClient, zendesk: respx.MockRouter, public: object
) -> None:
    """And everything stops: the customer may have had a mail."""
    zendesk.put(f"{PATH}.json").respond(json=public_answer(public=public))
    zendesk.put(f"{PATH}/comments/33144692244399/make_private").respond(200)

    with pytest.raises(LeakError, match="it is private now"):
        await client.add_note(as_read(), "<p>Draft</p>", run="r")


async def test_a_note_that_cannot_be_hidden_is_a_leak_as_well(client: ZendeskClient, zendesk: respx.MockRouter) -> None:
    """A person must do it."""
    zendesk.put(f"{PATH}.json").respond(json=public_answer(public=True))
    zendesk.put(f"{PATH}/comments/33144692244399/make_private").respond(500)

    with pytest.raises(LeakError, match="by hand, now") as caught:
        await client.add_note(as_read(), "<p>Draft</p>", run="r")
    assert isinstance(caught.value.__cause__, RetryableError)


async def test_a_ticket_that_moved_on_is_a_conflict(client: ZendeskClient, zendesk: respx.MockRouter) -> None:
    """It must be read again before anything is written."""
    zendesk.put(f"{PATH}.json").respond(409, json={"error": "UpdateConflict", "description": "Safe Update prevented …"})

    with pytest.raises(ConflictError):
        await client.add_note(as_read(), "<p>Draft</p>", run="r")


async def test_a_collision_in_the_database_is_not_a_conflict(client: ZendeskClient, zendesk: respx.MockRouter) -> None:
    """Nothing of the ticket changed: the same request works later."""
    answer = {"error": "DatabaseConflict", "description": "Database collision"}
    zendesk.put(f"{PATH}.json").respond(409, json=answer, headers={"retry-after": "2"})

    with pytest.raises(RetryableError) as caught:
        await client.add_note(as_read(), "<p>Draft</p>", run="r")
    assert not isinstance(caught.value, ConflictError)
    assert caught.value.after_s == 2


UNPROCESSABLE = {"error": "RecordInvalid", "description": "Record validation errors", "details": {"status": []}}


async def test_a_ticket_that_was_closed_meanwhile_is_rejected_as_closed(
    client: ZendeskClient, zendesk: respx.MockRouter
) -> None:
    """The words of a 422 vary, so the ticket is asked."""
    zendesk.put(f"{PATH}.json").respond(422, json=UNPROCESSABLE)
    show(zendesk, status="closed")

    with pytest.raises(RejectedError, match="closed"):
        await client.add_note(as_read(), "<p>Draft</p>", run="r")


async def test_another_422_is_rejected_in_its_own_words(client: ZendeskClient, zendesk: respx.MockRouter) -> None:
    """A full ticket, for one."""
    zendesk.put(f"{PATH}.json").respond(422, json=UNPROCESSABLE)
    show(zendesk)

    with pytest.raises(RejectedError, match=r"422.*Record validation errors"):
        await client.add_note(as_read(), "<p>Draft</p>", run="r")


async def test_a_ticket_that_is_closed_already_is_not_written_to(client: ZendeskClient) -> None:
    """Thirty updates in ten minutes are all there are."""
    with pytest.raises(RejectedError, match="closed"):
        await client.add_note(as_read(status="closed"), "<p>Draft</p>", run="r")


async def test_a_ticket_deleted_meanwhile_is_gone(client: ZendeskClient, zendesk: respx.MockRouter) -> None:
    """One call tells."""
    zendesk.put(f"{PATH}.json").respond(404, json={"error": "RecordNotFound", "description": "Not found"})

    with pytest.raises(GoneError):
        await client.add_note(as_read(), "<p>Draft</p>", run="r")


async def test_a_note_without_an_answer_may_exist(client: ZendeskClient, zendesk: respx.MockRouter) -> None:
    """RetryableError: the ticket is read before anything is written again."""
    zendesk.put(f"{PATH}.json").mock(side_effect=httpx.ReadTimeout)

    with pytest.raises(RetryableError):
        await client.add_note(as_read(), "<p>Draft</p>", run="r")


async def test_articles_are_those_of_the_help_centre(client: ZendeskClient, zendesk: respx.MockRouter) -> None:
    """Read by the same door."""
    zendesk.get("/api/v2/help_center/locales").respond(json={"locales": ["en-us"]})
    zendesk.get("/api/v2/brands").respond(403)
    zendesk.get("/api/v2/help_center/user_segments").respond(403)
    zendesk.get("/api/v2/help_center/en-us/articles").respond(json=recorded("articles.json"))

    assert [article.id async for article in client.articles()] == ["33153:en-us", "33154:en-us"]
