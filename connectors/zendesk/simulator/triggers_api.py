"""Triggers over the API: enough to set up a trigger-connected webhook.

Source: https://developer.zendesk.com/api-reference/ticketing/business-rules/triggers/
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from connectors.zendesk.simulator import rules
from connectors.zendesk.simulator.bodies import admin, part_of
from connectors.zendesk.simulator.paging import page_of
from connectors.zendesk.simulator.problems import invalid_record, not_found
from connectors.zendesk.simulator.records import JSON, Trigger
from connectors.zendesk.simulator.shapes import trigger_json
from connectors.zendesk.simulator.state import State


class TriggersApi:
    """Handlers below `/api/v2/triggers`; for admins."""

    def __init__(self, state: State) -> None:
        self._state = state

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter(prefix="/api/v2/triggers")
        router.add_api_route("", self.index, methods=["GET"], response_model=None)
        router.add_api_route("", self.create, methods=["POST"], response_model=None)
        router.add_api_route("/{trigger_id}", self.show, methods=["GET"], response_model=None)
        router.add_api_route("/{trigger_id}", self.change, methods=["PUT"], response_model=None)
        router.add_api_route("/{trigger_id}", self.delete, methods=["DELETE"], response_model=None)
        return router

    def automations_router(self) -> APIRouter:
        """Automations, which are only listed."""
        router = APIRouter(prefix="/api/v2/automations")
        router.add_api_route("", self.automations, methods=["GET"], response_model=None)
        return router

    async def automations(self, request: Request) -> Response:
        """All automations, in order of position."""
        admin(request)
        body = page_of(
            request,
            self._state,
            list(self._state.automations.values()),
            name="automations",
            key=lambda row: (row.position, row.id),
            shape=lambda row: trigger_json(row, self._state),
        )
        return JSONResponse(body)

    async def index(self, request: Request) -> Response:
        """All triggers, in order of position."""
        admin(request)
        body = page_of(
            request,
            self._state,
            list(self._state.triggers.values()),
            name="triggers",
            key=lambda row: (row.position, row.id),
            shape=lambda row: trigger_json(row, self._state),
        )
        return JSONResponse(body)

    async def create(self, request: Request) -> Response:
        """A new trigger, run after the others."""
        admin(request)
        trigger = self.add(await part_of(request, "trigger"))
        return JSONResponse({"trigger": trigger_json(trigger, self._state)}, status_code=201)

    def add(self, given: JSON, *, among: dict[int, Trigger] | None = None) -> Trigger:
        """Store a trigger. Raises ApiProblem 422 for conditions nobody could judge."""
        conditions, actions = _checked(given)
        if not given.get("title") or not actions:
            raise invalid_record("base", "Title and actions: cannot be blank")
        if self._state.options.trigger_categories and not given.get("category_id"):
            raise invalid_record("category_id", "Category: cannot be blank")
        rows, now = self._state.triggers if among is None else among, self._state.now()
        trigger = Trigger(
            id=self._state.new_id(),
            title=str(given["title"]),
            conditions=conditions,
            actions=actions,
            position=len(rows) + 1,
            created_at=now,
            updated_at=now,
            active=bool(given.get("active", True)),
            category_id=given.get("category_id"),
            description=given.get("description"),
        )
        rows[trigger.id] = trigger
        return trigger

    async def show(self, request: Request, trigger_id: int) -> Response:
        """One trigger."""
        admin(request)
        if trigger_id not in self._state.triggers:
            raise not_found()
        return JSONResponse({"trigger": trigger_json(self._state.triggers[trigger_id], self._state)})

    async def change(self, request: Request, trigger_id: int) -> Response:
        """What is given is replaced, the rest stays."""
        admin(request)
        if trigger_id not in self._state.triggers:
            raise not_found()
        trigger, given = self._state.triggers[trigger_id], await part_of(request, "trigger")
        conditions, actions = _checked(given)
        trigger.conditions, trigger.actions = conditions or trigger.conditions, actions or trigger.actions
        trigger.title, trigger.active = (
            str(given.get("title", trigger.title)),
            bool(given.get("active", trigger.active)),
        )
        trigger.updated_at = self._state.now()
        return JSONResponse({"trigger": trigger_json(trigger, self._state)})

    async def delete(self, request: Request, trigger_id: int) -> Response:
        """Gone."""
        admin(request)
        if self._state.triggers.pop(trigger_id, None) is None:
            raise not_found()
        return Response(status_code=204)


def _checked(given: JSON) -> tuple[JSON, list[JSON]]:
    """Conditions and actions. Raises ApiProblem 422 for conditions nobody could judge."""
    conditions, actions = given.get("conditions") or {}, given.get("actions") or []
    if not isinstance(conditions, dict) or not isinstance(actions, list):
        raise invalid_record("conditions", "Conditions and actions: are not valid")
    unknown = [one for which in ("all", "any") for one in conditions.get(which) or [] if not rules.known(one)]
    if unknown:
        raise invalid_record("conditions", f"Conditions: {unknown[0].get('field')} is not valid")
    return conditions, actions
