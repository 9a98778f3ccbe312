"""How likely it is that what was found answers the question: a prior, before anybody has drafted anything."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from service.settings import Settings
from service.vectors import Found

_AMONG = 10
"""Articles that the best one is held against."""

_ABSENT = 0.55
"""Share of the best score that stands for each article which is missing among those ten: about the mean of the others where
a question is as likely to have an answer as not. Four articles of which two speak of a question are no lead, nor is a
single one."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Coefficients of a logistic curve over the lead of the best article and the coverage of the question's words."""

    lead: float
    coverage: float
    base: float


WORDS = Fit(lead=3.95, coverage=1.46, base=-2.88)
"""BM25 alone. Fitted on 384 questions to technical notes and 1,249 to short answers, from half of which the answering
documents were taken away; so 0.5 means "as likely as not" where every second question has no answer. Each set's
coefficients do on the other what they do on their own (deploy/decisions/0014)."""


def fit_of(settings: Settings) -> Fit | None:
    """The curve that the operator has set, as `deskpilot eval confidence` prints it; None for the shipped one."""
    given = settings.confidence
    if given.lead is None or given.coverage is None or given.base is None:
        return None
    return Fit(given.lead, given.coverage, given.base)


def confidence(found: Sequence[Found], *, coverage: float, fit: Fit | None = None) -> float:
    """The probability that the best article answers the question, 0 to 1; 0 where nothing was found.

    found: best first, as the index ranks them, with more than the passages that are shown. coverage: see Retrieval.
    fit: None for the shipped one.
    """
    if not found:
        return 0.0
    fit = fit or WORDS
    return 1 / (1 + math.exp(-(fit.lead * lead(found) + fit.coverage * coverage + fit.base)))


def lead(found: Sequence[Found]) -> float:
    """How far the best article stands above the next ones: the log of its score over their mean.

    A question that has its answer lifts one article out of the others; one that has none finds many that are a little
    about it. Articles of the same title are versions of one, and do not compete.
    """
    best: dict[str, float] = {}
    for one in found:
        best.setdefault(one.passage.title.strip().lower() or one.passage.article, one.score)
    first, *others = list(best.values())[:_AMONG]
    if first <= 0:
        return 0.0
    missing = _AMONG - 1 - len(others)
    return math.log(first * (_AMONG - 1) / (sum(others) + missing * _ABSENT * first))
