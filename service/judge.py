"""What a ticket is, and what follows: triage, the customer, a running incident, and the policy. Reads; the story writes it down."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from connectors.base import Ticket
from service.analysis import Analysis
from service.context.customers import Customers
from service.conversation import Conversation
from service.incidents.running import Running
from service.incidents.store import Incidents
from service.ledger import TicketKey
from service.occasions import Occasion
from service.policy.deciding import Past, decide
from service.policy.decision import Decision
from service.policy.document import Policy
from service.policy.matching import facts_of
from service.policy.standing import Policies
from service.triage.judged import Customer, Triage
from service.triage.store import Triages
from service.triage.triaging import Triager

WEEK = timedelta(days=7)
"""In which somebody's tickets belong together."""

_OFTEN = 3  # related tickets in a week that speak for a person


NO_PAST = Past()


@dataclass(frozen=True, slots=True)
class Judgement:
    """Of one customer message. now: when it was judged."""

    triage: Triage
    decision: Decision
    customer: Customer
    policy: Policy
    now: datetime
    incident: Running | None = None
    past: Past = NO_PAST


class Judge:
    """Says what a ticket is. Holds nothing but its tools."""

    def __init__(
        self, policies: Policies, triager: Triager, customers: Customers, incidents: Incidents, triages: Triages
    ) -> None:
        self._policies, self._triager = policies, triager
        self._customers, self._incidents, self._triages = customers, incidents, triages

    @property
    def policy(self) -> Policy:
        """The one in force."""
        return self._policies.current().policy

    async def learn(self) -> None:
        """Be ready before the first ticket. Never raises."""
        await self._triager.learn(self.policy)

    async def customer(self, ticket: Ticket) -> Customer:
        """Who asks; within half a second, and never raises."""
        return await self._customers.of(ticket, self.policy)

    async def judge(
        self,
        ticket: Ticket,
        conversation: Conversation,
        analysis: Analysis,
        occasion: Occasion,
        customer: Customer,
        *,
        language: str,
    ) -> Judgement:
        """Everything about this message, by the policy as it is now. language: the team's."""
        in_force, now = self._policies.current(), datetime.now(UTC)
        key = TicketKey(ticket.helpdesk, ticket.account, ticket.id)
        past = await self._triages.known(key, occasion.key, requester=ticket.requester.id, since=now - WEEK)
        triage = await self._triager.judge(
            ticket, conversation, analysis, policy=in_force.policy, contacts=past.contacts, now=now
        )
        past, triage = await about_the_same(self._triages, past, triage, key, requester=ticket.requester.id, now=now)
        facts = facts_of(
            in_force.policy,
            ticket=ticket,
            conversation=conversation,
            triage=triage,
            customer=customer,
            escalations=past.escalations,
        )
        decision = decide(
            in_force,
            ticket=ticket,
            conversation=conversation,
            triage=triage,
            customer=customer,
            past=past,
            now=now,
            language=language,
            told=occasion.tier,
        )
        incident = await self._incidents.matching(ticket, facts)
        return Judgement(triage, decision, customer, in_force.policy, now, incident, past)


async def about_the_same(
    triages: Triages, past: Past, triage: Triage, key: TicketKey, *, requester: str, now: datetime
) -> tuple[Past, Triage]:
    """With the contacts of the week that are of the same category, where there were many; too few of them speak for nobody."""
    if past.contacts < _OFTEN or not triage.category.value:
        return past, triage
    related = await triages.contacts(key, requester, since=now - WEEK, category=triage.category.value)
    kept = (one for one in triage.signals if one.name != "third_contact" or related >= _OFTEN)
    return replace(past, contacts=related), replace(triage, contacts=related, signals=tuple(kept))
