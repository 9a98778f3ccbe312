"""Why a ticket is decided as it is: what was found, which rules fired and on what, which nearly did, and what follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from connectors.base import Ticket
from service.conversation import Conversation
from service.policy.deciding import InForce, Limits, Past, fired_by, limits_of
from service.policy.decision import Decision
from service.policy.document import Rule, Tier
from service.policy.matching import Facts, Part, facts_of, parts
from service.triage.judged import Customer, Signal, Triage


@dataclass(frozen=True, slots=True)
class Looked:
    """A rule. held: the lines of its condition that hold, with what they rest on. failed: the first that does not."""

    name: str
    tier: Tier | None
    held: tuple[str, ...]
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that led to a decision. known, unknown: of the customer."""

    values: Mapping[str, tuple[Any, float, tuple[str, ...]]]  # triage: value, how sure, the words
    amounts: tuple[str, ...]
    contacts: int
    shift: int
    signals: tuple[Signal, ...]
    known: Mapping[str, str]
    unknown: Mapping[str, str]
    limits: Limits
    past: Past
    fired: tuple[Looked, ...]
    nearly: tuple[Looked, ...]
    decision: Decision

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        due = self.decision.due
        told = asdict(self)
        told["past"].pop("tickets")
        told["past"]["drifted"] = sorted(self.past.drifted)
        return {**told, "decision": asdict(self.decision) | {"due": due.isoformat() if due else None}}


def explain(
    in_force: InForce,
    decision: Decision,
    *,
    ticket: Ticket,
    conversation: Conversation,
    triage: Triage,
    customer: Customer,
    past: Past,
    language: str,
) -> Explanation:
    """Look again at what the decision was made of. All texts are as masked as the triage's."""
    policy = in_force.policy
    triage = replace(triage, contacts=max(triage.contacts, past.contacts))
    facts = facts_of(
        policy, ticket=ticket, conversation=conversation, triage=triage, customer=customer, escalations=past.escalations
    )
    rules = [_looked(rule, facts) for rule in policy.rules]
    categories = [
        Looked(one.name, one.effect.tier, (f"category {_value(triage, 'category')}",))
        for one in fired_by(policy, facts, language=language)
        if one.name == f"category {triage.category.value}"
    ]
    nearly = [one for one in rules if one.failed and one.held]
    names = ("category", "intent", "complexity", "stakes", "sentiment", "urgency", "language", "wants_person")
    judged = {name: getattr(triage, name) for name in names}
    return Explanation(
        values={name: (one.value, one.sure, one.words) for name, one in judged.items()},
        amounts=tuple(f"{one.value:g} {one.currency}".strip() for one in triage.amounts),
        contacts=triage.contacts,
        shift=triage.shift,
        signals=triage.signals,
        known=customer.facts,
        unknown=customer.unknown,
        limits=limits_of(policy, facts.segments),
        past=past,
        fired=(*categories, *(one for one in rules if not one.failed)),
        nearly=tuple(sorted(nearly, key=lambda one: -len(one.held))),
        decision=decision,
    )


def _value(triage: Triage, name: str) -> str:
    judged = getattr(triage, name)
    return f"{judged.value} ({judged.sure:.2f})"


def _looked(rule: Rule, facts: Facts) -> Looked:
    looked = list(parts(rule.when, facts))
    held = tuple(f"{part.name} {part.has}".strip() for part in looked if part.holds)
    failed = next((_failed(part) for part in looked if not part.holds), "")
    return Looked(rule.name, rule.then.tier, held, failed)


def _failed(part: Part) -> str:
    if part.name == "none_of":
        return f"none_of, for there is {part.has}"
    return f"{part.name} is {part.has or 'not there'}, asked for is {part.asks}"
