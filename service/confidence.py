"""How likely it is that what was found answers the question: a prior, before anybody has drafted anything."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from service.vectors import Found
from service.vectors.ranking import BODY

_LEAST = 0.05  # share of the best score: a lead beyond it tells nothing more


@dataclass(frozen=True, slots=True)
class Fit:
    """Coefficients of a logistic curve over the lead of the best article and the coverage of the question's words.

    among: articles that the best one is held against, itself included. ratio: the lead is the log of its score over their
    mean, otherwise the difference: scores of words grow with the question, those with embeddings do not. absent: share of the
    best score that stands for each of those articles which is missing, about what the others have where a question is as
    likely answered as not: four articles of which two speak of a question are no sign against both, a single one no lead.
    versions: 0 to 1, how much articles of the same title compete with each other.
    """

    lead: float
    coverage: float
    base: float
    among: int
    ratio: bool
    absent: float
    versions: float


WORDS = Fit(lead=3.95, coverage=1.46, base=-2.88, among=10, ratio=True, absent=0.55, versions=0.0)
"""BM25 alone. Fitted on 384 questions to technical notes and 1,249 to short answers, from half of which the answering
documents were taken away; so 0.5 means "as likely as not" where every second question has no answer. Each set's
coefficients do on the other what they do on their own (deploy/decisions/0014)."""

HYBRID = Fit(lead=10.14, coverage=0.0, base=-2.43, among=4, ratio=False, absent=0.7, versions=0.5)
"""With embeddings: the same questions, through the ranking of service/vectors/ranking.py with all-MiniLM-L6-v2, whose cosines
it suits as those weights do, both sets counting alike. The words' coverage adds nothing there."""


def fit_for(found: Sequence[Found]) -> Fit:
    """The curve for what a search brought back: whether embeddings had a say is told of its best passage."""
    return HYBRID if found and BODY in found[0].signals else WORDS


def confidence(found: Sequence[Found], *, coverage: float, fit: Fit) -> float:
    """The probability that the best article answers the question, 0 to 1; 0 where nothing was found.

    found: best first, as the index ranks them, with more than the passages that are shown. coverage: see Retrieval.
    """
    if not found:
        return 0.0
    return 1 / (1 + math.exp(-(fit.lead * lead(found, fit) + fit.coverage * coverage + fit.base)))


def lead(found: Sequence[Found], fit: Fit) -> float:
    """How far the best article stands above the next ones.

    A question that has its answer lifts one article out of the others; one that has none finds many that are a little
    about it. Articles of the same title may be copies of one answer, which are no sign against it, or its versions, and
    nobody knows which of them is right: so they compete in part.
    """
    titles: dict[str, float] = {}
    articles: dict[str, float] = {}
    for one in found:
        titles.setdefault(one.passage.title.strip().lower() or one.passage.article, one.score)
        articles.setdefault(one.passage.article, one.score)
    as_one, apart = (_ahead(list(scores.values()), fit) for scores in (titles, articles))
    return as_one + fit.versions * (apart - as_one)


def _ahead(scores: Sequence[float], fit: Fit) -> float:
    """How far the first score stands above the mean of the next ones."""
    first, *others = scores[: fit.among]
    if first <= 0:
        return 0.0
    missing = fit.among - 1 - len(others)
    mean = (sum(others) + missing * fit.absent * first) / (fit.among - 1)
    return math.log(first / max(mean, _LEAST * first)) if fit.ratio else first - mean
