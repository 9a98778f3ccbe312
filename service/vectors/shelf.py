"""Indexes side by side: one is in use, at most one is being built beside it, and at once takes its place."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TypeVar

import structlog

from service.vectors.base import (
    Cursor,
    Entry,
    Fence,
    Found,
    Label,
    Mark,
    Meta,
    Passage,
    Question,
    Status,
    VectorsUnavailableError,
)
from service.vectors.beside import Beside, Shelf
from service.vectors.index import Engine, Index
from service.vectors.payload import SCHEME

log = structlog.get_logger()

T = TypeVar("T")


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

    async def sources(self) -> dict[str, int]:
        """Of the index in use."""
        return await self._with(lambda engine, _: Index(engine).sources())

    async def marks(self, *, source: str, account: str, articles: Sequence[str] = ()) -> dict[str, Mark]:
        """What is completely in the index in use."""
        return await self._with(
            lambda engine, _: Index(engine).marks(source=source, account=account, articles=articles)
        )

    async def articles_by(self, requester: str, *, source: str) -> set[tuple[str, str]]:
        """Of the index in use: what is beside it holds no others."""
        return await self._with(lambda engine, _: Index(engine).articles_by(requester, source=source))

    async def passages(self) -> AsyncIterator[list[Passage]]:
        """Everything in the index in use; a swap waits for the last page, or on a server takes the rest away."""
        async with self._shelf.in_use() as (engine, _):
            async for page in Index(engine).passages():
                yield page

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

    async def relabel(self, labels: Sequence[Label], *, source: str, account: str) -> None:
        """Say it in both."""

        async def say(engine: Engine, _: Meta) -> None:
            await Index(engine).relabel(labels, source=source, account=account)
            if beside := await self._beside(engine):
                await Index(beside).relabel(labels, source=source, account=account)

        await self._with(say)

    async def cursor(self, *, source: str, account: str) -> Cursor | None:
        """How far the index in use was filled."""
        return await self._with(lambda engine, _: Index(engine).cursor(source=source, account=account))

    async def remember(self, cursor: Cursor, *, source: str, account: str) -> None:
        """Of the index in use alone: whoever fills the one beside it remembers there."""
        await self._with(lambda engine, _: Index(engine).remember(cursor, source=source, account=account))

    async def refit(self) -> None:
        """Bring the lengths in use up to date."""
        await self._with(lambda engine, _: Index(engine).refit())

    async def optimise(self) -> None:
        """Build what makes searching fast."""
        await self._with(lambda engine, _: Index(engine).optimise())

    async def beside(self, *, model: str, dimension: int, splitting: int) -> Beside:
        """The index that is built beside the one in use: the half-built one where it is made so, else a new one.

        From here on `put`, `relabel` and `remove` write to both, in every process. Whatever else stands there is dropped.
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


def _made_so(meta: Meta, model: str, dimension: int, splitting: int) -> bool:
    return (meta.model, meta.dimension, meta.splitting, meta.scheme) == (model, dimension, splitting, SCHEME)
