"""What follows for a customer message: the policy's effects, then escalation, then what was before and what an agent said.

Pure, and below a millisecond. Whatever speaks for a person wins: of two tiers the higher, of two limits the lower.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Protocol, get_args

from connectors.base import Ticket
from service.conversation import Conversation
from service.occasions import newest_of_requester
from service.phrases import phrases
from service.policy.decision import Decision
from service.policy.document import Condition, Effect, Policy, Priority, Tier
from service.policy.matching import Facts, facts_of, holds, line_of
from service.policy.values import said
from service.triage.judged import Customer, SignalName, Triage

TIER_TAGS: Final[Mapping[str, Tier]] = {"deskpilot_tier_3": 3, "deskpilot_tier_2": 2, "deskpilot_tier_1": 1}
"""By which an agent says what a ticket is; of several the highest."""

_PRIORITIES: Final[Mapping[str, Priority]] = {
    "urgent": "urgent",
    "high": "high",
    "normal": "normal",
    "medium": "normal",
    "": "normal",
    "low": "low",
}
"""In the words of both vendors."""

CIRCUMSTANCES: Final = frozenset[SignalName]({"long_thread", "amount", "deadline_close", "untrusted", "third_contact"})
"""How things stand, whoever writes. They agree with what a customer says, and say nothing by themselves, in no segment."""

_STRENGTH: Final = get_args(SignalName)


class InForce(Protocol):
    """A policy and the version that the ledger keeps of it."""

    @property
    def policy(self) -> Policy:
        """What the file says."""
        ...

    @property
    def version(self) -> str:
        """Of its text."""
        ...


@dataclass(frozen=True, slots=True)
class Contact:
    """Another ticket of the same requester. category: of its newest message that had one; at: of that message."""

    ticket_id: str
    at: datetime
    category: str = ""


@dataclass(frozen=True, slots=True)
class Past:
    """Of the ticket, before this message. tier: the highest since an agent lowered it. contacts: this ticket included."""

    tier: Tier = 1
    asked_back: int = 0  # drafts of ours that were clarifying questions, for other messages
    contacts: int = 1  # of the requester in seven days
    escalations: int = 0  # other tickets of the requester that went to a person, in thirty days
    tickets: tuple[Contact, ...] = ()  # of the requester in seven days, without this one; newest first
    tagged: Tier | None = None  # by which tag an agent had said what it is, when it was last judged
    drifted: frozenset[str] = frozenset()  # categories that stand a tier higher until a person lowers them


@dataclass(frozen=True, slots=True)
class Fired:
    """An effect that holds. name: as Decision.rules has it.

    signals: those that its condition names and that were found. sums_up: its condition asks for nothing but how much is at stake.
    """

    name: str
    effect: Effect
    why: str
    signals: frozenset[str] = frozenset()
    sums_up: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """For this customer: so many signals, so many questions back, then a person."""

    signals: int
    questions: int


def decide(
    in_force: InForce,
    *,
    ticket: Ticket,
    conversation: Conversation,
    triage: Triage,
    customer: Customer,
    past: Past,
    now: datetime,
    language: str,
    told: Tier | None = None,
) -> Decision:
    """Say what follows. language: the team's. told: the tier an agent has named, as Occasion.tier has it. Never raises."""
    policy = in_force.policy
    triage = replace(triage, contacts=max(triage.contacts, past.contacts))
    facts = facts_of(
        policy, ticket=ticket, conversation=conversation, triage=triage, customer=customer, escalations=past.escalations
    )
    fired = tuple(fired_by(policy, facts, language=language))
    limits = limits_of(policy, facts.segments)
    escalated = _escalates(triage, limits)
    own: Tier = max((one.effect.tier or 1 for one in fired), default=1)
    lifted = _lifted(policy, triage, fired) if triage.category.value in past.drifted else 1
    judged: Tier = 3 if escalated else max(own, lifted)
    kept: Tier = max(judged, past.tier)
    tagged = next((tier for tag, tier in TIER_TAGS.items() if tag in ticket.tags), None)
    tier = told or _by_tag(tagged, kept, triage, past)
    effects = [one.effect for one in fired]
    group = _first(effect.group for effect in effects) or (policy.escalation.group if escalated else "")
    priority = next((effect.priority for effect in effects if effect.priority), None)
    return Decision(
        tier=tier,
        reasons=_reasons(fired, triage, tier=tier, judged=judged, kept=kept, lifted=lifted, language=language),
        rules=(
            *(one.name for one in fired),
            *(["drift"] if lifted > 1 else []),
            *(["escalation"] if escalated else []),
        ),
        version=in_force.version,
        category=triage.category.value,
        group=group,
        priority=priority,
        due=_due(policy, effects, ticket, group=group, priority=priority, now=now),
        tags=_every(effect.tags for effect in effects),
        fields=_fields(effects),
        answer=_first(effect.answer for effect in effects),
        playbook=_first(effect.playbook for effect in effects),
        checks=_every([said(words, language) for words in effect.checks] for effect in effects),
        dont_promise=_every([said(words, language) for words in effect.dont_promise] for effect in effects),
        segments=tuple(sorted(facts.segments)),
        may_ask=past.asked_back < limits.questions,
        lowered=tier < kept,
        tagged=tagged,
    )


def without_a_question(decision: Decision, policy: Policy) -> Decision:
    """The decision where a draft would be one question too many (`may_ask` is False): a person answers instead."""
    return replace(
        decision,
        tier=3,
        reasons=("questions", *(one for one in decision.reasons if one != "questions")),
        rules=(*(one for one in decision.rules if one != "escalation"), "escalation"),
        group=decision.group or policy.escalation.group,
        lowered=False,
    )


def fired_by(policy: Policy, facts: Facts, *, language: str) -> Iterator[Fired]:
    """The effects that hold: the category's own with what it takes over from above, then rules as they stand in the file."""
    line = line_of(policy, facts.triage.category.value)
    if line:
        whole = _inherited([policy.categories[name] for name in line])
        if facts.triage.category.sure < policy.escalation.sure:
            whole = _unsure(whole)
        same = frozenset({line[0]} & {one.name for one in facts.triage.signals})  # the signal says it already
        title = "" if same else said(policy.categories[line[0]].title, language) or line[0]
        yield Fired(f"category {line[0]}", whole, said(whole.why, language) or title, same)
    for rule in policy.rules:
        if holds(rule.when, facts):
            found = {one.name for one in facts.triage.signals} & set(_signals_in(rule.when))
            sums_up = rule.when == Condition(stakes=rule.when.stakes)
            yield Fired(rule.name, rule.then, said(rule.then.why, language), frozenset(found), sums_up)


def _signals_in(when: Condition) -> Iterator[str]:
    """Those that a condition names, as signals or by what they rest on."""
    yield from when.signal
    yield from [one for one in when.sentiment if one == "angry"]
    yield from ["amount"] * bool(when.amount) + ["third_contact"] * bool(when.contacts)
    for inner in when.any_of:
        yield from _signals_in(inner)


def limits_of(policy: Policy, segments: Iterable[str]) -> Limits:
    """The lowest of what is said for everybody and for the customer's segments."""
    own = [policy.segments[name] for name in segments]
    escalation = policy.escalation
    return Limits(
        signals=min([escalation.signals, *(one.signals for one in own if one.signals is not None)]),
        questions=min([escalation.questions, *(one.questions for one in own if one.questions is not None)]),
    )


def _inherited(line: Iterable[Effect]) -> Effect:
    """Of each line the nearest that says something."""
    given: dict[str, Any] = {}
    for effect in line:
        for name in Effect.model_fields:
            value = getattr(effect, name)
            if value not in (None, "", (), {}):
                given.setdefault(name, value)
    return Effect.model_construct(**given)


def _unsure(effect: Effect) -> Effect:
    """What is left where the category is a guess: a person checks, and no text, group or field follows from it."""
    tier: Tier | None = min(effect.tier, 2) if effect.tier else None
    return Effect.model_construct(tier=tier, why=effect.why, checks=effect.checks, dont_promise=effect.dont_promise)


def _lifted(policy: Policy, triage: Triage, fired: Sequence[Fired]) -> Tier:
    """A tier above the category's own; of a category that is only a guess not above checks, as with all that follows from it."""
    own = next((one.effect.tier or 1 for one in fired if one.name == f"category {triage.category.value}"), 1)
    return 2 if own == 1 or triage.category.sure < policy.escalation.sure else 3


def _escalates(triage: Triage, limits: Limits) -> bool:
    if triage.wants_person.value or any(_is_enough(triage, one) for one in _names(triage)):
        return True
    names = _names(triage)
    return len(names) >= limits.signals and not CIRCUMSTANCES.issuperset(names)


def _names(triage: Triage) -> list[SignalName]:
    """The signals that were found, once each, strongest first."""
    return sorted({one.name for one in triage.signals}, key=_STRENGTH.index)


def _is_enough(triage: Triage, name: str) -> bool:
    """Whether this signal needs no other. A wish for a person never does."""
    return name == "person" or any(one.alone for one in triage.signals if one.name == name)


def _by_tag(tagged: Tier | None, kept: Tier, triage: Triage, past: Past) -> Tier:
    """What an agent's tag says, else what was found.

    Nobody knows when it was set, and a form may set it, too. So it does not stand against what speaks for a person by itself,
    nor against a tier that the ticket has reached in spite of it; a command does, for it answers the message before it.
    """
    if tagged is None:
        return kept
    if triage.wants_person.value or any(_is_enough(triage, one) for one in _names(triage)):
        return 3
    return max(tagged, past.tier) if tagged == past.tagged else tagged


def _reasons(
    fired: Iterable[Fired], triage: Triage, *, tier: Tier, judged: Tier, kept: Tier, lifted: Tier, language: str
) -> tuple[str, ...]:
    """Why it is more than a draft, strongest first: what is enough by itself, the policy, what else was found, the past.

    A signal that the words of a rule explain is not said again, nor a category that is called like it; what is at stake
    is said where nothing else is.
    """
    if tier == 1:
        return ()
    names: list[str] = [*_names(triage)] if tier == 3 else []
    if triage.wants_person.value and tier == 3 and "person" not in names:
        names.insert(0, "person")
    alone = [name for name in names if name == "person" or _is_enough(triage, name)]
    written = [one for one in fired if (one.effect.tier or 1) >= tier]
    explained = frozenset[str]().union(*(one.signals for one in written if one.why))
    candidates = [
        *(["by_hand"] if tier != kept else []),
        *(_of_rule(written, name) or name for name in alone),
        *(reason for one in written for reason in _of_effect(one, explained) if not one.sums_up),
        *(name for name in names if name not in explained),
        *(["drift"] if lifted == tier else []),
        *(["before"] if tier > judged and tier == kept else []),
    ]
    phrased, seen = phrases(language).reasons, dict[str, str]()
    for one in candidates or [one.why or one.name for one in written]:
        seen.setdefault(phrased.get(one, one).casefold(), one)
    return tuple(seen.values())


def _of_effect(one: Fired, explained: frozenset[str]) -> Sequence[str]:
    """Its own words; else the signals that no other's words explain, or its name."""
    if one.name.removeprefix("category ") in explained and one.name.startswith("category "):
        return ()
    if one.why:
        return (one.why,)
    return sorted(one.signals - explained) if one.signals else (one.name,)


def _of_rule(written: Iterable[Fired], signal: str) -> str:
    """What the team says of this signal, in place of our own words."""
    return next((one.why for one in written if one.why and signal in one.signals), "")


def _due(
    policy: Policy, effects: Iterable[Effect], ticket: Ticket, *, group: str, priority: Priority | None, now: datetime
) -> datetime | None:
    """The earliest of what the helpdesk and the policy say, counted from the customer's message."""
    message = newest_of_requester(ticket)
    since = message.at if message else now
    waits = [effect.first_answer for effect in effects]
    if group in policy.groups:
        waits.append(policy.groups[group].first_answer)
    waits += [policy.targets.get(one) for one in (priority, _PRIORITIES.get(ticket.priority.lower())) if one]
    own = [since + wait for wait in waits if wait is not None]
    return min([*own, *([ticket.due_at] if ticket.due_at else [])], default=None)


def _fields(effects: Iterable[Effect]) -> tuple[tuple[str, str], ...]:
    """Of each field the first that says it."""
    found: dict[str, str] = {}
    for effect in effects:
        for name, value in effect.fields.items():
            found.setdefault(name, value)
    return tuple(found.items())


def _first(values: Iterable[str]) -> str:
    return next((value for value in values if value), "")


def _every(lists: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """All of them, once each: a check of one rule does not go because another has one, too."""
    return tuple(dict.fromkeys(one for values in lists for one in values if one))
