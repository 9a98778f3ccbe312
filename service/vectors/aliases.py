"""Collections side by side on a Qdrant server, one of them behind an alias."""

from __future__ import annotations

import asyncio
import re
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from service.vectors.base import Meta
from service.vectors.payload import META_ID, meta_point, to_meta
from service.vectors.server import TIMEOUT_S, MissingError, ServerEngine
from service.vectors.shelf import ShelvedVectors

if TYPE_CHECKING:  # importing it costs some 60 MB, which only those pay who set a server
    from qdrant_client import AsyncQdrantClient


class ServerVectors(ShelvedVectors):
    """The index on a server, which any number of processes share. Closes the client it is given.

    collection: an alias of the collection in use, `{collection}-index-{number}`; or a collection from before there were
    aliases, until it is built anew.
    """

    def __init__(self, client: AsyncQdrantClient, *, collection: str = "deskpilot", api_key: str = "") -> None:
        """api_key: of the client; struck out of whatever the server says."""
        shelf = ServerShelf(client, collection, api_key=api_key)
        super().__init__(shelf)
        self.stands = shelf.stands


def connect(url: str, *, api_key: str, collection: str) -> ServerVectors:
    """The index on the server at `url`. Does not speak to it yet."""
    from qdrant_client import AsyncQdrantClient  # noqa: PLC0415 - see above

    with (
        warnings.catch_warnings()
    ):  # it warns of a key on plain HTTP, in every process: beside each other in a network of yours
        warnings.simplefilter("ignore")
        client = AsyncQdrantClient(url=url, api_key=api_key or None, timeout=TIMEOUT_S, check_compatibility=False)
    return ServerVectors(client, collection=collection, api_key=api_key)


class ServerShelf:
    """A Shelf of collections, one of which has the alias.

    https://qdrant.tech/documentation/concepts/collections/#collection-aliases
    """

    def __init__(self, client: AsyncQdrantClient, alias: str, *, api_key: str = "") -> None:
        from qdrant_client import models  # noqa: PLC0415 - whoever has a client has paid for it

        self._client = client
        self._alias = alias
        self._api_key = api_key
        self._models = models
        self._engines: dict[str, ServerEngine] = {}
        self._door = self._engine(alias)
        self._current: tuple[int, ServerEngine] | None = None  # what Meta said behind the alias, and where that lies
        self._opening = asyncio.Lock()

    async def open(self) -> None:
        """Once per process: make sure that the alias leads somewhere."""
        async with self._opening:
            if self._current is None:
                await self._settle(new=True)

    async def stands(self) -> bool:
        """Whether there is an index; none is made."""
        async with self._door.answering():
            aliases = {one.alias_name for one in (await self._client.get_aliases()).aliases}
            named = {one.name for one in (await self._client.get_collections()).collections}
        return self._alias in aliases | named

    @asynccontextmanager
    async def in_use(self) -> AsyncIterator[tuple[ServerEngine, Meta]]:
        """The collection behind the alias by its own name, so that a search never changes horses."""
        await self.open()
        try:
            meta = to_meta(await self._door.read(META_ID))
        except MissingError:  # another process died, or is, between dropping one from before and naming its successor
            await self._settle(new=False)
            meta = to_meta(await self._door.read(META_ID))
        while self._current is None or self._current[0] != meta.number:
            engine = self._engine(await self._target())
            meta = to_meta(await engine.read(META_ID))
            await engine.open()
            self._current = meta.number, engine
        yield self._current[1], meta

    async def numbers(self) -> set[int]:
        """Of all collections that are named for this alias."""
        async with self._door.answering():
            named = [one.name for one in (await self._client.get_collections()).collections]
        return {self._number(name) for name in named} - {0}

    async def at(self, number: int) -> ServerEngine:
        """Nothing is to be opened but what an older version made."""
        engine = self._engine(self._name(number))
        await engine.open()
        return engine

    async def make(self, number: int, dimension: int) -> ServerEngine:
        """Create the collection."""
        engine = self._engine(self._name(number))
        await engine.create(dimension)
        return engine

    async def remake(self, number: int, dimension: int) -> bool:  # noqa: ARG002 - the Shelf's words
        """A collection keeps the vectors it was created with."""
        return False

    async def switch(self, number: int) -> None:
        """Move the alias, which the server does at once.

        A collection from before there were aliases has its name, and must be dropped first; who asks in between, or
        starts after a crash in between, names the successor himself.
        """
        if await self._target() == self._alias:
            async with self._door.answering():
                await self._client.delete_collection(self._alias)
        await self._lead_to(number)

    async def drop(self, number: int) -> None:
        """Delete the collection; others that are reading it start again with the one in use."""
        if number:  # one from before went when the alias took its name
            async with self._door.answering():
                await self._client.delete_collection(self._name(number))
            self._engines.pop(self._name(number), None)

    async def close(self) -> None:
        """Close the client."""
        await self._client.close()

    async def _settle(self, *, new: bool) -> None:
        """Where neither alias nor collection has the name: lead the alias to the newest whole index.

        new: or to a new one, where there is none. Two processes that start together do the same.
        """
        async with self._door.answering():
            aliases = {one.alias_name for one in (await self._client.get_aliases()).aliases}
            named = {one.name for one in (await self._client.get_collections()).collections}
        if self._alias in aliases | named:
            return
        numbers = {self._number(name) for name in named} - {0}
        metas = {number: to_meta(await self._engine(self._name(number)).read(META_ID)) for number in numbers}
        if whole := [number for number, meta in metas.items() if meta.number]:
            await self._lead_to(max(whole))
        elif new:
            engine = await self.make(1, 0)
            await engine.upsert([meta_point(replace(to_meta(None), number=1))])
            await self._lead_to(1)

    async def _lead_to(self, number: int) -> None:
        models = self._models
        gone = models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=self._alias))
        made = models.CreateAlias(alias_name=self._alias, collection_name=self._name(number))
        async with self._door.answering():
            await self._client.update_collection_aliases([gone, models.CreateAliasOperation(create_alias=made)])

    async def _target(self) -> str:
        """What the alias leads to; itself where it is a collection from before."""
        async with self._door.answering():
            aliases = (await self._client.get_aliases()).aliases
        return next((one.collection_name for one in aliases if one.alias_name == self._alias), self._alias)

    def _engine(self, name: str) -> ServerEngine:
        if name not in self._engines:
            self._engines[name] = ServerEngine(self._client, name, self._number(name), api_key=self._api_key)
        return self._engines[name]

    def _name(self, number: int) -> str:
        return f"{self._alias}-index-{number}"

    def _number(self, name: str) -> int:
        named = re.fullmatch(re.escape(self._alias) + r"-index-(\d+)", name)
        return int(named[1]) if named else 0
