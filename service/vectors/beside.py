"""The index that is being built beside the one in use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Protocol

from service.vectors.base import Entry, Label, Mark, Meta
from service.vectors.index import Engine, Index

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


class Beside(Index):
    """The index that is being built. A sync that writes to it keeps the old one up to date, by what really changed."""

    def __init__(self, half: Engine, shelf: Shelf) -> None:
        super().__init__(half)
        self._shelf = shelf
        self._old: dict[tuple[str, str], dict[str, Mark]] = {}

    async def marks(self, *, source: str, account: str, articles: Sequence[str] = ()) -> dict[str, Mark]:
        """What is here; and what only the old one has: its label is known, its text still to be written."""
        old = await self._old_marks(source, account)
        known = {name: Mark(name, "").relabelled(mark.stamp) for name, mark in old.items() if "." in mark.stamp}
        unknown = {name: Mark(name, "") for name in old.keys() - known.keys()}
        ours = await super().marks(source=source, account=account, articles=articles)
        theirs = {name: mark for name, mark in {**known, **unknown}.items() if not articles or name in articles}
        return {**theirs, **ours}

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

    async def relabel(self, labels: Sequence[Label], *, source: str, account: str) -> None:
        """Say it in both, at once: the old one is searched."""
        old = await self._old_marks(source, account)
        async with self._shelf.in_use() as (engine, _):
            if engine is not self._engine:
                await Index(engine).relabel(labels, source=source, account=account)
        for label in labels:
            if known := old.get(label.article):
                old[label.article] = known.relabelled(label.stamp)
        await super().relabel(labels, source=source, account=account)

    async def remove(self, articles: Sequence[str], *, source: str, account: str) -> None:
        """Take articles out of both."""
        async with self._shelf.in_use() as (engine, _):
            if engine is not self._engine:
                await Index(engine).remove(articles, source=source, account=account)
        await super().remove(articles, source=source, account=account)

    async def lacking(self, *, model: str = "") -> Lacking:
        """What the old index has and this one has not, or of another state. What is gone there is dropped here.

        model: whose embeddings it must have here; empty: any or none.
        """
        ours = await self.every_mark()  # before theirs: what somebody adds meanwhile is lacking, never too much
        async with self._shelf.in_use() as (engine, _):
            theirs = await Index(engine).every_mark()
        for (source, account), marks in ours.items():
            gone = sorted(marks.keys() - theirs.get((source, account), {}).keys())
            await super().remove(gone, source=source, account=account)
        return {
            of: lacking
            for of, marks in theirs.items()
            if (lacking := [name for name, mark in marks.items() if not _holds(ours.get(of, {}), mark, model)])
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


def _holds(marks: Mapping[str, Mark], mark: Mark, model: str) -> bool:
    ours = marks.get(mark.article)
    return ours is not None and ours.same_article(mark) and model in ("", ours.model)
