"""Indexes side by side: one is in use, at most one is being built beside it, and at once takes its place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import replace
from typing import Protocol, TypeVar

import structlog

from service.vectors.base import Entry, Fence, Found, Mark, Meta, Question, Status, VectorsUnavailableError
from service.vectors.index import Engine, Index
from service.vectors.payload import SCHEME

log = structlog.get_logger()

T = TypeVar("T")

Lacking = Mapping[tuple[str, str], Sequence[str]]
"""Articles, by source and account."""


class Shelf(Protocol):
    """Where the indexes of one deployment stand. Every method may raise VectorsUnavailableError."""

    async def open(self) -> None:
        """Find the index in use, or make it where there is none. Twice is as good as once."""
        ...

    def in_use(self) -> AbstractAsyncContextManager[tuple[Engine, Meta]]:
        """The index in use and its Meta. Where this process owns it, it stays until the block ends."""
        ...

    async def numbers(self) -> set[int]:
        """Of all indexes that are there, in use or not."""
        ...

    async def at(self, number: int) -> Engine:
        """The index of this number, open."""
        ...

    async def make(self, number: int, dimension: int) -> Engine:
        """A new index, empty. dimension: of its dense vectors; 0 for none."""
        ...

    async def remake(self, number: int, dimension: int) -> bool:
        """Give an index without passages dense vectors of this size where it stands. False where that cannot be done."""
        ...

    async def switch(self, number: int) -> None:
        """From now on this one is in use; after a crash at any point, the old one is or this one."""
        ...

    async def drop(self, number: int) -> None:
        """Delete an index that is not in use any more, once nobody reads it."""
        ...

    async def close(self) -> None:
        """Write everything down and let go."""
        ...


class ShelvedVectors:
    """A Vectors that can be built anew beside itself. What is written meanwhile is written to both."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def open(self) -> None:
        """Make sure that an index is in use."""
        await self._shelf.open()

    async def search(self, question: Question, *, fence: Fence, limit: int) -> list[Found]:
        """Search the index in use, from its Meta to its last signal."""
        return await self._with(
            lambda engine, meta: Index(engine).search(question, fence=fence, limit=limit, meta=meta)
        )

    async def status(self) -> Status:
        """Count the passages in use, and those beside them."""

        async def counted(engine: Engine, _: Meta) -> Status:
            status = await Index(engine).status()
            with suppress(VectorsUnavailableError):  # given up at this moment
                if beside := await self._beside(engine):
                    return replace(status, building=(await Index(beside).status()).passages)
            return status

        return await self._with(counted)

    async def meta(self) -> Meta:
        """What the index in use was made with."""
        async with self._shelf.in_use() as (_, meta):
            return meta

    async def marks(self, *, source: str, account: str) -> dict[str, Mark]:
        """What is completely in the index in use."""
        return await self._with(lambda engine, _: Index(engine).marks(source=source, account=account))

    async def begin(self, *, model: str, dimension: int, splitting: int = 1) -> None:
        """An index without passages is made so where it stands, or gives way at once to one that is."""
        async with self._shelf.in_use() as (engine, _), engine.writing:
            index = Index(engine)
            meta = await index.meta()
            if _made_so(meta, model, dimension, splitting) or (await index.status()).passages:
                return
            if await self._shelf.remake(engine.number, dimension):
                await index.begin(model=model, dimension=dimension, splitting=splitting, number=engine.number)
                return
        await self.beside(model=model, dimension=dimension, splitting=splitting)
        await self.swap()

    async def put(self, entries: Sequence[Entry], *, source: str, account: str) -> None:
        """Write to the index in use, then to the one beside it: a swap in between loses nothing."""

        async def write(engine: Engine, _: Meta) -> None:
            await Index(engine).put(entries, source=source, account=account)
            if beside := await self._beside(engine):
                await Index(beside).put(entries, source=source, account=account)

        await self._with(write)

    async def remove(self, articles: Sequence[str], *, source: str, account: str) -> None:
        """Take articles out of both."""

        async def take_out(engine: Engine, _: Meta) -> None:
            await Index(engine).remove(articles, source=source, account=account)
            if beside := await self._beside(engine):
                await Index(beside).remove(articles, source=source, account=account)

        await self._with(take_out)

    async def refit(self) -> None:
        """Bring the lengths in use up to date."""
        await self._with(lambda engine, _: Index(engine).refit())

    async def optimise(self) -> None:
        """Build what makes searching fast."""
        await self._with(lambda engine, _: engine.optimise())

    async def beside(self, *, model: str, dimension: int, splitting: int) -> Beside:
        """The index that is built beside the one in use: the half-built one where it is made so, else a new one.

        From here on `put` and `remove` write to both, in every process. Whatever else stands there is dropped.
        """
        async with self._shelf.in_use() as (engine, meta):
            numbers = await self._shelf.numbers()
            number = await Index(engine).successor()
            if number in numbers - {0, engine.number}:
                half = await self._shelf.at(number)
                if _made_so(await Index(half).meta(), model, dimension, splitting):
                    log.info("a half-built index is gone on with", number=number)
                    return Beside(half, self._shelf)
            number = 1 + max(numbers | {engine.number})
            half = await self._shelf.make(number, dimension)
            await Index(half).begin(model=model, dimension=dimension, splitting=splitting, like=meta)
            await Index(engine).succeed(number)
            log.info("an index is built beside the one in use", number=number, model=model, old=meta.model)
        await self._drop_all_but(engine.number, number)
        return Beside(half, self._shelf)

    async def swap(self) -> None:
        """Use what was built beside from now on, and drop the old one."""
        async with self._shelf.in_use() as (engine, _):
            number = await Index(engine).successor()
            if not number:  # another process was first
                return
            await Index(await self._shelf.at(number)).whole(number)
            await self._shelf.switch(number)
            log.info("the new index is in use", number=number, old=engine.number)
        await self._shelf.drop(engine.number)

    async def discard(self) -> None:
        """Drop whatever is not in use: nothing is being built any more."""
        async with self._shelf.in_use() as (engine, _):
            if await Index(engine).successor():
                await Index(engine).succeed(0)
        await self._drop_all_but(engine.number)

    async def close(self) -> None:
        """Let go of every index."""
        await self._shelf.close()

    async def _drop_all_but(self, *kept: int) -> None:
        for number in await self._shelf.numbers() - {*kept}:
            await self._shelf.drop(number)

    async def _beside(self, engine: Engine) -> Engine | None:
        number = await Index(engine).successor()
        return await self._shelf.at(number) if number else None

    async def _with(self, verb: Callable[[Engine, Meta], Awaitable[T]]) -> T:
        """Do it with the index in use; where another process dropped that one under us, with its successor."""
        async with self._shelf.in_use() as (engine, meta):
            try:
                return await verb(engine, meta)
            except VectorsUnavailableError as error:
                failure = error
        async with self._shelf.in_use() as (other, meta):
            if other is engine:
                raise failure
            return await verb(other, meta)


class Beside(Index):
    """The index that is being built. A sync that writes to it keeps the old one up to date, by what really changed."""

    def __init__(self, half: Engine, shelf: Shelf) -> None:
        super().__init__(half)
        self._shelf = shelf
        self._old: dict[tuple[str, str], dict[str, Mark]] = {}

    async def marks(self, *, source: str, account: str) -> dict[str, Mark]:
        """What is here; and what only the old one has: known, and still to be written."""
        old = await self._old_marks(source, account)
        return {
            **{article: Mark(article, "") for article in old},
            **await super().marks(source=source, account=account),
        }

    async def begin(
        self, *, model: str, dimension: int, splitting: int = 1, number: int = 0, like: Meta | None = None
    ) -> None:
        """It was made for what it is made for."""

    async def put(self, entries: Sequence[Entry], *, source: str, account: str) -> None:
        """Write articles here; those that changed since the old index saw them, there as well."""
        old = await self._old_marks(source, account)
        changed = [
            entry
            for entry in entries
            if (known := old.get(entry.mark.article)) is None or not known.same_article(entry.mark)
        ]
        async with self._shelf.in_use() as (engine, _):
            if changed and engine is not self._engine:
                await Index(engine).put(changed, source=source, account=account)
        await super().put(entries, source=source, account=account)

    async def remove(self, articles: Sequence[str], *, source: str, account: str) -> None:
        """Take articles out of both."""
        async with self._shelf.in_use() as (engine, _):
            if engine is not self._engine:
                await Index(engine).remove(articles, source=source, account=account)
        await super().remove(articles, source=source, account=account)

    async def lacking(self) -> Lacking:
        """What the old index has and this one has not, or of another state. What is gone there is dropped here."""
        ours = await self.every_mark()  # before theirs: what somebody adds meanwhile is lacking, never too much
        async with self._shelf.in_use() as (engine, _):
            theirs = await Index(engine).every_mark()
        for (source, account), marks in ours.items():
            gone = sorted(marks.keys() - theirs.get((source, account), {}).keys())
            await super().remove(gone, source=source, account=account)
        return {
            of: lacking
            for of, marks in theirs.items()
            if (lacking := [name for name, mark in marks.items() if not _holds(ours.get(of, {}), mark)])
        }

    async def old_entries(self, articles: Sequence[str], *, source: str, account: str) -> list[Entry]:
        """Articles as the old index has them, without embeddings; of another splitting, and marked so."""
        async with self._shelf.in_use() as (engine, meta):
            entries = await Index(engine).entries(articles, source=source, account=account)
        if meta.splitting == (await self.meta()).splitting:
            return entries
        return [replace(entry, mark=entry.mark.carried(meta.splitting)) for entry in entries]

    async def carry(self, entries: Sequence[Entry], *, source: str, account: str) -> None:
        """Write what was taken from the old index; there, somebody may have written a newer state meanwhile."""
        await super().put(entries, source=source, account=account)

    async def _old_marks(self, source: str, account: str) -> dict[str, Mark]:
        if (source, account) not in self._old:
            async with self._shelf.in_use() as (engine, _):
                self._old[source, account] = await Index(engine).marks(source=source, account=account)
        return self._old[source, account]


def _made_so(meta: Meta, model: str, dimension: int, splitting: int) -> bool:
    return (meta.model, meta.dimension, meta.splitting, meta.scheme) == (model, dimension, splitting, SCHEME)


def _holds(marks: Mapping[str, Mark], mark: Mark) -> bool:
    ours = marks.get(mark.article)
    return ours is not None and ours.same_article(mark)
