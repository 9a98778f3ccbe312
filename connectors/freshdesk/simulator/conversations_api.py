"""Conversations over the API: replies and notes (https://developers.freshdesk.com/api/#conversations)."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from connectors.freshdesk.simulator.paging import page_of
from connectors.freshdesk.simulator.records import Conversation
from connectors.freshdesk.simulator.refusals import FLAG, NUMBER, TEXT, TEXTS, Kind, invalid, not_found, read_body
from connectors.freshdesk.simulator.state import State
from connectors.freshdesk.simulator.ticket_bodies import conversation_body
from connectors.freshdesk.simulator.tickets import NOTE
from connectors.freshdesk.simulator.tickets_api import kept, seen

_NOTE: dict[str, Kind] = {
    "body": TEXT,
    "private": FLAG,
    "notify_emails": TEXTS,
    "user_id": NUMBER,
    "incoming": FLAG,
}
_REPLY: dict[str, Kind] = {
    "body": TEXT,
    "from_email": TEXT,
    "user_id": NUMBER,
    "cc_emails": TEXTS,
    "bcc_emails": TEXTS,
}


def conversations_router(state: State) -> APIRouter:
    """`/tickets/{id}/conversations`, `/tickets/{id}/notes`, `/tickets/{id}/reply`, `/conversations/{id}`."""
    router = APIRouter()

    @router.get("/tickets/{ticket_id:int}/conversations")
    async def list_conversations(request: Request, ticket_id: int) -> Response:
        seen(state, ticket_id)
        return page_of(state, request, state.tickets.of(ticket_id), conversation_body)

    @router.post("/tickets/{ticket_id:int}/notes")
    async def create_note(request: Request, ticket_id: int) -> Response:
        ticket = kept(state, ticket_id)
        body = await read_body(request, _NOTE, required=("body",))
        private = body.get("private")
        incoming = bool(body.get("incoming"))
        entry = state.tickets.add_note(
            ticket,
            user_id=_author(state, body.get("user_id"), incoming=incoming),
            html=body["body"],
            private=(private is None or private) and not state.faults.public_notes,
            incoming=incoming,  # true makes it look like the customer's
        )
        entry.by_api = True
        entry.to_emails = list(body.get("notify_emails") or [])  # these agents get it by mail
        return JSONResponse(conversation_body(entry), 201)

    @router.post("/tickets/{ticket_id:int}/reply")
    async def create_reply(request: Request, ticket_id: int) -> Response:
        ticket = kept(state, ticket_id)
        body = await read_body(request, _REPLY, required=("body",))
        user_id = _author(state, body.get("user_id"), incoming=False)
        entry = state.tickets.agent_replies(ticket, user_id=user_id, html=body["body"], by_api=True)
        entry.from_email = body.get("from_email")
        entry.to_emails = [state.people.contacts[ticket.requester_id].email]
        entry.cc_emails = list(body.get("cc_emails") or [])
        entry.bcc_emails = list(body.get("bcc_emails") or [])
        return JSONResponse(conversation_body(entry), 201)

    @router.put("/conversations/{conversation_id:int}")
    async def update_conversation(request: Request, conversation_id: int) -> Response:
        entry = _entry(state, conversation_id)
        if entry.source != NOTE:
            raise invalid("id", "Only notes can be updated", "inconsistent_state")
        body = await read_body(request, {"body": TEXT}, required=("body",))
        entry.html, entry.updated_at = body["body"], state.tickets.now()
        state.tickets.touch(state.tickets.all[entry.ticket_id])
        return JSONResponse(conversation_body(entry))

    @router.delete("/conversations/{conversation_id:int}")
    async def delete_conversation(conversation_id: int) -> Response:
        entry = _entry(state, conversation_id)
        state.tickets.remove(entry)
        state.tickets.touch(state.tickets.all[entry.ticket_id])
        return Response(status_code=204)

    return router


def _entry(state: State, conversation_id: int) -> Conversation:
    entry = state.tickets.conversations.get(conversation_id)
    if entry is None:
        raise not_found()
    kept(state, entry.ticket_id)
    return entry


def _author(state: State, user_id: int | None, *, incoming: bool) -> int:
    """Who a note or reply shows as its author: our API user unless another agent (or, incoming, a contact) is named."""
    if user_id is None:
        return state.people.api_user.id
    if user_id in state.people.agents or (incoming and user_id in state.people.contacts):
        return user_id
    raise invalid("user_id", "There is no agent matching the given user_id")
