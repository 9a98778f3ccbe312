"""Coefficients of the confidence, fitted to labelled questions: a logistic curve that starts from the shipped one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from service.confidence import Fit

LEAST = 20
"""Questions with an answer, and as many without: fewer say more about themselves than about the knowledge base."""

_PULL = 4.0  # towards the shipped curve, as much as some sixteen questions that could be either
_ROUNDS = 50
_SETTLED = 1e-9
_FOLDS = 5

Row = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Example:
    """What retrieval said of one question, and whether the documents that answer it were there."""

    lead: float
    coverage: float
    answered: bool


def fitted(examples: Sequence[Example], *, shipped: Fit) -> Fit:
    """The curve that makes these examples likeliest, pulled a little towards the shipped one. Newton's method."""
    start = (shipped.lead, shipped.coverage, shipped.base)
    weights = start
    for _ in range(_ROUNDS):
        slope = [_PULL * (now - then) for now, then in zip(weights, start, strict=True)]
        bend = [[_PULL if row == column else 0.0 for column in range(3)] for row in range(3)]
        for example in examples:
            row = (example.lead, example.coverage, 1.0)
            said = _logistic(sum(weight * value for weight, value in zip(weights, row, strict=True)))
            for i in range(3):
                slope[i] += (said - example.answered) * row[i]
                for j in range(3):
                    bend[i][j] += said * (1 - said) * row[i] * row[j]
        step = _solved(bend, slope)
        weights = (weights[0] - step[0], weights[1] - step[1], weights[2] - step[2])
        if max(map(abs, step)) < _SETTLED:
            break
    return Fit(*weights)


def crossed(examples: Sequence[Example], *, shipped: Fit) -> list[float]:
    """What a curve says of each example that was fitted to the others: five parts, each in turn left out."""
    said = dict[int, float]()
    for fold in range(_FOLDS):
        curve = fitted([one for n, one in enumerate(examples) if n % _FOLDS != fold], shipped=shipped)
        said |= {n: probability(one, curve) for n, one in enumerate(examples) if n % _FOLDS == fold}
    return [said[n] for n in range(len(examples))]


def probability(example: Example, curve: Fit) -> float:
    """What the curve says of an example, 0 to 1."""
    return _logistic(curve.lead * example.lead + curve.coverage * example.coverage + curve.base)


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-max(-500.0, min(500.0, value))))


def _solved(bend: Sequence[Sequence[float]], slope: Sequence[float]) -> Row:
    """Three equations by Cramer's rule; the pull keeps the determinant above zero."""
    a, b, c = bend
    whole = _determinant(a, b, c)
    columns = [
        [[slope[row] if column == n else bend[row][column] for column in range(3)] for row in range(3)]
        for n in range(3)
    ]
    first, second, third = (_determinant(*matrix) / whole for matrix in columns)
    return first, second, third


def _determinant(a: Sequence[float], b: Sequence[float], c: Sequence[float]) -> float:
    return a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0])
