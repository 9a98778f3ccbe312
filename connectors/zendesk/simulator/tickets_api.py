"""Tickets, comments, audits and tags over the API.

Sources: https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/ and
https://developer.zendesk.com/documentation/ticketing/managing-tickets/creating-and-updating-tickets/
"""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from connectors.zendesk.simulator import shapes
from connectors.zendesk.simulator.bodies import caller, json_of
from connectors.zendesk.simulator.changes import Change, Changes
from connectors.zendesk.simulator.paging import page_of
from connectors.zendesk.simulator.problems import invalid_attribute, not_found
from connectors.zendesk.simulator.records import JSON, Comment, Ticket, Via
from connectors.zendesk.simulator.state import State
from connectors.zendesk.simulator.ticket_writes import TicketWrites


class TicketsApi:
    """Handlers below `/api/v2/tickets`."""

    def __init__(self, state: State, changes: Changes) -> None:
        self._state = state
        self._changes = changes
        self._writes = TicketWrites(state, changes)

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter(prefix="/api/v2/tickets")
        router.add_api_route("", self.index, methods=["GET"], response_model=None)
        router.add_api_route("", self._writes.create, methods=["POST"], response_model=None)
        router.add_api_route("/{ticket_id}", self.show, methods=["GET"], response_model=None)
        router.add_api_route("/{ticket_id}", self._writes.update, methods=["PUT"], response_model=None)
        router.add_api_route("/{ticket_id}", self.delete, methods=["DELETE"], response_model=None)
        router.add_api_route("/{ticket_id}/comments", self.comments, methods=["GET"], response_model=None)
        private = "/{ticket_id}/comments/{comment_id}/make_private"
        router.add_api_route(private, self.make_private, methods=["PUT"], response_model=None)
        router.add_api_route("/{ticket_id}/audits", self.audits, methods=["GET"], response_model=None)
        router.add_api_route("/{ticket_id}/audits/{audit_id}", self.audit, methods=["GET"], response_model=None)
        router.add_api_route("/{ticket_id}/tags", self.tags, methods=["GET"], response_model=None)
        router.add_api_route(
            "/{ticket_id}/tags", self.change_tags, methods=["POST", "PUT", "DELETE"], response_model=None
        )
        return router

    async def index(self, request: Request) -> Response:
        """All tickets that are not deleted."""
        caller(request)
        rows = [ticket for ticket in self._state.tickets.values() if ticket.status != "deleted"]
        body = page_of(
            request,
            self._state,
            rows,
            name="tickets",
            key=lambda row: (row.id,),
            shape=lambda row: shapes.ticket_json(row, self._state),
        )
        return JSONResponse(body)

    async def show(self, request: Request, ticket_id: str) -> Response:
        """One ticket; what `include` names comes beside it."""
        caller(request)
        ticket = self._find(ticket_id)
        wanted = request.query_params.get("include", "").split(",")
        body: JSON = {"ticket": shapes.ticket_json(ticket, self._state)}
        if "comment_count" in wanted:
            body["ticket"]["comment_count"] = len(ticket.comments)
        if "slas" in wanted:
            body["ticket"]["slas"] = {"policy_metrics": ticket.service_levels}
        if "users" in wanted:
            body["users"] = self._users([ticket.requester_id, ticket.submitter_id, ticket.assignee_id, *ticket.cc_ids])
        if "organizations" in wanted:
            organization = self._state.organizations.get(ticket.organization_id or 0)
            body["organizations"] = [shapes.organization_json(organization, self._state)] if organization else []
        if "metric_sets" in wanted:
            body["ticket"]["metric_set"] = shapes.metric_set_json(ticket, self._state)
        if "groups" in wanted:
            group = self._state.groups.get(ticket.group_id or 0)
            body["groups"] = [shapes.group_json(group, self._state)] if group else []
        return JSONResponse(body)

    async def delete(self, request: Request, ticket_id: str) -> Response:
        """Soft-delete."""
        user = caller(request)
        self._changes.update(
            self._find(ticket_id), Change(actor_id=user.id, via=Via("api"), fields={"status": "deleted"})
        )
        return Response(status_code=204)

    async def comments(self, request: Request, ticket_id: str) -> Response:
        """The conversation. Cursor paging obeys `sort`, offset paging `sort_order`; the other one is dropped silently."""
        caller(request)
        ticket, query = self._find(ticket_id), request.query_params
        by_cursor = any(name.startswith("page[") for name in query)
        newest_first = query.get("sort") == "-created_at" if by_cursor else query.get("sort_order") == "desc"
        shown: list[Comment] = []

        def shape(comment: Comment) -> JSON:
            shown.append(comment)
            return shapes.comment_json(comment)

        body = page_of(
            request,
            self._state,
            ticket.comments,
            name="comments",
            key=lambda row: (shapes.stamp(row.created_at), row.id),
            shape=shape,
            descending=newest_first,
        )
        if "users" in query.get("include", "").split(","):
            body["users"] = self._users([comment.author_id for comment in shown])
        return JSONResponse(body)

    async def make_private(self, request: Request, ticket_id: str, comment_id: int) -> Response:
        """Turn a public comment into an internal note: 200 with nothing in it."""
        user, ticket = caller(request), self._find(ticket_id)
        comment = next((one for one in ticket.comments if one.id == comment_id), None)
        if comment is None:
            raise not_found()
        self._changes.make_private(ticket, comment, actor=user)
        return Response(status_code=200)

    async def audits(self, request: Request, ticket_id: str) -> Response:
        """Every update of the ticket."""
        caller(request)
        ticket = self._find(ticket_id)
        newest_first = "-created_at" in (
            request.query_params.get("sort", ""),
            request.query_params.get("sort_order", ""),
        )
        body = page_of(
            request,
            self._state,
            ticket.audits,
            name="audits",
            key=lambda row: (row.id,),
            shape=lambda row: shapes.audit_json(row, ticket),
            descending=newest_first or request.query_params.get("sort_order") == "desc",
        )
        return JSONResponse(body)

    async def audit(self, request: Request, ticket_id: str, audit_id: int) -> Response:
        """One update."""
        caller(request)
        ticket = self._find(ticket_id)
        found = next((audit for audit in ticket.audits if audit.id == audit_id), None)
        if found is None:
            raise not_found()
        return JSONResponse({"audit": shapes.audit_json(found, ticket)})

    async def tags(self, request: Request, ticket_id: str) -> Response:
        """The ticket's tags."""
        caller(request)
        return JSONResponse({"tags": self._find(ticket_id).tags})

    async def change_tags(self, request: Request, ticket_id: str) -> Response:
        """POST replaces all tags, PUT adds (guarded when asked), DELETE removes."""
        user, ticket = caller(request), self._find(ticket_id)
        given = await json_of(request)
        tags = given.get("tags")
        if not isinstance(tags, list):
            raise invalid_attribute("tags")
        self._writes.check(ticket, given)
        after: Sequence[str] = tags
        if request.method == "PUT":
            after = [*ticket.tags, *tags]
        elif request.method == "DELETE":
            after = [tag for tag in ticket.tags if tag not in tags]
        self._changes.update(ticket, Change(actor_id=user.id, via=Via("api"), fields={"tags": after}))
        self._changes.run_late_rule(ticket)
        if request.method == "DELETE":
            return Response(status_code=204)
        return JSONResponse({"tags": ticket.tags}, status_code=201 if request.method == "POST" else 200)

    def _find(self, ticket_id: str) -> Ticket:
        try:
            return self._state.ticket(ticket_id)
        except KeyError as error:
            raise not_found() from error

    def _users(self, ids: Sequence[int | None]) -> list[JSON]:
        """Each user once; the system's own id belongs to no user."""
        known = dict.fromkeys(number for number in ids if number in self._state.users)
        return [shapes.user_json(self._state.users[number], self._state) for number in known if number is not None]
