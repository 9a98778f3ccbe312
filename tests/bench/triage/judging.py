"""A labelled ticket through the product's own step, and the tier that follows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connectors.base import Message, Person, Ticket
from service.analysis import analyse_by_rules
from service.conversation import Conversation, read_conversation
from service.masking import Masker
from service.policy.deciding import InForce, Past, decide
from service.policy.document import Tier
from service.triage.judged import NOBODY, Triage
from service.triage.triaging import Triager
from tests.bench.triage.tickets import LabelledTicket

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
_REQUESTER, _AGENT = Person("1", "Sam Sample", "sam@example.com"), Person("2", "Alex Agent", role="agent")


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was said of a ticket, and how long it took."""

    ticket: LabelledTicket
    triage: Triage
    told_tier: Tier
    took_ms: float


async def judged(tickets: Sequence[LabelledTicket], *, triager: Triager, in_force: InForce) -> list[Judgement]:
    """Each ticket after its last message, one by one."""
    made = []
    for one in tickets:
        ticket, conversation = _ticket(one), _conversation(one)
        analysis = analyse_by_rules(conversation)
        began = time.perf_counter()
        triage = await triager.judge(
            ticket, conversation, analysis, policy=in_force.policy, contacts=one.contacts_7d, now=NOW
        )
        took_ms = (time.perf_counter() - began) * 1_000
        made.append(Judgement(one, triage, tier_of(ticket, conversation, triage, in_force), took_ms))
    return made


def tier_of(ticket: Ticket, conversation: Conversation, triage: Triage, in_force: InForce) -> Tier:
    """As the product decides it, of a customer of whom nothing is known and a ticket without a past."""
    return decide(
        in_force,
        ticket=ticket,
        conversation=conversation,
        triage=triage,
        customer=NOBODY,
        past=Past(),
        now=NOW,
        language="en",
    ).tier


def _ticket(one: LabelledTicket) -> Ticket:
    messages = tuple(
        Message(
            str(number),
            "public reply" if said.by_agent else "requester message",
            _AGENT if said.by_agent else _REQUESTER,
            NOW - timedelta(hours=len(one.messages) - number),
            text=said.text,
        )
        for number, said in enumerate(one.messages)
    )
    return Ticket(
        "zendesk",
        "acme.zendesk.example",
        one.id,
        one.subject,
        "open",
        "email",
        _REQUESTER,
        NOW,
        messages,
        tags=one.tags,
    )


def _conversation(one: LabelledTicket) -> Conversation:
    ticket = _ticket(one)
    newest = next(message for message in reversed(ticket.messages) if message.kind == "requester message")
    return read_conversation(ticket, (), answer=newest, masker=Masker([_REQUESTER, _AGENT]))
