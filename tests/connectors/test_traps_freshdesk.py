"""Freshdesk's traps, switched on one by one: what our client makes of each. The whole service meets them in tests/story."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest

from connectors.base import Article, Delivery, ForgedError, GoneError, LeakError, RejectedError, RetryableError
from connectors.freshdesk import client as client_module
from connectors.freshdesk import webhook
from connectors.freshdesk.auth import ApiKey
from connectors.freshdesk.client import FreshdeskClient
from connectors.freshdesk.simulator import FreshdeskSimulator, Options
from connectors.freshdesk.simulator.rules import BodyKind, SecretKind
from connectors.simulated.clock import ManualClock
from tests.connectors.network import Network, network

NOTE = "<p>Draft: it left on <strong>Monday</strong>.</p><p>DP-7K2QX</p>"


@dataclass
class Desk:
    """A simulated account, our client of it, and the network between them."""

    simulator: FreshdeskSimulator
    clock: ManualClock
    network: Network
    client: FreshdeskClient

    async def ticket(self) -> str:
        """A customer's first message; returns the ticket's id."""
        return await self.simulator.open_ticket(
            name="Ana Sol", email="ana@example.com", subject="Parcel", text="Where is my parcel?"
        )

    async def changed(self) -> list[str]:
        """Tickets that changed in the last hour."""
        return [found.ticket_id async for found in self.client.changed_since(self.clock() - timedelta(hours=1))]


@asynccontextmanager
async def opened(options: Options | None = None) -> AsyncIterator[Desk]:
    """An account on a clock that stands still."""
    clock = ManualClock()
    simulator = FreshdeskSimulator(clock=clock, options=options)
    given = simulator.settings
    async with network(simulator.app) as (carrier, http):
        client = FreshdeskClient(http, base_url=given["url"], auth=ApiKey(given["api_key"]))
        yield Desk(simulator, clock, carrier, client)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """An account with its usual limits."""
    async with opened() as made:
        yield made


# -- webhooks ---------------------------------------------------------------------------------------------------------


async def delivered(*, kind: SecretKind, body: BodyKind) -> tuple[Delivery, str]:
    """What the account sends for a new ticket, as our web application hands it on, and the secret."""
    arrived: list[httpx.Request] = []

    def receive(request: httpx.Request) -> httpx.Response:
        arrived.append(request)
        return httpx.Response(200)

    async with httpx.AsyncClient(transport=httpx.MockTransport(receive)) as http:
        simulator = FreshdeskSimulator(http=http)
        secret = simulator.connect_webhook("https://deskpilot.example/webhooks/freshdesk", kind=kind, body=body)
        await simulator.open_ticket(name="Ana Sol", email="ana@example.com", subject="Parcel", text="Where?")
        await simulator.settle()
    (request,) = arrived
    last = request.url.path.rpartition("/")[2]
    path_secret = "" if last == "freshdesk" else last
    return Delivery(headers=dict(request.headers), body=request.content, path_secret=path_secret), secret


@pytest.mark.parametrize("body", ["simple", "advanced"])
@pytest.mark.parametrize("kind", ["basic", "header", "path"])
async def test_an_unsigned_webhook_is_known_by_its_secret_alone(kind: SecretKind, body: BodyKind) -> None:
    """In any of three places, around either body; with another secret it is a stranger's."""
    delivery, secret = await delivered(kind=kind, body=body)
    now = ManualClock()()

    event = webhook.accept(delivery, secrets=["an-older-secret-of-ours", secret], now=now)

    assert (event.kind, event.ticket_id) == ("ticket", "1")
    with pytest.raises(ForgedError):
        webhook.accept(delivery, secrets=["an-older-secret-of-ours"], now=now)


# -- tickets ----------------------------------------------------------------------------------------------------------


async def test_a_conversation_is_read_beyond_the_ten_entries_that_a_ticket_carries(desk: Desk) -> None:
    """Bare arrays, page by page: the eleventh entry is the agent's answer."""
    ticket_id = await desk.ticket()
    for number in range(10):
        await desk.simulator.customer_message(ticket_id, text=f"Question {number}.")
    await desk.simulator.agent_message(ticket_id, text="It left on Monday.", public=True)

    ticket = await desk.client.ticket(ticket_id)

    assert len(ticket.messages) == 12  # the ticket's own text is the first
    assert ticket.messages[-1].kind == "public reply"


async def test_a_conversation_of_more_than_three_hundred_pages_is_never_taken_for_whole(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Freshdesk answers 400 beyond; here a page holds one entry."""
    monkeypatch.setattr(client_module, "PAGE", 1)
    ticket_id = await desk.ticket()
    for number in range(client_module.MOST_PAGES):
        await desk.simulator.customer_message(ticket_id, text=f"Question {number}.")

    with pytest.raises(RejectedError, match="more than 300 pages"):
        await desk.client.ticket(ticket_id)


async def test_changed_tickets_beyond_the_three_hundredth_page_are_named_all_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By asking again from the last change on; here a page holds two tickets."""
    monkeypatch.setattr(client_module, "PAGE", 2)
    monkeypatch.setattr(client_module, "MOST_PAGES", 3)
    opened_tickets = []
    for _ in range(20):
        opened_tickets.append(await desk.ticket())
        desk.clock.advance(1)

    assert await desk.changed() == opened_tickets


async def test_a_ticket_that_changes_while_we_read_pulls_no_other_one_out_of_the_list(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It moves to the end, and the first of the next page to the page that was read."""
    monkeypatch.setattr(client_module, "PAGE", 2)
    opened_tickets = []
    for _ in range(5):
        opened_tickets.append(await desk.ticket())
        desk.clock.advance(1)

    found = []
    async for change in desk.client.changed_since(desk.clock() - timedelta(hours=1)):
        found.append(change.ticket_id)
        if change.ticket_id == opened_tickets[0]:
            await desk.simulator.customer_message(change.ticket_id, text="And another thing.")

    assert sorted(found) == opened_tickets


async def test_more_tickets_of_one_second_than_a_page_holds_are_all_named(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`updated_since` cannot tell them apart, the number of the page can."""
    monkeypatch.setattr(client_module, "PAGE", 2)
    opened_tickets = [await desk.ticket() for _ in range(5)]

    assert await desk.changed() == opened_tickets


async def test_a_next_page_on_a_foreign_host_never_gets_us_there(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our key would travel with us: pages are asked for by their number."""
    monkeypatch.setattr(client_module, "PAGE", 2)
    desk.simulator.faults.foreign_link_host = "evil.example"
    ticket_id = await desk.ticket()
    for number in range(5):
        await desk.simulator.customer_message(ticket_id, text=f"Question {number}.")

    assert len((await desk.client.ticket(ticket_id)).messages) == 6
    assert any("evil.example" in answer.headers.get("link", "") for answer in desk.network.answers)
    assert desk.network.hosts == {"acme.freshdesk.test"}


async def test_an_empty_404_is_a_ticket_that_is_gone(desk: Desk) -> None:
    """Without a body there is nothing to read, and nothing breaks."""
    with pytest.raises(GoneError, match="404"):
        await desk.client.ticket("999")
    assert {(answer.status_code, answer.content) for answer in desk.network.answers} == {(404, b"")}


@pytest.mark.parametrize(("fault", "status"), [("html_errors", 502), ("server_errors", 500)])
async def test_an_error_is_read_by_its_status_whatever_its_body(desk: Desk, fault: str, status: int) -> None:
    """A gateway answers with a web page."""
    ticket_id = await desk.ticket()
    setattr(desk.simulator.faults, fault, 1)

    with pytest.raises(RetryableError, match=str(status)):
        await desk.client.ticket(ticket_id)


async def test_a_note_that_an_app_made_public_is_deleted_and_stops_everything(desk: Desk) -> None:
    """`private` was sent, and did not help."""
    desk.simulator.faults.public_notes = True
    ticket_id = await desk.ticket()

    with pytest.raises(LeakError, match="deleted at once"):
        await desk.client.add_note(await desk.client.ticket(ticket_id), NOTE, run="01J")
    assert desk.simulator.notes(ticket_id) == []


# -- limits -----------------------------------------------------------------------------------------------------------


async def test_a_limit_of_one_endpoint_says_when_to_come_back() -> None:
    """Lists of tickets have 20 calls of the 200, and with them their own `Retry-After`."""
    async with opened(Options(plan="Growth")) as desk:
        for _ in range(20):
            await desk.changed()
        desk.clock.advance(20)

        with pytest.raises(RetryableError) as caught:
            await desk.changed()

        assert caught.value.after_s == 40
        assert (await desk.client.whoami()).role == "agent"  # the rest of the account goes on


async def test_numbers_with_a_point_are_numbers() -> None:
    """Rate headers and waits as "37.0": seen on the sister product."""
    async with opened(Options(plan="Trial")) as desk:
        desk.simulator.faults.float_headers = True
        desk.network.headers = {"retry-after": lambda value: f"{value}.0"}

        for _ in range(50):
            await desk.client.whoami()

        with pytest.raises(RetryableError) as caught:
            await desk.client.whoami()

    assert desk.network.answers[-1].headers["x-ratelimit-remaining"] == "0.0"
    assert caught.value.after_s == 60


# -- articles ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("visibility", [1, 2, 3, 4, 5, 6, 7])
async def test_only_a_folder_for_everyone_is_public(desk: Desk, visibility: int) -> None:
    """Who may read an article stands on its folder, in seven shades."""
    article = Article(source="", id="a", title="Delivery", html="<p>Three days.</p>", language="en")
    desk.simulator.add_article(article, visibility=visibility)

    (found,) = [found async for found in desk.client.articles()]

    assert found.audience == ("public" if visibility == 1 else "internal")


async def test_a_folder_that_says_nothing_is_not_public(desk: Desk) -> None:
    """As in old recordings."""
    desk.simulator.faults.folders_without_visibility = True
    article = Article(source="", id="a", title="Delivery", html="<p>Three days.</p>", language="en", audience="public")
    desk.simulator.add_article(article)

    (found,) = [found async for found in desk.client.articles()]

    assert found.audience == "internal"
