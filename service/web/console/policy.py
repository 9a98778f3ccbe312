"""The policy in force, to read."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from service.assembly import Service
from service.rules import in_words, rules_in_force
from service.web.console.layout import Layout


def router(layout: Layout, service: Service) -> APIRouter:
    """One page."""
    routes = APIRouter(tags=["admin page"])

    @routes.get("/admin/policy", response_class=HTMLResponse)
    async def policy(request: Request) -> Response:
        """Every rule, its value, and where it is changed. No secrets."""
        settings, tools = service.settings, service.tools
        scopes = {name: await tools.pilots.scope(name) for name in settings.helpdesks}
        parts = rules_in_force(settings, scopes=scopes, standing=await tools.outages.standing())
        told = [(part.title, [(rule, in_words(rule.value)) for rule in part.rules]) for part in parts]
        return layout.page(request, "policy.html.j2", title="Policy", parts=told)

    return routes
