"""The web application: the ways in over HTTP, around the parts that the composition root has made."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.types import ASGIApp

from service import __version__
from service.assembly import Service
from service.web import health, knowledge, requesters
from service.web.webhooks import Webhooks


def create_app(service: Service, *, control_token: str = "") -> ASGIApp:
    """Every route of the service. It opens and closes nothing: the composition root does.

    control_token: lets commands of the same machine in (see service/control.py); the admin token does so too.
    """
    app = FastAPI(title="deskpilot", version=__version__, docs_url=None, redoc_url=None)
    settings = service.settings
    app.include_router(health.router({"database": service.database_answers, "knowledge": service.index_answers}))
    tokens = (control_token, settings.admin_token.get_secret_value())
    app.include_router(knowledge.router(service.tools, tokens=tokens))
    app.include_router(requesters.router(service, tokens=tokens))
    secrets = {name: helpdesk.secrets for name, helpdesk in settings.helpdesks.items()}
    return Webhooks(app, inbox=service.inbox, secrets=secrets)
