"""Writing tickets over the API: what may be sent, what is refused, and the guard against writing over others.

Sources: https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/ and
https://developer.zendesk.com/documentation/ticketing/managing-tickets/creating-and-updating-tickets/#protecting-against-ticket-update-collisions
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import Request
from starlette.responses import JSONResponse, Response

from connectors.zendesk.simulator import shapes
from connectors.zendesk.simulator.bodies import caller, part_of
from connectors.zendesk.simulator.changes import Change, Changes, NewComment
from connectors.zendesk.simulator.comment_text import from_api_html, from_text, wrapped
from connectors.zendesk.simulator.problems import ApiProblem, invalid_attribute, invalid_record, not_found
from connectors.zendesk.simulator.records import JSON, Ticket, User, Via
from connectors.zendesk.simulator.rules import STATUSES
from connectors.zendesk.simulator.state import State
from connectors.zendesk.simulator.ticket_fields import checked, taken

_PLAIN_FIELDS = (
    "subject",
    "priority",
    "type",
    "external_id",
    "assignee_id",
    "group_id",
    "organization_id",
    "requester_id",
)
_UPDATE_KEYS = frozenset(
    {*_PLAIN_FIELDS, "status", "tags", "custom_fields", "comment", "safe_update", "updated_stamp", "metadata"}
)
_CREATE_KEYS = _UPDATE_KEYS | {
    "requester",
    "submitter_id",
    "description",
    "raw_subject",
    "brand_id",
    "ticket_form_id",
    "via",
}
_COMMENT_KEYS = frozenset({"body", "html_body", "public", "author_id", "uploads"})

_IDEMPOTENCY_LIVES = timedelta(hours=2)


class TicketWrites:
    """POST and PUT of a ticket."""

    def __init__(self, state: State, changes: Changes) -> None:
        self._state = state
        self._changes = changes
        self._created: dict[str, tuple[str, int, datetime]] = {}  # Idempotency-Key -> parameters, ticket id, when

    async def create(self, request: Request) -> Response:
        """Store a new ticket. `Idempotency-Key` works here, and only here."""
        user, given = caller(request), await part_of(request, "ticket")
        key, same = request.headers.get("idempotency-key", ""), json.dumps(given, sort_keys=True)
        known = self._known(key, same)
        headers = {"x-idempotency-lookup": "hit" if known else "miss"} if key else {}
        ticket = known or self._stored(given, user, client=request.headers.get("user-agent", ""))
        if key and not known:
            self._created[key] = (same, ticket.id, self._state.clock())
        body = {"ticket": shapes.ticket_json(ticket, self._state), "audit": shapes.audit_json(ticket.audits[0], ticket)}
        headers |= {"Location": f"{self._state.url}/api/v2/tickets/{ticket.id}.json"} | _warning(given, _CREATE_KEYS)
        if not known:
            self._changes.run_late_rule(ticket)
        return JSONResponse(body, status_code=201, headers=headers)

    async def update(self, request: Request, ticket_id: str) -> Response:
        """Change a ticket; the only way to write a comment. There is no idempotency here."""
        user = caller(request)
        try:
            ticket = self._state.ticket(ticket_id)
        except KeyError as error:
            raise not_found() from error
        given = await part_of(request, "ticket")
        self.check(ticket, given)
        change = Change(
            actor_id=user.id,
            via=Via("api"),
            comment=self._comment(ticket, given.get("comment"), user),
            fields=self._fields(ticket, given),
            custom=_metadata(given),
            client=request.headers.get("user-agent", ""),
        )
        audit = self._changes.update(ticket, change)
        body = {"ticket": shapes.ticket_json(ticket, self._state), "audit": shapes.audit_json(audit, ticket)}
        response = JSONResponse(body, headers=_warning(given, _UPDATE_KEYS))
        self._changes.run_late_rule(ticket)
        return response

    def check(self, ticket: Ticket, given: Mapping[str, Any]) -> None:
        """Refuse writes to closed tickets, writes over a newer state, and those that hit the database's own collision.

        `safe_update: false` acts like true: what counts is that the key is there.
        """
        if self._state.faults.database_conflicts:
            self._state.faults.database_conflicts -= 1
            raise ApiProblem(409, {"error": "DatabaseConflict", "description": "Database collision"})
        if ticket.status == "closed":
            raise invalid_record("status", "Status: closed prevents ticket update")
        if "safe_update" in given and _time(given.get("updated_stamp")) != ticket.updated_at:
            text = "Safe Update prevented the update due to outdated ticket data. Please fetch the latest ticket data and try again."
            raise ApiProblem(409, {"error": "UpdateConflict", "description": text})

    def _stored(self, given: JSON, user: User, *, client: str) -> Ticket:
        requester = self._requester(given, user)
        now = self._state.now()
        ticket = Ticket(
            id=self._state.new_ticket_id(),
            subject=str(given.get("subject") or given.get("raw_subject") or ""),
            requester_id=requester.id,
            submitter_id=user.id,
            brand_id=self._state.brand.id,
            group_id=self._state.group.id,
            organization_id=requester.organization_id,
            via=Via("api"),
            created_at=now,
            updated_at=now,
            generated_at=now,
        )
        comment = given.get("comment") or {"body": given.get("description")}
        if isinstance(comment, dict) and "author_id" not in comment:
            comment = comment | {"author_id": requester.id}
        new = self._comment(ticket, comment, user)
        for name, value in self._fields(ticket, {k: v for k, v in given.items() if k != "requester_id"}).items():
            setattr(ticket, name, value)
        self._changes.create(ticket, Change(user.id, Via("api"), comment=new, custom=_metadata(given), client=client))
        return ticket

    def _known(self, key: str, same: str) -> Ticket | None:
        before = self._created.get(key)
        if not before or before[2] + _IDEMPOTENCY_LIVES < self._state.clock():
            return None
        if before[0] != same:
            text = "The same idempotency key was used with other parameters"
            raise ApiProblem(400, {"error": "IdempotentRequestError", "description": text})
        return self._state.tickets[before[1]]

    def _comment(self, ticket: Ticket, given: object, user: User) -> NewComment | None:
        """The comment in a request. Left out, `public` follows the ticket's first comment: usually a mail to the customer."""
        if given is None:
            return None
        if not isinstance(given, dict):
            raise invalid_attribute("comment")
        html, text = given.get("html_body"), given.get("body")
        if not html and not text:
            raise invalid_record("comment", "Comment: cannot be blank")
        body = from_api_html(str(html)) if html else from_text(str(text))
        if len(body.encode()) > self._state.options.most_comment_bytes:
            raise invalid_record("comment", "Comment: is too long")
        if len(ticket.comments) >= self._state.options.most_comments:
            raise invalid_record("comment", "Comment: a ticket can have at most 5000 comments")
        author = given.get("author_id") or user.id
        if not isinstance(author, int) or author not in self._state.users:
            raise invalid_record("comment", "Comment author: is invalid")
        public = given.get("public")
        return NewComment(
            html=wrapped(body), public=ticket.public if public is None else bool(public), author_id=author
        )

    def _fields(self, ticket: Ticket, given: Mapping[str, Any]) -> JSON:
        """Attributes to set. zenpy and others send whole tickets back, so what did not change must do nothing."""
        fields: JSON = {name: given[name] for name in _PLAIN_FIELDS if name in given}
        if "status" in given:
            if given["status"] not in STATUSES:
                raise invalid_record("status", "Status: is not valid")
            fields["status"] = given["status"]
        checked(fields, ticket, self._state)
        if isinstance(given.get("custom_fields"), list):
            values = {
                one["id"]: one.get("value") for one in given["custom_fields"] if isinstance(one, dict) and "id" in one
            }
            fields |= taken(values, ticket, self._state)
        if isinstance(given.get("tags"), list):
            of_choices = [tag for tag in fields.get("tags", ()) if tag not in ticket.tags]
            fields["tags"] = [*given["tags"], *of_choices]
        return fields

    def _requester(self, given: JSON, user: User) -> User:
        wanted = given.get("requester")
        if isinstance(wanted, dict) and wanted.get("email"):
            return self._state.person(str(wanted.get("name") or ""), str(wanted["email"]))
        number = given.get("requester_id")
        if number is None:
            return user
        if not isinstance(number, int) or number not in self._state.users:
            raise invalid_record("requester", "Requester: is invalid")
        return self._state.users[number]


def _metadata(given: Mapping[str, Any]) -> JSON:
    """Write-only `ticket.metadata`; it comes back as `audit.metadata.custom`."""
    metadata = given.get("metadata")
    return dict(metadata) if isinstance(metadata, dict) else {}


def _warning(given: JSON, allowed: frozenset[str]) -> dict[str, str]:
    """Unknown keys are ignored, and named in a header that nobody reads."""
    unknown = [f"ticket.{name}" for name in given if name not in allowed]
    comment = given.get("comment")
    if isinstance(comment, dict):
        unknown += [f"ticket.comment.{name}" for name in comment if name not in _COMMENT_KEYS]
    if not unknown:
        return {}
    return {
        "x-zendesk-api-warn": f'{{:allowed_parameters=>{{:controller=>"tickets", :unpermitted_keys=>{json.dumps(unknown)}}}}}'
    }


def _time(value: object) -> datetime | None:
    """A stamp to the second; None where it cannot be read."""
    try:
        return datetime.fromisoformat(str(value)).astimezone(UTC).replace(microsecond=0)
    except ValueError:
        return None
