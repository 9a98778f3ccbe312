"""Embedded indexes side by side in a directory.

In use is the shard in the directory `2` when the file `current` says 2; without such a file, the shard in the directory
itself, where the first one lies.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from service.vectors import shards
from service.vectors.base import Meta, VectorsUnavailableError
from service.vectors.embedded import EdgeEngine
from service.vectors.index import Index
from service.vectors.shelf import ShelvedVectors

_POINTER = "current"


class EmbeddedVectors(ShelvedVectors):
    """The index in `path`. One process at a time; several workers need a server."""

    def __init__(self, path: Path) -> None:
        super().__init__(EdgeShelf(path))


@dataclass(eq=False)
class _Held:
    """An open shard, and how many work with it."""

    engine: EdgeEngine
    users: int = 0
    left: asyncio.Event = field(default_factory=asyncio.Event)


class EdgeShelf:
    """A Shelf in a directory, which the shard in use locks."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._current: int | None = None  # None until open
        self._closed = False
        self._held: dict[int, _Held] = {}
        self._opening = asyncio.Lock()
        self._switching: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Load the shard that the pointer names, or make one where there is none; delete what a crash left."""
        async with self._opening:
            if self._closed:
                raise VectorsUnavailableError(f"the knowledge index in {self._path} is not open")
            if self._current is not None:
                return
            number = await asyncio.to_thread(_pointed, self._path)
            engine = await self._loaded(number)
            while (now := await asyncio.to_thread(_pointed, self._path)) != number:  # swapped before we had the lock
                await self._held.pop(number).engine.close()
                number, engine = now, await self._loaded(now)
            kept = {number, await Index(engine).successor() or number}
            for left in await asyncio.to_thread(_numbers, self._path, whole=False) - kept:
                await asyncio.to_thread(_delete, self._path, left)
            self._current = number

    @asynccontextmanager
    async def in_use(self) -> AsyncIterator[tuple[EdgeEngine, Meta]]:
        """The current shard, held."""
        await self.open()
        held = self._held[cast("int", self._current)]
        held.users += 1
        try:
            yield held.engine, await Index(held.engine).meta()
        finally:
            held.users -= 1
            held.left.set()

    async def numbers(self) -> set[int]:
        """Of all shards in the directory."""
        return await asyncio.to_thread(_numbers, self._path, whole=True)

    async def at(self, number: int) -> EdgeEngine:
        """Open a shard and keep it open."""
        async with self._opening:
            return await self._loaded(number)

    async def make(self, number: int, dimension: int) -> EdgeEngine:
        """Make a shard in a directory of its own."""
        await asyncio.to_thread(_delete, self._path, number)  # begun, and never one
        engine = await self.at(number)
        await engine.give_dense(dimension)
        return engine

    async def remake(self, number: int, dimension: int) -> bool:
        """Give a shard without passages other dense vectors."""
        await self._held[number].engine.give_dense(dimension)
        return True

    async def switch(self, number: int) -> None:
        """Replace the pointer. Done to its end once begun: the disk and this process must not disagree."""
        await self._held[number].engine.flush()
        self._switching = asyncio.create_task(self._switch(number))
        await asyncio.shield(self._switching)

    async def drop(self, number: int) -> None:
        """Wait for the last reader, close, delete."""
        if number == self._current:
            raise ValueError(f"index {number} is in use")
        if held := self._held.get(number):
            while held.users:
                held.left.clear()
                await held.left.wait()
            self._held.pop(number, None)
            await held.engine.close()
        await asyncio.to_thread(_delete, self._path, number)

    async def close(self) -> None:
        """Close every shard."""
        self._closed, self._current = True, None
        if self._switching:
            await asyncio.wait([self._switching])
            self._current = None
        while self._held:
            _, held = self._held.popitem()
            await held.engine.close()

    async def _loaded(self, number: int) -> EdgeEngine:
        directory = self._path / str(number) if number else self._path
        held = self._held.setdefault(number, _Held(EdgeEngine(directory, number)))
        await held.engine.open()  # a second time it changes nothing
        return held.engine

    async def _switch(self, number: int) -> None:
        await asyncio.to_thread(_point, self._path, number)
        self._current = number


def _pointed(path: Path) -> int:
    """The number that the pointer names; 0, the directory itself, without one."""
    try:
        return int((path / _POINTER).read_text())
    except FileNotFoundError:
        return 0


def _point(path: Path, number: int) -> None:
    """Let the pointer name another shard. After a crash it names the old one or the new one."""
    written = path / f"{_POINTER}.new"
    with written.open("w") as file:
        file.write(str(number))
        file.flush()
        os.fsync(file.fileno())
    written.replace(path / _POINTER)
    if os.name == "posix":  # elsewhere a directory cannot be opened, and needs no fsync
        directory = os.open(path, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def _numbers(path: Path, *, whole: bool) -> set[int]:
    """The shards that are there. whole: without those whose making was cut short."""
    numbered = {int(one.name) for one in path.iterdir() if one.name.isdecimal()}
    there = {number for number in numbered if not whole or shards.has_shard(path / str(number))}
    return there | {0} if shards.has_shard(path) else there


def _delete(path: Path, number: int) -> None:
    """Delete an index: its directory, or what it put beside the others."""
    if number:
        shutil.rmtree(path / str(number), ignore_errors=True)
    else:
        shards.delete(path)
