"""What our webhook is measured against: `python -m tests.bench.rivals floor|background --port N --database URL`.

floor: the least that is durable. One Starlette route checks the HMAC and commits one row for each request, in one
statement over a pool of ten psycopg connections. background: what people write today. FastAPI answers and goes on in
a BackgroundTask; what it had not finished when it stops is lost. Both run on the server that ours runs on.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hmac
import json

import psycopg
import uvloop
from fastapi import BackgroundTasks, FastAPI
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from service.web.server import serving, stop_signal
from tests.bench.processes import HOST

SECRET = "c2VjcmV0LW9mLXRoZS1iZW5jaC1vbmx5"


def genuine(request: Request, body: bytes) -> bool:
    """Whether Zendesk's signature over timestamp and body is right."""
    timestamp = request.headers.get("x-zendesk-webhook-signature-timestamp", "")
    digest = hmac.digest(SECRET.encode(), timestamp.encode() + body, "sha256")
    given = request.headers.get("x-zendesk-webhook-signature", "")
    return hmac.compare_digest(given.encode(), base64.b64encode(digest))


def floor(pool: AsyncConnectionPool[psycopg.AsyncConnection[tuple[object, ...]]]) -> Starlette:
    """One committed row for each request."""

    async def receive(request: Request) -> JSONResponse:
        body = await request.body()
        if not genuine(request, body):
            return JSONResponse({"detail": "forged"}, status_code=401)
        ticket = json.loads(body)["detail"]["id"]
        async with pool.connection() as connection:
            await connection.execute("INSERT INTO floor (ticket_id) VALUES (%s)", (ticket,))
        return JSONResponse({"detail": "accepted"})

    return Starlette(routes=[Route("/webhooks/zendesk", receive, methods=["POST"])])


def background() -> FastAPI:
    """Nothing is kept."""
    app = FastAPI()
    handled: set[str] = set()

    async def handle(ticket: str) -> None:
        handled.add(ticket)

    @app.post("/webhooks/zendesk")
    async def receive(request: Request, tasks: BackgroundTasks) -> JSONResponse:
        body = await request.body()
        if not genuine(request, body):
            return JSONResponse({"detail": "forged"}, status_code=401)
        tasks.add_task(handle, json.loads(body)["detail"]["id"])
        return JSONResponse({"detail": "accepted"}, background=tasks)

    return app


async def serve(which: str, *, port: int, database: str) -> None:
    """Serve until terminated."""
    with stop_signal() as stopped:
        if which == "background":
            async with serving(background(), host=HOST, port=port):
                await stopped.wait()
            return
        async with AsyncConnectionPool(database, min_size=10, max_size=10, kwargs={"autocommit": True}) as pool:
            async with pool.connection() as connection:
                await connection.execute(
                    "CREATE TABLE floor (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ticket_id text NOT NULL, "
                    "received_at timestamptz NOT NULL DEFAULT clock_timestamp())"
                )
            async with serving(floor(pool), host=HOST, port=port):
                await stopped.wait()


def main() -> None:
    """Serve one of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("which", choices=["floor", "background"])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--database", default="")
    given = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(given.which, port=given.port, database=given.database))


if __name__ == "__main__":
    main()
