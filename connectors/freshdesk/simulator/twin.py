"""A Freshdesk account that runs in this process: API, web page and webhooks around one state."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from typing import Literal

import httpx

from connectors.base import Article, Channel, Status
from connectors.freshdesk.simulator.agents import Agents
from connectors.freshdesk.simulator.app import new_app
from connectors.freshdesk.simulator.clock import MovableClock
from connectors.freshdesk.simulator.deliveries import Deliveries, Delivery
from connectors.freshdesk.simulator.front_desk import desk_rows, desk_ticket
from connectors.freshdesk.simulator.limits import Budget
from connectors.freshdesk.simulator.options import OPEN, PENDING, PRIORITY_NAMES, RESOLVED, Faults, Options
from connectors.freshdesk.simulator.records import Change, CustomField, Mail, StoredNote, StoredTicket
from connectors.freshdesk.simulator.rules import BodyKind, Rules, SecretKind
from connectors.freshdesk.simulator.state import new_state
from connectors.freshdesk.simulator.tickets import html_of
from connectors.simulated.clock import Clock, now_utc
from connectors.simulated.desk import DeskRow, DeskTicket, FieldsOf
from connectors.simulated.record import RequestLog

SOURCES: dict[Channel, int] = {
    "email": 1,
    "portal": 2,
    "api": 2,
    "voice": 3,
    "social": 6,
    "chat": 7,
    "messaging": 7,
    "form": 9,
    "other": 11,
}
"""Channel -> `source` of a ticket. Freshdesk has no side conversations."""

_AUTOMATIC_SUBJECT = "Automatic reply: "


class FreshdeskSimulator(Agents):
    """One account. Ids are the vendor's, as text; KeyError for an unknown ticket.

    `app` serves the API below /api/v2, published articles below /support and the page below /. `http` is borrowed, for
    webhooks (None: they stay pending). `url` is the account's own address, for the links it hands out.
    """

    def __init__(
        self,
        *,
        http: httpx.AsyncClient | None = None,
        clock: Clock = now_utc,
        options: Options | None = None,
        url: str = "http://acme.freshdesk.test",
    ) -> None:
        self.vendor = "Freshdesk"
        self.options = options or Options()
        self.account = self.options.company
        self.faults = Faults()
        self.requests = RequestLog()
        self.clock = MovableClock(clock, scale=self.options.time_scale)
        self._rules = Rules(clock=self.clock, options=self.options)
        self._named: dict[str, int] = {}  # groups and products
        self._named_ids = count(43_000_005_001)
        self.state = new_state(
            url=url, clock=self.clock, options=self.options, faults=self.faults, changed=self._changed
        )
        budget = Budget(self.options, clock=self.clock)
        self._deliveries = Deliveries(
            http=http, clock=self.clock, options=self.options, faults=self.faults, budget=budget.account
        )
        self.app = new_app(self.state, desk=self, rules=self._rules, budget=budget, log=self.requests)

    @property
    def settings(self) -> dict[str, str]:
        """What deskpilot needs to connect, by the names of its Freshdesk settings."""
        secrets = ",".join(self._rules.known_secrets())
        return {"url": self.state.url, "api_key": self.options.api_key, "webhook_secrets": secrets}

    def connect_webhook(
        self,
        endpoint: str,
        *,
        kind: SecretKind = "basic",
        body: BodyKind = "advanced",
        content: str = "",
        secret: str = "",
    ) -> str:
        """Set up rules that call `endpoint` when a ticket is created and when the requester replies.

        content: an "Advanced" body with `{{placeholders}}`; empty: the one that `body` stands for. Returns the secret.
        """
        return self._rules.connect(endpoint, kind=kind, body=body, content=content, secret=secret)

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
    ) -> str:
        """A customer writes for the first time. Returns the ticket's id.

        brand: a product; group: both by number or name, made when they are new. form: the ticket's type.

        automatic: the API marks such mail nowhere; all that shows it is a subject like an auto-reply's.
        """
        contact = self.state.people.contact(email, name=name, company=organization, language=language)
        if automatic and not subject.startswith(_AUTOMATIC_SUBJECT):
            subject = f"{_AUTOMATIC_SUBJECT}{subject}"
        ticket = self.state.tickets.new(
            subject=subject, description=html or html_of(text), requester_id=contact.id, source=SOURCES[channel]
        )
        ticket.tags = list(tags)
        ticket.company_id = contact.company_id
        self._place(ticket, group=group, brand=brand, form=form)
        ticket.cc_emails = [f"{person} <{address}>" if person else address for person, address in cc]
        for person, address in cc:
            self.state.people.contact(address, name=person)
        ticket.attachments = self.state.tickets.files(attachments)
        ticket.spam = spam
        return str(self.state.tickets.open(ticket, performer="requester").id)

    async def customer_message(
        self,
        ticket_id: str,
        *,
        text: str = "",
        html: str = "",
        email: str = "",
        attachments: Sequence[str] = (),
        automatic: bool = False,  # noqa: ARG002, as in every simulator; this vendor shows nothing of it
    ) -> str:
        """The requester, or with another `email` somebody in copy, writes again. Returns the conversation's id."""
        ticket = self._ticket(ticket_id)
        people = self.state.people
        contact = people.contact(email) if email else people.contacts[ticket.requester_id]
        entry = self.state.tickets.customer_writes(
            ticket, user_id=contact.id, html=html or html_of(text), from_email=contact.email, files=attachments
        )
        return str(entry.id)

    async def agent_message(
        self,
        ticket_id: str,
        *,
        text: str = "",
        html: str = "",
        public: bool,
        channel: Channel | Literal["web"] = "web",  # noqa: ARG002, as in every simulator; this vendor keeps none
        bot: bool = False,
    ) -> str:
        """An agent replies or leaves a note; `bot`: an automation does. Returns the conversation's id."""
        ticket, tickets = self._ticket(ticket_id), self.state.tickets
        body, agent_id = html or html_of(text), self.state.people.agent.id
        if bot:
            entry = tickets.automation_writes(ticket, html=body, public=public)
        elif public:
            entry = tickets.agent_replies(ticket, user_id=agent_id, html=body)
        else:
            entry = tickets.add_note(ticket, user_id=agent_id, html=body, private=True)
        return str(entry.id)

    async def set_status(self, ticket_id: str, status: Status | str | int) -> None:
        """An agent changes the status. status: the vendor's number or name in any spelling, or our word for it."""
        names = {name.lower(): code for code, name in self.options.status_names.items()}
        names |= {"new": OPEN, "solved": RESOLVED, "hold": names.get("waiting on third party", PENDING)}
        code = status if isinstance(status, int) else names[status.lower()]
        self.state.tickets.set_status(self._ticket(ticket_id), code, performer="agent")

    async def rate(self, ticket_id: str, score: Literal["good", "bad"]) -> None:
        """The requester answers the survey; it counts as an update of the ticket."""
        ticket = self._ticket(ticket_id)
        ticket.ratings.append(({"good": 103, "bad": -103}[score], self.state.tickets.now()))
        self.state.tickets.touch(ticket)

    async def unrate(self, ticket_id: str) -> None:
        """The requester takes the answer back."""
        ticket = self._ticket(ticket_id)
        ticket.ratings.append((None, self.state.tickets.now()))
        self.state.tickets.touch(ticket)

    @contextmanager
    def back_then(self, at: datetime) -> Iterator[Callable[[datetime], None]]:
        """What happens in here happened at that time, or when what is yielded is told; nobody outside is told of it."""
        with self.state.tickets.unheard(at) as later:
            yield later

    async def add_tag(self, ticket_id: str, tag: str) -> None:
        """An agent tags the ticket."""
        ticket = self._ticket(ticket_id)
        ticket.tags.append(tag)
        self.state.tickets.touch(ticket)

    async def move(self, ticket_id: str, *, group: str = "", brand: str = "", form: str = "") -> None:
        """An agent moves the ticket, as in `open_ticket`."""
        ticket = self._ticket(ticket_id)
        self._place(ticket, group=group, brand=brand, form=form)
        self.state.tickets.touch(ticket)

    async def agent_sets(self, ticket_id: str, *, priority: str = "", custom: Mapping[str, str] | None = None) -> None:
        """An agent sets the priority ("low", ... "urgent"), or custom fields by name; an empty value clears one."""
        ticket, people = self._ticket(ticket_id), self.state.people
        codes = {word.lower(): code for code, word in PRIORITY_NAMES.items()} | {"normal": 2}
        values: dict[str, object] = {"priority": codes[priority]} if priority else {}
        values["custom_fields"] = ticket.custom_fields | {name: value or None for name, value in (custom or {}).items()}
        self.state.tickets.change(ticket, values, performer="agent", user_id=people.agent.id)

    async def follow_up(self, ticket_id: str, *, text: str = "And another question about this.") -> str:
        """A new ticket of the same requester, as a child of this one. Returns its id."""
        parent = self._ticket(ticket_id)
        contact = self.state.people.contacts[parent.requester_id]
        child = self.state.tickets.new(
            subject=f"Re: {parent.subject}", description=html_of(text), requester_id=contact.id, source=parent.source
        )
        child.company_id = parent.company_id
        self.state.tickets.associate(child, parent)
        return str(self.state.tickets.open(child, performer="requester").id)

    async def delete(self, ticket_id: str, *, forever: bool = False) -> None:
        """Move a ticket to the trash (readable by id, marked `deleted`), or delete it for good (404)."""
        self.state.tickets.delete(self._ticket(ticket_id), forever=forever)

    def add_group(self, name: str) -> str:
        """The number of the group of agents of this name, made when it is new."""
        number = self._numbered(name) or 0
        self.state.groups.setdefault(number, name)
        return str(number)

    def add_field(self, title: str, *, choices: Sequence[str] = (), public: bool = False) -> str:
        """Make a custom field of tickets and return its name. choices: of a drop-down. public: customers see it."""
        name = f"cf_{title.lower().replace(' ', '_')}"
        self.state.fields[name] = CustomField(next(self._named_ids), name, title, tuple(choices), public)
        return name

    def fields_of(self, ticket_id: str) -> FieldsOf:
        """What is set in a ticket beside its conversation."""
        ticket = self._ticket(ticket_id)
        custom = {name: str(value) for name, value in ticket.custom_fields.items() if value not in (None, "")}
        group = "" if ticket.group_id is None else str(ticket.group_id)
        return FieldsOf(group, PRIORITY_NAMES[ticket.priority].lower(), tuple(ticket.tags), custom)

    def add_article(self, article: Article, *, draft: bool = False, visibility: int | None = None) -> str:
        """Publish or replace an article; see `Library.add`. Returns the vendor's id."""
        return str(self.state.library.add(article, draft=draft, visibility=visibility))

    def remove_article(self, article_id: str) -> None:
        """Delete an article."""
        self.state.library.remove(int(article_id))

    def add_macro(self, title: str, html: str, *, group: str = "", personal: bool = False) -> str:
        """Store a canned response ("Folder::Title") and return its id. group: for its agents alone."""
        return str(self.state.canned.add(title, html, group=group, personal=personal))

    def notes(self, ticket_id: str) -> list[StoredNote]:
        """Everything that our API user wrote into a ticket, oldest first."""
        me = self.state.people.api_user
        return [
            StoredNote(str(entry.id), entry.html, not entry.private, entry.created_at, me.name)
            for entry in self.state.tickets.of(self._ticket(ticket_id).id)
            if entry.by_api
        ]

    @property
    def deliveries(self) -> list[Delivery]:
        """The newest webhooks, oldest first."""
        return list(self._deliveries.log)

    @property
    def admin_mails(self) -> list[str]:
        """What the vendor mailed to the administrators about webhooks that it gave up."""
        return list(self._deliveries.admin_mails)

    @property
    def mails(self) -> list[Mail]:
        """What automation rules mailed to agents, groups and requesters."""
        return list(self._rules.mails)

    async def settle(self) -> None:
        """Wait until every webhook that is due has been sent."""
        await self._deliveries.settle()

    async def advance(self, seconds: float) -> None:
        """Put the account's clock forward and send what becomes due on the way, in its order."""
        await self._deliveries.advance(seconds)

    def rows(self) -> list[DeskRow]:
        """Tickets, last changed first."""
        return desk_rows(self.state)

    def conversation(self, ticket_id: str) -> DeskTicket:
        """One ticket as an agent sees it."""
        return desk_ticket(self.state, self._ticket(ticket_id))

    async def customer_opens(self, *, name: str, email: str, subject: str, text: str) -> str:
        """A customer writes for the first time, on the web page."""
        return await self.open_ticket(name=name, email=email, subject=subject, text=text)

    async def customer_writes(self, ticket_id: str, *, text: str) -> None:
        """The requester writes again, on the web page."""
        await self.customer_message(ticket_id, text=text)

    async def agent_writes(self, ticket_id: str, *, text: str, public: bool) -> None:
        """An agent writes on the web page."""
        await self.agent_message(ticket_id, text=text, public=public)

    async def agent_solves(self, ticket_id: str) -> None:
        """An agent resolves the ticket on the web page."""
        await self.set_status(ticket_id, RESOLVED)

    def _place(self, ticket: StoredTicket, *, group: str, brand: str, form: str) -> None:
        if number := self._numbered(group):
            ticket.group_id = number
            self.state.groups.setdefault(number, group)
        ticket.product_id = self._numbered(brand) or ticket.product_id
        ticket.type = form or ticket.type

    def _numbered(self, name: str) -> int | None:
        """The number of a group or product."""
        if not name or name.isdecimal():
            return int(name) if name else None
        return self._named.setdefault(name, next(self._named_ids))

    def _changed(self, change: Change) -> None:
        self._rules.run(self.state, change, self._deliveries)
