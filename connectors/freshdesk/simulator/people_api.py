"""Contacts, companies and agents over the API (https://developers.freshdesk.com/api/#contacts)."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from connectors.freshdesk.simulator.paging import page_of
from connectors.freshdesk.simulator.people_bodies import agent_body, company_body, contact_body
from connectors.freshdesk.simulator.refusals import not_found
from connectors.freshdesk.simulator.state import State


def people_router(state: State) -> APIRouter:
    """`/contacts`, `/companies/{id}`, `/agents`. An agent is no contact and a contact no agent: each 404s at the other."""
    router = APIRouter()
    people = state.people

    @router.get("/contacts")
    async def list_contacts(request: Request) -> Response:
        email = request.query_params.get("email", "").lower()
        contacts = [contact for contact in people.contacts.values() if email in ("", contact.email.lower())]
        return page_of(state, request, contacts, contact_body)

    @router.get("/contacts/{contact_id:int}")
    async def read_contact(contact_id: int) -> Response:
        if contact_id not in people.contacts:
            raise not_found()
        return JSONResponse(contact_body(people.contacts[contact_id]))

    @router.get("/companies/{company_id:int}")
    async def read_company(company_id: int) -> Response:
        if company_id not in people.companies:
            raise not_found()
        return JSONResponse(company_body(people.companies[company_id]))

    @router.get("/agents")
    async def list_agents(request: Request) -> Response:
        return page_of(state, request, list(people.agents.values()), agent_body)

    @router.get("/agents/me")
    async def read_me() -> Response:
        return JSONResponse(agent_body(people.api_user))

    @router.get("/agents/{agent_id:int}")
    async def read_agent(agent_id: int) -> Response:
        if agent_id not in people.agents:
            raise not_found()
        return JSONResponse(agent_body(people.agents[agent_id]))

    return router


def groups_router(state: State) -> APIRouter:
    """`/groups` of agents."""
    router = APIRouter()

    @router.get("/groups")
    async def list_groups(request: Request) -> Response:
        return page_of(state, request, list(state.groups.items()), lambda group: {"id": group[0], "name": group[1]})

    return router
