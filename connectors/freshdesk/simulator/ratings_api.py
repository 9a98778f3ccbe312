"""What requesters thought of answers (https://developers.freshdesk.com/api/#satisfaction-ratings)."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from connectors.freshdesk.simulator.paging import page_of
from connectors.freshdesk.simulator.refusals import forbidden
from connectors.freshdesk.simulator.state import State
from connectors.freshdesk.simulator.ticket_bodies import rating_body
from connectors.freshdesk.simulator.ticket_query import moment
from connectors.freshdesk.simulator.tickets_api import seen, visible


def ratings_router(state: State) -> APIRouter:
    """Those of a ticket, and those of all."""
    router = APIRouter()

    @router.get("/tickets/{ticket_id:int}/satisfaction_ratings")
    async def list_ratings(request: Request, ticket_id: int) -> Response:
        ticket = seen(state, ticket_id)
        if not state.options.surveys:
            raise forbidden()
        bodies = [rating_body(ticket, *one, number=number) for number, one in enumerate(ticket.ratings, start=1)]
        return page_of(state, request, bodies, dict)

    @router.get("/surveys/satisfaction_ratings")
    async def list_all_ratings(request: Request) -> Response:
        if not state.options.surveys:
            raise forbidden()
        given = request.query_params.get("created_since")
        since = moment("created_since", given) if given else None
        bodies = [
            rating_body(ticket, value, at, number=1_000 * ticket.id + number)
            for ticket in state.tickets.all.values()
            if visible(state, ticket)
            for number, (value, at) in enumerate(ticket.ratings, start=1)
            if since is None or at >= since
        ]
        return page_of(state, request, bodies, dict)

    return router
