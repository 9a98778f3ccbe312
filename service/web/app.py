"""The web application: the ways in over HTTP, around the parts that the composition root has made."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from service import __version__
from service.assembly import Service
from service.web import feedback, health, knowledge, requesters
from service.web.admin import Admin
from service.web.protection import Protection
from service.web.webhooks import Webhooks


def create_app(service: Service, *, control_token: str = "") -> ASGIApp:
    """Every route of the service. It opens and closes nothing: the composition root does.

    control_token: lets commands of the same machine in (see service/control.py); the admin token does so too.
    """
    # the document of the routes is the administrators', too; the pages that show it load scripts from elsewhere
    app = FastAPI(
        title="deskpilot", version=__version__, openapi_url="/api/openapi.json", docs_url=None, redoc_url=None
    )
    settings, tools = service.settings, service.tools
    app.include_router(_health(service))
    app.include_router(knowledge.router(tools))
    app.include_router(requesters.router(service))
    app.include_router(feedback.router(tools.votes, language=settings.team.language))
    behind = Admin(app, tokens=(control_token, settings.admin_token.get_secret_value()))
    secrets = {name: helpdesk.secrets for name, helpdesk in settings.helpdesks.items()}
    webhooks = Webhooks(behind, inbox=service.inbox, secrets=secrets, tracer=service.tracer)
    return Protection(webhooks, https=settings.public_url.startswith("https://"))


def create_probe_app(service: Service) -> ASGIApp:
    """Only what probes and scrapers ask of a process that receives nothing: /healthz, /readyz, /metrics."""
    app = FastAPI(title="deskpilot worker", version=__version__, openapi_url=None, docs_url=None, redoc_url=None)
    app.include_router(_health(service))
    return Protection(app, https=False)


def _health(service: Service) -> APIRouter:
    checks = {"database": service.database_answers, "knowledge": service.index_answers}
    return health.router(checks, figures=service.figures.tell)
