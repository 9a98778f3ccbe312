"""Whether the intervals of a hold-out hold what they promise: two arms with a known effect, many times over."""

from __future__ import annotations

import math
import random

from service.worth.intervals import difference, mean_difference

NOTED, HELD = 450, 50
"""Tickets of each arm: a hold-out of ten per cent in a small team's month."""

_REOPENED = (0.08, 0.12)
_EXCHANGES = (0.6, 0.9)  # means of a Poisson, over the one reply that every ticket has


def covered(seeds: int = 100) -> dict[str, int]:
    """In how many of so many months the 95 % interval holds the true difference."""
    counts = {"exchanges": 0, "reopened": 0}
    for seed in range(seeds):
        dice = random.Random(seed)
        noted, held = (
            [1.0 + _poisson(dice, of) for _ in range(count)]
            for of, count in zip(_EXCHANGES, (NOTED, HELD), strict=True)
        )
        mean = mean_difference(noted, held)
        counts["exchanges"] += mean.low <= _EXCHANGES[0] - _EXCHANGES[1] <= mean.high
        hits = [
            sum(dice.random() < share for _ in range(count))
            for share, count in zip(_REOPENED, (NOTED, HELD), strict=True)
        ]
        share = difference(hits[0], NOTED, hits[1], HELD)
        counts["reopened"] += share.low <= _REOPENED[0] - _REOPENED[1] <= share.high
    return counts


def _poisson(dice: random.Random, mean: float) -> int:
    """Knuth's."""
    count, product, limit = 0, dice.random(), math.exp(-mean)
    while product > limit:
        count, product = count + 1, product * dice.random()
    return count
