"""Whether an automation rule applies to what happened: who did it, what it was, and the ticket's properties.

Source: https://support.freshdesk.com/support/solutions/articles/99047 and public clients of the API.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from connectors.freshdesk.simulator.records import JSON, Change, StoredRule, StoredTicket
from connectors.freshdesk.simulator.state import State

_TRIGGERED = re.compile(r"\{(\w+):(.*)\}")
_FROM_TO = re.compile(r"\{from:(\w+),to:(\w+)\}")

_PERFORMERS = {1: ("agent",), 2: ("requester",), 3: ("agent", "requester"), 4: ("system",)}
_ANY = "--"

FACTS: Mapping[str, Callable[[StoredTicket], Any]] = {
    "priority": lambda ticket: ticket.priority,
    "status": lambda ticket: ticket.status,
    "source": lambda ticket: ticket.source,
    "ticket_type": lambda ticket: ticket.type,
    "group_id": lambda ticket: ticket.group_id,
    "product_id": lambda ticket: ticket.product_id,
    "responder_id": lambda ticket: ticket.responder_id,
}
"""Properties of a ticket that a condition may ask for here; the vendor knows more."""

OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "in": lambda fact, value: fact in value,
    "not_in": lambda fact, value: fact not in value,
}


def applies(rule: StoredRule, change: Change, state: State) -> bool:
    """True where performer, one of the events and the conditions fit. Rules on creation know the conditions alone."""
    if rule.performer and not (_by_performer(rule.performer, change) and any(_is(one, change) for one in rule.events)):
        return False
    ticket = state.tickets.all[change.ticket_id]
    return all(_holds(conditions, ticket) for conditions in rule.conditions)


def _by_performer(performer: JSON, change: Change) -> bool:
    members = performer.get("members")
    return change.performer in _PERFORMERS[performer["type"]] and (not members or change.user_id in members)


def _is(event: JSON, change: Change) -> bool:
    match = _TRIGGERED.fullmatch(change.triggered)
    if match is None or match[1] != event["field_name"]:
        return False
    if moved := _FROM_TO.fullmatch(match[2]):
        return all(str(event.get(end, _ANY)) in (_ANY, moved[at]) for end, at in (("from", 1), ("to", 2)))
    return event.get("value", _ANY) in (_ANY, match[2])


def _holds(conditions: JSON, ticket: StoredTicket) -> bool:
    judge = any if conditions.get("match_type") == "any" else all
    return judge(
        OPERATORS[one["operator"]](FACTS[one["field_name"]](ticket), one["value"]) for one in conditions["properties"]
    )
