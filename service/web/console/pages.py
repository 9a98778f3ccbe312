"""All pages of the administrators. One more is a line here, and one in NAVIGATION (layout.py)."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from service.assembly import Service
from service.errors import DatabaseUnavailableError
from service.queue import AWAY
from service.web.console import (
    deliveries,
    incidents,
    knowledge,
    lessons,
    login,
    outreach,
    overview,
    pilot,
    policy,
    reviews,
    trial,
)
from service.web.console.door import is_behind
from service.web.console.layout import Layout, gone_on
from service.web.console.sessions import Sessions


def router(service: Service, layout: Layout, sessions: Sessions) -> APIRouter:
    """Everything below /admin, behind service/web/console/door.py."""
    routes = APIRouter(tags=["admin page"])
    routes.include_router(login.router(layout, sessions, service.tools.budgets))
    for page in (overview, deliveries, incidents, knowledge, lessons, outreach, pilot, policy, reviews, trial):
        routes.include_router(page.router(layout, service))

    @routes.get("/admin/{path:path}", response_class=HTMLResponse)
    async def unknown(path: str, request: Request) -> Response:
        """No such page, unless a slash too much was typed; the last of all routes."""
        if not path or path.endswith("/"):
            return gone_on(request.url.path.rstrip("/"))
        return layout.refusal(request, "unknown", 404)

    return routes


def answer_for_outages(app: FastAPI, layout: Layout) -> None:
    """A page of ours that cannot be made because PostgreSQL is away says so; whatever else it meets stays what it is."""

    async def away(request: Request, error: Exception) -> HTMLResponse:
        if not is_behind(request.url.path):
            raise error
        return layout.refusal(request, "away", 503)

    for kind in (DatabaseUnavailableError, *AWAY):
        app.add_exception_handler(kind, away)
