"""An independent client, python-freshdesk, works with the twin over real HTTP: the twin's shapes are not just our idea."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from freshdesk.v2.api import API  # type: ignore[import-untyped]  # the library carries no types
from freshdesk.v2.errors import (  # type: ignore[import-untyped]
    FreshdeskBadRequest,
    FreshdeskNotFound,
    FreshdeskRateLimited,
    FreshdeskUnauthorized,
)

from connectors.base import Article
from connectors.freshdesk.simulator import FreshdeskSimulator


class Server(uvicorn.Server):
    """Serves an app in a thread of its own; `ready` is set when it answers, or has given up."""

    def __init__(self, desk: FreshdeskSimulator) -> None:
        super().__init__(uvicorn.Config(desk.app, log_level="error", lifespan="off"))
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start as usual, then say so."""
        try:
            await super().startup(sockets)
        finally:
            self.ready.set()


@pytest.fixture
def desk() -> Iterator[FreshdeskSimulator]:
    """An account on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        desk = FreshdeskSimulator(url=f"http://127.0.0.1:{port}")
        server = Server(desk)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        assert server.ready.wait(timeout=10)
        yield desk
        server.should_exit = True
        thread.join(timeout=10)
        assert not thread.is_alive()


def client(desk: FreshdeskSimulator, *, key: str = "") -> API:
    """The library, which insists on freshdesk.com, pointed at the twin."""
    api = API("acme.freshdesk.com", key or desk.options.api_key)
    api._api_prefix = f"{desk.state.url}/api/v2/"
    return api


def test_it_creates_reads_and_annotates_a_ticket(desk: FreshdeskSimulator) -> None:
    """Everything that a note needs."""
    api = client(desk)
    made = api.tickets.create_ticket(
        "Parcel", email="ana@customer.example", name="Ana Ruiz", description="<p>Where is it?</p>", tags=["shipping"]
    )
    note = api.comments.create_note(made.id, "<p>Draft</p>", private=True)
    reply = api.comments.create_reply(made.id, "<p>On its way</p>")
    api.tickets.update_ticket(made.id, status=3, tags=["vip"])
    ticket = api.tickets.get_ticket(made.id, "requester", "stats", "conversations")
    comments = api.comments.list_comments(made.id)

    assert (ticket.subject, ticket.status, ticket.priority, ticket.source) == ("Parcel", "pending", "low", "portal")
    assert (ticket.description_text, ticket.requester["name"], ticket.tags) == ("Where is it?", "Ana Ruiz", ["vip"])
    assert [(comment.id, comment.source, comment.private) for comment in comments] == [
        (note.id, "note", True),
        (reply.id, "reply", False),
    ]
    assert len(ticket.conversations) == 2
    assert [stored.html for stored in desk.notes(str(made.id)) if not stored.public] == ["<p>Draft</p>"]


def test_it_lists_and_searches_tickets_and_knows_people(desk: FreshdeskSimulator) -> None:
    """Bare arrays, pages of 100, agents with a contact inside."""
    api = client(desk)
    for number in range(101):
        api.tickets.create_ticket(f"Ticket {number}", email="ana@customer.example", description="x")
    listed = api.tickets.list_tickets(filter_name=None)
    contact = api.contacts.get_contact(listed[0].requester_id)

    assert sorted(ticket.id for ticket in listed) == list(range(1, 102))
    assert api.tickets.filter_tickets("status:2") == []  # search lags
    assert contact.email == "ana@customer.example"
    assert str(api.agents.currently_authenticated_agent()) == "deskpilot"


def test_it_reads_the_knowledge_base(desk: FreshdeskSimulator) -> None:
    """Down from the categories, and in another language."""
    desk.add_article(
        Article("freshdesk", "r", "Refunds", "<p>14 days</p>", audience="public", breadcrumb="Orders › Money")
    )
    desk.add_article(Article("freshdesk", "r", "Erstattung", "<p>14 Tage</p>", language="de"))
    solutions = client(desk).solutions
    [category] = solutions.categories.list_categories()
    [folder] = solutions.folders.list_from_category(category.id)
    [article] = solutions.articles.list_from_folder(folder.id)
    translated = solutions.articles.get_article_translated(article.id, "de")

    assert (category.name, folder.name, folder.visibility) == ("Orders", "Money", 1)
    assert (article.title, article.status, translated.title) == ("Refunds", "published", "Erstattung")


def test_it_understands_how_the_twin_says_no(desk: FreshdeskSimulator) -> None:
    """Each refusal becomes the library's own error for it."""
    api = client(desk)
    with pytest.raises(FreshdeskUnauthorized, match="logged in"):
        client(desk, key="wrong").tickets.get_ticket(1)
    with pytest.raises(FreshdeskNotFound):
        api.tickets.get_ticket(99)
    with pytest.raises(FreshdeskBadRequest, match="Validation failed"):
        api.tickets.create_ticket("No description", email="ana@customer.example")
    desk.faults.refused = 1
    with pytest.raises(FreshdeskRateLimited, match="until 60 seconds"):
        api.tickets.get_ticket(1)
