"""Where the articles come from, when they were read, and a button that reads them now."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from service.assembly import Service
from service.errors import ServiceError
from service.knowledge.page import page_headers, report_page
from service.knowledge.rebuild import MACROS
from service.knowledge.report import knowledge_report
from service.knowledge.sources import sources_of
from service.knowledge.sync import SyncReport
from service.learning.contradicting import to_compare
from service.syncs import Sync
from service.vectors import VectorsUnavailableError
from service.web.console.layout import SCRIPT, Layout, gone_on

_HERE = "/admin/knowledge"
_DAYS = 90
_PATIENCE_S = 5.0

_SAID = {
    "started": "The sync was started.",
    "runs": "A sync is under way already: this is it.",
}


@dataclass(frozen=True, slots=True)
class Source:
    """articles: in the index now; None: unknown. report: what the last sync that read it did, and when it ended."""

    name: str
    articles: int | None
    report: SyncReport | None
    read_at: datetime | None


def router(layout: Layout, service: Service) -> APIRouter:
    """The page, its button, the report."""
    routes = APIRouter(tags=["admin page"])
    tools = service.tools
    script = (Path(__file__).parent / "console.js").read_text(encoding="utf-8")
    reporting = asyncio.Lock()  # it takes a core: the second waits

    @routes.get(_HERE, response_class=HTMLResponse)
    async def knowledge(request: Request) -> HTMLResponse:
        """Sources and the newest sync; while that is under way, the page follows it."""
        syncs = await tools.syncs.newest()
        running = next((sync for sync in syncs if sync.under_way), None)
        ended = next((sync for sync in syncs if not sync.under_way), None)
        return layout.page(
            request,
            "knowledge.html.j2",
            title="Knowledge",
            script=bool(running),
            running=running,
            ended=ended,
            sources=await _sources(service, syncs),
            passages=await _passages(service),
            said=_SAID.get(request.query_params.get("said", ""), ""),
            every_s=service.settings.knowledge.sync_every_s,
        )

    @routes.post("/admin/knowledge/sync", response_class=HTMLResponse)
    async def sync(request: Request) -> RedirectResponse:  # noqa: ARG001 - the door has looked at it
        """Read everything now; a second click while one is under way starts nothing."""
        return gone_on(_HERE, said="started" if await service.ask_to_sync() else "runs")

    @routes.get("/admin/knowledge/report", response_class=HTMLResponse)
    async def report(request: Request) -> HTMLResponse:
        """What should be written or mended: see service/knowledge/report.py."""
        try:
            async with reporting:
                made = await knowledge_report(
                    tools.library.vectors,
                    tools.ledger,
                    days=_DAYS,
                    kept_days=service.settings.retention_days,
                    now=datetime.now(UTC),
                    lessons=await to_compare(tools.teaching.store),
                    merits=tools.merits,
                )
        except ServiceError:
            return layout.refusal(request, "index", 503)
        return HTMLResponse(report_page(made), headers=page_headers())

    @routes.get(SCRIPT)
    async def console() -> Response:
        """Brings a page up to date that says so; without it, such a page reloads."""
        return Response(script, media_type="text/javascript")

    return routes


async def _sources(service: Service, syncs: Sequence[Sync]) -> list[Source]:
    told = _newest(syncs)
    found = [
        Source(name, await _articles(service, name, account), *told.get(name, (None, None)))
        for name, account in sources_of(service.tools.library)
    ]
    return [one for one in found if one.articles != 0 or one.report or not one.name.endswith(MACROS)]


def _newest(syncs: Sequence[Sync]) -> Mapping[str, tuple[SyncReport, datetime | None]]:
    """(what was done, when) by source, of the newest sync that tells of it."""
    found: dict[str, tuple[SyncReport, datetime | None]] = {}
    for sync in syncs:
        for report in sync.reports:
            found.setdefault(report.source, (report, sync.ended_at))
    return found


async def _articles(service: Service, source: str, account: str) -> int | None:
    try:
        return len(
            await asyncio.wait_for(service.tools.library.vectors.marks(source=source, account=account), _PATIENCE_S)
        )
    except (TimeoutError, VectorsUnavailableError):
        return None


async def _passages(service: Service) -> int | None:
    try:
        return (await asyncio.wait_for(service.tools.library.vectors.status(), _PATIENCE_S)).passages
    except (TimeoutError, VectorsUnavailableError):
        return None
