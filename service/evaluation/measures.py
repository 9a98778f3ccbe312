"""How good a ranking is, and a score: pure arithmetic on lists."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence


def ndcg(ranked: Sequence[str], relevant: Collection[str], *, at: int = 10) -> float:
    """Normalised discounted cumulative gain of the first `at`, gains of 1. 0 to 1."""
    gained = sum(1 / math.log2(place + 2) for place, one in enumerate(ranked[:at]) if one in relevant)
    best = sum(1 / math.log2(place + 2) for place in range(min(len(relevant), at)))
    return gained / best if best else 0.0


def recall(ranked: Sequence[str], relevant: Collection[str], *, at: int = 5) -> float:
    """The share of the relevant ones that is among the first `at`."""
    return sum(one in relevant for one in ranked[:at]) / len(relevant) if relevant else 0.0


def reciprocal_rank(ranked: Sequence[str], relevant: Collection[str], *, at: int = 10) -> float:
    """1 for a relevant one at the top, 1/2 at the second place, ...; 0 where none is among the first `at`."""
    return next((1 / (place + 1) for place, one in enumerate(ranked[:at]) if one in relevant), 0.0)


def hit(ranked: Sequence[str], relevant: Collection[str], *, at: int = 3) -> bool:
    """Whether a relevant one is among the first `at`."""
    return any(one in relevant for one in ranked[:at])


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float | None:
    """How often a positive scores above a negative, ties half; None where one of them is empty."""
    if not positive or not negative:
        return None
    ordered = sorted([(score, True) for score in positive] + [(score, False) for score in negative])
    ranks = 0.0
    start = 0
    while start < len(ordered):
        end = start
        while end < len(ordered) and ordered[end][0] == ordered[start][0]:
            end += 1
        middle = (start + 1 + end) / 2  # of the ranks start + 1 to end
        ranks += middle * sum(is_positive for _, is_positive in ordered[start:end])
        start = end
    return (ranks - len(positive) * (len(positive) + 1) / 2) / (len(positive) * len(negative))


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the values lie; 0.0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def calibration_error(positive: Sequence[float], negative: Sequence[float], *, bins: int = 10) -> float | None:
    """Expected calibration error of probabilities: how far, on average, they are from the share that came true.

    Equal bins from 0 to 1, weighted by how many fall into each; None where one of the two is empty.
    """
    if not positive or not negative:
        return None
    held: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for said, true in ((positive, True), (negative, False)):
        for probability in said:
            held[min(bins - 1, int(probability * bins))].append((probability, true))
    off = (abs(sum(probability - true for probability, true in one)) for one in held)
    return sum(off) / (len(positive) + len(negative))


def caught(positive: Sequence[float], negative: Sequence[float], *, kept: float = 0.9) -> float | None:
    """The share of the negatives below the threshold that keeps `kept` of the positives; None where one is empty."""
    if not positive or not negative:
        return None
    threshold = sorted(positive, reverse=True)[math.ceil(kept * len(positive)) - 1]
    return sum(score < threshold for score in negative) / len(negative)
