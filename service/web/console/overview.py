"""How it goes: the first page."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from service.assembly import Service
from service.web.console.layout import Layout


def router(layout: Layout, service: Service) -> APIRouter:
    """One page."""
    routes = APIRouter(tags=["admin page"])

    @routes.get("/admin", response_class=HTMLResponse)
    async def overview(request: Request) -> HTMLResponse:
        """Of every helpdesk: is it connected, and what should be done."""
        return layout.page(request, "overview.html.j2", title="Overview", helpdesks=list(service.settings.helpdesks))

    return routes
