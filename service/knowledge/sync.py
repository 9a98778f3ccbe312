"""Bringing the index up to date with one source of articles."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import structlog

from connectors.base import Article, ConnectorError, Reading
from service.embeddings import Embeddings, EmbeddingsRejectedError, EmbeddingsUnavailableError
from service.knowledge.chunks import SPLITTING, article_key, cut_short, split, stamp
from service.knowledge.encoding import Encoder
from service.vectors import Dense, Entry, Label, Mark, Passage, Vectors

log = structlog.get_logger()

Progress = Callable[[int, int | None], None]
"""Called with (articles done, articles in all or None while unknown)."""

_BATCH_PASSAGES = 64
_BATCH_ARTICLES = 50
"""What is split, embedded and written at once; an interrupted sync loses no more than this."""


_LONG_CHARS = 20_000  # hashed in a tenth of a millisecond


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync did, in articles. `passages`: now in the index, of every source.

    problems: one sentence per article that failed, and per thing a person should know.
    complete: the source was read to its end; only then are vanished articles removed.
    settled: nothing failed that the next sync may mend. read: all of the source, or what changed in it; empty: it was not asked.
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
    settled: bool = True
    read: Literal["", "all", "changes"] = ""


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
    unread: Mapping[str, str] = MappingProxyType({}),
) -> SyncReport:
    """Make the index hold exactly these articles of `source` and `account`; a second time it changes nothing.

    An unchanged article costs no embedding, nor does one of which only changed who may read it; that is in force at once,
    even where its text cannot be embedded now. One that fails is named in the report and the rest goes on; its older state
    stays. A source that breaks off (ConnectorError, OSError) ends the sync, and nothing is removed.
    gaps: what the source could not read, filled while it is read; where there are any, nothing is removed.
    unread: the same by id of the article; these stay, and others are removed all the same.
    Raises VectorsUnavailableError; what was written until then stays, and the next sync goes on from there.
    """
    work = _Sync(vectors, embeddings, source=source, account=account, progress=progress)
    return await work.run(articles, gaps=gaps, unread=unread)


async def sync_pages(
    readings: AsyncIterator[Reading],
    *,
    vectors: Vectors,
    embeddings: Embeddings | None,
    source: str,
    account: str,
    progress: Progress = lambda _done, _total: None,
) -> SyncReport:
    """Bring these pages of a source up to date, and leave its others alone. As `sync` in all else."""
    work = _Sync(vectors, embeddings, source=source, account=account, progress=progress)
    return await work.run_pages(readings)


async def put_article(article: Article, *, vectors: Vectors, embeddings: Embeddings | None) -> SyncReport:
    """Bring one article up to date, whatever else its source holds."""
    work = _Sync(vectors, embeddings, source=article.source, account=article.account)
    return await work.run_one(article)


class _Sync:
    """One run: what the index had, what was seen, what was done."""

    def __init__(
        self,
        vectors: Vectors,
        embeddings: Embeddings | None,
        *,
        source: str,
        account: str,
        progress: Progress = lambda _done, _total: None,
    ) -> None:
        self._vectors = vectors
        self._embeddings = embeddings
        self._of = {"source": source, "account": account}
        self._progress = progress
        self._marks: dict[str, Mark] = {}
        self._seen: set[str] = set()
        self._batch: list[_Split] = []
        self._report = SyncReport(source)
        self._encoder = Encoder()

    async def run(
        self, articles: AsyncIterator[Article] | Iterable[Article], *, gaps: Sequence[str], unread: Mapping[str, str]
    ) -> SyncReport:
        self._marks = await self._vectors.marks(**self._of)
        try:
            async for article in _each(articles):
                await self._take([article])
        except (ConnectorError, OSError) as error:
            self._broke_off(error)
        await self._flush()
        for id_, reason in unread.items():
            self._seen.add(f"{self._of['source']}:{id_}")
            self._note(f"{self._of['source']}:{id_}: {reason}", failed=1)
        for gap in gaps:
            self._note(gap, failed=1)
        if self._report.complete and not gaps:
            await self._remove(self._marks.keys() - self._seen)
        return await self._finish()

    async def run_pages(self, readings: AsyncIterator[Reading]) -> SyncReport:
        self._marks = await self._vectors.marks(**self._of)
        known: dict[str, set[str]] = {}
        for key in self._marks:
            known.setdefault(_page_of(key), set()).add(key)
        try:
            async for page in readings:
                if page.problem:
                    self._note(f"{self._of['source']}:{page.id}: {page.problem}", failed=1)
                    continue
                await self._remove(known.get(page.id, set()) - {article_key(one) for one in page.articles})
                await self._take(page.articles)
        except (ConnectorError, OSError) as error:
            self._broke_off(error)
        await self._flush()
        return await self._finish()

    async def run_one(self, article: Article) -> SyncReport:
        self._marks = await self._vectors.marks(**self._of, articles=[article_key(article)])
        await self._take([article])
        await self._flush()
        return self._report

    async def _take(self, articles: Sequence[Article]) -> None:
        """Look at these articles, and write what has gathered where that is enough for a request."""
        for article in articles:
            self._batch += await self._read(article)
        if len(self._batch) >= _BATCH_ARTICLES or sum(len(one.passages) for one in self._batch) >= _BATCH_PASSAGES:
            await self._flush()
        self._progress(len(self._seen), None)

    async def _flush(self) -> None:
        batch, self._batch = self._batch, []
        await self._write(batch)

    async def _read(self, article: Article) -> list[_Split]:
        """The article as it is to be written; nothing where it is unchanged or fails."""
        key = article_key(article)
        if problem := self._misplaced(article, key):
            self._fail([article], problem)
            self._seen.add(key)
            return []
        self._seen.add(key)
        known = self._marks.get(key)
        made = await _stamp(article)
        model = self._embeddings.model if self._embeddings else ""
        embedded = known is not None and (not model or known.model == model)
        if known and known.stamp == made and embedded:
            self._count(unchanged=1)
            return []
        if known and await self._relabelled(article, known, made) and embedded:
            self._count(changed=1)
            return []
        passages = await asyncio.to_thread(split, article)
        if cut_short(article, passages):
            self._note(f"{key} is too long: only its beginning is in the index")
        if not passages and known is None:
            self._count(unchanged=1)  # it says nothing, and nothing of it is there
            return []
        return [_Split(article, Mark(key, made), passages, known is not None)]

    async def _relabelled(self, article: Article, known: Mark, made: str) -> bool:
        """Put in force who may find the article, whatever becomes of its text; whether that is all that changed."""
        (old_text, _, old_label), (text, _, label) = known.stamp.partition("."), made.partition(".")
        if old_label != label:
            new = Label(known.article, made, article.audience, article.brand, article.organization, article.url)
            await self._vectors.relabel([new], **self._of)
        return old_text == text

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
            self._unsettle()
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
            dense = await self._encoder.encode(self._embeddings, passages)
        except EmbeddingsRejectedError:
            raise
        except EmbeddingsUnavailableError as error:
            if (await self._vectors.meta()).model:
                raise
            self._unsettle()
            self._note(f"articles are indexed by their words alone until the next sync: {error}")
            self._encoder.give_up(str(error))  # all or none: with embeddings for some, the others would not be found
            return []
        if not (await self._vectors.meta()).model:  # the first of an index that has no passages yet
            await self._vectors.begin(
                model=self._embeddings.model, dimension=self._embeddings.dimension, splitting=SPLITTING
            )
        return dense

    async def _remove(self, vanished: set[str]) -> None:
        await self._vectors.remove(sorted(vanished), **self._of)
        self._count(removed=len(vanished))

    async def _finish(self) -> SyncReport:
        """Bring lengths and graphs up to date, where anything changed."""
        if self._report.added or self._report.changed or self._report.removed:
            await self._vectors.refit()
            await self._vectors.optimise()
        self._report = dataclasses.replace(self._report, passages=(await self._vectors.status()).passages)
        self._progress(len(self._seen), len(self._seen))
        return self._report

    def _broke_off(self, error: Exception) -> None:
        self._note(f"{self._of['source']} broke off after {len(self._seen)} articles: {error}")
        self._report = dataclasses.replace(self._report, complete=False)

    def _unsettle(self) -> None:
        self._report = dataclasses.replace(self._report, settled=False)

    def _count(self, **more: int) -> None:
        counts = {name: getattr(self._report, name) + number for name, number in more.items()}
        self._report = dataclasses.replace(self._report, **counts)

    def _fail(self, articles: Sequence[Article], reason: str) -> None:
        self._count(failed=len(articles))
        for article in articles:
            self._note(f"{article_key(article)}: {reason}")

    def _note(self, problem: str, *, failed: int = 0) -> None:
        self._count(failed=failed)
        if problem not in self._report.problems:
            log.warning("knowledge sync", problem=problem, **self._of)
            self._report = dataclasses.replace(self._report, problems=(*self._report.problems, problem))


async def _stamp(article: Article) -> str:
    """The stamp of an article; of a long one in a thread, which for a short one would cost more than the hash."""
    if len(article.html) > _LONG_CHARS:
        return await asyncio.to_thread(stamp, article)
    await asyncio.sleep(0)  # others get their turn between two articles of a page
    return stamp(article)


def _page_of(key: str) -> str:
    """The number that all languages of an article share: "zendesk:33153:de" -> "33153"."""
    return key.split(":", 2)[1]


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
