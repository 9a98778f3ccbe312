"""Contacts, companies and agents in the vendor's JSON. Shapes: https://developers.freshdesk.com/api/#contacts and recordings."""

from __future__ import annotations

from connectors.freshdesk.simulator.records import JSON, Agent, Company, Contact
from connectors.freshdesk.simulator.values import stamp


def requester_body(contact: Contact) -> JSON:
    """What `include=requester` adds."""
    return {"id": contact.id, "name": contact.name, "email": contact.email, "mobile": None, "phone": contact.phone}


def contact_body(contact: Contact) -> JSON:
    """A contact."""
    return requester_body(contact) | {
        "active": True,
        "address": None,
        "company_id": contact.company_id,
        "view_all_tickets": False,
        "custom_fields": {},
        "deleted": False,
        "description": None,
        "job_title": None,
        "language": contact.language,
        "tags": [],
        "time_zone": "UTC",
        "twitter_id": None,
        "other_emails": [],
        "other_companies": [],
        "created_at": stamp(contact.created_at),
        "updated_at": stamp(contact.created_at),
    }


def company_body(company: Company) -> JSON:
    """A company."""
    return {
        "id": company.id,
        "name": company.name,
        "description": None,
        "note": None,
        "domains": company.domains,
        "health_score": None,
        "account_tier": None,
        "renewal_date": None,
        "industry": None,
        "custom_fields": {},
        "created_at": stamp(company.created_at),
        "updated_at": stamp(company.created_at),
    }


def agent_body(agent: Agent) -> JSON:
    """An agent: name and address stand below `contact`."""
    made = stamp(agent.created_at)
    return {
        "available": True,
        "occasional": False,
        "signature": None,
        "id": agent.id,
        "ticket_scope": agent.ticket_scope,
        "type": "support_agent",
        "group_ids": [],
        "role_ids": agent.role_ids,
        "created_at": made,
        "updated_at": made,
        "available_since": None,
        "contact": {
            "active": True,
            "email": agent.email,
            "job_title": None,
            "language": "en",
            "last_login_at": made,
            "mobile": None,
            "name": agent.name,
            "phone": None,
            "time_zone": "UTC",
            "created_at": made,
            "updated_at": made,
        },
    }
