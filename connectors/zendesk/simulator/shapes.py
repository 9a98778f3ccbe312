"""Rows as the API shows them. Shapes are those of recorded answers."""

from __future__ import annotations

from datetime import datetime

from connectors.zendesk.simulator.records import (
    JSON,
    Audit,
    Comment,
    Named,
    Ticket,
    TicketField,
    Trigger,
    User,
    Webhook,
)
from connectors.zendesk.simulator.state import State

DOUBTS = frozenset({0, 2, 3})
"""Comment flags that question the author: not sure who it is, not part of the conversation, not signed in."""


def stamp(at: datetime) -> str:
    """A time as the API writes it: whole seconds, Z."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def ticket_json(ticket: Ticket, state: State) -> JSON:
    """A ticket, whole."""
    values = [{"id": state.field_id, "value": ticket.custom_fields.get(state.field_id)}]
    values += [{"id": key, "value": value} for key, value in ticket.custom_fields.items() if key != state.field_id]
    return {
        "url": f"{state.url}/api/v2/tickets/{ticket.id}.json",
        "id": ticket.id,
        "external_id": ticket.external_id,
        "via": ticket.via.json(),
        "created_at": stamp(ticket.created_at),
        "updated_at": stamp(ticket.updated_at),
        "generated_timestamp": int(ticket.generated_at.timestamp()),
        "type": ticket.type,
        "subject": ticket.subject,
        "raw_subject": ticket.subject,
        "description": ticket.comments[0].plain_body if ticket.comments else "",
        "priority": ticket.priority,
        "status": ticket.status,
        "recipient": None,
        "requester_id": ticket.requester_id,
        "submitter_id": ticket.submitter_id,
        "assignee_id": ticket.assignee_id,
        "organization_id": ticket.organization_id,
        "group_id": ticket.group_id,
        "collaborator_ids": list(ticket.cc_ids),
        "follower_ids": [],
        "email_cc_ids": list(ticket.cc_ids),
        "forum_topic_id": None,
        "problem_id": None,
        "has_incidents": False,
        "is_public": ticket.public,
        "due_at": None,
        "tags": list(ticket.tags),
        "custom_fields": values,
        "satisfaction_rating": {"id": ticket.id, "score": ticket.rating, "comment": None} if ticket.rating else None,
        "sharing_agreement_ids": list(ticket.sharing_agreement_ids),
        "custom_status_id": state.status_id,
        "fields": values,
        "followup_ids": list(ticket.followup_ids),
        "ticket_form_id": ticket.form_id or state.form_id,
        "brand_id": ticket.brand_id,
        "allow_channelback": False,
        "allow_attachments": True,
        "from_messaging_channel": ticket.messaging,
    }


def metric_set_json(ticket: Ticket, state: State) -> JSON:
    """What the account counts of a ticket: https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_metrics/ ."""
    staff = {one.id for one in state.users.values() if one.role != "end-user"}
    replies = [one for one in ticket.comments if one.public and one.author_id in staff and one.via.channel != "rule"]

    def minutes(at: datetime | None) -> JSON:
        spent = int((at - ticket.created_at).total_seconds() // 60) if at else None
        return {"calendar": spent, "business": spent}

    first, last = (ticket.solved_times[0], ticket.solved_times[-1]) if ticket.solved_times else (None, None)
    return {
        "id": ticket.id,
        "ticket_id": ticket.id,
        "group_stations": 1,
        "assignee_stations": 1 if ticket.assignee_id else 0,
        "reopens": ticket.reopens,
        "replies": len(replies),
        "reply_time_in_minutes": minutes(replies[0].created_at if replies else None),
        "first_resolution_time_in_minutes": minutes(first),
        "full_resolution_time_in_minutes": minutes(last),
        "solved_at": stamp(last) if last and ticket.status in ("solved", "closed") else None,
        "created_at": stamp(ticket.created_at),
        "updated_at": stamp(ticket.updated_at),
    }


def comment_json(comment: Comment) -> JSON:
    """A comment. Its metadata holds where the writer sits; nobody should pass that on."""
    metadata = _metadata(comment.client, {})
    if comment.flags:
        metadata |= {
            "flags": list(comment.flags),
            "flags_options": {str(flag): {"trusted": flag not in DOUBTS} for flag in comment.flags},
            "trusted": not DOUBTS & set(comment.flags),
            "suspension_type_id": None,
        }
    return {
        "id": comment.id,
        "type": "Comment" if comment.call is None else "VoiceComment",
        "author_id": comment.author_id,
        "body": comment.plain_body,
        "html_body": comment.html_body,
        "plain_body": comment.plain_body,
        "public": comment.public,
        "attachments": list(comment.attachments),
        "audit_id": comment.audit_id,
        "via": comment.via.json(),
        "created_at": stamp(comment.created_at),
        "metadata": metadata,
    } | ({"data": comment.call} if comment.call is not None else {})


def audit_json(audit: Audit, ticket: Ticket) -> JSON:
    """An update of a ticket; `metadata.custom` is what the writer put beside it."""
    return {
        "id": audit.id,
        "ticket_id": ticket.id,
        "created_at": stamp(audit.created_at),
        "author_id": audit.author_id,
        "metadata": _metadata(audit.client, audit.custom),
        "events": list(audit.events),
        "via": audit.via.json(),
    }


def user_json(user: User, state: State) -> JSON:
    """A user."""
    return {
        "id": user.id,
        "url": f"{state.url}/api/v2/users/{user.id}.json",
        "name": user.name,
        "email": user.email,
        "phone": user.phone,
        "role": user.role,
        "role_type": None if user.role == "end-user" else 4,
        "custom_role_id": None,
        "organization_id": user.organization_id,
        "locale": user.locale,
        "locale_id": 1,
        "time_zone": "UTC",
        "iana_time_zone": "Etc/UTC",
        "verified": True,
        "active": True,
        "suspended": user.suspended,
        "only_private_comments": user is state.api_user and state.options.private_only,
        "tags": [],
        "alias": None,
        "details": None,
        "notes": None,
        "user_fields": {},
        "external_id": None,
        "created_at": stamp(user.created_at),
        "updated_at": stamp(user.created_at),
    }


def anonymous_json() -> JSON:
    """Who asks without credentials, or with a wrong password."""
    return {"id": None, "name": "Anonymous user", "email": "invalid@example.com", "role": "end-user", "active": None}


def organization_json(organization: Named, state: State) -> JSON:
    """An organization."""
    return _named(organization, state, "organizations") | {
        "domain_names": [],
        "details": None,
        "notes": None,
        "group_id": None,
        "shared_tickets": False,
        "shared_comments": False,
        "external_id": None,
        "tags": [],
        "organization_fields": {},
    }


def group_json(group: Named, state: State) -> JSON:
    """A group of agents."""
    default = group.id == state.group.id
    return _named(group, state, "groups") | {"description": "", "default": default, "deleted": False, "is_public": True}


def field_json(field: TicketField, state: State) -> JSON:
    """A field of tickets (https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_fields/)."""
    options = [
        {"id": n, "name": one.title(), "raw_name": one.title(), "value": one} for n, one in enumerate(field.options, 1)
    ]
    return {
        "url": f"{state.url}/api/v2/ticket_fields/{field.id}.json",
        "id": field.id,
        "type": field.kind,
        "title": field.title,
        "raw_title": field.title,
        "active": True,
        "required": False,
        "visible_in_portal": field.visible_in_portal,
        "editable_in_portal": field.visible_in_portal,
        "removable": True,
        "agent_can_edit": True,
    } | ({"custom_field_options": options} if options else {})


def brand_json(brand: Named, state: State) -> JSON:
    """A brand."""
    return _named(brand, state, "brands") | {
        "active": True,
        "default": brand.id == state.brand.id,
        "brand_url": state.url,
    }


def trigger_json(trigger: Trigger, state: State) -> JSON:
    """A trigger. `comment_is_public` reads back as a boolean."""
    conditions = {
        which: [
            one | {"value": True} if one.get("field") == "comment_is_public" and one.get("value") == "true" else one
            for one in trigger.conditions.get(which) or []
        ]
        for which in ("all", "any")
    }
    return {
        "url": f"{state.url}/api/v2/triggers/{trigger.id}.json",
        "id": trigger.id,
        "title": trigger.title,
        "active": trigger.active,
        "updated_at": stamp(trigger.updated_at),
        "created_at": stamp(trigger.created_at),
        "default": False,
        "actions": trigger.actions,
        "conditions": conditions,
        "description": trigger.description,
        "position": trigger.position,
        "raw_title": trigger.title,
        "category_id": trigger.category_id,
    }


def webhook_json(webhook: Webhook) -> JSON:
    """A webhook. Secrets are never shown again: basic shows its user name, a bearer nothing."""
    body: JSON = {
        "id": webhook.id,
        "name": webhook.name,
        "description": webhook.description,
        "status": webhook.status,
        "subscriptions": list(webhook.subscriptions),
        "created_at": stamp(webhook.created_at),
        "created_by": str(webhook.created_by),
        "endpoint": webhook.endpoint,
        "http_method": webhook.http_method,
        "request_format": webhook.request_format,
    }
    if webhook.authentication:
        shown: JSON = {"type": webhook.authentication["type"], "add_position": "header"}
        if shown["type"] == "basic_auth":
            shown["data"] = {"username": webhook.authentication["data"]["username"]}
        body["authentication"] = shown
    return body


def _named(row: Named, state: State, family: str) -> JSON:
    times = {"created_at": stamp(row.created_at), "updated_at": stamp(row.created_at)}
    return {"id": row.id, "url": f"{state.url}/api/v2/{family}/{row.id}.json", "name": row.name, **times}


def _metadata(client: str, custom: JSON) -> JSON:
    where = {
        "ip_address": "203.0.113.7",
        "location": "Springfield, OR, United States",
        "latitude": 44.0,
        "longitude": -123.0,
    }
    return {"system": {"client": client, **where}, "custom": dict(custom)}
