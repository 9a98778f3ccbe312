"""The web application: the ways in over HTTP, around the parts that the composition root has made."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from service import __version__
from service.assembly import Service
from service.web import context, feedback, health, knowledge, requesters, trial
from service.web.admin import Admin
from service.web.console import pages
from service.web.console.door import Door
from service.web.console.layout import Layout
from service.web.console.sessions import Sessions
from service.web.dashboard import boards
from service.web.protection import Protection
from service.web.webhooks import Webhooks


def create_app(service: Service, *, control_token: str = "", works: bool = True) -> ASGIApp:
    """Every route of the service. It opens and closes nothing: the composition root does.

    control_token: lets commands of the same machine in (see service/control.py); the admin token does so too.
    works: also on tickets. Without, it is able as long as it can keep a webhook: an index that is down turns none away.
    """
    # the document of the routes is the administrators', too; the pages that show it load scripts from elsewhere
    app = FastAPI(
        title="deskpilot", version=__version__, openapi_url="/api/openapi.json", docs_url=None, redoc_url=None
    )
    settings, tools = service.settings, service.tools
    app.include_router(_health(service, works=works))
    app.include_router(knowledge.router(tools))
    app.include_router(requesters.router(service))
    app.include_router(context.router(service))
    app.include_router(trial.router(service.rehearsal))
    app.include_router(feedback.router(tools.votes, language=settings.team.language))
    https, admin_token = settings.public_url.startswith("https://"), settings.admin_token.get_secret_value()
    layout = Layout(timezone=settings.team.timezone)
    sessions = Sessions(tools.votes.keys, admin_token=admin_token, https=https)
    app.include_router(pages.router(service, layout, sessions))
    app.include_router(boards.router(service))
    pages.answer_for_outages(app, layout)
    pushing = settings.signals_token.get_secret_value()
    admin = Admin(app, tokens=(control_token, admin_token), narrow_token=pushing, narrow=context.PATHS)
    behind = Door(admin, layout=layout, sessions=sessions, proxy=settings.proxy)
    secrets = {name: helpdesk.secrets for name, helpdesk in settings.helpdesks.items()}
    webhooks = Webhooks(behind, inbox=service.inbox, secrets=secrets, tracer=service.tracer)
    return Protection(webhooks, https=https)


def create_probes(service: Service) -> ASGIApp:
    """What a worker of its own answers: is it alive, is it able, what has it counted. Nothing else."""
    app = FastAPI(title="deskpilot", version=__version__, openapi_url=None)
    app.include_router(_health(service, works=True))
    return Protection(app, https=False)


def _health(service: Service, *, works: bool) -> APIRouter:
    checks = {"database": service.database_answers}
    if works:
        checks["knowledge"] = service.index_answers
    return health.router(checks, figures=service.figures.tell)
