"""One number for whoever wants one, with its formula beside it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from service.worth.figure import Figure

WEIGHTS: Mapping[str, int] = {
    "acceptance": 25,
    "csat": 20,
    "fidelity": 15,
    "reopened": 10,
    "again": 10,
    "wrong": 10,
    "qa": 10,
}
"""By name of the figure. What agents do with drafts counts 40, what customers make of it 40, what people judge 20."""

INVERTED = frozenset(("reopened", "again", "wrong"))
"""Less is better: one less the figure counts."""


@dataclass(frozen=True, slots=True)
class Part:
    """value: 0 to 1, as it counts; None: too few."""

    name: str
    weight: int
    value: float | None


@dataclass(frozen=True, slots=True)
class Score:
    """value: 0 to 100; None where no part is there."""

    value: float | None
    parts: tuple[Part, ...]

    @property
    def weight(self) -> int:
        """Of the parts that are there."""
        return sum(part.weight for part in self.parts if part.value is not None)


def score_of(figures: Mapping[str, Figure]) -> Score:
    """From the figures by name. One that rests on too few is neither good nor bad: it leaves sum and weights."""
    parts = tuple(Part(name, weight, _value(figures.get(name))) for name, weight in WEIGHTS.items())
    there = [(part.weight, part.value) for part in parts if part.value is not None]
    weights = sum(weight for weight, _ in there)
    return Score(100 * sum(weight * value for weight, value in there) / weights if weights else None, parts)


def _value(figure: Figure | None) -> float | None:
    if figure is None or not figure.shown:
        return None
    return 1 - figure.interval.point if figure.name in INVERTED else figure.interval.point
