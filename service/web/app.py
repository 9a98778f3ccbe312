"""The web application: the ways in over HTTP, around the parts that the composition root has made."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.types import ASGIApp

from service import __version__
from service.assembly import Service
from service.web import feedback, health, knowledge, requesters, trial
from service.web.admin import Admin
from service.web.console import pages
from service.web.console.door import Door
from service.web.console.layout import Layout
from service.web.console.sessions import Sessions
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
    checks = {"database": service.database_answers, "knowledge": service.index_answers}
    app.include_router(health.router(checks, figures=service.count_spending))
    app.include_router(knowledge.router(tools))
    app.include_router(requesters.router(service))
    app.include_router(trial.router(service.rehearsal))
    app.include_router(feedback.router(tools.votes, language=settings.team.language))
    https, admin_token = settings.public_url.startswith("https://"), settings.admin_token.get_secret_value()
    layout = Layout(timezone=settings.team.timezone)
    sessions = Sessions(tools.votes.keys, admin_token=admin_token, https=https)
    app.include_router(pages.router(service, layout, sessions))
    pages.answer_for_outages(app, layout)
    admin = Admin(app, tokens=(control_token, admin_token))
    behind = Door(admin, layout=layout, sessions=sessions, proxy=settings.proxy)
    secrets = {name: helpdesk.secrets for name, helpdesk in settings.helpdesks.items()}
    webhooks = Webhooks(behind, inbox=service.inbox, secrets=secrets)
    return Protection(webhooks, https=https)
