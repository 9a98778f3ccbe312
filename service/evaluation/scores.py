"""What a system found, against what was labelled: the measures of one data set."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from service.evaluation.labelled import Labelled
from service.evaluation.measures import auroc, calibration_error, caught, hit, ndcg, recall, reciprocal_rank

_SEED = 7


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one question. sure: how sure the system is of an answer, on any scale.

    without: the same had the answering documents not been there. Beware of scores that see what was taken away: one that
    depends on what else was found has to be asked anew.
    """

    documents: Sequence[str]  # ids, best first
    sure: float
    without: float = 0.0


@dataclass(frozen=True, slots=True)
class Scores:
    """Shares of 1. Whether a question has an answer is told apart in two ways.

    auroc: labelled unanswerable questions; None where there are none. The others: a random half of the questions (always
    the same) has lost its answering documents. ece: only for a `sure` that is a probability, of 0.5 where nothing is known.
    """

    ndcg10: float
    recall5: float
    mrr10: float
    hit3: float
    auroc: float | None
    auroc_removed: float | None
    ece: float | None
    caught90: float | None  # share of the unanswerable below what keeps 90 % of the answerable


def scores(labelled: Labelled, answered: Sequence[Outcome], others: Sequence[Outcome]) -> Scores:
    """The measures. answered: one for each of labelled.queries; others: for each of labelled.unanswerable."""
    pairs = [
        (one.documents, labelled.relevant[query.id]) for query, one in zip(labelled.queries, answered, strict=True)
    ]
    kept, lost = halves(answered)
    return Scores(
        ndcg10=_mean(ndcg(*pair) for pair in pairs),
        recall5=_mean(recall(*pair) for pair in pairs),
        mrr10=_mean(reciprocal_rank(*pair) for pair in pairs),
        hit3=_mean(hit(*pair) for pair in pairs),
        auroc=auroc([one.sure for one in answered], [one.sure for one in others]),
        auroc_removed=auroc(kept, lost),
        ece=calibration_error(kept, lost),
        caught90=caught(kept, lost),
    )


def halves(answered: Sequence[Outcome]) -> tuple[list[float], list[float]]:
    """How sure of those that kept their documents, and of those that lost them."""
    drawn = draw(len(answered))
    kept = [one.sure for one, keeps in zip(answered, drawn, strict=True) if keeps]
    return kept, [one.without for one, keeps in zip(answered, drawn, strict=True) if not keeps]


def draw(count: int) -> list[bool]:
    """Which questions keep their documents: a random half, always the same."""
    dice = random.Random(_SEED)  # noqa: S311 - the same half for everybody
    return [dice.random() < 0.5 for _ in range(count)]


def _mean(values: Iterable[float]) -> float:
    counted = list(values)
    return sum(counted) / len(counted)
