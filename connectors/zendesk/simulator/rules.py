"""Triggers: conditions, actions and the placeholders in what they send.

Sources: https://developer.zendesk.com/documentation/ticketing/reference-guides/conditions-reference/ and
https://developer.zendesk.com/documentation/ticketing/reference-guides/actions-reference/
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from connectors.zendesk.simulator.records import JSON, Comment, Ticket
from connectors.zendesk.simulator.state import State

STATUSES = ("new", "open", "pending", "hold", "solved", "closed")

_CHANNEL_IDS = {"web": 0, "email": 4, "api": 5, "chat": 29, "rule": 8, "native_messaging": 75}

_PLACEHOLDER = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")


Kind = Literal["Create", "Change"]


@dataclass(frozen=True, slots=True)
class Update:
    """What just happened to a ticket, as a trigger sees it."""

    kind: Kind
    ticket: Ticket
    actor_id: int
    channel: str
    comment: Comment | None


def applies(conditions: JSON, update: Update, state: State) -> bool:
    """Whether all of `all` and, when there are any, one of `any` hold."""
    every = conditions.get("all") or []
    some = conditions.get("any") or []
    return all(_holds(one, update, state) for one in every) and (
        not some or any(_holds(one, update, state) for one in some)
    )


def known(condition: JSON) -> bool:
    """Whether a condition is one that this simulator can judge."""
    if condition.get("field") == "status":
        return condition.get("value") in STATUSES
    return condition.get("field") in {*_FACTS, "current_tags"}


def rendered(template: str, update: Update, state: State) -> bytes:
    """A trigger's body with its placeholders filled in.

    Whether the real service escapes inserted text for JSON is not known; here it does, unless `raw_quotes` says otherwise.
    """
    values = _placeholders(update, state)

    def fill(match: re.Match[str]) -> str:
        value = values.get(match[1], "")
        return value if state.faults.raw_quotes else json.dumps(value, ensure_ascii=False)[1:-1]

    return _PLACEHOLDER.sub(fill, template).encode()


def _holds(condition: JSON, update: Update, state: State) -> bool:
    name, operator, value = condition.get("field"), condition.get("operator"), condition.get("value")
    if name == "status":
        order = STATUSES.index(update.ticket.status), STATUSES.index(str(value))
        return {
            "is": order[0] == order[1],
            "is_not": order[0] != order[1],
            "less_than": order[0] < order[1],
            "greater_than": order[0] > order[1],
        }.get(str(operator), False)
    if name == "current_tags":
        shared = set(str(value).split()) & set(update.ticket.tags)
        return bool(shared) if operator == "includes" else not shared
    fact = _FACTS.get(str(name))
    if fact is None:
        return False
    same = str(value).lower() in fact(update, state)
    return same if operator == "is" else not same


def _comment_is(update: Update, state: State) -> set[str]:
    del state
    if update.comment is None:
        return set()
    return {"not_relevant", "true", "requester_can_see_comment"} if update.comment.public else {"not_relevant", "false"}


def _role(update: Update, state: State) -> set[str]:
    user, ticket = state.users.get(update.actor_id), update.ticket
    if user is None:
        return set()
    parts = {"assignee_id": ticket.assignee_id, "requester_id": ticket.requester_id}
    here = {name for name, user_id in parts.items() if user_id == user.id}
    return {"end_user" if user.role == "end-user" else "agent", str(user.id), *here}


_FACTS: dict[str, Callable[[Update, State], set[str]]] = {
    "update_type": lambda update, _: {update.kind.lower()},
    "comment_is_public": _comment_is,
    "role": _role,
    "current_via_id": lambda update, _: {str(_CHANNEL_IDS.get(update.channel, 0))},
    "via_id": lambda update, _: {str(_CHANNEL_IDS.get(update.ticket.via.channel, 0))},
    "ticket_is_public": lambda update, _: {"public" if update.ticket.public else "private"},
    "brand_id": lambda update, _: {str(update.ticket.brand_id)},
    "group_id": lambda update, _: {str(update.ticket.group_id)},
}


def _placeholders(update: Update, state: State) -> dict[str, str]:
    ticket = update.ticket
    requester, actor = state.users[ticket.requester_id], state.users.get(update.actor_id)
    newest = next((comment for comment in reversed(ticket.comments) if comment.public), None)
    organization = state.organizations.get(ticket.organization_id or 0)
    return {
        "ticket.id": str(ticket.id),
        "ticket.title": ticket.subject,
        "ticket.external_id": ticket.external_id or "",
        "ticket.status": ticket.status.capitalize(),
        "ticket.priority": (ticket.priority or "").capitalize(),
        "ticket.via": ticket.via.channel,
        "ticket.url": f"{state.url}/agent/tickets/{ticket.id}",
        "ticket.tags": " ".join(ticket.tags),
        "ticket.created_at_with_timestamp": f"{ticket.created_at:%Y-%m-%dT%H:%M:%SZ}",
        "ticket.updated_at_with_timestamp": f"{ticket.updated_at:%Y-%m-%dT%H:%M:%SZ}",
        "ticket.latest_public_comment": newest.plain_body if newest else "",
        "ticket.latest_comment": ticket.comments[-1].plain_body if ticket.comments else "",
        "ticket.requester.email": requester.email,
        "ticket.requester.id": str(requester.id),
        "ticket.organization.name": organization.name if organization else "",
        "current_user.id": str(update.actor_id),
        "current_user.email": actor.email if actor else "",
        "current_user.role": actor.role if actor else "",
    }
