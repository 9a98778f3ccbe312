"""A policy as people read it: what it says of each kind of ticket, when a rule fires and what follows, what may be written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from service.policy.document import Condition, Effect, Policy, Range, Tier
from service.policy.values import said

TIERS: Mapping[Tier, str] = {1: "a draft", 2: "a draft to check", 3: "only a person"}

_UNITS = (("d", timedelta(days=1)), ("h", timedelta(hours=1)), ("m", timedelta(minutes=1)), ("s", timedelta(seconds=1)))


@dataclass(frozen=True, slots=True)
class Line:
    """A category or a rule. tier: 0: it says none. when, then: in words; when of a category is its number of examples."""

    name: str
    tier: int
    when: str
    then: str


def categories_of(policy: Policy, *, language: str) -> tuple[Line, ...]:
    """The strictest first."""
    lines = [
        Line(
            said(one.title, language) or name,
            _tier(policy, name),
            str(len(one.examples)),
            effect_in_words(one, policy, language=language),
        )
        for name, one in policy.categories.items()
    ]
    return tuple(sorted(lines, key=lambda line: -line.tier))


def rules_of(policy: Policy, *, language: str) -> tuple[Line, ...]:
    """In the order in which they are asked."""
    return tuple(
        Line(
            rule.name,
            rule.then.tier or 0,
            condition_in_words(rule.when),
            effect_in_words(rule.then, policy, language=language),
        )
        for rule in policy.rules
    )


def written_by(policy: Policy) -> tuple[str, ...]:
    """What may be written into a ticket beside the note, or once it is solved."""
    write = policy.write
    return (
        *(name for name in ("group", "priority") if getattr(write, name)),
        *(f"tag {tag}" for tag in write.tags),
        *(f"{ours} into {theirs}" for ours, theirs in write.fields.items()),
        *(f"field {name}" for name in write.values),
        *(["the label of a solved ticket as a tag"] * write.label),
    )


def condition_in_words(condition: Condition) -> str:
    """All that is asked for, in a line; an empty one is "every ticket"."""
    return ", ".join(_parts(condition)) or "every ticket"


def effect_in_words(effect: Effect, policy: Policy, *, language: str) -> str:
    """What follows beside the tier, in a line."""
    group = policy.groups.get(effect.group)
    parts = (
        f"group {said(group.title, language)}" if group else "",
        f"priority {effect.priority}" if effect.priority else "",
        f"first answer in {duration_in_words(effect.first_answer)}" if effect.first_answer else "",
        f"approved text {effect.answer}" if effect.answer else "",
        f"playbook {effect.playbook}" if effect.playbook else "",
        f"tags {', '.join(effect.tags)}" if effect.tags else "",
        f"fields {', '.join(effect.fields)}" if effect.fields else "",
        *(f"check: {said(words, language)}" for words in effect.checks),
        *(f"do not promise {said(words, language)}" for words in effect.dont_promise),
    )
    return " · ".join(part for part in parts if part)


def duration_in_words(length: timedelta) -> str:
    """As the file writes it: 90m."""
    return next((f"{length // unit}{name}" for name, unit in _UNITS if length >= unit and not length % unit), "0s")


def _tier(policy: Policy, name: str) -> int:
    """Its own, or that of the nearest category above."""
    seen: set[str] = set()
    while name in policy.categories and name not in seen:
        seen.add(name)
        if tier := policy.categories[name].tier:
            return tier
        name = policy.categories[name].parent
    return 1


def _parts(condition: Condition) -> Iterator[str]:
    for name in Condition.model_fields:
        value: Any = getattr(condition, name)
        if isinstance(value, Range):
            yield f"{name}{_range(value)}"
        elif isinstance(value, Mapping):
            yield from (f"{key} is {_either(values)}" for key, values in value.items())
        elif name in ("none_of", "any_of"):
            word = {"none_of": "not", "any_of": "either"}[name]
            if value:
                yield f"{word} ({' or '.join(map(condition_in_words, value))})"
        elif value:
            yield f"{name} {_either(value)}"


def _either(values: Sequence[str]) -> str:
    return " or ".join(values)


def _range(asked: Range) -> str:
    bounds = (("over", asked.over), ("under", asked.under))
    return " ".join(("", *(f"{word} {bound:g}" for word, bound in bounds if bound is not None))) or ""
