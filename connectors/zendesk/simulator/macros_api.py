"""Macros over the API, for agents: shared ones, and the caller's own.

Source: https://developer.zendesk.com/api-reference/ticketing/business-rules/macros/
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from connectors.zendesk.simulator.bodies import caller
from connectors.zendesk.simulator.paging import page_of
from connectors.zendesk.simulator.problems import ApiProblem, forbidden, not_found
from connectors.zendesk.simulator.records import JSON, Macro, User
from connectors.zendesk.simulator.shapes import stamp
from connectors.zendesk.simulator.state import State


class MacrosApi:
    """Handlers below `/api/v2/macros`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter(prefix="/api/v2/macros")
        router.add_api_route("", self.index, methods=["GET"], response_model=None)
        router.add_api_route("/active", self.active, methods=["GET"], response_model=None)
        router.add_api_route("/{macro_id}", self.show, methods=["GET"], response_model=None)
        return router

    def add(
        self, title: str, *, html: str, text: str, group: str, personal: bool, internal: bool, active: bool
    ) -> Macro:
        """Store a macro as the editor does: what it writes, where, and beside it what else it changes."""
        actions: list[JSON] = [{"field": "status", "value": "pending"}]
        if html:
            actions.append({"field": "comment_value_html", "value": html})
        if text:
            actions.append({"field": "comment_value", "value": ["channel:all", text]})
        if internal:
            actions.append({"field": "comment_mode_is_public", "value": "false"})
        now, restriction = self._state.now(), None
        if personal:
            restriction = {"type": "User", "id": self._state.api_user.id}
        elif group:
            id_ = self._state.group_named(group).id
            restriction = {"type": "Group", "id": id_, "ids": [id_]}
        position = len(self._state.macros) + 1
        macro = Macro(self._state.new_id(), title, actions, position, now, now, restriction, active=active)
        self._state.macros[macro.id] = macro
        return macro

    async def index(self, request: Request) -> Response:
        """All of them, by cursor or by offset."""
        return self._listed(request, list(self._state.macros.values()))

    async def active(self, request: Request) -> Response:
        """Those that are switched on."""
        return self._listed(request, [macro for macro in self._state.macros.values() if macro.active])

    async def show(self, request: Request, macro_id: int) -> Response:
        """One macro."""
        _agent(request)
        if macro_id not in self._state.macros:
            raise not_found()
        return JSONResponse({"macro": self._json(self._state.macros[macro_id])})

    def _listed(self, request: Request, macros: list[Macro]) -> Response:
        _agent(request)
        if refused := self._state.faults.macros_refused:
            raise forbidden() if refused == 403 else ApiProblem(refused, {"error": "RecordNotFound"})
        body = page_of(
            request, self._state, macros, name="macros", key=lambda one: (one.position, one.id), shape=self._json
        )
        return JSONResponse(body)

    def _json(self, macro: Macro) -> JSON:
        return {
            "url": f"{self._state.url}/api/v2/macros/{macro.id}.json",
            "id": macro.id,
            "title": macro.title,
            "raw_title": macro.title,
            "active": macro.active,
            "updated_at": stamp(macro.updated_at),
            "created_at": stamp(macro.created_at),
            "default": False,
            "position": macro.position,
            "description": None,
            "actions": macro.actions,
            "restriction": macro.restriction,
        }


def _agent(request: Request) -> User:
    user = caller(request)
    if user.role == "end-user":
        raise forbidden()
    return user
