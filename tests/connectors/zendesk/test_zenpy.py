"""An independent client reads and writes the simulated account: the twin is not only what we believe of Zendesk."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from zenpy import Zenpy  # type: ignore[import-untyped]  # ships no types
from zenpy.lib.api_objects import Comment, Ticket, User  # type: ignore[import-untyped]  # ships no types
from zenpy.lib.exception import RecordNotFoundException  # type: ignore[import-untyped]  # ships no types

from connectors.base import Article
from connectors.zendesk.simulator import ZendeskSimulator


@contextlib.contextmanager
def served(simulator: ZendeskSimulator, listener: socket.socket) -> Iterator[None]:
    """Serve the account on a socket that listens already, in a thread with a loop of its own."""
    server = uvicorn.Server(uvicorn.Config(simulator.app, log_level="critical"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=30)


@pytest.fixture
def simulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[ZendeskSimulator]:
    """An account on a free port, and zenpy pointed at it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        netloc = f"127.0.0.1:{listener.getsockname()[1]}"
        monkeypatch.setenv("ZENPY_FORCE_NETLOC", netloc)
        monkeypatch.setenv("ZENPY_FORCE_SCHEME", "http")
        account = ZendeskSimulator(url=f"http://{netloc}")
        with served(account, listener):
            yield account


@pytest.fixture
def zenpy(simulator: ZendeskSimulator) -> Zenpy:
    """zenpy, signed in with an OAuth token."""
    return Zenpy(subdomain="acme", oauth_token=simulator.token_settings["token"], disable_cache=True)


def test_zenpy_reads_what_a_customer_wrote(simulator: ZendeskSimulator, zenpy: Zenpy) -> None:
    """Ticket, requester and conversation, as an old hand among clients understands them."""
    number = asyncio.run(
        simulator.open_ticket(name="Ana Marsh", email="ana@globex.example", subject="Parcel", text="Where is it?")
    )

    ticket = zenpy.tickets(id=int(number))
    comments = list(zenpy.tickets.comments(ticket=ticket))

    assert (ticket.subject, ticket.status, ticket.requester.name) == ("Parcel", "new", "Ana Marsh")
    assert [(comment.body, comment.public) for comment in comments] == [("Where is it?", True)]


def test_zenpy_creates_a_ticket_and_comments_on_it(simulator: ZendeskSimulator, zenpy: Zenpy) -> None:
    """What it writes is there when it reads again, and on our side too."""
    requester = User(name="Ben Stone", email="ben@globex.example")
    audit = zenpy.tickets.create(
        Ticket(subject="Invoice", requester=requester, comment=Comment(body="Please send it."))
    )
    ticket = audit.ticket

    ticket.comment = Comment(html_body="<p>A draft</p>", public=False)
    ticket.tags = ["billing"]
    stored = zenpy.tickets.update(ticket).audit

    again = zenpy.tickets(id=ticket.id)
    comments = list(zenpy.tickets.comments(ticket=ticket.id))
    assert (again.requester.email, again.tags) == ("ben@globex.example", ["billing"])
    assert [(comment.body, comment.public) for comment in comments] == [("Please send it.", True), ("A draft", False)]
    assert stored.events[0]["id"] == comments[1].id
    assert [note.public for note in simulator.notes(str(ticket.id))] == [False]


def test_zenpy_walks_pages_and_finds_tickets(simulator: ZendeskSimulator, zenpy: Zenpy) -> None:
    """Cursor paging ends, search finds, what is not there is not found."""
    for number in range(5):
        asyncio.run(
            simulator.open_ticket(name="Ana", email="ana@globex.example", subject=f"Parcel {number}", text="Hello")
        )

    walked = [ticket.subject for ticket in zenpy.tickets(cursor_pagination=2)]
    found = [ticket.subject for ticket in zenpy.search("Parcel 3", type="ticket")]

    assert walked == [f"Parcel {number}" for number in range(5)]
    assert found == ["Parcel 3"]
    with pytest.raises(RecordNotFoundException):
        zenpy.tickets(id=1)


def test_zenpy_reads_the_help_centre(simulator: ZendeskSimulator, zenpy: Zenpy) -> None:
    """Articles with their sections."""
    simulator.add_article(
        Article(
            source="folder",
            id="a",
            title="Delivery times",
            html="<p>Three days</p>",
            audience="public",
            breadcrumb="Help › Shipping",
        )
    )

    (article,) = list(zenpy.help_center.articles())

    assert (article.title, article.draft, article.section.name) == ("Delivery times", False, "Shipping")


def test_zenpy_reads_macros(simulator: ZendeskSimulator, zenpy: Zenpy) -> None:
    """With actions, and for whom they are."""
    simulator.add_macro("Refunds::After return", "<p>It comes back.</p>", group="Tier 2")
    simulator.add_macro("Old", text="It came back.", internal=True, active=False)

    first, second = list(zenpy.macros())

    assert (first.title, first.active, second.active) == ("Refunds::After return", True, False)
    assert first.restriction["type"] == "Group"
    assert {"field": "comment_mode_is_public", "value": "false"} in second.actions
