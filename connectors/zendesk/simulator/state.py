"""The simulated account's data: rows, ids, and how rows are found or made."""

from __future__ import annotations

from datetime import datetime
from itertools import count

from connectors.simulated.clock import Clock
from connectors.zendesk.simulator.options import Faults, Options
from connectors.zendesk.simulator.records import (
    ArticleRow,
    Macro,
    Named,
    Section,
    Ticket,
    TicketField,
    Trigger,
    User,
    Webhook,
)

ACCOUNT_ID = 18_525_119

_FIRST_ID = 26_155_588_900_000
"""Ids of everything but tickets have 14 digits: they fit 64 bits, not 32."""

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class State:
    """Everything the account holds. Dictionaries keep the order in which rows were made."""

    def __init__(self, *, options: Options, faults: Faults, clock: Clock, url: str) -> None:
        self.options = options
        self.faults = faults
        self.clock = clock
        self.url = url.rstrip("/")
        self._ids = count(_FIRST_ID, 91)
        self._ticket_ids = count(5101)
        self._ulids = count(1)
        self.users: dict[int, User] = {}
        self.organizations: dict[int, Named] = {}
        self.groups: dict[int, Named] = {}
        self.brands: dict[int, Named] = {}
        self.forms: dict[int, Named] = {}
        self.tickets: dict[int, Ticket] = {}
        self.triggers: dict[int, Trigger] = {}
        self.automations: dict[int, Trigger] = {}  # listed, never run: no test waits an hour
        self.macros: dict[int, Macro] = {}
        self.webhooks: dict[str, Webhook] = {}
        self.articles: dict[int, ArticleRow] = {}
        self.categories: dict[int, Section] = {}
        self.sections: dict[int, Section] = {}
        self.group = self._named(self.groups, "Support")
        self.brand = self._named(self.brands, options.company)
        self.staff_segment = self.new_id()
        self.organization_segments: dict[int, int] = {}  # organisation -> the segment that is for it alone
        self.form_id = self._named(self.forms, "Default Ticket Form").id
        self.field_id = self.new_id()
        self.fields = {self.field_id: TicketField(self.field_id, "Updates", "integer")}
        self.status_id = self.new_id()
        domain = f"{options.company.lower().replace(' ', '')}.example"
        self.agent = self.add_user("Robin Vale", f"robin@{domain}", role="agent")
        mailbox = options.api_name.lower().replace(" ", ".")
        self.api_user = self.add_user(options.api_name, f"{mailbox}@{domain}", role=options.api_role)

    def now(self) -> datetime:
        """The time, to the second: the API knows no finer one."""
        return self.clock().replace(microsecond=0)

    def new_id(self) -> int:
        """An id for anything but a ticket."""
        return next(self._ids)

    def new_ticket_id(self) -> int:
        """The next ticket's number."""
        return next(self._ticket_ids)

    def new_ulid(self) -> str:
        """An id as the webhooks family has them: 26 characters, in order of time."""
        number = (int(self.clock().timestamp() * 1000) << 80) + next(self._ulids)
        return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))

    def add_user(self, name: str, email: str, *, role: str = "end-user", locale: str = "") -> User:
        """Make a user."""
        kind = role if role in ("agent", "admin") else "end-user"
        user = User(
            id=self.new_id(),
            name=name,
            email=email.lower(),
            role=kind,  # type: ignore[arg-type]  # narrowed one line above
            created_at=self.now(),
            locale=locale or "en-US",
        )
        self.users[user.id] = user
        return user

    def user_by_email(self, email: str) -> User | None:
        """The user with this address."""
        return next((user for user in self.users.values() if user.email == email.lower()), None)

    def group_named(self, name: str) -> Named:
        """The group of agents of this name, made when it is new."""
        return self._named(self.groups, name)

    def form_named(self, name: str) -> Named:
        """The ticket form of this name, made when it is new."""
        return self._named(self.forms, name)

    def person(self, name: str, email: str, *, language: str = "") -> User:
        """The user with this address, made when it is new, as the helpdesk does for whoever writes in."""
        return self.user_by_email(email) or self.add_user(name or email.partition("@")[0], email, locale=language)

    def organization(self, name: str) -> Named:
        """The organization of this name, made when it is new."""
        return self._named(self.organizations, name)

    def brand_named(self, name: str) -> Named:
        """The brand of this name or id, made when it is new; empty: the account's own."""
        if not name or name == "*":
            return self.brand
        if name.isdecimal() and int(name) in self.brands:
            return self.brands[int(name)]
        return self._named(self.brands, name)

    def section(self, breadcrumb: str) -> Section:
        """The section at "Category › Section", both made when they are new."""
        category_name, _, section_name = (breadcrumb or "General").partition("›")
        category = self._section(self.categories, category_name.strip(), None)
        return self._section(self.sections, section_name.strip() or category_name.strip(), category.id)

    def ticket(self, ticket_id: str | int) -> Ticket:
        """A ticket that is not deleted. Raises KeyError."""
        ticket = self.tickets[int(ticket_id)] if str(ticket_id).isdecimal() else None
        if ticket is None or ticket.status == "deleted":
            raise KeyError(ticket_id)
        return ticket

    def name_of(self, user_id: int) -> str:
        """A user's name; the helpdesk's own for what it wrote itself."""
        return self.users[user_id].name if user_id in self.users else "Zendesk"

    def _named(self, rows: dict[int, Named], name: str) -> Named:
        found = next((row for row in rows.values() if row.name == name), None)
        if found is None:
            found = Named(id=self.new_id(), name=name, created_at=self.now())
            rows[found.id] = found
        return found

    def _section(self, rows: dict[int, Section], name: str, category_id: int | None) -> Section:
        found = next((row for row in rows.values() if row.name == name and row.category_id == category_id), None)
        if found is None:
            found = Section(id=self.new_id(), name=name, category_id=category_id, created_at=self.now())
            rows[found.id] = found
        return found
