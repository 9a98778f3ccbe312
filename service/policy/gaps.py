"""A policy file with mistakes of its shape, without them: what is left can be judged, as long as it is known what is missing.

A mistake of sense is told of it only where it would be one however the rest is mended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from service.policy.document import Condition, Effect, Policy
from service.policy.problems import Place

_NAMED = frozenset({"categories", "groups", "segments", "answers", "playbooks"})
_STAND_INS: Final[Mapping[str, Mapping[str, object]]] = {
    "rules": {"when": {}, "then": {}},
    "lookups": {},
    "outreach": {"signal": "", "texts": {}},
}
"""In place of an entry of a list that is left out, so that the others keep their numbers."""

_LONGEST = 60  # of a key that is compared
_OF_RULES = frozenset({*Condition.model_fields, *Effect.model_fields})


@dataclass(frozen=True, slots=True)
class Gaps:
    """What was left out of a policy. By default nothing."""

    units: frozenset[Place] = frozenset()  # the rules, answers, segments, … that are not whole
    parts: frozenset[str] = frozenset()  # left out as a whole
    words: frozenset[str] = frozenset()  # all that stand in what was left out
    slipped: frozenset[str] = frozenset()  # keys of mistakes, which may belong to another place
    strange: frozenset[str] = frozenset()  # what keys at the top that nobody knows were meant to be; "": anything
    left: frozenset[str] = frozenset()  # of the slipped ones those that stand far to the left
    own: frozenset[str] = frozenset()  # keys at the top of the file itself

    def touch(self, place: Place) -> bool:
        """Whether something is missing of the entry to which this place belongs: of the rule, the answer, the segment."""
        unit = _unit(place)
        return unit in self.units or unit[:1] in self.units

    def name(self, word: str, part: str) -> bool:
        """Whether there may be something of this name in a part of the policy, once it is mended."""
        return part in self.parts or word in self.words

    def hide(self, key: str) -> bool:
        """Whether a key may stand where it is missed, once the file is mended."""
        return key in self.slipped or not self.based

    @property
    def based(self) -> bool:
        """Whether it is known what the file extends."""
        return not self._misspelt("extends") and ("extends",) not in self.units

    @property
    def languages(self) -> bool:
        """Whether those of the approved texts may be others."""
        return self._misspelt("languages") or ("languages",) in self.units or self.hide("languages")

    @property
    def kinds(self) -> bool:
        """Whether a category may stand elsewhere among the others, or say something else."""
        broken = any(one[0] == "categories" for one in self.units)
        return broken or self.hide("parent") or bool(self.strange & {"", "categories"})

    @property
    def rules(self) -> bool:
        """Whether any rule, segment or category may lack a line that slipped to the left."""
        return bool(self.left & _OF_RULES)

    def _misspelt(self, key: str) -> bool:
        return key not in self.own and bool(self.strange & {"", key})


NONE: Final = Gaps()


def without(
    merged: dict[str, Any],
    errors: Sequence[ErrorDetails],
    *,
    own: Sequence[str],
    also: Sequence[Place],
    base: Callable[[], object],
) -> tuple[Policy, Gaps]:
    """What is well shaped of a file.

    merged: the file with what it extends. errors: of its shape. own: keys at its top. also: other places where it is not
    what it seems. base: the built-in policy, which it may be meant to extend.
    """
    value, words, parts = deepcopy(merged), set[str](), set[str]()
    places = {*also, *(_place(error) for error in errors)}
    unknown = [error["loc"] for error in errors if error["type"] == "extra_forbidden"]
    unused, gone = _unused(merged), errors
    while True:  # each time something is taken out
        for place in {_reached(value, _place(error)) for error in gone}:
            words.update(_taken(value, place, unused))
            if len(place) == 1:
                parts.add(str(place[0]))
        try:
            policy = Policy.model_validate(value)
            break
        except ValidationError as error:  # of what lacks something now
            gone = error.errors(include_url=False)
            places |= {_place(one) for one in gone}
    gaps = Gaps(
        units=frozenset(map(_unit, places)),
        parts=frozenset(parts),
        words=frozenset(words),
        slipped=frozenset(str(place[-1]) for place in places),
        strange=frozenset(_meant(str(loc[0])) for loc in unknown if len(loc) == 1),
        left=frozenset(str(place[-1]) for place in places if len(place) <= 2),
        own=frozenset(own),
    )
    return policy, gaps if gaps.based else replace(gaps, words=gaps.words.union(_words(base())))


def _meant(key: str) -> str:
    """Which key at the top somebody most likely meant; "": any."""
    return next(iter(get_close_matches(key[:_LONGEST].lower(), Policy.model_fields, n=1)), "")


def _unit(place: Place) -> Place:
    return place[: 2 if place and (place[0] in _NAMED or place[0] in _STAND_INS) else 1]


def _place(error: ErrorDetails) -> Place:
    loc = error["loc"]
    return loc[:-1] if loc[-1] == "[key]" and error["type"] != "extra_forbidden" else loc


def _reached(value: Any, place: Place) -> Place:  # noqa: ANN401 - whatever stands in the file
    """The last of a place that is there and may be taken out: a key of a group, or an entry of a list with stand-ins."""
    at, end = value, 0
    for depth, step in enumerate(place, 1):
        there = (isinstance(at, dict) and step in at) or (
            isinstance(at, list) and isinstance(step, int) and step < len(at)
        )
        if not there:
            break
        if isinstance(at, dict) or (depth == 2 and place[0] in _STAND_INS):
            end = depth
        at = at[step]
    return place[: end or 1]


def _taken(value: dict[str, Any], place: Place, unused: str) -> Iterator[str]:
    """Take out what stands there, and say its words."""
    *way, last = place
    at: Any = value
    for step in way:
        if not isinstance(at, dict | list):
            return  # it went with another
        at = at.get(str(step)) if isinstance(at, dict) else at[int(step)]
    if place == ("version",):
        value["version"] = 1  # there is no other
    elif isinstance(at, list) and isinstance(last, int):
        yield from _words(at[last])
        at[last] = dict(_STAND_INS[str(place[0])], name=f"{unused}{last}")
    elif isinstance(at, dict) and last in at:
        yield str(last)
        yield from _words(at.pop(last))


def _unused(value: object) -> str:
    """What no word of a file begins with, and a name of anything may."""
    taken = set(_words(value))
    return next(
        start for start in map("n{}_".format, range(len(taken) + 1)) if not any(one.startswith(start) for one in taken)
    )


def _words(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key).strip()
            yield from _words(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _words(inner)
    else:
        yield str(value).strip()
