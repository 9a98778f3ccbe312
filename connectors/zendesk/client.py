"""One Zendesk account as a Helpdesk: a short method per thing we ask for, nothing else."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime

import httpx

from connectors.base import (
    Article,
    Change,
    Changed,
    ConflictError,
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
from connectors.http import JSON, Door
from connectors.zendesk import knowledge, limits, updating, wire
from connectors.zendesk.changes import changes
from connectors.zendesk.history import history
from connectors.zendesk.macros import macros
from connectors.zendesk.paging import pages
from connectors.zendesk.ratings import ratings

_ID = re.compile(r"[0-9]{1,20}")


class _ClosedError(RejectedError):
    """The ticket takes no note any more."""

    def __init__(self, ticket_id: str) -> None:
        super().__init__(f"ticket {ticket_id} is closed: Zendesk takes no note any more")


class ZendeskClient:
    """One Zendesk account as a Helpdesk. Borrows `http`: never opens or closes it.

    budget: for everything but `articles` and `macros`, which use `background`; None: nobody counts.
    """

    name = "zendesk"
    edits_notes = False

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        base_url: str,
        auth: httpx.Auth,
        budget: Budget | None = None,
        background: Budget | None = None,
    ) -> None:
        self._door = Door(http, base_url=base_url, auth=auth, limits=limits, budget=budget)
        self._library = Door(http, base_url=base_url, auth=auth, limits=limits, budget=background)
        self._fields = CustomFields(lambda: updating.custom_fields(self._door))
        self.account = self._door.host

    async def whoami(self) -> Person:
        """Who the credentials belong to. Raises MisconfiguredError where they are anonymous or not an agent's."""
        try:
            answer = await self._door.call("GET", "/api/v2/users/me")
        except RejectedError as error:  # 403: a mistyped scope still yields a token, which then opens nothing
            raise MisconfiguredError(f"{error}: check the address of the account and the scope of the token") from error
        return wire.to_self(answer.body)

    async def ticket(self, ticket_id: str) -> Ticket:
        """Read a ticket with its whole conversation. Raises GoneError.

        One after the other: the stamp must not be newer than the conversation, or a note guarded by it would pass over
        a message that came between the two answers.
        """
        path = _path(ticket_id)
        ticket = await self._show(path)
        comments = await self._comments(path)
        runs = await self._runs(path, comments)
        return wire.to_ticket(ticket, comments, base_url=self._door.base_url, account=self.account, runs=runs)

    async def rated(self, ticket: Ticket) -> Ticket:
        """The ticket as it is: its rating came with it."""
        return ticket

    async def add_note(self, ticket: Ticket, html: str, *, run: str, update: Update | None = None) -> Note:
        """Add an internal note to the ticket as it was read, and set fields in the same request.

        Compare-and-set on `ticket.stamp`, which has a resolution of one second. After RetryableError the note may
        exist all the same; `run` is then found in Message.run. Raises LeakError where it came back public.
        """
        if ticket.status in ("closed", "deleted"):
            raise _ClosedError(ticket.id)
        stamp = ticket.stamp or wire.to_stamp(ticket.updated_at)
        plan = await updating.planned(update, ticket, fields=self._fields)
        body = wire.from_note(html, stamp=stamp, run=run, changes=plan.changes)
        try:
            answer = await self._update(_path(ticket.id), body, ticket_id=ticket.id)
        except (GoneError, _ClosedError):
            raise
        except RejectedError as error:  # 403, 422: nothing was written, and the stamp guards the second try, too
            if not plan.changes:
                raise
            plan = plan.refused(error)
            alone = wire.from_note(html, stamp=stamp, run=run)
            answer = await self._update(_path(ticket.id), alone, ticket_id=ticket.id)
        note_id, private = wire.to_stored_note(answer)
        if not private:
            await self._hide(ticket.id, note_id)
        written, missed = updating.outcome(plan, answer)
        return Note(id=note_id, ticket_id=ticket.id, written=written, missed=missed)

    async def tag(self, ticket: Ticket, tag: str, *, instead_of: str = "") -> None:
        """Under the stamp, for `tags` replaces the list."""
        tags = [one for one in ticket.tags if one != instead_of]
        stamp = ticket.stamp or wire.to_stamp(ticket.updated_at)
        await self._update(_path(ticket.id), wire.from_tags([*tags, tag], stamp=stamp), ticket_id=ticket.id)

    async def edit_note(self, ticket_id: str, note_id: str, html: str) -> None:  # noqa: ARG002
        """Zendesk lets nobody change a comment's text."""
        raise RejectedError(f"note {note_id} of ticket {ticket_id} stays as it is: Zendesk changes no comment")

    async def custom_fields(self) -> Mapping[str, CustomField]:
        """Those that are active."""
        return await self._fields.known()

    async def groups(self) -> Mapping[str, str]:
        """Those that were not deleted: https://developer.zendesk.com/api-reference/ticketing/groups/groups/ ."""
        return await updating.groups(self._door)

    def changed_since(self, moment: datetime) -> AsyncIterator[Change]:
        """The tickets that changed since then, as far as the export or the search knows."""
        return changes(self._door, moment)

    def history(self, since: datetime) -> AsyncIterator[PastTicket]:
        """The tickets that changed since then, with replies, reopenings and times where the export may be read."""
        return history(self._library, since)

    def ratings_since(self, moment: datetime) -> AsyncIterator[Rating]:
        """Ratings of tickets and answers to surveys since then. Raises ForbiddenError."""
        return ratings(self._library, moment)

    def articles(self, unread: dict[str, str] | None = None) -> AsyncIterator[Article]:
        """Every article of the help centre in every language, drafts left out."""
        return knowledge.articles(self._library, unread)

    async def changed_articles(self, since: datetime) -> Changed | None:
        """What the incremental list says: not what was archived or deleted."""
        return await knowledge.changed(self._library, since)

    def read_articles(self, ids: Sequence[str]) -> AsyncIterator[Reading]:
        """These articles in every language, drafts left out."""
        return knowledge.read(self._library, ids)

    def macros(self) -> AsyncIterator[Article]:
        """Every active macro with a comment, personal ones left out."""
        return macros(self._library)

    async def _show(self, path: str) -> JSON:
        answer = await self._door.call("GET", path, params={"include": "users,organizations,groups,slas,metric_sets"})
        body: JSON = answer.body
        return body

    async def _comments(self, path: str) -> list[JSON]:
        params = {"include": "users", "include_inline_images": "true"}
        return [page async for page in pages(self._door, f"{path}/comments", params=params)]

    async def _runs(self, path: str, comments: list[JSON]) -> dict[str, str]:
        """Which runs of ours wrote notes, by audit, newest first; no call where the comments say so or none can be ours."""
        unmarked, runs = wire.unmarked_audits(comments), dict[str, str]()
        if unmarked:
            async with aclosing(pages(self._door, f"{path}/audits", params={"sort": "-created_at"})) as audits:
                async for page in audits:
                    runs |= wire.to_runs(page)
                    if unmarked <= runs.keys():
                        break
        return runs

    async def _update(self, path: str, body: JSON, *, ticket_id: str) -> JSON:
        try:
            answer = await self._door.call("PUT", f"{path}.json", json=body)
        except ConflictError as error:
            # Two kinds of 409 look alike but for this word: here nothing of the ticket has changed.
            # https://github.com/zendesk/zendesk_api_client_php/issues/314
            if "DatabaseConflict" in str(error):
                raise RetryableError(str(error), after_s=error.after_s) from error
            raise
        except GoneError:
            raise
        except RejectedError as error:
            # The words about a closed ticket vary between Zendesk's own texts, so the ticket itself is asked.
            if wire.is_closed(await self._show(path)):
                raise _ClosedError(ticket_id) from error
            raise
        stored: JSON = answer.body
        return stored

    async def _hide(self, ticket_id: str, note_id: str) -> None:
        """Take a note that came back public out of the customer's sight at once, and stop. Always raises LeakError."""
        what = f"note {note_id} in ticket {ticket_id} of {self.account} came back public"
        try:
            await self._door.call("PUT", f"{_path(ticket_id)}/comments/{note_id}/make_private")
        except ConnectorError as error:
            raise LeakError(f"{what} and could not be made private: make it private by hand, now") from error
        raise LeakError(f"{what}: it is private now, but the customer may have been notified")


def _path(ticket_id: str) -> str:
    if not _ID.fullmatch(ticket_id):  # it becomes part of an address
        raise RejectedError(f"{ticket_id[:40]!r} is not the number of a Zendesk ticket")
    return f"/api/v2/tickets/{ticket_id}"
