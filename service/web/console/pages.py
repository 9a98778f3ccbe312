"""All pages of the administrators. One more is a line here, and one in NAVIGATION (layout.py)."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from service.assembly import Service
from service.web.console import login, overview, pilot, policy, trial
from service.web.console.layout import Layout
from service.web.console.sessions import Sessions


def router(service: Service, layout: Layout, sessions: Sessions) -> APIRouter:
    """Everything below /admin, behind service/web/console/door.py."""
    routes = APIRouter(tags=["admin page"])
    routes.include_router(login.router(layout, sessions, service.tools.budgets))
    routes.include_router(overview.router(layout, service))
    routes.include_router(pilot.router(layout, service))
    routes.include_router(policy.router(layout, service))
    routes.include_router(trial.router(layout, service))

    @routes.get("/admin/{path:path}", response_class=HTMLResponse)
    async def unknown(path: str, request: Request) -> HTMLResponse:  # noqa: ARG001 - whatever it is
        """No such page; the last of all routes."""
        return layout.refusal(request, "unknown", 404)

    return routes
