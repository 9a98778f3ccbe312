"""Tickets over the API (https://developers.freshdesk.com/api/#tickets)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from connectors.freshdesk.simulator.options import PRIORITY_NAMES
from connectors.freshdesk.simulator.paging import number, page_of
from connectors.freshdesk.simulator.people_bodies import company_body, requester_body
from connectors.freshdesk.simulator.records import JSON, StoredTicket
from connectors.freshdesk.simulator.refusals import (
    MAPPING,
    NUMBER,
    TEXT,
    TEXTS,
    Kind,
    forbidden,
    invalid,
    invalid_fields,
    not_found,
    one_of,
    read_body,
)
from connectors.freshdesk.simulator.state import State
from connectors.freshdesk.simulator.ticket_bodies import (
    conversation_body,
    custom_field_body,
    description_body,
    stats_body,
    status_field_body,
    ticket_body,
    whole_ticket_body,
)
from connectors.freshdesk.simulator.ticket_query import found, listed

EMBEDDED = 10
"""Conversations that `include=conversations` shows at most; the rest is on their own endpoint."""

_SEARCH_PAGE = 30
_LAST_SEARCH_PAGE = 10
_SOURCES = [1, 2, 3, 5, 6, 7, 8, 9, 10, 11]
_PORTAL = 2
_TYPES = ["Question", "Incident", "Problem", "Feature Request", "Refund"]
_ON_TICKET = ["conversations", "requester", "company", "stats", "sla_policy"]
_ON_LIST = ["description", "requester", "company", "stats"]

_CHANGEABLE: dict[str, Kind] = {
    "subject": TEXT,
    "description": TEXT,
    "status": NUMBER,
    "priority": NUMBER,
    "source": NUMBER,
    "type": TEXT,
    "tags": TEXTS,
    "custom_fields": MAPPING,
    "requester_id": NUMBER,
    "responder_id": NUMBER,
    "group_id": NUMBER,
    "company_id": NUMBER,
    "product_id": NUMBER,
    "email": TEXT,
    "phone": TEXT,
    "name": TEXT,
    "due_by": TEXT,
    "fr_due_by": TEXT,
}
_CREATABLE = _CHANGEABLE | {"cc_emails": TEXTS, "email_config_id": NUMBER}
_REQUIRED = ("subject", "description", "status", "priority")
_LONGEST_TAG = 32
_DIRECT = [name for name in _CHANGEABLE if name not in ("status", "email", "phone", "name", "due_by", "fr_due_by")]
"""Fields that go into the record as they are given."""


def tickets_router(state: State) -> APIRouter:
    """`/tickets`, `/search/tickets`, `/ticket_fields`."""
    router = APIRouter()

    @router.get("/tickets")
    async def list_tickets(request: Request) -> Response:
        included = _included(request, _ON_LIST)
        tickets = [ticket for ticket in listed(state, request) if visible(state, ticket)]
        return page_of(
            state, request, tickets, lambda ticket: ticket_body(state, ticket) | _extras(state, ticket, included)
        )

    @router.post("/tickets")
    async def create_ticket(request: Request) -> Response:
        body = await read_body(request, _CREATABLE, required=_REQUIRED)
        ticket = _created(state, body)
        headers = {"Location": f"{state.url}/api/v2/tickets/{ticket.id}"}
        return JSONResponse(whole_ticket_body(state, ticket), 201, headers=headers)

    @router.get("/tickets/{ticket_id:int}")
    async def read_ticket(request: Request, ticket_id: int) -> Response:
        ticket = seen(state, ticket_id)
        included = _included(request, _ON_TICKET)
        return JSONResponse(whole_ticket_body(state, ticket) | _extras(state, ticket, included))

    @router.put("/tickets/{ticket_id:int}")
    async def update_ticket(request: Request, ticket_id: int) -> Response:
        ticket = kept(state, ticket_id)
        body = await read_body(request, _CHANGEABLE)
        _check_values(state, body)
        _change(state, ticket, body)
        return JSONResponse(whole_ticket_body(state, ticket))

    @router.delete("/tickets/{ticket_id:int}")
    async def delete_ticket(ticket_id: int) -> Response:
        state.tickets.delete(kept(state, ticket_id))
        return Response(status_code=204)

    @router.get("/search/tickets")
    async def search_tickets(request: Request) -> Response:
        page = number(request, "page", default=1, most=_LAST_SEARCH_PAGE)
        tickets = [ticket for ticket in found(state, request) if visible(state, ticket)]
        shown = tickets[(page - 1) * _SEARCH_PAGE : page * _SEARCH_PAGE]
        results = [ticket_body(state, ticket) | description_body(ticket) for ticket in shown]
        return JSONResponse({"results": results, "total": len(tickets)})

    @router.get("/ticket_fields")
    async def ticket_fields() -> Response:
        own = [custom_field_body(field) for field in state.fields.values()]
        return JSONResponse([status_field_body(state.options.status_names), *own])

    return router


def seen(state: State, ticket_id: int) -> StoredTicket:
    """A ticket that our API user may read; one in the trash, too. Raises Refusal 404, 403."""
    ticket = state.tickets.all.get(ticket_id)
    if ticket is None:
        raise not_found()
    if not visible(state, ticket):
        raise forbidden()
    return ticket


def kept(state: State, ticket_id: int) -> StoredTicket:
    """A ticket that can be written to: not in the trash. Raises Refusal 404, 403."""
    ticket = seen(state, ticket_id)
    if ticket.deleted:
        raise not_found()
    return ticket


def visible(state: State, ticket: StoredTicket) -> bool:
    """True where the API user's ticket scope covers this one. It belongs to no group."""
    me = state.people.api_user
    return me.ticket_scope == 1 or ticket.responder_id == me.id


def _included(request: Request, allowed: list[str]) -> list[str]:
    included = [name for name in request.query_params.get("include", "").split(",") if name]
    for name in included:
        one_of("include", name, allowed)
    return included


def _extras(state: State, ticket: StoredTicket, included: list[str]) -> JSON:
    company = state.people.companies.get(ticket.company_id or 0)
    makers: dict[str, Callable[[], Any]] = {
        "conversations": lambda: [conversation_body(entry) for entry in state.tickets.of(ticket.id)[:EMBEDDED]],
        "requester": lambda: requester_body(state.people.contacts[ticket.requester_id]),
        "company": lambda: company_body(company) if company else {},
        "stats": lambda: stats_body(ticket.stats),
        "sla_policy": dict,
    }
    extras = {name: makers[name]() for name in included if name in makers}
    return extras | (description_body(ticket) if "description" in included else {})


def _created(state: State, body: JSON) -> StoredTicket:
    _check_values(state, body)
    if not any(body.get(name) for name in ("requester_id", "email", "phone")):
        message = "One of the following fields is mandatory: requester_id, phone, email"
        raise invalid_fields([{"field": "requester_id", "message": message, "code": "missing_field"}])
    requester_id = body.get("requester_id") or _requester(state, body)
    source = body.get("source") or _PORTAL
    ticket = state.tickets.new(
        subject=body["subject"], description=body["description"], requester_id=requester_id, source=source
    )
    ticket.company_id = state.people.contacts[requester_id].company_id
    ticket.cc_emails = list(body.get("cc_emails") or [])
    ticket.status = body["status"]
    for name in _DIRECT:
        if name in body:
            setattr(ticket, name, body[name])
    ticket.source, ticket.requester_id = source, requester_id
    ticket.tags, ticket.custom_fields = list(body.get("tags") or []), dict(body.get("custom_fields") or {})
    return state.tickets.open(ticket, performer="agent")  # made by the key's agent, whoever asks in it


def _requester(state: State, body: JSON) -> int:
    email = body.get("email") or f"{body['phone']}@phone.example"
    return state.people.contact(email, name=body.get("name") or "").id


def _check_values(state: State, body: JSON) -> None:
    for name, allowed in (
        ("status", state.options.status_names),
        ("priority", PRIORITY_NAMES),
        ("source", _SOURCES),
        ("type", _TYPES),
    ):
        if body.get(name) is not None:
            one_of(name, body[name], allowed)
    if body.get("requester_id") is not None and body["requester_id"] not in state.people.contacts:
        raise invalid("requester_id", "There is no contact matching the given requester_id")
    if body.get("responder_id") is not None and body["responder_id"] not in state.people.agents:
        raise invalid("responder_id", "There is no agent matching the given responder_id")
    if body.get("group_id") is not None and body["group_id"] not in state.groups:
        raise invalid("group_id", "There is no group matching the given group_id")
    for name, value in (body.get("custom_fields") or {}).items():
        if name not in state.fields:
            raise invalid(name, "Unexpected/invalid field in request", code="invalid_field")
        if value is not None and state.fields[name].choices:
            one_of(name, value, list(state.fields[name].choices))
    if any(len(tag) > _LONGEST_TAG for tag in body.get("tags") or ()):
        raise invalid("tags", f"It should only contain elements that have maximum of {_LONGEST_TAG} characters")


def _change(state: State, ticket: StoredTicket, body: JSON) -> None:
    """Set what is given. `tags` replaces the whole list: two writers at once lose one of their tags."""
    given = {name: body[name] for name in _DIRECT if name in body}
    if "custom_fields" in given:
        given["custom_fields"] = ticket.custom_fields | (given["custom_fields"] or {})
    state.tickets.change(ticket, given, performer="agent", user_id=state.people.api_user.id)
    if body.get("status"):
        state.tickets.set_status(ticket, body["status"], performer="agent")
