"""The embedded engine: one shard of Qdrant's own core, inside this process, in a directory (see service/vectors/shards.py)."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import IO, ParamSpec, TypeVar, cast

import portalocker
import qdrant_edge as edge

from service.vectors import optimising, shards
from service.vectors.base import IndexInUseError, VectorsUnavailableError
from service.vectors.index import Scored
from service.vectors.payload import INDEXED, Payload, Point
from service.vectors.ranking import BM25_BODY, BM25_TITLE, BODY, DEPTH, TITLE, Plan, Signal, Where
from service.vectors.words import Sparse

P = ParamSpec("P")
T = TypeVar("T")

_LOCK = "in-use"
"""The file that whoever opened the index has locked. The engine locks its own, but loads what lies there first: a second process
that does so spoils what the first one is about to write (0.9.0: "tracker_journal.dat is shorter than expected")."""

_SMALL = 1_000
"""Points that are optimised on the spot: below, no graph is built, and it takes some milliseconds."""


class EdgeEngine:
    """An Engine on qdrant-edge. It is synchronous: every call goes through a thread.

    It holds Python's lock meanwhile (0.9.0), so a call must be short, and what is long is done in another process.
    """

    def __init__(self, path: Path, number: int) -> None:
        self._path = path
        self.number = number
        self.writing = asyncio.Lock()
        self._folder = path  # of the shard that is open
        self._opened: edge.EdgeShard | None = None
        self._lock: IO[str] | None = None

    @property
    def _shard(self) -> edge.EdgeShard:
        if self._opened is None:
            raise VectorsUnavailableError(f"the knowledge index in {self._path} is not open")
        return self._opened

    async def open(self) -> None:
        """Load the index, or make it where there is none."""
        if self._opened is None:
            self._lock = await asyncio.to_thread(_locked, self._path)
            try:
                self._folder, self._opened = await self._call(_open, self._path)
            finally:
                if self._opened is None:
                    self._lock.close()

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

    async def optimise(self) -> None:
        """Merge segments and build graphs, in a copy and another process; then change over to the copy.

        Nothing may be written meanwhile. Searches go on, and stand still for the moment in which the copy is loaded.
        """
        await self._call(self._shard.flush)
        if (
            self._folder == self._path or await self.count(Where()) < _SMALL
        ):  # of an older one no copy can be told apart
            await self._call(self._shard.optimize)
            return
        copy = await self._call(shards.next_to, self._folder, self._path)
        if await self._improved(copy):
            # the old one closes by itself when the last search that is under way lets go of it
            self._opened = await self._call(_changed_over, copy, self._path)
            self._folder = copy

    async def _improved(self, copy: Path) -> bool:
        """Whether there is a better copy now."""
        command = (sys.executable, "-P", optimising.__file__, str(self._folder), str(copy))
        process = await asyncio.create_subprocess_exec(*command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            _, said = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode not in (0, optimising.NOTHING_TO_DO):
            reason = said.decode(errors="replace").strip().rpartition("\n")[2]
            raise VectorsUnavailableError(
                f"the knowledge index in {self._path} could not be optimised ({process.returncode}): {reason}; "
                "it works, but slower. Is the disk full?"
            )
        return process.returncode == 0

    async def flush(self) -> None:
        """Write everything down."""
        await self._call(self._shard.flush)

    async def close(self) -> None:
        """Write everything down and unlock the directory."""
        if self._opened is not None:
            shard, self._opened = self._opened, None
            try:
                await self._call(_close, shard)
            finally:
                if self._lock is not None:
                    self._lock.close()

    async def _call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run one call of the engine in a thread; its failures leave as VectorsUnavailableError."""
        try:
            return await asyncio.to_thread(function, *args, **kwargs)
        except Exception as error:
            if type(error) is not Exception:  # the engine raises the bare class and no other: that alone is its failure
                raise
            raise VectorsUnavailableError(f"the knowledge index in {self._path} failed: {error}") from error


def _locked(path: Path) -> IO[str]:
    """Lock the directory of an index, until the file is closed or the process ends. Raises IndexInUseError."""
    path.mkdir(parents=True, exist_ok=True)
    file = (path / _LOCK).open("a")
    try:
        portalocker.lock(file, portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING)
    except portalocker.LockException as error:
        file.close()
        raise IndexInUseError(
            f"the knowledge index in {path} is open in another process: stop the other deskpilot, "
            "or set DESKPILOT_QDRANT__URL to a Qdrant server, which several processes can share"
        ) from error
    return file


def _open(path: Path) -> tuple[Path, edge.EdgeShard]:
    """The shard that counts, with its folder; what is left of others goes."""
    folder = shards.shard_in(path)
    if (folder / shards.CONFIG).exists():
        shard = edge.EdgeShard.load(str(folder))
    else:
        folder.mkdir(parents=True, exist_ok=True)
        sparse = {name: edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf) for name in (BM25_BODY, BM25_TITLE)}
        shard = edge.EdgeShard.create(str(folder), edge.EdgeConfig(sparse_vectors=sparse))
    if folder != path:
        shards.mark_whole(folder)
    for name in INDEXED:  # a second time it changes nothing
        shard.update(edge.UpdateOperation.create_field_index(name, edge.PayloadSchemaType.Keyword))
    shards.delete_all_but(folder, path)
    return folder, shard


def _changed_over(copy: Path, path: Path) -> edge.EdgeShard:
    """The copy, open and therefore locked, before it counts; then the other one goes."""
    shard = edge.EdgeShard.load(str(copy))
    shards.mark_whole(copy)
    shards.delete_all_but(copy, path)
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


def _close(shard: edge.EdgeShard) -> None:
    shard.flush()
    shard.close()


def _vectors(point: Point) -> edge.Vector:
    return cast("edge.Vector", {name: _vector(value) for name, value in point.vectors.items()})


def _vector(value: Sparse | tuple[float, ...]) -> edge.SparseVector | list[float]:
    if isinstance(value, Sparse):
        return edge.SparseVector(list(value.indices), list(value.values))
    return cast("list[float]", value)  # a tuple is taken as well, and read faster


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
        prefetches=[
            edge.Prefetch(DEPTH[signal.using], query=_nearest(signal), filter=where) for signal in plan.signals
        ],
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
