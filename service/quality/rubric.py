"""By what a reviewer judges an answer: four criteria of 0, 1 or 2 points. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from service.errors import ServiceError

MOST: Final = 2
"""Points of one criterion."""


class ReviewError(ServiceError):
    """A review that cannot be kept, and why: one sentence for whoever gives it."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One question. words: what 0, 1 and 2 points mean."""

    name: str
    title: str
    asks: str
    words: tuple[str, str, str]


RUBRIC: Final = (
    Criterion(
        "intent",
        "Understood",
        "Does the answer meet what the customer wants to know or have done?",
        ("Misses it", "Answers a part, or the letter alone", "Answers all that was asked"),
    ),
    Criterion(
        "policy",
        "By the rules",
        "Is it true, and what your team may say and promise?",
        ("Wrong, or promises what nobody may", "Right, with something missing or unclear", "Right, and allowed"),
    ),
    Criterion(
        "tone",
        "Tone",
        "Would you like to get it, in the customer's place?",
        ("Cold, curt or out of place", "Polite, but not for this person", "Friendly, plain and fitting"),
    ),
    Criterion(
        "timing",
        "A person in time",
        "Did somebody take over when it was needed, and soon enough?",
        ("Too late, or never", "Somewhat late", "In time, or nobody was needed"),
    ),
)


def scores_in(given: Mapping[str, str]) -> dict[str, int]:
    """The points that a form has, by criterion; what is left open is not in it. Raises ReviewError for anything else, and for none at all."""
    told = {one.name: given.get(one.name, "") for one in RUBRIC}
    if any(value not in ("", "0", "1", "2") for value in told.values()):
        raise ReviewError("Points are 0, 1 or 2.")
    scores = {name: int(value) for name, value in told.items() if value}
    if not scores:
        raise ReviewError("Give points for one criterion at least; leave open what you cannot judge.")
    return scores


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of two reviewers, on one criterion or all. same: how often they gave the same points. kappa: see `agreement`; None: nothing to tell by."""

    pairs: int
    same: int
    kappa: float | None


def agreement(pairs: Sequence[tuple[int, int]]) -> Agreement:
    """How well two reviewers agree on the same things.

    kappa is Cohen's with quadratic weights (Psychological Bulletin 70, 1968): 1 is always, 0 is no more than chance, and a
    difference of two points weighs four times as much as one of one. Where all points are the same, chance would agree
    as well, and there is none.
    """
    n, same = len(pairs), sum(a == b for a, b in pairs)
    apart = sum((a - b) ** 2 for a, b in pairs)
    by_chance = sum((a - b) ** 2 for a, _ in pairs for _, b in pairs)
    return Agreement(n, same, 1 - n * apart / by_chance if by_chance else None)


def points_of(scores: Mapping[str, Any]) -> float:
    """A review's points as a share of what can be given. ValueError for a review without any."""
    told = [scores[one.name] for one in RUBRIC if one.name in scores]
    if not told:
        raise ValueError("a review has points for one criterion at least")
    return float(sum(told)) / (MOST * len(told))
