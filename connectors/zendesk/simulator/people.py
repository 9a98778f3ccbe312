"""What customers and agents do in the simulated account, and how an agent sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Literal

from connectors.base import Channel, Status
from connectors.simulated.desk import DeskEntry, DeskRow, DeskTicket, WrittenBy
from connectors.zendesk.simulator.changes import Change, Changes, NewComment
from connectors.zendesk.simulator.comment_text import from_text, wrapped
from connectors.zendesk.simulator.records import SYSTEM_ID, Comment, Ticket, User, Via
from connectors.zendesk.simulator.state import State

_UNTRUSTED, _OUTSIDER, _AUTOMATIC = 0, 2, 4
"""Comment flags: https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_comments/"""

_VIA: Mapping[Channel | Literal["web"], Via] = {
    "web": Via("web"),
    "email": Via("email"),
    "form": Via("web"),
    "portal": Via("web", rel="help_center"),
    "api": Via("api"),
    "chat": Via("chat"),
    "messaging": Via("native_messaging"),
    "social": Via("twitter"),
    "voice": Via("voice", rel="inbound"),
    "side conversation": Via("side_conversation"),
    "other": Via("mobile_sdk"),
}


class People:
    """Customers and agents at work. Ids are text; KeyError for a ticket that does not exist."""

    vendor: str
    account: str

    def __init__(self, state: State, changes: Changes) -> None:
        self._people_state = state
        self._people_changes = changes

    async def open_ticket(
        self,
        *,
        name: str,
        email: str,
        subject: str,
        text: str = "",
        html: str = "",
        channel: Channel = "email",
        tags: Sequence[str] = (),
        organization: str = "",
        language: str = "",
        cc: Sequence[tuple[str, str]] = (),
        attachments: Sequence[str] = (),
        brand: str = "",
        group: str = "",
        form: str = "",
        automatic: bool = False,
        spam: bool = False,
        shared: bool = False,
    ) -> str:
        """A customer writes for the first time; returns the ticket's id. cc: (name, address). spam: its writer is suspended.

        brand, group, form: by name, made when they are new. shared: with another account.
        """
        state = self._people_state
        requester = state.person(name, email, language=language)
        if organization:
            requester.organization_id = state.organization(organization).id
        requester.suspended = requester.suspended or spam
        ticket = self._new_ticket(subject, requester, via=_VIA[channel])
        ticket.brand_id = state.brand_named(brand).id
        ticket.group_id = state.group_named(group).id if group else ticket.group_id
        ticket.form_id = state.form_named(form).id if form else None
        ticket.sharing_agreement_ids = [state.new_id()] if shared else []
        ticket.tags = list(tags)
        ticket.cc_ids = [state.person(*person).id for person in cc]
        ticket.messaging = channel == "messaging"
        comment = self._said(requester, text=text, html=html, channel=channel, attachments=attachments)
        flags = (_AUTOMATIC,) * automatic
        self._people_changes.create(ticket, Change(requester.id, ticket.via, comment=_flagged(comment, flags)))
        return str(ticket.id)

    async def customer_message(
        self,
        ticket_id: str,
        *,
        text: str = "",
        html: str = "",
        email: str = "",
        attachments: Sequence[str] = (),
        automatic: bool = False,
        untrusted: bool = False,
    ) -> str:
        """The requester (or with `email` somebody else) writes again; returns the message's id.

        A closed ticket takes no more mail: the message opens a follow-up ticket.
        """
        state, ticket = self._people_state, self._people_state.ticket(ticket_id)
        writer = state.person("", email) if email else state.users[ticket.requester_id]
        if ticket.status == "closed":
            ticket = state.ticket(await self.follow_up(ticket_id))
        outsider = writer.id not in (ticket.requester_id, *ticket.cc_ids)
        flags = (_UNTRUSTED,) * untrusted + (_OUTSIDER,) * outsider + (_AUTOMATIC,) * automatic
        comment = self._said(writer, text=text, html=html, channel="email", attachments=attachments)
        self._people_changes.update(ticket, Change(writer.id, Via("email"), comment=_flagged(comment, flags)))
        return str(ticket.comments[-1].id)

    async def agent_message(
        self, ticket_id: str, *, text: str, public: bool, channel: Channel | Literal["web"] = "web", bot: bool = False
    ) -> str:
        """An agent answers or leaves a note; `bot`: an automation of the account does. Returns the message's id."""
        state, ticket = self._people_state, self._people_state.ticket(ticket_id)
        via = Via("rule", rel="trigger", source={"id": state.form_id, "title": "Auto-acknowledge", "deleted": False})
        author = SYSTEM_ID if bot else state.agent.id
        comment = NewComment(html=wrapped(from_text(text)), public=public, author_id=author)
        fields = {} if bot or ticket.status != "new" else {"status": "open", "assignee_id": state.agent.id}
        used = via if bot else _VIA[channel]
        self._people_changes.update(ticket, Change(author, used, comment=comment, fields=fields))
        return str(ticket.comments[-1].id)

    async def set_status(self, ticket_id: str, status: Status) -> None:
        """An agent sets the status."""
        self._by_agent(ticket_id, {"status": status})

    async def rate(self, ticket_id: str, score: Literal["good", "bad"]) -> None:
        """The requester answers the survey of the account's kind, or thinks again; of the older kind it is an update of the ticket."""
        ticket, now = self._people_state.ticket(ticket_id), self._people_state.now()
        if self._people_state.options.csat == "survey":
            ticket.survey, ticket.surveyed_at = {"good": 5, "bad": 1}[score], now
            return
        ticket.rated_at = now
        self._people_changes.update(ticket, Change(ticket.requester_id, Via("web"), fields={"rating": score}))

    async def unrate(self, ticket_id: str) -> None:
        """The requester takes the answer back."""
        ticket, now = self._people_state.ticket(ticket_id), self._people_state.now()
        if self._people_state.options.csat == "survey":
            ticket.survey, ticket.surveyed_at = 0, now
            return
        ticket.rated_at = now
        self._people_changes.update(ticket, Change(ticket.requester_id, Via("web"), fields={"rating": "offered"}))

    @contextmanager
    def back_then(self, at: datetime) -> Iterator[Callable[[datetime], None]]:
        """What happens in here happened at that time, or when what is yielded is told; nobody outside is told of it."""
        state, moment = self._people_state, [at]
        clock, told = state.clock, (dict(state.webhooks), dict(state.triggers))
        state.clock = lambda: moment[0]
        state.webhooks.clear()
        state.triggers.clear()
        try:
            yield lambda later: moment.__setitem__(0, later)
        finally:
            state.clock = clock
            state.webhooks.update(told[0])
            state.triggers.update(told[1])

    async def add_tag(self, ticket_id: str, tag: str) -> None:
        """An agent adds a tag."""
        self._by_agent(ticket_id, {"tags": [*self._people_state.ticket(ticket_id).tags, tag]})

    async def move(self, ticket_id: str, *, group: str = "", brand: str = "", form: str = "") -> None:
        """An agent moves the ticket, by name."""
        state, fields = self._people_state, dict[str, object]()
        if group:
            fields["group_id"] = state.group_named(group).id
        if brand:
            fields["brand_id"] = state.brand_named(brand).id
        if form:
            fields["form_id"] = state.form_named(form).id
        self._by_agent(ticket_id, fields)

    async def agent_sets(self, ticket_id: str, *, priority: str = "", custom: Mapping[str, str] | None = None) -> None:
        """An agent sets the priority, or custom fields by id; an empty value clears one."""
        fields: dict[str, object] = {"priority": priority} if priority else {}
        if custom:
            given = {int(name): value or None for name, value in custom.items()}
            fields["custom_fields"] = self._people_state.ticket(ticket_id).custom_fields | given
        self._by_agent(ticket_id, fields)

    async def share(self, ticket_id: str) -> None:
        """An agent shares the ticket with another account."""
        self._by_agent(ticket_id, {"sharing_agreement_ids": [self._people_state.new_id()]})

    async def delete(self, ticket_id: str) -> None:
        """An agent deletes the ticket: the API answers 404 from now on."""
        self._by_agent(ticket_id, {"status": "deleted"})

    async def merge(self, source_id: str, target_id: str) -> None:
        """Merge a ticket into another: both get a notice, the source is closed."""
        state = self._people_state
        source, target = state.ticket(source_id), state.ticket(target_id)
        last = source.comments[-1].plain_body if source.comments else ""
        told = f'Request #{source.id} "{source.subject}" was closed and merged into this request. Last comment in request #{source.id}:\n\n{last}'
        here = f'This request was closed and merged into request #{target.id} "{target.subject}".'
        self._notice(target, told, other=source)
        self._notice(source, here, other=target, fields={"status": "closed", "tags": [*source.tags, "closed_by_merge"]})

    async def follow_up(self, ticket_id: str) -> str:
        """A new ticket that continues a closed one; returns its id."""
        state, old = self._people_state, self._people_state.ticket(ticket_id)
        requester = state.users[old.requester_id]
        source = {"ticket_id": old.id, "subject": old.subject, "channel": old.via.channel}
        ticket = self._new_ticket(f"Re: {old.subject}", requester, via=Via("web", rel="follow_up", source=source))
        text = f'This is a follow-up to your previous request #{old.id} "{old.subject}"'
        comment = NewComment(html=wrapped(from_text(text)), public=True, author_id=requester.id)
        old.followup_ids.append(ticket.id)
        self._people_changes.create(ticket, Change(requester.id, ticket.via, comment=comment))
        return str(ticket.id)

    def rows(self) -> list[DeskRow]:
        """Tickets, last changed first."""
        rows = [self._row(ticket) for ticket in self._people_state.tickets.values() if ticket.status != "deleted"]
        return sorted(rows, key=lambda row: (row.updated_at, int(row.id)), reverse=True)

    def conversation(self, ticket_id: str) -> DeskTicket:
        """One ticket."""
        ticket = self._people_state.ticket(ticket_id)
        entries = tuple(self._entry(comment) for comment in ticket.comments)
        return DeskTicket(row=self._row(ticket), channel=ticket.via.channel, tags=tuple(ticket.tags), entries=entries)

    async def customer_opens(self, *, name: str, email: str, subject: str, text: str) -> str:
        """Open a ticket by mail, from the page."""
        return await self.open_ticket(name=name, email=email, subject=subject, text=text)

    async def customer_writes(self, ticket_id: str, *, text: str) -> None:
        """Write as the requester, from the page."""
        await self.customer_message(ticket_id, text=text)

    async def agent_writes(self, ticket_id: str, *, text: str, public: bool) -> None:
        """Write as an agent, from the page."""
        await self.agent_message(ticket_id, text=text, public=public)

    async def agent_solves(self, ticket_id: str) -> None:
        """Solve, from the page."""
        await self.set_status(ticket_id, "solved")

    def _new_ticket(self, subject: str, requester: User, *, via: Via) -> Ticket:
        state, now = self._people_state, self._people_state.now()
        return Ticket(
            id=state.new_ticket_id(),
            subject=subject,
            requester_id=requester.id,
            submitter_id=requester.id,
            brand_id=state.brand.id,
            group_id=state.group.id,
            organization_id=requester.organization_id,
            via=via,
            created_at=now,
            updated_at=now,
            generated_at=now,
        )

    def _said(self, writer: User, *, text: str, html: str, channel: Channel, attachments: Sequence[str]) -> NewComment:
        body = wrapped(html, from_mail=channel == "email") if html else wrapped(from_text(text))
        return NewComment(html=body, public=True, author_id=writer.id, attachments=attachments)

    def _by_agent(self, ticket_id: str, fields: dict[str, object]) -> None:
        change = Change(self._people_state.agent.id, Via("web"), fields=fields)
        self._people_changes.update(self._people_state.ticket(ticket_id), change)

    def _notice(self, ticket: Ticket, text: str, *, other: Ticket, fields: dict[str, object] | None = None) -> None:
        via = Via("web", rel="merge", source={"ticket_id": other.id, "subject": other.subject})
        agent = self._people_state.agent.id
        comment = NewComment(html=wrapped(from_text(text)), public=True, author_id=agent)
        self._people_changes.update(ticket, Change(agent, via, comment=comment, fields=fields or {}))

    def _row(self, ticket: Ticket) -> DeskRow:
        notes = sum(not comment.public for comment in ticket.comments)
        who = self._people_state.name_of(ticket.requester_id)
        return DeskRow(str(ticket.id), ticket.subject, who, ticket.status, ticket.updated_at, notes)

    def _entry(self, comment: Comment) -> DeskEntry:
        return DeskEntry(
            id=str(comment.id),
            author=self._people_state.name_of(comment.author_id),
            by=self._by(comment),
            public=comment.public,
            html=comment.html_body,
            at=comment.created_at,
            attachments=tuple(one["file_name"] for one in comment.attachments),
        )

    def _by(self, comment: Comment) -> WrittenBy:
        if comment.author_id == self._people_state.api_user.id:
            return "co-pilot"
        user = self._people_state.users.get(comment.author_id)
        if user is None or comment.via.rel == "merge":
            return "system"
        return "customer" if user.role == "end-user" else "agent"


def _flagged(comment: NewComment, flags: tuple[int, ...]) -> NewComment:
    return NewComment(comment.html, comment.public, comment.author_id, comment.attachments, flags)
