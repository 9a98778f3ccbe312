"""The policy in force, to read: the team's own, what is wrong with its file as it is now, and the settings."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from service.assembly import Service
from service.policy.summary import TIERS, categories_of, duration_in_words, rules_of, written_by
from service.rules import in_words, rules_in_force
from service.web.console.layout import Layout


def router(layout: Layout, service: Service) -> APIRouter:
    """One page."""
    routes = APIRouter(tags=["admin page"])

    @routes.get("/admin/policy", response_class=HTMLResponse)
    async def policy(request: Request) -> Response:
        """What the team's policy says, then every rule with its value and where it is changed. No secrets."""
        settings, tools = service.settings, service.tools
        scopes = {name: await tools.pilots.scope(name) for name in settings.helpdesks}
        parts = rules_in_force(settings, scopes=scopes, standing=await tools.outages.standing())
        told = [(part.title, [(rule, in_words(rule.value)) for rule in part.rules]) for part in parts]
        in_force, language = service.policies.current(), settings.team.language
        return layout.page(
            request,
            "policy.html.j2",
            title="Policy",
            parts=told,
            in_force=in_force,
            problems=service.policies.problems,
            tiers=TIERS,
            categories=categories_of(in_force.policy, language=language),
            rules=rules_of(in_force.policy, language=language),
            targets=[(name, duration_in_words(wait)) for name, wait in in_force.policy.targets.items()],
            written=written_by(in_force.policy),
        )

    return routes
