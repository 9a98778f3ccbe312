"""What can be proved of conditions without a ticket: that one holds whenever another does, or that one never can.

"No" means "not proved". Groups, forms and fields are known by id or name, so that two of them may be the same.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations

from service.policy.document import Category, Condition, Range
from service.vectors.words import primary

_ONE_VALUE = ("category", "sentiment", "urgency", "language", "channel", "brand")
_LISTS = (*_ONE_VALUE, "intent", "words", "signal", "group", "form", "tag", "segment")
_WHOLE = {
    "stakes": (1, 5),
    "complexity": (1, 5),
    "contacts": (1, 10**9),
    "escalations": (0, 10**9),
    "known_days": (0, 10**9),
}
_DEEPEST = 3  # of conditions in conditions; below it nothing is proved


@dataclass(frozen=True, slots=True)
class Prover:
    """Knows which category stands above which: a condition on one holds for those below it."""

    above: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, categories: Mapping[str, Category]) -> Prover:
        """For the categories of a policy, in a circle or not."""
        above: dict[str, frozenset[str]] = {}
        for name in categories:
            line, at = [name], categories[name].parent
            while at in categories and at not in line:
                line.append(at)
                at = categories[at].parent
            above[name] = frozenset(line)
        return cls(above)

    def implies(self, this: Condition, that: Condition, *, depth: int = 0) -> bool:
        """Whether `that` holds whenever `this` does."""
        return (
            depth <= _DEEPEST
            and all(self._list_implies(name, this, that) for name in _LISTS)
            and _fields_imply(this.field, that.field)
            and _fields_imply(this.customer, that.customer)
            and _amounts_imply(this, that)
            and all(_within(getattr(this, name), getattr(that, name)) for name in _WHOLE)
            and all(any(self.implies(x, y, depth=depth + 1) for y in this.none_of) for x in that.none_of)
            and (not that.any_of or self._reaches(this, that.any_of, depth=depth + 1))
        )

    def _reaches(self, this: Condition, wanted: Iterable[Condition], *, depth: int) -> bool:
        """Whether one of `wanted` holds whenever `this` does."""
        if any(self.implies(this, one, depth=depth) for one in wanted):
            return True
        ways = this.any_of
        return bool(ways) and all(any(self.implies(way, one, depth=depth) for one in wanted) for way in ways)

    def _list_implies(self, name: str, this: Condition, that: Condition) -> bool:
        wanted = _plain(name, getattr(that, name))
        given = _plain(name, getattr(this, name))
        if not wanted:
            return True
        return bool(given) and all(self._whole(name, one) & wanted for one in given)

    def _whole(self, name: str, value: str) -> frozenset[str]:
        return self.above.get(value, frozenset((value,))) if name == "category" else frozenset((value,))

    def contradiction(self, conditions: Sequence[Condition], *, depth: int = 0) -> str:
        """Why these can never hold together; "" where that is not proved."""
        for one in conditions:
            if why := _empty_range(one):
                return why
        for name in _ONE_VALUE:
            for this, that in combinations([_plain(name, getattr(one, name)) for one in conditions], 2):
                if this and that and not self._meet(name, this, that):
                    return f"asks for two of {name} at once"
        if any(self.implies(this, out) for one in conditions for out in one.none_of for this in conditions):
            return "asks for what its none_of rules out"
        if depth < _DEEPEST:
            for one in conditions:
                ways = [self.contradiction([*conditions, way], depth=depth + 1) for way in one.any_of]
                if ways and all(ways):
                    return "leaves nothing of any_of that could hold"
        return _meeting(conditions)

    def _meet(self, name: str, this: frozenset[str], that: frozenset[str]) -> bool:
        return any(self._whole(name, one) & that for one in this) or any(self._whole(name, one) & this for one in that)


@lru_cache(maxsize=4096)
def _plain(name: str, values: tuple[str, ...]) -> frozenset[str]:
    """As they are compared with a ticket's: without case, one space between words; a language without its country."""
    told = (primary(one) for one in values) if name == "language" else values
    return frozenset(" ".join(unicodedata.normalize("NFKC", one).casefold().split()) for one in told)


def _fields_imply(this: Mapping[str, tuple[str, ...]], that: Mapping[str, tuple[str, ...]]) -> bool:
    return all(
        key in this and this[key] and _plain(key, this[key]) <= _plain(key, wanted) for key, wanted in that.items()
    )


def _amounts_imply(this: Condition, that: Condition) -> bool:
    """Of one amount, whatever others there are."""
    if that.amount is None and not that.currency:
        return True
    if this.amount is None and not this.currency:
        return False
    currencies = _plain("", this.currency), _plain("", that.currency)
    fits = not currencies[1] or (bool(currencies[0]) and currencies[0] <= currencies[1])
    return fits and _within(this.amount or Range(), that.amount or Range())


def _within(this: Range | None, that: Range | None) -> bool:
    if that is None:
        return True
    if this is None:
        return that.over is None and that.under is None
    above = that.over is None or (this.over is not None and this.over >= that.over)
    return above and (that.under is None or (this.under is not None and this.under <= that.under))


def _empty_range(condition: Condition) -> str:
    amount = condition.amount
    if amount and amount.over is not None and amount.under is not None and amount.over >= amount.under:
        return f"asks for an amount over {amount.over:g} and under {amount.under:g} at once"
    return _meeting([condition])


def _meeting(conditions: Iterable[Condition]) -> str:
    """Whole numbers that no number fits."""
    for name, (least, most) in _WHOLE.items():
        ranges = [one for one in (getattr(condition, name) for condition in conditions) if one]
        over = max((one.over for one in ranges if one.over is not None), default=least - 1.0)
        under = min((one.under for one in ranges if one.under is not None), default=most + 1.0)
        lowest = max(least, int(over // 1) + 1)
        if ranges and (lowest >= under or lowest > most):
            return f"asks for {name} over {over:g} and under {under:g}, which no number is"
    return ""
