"""The fields of tickets over the API, and what they take.

Source: https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_fields/ ; that a drop-down's value is a tag, too:
https://developer.zendesk.com/documentation/ticketing/managing-tickets/creating-and-updating-tickets/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from connectors.zendesk.simulator import shapes
from connectors.zendesk.simulator.bodies import caller
from connectors.zendesk.simulator.paging import page_of
from connectors.zendesk.simulator.problems import invalid_record
from connectors.zendesk.simulator.records import JSON, Ticket
from connectors.zendesk.simulator.state import State

PRIORITIES = ("low", "normal", "high", "urgent")


class TicketFieldsApi:
    """Handlers below `/api/v2/ticket_fields`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter(prefix="/api/v2/ticket_fields")
        router.add_api_route("", self.index, methods=["GET"], response_model=None)
        return router

    async def index(self, request: Request) -> Response:
        """All fields: two of Zendesk's own, for the look of it, and the custom ones."""
        caller(request)
        body = page_of(
            request,
            self._state,
            list(self._state.fields.values()),
            name="ticket_fields",
            key=lambda row: (row.id,),
            shape=lambda row: shapes.field_json(row, self._state),
        )
        own = [
            {"id": n, "type": kind, "active": True, "removable": False} for n, kind in ((1, "subject"), (2, "status"))
        ]
        return JSONResponse(body | {"ticket_fields": [*own, *body["ticket_fields"]]})


def checked(fields: JSON, ticket: Ticket, state: State) -> JSON:
    """The same, where priority and group are ones that there are. Raises ApiProblem 422."""
    for name, known in (("priority", PRIORITIES), ("group_id", state.groups)):
        value = fields.get(name)
        if value is not None and value != getattr(ticket, name) and value not in known:
            words = name.removesuffix("_id")
            raise invalid_record(words, f"{words.capitalize()}: is not valid")
    return fields


def taken(values: Mapping[int, Any], ticket: Ticket, state: State) -> JSON:
    """What becomes of custom fields: their values, and the tags that those of drop-downs are.

    What a field does not take is refused as the documentation has it, or dropped without a word, as accounts were seen to do.
    """
    custom, tags = dict(ticket.custom_fields), list(ticket.tags)
    for number, value in values.items():
        before = custom.get(number)
        if value == before:
            continue
        field = state.fields.get(number)
        if field is None or (value is not None and field.options and value not in field.options):
            if state.faults.drop_values:
                continue
            name = field.title if field else "Custom field"
            raise invalid_record("base", f"{name}: {value!r} is not valid")
        custom[number] = value
        if field.kind == "tagger":
            tags = [tag for tag in tags if tag != before] + ([str(value)] if value else [])
    return {"custom_fields": custom} | ({"tags": tags} if tags != ticket.tags else {})
