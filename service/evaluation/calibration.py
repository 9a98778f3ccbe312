"""`deskpilot eval confidence`: a logistic curve fitted to labelled questions, starting from the shipped one."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from service.confidence import Fit, fit_for, lead
from service.embeddings import Embeddings
from service.errors import ServiceError
from service.evaluation.labelled import Labelled
from service.evaluation.measures import auroc, calibration_error, caught
from service.evaluation.retrieval import Told, ask, document_of, index, questions_of, scratch, seen
from service.evaluation.scores import draw
from service.passages import coverage
from service.vectors import Found

_LEAST = 20
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


@dataclass(frozen=True, slots=True)
class Quality:
    """How good a curve is; see service/evaluation/measures.py."""

    auroc: float | None
    ece: float | None
    caught90: float | None


@dataclass(frozen=True, slots=True)
class Calibration:
    """A curve for this knowledge base. fitted: measured on questions that its curve had not seen."""

    fit: Fit
    examples: int
    shipped: Quality
    fitted: Quality


async def calibrate(labelled: Labelled, *, embeddings: Embeddings | None, told: Told = lambda *_: None) -> Calibration:
    """Fit the confidence to these questions: of a random half the answering documents are taken away.

    Raises ServiceError where there are too few, or one could not be embedded.
    """
    asked = [*labelled.queries, *labelled.unanswerable]
    async with scratch() as vectors:
        await index(labelled.documents, vectors=vectors, embeddings=embeddings, told=told)
        questions = await questions_of(asked, system="hybrid", embeddings=embeddings, told=told)
        found, _ = await ask(questions, vectors=vectors, told=told)
    return await asyncio.to_thread(_calibrated, labelled, found)


def _calibrated(labelled: Labelled, found: Sequence[Sequence[Found]]) -> Calibration:
    shipped = fit_for(next((one for one in found if one), ()))
    examples = examples_of(labelled, found, shipped)
    answered = sum(one.answered for one in examples)
    if min(answered, len(examples) - answered) < _LEAST:
        raise ServiceError(
            f"{len(labelled.queries)} questions with an answer and {len(labelled.unanswerable)} without are too few: "
            f"label some {2 * _LEAST} with an answer"
        )
    return Calibration(
        fit=fitted(examples, shipped=shipped),
        examples=len(examples),
        shipped=quality(examples, [probability(one, shipped) for one in examples]),
        fitted=quality(examples, crossed(examples, shipped=shipped)),
    )


def examples_of(labelled: Labelled, found: Sequence[Sequence[Found]], fit: Fit) -> list[Example]:
    """fit: how a lead is measured. found: for each of labelled.queries, then of labelled.unanswerable."""
    keeps = [*draw(len(labelled.queries)), *(False for _ in labelled.unanswerable)]
    examples = []
    for query, passages, kept in zip([*labelled.queries, *labelled.unanswerable], found, keeps, strict=True):
        gone = () if kept else labelled.relevant.get(query.id, ())
        left = seen([one for one in passages if document_of(one) not in gone])
        if left:  # nothing found is no answer, whatever the curve
            examples.append(Example(lead(left, fit), coverage(query.text, left), answered=kept))
    return examples


def quality(examples: Sequence[Example], said: Sequence[float]) -> Quality:
    """How well these probabilities tell the answered from the others."""
    judged = list(zip(examples, said, strict=True))
    with_answer = [probability for one, probability in judged if one.answered]
    without = [probability for one, probability in judged if not one.answered]
    return Quality(auroc(with_answer, without), calibration_error(with_answer, without), caught(with_answer, without))


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
    return replace(shipped, lead=weights[0], coverage=weights[1], base=weights[2])


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
