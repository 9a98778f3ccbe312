"""Which tickets a list or a search means."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from fastapi import Request

from connectors.freshdesk.simulator.options import CLOSED, RESOLVED
from connectors.freshdesk.simulator.records import StoredTicket
from connectors.freshdesk.simulator.refusals import Refusal, invalid
from connectors.freshdesk.simulator.state import State

_WINDOW = timedelta(days=30)
_LONGEST_QUERY = 512
_CONDITION = re.compile(r"\s*(\w+):([<>]?)('[^']*'|\w+)\s*")

Fits = Callable[[StoredTicket], bool]

_ORDERS: dict[str, Callable[[StoredTicket], object]] = {
    "created_at": lambda ticket: (ticket.created_at, ticket.id),
    "updated_at": lambda ticket: (ticket.updated_at, ticket.id),
    "status": lambda ticket: (ticket.status, ticket.id),
    "due_by": lambda ticket: (ticket.created_at, ticket.id),
}
_FIELDS: dict[str, Callable[[StoredTicket], object]] = {
    "status": lambda ticket: ticket.status,
    "priority": lambda ticket: ticket.priority,
    "agent_id": lambda ticket: ticket.responder_id,
    "group_id": lambda ticket: ticket.group_id,
    "type": lambda ticket: ticket.type,
}


def listed(state: State, request: Request) -> list[StoredTicket]:
    """Tickets of `GET /tickets`: changed in the last 30 days unless `updated_since` (inclusive) says otherwise.

    Deleted ones and spam appear under their own filters only. Raises Refusal 400.
    """
    query = request.query_params
    since = query.get("updated_since")
    start = moment("updated_since", since) if since is not None else None
    oldest = state.tickets.now() - _WINDOW
    order_by, order_type = query.get("order_by", "created_at"), query.get("order_type", "desc")
    if order_by not in _ORDERS:
        raise invalid("order_by", f"It should be one of these values: '{','.join(_ORDERS)}'")
    if order_type not in ("asc", "desc"):
        raise invalid("order_type", "It should be one of these values: 'asc,desc'")
    chosen = _filtered(state, query.get("filter", ""))
    tickets = [
        ticket
        for ticket in state.tickets.all.values()
        if chosen(ticket)
        and (ticket.created_at >= oldest if start is None else ticket.updated_at >= start)
        and query.get("requester_id", str(ticket.requester_id)) == str(ticket.requester_id)
    ]
    # sorted() is typed for comparable keys; every key above is a tuple of comparable parts
    return sorted(tickets, key=_ORDERS[order_by], reverse=order_type == "desc")  # type: ignore[arg-type]


def found(state: State, request: Request) -> list[StoredTicket]:
    """Tickets of `GET /search/tickets?query="..."`: conditions joined by AND, groups of those by OR. Raises Refusal 400.

    Knows status, priority, agent_id, group_id, type, tag, created_at and updated_at; no brackets.
    """
    query = request.query_params.get("query", "")
    if len(query) > _LONGEST_QUERY + 2 or len(query) < 2 or query[0] != '"' or query[-1] != '"':
        raise invalid("query", "Query should be in double quotes and have at most 512 characters")
    groups = [[_condition(part) for part in group.split(" AND ")] for group in query[1:-1].split(" OR ")]
    indexed_until = state.tickets.now() - timedelta(seconds=state.options.search_lag_s)
    return [
        ticket
        for ticket in sorted(state.tickets.all.values(), key=lambda ticket: ticket.id, reverse=True)
        if not ticket.deleted
        and not ticket.spam
        and ticket.updated_at <= indexed_until
        and any(all(fits(ticket) for fits in group) for group in groups)
    ]


def _filtered(state: State, name: str) -> Fits:
    me = state.people.api_user.id
    filters: dict[str, Fits] = {
        "": lambda ticket: not ticket.deleted and not ticket.spam,
        "new_and_my_open": lambda ticket: (
            not ticket.deleted
            and not ticket.spam
            and ticket.status not in (RESOLVED, CLOSED)
            and ticket.responder_id in (None, me)
        ),
        "watching": lambda _ticket: False,
        "spam": lambda ticket: ticket.spam and not ticket.deleted,
        "deleted": lambda ticket: ticket.deleted,
    }
    if name not in filters:
        raise invalid("filter", "It should be one of these values: 'new_and_my_open,watching,spam,deleted'")
    return filters[name]


def _condition(text: str) -> Fits:
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise Refusal(
            400, {"description": "Validation failed", "errors": [{"field": "query", "code": "invalid_query"}]}
        )
    field, sign, value = match.group(1), match.group(2), match.group(3).strip("'")
    if field == "tag":
        return lambda ticket: value in ticket.tags
    if field in ("created_at", "updated_at"):
        return _dated(field, sign=sign, day=moment(field, value))
    if field not in _FIELDS:
        raise invalid("query", f"{field} cannot be searched for")
    return lambda ticket: str(_FIELDS[field](ticket)) == value


def _dated(field: str, *, sign: str, day: datetime) -> Fits:
    """The vendor's `>` and `<` include the day named."""

    def fits(ticket: StoredTicket) -> bool:
        moment: datetime = getattr(ticket, field)
        if sign == ">":
            return moment >= day
        if sign == "<":
            return moment < day + timedelta(days=1)
        return day <= moment < day + timedelta(days=1)

    return fits


def moment(field: str, value: str) -> datetime:
    """A time as callers write it. Raises Refusal 400."""
    try:
        at = datetime.fromisoformat(value)
    except ValueError as error:
        raise invalid(field, "It should be in the 'combined date and time ISO8601' format", "invalid_date") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)
