"""The way in for commands that need the index which this process owns."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, HTTPException, Query
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from service.errors import ServiceError
from service.knowledge.findings import KnowledgeReport
from service.knowledge.page import HEADERS, report_page
from service.knowledge.report import knowledge_report
from service.knowledge.sources import Library, sync_all
from service.pipeline import Tools

Days = Annotated[int, Query(ge=1, le=3650)]

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

    reporting = asyncio.Lock()  # it takes a core: the second waits

    async def made(days: int) -> KnowledgeReport:
        try:
            async with reporting:
                return await knowledge_report(tools.library.vectors, tools.ledger, days=days, now=datetime.now(UTC))
        except ServiceError as error:
            raise HTTPException(503, str(error)) from error

    @routes.get("/knowledge/report")
    async def report(days: Days = 90) -> Response:
        """What should be written or mended, as JSON (see service/knowledge/findings.py)."""
        return Response((await made(days)).as_json(), media_type="application/json", headers=HEADERS)

    @routes.get("/knowledge/report.html")
    async def report_as_page(days: Days = 90) -> HTMLResponse:
        """The same as a page to read."""
        return HTMLResponse(report_page(await made(days)), headers=HEADERS)

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
