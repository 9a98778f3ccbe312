"""Labelled tickets judged as they would be, message by message, and how often that was right."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from connectors.base import Ticket
from service.analysis import Analysis, analyse_by_rules
from service.conversation import Conversation, read_conversation
from service.masking import Masker, everybody
from service.occasions import newest_of_requester
from service.policy.deciding import InForce, Past, decide
from service.policy.decision import Decision
from service.policy.document import Policy, Tier
from service.policy.labelled import LabelledTicket
from service.triage.judged import NOBODY, Triage

_WRONG_WORDS = 12


class Judge(Protocol):
    """Says what kind of ticket it is, as service/triage/triaging.py does."""

    async def judge(
        self,
        ticket: Ticket,
        conversation: Conversation,
        analysis: Analysis,
        *,
        policy: Policy,
        contacts: int,
        now: datetime,
    ) -> Triage:
        """The triage of the newest message."""
        ...


@dataclass(frozen=True, slots=True)
class Tried:
    """A labelled ticket and what became of it after its last message."""

    labelled: LabelledTicket
    triage: Triage
    decision: Decision

    @property
    def right(self) -> bool:
        """Whether it has the tier that it was labelled with."""
        return self.decision.tier == self.labelled.tier


@dataclass(frozen=True, slots=True)
class Hits:
    """How many tickets a rule fired for, and how many of those are labelled with its tier or a higher one."""

    fired: int
    right: int


@dataclass(frozen=True, slots=True)
class Scores:
    """How often it was right. Shares from 0 to 1; None: no ticket to count. by_tier: labelled → judged → tickets.

    by_category: the same of categories, where a category is labelled. by_language: recall and precision of tier 3.
    wrong: tickets whose tier is not the labelled one, those that a person should have taken first.
    """

    tickets: int
    tier3_recall: float | None
    tier3_precision: float | None
    tier_accuracy: float
    category_accuracy: float | None
    by_tier: Mapping[int, Mapping[int, int]]
    by_category: Mapping[str, Mapping[str, int]]
    by_language: Mapping[str, Mapping[str, float | None]]
    hits: Mapping[str, Hits]
    unknown_categories: tuple[str, ...]
    wrong: tuple[Mapping[str, Any], ...]

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)


async def tried(
    labelled: LabelledTicket, *, in_force: InForce, judge: Judge, now: datetime, language: str = "en"
) -> Tried:
    """Judge a ticket after each message of its customer, for a tier never falls by itself. now: when the last one came."""
    past, found = Past(contacts=labelled.contacts_7d), None
    for ticket in labelled.tickets(now):
        conversation, analysis = await asyncio.to_thread(_read, ticket)
        at = ticket.updated_at
        triage = await judge.judge(
            ticket, conversation, analysis, policy=in_force.policy, contacts=past.contacts, now=at
        )
        decision = decide(
            in_force,
            ticket=ticket,
            conversation=conversation,
            triage=triage,
            customer=NOBODY,
            past=past,
            now=at,
            language=language,
        )
        past = replace(past, tier=decision.tier, tagged=decision.tagged)
        found = Tried(labelled, triage, decision)
    assert found is not None  # noqa: S101 - the last message is a customer's
    return found


def _read(ticket: Ticket) -> tuple[Conversation, Analysis]:
    answer = newest_of_requester(ticket)
    assert answer is not None  # noqa: S101 - see LabelledTicket.tickets
    conversation = read_conversation(ticket, (), answer=answer, masker=Masker(everybody(ticket)))
    return conversation, analyse_by_rules(conversation)


def scores(all_tried: Sequence[Tried], policy: Policy) -> Scores:
    """Count. At least one ticket."""
    labelled = [one for one in all_tried if one.labelled.category]
    wrong = sorted((one for one in all_tried if not one.right), key=lambda one: (-one.labelled.tier, one.labelled.id))
    languages = sorted({one.labelled.language for one in all_tried} - {""})
    return Scores(
        tickets=len(all_tried),
        tier3_recall=_recall(all_tried),
        tier3_precision=_precision(all_tried),
        tier_accuracy=_share([one.right for one in all_tried]) or 0.0,
        category_accuracy=_share([one.triage.category.value == one.labelled.category for one in labelled]),
        by_tier=_confusion(all_tried, lambda one: (one.labelled.tier, one.decision.tier)),
        by_category=_confusion(labelled, lambda one: (one.labelled.category, one.triage.category.value)),
        by_language={
            name: {"tier3_recall": _recall(own), "tier3_precision": _precision(own)}
            for name in languages
            for own in [[one for one in all_tried if one.labelled.language == name]]
        },
        hits=_hits(all_tried, policy),
        unknown_categories=tuple(sorted({one.labelled.category for one in labelled} - set(policy.categories))),
        wrong=tuple(_told(one) for one in wrong),
    )


def _share(right: Sequence[bool]) -> float | None:
    return round(sum(right) / len(right), 4) if right else None


def _recall(of: Iterable[Tried]) -> float | None:
    return _share([one.decision.tier == 3 for one in of if one.labelled.tier == 3])


def _precision(of: Iterable[Tried]) -> float | None:
    return _share([one.labelled.tier == 3 for one in of if one.decision.tier == 3])


def _confusion(of: Iterable[Tried], pair: Callable[[Tried], tuple[Any, Any]]) -> Mapping[Any, Mapping[Any, int]]:
    table: dict[Any, Counter[Any]] = {}
    for one in of:
        said, judged = pair(one)
        table.setdefault(said, Counter())[judged] += 1
    return {said: dict(sorted(row.items())) for said, row in sorted(table.items())}


def _hits(of: Iterable[Tried], policy: Policy) -> Mapping[str, Hits]:
    """Of every rule of the policy, also of those that never fired; of categories and of escalation where they did."""
    tiers: dict[str, Tier] = {rule.name: rule.then.tier or 1 for rule in policy.rules} | {"escalation": 3}
    fired, right = Counter[str](dict.fromkeys(tiers, 0)), Counter[str]()
    for one in of:
        for name in one.decision.rules:
            fired[name] += 1
            right[name] += one.labelled.tier >= tiers.get(name, _of_category(policy, name))
    return {name: Hits(count, right[name]) for name, count in fired.items()}


def _of_category(policy: Policy, name: str) -> Tier:
    category = policy.categories.get(name.removeprefix("category "))
    return (category.tier or 1) if category else 1


def _told(one: Tried) -> dict[str, Any]:
    return {
        "id": one.labelled.id,
        "labelled": one.labelled.tier,
        "tier": one.decision.tier,
        "labelled_category": one.labelled.category,
        "category": one.triage.category.value,
        "rules": list(one.decision.rules),
        "signals": [signal.name for signal in one.triage.signals],
        "begins": " ".join(f"{one.labelled.subject} · {one.labelled.messages[-1]}".split()[:_WRONG_WORDS]),
    }
