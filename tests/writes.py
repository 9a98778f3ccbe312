"""What deskpilot may send that changes a ticket: a private note, fields that a policy can name, tags of a solved one, and nothing else."""

from __future__ import annotations

import re
from typing import Any

_TICKET = re.compile(r"/api/v2/tickets/[0-9]+(?:\.json)?")
_NOTES = re.compile(r"/api/v2/tickets/[0-9]+/notes")
_ENTRY = re.compile(r"/api/v2/conversations/[0-9]+")
_HIDDEN = re.compile(r"/api/v2/tickets/[0-9]+/comments/[0-9]+/make_private")

FIELDS = {"group_id", "priority", "tags", "custom_fields"}
"""Of either vendor. Not among them: status, comment, assignee, subject, requester, whatever else a request could set."""

_GUARDED = {"comment", "safe_update", "updated_stamp"}


def is_ours_to_send(method: str, path: str, body: Any) -> bool:
    """Whether a request that changes a ticket of either vendor is one that we may make."""
    if _HIDDEN.fullmatch(path):
        return method == "PUT" and body is None
    if _ENTRY.fullmatch(path) and method == "DELETE":  # a note is taken back
        return True
    if not isinstance(body, dict):
        return False
    if _ENTRY.fullmatch(path):  # it is edited
        return method == "PUT" and set(body) == {"body"}
    if _NOTES.fullmatch(path):
        return method == "POST" and body == {"body": body.get("body"), "private": True, "notify_emails": []}
    return (
        method == "PUT"
        and bool(_TICKET.fullmatch(path))
        and ((_is_a_note(body) or _is_tags(body)) if "ticket" in body else _is_fields(body))
    )


def _is_fields(body: dict[str, Any]) -> bool:
    """Freshdesk's update: no note in it."""
    return bool(body) and set(body) <= FIELDS


def _is_a_note(body: dict[str, Any]) -> bool:
    """Zendesk's: a private comment under the guard, fields beside it or not."""
    ticket = body["ticket"]
    comment = ticket.get("comment") or {}
    guarded = _GUARDED <= set(ticket) <= _GUARDED | FIELDS | {"metadata"} and ticket["safe_update"] is True
    return guarded and set(comment) == {"html_body", "public"} and comment["public"] is False


def _is_tags(body: dict[str, Any]) -> bool:
    """Zendesk's: tags alone, under the guard."""
    ticket = body["ticket"]
    return set(ticket) == {"tags", "safe_update", "updated_stamp"} and ticket["safe_update"] is True


def changes_a_ticket(method: str, path: str) -> bool:
    """Whether this is about a ticket at all, and no mere look at one."""
    return method != "GET" and path.startswith(("/api/v2/tickets", "/api/v2/conversations"))
