"""A Qdrant server on loopback: the REST door that our client knocks at, in front of the client's own memory mode.

https://api.qdrant.tech/api-reference
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from qdrant_client import AsyncQdrantClient, models

from service.web.server import serving

HOST = "127.0.0.1"
DONE = {"operation_id": 1, "status": "completed"}

Handler = Callable[[AsyncQdrantClient, str, Any], Awaitable[object]]


async def _create(client: AsyncQdrantClient, name: str, body: models.CreateCollection) -> object:
    return await client.create_collection(
        name, vectors_config=body.vectors or {}, sparse_vectors_config=body.sparse_vectors
    )


async def _upsert(client: AsyncQdrantClient, name: str, body: models.PointsList) -> object:
    await client.upsert(name, body.points)
    return DONE


async def _vectors(client: AsyncQdrantClient, name: str, body: models.UpdateVectors) -> object:
    await client.update_vectors(name, body.points)
    return DONE


async def _label(client: AsyncQdrantClient, name: str, body: models.SetPayload) -> object:
    await client.set_payload(name, body.payload, points=body.filter or [])
    return DONE


async def _delete(client: AsyncQdrantClient, name: str, body: models.FilterSelector) -> object:
    await client.delete(name, body)
    return DONE


async def _retrieve(client: AsyncQdrantClient, name: str, body: models.PointRequest) -> object:
    return await client.retrieve(name, body.ids)


async def _scroll(client: AsyncQdrantClient, name: str, body: models.ScrollRequest) -> object:
    points, offset = await client.scroll(
        name,
        scroll_filter=body.filter,
        limit=body.limit or 10,
        offset=body.offset,
        with_payload=body.with_payload if body.with_payload is not None else True,
    )
    return {"points": points, "next_page_offset": offset}


async def _count(client: AsyncQdrantClient, name: str, body: models.CountRequest) -> object:
    return await client.count(name, count_filter=body.filter)


async def _query(client: AsyncQdrantClient, name: str, body: models.QueryRequest) -> object:
    return await client.query_points(
        name, prefetch=body.prefetch, query=body.query, using=body.using, query_filter=body.filter,
        limit=body.limit or 10, with_payload=True,
    )  # fmt: skip


async def _batch(client: AsyncQdrantClient, name: str, body: models.QueryRequestBatch) -> object:
    return await client.query_batch_points(name, body.searches)


HANDLERS: dict[tuple[str, str], tuple[type[BaseModel], Handler]] = {
    ("PUT", ""): (models.CreateCollection, _create),
    ("PUT", "/points"): (models.PointsList, _upsert),
    ("PUT", "/points/vectors"): (models.UpdateVectors, _vectors),
    ("POST", "/points/delete"): (models.FilterSelector, _delete),
    ("POST", "/points/payload"): (models.SetPayload, _label),
    ("POST", "/points"): (models.PointRequest, _retrieve),
    ("POST", "/points/scroll"): (models.ScrollRequest, _scroll),
    ("POST", "/points/count"): (models.CountRequest, _count),
    ("POST", "/points/query"): (models.QueryRequest, _query),
    ("POST", "/points/query/batch"): (models.QueryRequestBatch, _batch),
}


def _collection(client: AsyncQdrantClient) -> Callable[[str], Awaitable[JSONResponse]]:
    async def collection(name: str) -> JSONResponse:
        return _said(await client.get_collection(name))

    return collection


def _app(client: AsyncQdrantClient) -> FastAPI:
    app = FastAPI()

    @app.get("/collections")
    async def collections() -> JSONResponse:
        return _said(await client.get_collections())

    @app.get("/aliases")
    async def aliases() -> JSONResponse:
        return _said(await client.get_aliases())

    @app.post("/collections/aliases")
    async def change_aliases(body: models.ChangeAliasesOperation) -> JSONResponse:
        return _said(await client.update_collection_aliases(body.actions))

    app.add_api_route("/collections/{name}", _collection(client))

    @app.api_route("/collections/{name}{rest:path}", methods=["GET", "PUT", "POST", "DELETE"])
    async def answer(request: Request, name: str, rest: str) -> JSONResponse:
        match request.method, rest:
            case "GET", "/exists":
                return _said({"exists": await client.collection_exists(name)})
            case "DELETE", "":
                return _said(await client.delete_collection(name))
            case "PUT", "/index":  # the memory mode needs none
                return _said(DONE)
            case method, path:
                if not await client.collection_exists(name) and (method, path) != ("PUT", ""):
                    return JSONResponse({"status": {"error": f"Not found: Collection `{name}` doesn't exist!"}}, 404)
                shape, handler = HANDLERS[method, path]
                return _said(await handler(client, name, shape.model_validate(await request.json())))

    return app


def _said(result: object) -> JSONResponse:
    plain = [_plain(one) for one in result] if isinstance(result, list) else _plain(result)
    return JSONResponse({"result": plain, "status": "ok", "time": 0.0})


def _plain(result: object) -> object:
    if isinstance(result, BaseModel):
        return result.model_dump(mode="json")
    if isinstance(result, dict):
        return {
            key: [_plain(one) for one in value] if isinstance(value, list) else value for key, value in result.items()
        }
    return result


@asynccontextmanager
async def serving_qdrant() -> AsyncIterator[int]:
    """The server, until the block ends; its port."""
    client = AsyncQdrantClient(":memory:")
    async with serving(_app(client), host=HOST, port=0) as url:
        yield int(url.rpartition(":")[2])
    await client.close()
