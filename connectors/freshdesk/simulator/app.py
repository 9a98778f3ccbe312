"""The twin's web application: the API below /api/v2, the portal's articles, the page."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.exception_handlers import http_exception_handler
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import Request

from connectors.freshdesk.simulator.automations_api import automations_router
from connectors.freshdesk.simulator.canned_api import canned_router
from connectors.freshdesk.simulator.conversations_api import conversations_router
from connectors.freshdesk.simulator.gate import Gate
from connectors.freshdesk.simulator.limits import Budget
from connectors.freshdesk.simulator.people_api import groups_router, people_router
from connectors.freshdesk.simulator.ratings_api import ratings_router
from connectors.freshdesk.simulator.refusals import Refusal, refuse
from connectors.freshdesk.simulator.rules import Rules
from connectors.freshdesk.simulator.solutions_api import portal_router, solutions_router
from connectors.freshdesk.simulator.state import State
from connectors.freshdesk.simulator.tickets_api import tickets_router
from connectors.simulated.desk import Desk
from connectors.simulated.page import page_router
from connectors.simulated.record import Recording, RequestLog


def new_app(state: State, *, desk: Desk, rules: Rules, budget: Budget, log: RequestLog) -> FastAPI:
    """Everything the account serves. `log` takes every request to the API, refused ones too."""
    app = FastAPI(title="Freshdesk simulator", docs_url=None, redoc_url=None, openapi_url=None)
    of_tickets = (tickets_router, ratings_router, conversations_router)
    for router in (*of_tickets, people_router, groups_router, solutions_router, canned_router):
        app.include_router(router(state), prefix="/api/v2")
    app.include_router(automations_router(state, rules), prefix="/api/v2")
    app.include_router(portal_router(state))
    app.add_api_route("/a/tickets/{ticket_id}", _agents_view, include_in_schema=False)
    app.include_router(page_router(desk))
    app.add_exception_handler(Refusal, refuse)
    app.add_exception_handler(HTTPException, _empty_below_api)
    app.middleware("http")(Gate(state, budget))
    app.add_middleware(Recording, log=log, prefixes=("/api/",), clock=state.clock)
    return app


async def _agents_view(ticket_id: str) -> Response:
    """Where the vendor shows a ticket to agents."""
    return RedirectResponse(f"/tickets/{ticket_id}")


async def _empty_below_api(request: Request, error: Exception) -> Response:
    """404 and 405 of the API have no body; the page's errors are FastAPI's own."""
    if not isinstance(error, HTTPException):  # registered for HTTPException only
        raise error
    if request.url.path.startswith("/api/"):
        return Response(status_code=error.status_code, headers=error.headers)
    return await http_exception_handler(request, error)
