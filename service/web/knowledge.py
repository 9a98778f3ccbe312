"""The way in for commands that need the index which this process owns, and for articles of the team's own programs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse

from service.errors import ServiceError
from service.knowledge import pushed
from service.knowledge.findings import KnowledgeReport
from service.knowledge.page import page_headers, report_page
from service.knowledge.pushed import BODY, LARGEST_BYTES, NotNowError, UnfitError
from service.knowledge.report import knowledge_report
from service.knowledge.sources import Library
from service.knowledge.standing import standing
from service.learning.contradicting import to_compare
from service.syncs import Syncs
from service.upkeep import Tools
from service.vectors import VectorsUnavailableError
from service.web.admin import TOLD
from service.web.bodies import body_of

Days = Annotated[int, Query(ge=1, le=3650)]

_DONE = None
_RETRY_S = "30"
_ARTICLE = {"requestBody": {"required": True, "content": {"application/json": {"schema": BODY}}}}


def router(tools: Tools) -> APIRouter:
    """Routes under /api, behind service/web/admin.py."""
    routes = APIRouter(prefix="/api", tags=["knowledge"], dependencies=[Depends(TOLD)])

    @routes.post("/sync")
    async def sync() -> StreamingResponse:
        """Bring the index up to date; answers one JSON object a line: progress, then a report per source.

        The last line is {"problem": ...} where it cannot be done. Whoever goes away ends it; the next sync does the rest.
        """
        return StreamingResponse(_synced(tools.library, tools.syncs), media_type="application/x-ndjson")

    @routes.get("/knowledge")
    async def stands() -> JSONResponse:
        """What is in the index, and when each source was last read (see service/knowledge/standing.py)."""
        try:
            return JSONResponse(asdict(await standing(tools.library)))
        except VectorsUnavailableError as error:
            raise HTTPException(503, str(error), {"Retry-After": _RETRY_S}) from error

    reporting = asyncio.Lock()  # it takes a core: the second waits

    async def made(days: int) -> KnowledgeReport:
        try:
            async with reporting:
                kept_days = tools.library.settings.retention_days
                return await knowledge_report(
                    tools.library.vectors,
                    tools.ledger,
                    days=days,
                    kept_days=kept_days,
                    now=datetime.now(UTC),
                    lessons=await to_compare(tools.teaching.store),
                    merits=tools.merits,
                )
        except ServiceError as error:
            raise HTTPException(503, str(error)) from error

    @routes.get("/knowledge/report")
    async def report(days: Days = 90) -> Response:
        """What should be written or mended, as JSON (see service/knowledge/findings.py)."""
        return Response((await made(days)).as_json(), media_type="application/json")

    @routes.get("/knowledge/report.html")
    async def report_as_page(days: Days = 90) -> HTMLResponse:
        """The same as a page to read."""
        return HTMLResponse(report_page(await made(days)), headers=page_headers())

    @routes.put("/knowledge/{source}/{article_id:path}", openapi_extra=_ARTICLE)
    async def put(source: str, article_id: str, request: Request) -> JSONResponse:
        """Index an article, or replace it: 201 where it is new, else 200. See the README for the body."""
        with _refusing():
            done = await pushed.put(tools.library, source, article_id, await body_of(request, largest=LARGEST_BYTES))
        said = {"article": done.article, "passages": done.passages, "notes": done.notes}
        return JSONResponse(said, 201 if done.new else 200)

    @routes.delete("/knowledge/{source}/{article_id:path}", status_code=204)
    async def delete(source: str, article_id: str) -> Response:
        """Take an article out; 204 also where there is none."""
        with _refusing():
            await pushed.remove(tools.library, source, article_id)
        return Response(status_code=204)

    return routes


@contextmanager
def _refusing() -> Iterator[None]:
    """What cannot be done leaves as the status that says whether it may be tried again."""
    try:
        yield
    except UnfitError as error:
        raise HTTPException(422, [asdict(one) for one in error.problems]) from error
    except (NotNowError, VectorsUnavailableError) as error:
        raise HTTPException(503, str(error), {"Retry-After": _RETRY_S}) from error


async def _synced(library: Library, syncs: Syncs) -> AsyncIterator[str]:
    lines: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

    def told(source: str, done: int, total: int | None) -> None:
        lines.put_nowait({"source": source, "done": done, "total": total})

    async def work() -> None:
        try:
            for report in await syncs.run(library, progress=told):
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
