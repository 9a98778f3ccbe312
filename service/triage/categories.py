"""Which category a ticket is of, by the policy's examples that are nearest to it: a small index of its own beside the passages.

Each category is an article, each example a passage of it, so the index that answers tickets holds them as it is: words, the
characters of short texts, and with embeddings their meaning. deploy/decisions/0036
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import structlog

from service.embeddings import Embeddings, EmbeddingsUnavailableError
from service.languages import detect
from service.policy.document import Policy
from service.triage.judged import Judged
from service.vectors import (
    Dense,
    Entry,
    Fence,
    Found,
    Mark,
    Passage,
    Question,
    Vectors,
    VectorsUnavailableError,
    passage_id,
)
from service.vectors.ranking import BODY

log = structlog.get_logger()

_SOURCE: Final = "policy"
_ACCOUNT: Final = "policy"
_FENCE: Final = Fence(account=_ACCOUNT)
_NEAREST_BY_WORDS, _POWER_BY_WORDS = 50, 6
_NEAREST_BY_MEANING, _POWER_BY_MEANING = 30, 16
"""Examples that vote, and the power of their score relative to the best one's. Chosen on the training rows of banking77 alone,
by cross-validation: .860 and .924 there; the optimum is flat."""

_TEXT_CHARS = 1_000
_LONGEST_EXAMPLE = 1_000
_AGAIN_AFTER_S = 300.0
"""Until examples that could not be embedded, or not be put into the index, are tried again."""


class Categories:
    """The categories of the policy that was asked about last. Borrows the index and the embeddings."""

    def __init__(self, vectors: Vectors, embeddings: Embeddings | None = None) -> None:
        self._vectors = vectors
        self._embeddings = embeddings
        self._learnt: Policy | None = None  # whose examples are in the index
        self._again_at = float("inf")  # by the clock of the process: what failed is tried again
        self._learning = asyncio.Lock()

    async def of(self, text: str, *, language: str, policy: Policy) -> Judged[str]:
        """The category that the nearest examples vote for, how sure they are, and the nearest of it. No examples: "".

        Never raises: an index or embeddings that do not answer cost the category, or its meaning.
        """
        if not text.strip() or not any(category.examples for category in policy.categories.values()):
            return Judged("")
        try:
            await self._learn(policy)
            dense = await self._embedded(text[:_TEXT_CHARS])
            question = Question(text[:_TEXT_CHARS], language, self._embeddings.model if self._embeddings else "", dense)
            by_words, by_meaning = _NEAREST_BY_WORDS, _NEAREST_BY_MEANING
            found = await self._vectors.search(question, fence=_FENCE, limit=by_meaning if dense else by_words)
        except VectorsUnavailableError as error:
            log.warning("no category: its index does not answer", error=str(error))
            return Judged("")
        return voted([one for one in found if category_of(one) in policy.categories])

    async def learn(self, policy: Policy) -> None:
        """Have the examples ready before the first ticket. What cannot be learnt now is learnt with a ticket."""
        try:
            await self._learn(policy)
        except VectorsUnavailableError as error:
            log.warning("the policy's examples are not learnt yet", error=str(error))

    async def _embedded(self, text: str) -> tuple[float, ...]:
        if self._embeddings is None:
            return ()
        try:
            return (await self._embeddings.embed([text]))[0]
        except EmbeddingsUnavailableError as error:
            log.warning("a category is told by words alone", error=str(error))
            return ()

    async def _learn(self, policy: Policy) -> None:
        """Bring the index up to date: once per policy, and what did not work once more after five minutes."""
        if policy is self._learnt and time.monotonic() < self._again_at:
            return
        async with self._learning:
            if policy is self._learnt and time.monotonic() < self._again_at:
                return
            self._again_at = float("inf")
            await self._put({name: one.examples for name, one in policy.categories.items() if one.examples})
            self._learnt = policy

    async def _put(self, examples: Mapping[str, Sequence[str]]) -> None:
        texts = [text for of in examples.values() for text in of]
        dense = await self._all_embedded(texts)
        model = self._embeddings.model if self._embeddings and dense else ""
        meta = await self._vectors.meta()
        marks = await self._vectors.marks(source=_SOURCE, account=_ACCOUNT)
        wanted = {_article(name): Mark(_article(name), _stamp(of), model) for name, of in examples.items()}
        if dense and meta.model != model:  # an index is of one model: begun anew
            await self._vectors.remove(list(marks), source=_SOURCE, account=_ACCOUNT)
            await self._vectors.begin(model=model, dimension=len(dense[texts[0]]))
            marks = {}
        gone = [article for article in marks if article not in wanted]
        entries = await asyncio.to_thread(
            _entries,
            {name: of for name, of in examples.items() if marks.get(_article(name)) != wanted[_article(name)]},
            model,
            dense,
        )
        await self._vectors.remove(gone, source=_SOURCE, account=_ACCOUNT)
        await self._vectors.put(entries, source=_SOURCE, account=_ACCOUNT)
        if entries or gone:
            await self._vectors.refit()

    async def _all_embedded(self, texts: Sequence[str]) -> dict[str, tuple[float, ...]]:
        if self._embeddings is None:
            return {}
        try:
            distinct = list(dict.fromkeys(texts))
            return dict(zip(distinct, await self._embeddings.embed(distinct), strict=True))
        except EmbeddingsUnavailableError as error:
            self._again_at = time.monotonic() + _AGAIN_AFTER_S
            log.warning("the policy's examples are learnt by words alone for now", error=str(error))
            return {}


def category_of(found: Found) -> str:
    """Which category an example belongs to."""
    return found.passage.article.removeprefix(f"{_SOURCE}:")


def voted(found: Sequence[Found]) -> Judged[str]:
    """What the nearest examples say together, best first. sure: the winner's share of all votes."""
    if not found or found[0].score <= 0:
        return Judged("")
    power = _POWER_BY_MEANING if BODY in found[0].signals else _POWER_BY_WORDS
    votes: Counter[str] = Counter()
    for one in found:
        votes[category_of(one)] += max(0.0, one.score / found[0].score) ** power  # type: ignore[assignment]  # a float counts as well
    best, weight = votes.most_common(1)[0]
    nearest = next(one.passage.text for one in found if category_of(one) == best)
    return Judged(best, round(weight / sum(votes.values()), 3), (nearest,))


def _article(category: str) -> str:
    return f"{_SOURCE}:{category}"


def _stamp(examples: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(examples).encode()).hexdigest()[:16]


def _entries(examples: Mapping[str, Sequence[str]], model: str, dense: Mapping[str, tuple[float, ...]]) -> list[Entry]:
    entries = []
    for name, texts in examples.items():
        passages = [_passage(name, number, text) for number, text in enumerate(texts)]
        vectors = [Dense(dense[text], dense[text]) for text in texts] if dense else ()
        entries.append(Entry(Mark(_article(name), _stamp(texts), model), passages, vectors))
    return entries


def _passage(category: str, number: int, text: str) -> Passage:
    article = _article(category)
    return Passage(
        id=passage_id(account=_ACCOUNT, source=_SOURCE, article=article, position=number),
        article=article, source=_SOURCE, title="", breadcrumb="", text=text[:_LONGEST_EXAMPLE], url="",
        language=detect(text), audience="internal", account=_ACCOUNT, position=number,
    )  # fmt: skip
