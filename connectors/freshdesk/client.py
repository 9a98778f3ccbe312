"""One Freshdesk account as a Helpdesk: one short method per thing we ask for.

What Freshdesk does not offer, and what that means here: there is no compare-and-set and no idempotency key, so a note
lands whatever happened since the ticket was read (the pipeline reads the ticket again just before it writes, and looks
for the note's visible reference before it writes again). Messages cannot carry our run id.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import httpx

from connectors.base import (
    Article,
    Change,
    Changed,
    ConnectorError,
    GoneError,
    LeakError,
    MisconfiguredError,
    Note,
    PastTicket,
    Person,
    Rating,
    Reading,
    RejectedError,
    RetryableError,
    Ticket,
    Update,
)
from connectors.budget import Budget
from connectors.fields import CustomField, CustomFields
from connectors.freshdesk import knowledge, limits, ratings, updating, wire
from connectors.freshdesk.history import changed, to_past
from connectors.freshdesk.macros import macros
from connectors.freshdesk.paging import listed
from connectors.freshdesk.people import People
from connectors.http import JSON, Door

PAGE = 100
"""Entries per page: the most that Freshdesk gives."""

MOST_PAGES = 300
"""Freshdesk answers 400 beyond its 300th page."""

_SOLVED = ("solved", "closed")
_DONE = (*_SOLVED, "deleted")


class FreshdeskClient:
    """Borrows `http`: never opens or closes it. `languages`: of the knowledge base, beside the primary one.

    budget: for everything but `articles` and `macros`, which use `background`; None: nobody counts.
    """

    name = "freshdesk"
    edits_notes = True

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        base_url: str,
        auth: httpx.Auth,
        languages: Sequence[str] = (),
        budget: Budget | None = None,
        background: Budget | None = None,
    ) -> None:
        self._door = Door(http, base_url=base_url, auth=auth, limits=limits, budget=budget)
        self._library = Door(http, base_url=base_url, auth=auth, limits=limits, budget=background)
        self._people = People(self._door)
        self._fields = CustomFields(lambda: updating.custom_fields(self._door))
        self._languages = tuple(languages)
        self.account = self._door.host

    async def whoami(self) -> Person:
        """Who the API key belongs to. Raises MisconfiguredError where the key is not an agent's."""
        try:
            answer = await self._door.call("GET", "/api/v2/agents/me")
        except RejectedError as error:
            raise MisconfiguredError(
                f"{error}: the API key must be an agent's, the address https://you.freshdesk.com"
            ) from error
        return wire.to_agent(answer.body)

    async def ticket(self, ticket_id: str) -> Ticket:
        """Read a ticket with its whole conversation. Raises GoneError."""
        path = f"/api/v2/tickets/{wire.number(ticket_id)}"
        answer, entries = await asyncio.gather(
            self._door.call("GET", path, params={"include": "requester,company"}),
            self._entries(f"{path}/conversations"),
            return_exceptions=True,
        )
        if isinstance(answer, BaseException):
            raise answer
        if isinstance(entries, BaseException):
            raise entries
        people = await self._people.of(wire.strangers(answer.body, entries))
        return wire.to_ticket(answer.body, entries, account=self.account, base_url=self._door.base_url, people=people)

    async def rated(self, ticket: Ticket) -> Ticket:
        """The ticket with its newest rating, which is one more call; an account without surveys refuses it: not rated."""
        try:
            answer = await self._door.call("GET", f"/api/v2/tickets/{wire.number(ticket.id)}/satisfaction_ratings")
            return replace(ticket, satisfaction=ratings.to_satisfaction(answer.body))
        except RejectedError:
            return ticket

    async def add_note(self, ticket: Ticket, html: str, *, run: str, update: Update | None = None) -> Note:  # noqa: ARG002 (Freshdesk keeps no run id)
        """Add an internal note, whatever happened to the ticket since it was read, then set fields. Raises LeakError.

        After RetryableError the note may exist all the same: look for its reference in the ticket first. Once the note
        stands, nothing is raised any more.
        """
        path = f"/api/v2/tickets/{wire.number(ticket.id)}/notes"
        answer = await self._door.call("POST", path, json=wire.from_note(html))
        if not isinstance(answer.body, dict):
            raise RetryableError(f"{self.account} stored a note in ticket {ticket.id} without saying which")
        if answer.body.get("private") is not True:
            raise await self._leak(answer.body, ticket_id=ticket.id)
        note = wire.to_note(answer.body, ticket_id=ticket.id)
        written, missed = await updating.set_beside(self._door, update, ticket, fields=self._fields)
        return replace(note, written=written, missed=missed)

    async def tag(self, ticket: Ticket, tag: str, *, instead_of: str = "") -> None:
        """To the tags that stand there now: Freshdesk replaces the list and compares nothing."""
        await updating.tag(self._door, ticket, tag, instead_of=instead_of)

    async def edit_note(self, ticket_id: str, note_id: str, html: str) -> None:
        """Change an internal note of ours; it stays private. Raises GoneError, LeakError."""
        answer = await self._door.call(
            "PUT", f"/api/v2/conversations/{wire.number(note_id)}", json={"body": wire.from_note(html)["body"]}
        )
        if not isinstance(answer.body, dict) or answer.body.get("private") is not True:
            raise await self._leak({"id": note_id}, ticket_id=ticket_id)

    async def custom_fields(self) -> Mapping[str, CustomField]:
        """Those that the account has made."""
        return await self._fields.known()

    async def groups(self) -> Mapping[str, str]:
        """All of them: https://developers.freshdesk.com/api/#groups ."""
        return {
            wire.number(one.get("id")): str(one.get("name") or "")
            async for one in listed(self._door, "/api/v2/groups", what="groups")
        }

    async def changed_since(self, moment: datetime) -> AsyncIterator[Change]:
        """Tickets that changed since then, oldest change first."""
        async for ticket in changed(self._door, moment):
            with wire.documented_shape("list of tickets"):
                id_, at, status = wire.number(ticket["id"]), wire.time(ticket["updated_at"]), wire.status(ticket)
                change = Change(id_, at, open=status not in _DONE, solved=status in _SOLVED)
            yield change

    async def history(self, since: datetime) -> AsyncIterator[PastTicket]:
        """Tickets that changed since then; the vendor counts no replies, so they are unknown."""
        async for ticket in changed(self._library, since, include="stats,description", patient=True):
            yield to_past(ticket)

    def ratings_since(self, moment: datetime) -> AsyncIterator[Rating]:
        """What requesters answered since then. Raises ForbiddenError where the account has no surveys."""
        return ratings.since(self._library, moment)

    def articles(self, unread: dict[str, str] | None = None) -> AsyncIterator[Article]:
        """Every published article of every folder, in the primary language and the others asked for."""
        return knowledge.crawl(self._library, languages=self._languages, unread=unread)

    async def changed_articles(self, since: datetime) -> Changed | None:  # noqa: ARG002
        """Freshdesk has no list of changes and no webhook for articles: all are read and compared."""
        return None

    def read_articles(self, ids: Sequence[str]) -> AsyncIterator[Reading]:
        """Nothing tells which: all are read."""
        raise RejectedError(f"{self.account} tells of no single article, so nobody asks for {', '.join(ids)[:40]}")

    def macros(self) -> AsyncIterator[Article]:
        """Every canned response that is not somebody's own."""
        return macros(self._library)

    async def _entries(self, path: str) -> list[JSON]:
        """All conversation entries: embedded in a ticket are only ten, so they are always read by page."""
        found: dict[Any, JSON] = {}  # by id: a message that arrives between two pages moves others to the next
        for page in range(1, MOST_PAGES + 1):
            answer = await self._door.call("GET", path, params={"per_page": PAGE, "page": page})
            entries = wire.listed(answer.body, what="conversation entries")
            found.update((entry.get("id"), entry) for entry in entries)
            if len(entries) < PAGE:
                return list(found.values())
        raise RejectedError(
            f"{self.account} {path} has more than {MOST_PAGES} pages of {PAGE}: Freshdesk gives no more, so it cannot be read whole"
        )

    async def _leak(self, answer: JSON, *, ticket_id: str) -> LeakError:
        """Take back a note that is not private and say what happened. Updating cannot make it private: delete it."""
        what = f"{self.account} stored our note {answer.get('id')} in ticket {ticket_id} as public"
        try:
            await self._door.call("DELETE", f"/api/v2/conversations/{wire.number(answer.get('id'))}")
        except GoneError:
            return LeakError(f"{what}; it is gone by now")
        except ConnectorError as error:
            return LeakError(
                f"{what} and it could not be deleted ({error}): delete it by hand, the customer may have it"
            )
        return LeakError(f"{what}; it was deleted at once, but the customer may have been mailed")
