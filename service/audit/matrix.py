"""The matrix of kinds: how hard against how much hangs on it, each as large as the work it makes. Pure geometry of an SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from service.audit.findings import OTHER, Kind
from service.policy.document import Tier

_LOWEST, _HIGHEST = 1.0, 5.0
_USUAL = 3.0  # few accounts have a kind whose mean is harder; then the picture is not two thirds empty
_SMALLEST = 11.0  # radius
_APART = 3.0
_ROUNDS = 200


@dataclass(frozen=True, slots=True)
class Frame:
    """How large the picture is, what is left for its axes, and the radius of the most work."""

    width: int
    height: int
    left: int
    top: int = 24
    right: int = 24
    bottom: int = 56
    largest: float = 46.0


WIDE = Frame(880, 520, left=64)
NARROW = Frame(420, 500, left=46, right=8, largest=34.0)
"""For a telephone, where the wide one would be unreadable or cut."""


@dataclass(frozen=True, slots=True)
class Bubble:
    """number: by which the legend names it. tier: None for what was not told apart, of which no policy speaks."""

    number: int
    kind: Kind
    tier: Tier | None
    x: float
    y: float
    radius: float


def bubbles(kinds: Sequence[tuple[Kind, Tier | None]], frame: Frame = WIDE) -> tuple[Bubble, ...]:
    """Where each kind stands; area by effort. Those that would lie on one another are pushed apart a little."""
    most = max((kind.effort for kind, _ in kinds), default=0.0)
    hardest = hardest_of(kinds)
    placed = [
        Bubble(number, kind, tier, *point(kind.complexity, kind.stakes, frame, hardest=hardest), _radius(kind.effort, most, frame))
        for number, (kind, tier) in enumerate(sorted(kinds, key=lambda one: one[0].name == OTHER), start=1)
    ]  # fmt: skip
    return tuple(_apart(placed, frame))


def hardest_of(kinds: Sequence[tuple[Kind, Tier | None]]) -> float:
    """Where the axis of complexity ends."""
    return _USUAL if all(kind.complexity <= _USUAL for kind, _ in kinds) else _HIGHEST


def point(complexity: float, stakes: float, frame: Frame = WIDE, *, hardest: float = _HIGHEST) -> tuple[float, float]:
    """In the picture, for values from 1 to `hardest`, and to 5."""
    across = (complexity - _LOWEST) / (hardest - _LOWEST)
    up = (stakes - _LOWEST) / (_HIGHEST - _LOWEST)
    return (
        frame.left + across * (frame.width - frame.left - frame.right),
        frame.height - frame.bottom - up * (frame.height - frame.top - frame.bottom),
    )


def _radius(effort: float, most: float, frame: Frame) -> float:
    return max(_SMALLEST, frame.largest * math.sqrt(effort / most)) if most else _SMALLEST


def _apart(placed: list[Bubble], frame: Frame) -> list[Bubble]:
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
            _hold(at[i], one.radius, frame)
        if not moved:
            break
    for place, one in zip(at, placed, strict=True):  # the last push may have been outwards
        _hold(place, one.radius, frame)
    return [Bubble(one.number, one.kind, one.tier, x, y, one.radius) for one, (x, y) in zip(placed, at, strict=True)]


def _hold(place: list[float], radius: float, frame: Frame) -> None:
    """Inside the frame."""
    place[0] = min(max(place[0], frame.left + radius), frame.width - frame.right - radius)
    place[1] = min(max(place[1], frame.top + radius), frame.height - frame.bottom - radius)
