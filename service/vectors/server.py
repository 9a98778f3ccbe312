"""A Qdrant server as the engine: version 1.14 or later, for formula queries over the scores of prefetches."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from service.vectors.base import Meta, VectorsUnavailableError
from service.vectors.index import Scored
from service.vectors.payload import INDEXED, META_ID, Payload, Point, meta_point, to_meta
from service.vectors.ranking import BM25_BODY, BM25_TITLE, BODY, DEPTH, TITLE, Plan, Signal, Where
from service.vectors.shelf import ShelvedVectors
from service.vectors.words import Sparse

if TYPE_CHECKING:  # importing it costs some 60 MB, which only those pay who set a server
    from qdrant_client import AsyncQdrantClient, models

_TIMEOUT_S = 10

_NOT_FOUND = 404
_CONFLICT = 409


class MissingError(VectorsUnavailableError):
    """There is no such collection: it was dropped, by another process for another one, or by a person."""


class ServerVectors(ShelvedVectors):
    """The index on a server, which any number of processes share. Closes the client it is given.

    collection: an alias of the collection in use, `{collection}-index-{number}`; or a collection from before there were
    aliases, until it is built anew.
    """

    def __init__(self, client: AsyncQdrantClient, *, collection: str = "deskpilot") -> None:
        super().__init__(ServerShelf(client, collection))


def connect(url: str, *, api_key: str, collection: str) -> ServerVectors:
    """The index on the server at `url`. Does not speak to it yet."""
    from qdrant_client import AsyncQdrantClient  # noqa: PLC0415 - see above

    client = AsyncQdrantClient(url=url, api_key=api_key or None, timeout=_TIMEOUT_S, check_compatibility=False)
    return ServerVectors(client, collection=collection)


class ServerShelf:
    """A Shelf of collections, one of which has the alias.

    https://qdrant.tech/documentation/concepts/collections/#collection-aliases
    """

    def __init__(self, client: AsyncQdrantClient, alias: str) -> None:
        from qdrant_client import models  # noqa: PLC0415 - whoever has a client has paid for it

        self._client = client
        self._alias = alias
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
            self._current = meta.number, engine
        yield self._current[1], meta

    async def numbers(self) -> set[int]:
        """Of all collections that are named for this alias."""
        async with self._door.answering():
            named = [one.name for one in (await self._client.get_collections()).collections]
        return {self._number(name) for name in named} - {0}

    async def at(self, number: int) -> ServerEngine:
        """Nothing is to be opened."""
        return self._engine(self._name(number))

    async def make(self, number: int, dimension: int) -> ServerEngine:
        """Create the collection."""
        engine = await self.at(number)
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
        metas = {number: to_meta(await (await self.at(number)).read(META_ID)) for number in numbers}
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
            self._engines[name] = ServerEngine(self._client, name, self._number(name))
        return self._engines[name]

    def _name(self, number: int) -> str:
        return f"{self._alias}-index-{number}"

    def _number(self, name: str) -> int:
        named = re.fullmatch(re.escape(self._alias) + r"-index-(\d+)", name)
        return int(named[1]) if named else 0


class ServerEngine:
    """An Engine on AsyncQdrantClient."""

    def __init__(self, client: AsyncQdrantClient, collection: str, number: int) -> None:
        from qdrant_client import models  # noqa: PLC0415 - whoever has a client has paid for it
        from qdrant_client.common.client_exceptions import QdrantException  # noqa: PLC0415
        from qdrant_client.http.exceptions import ApiException, UnexpectedResponse  # noqa: PLC0415

        self.number = number
        self.writing = asyncio.Lock()
        self._client = client
        self._name = collection
        self._models = models
        # ValueError: what it answers is not JSON, or not what it documents
        self._failures = (ApiException, QdrantException, ValueError, TimeoutError)
        self._refusal = UnexpectedResponse

    async def upsert(self, points: Sequence[Point]) -> None:
        """Store points; one with the same id is replaced whole."""
        made = [
            self._models.PointStruct(id=point.id, vector=self._vectors(point), payload=point.payload)
            for point in points
        ]
        async with self.answering():
            await self._client.upsert(self._name, made, wait=True)

    async def revise(self, points: Sequence[Point]) -> None:
        """Replace the named vectors of points that are there."""
        made = [self._models.PointVectors(id=point.id, vector=self._vectors(point)) for point in points]
        async with self.answering():
            await self._client.update_vectors(self._name, made, wait=True)

    async def delete(self, where: Where) -> None:
        """Drop every point that matches."""
        selector = self._models.FilterSelector(filter=self._filter(where))
        async with self.answering():
            await self._client.delete(self._name, selector, wait=True)

    async def read(self, point_id: str) -> Payload | None:
        """One point's payload."""
        async with self.answering():
            records = await self._client.retrieve(self._name, [point_id])
        return records[0].payload if records else None

    async def scroll(self, where: Where, *, fields: Sequence[str] | None, page: int) -> AsyncIterator[list[Scored]]:
        """Every point that matches, page by page."""
        wanted = True if fields is None else list(fields)
        offset: Any = None
        while True:
            async with self.answering():
                records, offset = await self._client.scroll(
                    self._name, scroll_filter=self._filter(where), limit=page, offset=offset, with_payload=wanted
                )
            if records:
                yield [Scored(str(record.id), 0.0, record.payload or {}) for record in records]
            if offset is None:
                return

    async def count(self, where: Where) -> int:
        """How many points match, exactly."""
        async with self.answering():
            return (await self._client.count(self._name, count_filter=self._filter(where), exact=True)).count

    async def rank(self, plan: Plan) -> list[Scored]:
        """One formula query over all signals."""
        where = self._filter(plan.where)
        prefetch = [
            self._models.Prefetch(query=self._vector(signal.vector), using=signal.using, filter=where, limit=DEPTH)
            for signal in plan.signals
        ]
        async with self.answering():
            answer = await self._client.query_points(
                self._name,
                prefetch=prefetch,
                query=self._formula(plan),
                limit=plan.limit,
                with_payload=True,
            )
        return [Scored(str(point.id), point.score, point.payload or {}) for point in answer.points]

    async def signals(self, plan: Plan, ids: Sequence[str]) -> list[dict[str, float]]:
        """The same signals once more, of these points alone and one by one."""
        where = self._filter(Where(ids=tuple(ids)))
        requests = [self._request(signal, where, len(ids)) for signal in plan.signals]
        async with self.answering():
            answers = await self._client.query_batch_points(self._name, requests)
        return [{str(point.id): point.score for point in answer.points} for answer in answers]

    async def optimise(self) -> None:
        """Nothing to do: a server optimises by itself."""

    async def close(self) -> None:
        """The client belongs to the shelf."""

    async def create(self, dimension: int) -> None:
        """Make the collection. Two processes that start together may both try: the second one's refusal is fine."""
        models = self._models
        size = models.VectorParams(size=dimension, distance=models.Distance.COSINE) if dimension else None
        dense = dict.fromkeys((BODY, TITLE), size) if size else {}
        sparse = dict.fromkeys((BM25_BODY, BM25_TITLE), models.SparseVectorParams(modifier=models.Modifier.IDF))
        async with self.answering():
            try:
                await self._client.create_collection(self._name, vectors_config=dense, sparse_vectors_config=sparse)
            except self._refusal as error:
                if error.status_code != _CONFLICT:
                    raise
        for name in INDEXED:
            async with self.answering():
                await self._client.create_payload_index(self._name, name, models.PayloadSchemaType.KEYWORD, wait=True)

    @asynccontextmanager
    async def answering(self) -> AsyncIterator[None]:
        """Every failure of the server leaves as a VectorsUnavailableError, after _TIMEOUT_S at the latest."""
        try:
            # the client's own time-out counts anew with every byte that drips in
            async with asyncio.timeout(_TIMEOUT_S):
                yield
        except self._failures as error:
            said = f"{type(error).__name__} {error}".strip()
            kind = MissingError if self._missing(error) else VectorsUnavailableError
            raise kind(
                f"the Qdrant server does not do what it is asked (collection {self._name}): {said}; "
                "check DESKPILOT_QDRANT__URL and __API_KEY, and that the server is 1.14 or later"
            ) from error

    def _missing(self, error: Exception) -> bool:
        """What a server says of a collection that is not there, and what the client's memory mode says."""
        if isinstance(error, self._refusal):
            return error.status_code == _NOT_FOUND
        return type(error) is ValueError and "not found" in str(error)

    def _vectors(self, point: Point) -> dict[str, Any]:
        return {name: self._vector(value) for name, value in point.vectors.items()}

    def _vector(self, value: Sparse | tuple[float, ...]) -> models.SparseVector | list[float]:
        if isinstance(value, Sparse):
            return self._models.SparseVector(indices=list(value.indices), values=list(value.values))
        return list(value)

    def _any_of(self, key: str, values: tuple[str, ...]) -> models.FieldCondition:
        return self._models.FieldCondition(key=key, match=self._models.MatchAny(any=list(values)))

    def _filter(self, where: Where) -> models.Filter:
        must: list[models.Condition] = [self._any_of(key, values) for key, values in where.must]
        if where.ids:
            must.append(self._models.HasIdCondition(has_id=list(where.ids)))
        must_not: list[models.Condition] = [self._any_of(key, values) for key, values in where.must_not]
        return self._models.Filter(must=must, must_not=must_not)

    def _request(self, signal: Signal, where: models.Filter, limit: int) -> models.QueryRequest:
        return self._models.QueryRequest(
            query=self._vector(signal.vector), using=signal.using, filter=where, limit=limit
        )

    def _formula(self, plan: Plan) -> models.FormulaQuery:
        names = [f"$score[{number}]" for number in range(len(plan.signals))]
        weighted: list[models.Expression] = [
            self._models.MultExpression(mult=[signal.weight, name])
            for name, signal in zip(names, plan.signals, strict=True)
        ]
        score: models.Expression = self._models.SumExpression(sum=weighted)
        if plan.preferred:
            gains: list[models.Expression] = [
                self._models.MultExpression(mult=[factor - 1, self._any_of("language", values)])
                for values, factor in plan.preferred
            ]
            score = self._models.MultExpression(mult=[score, self._models.SumExpression(sum=[1.0, *gains])])
        return self._models.FormulaQuery(formula=score, defaults=dict.fromkeys(names, 0.0))
