"""Zendesk's traps, switched on one by one: what our client makes of each. The whole service meets them in tests/story."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
import pytest

from connectors.base import (
    Article,
    ConflictError,
    GoneError,
    LeakError,
    MisconfiguredError,
    RejectedError,
    RetryableError,
)
from connectors.simulated.clock import ManualClock
from connectors.zendesk import wire
from connectors.zendesk.auth import Bearer, ClientCredentials
from connectors.zendesk.client import ZendeskClient
from connectors.zendesk.simulator import Options, ZendeskSimulator
from tests.connectors.network import Network, network

NOTE = "<p>Draft: it left on <strong>Monday</strong>.</p><p>DP-7K2QX</p>"


@dataclass
class Desk:
    """A simulated account, our client of it, and the network between them."""

    simulator: ZendeskSimulator
    clock: ManualClock
    network: Network
    http: httpx.AsyncClient
    client: ZendeskClient

    async def ticket(self) -> str:
        """A customer's first message; returns the ticket's id."""
        return await self.simulator.open_ticket(
            name="Ana Sol", email="ana@example.com", subject="Parcel", text="Where is my parcel?"
        )

    async def long_ticket(self, messages: int) -> str:
        """A ticket with so many messages, one a second."""
        ticket_id = await self.ticket()
        for number in range(1, messages):
            self.clock.advance(1)
            await self.simulator.customer_message(ticket_id, text=f"Question {number}.")
        return ticket_id

    def connect(self, auth: httpx.Auth) -> ZendeskClient:
        """Another client of the same account."""
        return ZendeskClient(self.http, base_url=self.simulator.state.url, auth=auth)


@asynccontextmanager
async def opened(options: Options | None = None) -> AsyncIterator[Desk]:
    """An account on a clock that stands still."""
    clock = ManualClock()
    simulator = ZendeskSimulator(clock=clock, options=options)
    given = simulator.oauth_settings
    auth = ClientCredentials(given["url"], client_id=given["client_id"], client_secret=given["client_secret"])
    async with network(simulator.app) as (carrier, http):
        yield Desk(simulator, clock, carrier, http, ZendeskClient(http, base_url=given["url"], auth=auth))


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """An account with its usual limits."""
    async with opened() as made:
        yield made


# -- writing ----------------------------------------------------------------------------------------------------------


async def test_a_note_is_private_where_zendesk_would_mail_it(desk: Desk) -> None:
    """Left out, `public` follows the first comment: the draft would go to the customer."""
    ticket_id = await desk.ticket()

    await desk.client.add_note(await desk.client.ticket(ticket_id), NOTE, run="01J")

    assert [note.public for note in desk.simulator.notes(ticket_id)] == [False]
    assert desk.simulator.mailed == []


async def test_a_note_that_became_public_all_the_same_is_hidden_and_stops_everything(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, forbidden_writes: list[str]
) -> None:
    """The second guard, should the first ever fail: what the answer's audit says is read."""

    def careless(html: str, **_: Any) -> dict[str, Any]:
        return {"ticket": {"comment": {"html_body": html}}}

    monkeypatch.setattr(wire, "from_note", careless)
    ticket_id = await desk.ticket()

    with pytest.raises(LeakError, match="may have been notified"):
        await desk.client.add_note(await desk.client.ticket(ticket_id), NOTE, run="01J")
    assert [note.public for note in desk.simulator.notes(ticket_id)] == [False]
    assert len(forbidden_writes) == 1
    forbidden_writes.clear()


async def test_zendesk_ignores_nothing_of_what_we_write(desk: Desk) -> None:
    """A key that it does not know is left out and named in a header: a guard that never worked would show there."""
    ticket = await desk.client.ticket(await desk.ticket())

    await desk.client.add_note(ticket, NOTE, run="01J")

    (written,) = [answer for answer in desk.network.answers if answer.request.method == "PUT"]
    assert "x-zendesk-api-warn" not in written.headers


async def test_a_note_is_not_written_over_an_answer_that_came_meanwhile(desk: Desk) -> None:
    """409 UpdateConflict: the ticket is read again before anything is written."""
    ticket_id = await desk.ticket()
    read = await desk.client.ticket(ticket_id)
    desk.clock.advance(1)
    await desk.simulator.agent_message(ticket_id, text="It left on Monday.", public=True)

    with pytest.raises(ConflictError):
        await desk.client.add_note(read, NOTE, run="01J")
    assert desk.simulator.notes(ticket_id) == []


async def test_the_stamp_is_read_before_the_conversation_that_it_guards(desk: Desk) -> None:
    """A stamp that is newer than what was read would let a note pass over a message that nobody has read."""
    ticket_id = await desk.ticket()

    await desk.client.ticket(ticket_id)

    path = f"/api/v2/tickets/{ticket_id}"
    assert desk.network.story.index(f"answer {path}") < desk.network.story.index(f"ask {path}/comments")


@pytest.mark.parametrize("error_objects", [False, True])
async def test_a_collision_in_the_database_is_tried_again_as_it_is(desk: Desk, error_objects: bool) -> None:  # noqa: FBT001
    """The other 409: nothing of the ticket has changed, so nothing is read or drafted anew."""
    desk.simulator.faults.error_objects = error_objects
    desk.simulator.faults.database_conflicts = 1
    ticket_id = await desk.ticket()
    read = await desk.client.ticket(ticket_id)

    with pytest.raises(RetryableError) as caught:
        await desk.client.add_note(read, NOTE, run="01J")
    await desk.client.add_note(read, NOTE, run="01J")

    assert not isinstance(caught.value, ConflictError)
    assert len(desk.simulator.notes(ticket_id)) == 1


@pytest.mark.parametrize("html_errors", [False, True])
async def test_a_ticket_that_was_closed_meanwhile_takes_no_note_and_says_why(desk: Desk, html_errors: bool) -> None:  # noqa: FBT001
    """422: it never works, and the reason is one that an agent understands, whatever the page says."""
    desk.simulator.faults.html_errors = html_errors
    ticket_id = await desk.ticket()
    read = await desk.client.ticket(ticket_id)
    await desk.simulator.set_status(ticket_id, "closed")

    with pytest.raises(RejectedError, match=f"ticket {ticket_id} is closed"):
        await desk.client.add_note(read, NOTE, run="01J")


async def test_a_ticket_that_is_full_takes_no_note_and_is_not_tried_for_ever() -> None:
    """422 beyond 5000 comments; here beyond two."""
    async with opened(Options(most_comments=2)) as desk:
        ticket = await desk.client.ticket(await desk.long_ticket(2))

        with pytest.raises(RejectedError, match="5000 comments"):
            await desk.client.add_note(ticket, NOTE, run="01J")


# -- lists ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("messages", "pages"), [(1, 1), (100, 1), (150, 2)])
async def test_the_last_page_is_the_last_although_it_names_a_next_one(desk: Desk, messages: int, pages: int) -> None:
    """`after_cursor` and `links.next` are filled there too; only `has_more` counts."""
    ticket = await desk.client.ticket(await desk.long_ticket(messages))

    assert len(ticket.messages) == messages
    assert len(desk.network.asked("/comments")) == pages


async def test_lists_of_articles_and_of_changed_tickets_end_as_well(desk: Desk) -> None:
    """One page each, one call each."""
    desk.simulator.add_article(Article(source="", id="a", title="Delivery", html="<p>Three days.</p>", language="en"))
    ticket_id = await desk.ticket()

    desk.clock.advance(61)  # the export withholds the newest minute

    articles = [article async for article in desk.client.articles()]
    changed = [found.ticket_id async for found in desk.client.changed_since(desk.clock() - timedelta(hours=1))]

    assert ([article.title for article in articles], changed) == (["Delivery"], [ticket_id])
    assert len(desk.network.asked("/en-us/articles")) == 1
    assert len(desk.network.asked("/incremental/tickets/cursor")) == 1


@pytest.mark.parametrize("cursor", ["beside the link", "in the link alone"])
async def test_a_page_that_names_a_foreign_host_never_gets_us_there(desk: Desk, cursor: str) -> None:
    """Our credentials would travel with us."""
    desk.simulator.faults.links_host = "evil.example"
    if cursor == "in the link alone":
        desk.network.spoil = without_cursor

    ticket = await desk.client.ticket(await desk.long_ticket(150))

    assert len(ticket.messages) == 150
    assert desk.network.hosts == {"acme.zendesk.test"}


async def test_changed_tickets_are_found_without_the_exports_that_admins_alone_may_use() -> None:
    """Ten calls a minute, and 403 for an agent's token."""
    async with opened(Options(api_role="agent")) as desk:
        ticket_id = await desk.ticket()

        changed = [found.ticket_id async for found in desk.client.changed_since(desk.clock() - timedelta(hours=1))]

    assert changed == [ticket_id]


# -- limits and errors ------------------------------------------------------------------------------------------------


async def test_a_used_up_account_says_when_to_come_back_in_the_first_spelling() -> None:
    """`ratelimit-reset`, should `Retry-After` be missing."""
    async with opened(Options(per_minute=1)) as desk:
        desk.network.without = ("retry-after",)
        await desk.client.whoami()
        desk.clock.advance(20)

        with pytest.raises(RetryableError) as caught:
            await desk.client.whoami()

    assert caught.value.after_s == 40


async def test_a_used_up_help_centre_says_when_to_come_back_in_the_other_spelling() -> None:
    """`Rate-Limit-Reset`."""
    async with opened(Options(per_minute=1)) as desk:
        desk.network.without = ("retry-after",)

        with pytest.raises(RetryableError) as caught:
            [article async for article in desk.client.articles()]

    assert caught.value.after_s == 60


@pytest.mark.parametrize(
    ("options", "wait_s"), [(Options(updates_per_ticket=1), 550), (Options(updates_per_minute=1), 10)]
)
async def test_too_many_updates_make_the_next_note_wait_as_long_as_zendesk_says(options: Options, wait_s: int) -> None:
    """Of one ticket in ten minutes, of all in one: buckets of their own, and each has its `Retry-After`."""
    async with opened(options) as desk:
        ticket_id = await desk.ticket()
        await desk.client.add_note(await desk.client.ticket(ticket_id), NOTE, run="01J")
        desk.clock.advance(50)

        with pytest.raises(RetryableError) as caught:
            await desk.client.add_note(await desk.client.ticket(ticket_id), NOTE, run="01K")

    assert caught.value.after_s == wait_s


@pytest.mark.parametrize(
    ("status", "means"), [(401, MisconfiguredError), (404, GoneError), (429, RetryableError), (503, RetryableError)]
)
async def test_an_error_that_is_a_web_page_is_read_by_its_status(status: int, means: type[Exception]) -> None:
    """What JSON cannot read is no crash, and what the vendor asks us to wait is kept."""
    async with opened(Options(per_minute=1 if status == 429 else 700)) as desk:
        await desk.client.whoami()
        client = desk.connect(Bearer("wrong")) if status == 401 else desk.client
        desk.simulator.faults.html_errors = True
        desk.simulator.faults.unavailable = 1 if status == 503 else 0

        with pytest.raises(means, match=str(status)) as caught:
            await client.ticket("999")

    assert desk.network.answers[-1].text.startswith("<!DOCTYPE html>")
    assert getattr(caught.value, "after_s", None) == {429: 60, 503: 5}.get(status)


# -- credentials ------------------------------------------------------------------------------------------------------


async def test_an_anonymous_user_is_nobody(desk: Desk) -> None:
    """200 is what `users/me` answers to a wrong password."""
    client = desk.connect(httpx.BasicAuth(desk.simulator.settings["email"], "wrong"))

    with pytest.raises(MisconfiguredError, match="anonymous"):
        await client.whoami()
    assert desk.network.answers[-1].status_code == 200


async def test_a_token_endpoint_that_shows_a_web_page_is_asked_again_later(desk: Desk) -> None:
    """It is not a wrong password."""
    desk.simulator.faults.html_errors = True
    desk.simulator.faults.unavailable = 1

    with pytest.raises(RetryableError):
        await desk.client.whoami()
    assert (await desk.client.whoami()).role == "agent"


async def test_calls_beside_each_other_refresh_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refresh deletes the old pair at once: a second one beside it would find its refresh token gone."""
    keeper = desk.simulator.gatekeeper
    monkeypatch.setattr(keeper, "new_token", partial(keeper.new_token, refreshable=True))
    await desk.client.whoami()
    desk.simulator.expire_tokens()

    people = await asyncio.gather(*(desk.client.whoami() for _ in range(20)))

    assert {person.role for person in people} == {"agent"}
    kinds = [answer.status_code for answer in desk.network.answers if answer.request.url.path == "/oauth/tokens"]
    assert kinds == [200, 200]  # the first token, and one refresh


async def test_a_token_that_ends_between_two_calls_is_renewed_and_the_note_is_written_once(desk: Desk) -> None:
    """Every third call finds its token dead, the write among them."""
    desk.simulator.faults.token_uses = 2
    ticket_id = await desk.ticket()

    for run in ("01J", "01K", "01L"):
        desk.clock.advance(1)
        await desk.client.add_note(await desk.client.ticket(ticket_id), NOTE, run=run)

    assert len(desk.simulator.notes(ticket_id)) == 3
    assert 401 in {answer.status_code for answer in desk.network.answers if answer.request.method == "PUT"}


def without_cursor(page: object) -> object:
    """A page that names its next one by a link only."""
    if isinstance(page, dict) and "meta" in page:
        return page | {"meta": page["meta"] | {"after_cursor": None}}
    return page
