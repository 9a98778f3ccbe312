"""Rules that cannot mean what is written: one that never fires, one that changes nothing, two of which one always wins.

Only what is proved of every ticket is said. Two rules that meet on some tickets alone are for their order in the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from service.policy.document import Category, Condition, Effect, Policy, Rule
from service.policy.gaps import NONE, Gaps
from service.policy.implication import Prover
from service.policy.problems import Finding, Place, short

_FIRST_WINS = ("group", "priority", "answer", "playbook")


def clashes(policy: Policy, *, rules: int, gaps: Gaps = NONE) -> Iterator[Finding]:
    """Everything of that kind. rules: how many of the first are the file's own; of the others nothing is said.

    Nor of one of which something is among the gaps, or that asks for a category where categories are.
    """
    prover = Prover.of(policy.categories)
    for name, segment in policy.segments.items():
        if not _whole(("segments", name), segment.when, gaps):
            continue
        if why := prover.contradiction([segment.when]):
            yield Finding(("segments", name, "when"), f"{why}: no customer is ever in it", "change one of the two")
    alive: list[tuple[int, Rule]] = []
    for number, rule in enumerate(policy.rules[:rules]):
        if not _whole(("rules", number), rule.when, gaps):
            continue
        if why := prover.contradiction([rule.when]):
            yield Finding(("rules", number, "when"), f"{why}: the rule can never fire", "change one of the two")
            continue
        yield from _idle(policy, prover, number, rule)
        for before, earlier in alive:
            if prover.implies(rule.when, earlier.when):
                yield from _overlap(prover, number, rule, before, earlier)
        alive.append((number, rule))


def _whole(place: Place, condition: Condition, gaps: Gaps) -> bool:
    return not (gaps.rules or gaps.touch(place)) and not (gaps.kinds and _asks_for_category(condition))


def _asks_for_category(condition: Condition) -> bool:
    return bool(condition.category) or any(map(_asks_for_category, (*condition.none_of, *condition.any_of)))


def _idle(policy: Policy, prover: Prover, number: int, rule: Rule) -> Iterator[Finding]:
    """What it says, every ticket or its category says already."""
    place, effect = ("rules", number, "then"), rule.then
    said = {key for key in Effect.model_fields if key != "why" and getattr(effect, key) not in (None, "", (), {})}
    if not said:
        yield Finding(place, "says nothing: the rule changes no ticket", "add a tier, a group or another effect")
    if effect.tier == 1:
        told = "is 1, which every ticket has: of two tiers the higher wins"
        yield Finding((*place, "tier"), told, "remove it; only an agent lowers a tier")
    kinds = [one for one in policy.categories if prover.above[one] & set(rule.when.category)]
    if not kinds:
        return
    wholes = [_inherited(policy.categories, one) for one in kinds]
    lowest = min(one.get("tier") or 1 for one in wholes)
    named = short(", ".join(rule.when.category))
    if effect.tier and 1 < effect.tier < lowest:
        told = f"is {effect.tier}, but {named} has {lowest} already: of two tiers the higher wins"
        yield Finding((*place, "tier"), told, "raise it, or remove it")
    for key in _FIRST_WINS:
        own = getattr(effect, key)
        if own and all(one.get(key) not in (None, "", own) for one in wholes):
            told = f"is {short(own)!r}, but {named} says another, and a category comes before every rule"
            yield Finding((*place, key), told, f"remove {key} from the category, or from this rule")


def _inherited(categories: dict[str, Category], name: str) -> dict[str, Any]:
    """What a category says, and those above it where it says nothing."""
    found: dict[str, Any] = {}
    seen: set[str] = set()
    while name in categories and name not in seen:
        seen.add(name)
        for key in ("tier", *_FIRST_WINS):
            if value := getattr(categories[name], key):
                found.setdefault(key, value)
        name = categories[name].parent
    return found


def _overlap(prover: Prover, number: int, rule: Rule, before: int, earlier: Rule) -> Iterator[Finding]:
    """The earlier rule fires whenever this one does."""
    place, same = ("rules", number, "then"), prover.implies(earlier.when, rule.when)
    name = f"rule {short(earlier.name)!r} (rules[{before}])"
    mend = (
        f"make {short(rule.name)!r} and {short(earlier.name)!r} one rule"
        if same
        else f"move {short(rule.name)!r} before it, or narrow the condition of {short(earlier.name)!r}"
    )
    clash = False
    for key in _FIRST_WINS:
        first, second = getattr(earlier.then, key), getattr(rule.then, key)
        if first and second and first != second:
            clash = True
            told = f"is {short(second)!r}, but {name} fires on the same tickets and says {short(first)!r}, which wins"
            yield Finding((*place, key), told, mend)
    if rule.then.tier and earlier.then.tier and 1 < rule.then.tier < earlier.then.tier:
        clash = True
        told = f"is {rule.then.tier}, but {name} fires on the same tickets and says {earlier.then.tier}, which wins"
        yield Finding((*place, "tier"), told, f"raise it, or narrow the condition of {short(earlier.name)!r}")
    if not clash and _adds_nothing(rule.then, earlier.then):
        told = f"changes nothing: {name} fires on the same tickets and says all of it"
        yield Finding(place, told, f"remove {short(rule.name)!r}")


def _adds_nothing(late: Effect, early: Effect) -> bool:
    return (
        (late.tier or 1) <= (early.tier or 1)
        and (not late.why or late.why == early.why or (late.tier or 1) < (early.tier or 1))
        and all(getattr(late, key) in (None, "", getattr(early, key)) for key in _FIRST_WINS)
        and (late.first_answer is None or (early.first_answer is not None and early.first_answer <= late.first_answer))
        and set(late.tags) <= set(early.tags)
        and late.fields.keys() <= early.fields.keys()
        and all(one in early.checks for one in late.checks)
        and all(one in early.dont_promise for one in late.dont_promise)
    )
