"""How sure a draft may be: what retrieval expects of its passages, corrected by what the draft itself cites."""

from __future__ import annotations

from typing import Literal

from service.drafting import Draft

Certainty = Literal["high", "fair", "low"]

_HIGH, _FAIR = 0.8, 0.6
_EDGE = 0.001  # nothing is certain: odds stay finite


def certainty(prior: float, draft: Draft, *, cited: float) -> float:
    """The probability that the passages behind a draft answer the question, 0 to 1; 0 where it does not say so.

    prior: `Retrieval.confidence`. cited: what the odds are multiplied by where a model has read the passages, says that
    they answer, and names those that do. Names that were matched by code, or outnumbered by names that were not given, are
    no evidence; nor is a quotation by rules, which looks at the same words as retrieval (deploy/decisions/0014).
    """
    if not draft.covered:
        return 0.0
    bounded = min(max(prior, _EDGE), 1 - _EDGE)
    odds = bounded / (1 - bounded)
    named = 0 if draft.matched else len(draft.citations)
    if draft.writer == "model" and named and named >= draft.dropped_citations:
        odds *= cited
    return odds / (1 + odds)


def in_words(probability: float) -> Certainty:
    """The word that a note has for it: "high" from 0.8, "fair" from 0.6."""
    return "high" if probability >= _HIGH else "fair" if probability >= _FAIR else "low"
