"""The way in for commands that need the index which this process owns."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, HTTPException
from fastapi.responses import StreamingResponse

from service.errors import ServiceError
from service.knowledge.sources import Library, sync_all
from service.pipeline import Tools

_DONE = None


def router(tools: Tools, *, tokens: Sequence[str]) -> APIRouter:
    """Routes under /api. tokens: any of these lets in; empty ones let nobody in."""

    def authorised(authorization: Annotated[str, Header()] = "") -> None:
        given = authorization.removeprefix("Bearer ").encode()
        if not any(hmac.compare_digest(given, token.encode()) for token in tokens if token):
            raise HTTPException(401, "send the admin token as Authorization: Bearer")

    routes = APIRouter(prefix="/api", tags=["knowledge"], dependencies=[Depends(authorised)])

    @routes.post("/sync")
    async def sync() -> StreamingResponse:
        """Bring the index up to date; answers one JSON object a line: progress, then a report per source.

        The last line is {"problem": ...} where it cannot be done. Whoever goes away ends it; the next sync does the rest.
        """
        return StreamingResponse(_synced(tools.library), media_type="application/x-ndjson")

    return routes


async def _synced(library: Library) -> AsyncIterator[str]:
    lines: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

    def told(source: str, done: int, total: int | None) -> None:
        lines.put_nowait({"source": source, "done": done, "total": total})

    async def work() -> None:
        try:
            for report in await sync_all(library, progress=told):
                lines.put_nowait({"report": asdict(report)})
        except ServiceError as error:  # the status went out with the first line
            lines.put_nowait({"problem": str(error)})
        finally:
            lines.put_nowait(_DONE)

    syncing = asyncio.create_task(work(), name="sync")
    try:
        while (line := await lines.get()) is not _DONE:
            yield json.dumps(line) + "\n"
        await syncing
    finally:
        syncing.cancel()
