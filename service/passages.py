"""The step that finds what the company already knows about a question."""

from __future__ import annotations

import asyncio
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cache

import structlog

from service.confidence import confidence
from service.embeddings import Embeddings, EmbeddingsUnavailableError
from service.questions import questions, sentences
from service.vectors import Fence, Found, Question, Vectors, words
from service.vectors.payload import body_of

log = structlog.get_logger()

_PER_ARTICLE = 2
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

LOOKED_AT = 6
"""Passages asked for per passage wanted: enough that articles with many good ones leave room for others."""


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What was found, best first: at most 2 passages per article.

    coverage: 0 to 1, the share of the question's weight that the best article's passages contain (rare words weigh more).
    It says how much of the question is spoken of, not that it is answered. confidence: 0 to 1, the probability that the best
    article answers it (service/confidence.py). Both are priors, not gates.
    degraded: the embeddings endpoint did not answer, so words alone decided.
    """

    found: tuple[Found, ...] = ()
    coverage: float = 0.0
    confidence: float = 0.0
    degraded: bool = False


async def find_passages(
    query: str, *, fence: Fence, vectors: Vectors, embeddings: Embeddings | None, limit: int = 8
) -> Retrieval:
    """The passages within the fence that suit the query, in the language of `fence.languages[0]` where there is one.

    Without an answer from the embeddings endpoint words alone decide. Raises VectorsUnavailableError.
    """
    language = fence.languages[0] if fence.languages else ""
    question, degraded = Question(query, language), False
    if query.strip():
        question, degraded = await _embedded(question, embeddings)
    return replace(await passages_for(question, fence=fence, vectors=vectors, limit=limit), degraded=degraded)


async def passages_for(question: Question, *, fence: Fence, vectors: Vectors, limit: int) -> Retrieval:
    """The same for a question that is embedded already, or is not to be. Raises VectorsUnavailableError."""
    if not question.text.strip() and not question.dense:
        return Retrieval()
    found = await vectors.search(question, fence=fence, limit=limit * LOOKED_AT)
    return await asyncio.to_thread(judged, question.text, found, limit=limit)


def judged(query: str, found: Sequence[Found], *, limit: int) -> Retrieval:
    """What an index brought back, and what it is worth."""
    share = coverage(query, found)
    return Retrieval(grouped(found, limit=limit), share, confidence(found, coverage=share))


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
