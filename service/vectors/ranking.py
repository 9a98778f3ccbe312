"""How signals become one score: raw scores are added up inside the engine, by these weights.

Rank fusion throws away that BM25 grows with the length and rarity of the question, which is what tells a long ticket
with an error code (words decide) from a short paraphrase (meaning decides).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from service.questions import sentences
from service.vectors import reach, words
from service.vectors.base import Fence, Question

BODY: Final = "dense_body"
TITLE: Final = "dense_title"
BM25_BODY: Final = "bm25_body"
BM25_TITLE: Final = "bm25_title"

HYBRID: Final = {BODY: 1.0, TITLE: 0.4, BM25_BODY: 0.0115, BM25_TITLE: 0.0058}
"""Cosines and BM25 scores together, for all-MiniLM-L6-v2 (384 dimensions): refit for a model whose cosines lie otherwise.
Those of BM25 are .015 and .0075 over the 1.3 that words of the first sentence count; these, and .3 for titles, were chosen on four
sets of support questions, one left out each time. Titles at .4: looked at on two (deploy/decisions/0015). The optimum is flat."""

WORDS: Final = {BM25_BODY: 1.0, BM25_TITLE: 1.0}
"""Without embeddings. Same sets: adding the title as a field of its own is worth .02 to .07 nDCG@10."""

DEPTH: Final = {BODY: 300, TITLE: 100, BM25_BODY: 300, BM25_TITLE: 300}
"""Passages that each signal brings in: fewer lose up to .007 nDCG@10, of titles' meaning nothing (deploy/decisions/0015)."""

FIRST_LANGUAGE: Final = 1.2
OTHER_LANGUAGE: Final = 1.1
"""What a passage in the ticket's language, or in a fallback language, gains over one in any other: enough to win over
its own translation, not enough to win over a passage that fits clearly better. A judgement, not a fit."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One search of the several: the vector `using` of every passage against `vector`, times `weight`."""

    using: str
    weight: float
    vector: words.Sparse | tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Where:
    """A filter: `must` are all true, each "one of these values"; none of `must_not` is.

    or_absent: fields of `must` that a point may lack, being older than they are.
    """

    must: tuple[tuple[str, tuple[str, ...]], ...] = ()
    must_not: tuple[tuple[str, tuple[str, ...]], ...] = ()
    ids: tuple[str, ...] = ()  # empty: any
    or_absent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole query, in no engine's words. `preferred`: language values and the factor on the score, best first."""

    signals: tuple[Signal, ...]
    where: Where
    preferred: tuple[tuple[tuple[str, ...], float], ...]
    limit: int


def plan(
    question: Question, *, fence: Fence, indexed: Sequence[str], dense: bool, scheme: int, limit: int
) -> Plan | None:
    """Everything that one search asks of an engine; None where there is nothing to look for.

    indexed: the stemmings in the index. dense: whether the index holds embeddings of the question's model. scheme: of what is
    stored of passages.
    """
    weights = HYBRID if dense else WORDS
    asked = words.query_vector(question.text, language=question.language, indexed=indexed)
    signals = []
    if dense:
        signals += [Signal(name, weights[name], question.dense) for name in (BODY, TITLE)]
    if asked.indices:
        first = next(iter(sentences(question.text)), "")
        asked = words.stressed(asked, words.query_vector(first, language=question.language, indexed=indexed))
        titles = words.title_query(asked, question.text)
        signals += [Signal(BM25_BODY, weights[BM25_BODY], asked), Signal(BM25_TITLE, weights[BM25_TITLE], titles)]
    if not signals:
        return None
    return Plan(tuple(signals), within(fence, scheme=scheme), preferred(fence.languages), limit)


def within(fence: Fence, *, scheme: int) -> Where:
    """The fence as a filter. A passage that is bound to nobody ("") is in no list, so nobody finds it.

    An index from before passages had their reach is searched field by field until it is built anew. Passages from before
    there was a requester are articles, which are open to all: theirs may be absent.
    """
    if scheme >= reach.SINCE:
        return Where(must=((reach.FIELD, reach.within(fence)),))
    return Where(
        must=(
            ("kind", ("passage",)),
            ("pool", fence.pools),
            ("account", reach.allowed(fence.account)),
            ("brand", reach.allowed(fence.brand)),
            ("organization", reach.allowed(fence.organization)),
            ("requester", reach.allowed(fence.requester)),
            ("audience", fence.audiences),
        ),
        or_absent=("requester",),
    )


def preferred(languages: Iterable[str]) -> tuple[tuple[tuple[str, ...], float], ...]:
    """Factors by language. A passage of unknown language is taken to be in the first: a folder rarely says."""
    first, *rest = [words.primary(language) for language in languages] or [""]
    if not first:
        return ()
    others = tuple(language for language in dict.fromkeys(rest) if language and language != first)
    return (((first, ""), FIRST_LANGUAGE), *((((others), OTHER_LANGUAGE),) if others else ()))
