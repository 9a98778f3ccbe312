"""Tickets and conversations in the vendor's JSON. Shapes: https://developers.freshdesk.com/api/#tickets and recordings."""

from __future__ import annotations

from datetime import datetime, timedelta

from connectors.freshdesk.simulator.options import STATUS_NAMES
from connectors.freshdesk.simulator.records import JSON, Conversation, CustomField, Stats, StoredTicket
from connectors.freshdesk.simulator.state import State
from connectors.freshdesk.simulator.values import file_body, stamp, text_of

_SLA = timedelta(days=1)


def ticket_body(state: State, ticket: StoredTicket) -> JSON:
    """A ticket without description, as in lists."""
    age_s = (state.tickets.now() - ticket.created_at).total_seconds()
    due_by = ticket.created_at + _SLA if age_s >= state.options.sla_delay_s else None
    body: JSON = {
        "cc_emails": ticket.cc_emails,
        "fwd_emails": [],
        "reply_cc_emails": ticket.cc_emails,
        "ticket_cc_emails": ticket.cc_emails,
        "email_config_id": None,
        "fr_escalated": False,
        "nr_escalated": False,
        "is_escalated": False,
        "group_id": ticket.group_id,
        "priority": ticket.priority,
        "requester_id": ticket.requester_id,
        "responder_id": ticket.responder_id,
        "source": ticket.source,
        "spam": ticket.spam,
        "status": ticket.status,
        "subject": ticket.subject,
        "type": ticket.type,
        "company_id": ticket.company_id,
        "product_id": ticket.product_id,
        "id": ticket.id,
        "to_emails": None,
        "association_type": ticket.association_type,
        "created_at": stamp(ticket.created_at),
        "updated_at": stamp(ticket.updated_at),
        "due_by": stamp(due_by),
        "fr_due_by": stamp(due_by),
        "custom_fields": ticket.custom_fields,
        "tags": ticket.tags,
    }
    return body | ({"deleted": True} if ticket.deleted else {})


def whole_ticket_body(state: State, ticket: StoredTicket) -> JSON:
    """A ticket read by its id."""
    body = ticket_body(state, ticket) | description_body(ticket)
    return body | {
        "attachments": [file_body(file) for file in ticket.attachments],
        "associated_tickets_list": ticket.associated,
    }


def description_body(ticket: StoredTicket) -> JSON:
    """The first customer message."""
    return {"description": ticket.description, "description_text": text_of(ticket.description)}


def conversation_body(entry: Conversation) -> JSON:
    """A conversation. The last seven keys are newer than the old recordings."""
    return {
        "body": entry.html,
        "body_text": text_of(entry.html),
        "id": entry.id,
        "incoming": entry.incoming,
        "private": entry.private,
        "user_id": entry.user_id,
        "support_email": None,
        "source": entry.source,
        "ticket_id": entry.ticket_id,
        "to_emails": entry.to_emails,
        "from_email": entry.from_email,
        "cc_emails": entry.cc_emails,
        "bcc_emails": entry.bcc_emails,
        "created_at": stamp(entry.created_at),
        "updated_at": stamp(entry.updated_at),
        "attachments": [file_body(file) for file in entry.attachments],
        "category": 1 if entry.incoming else 2 if entry.private else 3,
        "email_failure_count": None,
        "outgoing_failures": None,
        "source_additional_info": None,
        "automation_id": entry.automation_id,
        "automation_type_id": 1 if entry.automation_id else None,
        "auto_response": entry.automation_id is not None,
    }


def rating_body(ticket: StoredTicket, value: int | None, at: datetime, *, number: int) -> JSON:
    """What the requester thinks of the answer."""
    return {
        "id": number,
        "survey_id": 1,
        "user_id": ticket.requester_id,
        "agent_id": ticket.responder_id,
        "group_id": ticket.group_id,
        "feedback": "",
        "ticket_id": ticket.id,
        "ratings": {} if value is None else {"default_question": value},
        "created_at": stamp(at),
        "updated_at": stamp(at),
    }


def stats_body(stats: Stats) -> JSON:
    """What `include=stats` adds."""
    return {
        "agent_responded_at": stamp(stats.agent_responded_at),
        "requester_responded_at": stamp(stats.requester_responded_at),
        "first_responded_at": stamp(stats.first_responded_at),
        "status_updated_at": stamp(stats.status_updated_at),
        "reopened_at": stamp(stats.reopened_at),
        "resolved_at": stamp(stats.resolved_at),
        "closed_at": stamp(stats.closed_at),
        "pending_since": stamp(stats.pending_since),
    }


def status_field_body(status_names: dict[int, str]) -> JSON:
    """The ticket field that names every status, custom ones too."""
    return {
        "id": 43_000_000_100,
        "name": "status",
        "label": "Status",
        "type": "default_status",
        "default": True,
        "required_for_agents": True,
        "choices": {str(code): [name, STATUS_NAMES.get(code, name)] for code, name in status_names.items()},
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
    }


def custom_field_body(field: CustomField) -> JSON:
    """A field of the account's own (https://developers.freshdesk.com/api/#ticket_fields)."""
    return {
        "id": field.id,
        "name": field.name,
        "label": field.label,
        "label_for_customers": field.label,
        "type": "custom_dropdown" if field.choices else "custom_text",
        "default": False,
        "required_for_agents": False,
        "displayed_to_customers": field.public,
        "customers_can_edit": False,
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
    } | ({"choices": list(field.choices)} if field.choices else {})
