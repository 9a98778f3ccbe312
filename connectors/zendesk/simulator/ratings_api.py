"""What requesters thought of answers, by the kind that the account has.

Sources: https://developer.zendesk.com/api-reference/ticketing/ticket-management/satisfaction_ratings/ and
https://developer.zendesk.com/api-reference/ticketing/ticket-management/csat_survey_responses/
"""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from connectors.zendesk.simulator.bodies import admin, epoch
from connectors.zendesk.simulator.paging import page_of
from connectors.zendesk.simulator.problems import not_found
from connectors.zendesk.simulator.records import JSON, Ticket
from connectors.zendesk.simulator.shapes import stamp
from connectors.zendesk.simulator.state import State


class RatingsApi:
    """Handlers of `/api/v2/satisfaction_ratings` and `/api/v2/guide/survey_responses`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter(prefix="/api/v2")
        router.add_api_route("/satisfaction_ratings", self.ratings, methods=["GET"], response_model=None)
        router.add_api_route("/guide/survey_responses", self.responses, methods=["GET"], response_model=None)
        return router

    async def ratings(self, request: Request) -> Response:
        """The older kind, by when they were made; a score that was taken back reads "offered"."""
        admin(request)
        if self._state.options.csat != "rating":
            raise not_found()
        start = datetime.fromtimestamp(epoch(request, "start_time"), UTC)
        rows = [row for row in self._state.tickets.values() if row.rated_at and row.rated_at >= start]
        body = page_of(
            request, self._state, rows, name="satisfaction_ratings", key=lambda row: (row.id,), shape=self._rating
        )
        return JSONResponse(body)

    async def responses(self, request: Request) -> Response:
        """The newer kind; a response stays one response however often it is changed."""
        admin(request)
        if self._state.options.csat != "survey":
            raise not_found()
        since = datetime.fromtimestamp(int(request.query_params.get("filter[updated_at_start]", "0")) / 1000, UTC)
        rows = [row for row in self._state.tickets.values() if row.surveyed_at and row.surveyed_at >= since]
        body = page_of(request, self._state, rows, name="survey_responses", key=lambda row: (row.id,), shape=_response)
        return JSONResponse(body)

    def _rating(self, ticket: Ticket) -> JSON:
        at = ticket.rated_at or ticket.updated_at
        return {
            "id": ticket.id,
            "url": f"{self._state.url}/api/v2/satisfaction_ratings/{ticket.id}.json",
            "assignee_id": ticket.assignee_id,
            "group_id": ticket.group_id,
            "requester_id": ticket.requester_id,
            "ticket_id": ticket.id,
            "score": ticket.rating,
            "comment": None,
            "reason": None,
            "created_at": stamp(at),
            "updated_at": stamp(at),
        }


def _response(ticket: Ticket) -> JSON:
    at = stamp(ticket.surveyed_at or ticket.updated_at)
    dates = {"created_at": at, "updated_at": at}
    scale: JSON = {"type": "skipped", "question": {"type": "rating_scale_emoji", "id": "01H"}, **dates}
    if ticket.survey:
        category = "good" if ticket.survey > 3 else "bad"  # of five
        scale = {"type": "rating_scale", "rating": ticket.survey, "rating_category": category, **dates}
    return {
        "id": f"01H{ticket.id}",
        "survey_id": "01HSURVEY",
        "survey_version": 1,
        "expires_at": at,
        "responder_id": str(ticket.requester_id),
        "subjects": [{"id": str(ticket.id), "type": "ticket", "zrn": f"zen:ticket:{ticket.id}"}],
        "answers": [scale],
    }
