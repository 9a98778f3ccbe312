"""Bodies of event-subscribed webhooks.

Ids are text and states are upper case here, integers and lower case over the API.
Source: https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events/
"""

from __future__ import annotations

import json
from datetime import datetime
from uuid import uuid4

from connectors.zendesk.simulator.records import JSON, SYSTEM_ID, Comment, Ticket
from connectors.zendesk.simulator.state import ACCOUNT_ID, State

PREFIX = "zen:event-type:"


def envelope(kind: str, *, subject: str, detail: JSON, event: JSON, at: datetime) -> JSON:
    """What every event is wrapped in. kind: "ticket.comment_added"."""
    return {
        "account_id": ACCOUNT_ID,
        "detail": detail,
        "event": event,
        "id": str(uuid4()),
        "subject": subject,
        "time": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06d}021Z",  # nanoseconds
        "type": f"{PREFIX}{kind}",
        "zendesk_event_version": "2022-11-06",
    }


def pretty(body: JSON) -> bytes:
    """Bytes as recorded from the real service: three blanks, `{ }`, a newline at the end."""
    return (json.dumps(body, indent=3, ensure_ascii=False).replace(": {}", ": { }") + "\n").encode()


def ticket_detail(ticket: Ticket, state: State, *, actor_id: int) -> JSON:
    """The `detail` of a ticket event. `via` is how the ticket came in, not this comment."""
    return {
        "actor_id": str(actor_id),
        "assignee_id": _text(ticket.assignee_id),
        "brand_id": _text(ticket.brand_id),
        "created_at": _stamp(ticket.created_at),
        "custom_status": str(state.status_id),
        "description": ticket.comments[0].plain_body if ticket.comments else "",
        "external_id": ticket.external_id,
        "form_id": str(ticket.form_id or state.form_id),
        "group_id": _text(ticket.group_id),
        "id": str(ticket.id),
        "is_public": ticket.public,
        "organization_id": _text(ticket.organization_id),
        "priority": ticket.priority.upper() if ticket.priority else None,
        "requester_id": str(ticket.requester_id),
        "status": ticket.status.upper(),
        "subject": ticket.subject,
        "submitter_id": str(ticket.submitter_id),
        "tags": list(ticket.tags) or None,
        "type": ticket.type.upper() if ticket.type else None,
        "updated_at": _stamp(ticket.updated_at),
        "via": {"channel": "web_service" if ticket.via.channel == "api" else ticket.via.channel},
    }


def comment_added(comment: Comment, state: State) -> JSON:
    """The `event` of ticket.comment_added: fires for internal notes too, and for those of our own."""
    author = state.users.get(comment.author_id)
    return {
        "comment": {
            "id": str(comment.id),
            "body": comment.plain_body,
            "is_public": comment.public,
            "author": {
                "id": str(comment.author_id),
                "is_staff": author.role != "end-user" if author else comment.author_id == SYSTEM_ID,
                "name": state.name_of(comment.author_id),
            },
        }
    }


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
