"""Contacts, agents and companies of a simulated account."""

from __future__ import annotations

from datetime import datetime
from itertools import count

from connectors.freshdesk.simulator.options import Options
from connectors.freshdesk.simulator.records import Agent, Company, Contact
from connectors.simulated.clock import Clock

ADMINISTRATOR, AGENT = 43_000_001_001, 43_000_001_003
"""Ids of roles."""


class People:
    """Everybody the account knows. Contacts and agents share one sequence of ids, as users of one table do."""

    def __init__(self, *, clock: Clock, options: Options) -> None:
        self._clock = clock
        self._language = options.language
        self._ids = count(43_026_440_001)
        self.contacts: dict[int, Contact] = {}
        self.agents: dict[int, Agent] = {}
        self.companies: dict[int, Company] = {}
        self._by_email: dict[str, Contact] = {}
        self.agent = self._agent(options.agent)
        self.api_user = self._agent(options.api_user, ticket_scope=options.ticket_scope)
        self.api_user.role_ids = [ADMINISTRATOR if options.administrator else AGENT]

    def contact(self, email: str, *, name: str = "", company: str = "", language: str = "") -> Contact:
        """The contact with this address; made when there is none. A company or language given here is kept."""
        found = self.contact_by_email(email)
        if found is None:
            name = name or email.partition("@")[0]
            found = Contact(next(self._ids), name, email, self._now(), language=language or self._language)
            self.contacts[found.id] = found
            self._by_email[email.lower()] = found
        if company:
            found.company_id = self.company(company).id
        if language:
            found.language = language
        return found

    def contact_by_email(self, email: str) -> Contact | None:
        """The contact with this address, in any spelling."""
        return self._by_email.get(email.lower())

    def company(self, name: str) -> Company:
        """The company of this name; made when there is none."""
        for known in self.companies.values():
            if known.name == name:
                return known
        made = Company(next(self._ids), name, self._now())
        self.companies[made.id] = made
        return made

    def colleague(self, name: str) -> Agent:
        """The agent of this name; made when there is none."""
        return next((one for one in self.agents.values() if one.name == name), None) or self._agent(name)

    def name_of(self, user_id: int | None) -> str:
        """Name of a contact or an agent; an automation has none."""
        if user_id is None:
            return "Automation"
        person = self.agents.get(user_id) or self.contacts.get(user_id)
        return person.name if person else f"user {user_id}"

    def _agent(self, name: str, *, ticket_scope: int = 1) -> Agent:
        email = f"{name.lower().replace(' ', '.')}@acme.example"
        made = Agent(next(self._ids), name, email, self._now(), ticket_scope=ticket_scope)
        self.agents[made.id] = made
        return made

    def _now(self) -> datetime:
        return self._clock().replace(microsecond=0)
