"""A labelled ticket through the product's own step, and the tier that follows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import yaml

from connectors.base import Message, Person, Ticket
from service.analysis import analyse_by_rules
from service.conversation import Conversation, read_conversation
from service.masking import Masker
from service.policy.document import Policy, Tier
from service.triage.judged import Triage
from service.triage.triaging import Triager
from tests.bench.processes import ROOT
from tests.bench.triage.tickets import LabelledTicket

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
_BUILTIN = ROOT / "service" / "policy" / "builtin.yaml"
_REQUESTER, _AGENT = Person("1", "Sam Sample", "sam@example.com"), Person("2", "Alex Agent", role="agent")
_CLEAR = 0.5


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was said of a ticket, and how long it took."""

    ticket: LabelledTicket
    triage: Triage
    told_tier: Tier
    took_ms: float


def built_in() -> Policy:
    """The policy that is in force where nobody wrote one; where there is none, one that knows no categories."""
    return (
        Policy.model_validate(yaml.safe_load(_BUILTIN.read_text("utf-8"))) if _BUILTIN.exists() else Policy(version=1)
    )


async def judged(tickets: Sequence[LabelledTicket], *, triager: Triager, policy: Policy) -> list[Judgement]:
    """Each ticket after its last message, one by one."""
    made = []
    for one in tickets:
        ticket, conversation = _ticket(one), _conversation(one)
        analysis = analyse_by_rules(conversation)
        began = time.perf_counter()
        triage = await triager.judge(ticket, conversation, analysis, policy=policy, contacts=one.contacts_7d, now=NOW)
        took_ms = (time.perf_counter() - began) * 1_000
        made.append(Judgement(one, triage, tier_of(triage, policy), took_ms))
    return made


def tier_of(triage: Triage, policy: Policy) -> Tier:
    """By the plainest rules: a strong signal, two that agree, the highest stakes, or what the policy says of the category."""
    category = policy.categories.get(triage.category.value)
    if any(one.alone for one in triage.signals) or len(triage.signals) > 1 or triage.stakes.value == 5:
        return 3
    return (category.tier if category and triage.category.sure >= _CLEAR else None) or 1


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
