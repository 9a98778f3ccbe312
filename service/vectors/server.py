"""A Qdrant server as the engine: version 1.14 or later, for formula queries over the scores of prefetches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from service.vectors.base import VectorsUnavailableError
from service.vectors.index import Scored
from service.vectors.payload import INDEXED, Payload, Point
from service.vectors.ranking import BM25_BODY, BM25_TITLE, BODY, DEPTH, TITLE, Plan, Where
from service.vectors.words import Sparse

if TYPE_CHECKING:  # importing it costs some 60 MB, which only those pay who set a server
    from qdrant_client import AsyncQdrantClient, models

TIMEOUT_S = 10

_NOT_FOUND = 404
_CONFLICT = 409


class MissingError(VectorsUnavailableError):
    """There is no such collection: it was dropped, by another process for another one, or by a person."""


class ServerEngine:
    """An Engine on AsyncQdrantClient."""

    def __init__(self, client: AsyncQdrantClient, collection: str, number: int, *, api_key: str = "") -> None:
        from qdrant_client import models  # noqa: PLC0415 - whoever has a client has paid for it
        from qdrant_client.common.client_exceptions import QdrantException  # noqa: PLC0415
        from qdrant_client.http.exceptions import ApiException, UnexpectedResponse  # noqa: PLC0415

        self.number = number
        self.writing = asyncio.Lock()
        self._client = client
        self._name = collection
        self._api_key = api_key
        self._models = models
        # ValueError: what it answers is not JSON, or not what it documents
        self._failures = (ApiException, QdrantException, ValueError, TimeoutError)
        self._refusal = UnexpectedResponse
        self._indexed = False

    async def open(self) -> None:
        """Once per process: payload indexes that a collection from an older version lacks."""
        if self._indexed:
            return
        async with self.answering():
            there = (await self._client.get_collection(self._name)).payload_schema
        await self._index([name for name in INDEXED if name not in there])

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

    async def label(self, where: Where, payload: Payload) -> None:
        """Set these fields of every point that matches."""
        async with self.answering():
            await self._client.set_payload(self._name, payload, points=self._filter(where), wait=True)

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
            self._models.Prefetch(
                query=self._vector(signal.vector), using=signal.using, filter=where, limit=DEPTH[signal.using]
            )
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
        await self._index(INDEXED)

    async def _index(self, names: Sequence[str]) -> None:
        for name in names:
            kind = self._models.PayloadSchemaType.KEYWORD
            async with self.answering():
                await self._client.create_payload_index(self._name, name, kind, wait=True)
        self._indexed = True

    @asynccontextmanager
    async def answering(self) -> AsyncIterator[None]:
        """Every failure of the server leaves as a VectorsUnavailableError, after TIMEOUT_S at the latest."""
        try:
            # the client's own time-out counts anew with every byte that drips in
            async with asyncio.timeout(TIMEOUT_S):
                yield
        except self._failures as error:
            said = f"{type(error).__name__} {error}".strip()
            repeated = bool(self._api_key) and self._api_key in said  # by the server, or a gateway before it
            said = said.replace(self._api_key, "***") if repeated else said
            kind = MissingError if self._missing(error) else VectorsUnavailableError
            raise kind(
                f"the Qdrant server does not do what it is asked (collection {self._name}): {said}; "
                "check DESKPILOT_QDRANT__URL and __API_KEY, and that the server is 1.14 or later"
            ) from (None if repeated else error)

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

    def _absent(self, key: str) -> models.IsEmptyCondition:
        return self._models.IsEmptyCondition(is_empty=self._models.PayloadField(key=key))

    def _filter(self, where: Where) -> models.Filter:
        must: list[models.Condition] = [
            self._any_of(key, values)
            if key not in where.or_absent
            else self._models.Filter(should=[self._any_of(key, values), self._absent(key)])
            for key, values in where.must
        ]
        if where.ids:
            must.append(self._models.HasIdCondition(has_id=list(where.ids)))
        must_not: list[models.Condition] = [self._any_of(key, values) for key, values in where.must_not]
        return self._models.Filter(must=must, must_not=must_not)

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
