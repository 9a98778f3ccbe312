"""The verbs of one index, over either engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Protocol

from service.vectors import payload as stored
from service.vectors import reach, words
from service.vectors.base import ANY, Cursor, Entry, Fence, Found, Label, Mark, Meta, Passage, Question, Status
from service.vectors.payload import Payload, Point
from service.vectors.ranking import Plan, Where, plan

_PAGE = 1_000
_WRITE = 256
"""Points per write: with two embeddings of 3,072 numbers about 30 MB of JSON at a server, below its 32 MB."""

_READ = 100  # whole passages a page: a few milliseconds of the loop

_REFIT_FROM = 0.05
"""BM25 is computed anew when a mean length moved by more than this share; less does not change an order."""

_PASSAGES = Where(must=(("kind", ("passage",)),))


@dataclass(frozen=True, slots=True)
class Scored:
    """A point that a query brought back."""

    id: str
    score: float
    payload: Payload


class Engine(Protocol):
    """Where points lie. Nothing here knows what a passage is; every method may raise VectorsUnavailableError."""

    number: int
    """Which index this is, of those that stand side by side; 0 for one from before they were numbered."""

    writing: asyncio.Lock
    """Held by whoever writes, and while an index is optimised."""

    async def upsert(self, points: Sequence[Point]) -> None:
        """Store points; one with the same id is replaced whole."""
        ...

    async def revise(self, points: Sequence[Point]) -> None:
        """Replace the named vectors of points that are there; their other vectors and payloads stay."""
        ...

    async def label(self, where: Where, payload: Payload) -> None:
        """Set these fields of every point that matches; its other fields and its vectors stay."""
        ...

    async def delete(self, where: Where) -> None:
        """Drop every point that matches."""
        ...

    async def read(self, point_id: str) -> Payload | None:
        """One point's payload; None where there is no such point."""
        ...

    def scroll(self, where: Where, *, fields: Sequence[str] | None, page: int) -> AsyncIterator[list[Scored]]:
        """Every point that matches, page by page. fields: of the payload; None for all."""
        ...

    async def count(self, where: Where) -> int:
        """How many points match, exactly."""
        ...

    async def rank(self, plan: Plan) -> list[Scored]:
        """The best points by weighted sum of the signals."""
        ...

    async def optimise(self) -> None:
        """Build what makes searching fast; readers go on meanwhile."""
        ...

    async def close(self) -> None:
        """Write everything down and let go."""
        ...


class Index:
    """A Vectors over an engine that somebody else opens and closes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def open(self) -> None:
        """It is open."""

    async def search(self, question: Question, *, fence: Fence, limit: int, meta: Meta | None = None) -> list[Found]:
        """Ask the engine for the best passages. meta: where it is known."""
        meta = meta or await self.meta()
        dense = bool(question.dense) and (question.model, len(question.dense)) == (meta.model, meta.dimension)
        asked = await asyncio.to_thread(
            plan, question, fence=fence, indexed=meta.languages, dense=dense, scheme=meta.scheme, limit=limit
        )
        if asked is None or not meta.languages:
            return []
        signals = frozenset(signal.using for signal in asked.signals)
        return [
            Found(stored.to_passage(point.id, point.payload), point.score, signals)
            for point in await self._engine.rank(asked)
        ]

    async def status(self) -> Status:
        """Count the passages."""
        meta = await self.meta()
        return Status(passages=await self._engine.count(_PASSAGES), model=meta.model)

    async def meta(self) -> Meta:
        """Read the index's own point: another process may have changed it."""
        return stored.to_meta(await self._engine.read(stored.META_ID))

    async def marks(self, *, source: str, account: str, articles: Sequence[str] = ()) -> dict[str, Mark]:
        """Gather the marks that every passage carries."""
        pages = self._engine.scroll(_of(source, account, tuple(articles)), fields=stored.MARKED, page=_PAGE)
        return stored.to_marks([point.payload async for page in pages for point in page])

    async def articles_by(self, requester: str, *, source: str) -> set[tuple[str, str]]:
        """What was written down as theirs, and what they alone may find: from before it was written down."""
        if requester in ("", ANY):  # nobody in particular, which is most of the index
            return set()
        found = set()
        for name in ("by", "requester"):
            where = Where(must=(("kind", ("passage",)), ("source", (source,)), (name, (requester,))))
            async for page in self._engine.scroll(where, fields=("account", "article"), page=_PAGE):
                found |= {(point.payload["account"], point.payload["article"]) for point in page}
        return found

    async def sources(self) -> dict[str, int]:
        """Count them as they are scrolled by."""
        counts: dict[str, int] = {}
        async for page in self._engine.scroll(_PASSAGES, fields=("source",), page=_PAGE):
            for point in page:
                counts[point.payload["source"]] = counts.get(point.payload["source"], 0) + 1
        return counts

    async def passages(self) -> AsyncIterator[list[Passage]]:
        """Scroll through the whole index."""
        async for page in self._engine.scroll(_PASSAGES, fields=None, page=_READ):
            yield [stored.to_passage(point.id, point.payload) for point in page]

    async def every_mark(self) -> dict[tuple[str, str], dict[str, Mark]]:
        """All marks, by source and account."""
        held: dict[tuple[str, str], list[Payload]] = {}
        fields = (*stored.MARKED, "source", "account")
        async for page in self._engine.scroll(_PASSAGES, fields=fields, page=_PAGE):
            for point in page:
                held.setdefault((point.payload["source"], point.payload["account"]), []).append(point.payload)
        return {of: stored.to_marks(payloads) for of, payloads in held.items()}

    async def entries(self, articles: Sequence[str], *, source: str, account: str) -> list[Entry]:
        """Articles as they lie here, without their embeddings."""
        where = _of(source, account, tuple(articles))
        points = [point async for page in self._engine.scroll(where, fields=None, page=_PAGE) for point in page]
        marks = stored.to_marks([point.payload for point in points])
        passages: dict[str, list[Passage]] = {}
        for point in points:
            passage = stored.to_passage(point.id, point.payload)
            passages.setdefault(passage.article, []).append(passage)
        return [
            Entry(replace(marks[article], model=""), sorted(parts, key=lambda part: part.position))
            for article, parts in passages.items()
        ]

    async def begin(
        self, *, model: str, dimension: int, splitting: int = 1, number: int = 0, like: Meta | None = None
    ) -> None:
        """Write down what this index, without passages, is made for: nothing was read for it yet.

        like: Meta of an older one, a first guess at lengths.
        """
        await self._engine.delete(Where(must=(("kind", ("cursor",)),)))
        old = like or Meta()
        made = Meta(model, dimension, old.body_len, old.title_len, splitting=splitting, number=number)
        await self._engine.upsert([stored.meta_point(replace(made, scheme=stored.SCHEME))])

    async def whole(self, number: int) -> None:
        """Write down that this index is complete, and its number."""
        async with self._engine.writing:
            await self._engine.upsert([stored.meta_point(replace(await self.meta(), number=number))])

    async def successor(self) -> int:
        """The number of the index that is being built beside this one; 0 for none."""
        point = await self._engine.read(stored.SUCCESSOR_ID)
        return int(point["number"]) if point else 0

    async def succeed(self, number: int) -> None:
        """Write down which index is being built beside this one."""
        async with self._engine.writing:
            await self._engine.upsert([stored.successor_point(number)])

    async def put(self, entries: Sequence[Entry], *, source: str, account: str) -> None:
        """Write the new passages, then drop what the articles had beyond them."""
        if not entries:
            return
        async with self._engine.writing:
            meta = await self._meta_for(entries)
            entries = [entry if _fits(entry, meta) else _by_words(entry) for entry in entries]
            points = await asyncio.to_thread(stored.points, entries, meta)
            for start in range(0, len(points), _WRITE):
                await self._engine.upsert(points[start : start + _WRITE])
            # what an article had beyond its new end; a crash before this line leaves a mark that says "not whole"
            articles = tuple(entry.mark.article for entry in entries)
            stamps = tuple(entry.mark.stamp for entry in entries)
            where = _of(source, account, articles)
            await self._engine.delete(replace(where, must_not=(("stamp", stamps),)))

    async def relabel(self, labels: Sequence[Label], *, source: str, account: str) -> None:
        """Set the fields that fences read, the address and the stamp; the text may be in another state than elsewhere."""
        async with self._engine.writing:
            where = _of(source, account, tuple(label.article for label in labels))
            fields = (*stored.MARKED, *reach.PARTS)
            held = [
                point.payload async for page in self._engine.scroll(where, fields=fields, page=_PAGE) for point in page
            ]
            marks = stored.to_marks(held)
            as_it_was = {payload["article"]: payload for payload in held}
            for label in labels:
                if known := marks.get(label.article):
                    new = {**asdict(label), "stamp": known.relabelled(label.stamp).stamp}
                    new[reach.FIELD] = reach.reach({"requester": ANY, **as_it_was[label.article], **new})
                    await self._engine.label(_of(source, account, (new.pop("article"),)), new)

    async def cursor(self, *, source: str, account: str) -> Cursor | None:
        """Read the source's own point."""
        return stored.to_cursor(await self._engine.read(stored.cursor_id(source=source, account=account)))

    async def remember(self, cursor: Cursor, *, source: str, account: str) -> None:
        """Write the source's own point."""
        async with self._engine.writing:
            await self._engine.upsert([stored.cursor_point(cursor, source=source, account=account)])

    async def remove(self, articles: Sequence[str], *, source: str, account: str) -> None:
        """Drop every passage of these articles."""
        async with self._engine.writing:
            for start in range(0, len(articles), _PAGE):
                await self._engine.delete(_of(source, account, tuple(articles[start : start + _PAGE])))

    async def refit(self) -> None:
        """Measure the lengths anew; where they moved, write the BM25 vectors anew."""
        async with self._engine.writing:
            meta = await self.meta()
            new = await self._fitted(meta)
            moved = max(_moved(meta.body_len, new.body_len), _moved(meta.title_len, new.title_len))
            if moved > _REFIT_FROM:
                async for page in self._engine.scroll(_PASSAGES, fields=None, page=_WRITE):
                    await self._engine.revise(await asyncio.to_thread(_bm25_points, page, new))
                await self._engine.upsert([stored.meta_point(new)])
            elif new.languages != meta.languages:
                await self._engine.upsert([stored.meta_point(replace(meta, languages=new.languages))])

    async def optimise(self) -> None:
        """Leave it to the engine. Writers wait meanwhile: what they wrote would be in the old graph alone."""
        async with self._engine.writing:
            await self._engine.optimise()

    async def close(self) -> None:
        """Close the engine."""
        await self._engine.close()

    async def _meta_for(self, entries: Sequence[Entry]) -> Meta:
        """The index's Meta, fit to take these articles: it knows their languages, and a first guess at lengths."""
        meta = await self.meta()
        passages = [passage for entry in entries for passage in entry.passages]
        families = {words.family(passage.language) for passage in passages}
        new = replace(meta, languages=tuple(sorted(families | set(meta.languages))))
        if not meta.body_len and passages:
            new = replace(
                new,
                body_len=words.mean_length(words.length(stored.body_of(passage)) for passage in passages),
                title_len=words.mean_length(words.length(stored.title_of(passage)) for passage in passages),
            )
        if new != meta:
            await self._engine.upsert([stored.meta_point(new)])
        return new

    async def _fitted(self, meta: Meta) -> Meta:
        """Meta as the passages that are there now would have it."""
        bodies: list[int] = []
        titles: list[int] = []
        families: set[str] = set()
        fields = ("words", "title_words", "language")
        async for page in self._engine.scroll(_PASSAGES, fields=fields, page=_PAGE):
            for point in page:
                bodies.append(point.payload["words"])
                titles.append(point.payload["title_words"])
                families.add(words.family(point.payload["language"]))
        return replace(
            meta,
            body_len=words.mean_length(bodies),
            title_len=words.mean_length(titles),
            languages=tuple(sorted(families)),
        )


def _of(source: str, account: str, articles: tuple[str, ...] = ()) -> Where:
    """The passages of one source, or of some of its articles."""
    named = (("article", articles),) if articles else ()
    return Where(must=(("kind", ("passage",)), ("source", (source,)), ("account", (account,)), *named))


def _fits(entry: Entry, meta: Meta) -> bool:
    """Whether the embeddings of an article, where it has any, are of the model that the index was made for."""
    return not entry.dense or (entry.mark.model, len(entry.dense[0].body)) == (meta.model, meta.dimension)


def _by_words(entry: Entry) -> Entry:
    return replace(entry, mark=replace(entry.mark, model=""), dense=())


def _bm25_points(page: Sequence[Scored], meta: Meta) -> list[Point]:
    """The points with word vectors alone, marked as having no embeddings."""
    return [
        Point(point.id, stored.bm25(stored.to_passage(point.id, point.payload), meta), {**point.payload, "model": ""})
        for point in page
    ]


def _moved(old: float, new: float) -> float:
    return abs(new - old) / old if old else 1.0
