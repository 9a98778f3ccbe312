"""The step that finds what the company already knows about a question."""

from __future__ import annotations

import asyncio
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cache

import structlog

from service.confidence import HYBRID, Fit, confidence, fit_for
from service.embeddings import Embeddings, EmbeddingsUnavailableError
from service.masking import blanked
from service.questions import questions, sentences
from service.vectors import Fence, Found, Question, Vectors, words
from service.vectors.payload import body_of

log = structlog.get_logger()

_PER_ARTICLE = 3
_UNSEEN = 1 + math.log(2)
"""Weight of a word that no passage has: as often a filler ("hello") as the very thing asked for."""

_FILLERS = (
    "please hi hello hey dear thanks thank help know tell like want would need question problem issue could able possible get got does work works regards"
    " now still always already yet also just really something anything someone way thing things one two let see try tried put take make go come give keep"
    " say said good many much lot use using since shall may might mean means show shows properly exactly right long find"
    " bitte hallo guten tag danke frage problem möchte würde gerne wissen brauche kann können gibt geht noch schon immer mal grüße zeigt bedeutet heißt dauert benutzen verwenden richtig einfach genau lange finde finden"
    " bonjour merci question problème voudrais souhaite savoir besoin peux pouvez faire toujours encore cordialement plus est-ce temps prend dure trouve trouver"
    " hola gracias pregunta problema quisiera quiero saber necesito puedo pueden hacer hacen todavía siempre saludos tarda significa usar uso encuentro encontrar"
)
"""Words that most messages hold whatever they are about: nothing is asked by them."""

_SAME = (
    (re.compile(r"\b(?:ship(?:s|ping|ments?|ped)?)\b", re.IGNORECASE), "delivery"),
    (
        re.compile(
            r"\b(?:U\.K\.?|United Kingdom|Great Britain|Vereinigte[sn] Königreich|Großbritannien|Royaume-Uni|Reino Unido)\b",
            re.IGNORECASE,
        ),
        "UK",
    ),
)
"""Words that customers and articles use for each other."""

_LONG_WORD = re.compile(r"([^\W\d_]{7})[^\W\d_]+")
_CODE = re.compile(r"\b(?:[^\W\d_]{1,6}\d\w{0,14}|\d{3}\w{0,14})\b")
_READ_CHARS = 20_000
_CODE_WEIGHT = 3.0
_ONE_WORD = 0.5  # of several in common is chance: "kettle"
_QUESTION_ALONE = 0.9  # a few words are covered by chance more often than many

NONE_LOWERED: Mapping[tuple[str, str], float] = {}

PASSAGES = 10
"""What a writer is given: some 1,200 words."""

LOOKED_AT = 5
"""Passages asked for per passage wanted: enough that articles with many good ones leave room for others."""

_MOST_BESIDE = 2  # macros, and solved tickets
_LEAST_CONFIDENCE, _LEAST_COVERAGE, _LEAST_SCORE = 0.4, 0.2, 0.5  # the last: of the best article's
"""Of a macro or a solved ticket that suits a question. With a fifth of the documents of TechQA and of StackFAQ as macros, 62 and
95 % of those shown are right, and 8 and 1 % of the questions that no macro answers get one; without these, all do
(deploy/decisions/0016)."""

_RIVALS = 10  # articles, as many as confidence looks at


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What was found, best first: at most 3 passages per article.

    beside: macros, then solved tickets, at most 2 each, those that suit the question; `passage.pool` says which is which.
    coverage: 0 to 1, the share of the question's weight that the best article's passages contain (rare words weigh more).
    It says how much of the question is spoken of, not that it is answered. confidence: 0 to 1, the probability that the best
    article answers it (service/confidence.py). Both are priors, not gates.
    degraded: the embeddings endpoint did not answer, so words alone decided.
    """

    found: tuple[Found, ...] = ()
    coverage: float = 0.0
    confidence: float = 0.0
    degraded: bool = False
    beside: tuple[Found, ...] = ()

    @property
    def given(self) -> tuple[Found, ...]:
        """All that a writer gets, articles first: the numbers of its citations are places in this."""
        return (*self.found, *self.beside)

    def prior(self, cited: Iterable[int]) -> float:
        """The confidence that what is cited answers. cited: places in `given`, from 1.

        What stands beside the articles has passed a floor of its own.
        """
        beside = any(number > len(self.found) for number in cited)
        return max(self.confidence, _LEAST_CONFIDENCE) if beside else self.confidence


async def find_passages(
    query: str,
    *,
    fence: Fence,
    vectors: Vectors,
    embeddings: Embeddings | None,
    limit: int = PASSAGES,
    own: tuple[float, float, float] | None = None,
    lowered: Mapping[tuple[str, str], float] = NONE_LOWERED,
) -> Retrieval:
    """The passages within the fence that suit the query, in the language of `fence.languages[0]` where there is one.

    Articles, macros and solved tickets are searched apart, at once. Without an answer from the embeddings endpoint words alone
    decide. own: lead, coverage and base of the confidence in place of the shipped ones, fitted to this knowledge base with these embeddings;
    where the embeddings had no say, the shipped ones count. lowered: factors of the scores of what misleads, by account and
    article (service/merits.py). Raises VectorsUnavailableError.
    """
    language = fence.languages[0] if fence.languages else ""
    question, degraded = Question(query, language), False
    if query.strip():
        question, degraded = await _embedded(question, embeddings)
    articles, *others = await asyncio.gather(
        _searched(question, fence=replace(fence, pools=("article",)), vectors=vectors, limit=limit * LOOKED_AT),
        _searched(question, fence=replace(fence, pools=("macro",)), vectors=vectors, limit=_MOST_BESIDE * LOOKED_AT),
        _searched(question, fence=replace(fence, pools=("ticket",)), vectors=vectors, limit=_MOST_BESIDE * LOOKED_AT),
    )
    articles, *others = (reordered(found, lowered) for found in (articles, *others))
    fit = fit_for(articles)
    if own and (fit is HYBRID) == (embeddings is not None):
        fit = replace(fit, lead=own[0], coverage=own[1], base=own[2])
    retrieval = await asyncio.to_thread(judged, question.text, articles, limit=limit, fit=fit)
    beside = await asyncio.to_thread(suiting, question.text, others, articles=articles, fit=fit)
    return replace(retrieval, beside=beside, degraded=degraded)


async def passages_for(question: Question, *, fence: Fence, vectors: Vectors, limit: int) -> Retrieval:
    """The same for a question that is embedded already, or is not to be. Raises VectorsUnavailableError."""
    found = await _searched(question, fence=fence, vectors=vectors, limit=limit * LOOKED_AT)
    return await asyncio.to_thread(judged, question.text, found, limit=limit, fit=fit_for(found))


async def _searched(question: Question, *, fence: Fence, vectors: Vectors, limit: int) -> list[Found]:
    if not question.text.strip() and not question.dense:
        return []
    return await vectors.search(question, fence=fence, limit=limit)


def reordered(found: Sequence[Found], lowered: Mapping[tuple[str, str], float]) -> list[Found]:
    """Best first again, where some count for less than they scored."""
    if not any((one.passage.account, one.passage.article) in lowered for one in found):
        return list(found)
    weighed = [
        replace(one, score=one.score * lowered.get((one.passage.account, one.passage.article), 1.0)) for one in found
    ]
    return sorted(weighed, key=lambda one: -one.score)


def judged(query: str, found: Sequence[Found], *, limit: int, fit: Fit) -> Retrieval:
    """What an index brought back, and what it is worth."""
    share = coverage(query, found)
    return Retrieval(grouped(found, limit=limit), share, confidence(found, coverage=share, fit=fit))


def suiting(text: str, pools: Iterable[Sequence[Found]], *, articles: Sequence[Found], fit: Fit) -> tuple[Found, ...]:
    """Of each pool the best that suit the question, one passage each. CPU-bound: some milliseconds.

    Every one that shares a word is found, and most questions share one with some macro. So each is judged in the place of
    the best article: by its lead over the other articles, and by how much of the question it speaks of. Others of its pool
    count against it only where there are no articles: a question that was asked ten times has ten solved tickets.
    """
    ranked = _each_once(articles)[:_RIVALS]
    best, others = (ranked[0] if ranked else None), ranked[1:]
    taken: list[Found] = []
    for found in pools:
        candidates = _each_once(found)
        for one in candidates[:_MOST_BESIDE]:
            rivals = others if best else [other for other in candidates if other is not one]
            near = best is None or one.score >= _LEAST_SCORE * best.score
            if near and _suits(text, one, rivals, fit):
                taken.append(_of_another(one))
    return tuple(taken)


def _suits(text: str, one: Found, rivals: Sequence[Found], fit: Fit) -> bool:
    if confidence((one, *rivals), coverage=1.0, fit=fit) < _LEAST_CONFIDENCE:  # of most: saves the dear part
        return False
    share = coverage(text, (one, *rivals))
    return share >= _LEAST_COVERAGE and confidence((one, *rivals), coverage=share, fit=fit) >= _LEAST_CONFIDENCE


def _each_once(found: Sequence[Found]) -> list[Found]:
    """The best passage of each article, macro or ticket."""
    best: dict[tuple[str, str], Found] = {}
    for one in found:
        best.setdefault((one.passage.account, one.passage.article), one)
    return list(best.values())


def _of_another(one: Found) -> Found:
    """A solved ticket without the placeholders of its own people, which would be filled with those of this ticket."""
    if one.passage.pool != "ticket":
        return one
    passage = one.passage
    return replace(one, passage=replace(passage, title=blanked(passage.title), text=blanked(passage.text)))


async def _embedded(question: Question, embeddings: Embeddings | None) -> tuple[Question, bool]:
    """The question with its embedding, where there is one; and whether there should have been."""
    if embeddings is None:
        return question, False
    try:
        (dense,) = await embeddings.embed([question.text])
    except EmbeddingsUnavailableError as error:
        log.warning("passages are found by words alone", reason=str(error))
        return question, True
    return Question(question.text, question.language, embeddings.model, dense), False


def grouped(found: Sequence[Found], *, limit: int) -> tuple[Found, ...]:
    """The best, best first, without the third and later passages of any article."""
    taken: list[Found] = []
    counts: Counter[tuple[str, str]] = Counter()
    for one in found:
        key = (one.passage.account, one.passage.article)
        if counts[key] < _PER_ARTICLE and len(taken) < limit:
            counts[key] += 1
            taken.append(one)
    return tuple(taken)


def coverage(query: str, found: Sequence[Found]) -> float:
    """The share of the question's words, by weight, that the best article's passages contain. 0 to 1.

    A word weighs the more, the fewer of the found passages have it; a code that one has ("E-204") weighs threefold, one that
    none has (an order's number) nothing. Tells answerable questions from others with an AUROC of about .7 on two sets
    (without embeddings), so it orders; it does not decide.
    """
    if not found:
        return 0.0
    best = found[0].passage
    asked = telling(query, language=best.language)
    held: set[int] = set()
    seen: Counter[int] = Counter()
    for one in found:
        tokens = stems(body_of(one.passage), language=one.passage.language) & asked
        seen.update(tokens)
        if (one.passage.account, one.passage.article) == (best.account, best.article):
            held |= tokens
    codes = codes_in(query, language=best.language)
    weights = {token: _weight(seen[token], len(found)) for token in asked}
    weights |= {token: _CODE_WEIGHT * weights[token] if seen[token] else 0.0 for token in asked & codes}
    # what is told around a question dilutes it: the question by itself may be spoken of well
    question = asked & telling(" ".join(questions(sentences(query))), language=best.language)
    codes &= held
    return max(
        _held(part, held, weights) * factor * (_ONE_WORD if len(part & held) == 1 < len(part) and not codes else 1)
        for part, factor in ((asked, 1.0), (question, _QUESTION_ALONE))
    )


def _held(part: AbstractSet[int], held: AbstractSet[int], weights: Mapping[int, float]) -> float:
    whole = sum(weights[token] for token in part)
    return sum(weights[token] for token in held & part) / whole if whole else 0.0


def stems(text: str, *, language: str) -> frozenset[int]:
    """The words of a text as they are compared here: stemmed, and long ones by how they begin ("zurücksenden", "zurückgeben").

    Inflection, compounds and other names of one thing that a stemmer leaves apart meet in this way.
    """
    text = text[:_READ_CHARS]
    for pattern, word in _SAME:
        text = pattern.sub(word, text)
    return words.tokens(_LONG_WORD.sub(r"\1", text), language=language)


def telling(text: str, *, language: str) -> frozenset[int]:
    """The words of a question that say what it is about."""
    return stems(text, language=language) - _fillers(words.family(language))


def codes_in(text: str, *, language: str) -> frozenset[int]:
    """Those of its words that are a code: "E3", the 204 of "E-204", an order's number."""
    found = _CODE.findall(text[:_READ_CHARS])
    return stems(" ".join(found), language=language) if found else frozenset()


@cache
def _fillers(language: str) -> frozenset[int]:
    return stems(_FILLERS, language=language)


def _weight(seen: int, among: int) -> float:
    return 1 + math.log(1 + (among - seen + 0.5) / (seen + 0.5)) if seen else _UNSEEN
