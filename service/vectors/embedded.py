"""The embedded engine: one shard of Qdrant's own core, inside this process, in a directory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

import qdrant_edge as edge

from service.vectors.base import IndexInUseError, VectorsUnavailableError
from service.vectors.index import Scored
from service.vectors.payload import INDEXED, Payload, Point
from service.vectors.ranking import BM25_BODY, BM25_TITLE, BODY, DEPTH, TITLE, Plan, Signal, Where
from service.vectors.words import Sparse

P = ParamSpec("P")
T = TypeVar("T")

CONFIG = "edge_config.json"
SHARD = (CONFIG, "segments", "wal")
"""What a shard puts into its directory."""

_HELD = "WouldBlock"
"""What the pinned engine says when another process holds the directory."""


class EdgeEngine:
    """An Engine on qdrant-edge. It is synchronous and releases the GIL: every call goes through a thread."""

    def __init__(self, path: Path, number: int) -> None:
        self._path = path
        self.number = number
        self.writing = asyncio.Lock()
        self._opened: edge.EdgeShard | None = None

    @property
    def _shard(self) -> edge.EdgeShard:
        if self._opened is None:
            raise VectorsUnavailableError(f"the knowledge index in {self._path} is not open")
        return self._opened

    async def open(self) -> None:
        """Load the index, or make it where there is none."""
        if self._opened is None:
            self._opened = await self._call(_open, self._path)

    async def give_dense(self, dimension: int) -> None:
        """Make an index without passages one with dense vectors of this size; 0: without any."""
        await self._call(_give_dense, self._shard, dimension)

    async def upsert(self, points: Sequence[Point]) -> None:
        """Store points; one with the same id is replaced whole."""
        await self._call(_upsert, self._shard, points)

    async def revise(self, points: Sequence[Point]) -> None:
        """Replace the named vectors of points that are there."""
        await self._call(_revise, self._shard, points)

    async def label(self, where: Where, payload: Payload) -> None:
        """Set these fields of every point that matches."""
        await self._call(self._shard.update, edge.UpdateOperation.set_payload_by_filter(_filter(where), payload))

    async def delete(self, where: Where) -> None:
        """Drop every point that matches."""
        await self._call(self._shard.update, edge.UpdateOperation.delete_points_by_filter(_filter(where)))

    async def read(self, point_id: str) -> Payload | None:
        """One point's payload."""
        records = await self._call(self._shard.retrieve, [point_id], with_payload=True, with_vector=False)
        return dict(records[0].payload or {}) if records else None

    async def scroll(self, where: Where, *, fields: Sequence[str] | None, page: int) -> AsyncIterator[list[Scored]]:
        """Every point that matches, page by page."""
        wanted = True if fields is None else list(fields)
        offset: edge.PointId | None = None
        while True:
            request = edge.ScrollRequest(offset=offset, limit=page, filter=_filter(where), with_payload=wanted)
            records, offset = await self._call(self._shard.scroll, request)
            if records:
                yield [Scored(str(record.id), 0.0, dict(record.payload or {})) for record in records]
            if offset is None:
                return

    async def count(self, where: Where) -> int:
        """How many points match, exactly."""
        return await self._call(self._shard.count, edge.CountRequest(exact=True, filter=_filter(where)))

    async def rank(self, plan: Plan) -> list[Scored]:
        """One formula query over all signals."""
        found = await self._call(self._shard.query, _request(plan))
        return [Scored(str(point.id), point.score, dict(point.payload or {})) for point in found]

    async def signals(self, plan: Plan, ids: Sequence[str]) -> list[dict[str, float]]:
        """The same signals once more, of these points alone and one by one."""
        where = _filter(Where(ids=tuple(ids)))
        requests = [
            edge.QueryRequest(limit=len(ids), query=_nearest(signal), filter=where, with_payload=False)
            for signal in plan.signals
        ]
        answers = await self._call(self._shard.query_batch, edge.QueryBatchRequest(requests))
        return [{str(point.id): point.score for point in answer} for answer in answers]

    async def optimise(self) -> None:
        """Write everything down, then merge segments and build graphs."""
        await self._call(_optimise, self._shard)

    async def flush(self) -> None:
        """Write everything down."""
        await self._call(self._shard.flush)

    async def close(self) -> None:
        """Write everything down and unlock the directory."""
        if self._opened is not None:
            shard, self._opened = self._opened, None
            await self._call(_close, shard)

    async def _call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run one call of the engine in a thread; its failures leave as VectorsUnavailableError."""
        try:
            return await asyncio.to_thread(function, *args, **kwargs)
        except Exception as error:
            if type(error) is not Exception:  # the engine raises the bare class and no other: that alone is its failure
                raise
            if _HELD in str(error):
                raise IndexInUseError(
                    f"the knowledge index in {self._path} is open in another process: stop the other deskpilot, "
                    "or set DESKPILOT_QDRANT__URL to a Qdrant server, which several processes can share"
                ) from error
            raise VectorsUnavailableError(f"the knowledge index in {self._path} failed: {error}") from error


def _open(path: Path) -> edge.EdgeShard:
    if (path / CONFIG).exists():
        shard = edge.EdgeShard.load(str(path))
    else:
        path.mkdir(parents=True, exist_ok=True)
        sparse = {name: edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf) for name in (BM25_BODY, BM25_TITLE)}
        shard = edge.EdgeShard.create(str(path), edge.EdgeConfig(sparse_vectors=sparse))
    for name in INDEXED:  # a second time it changes nothing
        shard.update(edge.UpdateOperation.create_field_index(name, edge.PayloadSchemaType.Keyword))
    return shard


def _give_dense(shard: edge.EdgeShard, dimension: int) -> None:
    for name in (BODY, TITLE):
        shard.update(edge.UpdateOperation.delete_vector_name(name))  # of another size; absent is fine
        if dimension:
            shard.update(edge.UpdateOperation.create_dense_vector(name, dimension, edge.Distance.Cosine))


def _upsert(shard: edge.EdgeShard, points: Sequence[Point]) -> None:
    made = [edge.Point(point.id, _vectors(point), point.payload) for point in points]
    shard.update(edge.UpdateOperation.upsert_points(made))


def _revise(shard: edge.EdgeShard, points: Sequence[Point]) -> None:
    made = [edge.PointVectors(point.id, _vectors(point)) for point in points]
    shard.update(edge.UpdateOperation.update_vectors(made))


def _optimise(shard: edge.EdgeShard) -> None:
    shard.flush()
    shard.optimize()


def _close(shard: edge.EdgeShard) -> None:
    shard.flush()
    shard.close()


def _vectors(point: Point) -> edge.Vector:
    return cast("edge.Vector", {name: _vector(value) for name, value in point.vectors.items()})


def _vector(value: Sparse | tuple[float, ...]) -> edge.SparseVector | list[float]:
    return edge.SparseVector(list(value.indices), list(value.values)) if isinstance(value, Sparse) else list(value)


def _any_of(key: str, values: tuple[str, ...]) -> edge.FieldCondition:
    return edge.FieldCondition(key, match=edge.MatchAny(list(values)))


def _filter(where: Where) -> edge.Filter:
    must: list[edge.ConditionType] = [
        _any_of(key, values)
        if key not in where.or_absent
        else edge.Filter(should=[_any_of(key, values), edge.IsEmptyCondition(key)])
        for key, values in where.must
    ]
    if where.ids:
        must.append(edge.HasIdCondition(set(where.ids)))
    return edge.Filter(must=must, must_not=[_any_of(key, values) for key, values in where.must_not])


def _nearest(signal: Signal) -> edge.Query:
    return edge.Query.Nearest(_vector(signal.vector), using=signal.using)


def _request(plan: Plan) -> edge.QueryRequest:
    where = _filter(plan.where)
    return edge.QueryRequest(
        limit=plan.limit,
        query=_formula(plan),
        prefetches=[edge.Prefetch(DEPTH, query=_nearest(signal), filter=where) for signal in plan.signals],
        with_payload=True,
    )


def _formula(plan: Plan) -> edge.Formula:
    make = edge.Expression
    names = [f"$score[{number}]" for number in range(len(plan.signals))]
    score = make.Sum(
        [
            make.Mult([make.Constant(signal.weight), make.Variable(name)])
            for name, signal in zip(names, plan.signals, strict=True)
        ]
    )
    if plan.preferred:
        gains = [
            make.Mult([make.Constant(factor - 1), make.Condition(_any_of("language", values))])
            for values, factor in plan.preferred
        ]
        score = make.Mult([score, make.Sum([make.Constant(1.0), *gains])])
    return edge.Formula(score, defaults=dict.fromkeys(names, 0.0))
