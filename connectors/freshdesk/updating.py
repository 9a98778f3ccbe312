"""Fields of a ticket, set after the note: Freshdesk has one request for each, and nothing that compares before it sets.

So the ticket is read once more, and what somebody changed meanwhile is left alone; what is changed within that one call's time
is not seen. A note stands by then: whatever goes wrong here is told and never raised, or the note would be written again.
https://developers.freshdesk.com/api/#update_ticket
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from connectors.base import ConflictError, ConnectorError, RejectedError, RetryableError, Ticket, Update
from connectors.fields import CustomField, CustomFields
from connectors.freshdesk import wire
from connectors.http import JSON, Door

_NUMBER = re.compile(r"[0-9]{1,19}")
_PRIORITIES = {word: code for code, word in wire.PRIORITIES.items()}
_LONGEST_TAG = 32
_KINDS = ("custom_text", "custom_paragraph", "custom_dropdown")  # a number, say, wants one in the JSON

Outcome = tuple[dict[str, str], dict[str, str]]
"""What was written, and what was not and why: as in `Note`."""


async def set_beside(door: Door, update: Update | None, ticket: Ticket, *, fields: CustomFields) -> Outcome:
    """Set what is still as it was when the ticket was read, in one request; tags are added to those that stand there then."""
    if update is None or not update.parts:
        return {}, {}
    missed = await fields.objections(update.fields) | _impossible(update)
    sent = _without(missed, update.parts)
    if not sent:
        return {}, missed
    try:
        now = (await door.call("GET", _path(ticket))).body
        missed |= _moved(now, ticket, sent)
    except ConnectorError as error:
        return {}, missed | dict.fromkeys(sent, f"the ticket could not be read again ({type(error).__name__})")
    sent = _without(missed, sent)
    written, lost = await _put(door, ticket, update, sent, now) if sent else ({}, {})
    return written, missed | lost


async def tag(door: Door, ticket: Ticket, added: str, *, instead_of: str) -> None:
    """Add a tag to those of this moment, and take one of ours away. Raises ConnectorError."""
    now = (await door.call("GET", _path(ticket))).body
    if _moved(now, ticket, {"tags": added}):
        raise ConflictError(f"ticket {ticket.id} was thrown away meanwhile")
    standing = [one for one in map(str, now.get("tags") or ()) if one != instead_of]
    await door.call("PUT", _path(ticket), json={"tags": list(dict.fromkeys((*standing, added)))})


async def _put(door: Door, ticket: Ticket, update: Update, sent: Mapping[str, str], now: JSON) -> Outcome:
    try:
        answer = (await door.call("PUT", _path(ticket), json=_body(sent, update, now))).body
    except RetryableError:
        return {}, dict.fromkeys(sent, "Freshdesk did not say whether it took this")
    except ConnectorError as error:  # of its words only the status: they may repeat a value
        return {}, dict.fromkeys(sent, f"Freshdesk refused it: {str(error).partition(' (')[0]}")
    written = _stored(sent, answer)
    lost = [name for name, value in sent.items() if written.get(name) != value]
    return written, dict.fromkeys(lost, "Freshdesk took the update, but not this")


async def custom_fields(door: Door) -> list[CustomField]:
    """The account's own. Customers see those that are displayed to them.

    https://developers.freshdesk.com/api/#ticket_fields
    """
    body = (await door.call("GET", "/api/v2/ticket_fields")).body
    with wire.documented_shape("list of ticket fields"):
        return [
            CustomField(
                str(one["name"]), str(one.get("label") or ""), one.get("displayed_to_customers") is False, _choices(one)
            )
            for one in wire.listed(body, what="ticket fields")
            if not one.get("default") and one.get("type") in _KINDS
        ]


def _choices(field: JSON) -> frozenset[str]:
    """Of a plain drop-down; those of nested ones hang on each other, which Freshdesk judges itself."""
    choices = field.get("choices")
    return frozenset(map(str, choices)) if isinstance(choices, list) else frozenset()


def _impossible(update: Update) -> dict[str, str]:
    """What cannot be sent, and why."""
    missed = {}
    if update.group and not _NUMBER.fullmatch(update.group):
        missed["group"] = "not the number of a group"
    if update.priority and update.priority not in _PRIORITIES:
        missed["priority"] = "not a priority of Freshdesk"
    if any(len(tag) > _LONGEST_TAG for tag in update.add_tags):
        missed["tags"] = f"Freshdesk takes tags of at most {_LONGEST_TAG} characters"
    return missed


def _moved(now: object, before: Ticket, sent: Mapping[str, str]) -> dict[str, str]:
    """Which of these parts are not as they were read, and why each is left alone. Raises RejectedError."""
    if not isinstance(now, dict):
        raise RejectedError("Freshdesk sent a ticket of an unknown shape")
    with wire.documented_shape("ticket"):
        if now.get("deleted") or now.get("spam"):
            return dict.fromkeys(sent, "the ticket was thrown away meanwhile")
        there, taken_by = _parts(now), str(now.get("responder_id") or "")
    was = {**before.fields, "group": before.group, "priority": before.priority}
    moved = {name for name in sent if name != "tags" and there.get(name, "") != was.get(name, "")}
    if taken_by != (before.assignee.id if before.assignee else ""):
        moved |= {"group", "priority"} & sent.keys()  # who took it has seen both
    return dict.fromkeys(moved, "somebody changed it meanwhile")


def _without(missed: Mapping[str, str], parts: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in parts.items() if name not in missed}


def _path(ticket: Ticket) -> str:
    return f"/api/v2/tickets/{wire.number(ticket.id)}"


def _body(sent: Mapping[str, str], update: Update, now: JSON) -> JSON:
    body: JSON = {}
    if "group" in sent:
        body["group_id"] = int(update.group)
    if "priority" in sent:
        body["priority"] = _PRIORITIES[update.priority]
    if "tags" in sent:  # replaces the list
        body["tags"] = list(dict.fromkeys((*map(str, now.get("tags") or ()), *update.add_tags)))
    if custom := {name: value for name, value in update.fields.items() if name in sent}:
        body["custom_fields"] = custom
    return body


def _stored(sent: Mapping[str, str], answer: object) -> dict[str, str]:
    """What of it stands in the ticket that was answered."""
    if not isinstance(answer, dict):
        return {}
    try:
        with wire.documented_shape("ticket"):
            there = _parts(answer)
    except RejectedError:
        return {}
    tags = there.get("tags", "").split()
    written = {name: value for name, value in sent.items() if name != "tags" and there.get(name) == value}
    if kept := " ".join(tag for tag in sent.get("tags", "").split() if tag in tags):
        written["tags"] = kept
    return written


def _parts(ticket: JSON) -> dict[str, str]:
    """The ticket as `Update.parts` names things."""
    own = {
        "group": str(ticket.get("group_id") or ""),
        "priority": wire.PRIORITIES.get(ticket.get("priority") or 0, ""),
        "tags": " ".join(map(str, ticket.get("tags") or ())),
    }
    return {**wire.fields(ticket), **own}
