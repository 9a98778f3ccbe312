"""Bringing the index up to date with one source of articles."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import structlog

from connectors.base import Article, ConnectorError
from service.embeddings import (
    Embeddings,
    EmbeddingsMisconfiguredError,
    EmbeddingsRejectedError,
    EmbeddingsUnavailableError,
)
from service.knowledge.chunks import SPLITTING, article_key, cut_short, split, stamp
from service.vectors import Dense, Entry, Mark, Passage, Vectors
from service.vectors.payload import body_of, title_of

log = structlog.get_logger()

Progress = Callable[[int, int | None], None]
"""Called with (articles done, articles in all or None while unknown)."""

_BATCH_PASSAGES = 64
_BATCH_ARTICLES = 50
"""What is split, embedded and written at once; an interrupted sync loses no more than this."""

_GIVE_UP_AFTER = 3
"""Batches in a row without an answer: the endpoint is down, and each further try costs a time-out."""


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync did, in articles. `passages`: now in the index, of every source.

    problems: one sentence per article that failed, and per thing a person should know.
    complete: the source was read to its end; only then are vanished articles removed.
    """

    source: str
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    failed: int = 0
    passages: int = 0
    problems: tuple[str, ...] = ()
    complete: bool = True


@dataclass(frozen=True, slots=True)
class _Split:
    """An article that is to be written."""

    article: Article
    mark: Mark
    passages: list[Passage]
    known: bool  # the index has an older state of it


async def sync(
    articles: AsyncIterator[Article] | Iterable[Article],
    *,
    vectors: Vectors,
    embeddings: Embeddings | None,
    source: str,
    account: str,
    progress: Progress = lambda _done, _total: None,
    gaps: Sequence[str] = (),
) -> SyncReport:
    """Make the index hold exactly these articles of `source` and `account`; a second time it changes nothing.

    An unchanged article costs no embedding. One that fails is named in the report and the rest goes on; its older state
    stays. A source that breaks off (ConnectorError, OSError) ends the sync, and nothing is removed.
    gaps: what the source could not read, filled while it is read; where there are any, nothing is removed.
    Raises VectorsUnavailableError; what was written until then stays, and the next sync goes on from there.
    """
    work = _Sync(vectors, embeddings, source=source, account=account, progress=progress, gaps=gaps)
    return await work.run(articles)


class _Sync:
    """One run: what the index had, what was seen, what was done."""

    def __init__(
        self,
        vectors: Vectors,
        embeddings: Embeddings | None,
        *,
        source: str,
        account: str,
        progress: Progress,
        gaps: Sequence[str],
    ) -> None:
        self._vectors = vectors
        self._embeddings = embeddings
        self._of = {"source": source, "account": account}
        self._progress = progress
        self._gaps = gaps
        self._marks: dict[str, Mark] = {}
        self._seen: set[str] = set()
        self._report = SyncReport(source)
        self._misses = 0  # batches in a row that the endpoint did not answer
        self._down = ""  # why nobody asks the endpoint any more

    async def run(self, articles: AsyncIterator[Article] | Iterable[Article]) -> SyncReport:
        self._marks = await self._vectors.marks(**self._of)
        batch: list[_Split] = []
        try:
            async for article in _each(articles):
                batch += await self._read(article)
                if len(batch) >= _BATCH_ARTICLES or sum(len(one.passages) for one in batch) >= _BATCH_PASSAGES:
                    await self._write(batch)
                    batch = []
                self._progress(len(self._seen), None)
        except (ConnectorError, OSError) as error:
            self._note(f"{self._of['source']} broke off after {len(self._seen)} articles: {error}")
            self._report = dataclasses.replace(self._report, complete=False)
        await self._write(batch)
        for gap in self._gaps:
            self._count(failed=1)
            self._note(gap)
        await self._finish()
        self._progress(len(self._seen), len(self._seen))
        return self._report

    async def _read(self, article: Article) -> list[_Split]:
        """The article as it is to be written; nothing where it is unchanged or fails."""
        key = article_key(article)
        if problem := self._misplaced(article, key):
            self._fail([article], problem)
            self._seen.add(key)
            return []
        self._seen.add(key)
        known = self._marks.get(key)
        made = await asyncio.to_thread(stamp, article)
        model = self._embeddings.model if self._embeddings else ""
        if known and known.stamp == made and (not model or known.model == model):
            self._count(unchanged=1)
            return []
        passages = await asyncio.to_thread(split, article)
        if cut_short(article, passages):
            self._note(f"{key} is too long: only its beginning is in the index")
        if not passages and known is None:
            self._count(unchanged=1)  # it says nothing, and nothing of it is there
            return []
        return [_Split(article, Mark(key, made), passages, known is not None)]

    def _misplaced(self, article: Article, key: str) -> str:
        if (article.source, article.account) != (self._of["source"], self._of["account"]):
            return f"belongs to {article.source} of {article.account}, not to {self._of['source']} of {self._of['account']}"
        return "comes twice from its source" if key in self._seen else ""

    async def _write(self, batch: Sequence[_Split]) -> None:
        """Embed and store a batch; where the endpoint refuses a text, article by article."""
        if not batch:
            return
        try:
            dense = await self._embed(batch)
        except EmbeddingsRejectedError as error:
            if len(batch) == 1:
                self._fail([batch[0].article], str(error))
                return
            for one in batch:
                await self._write([one])
            return
        except EmbeddingsUnavailableError as error:
            self._fail([one.article for one in batch], str(error))
            return
        model = self._embeddings.model if self._embeddings and dense else ""
        vectors = iter(dense)
        entries = [
            Entry(
                dataclasses.replace(one.mark, model=model),
                one.passages,
                [next(vectors) for _ in one.passages] if dense else (),
            )
            for one in batch
        ]
        await self._vectors.put(entries, **self._of)
        known = sum(one.known for one in batch)
        self._count(added=len(batch) - known, changed=known)

    async def _embed(self, batch: Sequence[_Split]) -> list[Dense]:
        """Embeddings of all passages of the batch, in order; none where words alone have to do.

        An endpoint that does not answer fails the batch, except where the index holds none of its vectors yet: then an
        article found by its words is better than none, and the next sync embeds it.
        """
        passages = [passage for one in batch for passage in one.passages]
        if self._embeddings is None or not passages:
            return []
        try:
            dense = await self._ask(self._embeddings, passages)
        except EmbeddingsRejectedError:
            raise
        except EmbeddingsUnavailableError as error:
            if (await self._vectors.meta()).model:
                raise
            self._note(f"articles are indexed by their words alone until the next sync: {error}")
            self._down = str(error)  # all of them or none: with embeddings for some, the others would not be found
            return []
        if not (await self._vectors.meta()).model:  # the first of an index that has no passages yet
            await self._vectors.begin(
                model=self._embeddings.model, dimension=self._embeddings.dimension, splitting=SPLITTING
            )
        return dense

    async def _ask(self, embeddings: Embeddings, passages: Sequence[Passage]) -> list[Dense]:
        if self._down:
            raise EmbeddingsUnavailableError(self._down)
        try:
            dense = await dense_of(passages, embeddings)
        except EmbeddingsRejectedError:
            raise
        except EmbeddingsUnavailableError as error:
            self._misses += 1
            if self._misses == _GIVE_UP_AFTER or isinstance(error, EmbeddingsMisconfiguredError):
                self._down = str(error)
            raise
        self._misses = 0
        return dense

    async def _finish(self) -> None:
        """Remove what vanished, then bring lengths and graphs up to date, where anything changed."""
        if self._report.complete and not self._gaps:
            vanished = sorted(self._marks.keys() - self._seen)
            await self._vectors.remove(vanished, **self._of)
            self._count(removed=len(vanished))
        if self._report.added or self._report.changed or self._report.removed:
            await self._vectors.refit()
            await self._vectors.optimise()
        self._report = dataclasses.replace(self._report, passages=(await self._vectors.status()).passages)

    def _count(self, **more: int) -> None:
        counts = {name: getattr(self._report, name) + number for name, number in more.items()}
        self._report = dataclasses.replace(self._report, **counts)

    def _fail(self, articles: Sequence[Article], reason: str) -> None:
        self._count(failed=len(articles))
        for article in articles:
            self._note(f"{article_key(article)}: {reason}")

    def _note(self, problem: str) -> None:
        if problem not in self._report.problems:
            log.warning("knowledge sync", problem=problem, **self._of)
            self._report = dataclasses.replace(self._report, problems=(*self._report.problems, problem))


async def dense_of(passages: Sequence[Passage], embeddings: Embeddings) -> list[Dense]:
    """Both embeddings of each passage, in order; a title that several share is asked for once."""
    titles = list(dict.fromkeys(title_of(passage) for passage in passages))
    bodies = [body_of(passage) for passage in passages]
    vectors = await embeddings.embed(bodies + titles)
    by_title = dict(zip(titles, vectors[len(bodies) :], strict=True))
    return [
        Dense(body, by_title[title_of(passage)])
        for passage, body in zip(passages, vectors, strict=False)  # the titles' vectors come after the bodies'
    ]


async def _each(articles: AsyncIterator[Article] | Iterable[Article]) -> AsyncIterator[Article]:
    """Any kind of iterator as one; a plain one may read files, so each step is taken in a thread."""
    if isinstance(articles, AsyncIterator):
        async for article in articles:
            yield article
        return
    iterator = iter(articles)
    while (step := await asyncio.to_thread(_next, iterator)) is not None:
        yield step


def _next(iterator: Iterator[Article]) -> Article | None:
    return next(iterator, None)
