"""The matrix of kinds: how hard against how much hangs on it, each as large as the work it makes. Pure geometry of an SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from service.audit.findings import OTHER, Kind
from service.policy.document import Tier

WIDTH, HEIGHT = 880, 520
LEFT, TOP, RIGHT, BOTTOM = 64, 24, 24, 56
_LOWEST, _HIGHEST = 1.0, 5.0
_USUAL = 3.0  # few accounts have a kind whose mean is harder; then the picture is not two thirds empty
_SMALLEST, _LARGEST = 11.0, 46.0  # radius
_APART = 3.0
_ROUNDS = 200


@dataclass(frozen=True, slots=True)
class Bubble:
    """number: by which the legend names it."""

    number: int
    kind: Kind
    tier: Tier
    x: float
    y: float
    radius: float


def bubbles(kinds: Sequence[tuple[Kind, Tier]]) -> tuple[Bubble, ...]:
    """Where each kind stands; area by effort. Those that would lie on one another are pushed apart a little."""
    shown = [(kind, tier) for kind, tier in kinds if kind.name != OTHER]
    most = max((kind.effort for kind, _ in shown), default=0.0)
    hardest = hardest_of(kinds)
    placed = [
        Bubble(number, kind, tier, *point(kind.complexity, kind.stakes, hardest=hardest), _radius(kind.effort, most))
        for number, (kind, tier) in enumerate(shown, start=1)
    ]
    return tuple(_apart(placed))


def hardest_of(kinds: Sequence[tuple[Kind, Tier]]) -> float:
    """Where the axis of complexity ends."""
    return _USUAL if all(kind.complexity <= _USUAL for kind, _ in kinds) else _HIGHEST


def point(complexity: float, stakes: float, *, hardest: float = _HIGHEST) -> tuple[float, float]:
    """In the picture, for values from 1 to `hardest`, and to 5."""
    across = (complexity - _LOWEST) / (hardest - _LOWEST)
    up = (stakes - _LOWEST) / (_HIGHEST - _LOWEST)
    return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)


def _radius(effort: float, most: float) -> float:
    return max(_SMALLEST, _LARGEST * math.sqrt(effort / most)) if most else _SMALLEST


def _apart(placed: list[Bubble]) -> list[Bubble]:
    """Push overlapping ones from each other until none does, within the frame."""
    at = [[one.x, one.y] for one in placed]
    for _ in range(_ROUNDS):
        moved = False
        for i, one in enumerate(placed):
            for j in range(i):
                dx, dy = at[i][0] - at[j][0], at[i][1] - at[j][1]
                distance = math.hypot(dx, dy)
                lacks = one.radius + placed[j].radius + _APART - distance
                if lacks <= 0:
                    continue
                moved = True
                if not distance:  # the very same place: one to the right
                    dx, dy, distance = 1.0, 0.3 * (i % 3 - 1), 1.0
                for place, sign in ((at[i], 0.5), (at[j], -0.5)):
                    place[0] += sign * lacks * dx / distance
                    place[1] += sign * lacks * dy / distance
            x, y = at[i]
            at[i][0] = min(max(x, LEFT + one.radius), WIDTH - RIGHT - one.radius)
            at[i][1] = min(max(y, TOP + one.radius), HEIGHT - BOTTOM - one.radius)
        if not moved:
            break
    return [Bubble(one.number, one.kind, one.tier, x, y, one.radius) for one, (x, y) in zip(placed, at, strict=True)]
