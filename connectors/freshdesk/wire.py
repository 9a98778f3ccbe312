"""Freshdesk's JSON into our words; pure. Vendor words and codes stay in this file.

Source: https://developers.freshdesk.com/api/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parseaddr
from types import MappingProxyType
from typing import Any

from connectors.base import (
    Attachment,
    Channel,
    Message,
    MessageKind,
    Note,
    Organization,
    Person,
    RejectedError,
    Related,
    Role,
    Status,
    Ticket,
)
from connectors.freshdesk import merges

JSON = dict[str, Any]

_STATUSES: Mapping[int, Status] = MappingProxyType(
    # 6 and 7 are custom, but every account is born with them as "Waiting on Customer" and "Waiting on Third Party".
    # Any other custom status is read as open: only solved and closed keep us from helping.
    {2: "open", 3: "pending", 4: "solved", 5: "closed", 6: "pending", 7: "hold"}
)

PRIORITIES: Mapping[int, str] = MappingProxyType({1: "low", 2: "normal", 3: "high", 4: "urgent"})
"""Freshdesk's own word for 2 is "medium"; ours is the one the field shares."""

_LOW = 1  # what a ticket has when nobody says anything else

CHANNELS: Mapping[int, Channel] = MappingProxyType({
    1: "email", 2: "portal", 3: "voice", 5: "social", 6: "social", 7: "chat", 8: "messaging", 9: "form",
    10: "email", 11: "other",
})  # fmt: skip

_ENTRY_CHANNELS: Mapping[int, Channel] = MappingProxyType(
    {5: "social", 6: "form", 7: "social", 8: "email", 9: "voice", 10: "messaging", 11: "other"}
)
"""Of a conversation entry; 0 (reply) and 2 (note) travel the way of their ticket, and are written where that was opened by a call."""
_SURVEY, _FORWARD = 6, 8
_OUTBOUND_EMAIL = 10  # a ticket that an agent opened by writing to the customer
_NUMBER = re.compile(r"[0-9]{1,19}")


@contextmanager
def documented_shape(what: str) -> Iterator[None]:
    """Turn a shape that Freshdesk does not document into a RejectedError that names it."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise RejectedError(f"Freshdesk sent a {what} of an unknown shape: {type(error).__name__} {error}") from error


@dataclass(frozen=True, slots=True)
class Strangers:
    """Ids of people whose names the ticket does not carry, newest first."""

    agents: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()


def number(value: object) -> str:
    """Check an id before it becomes part of a path. Raises RejectedError."""
    text = str(value)
    if not _NUMBER.fullmatch(text):
        raise RejectedError(f"{text[:40]!r} is not an id of Freshdesk: it is a number there")
    return text


def listed(body: object, *, what: str) -> list[JSON]:
    """A page of a list: Freshdesk answers with a bare array. Raises RejectedError."""
    if not isinstance(body, list) or not all(isinstance(item, dict) for item in body):
        raise RejectedError(f"Freshdesk sent a list of {what} of an unknown shape")
    return body


def strangers(ticket: JSON, entries: Sequence[JSON]) -> Strangers:
    """Say whom to ask the helpdesk about: authors and the assignee, by what their entries show them to be.

    The requester is among the agents asked about: a requester who is staff shows nowhere else.
    """
    with documented_shape("ticket"):
        requester = _id(ticket["requester_id"])
        agents: dict[str, None] = {requester: None, _id(ticket.get("responder_id")): None}
        contacts: dict[str, None] = {}
        for entry in sorted(entries, key=lambda entry: str(entry["created_at"]), reverse=True):
            author = _id(entry.get("user_id"))
            if not entry["incoming"]:
                agents[author] = None
            elif author != requester and not all(parseaddr(str(entry.get("from_email") or ""))):
                contacts[author] = None
    agents.pop("", None)
    contacts.pop("", None)
    return Strangers(agents=tuple(agents), contacts=tuple(id_ for id_ in contacts if id_ not in agents))


def to_agent(body: JSON) -> Person:
    """Read an agent: what `/agents/{id}` and `/agents/me` answer; name and address are in its `contact`."""
    with documented_shape("agent"):
        contact = body["contact"]
        return _person(contact, id_=_id(body["id"]), role="agent")


def to_contact(body: JSON) -> Person:
    """Read a contact: what `/contacts/{id}` answers."""
    with documented_shape("contact"):
        return _person(body, id_=_id(body["id"]), role="end user")


def to_ticket(
    ticket: JSON, entries: Sequence[JSON], *, account: str, base_url: str, people: Mapping[str, Person]
) -> Ticket:
    """Read a ticket with `include=requester,company` and all its conversation entries, in any order.

    people: answers to `strangers`, by id; who is missing stays without a name. Raises RejectedError.
    """
    with documented_shape("ticket"):
        requester = _requester(ticket, people=people)
        channel = CHANNELS.get(ticket.get("source") or 0, "other")
        messages = [
            _first_message(ticket, requester=requester, channel=channel, people=people),
            *sorted(
                (_message(entry, requester=requester, channel=channel, people=people) for entry in entries),
                key=lambda message: (message.at, int(message.id)),
            ),
        ]
        responder = _id(ticket.get("responder_id"))
        assignee = people.get(responder, Person(id=responder, role="agent")) if responder else None
        id_ = _id(ticket["id"])
        return Ticket(
            helpdesk="freshdesk",
            account=account,
            id=id_,
            subject=str(ticket.get("subject") or ""),
            status=status(ticket),
            channel=channel,
            requester=requester,
            updated_at=time(ticket["updated_at"]),
            due_at=_due_at(ticket, messages),
            # the ticket's own text stays first whatever the clocks say: it opened the conversation
            messages=tuple(messages),
            stamp=str(ticket["updated_at"]),
            assignee=assignee,
            organization=_organization(ticket),
            brand=_id(ticket.get("product_id")),
            group=_id(ticket.get("group_id")),
            form=str(ticket.get("type") or ""),
            priority=PRIORITIES.get(ticket.get("priority") or 0, ""),
            tags=tuple(str(tag) for tag in ticket.get("tags") or ()),
            spam=bool(ticket.get("spam")),
            people=_everybody(ticket, requester=requester, assignee=assignee, messages=messages),
            related=(
                *merges.parents(ticket),
                *(Related(merged, kind="merged") for merged in merges.merged_here(entries)),
            ),
            fields=fields(ticket),
            url=f"{base_url}/a/tickets/{id_}",
            initial=frozenset({"priority"} if ticket.get("priority") == _LOW else ()),
            solved_at=_at(ticket, "resolved_at"),
            reopened_at=_at(ticket, "reopened_at"),
        )


def _at(ticket: JSON, what: str) -> datetime | None:
    """When something last happened to the ticket, where its statistics were read with it."""
    moment = (ticket.get("stats") or {}).get(what)
    return time(moment) if moment else None


def _due_at(ticket: JSON, messages: Sequence[Message]) -> datetime | None:
    """When the first reply is due, or, once there is one, the solution; None for a while after a ticket was opened."""
    first = not any(message.kind == "public reply" for message in messages)
    due = (first and ticket.get("fr_due_by")) or ticket.get("due_by")
    return time(due) if due else None


def from_note(html: str) -> JSON:
    """Body that adds an internal note and mails it to nobody. `private` is sent although it is the default.

    Never sent: `incoming` (would look like the customer's) and `user_id` (another agent's name).
    """
    return {"body": html, "private": True, "notify_emails": []}


def to_note(body: JSON, *, ticket_id: str) -> Note:
    """Read the answer to a note."""
    with documented_shape("note"):
        return Note(id=_id(body["id"]), ticket_id=ticket_id)


def _kind(entry: JSON) -> MessageKind:
    """Whose voice an entry is.

    A public note is a public reply: the customer sees it. Survey answers and forwards to third parties are nobody's
    answer; neither is what an automation wrote, which carries no user. Freshdesk marks merge notices by nothing but
    their text. A private entry from outside is a third party's answer to a forward: agents see it, none wrote it.
    """
    incoming, private = bool(entry["incoming"]), bool(entry["private"])
    if entry.get("source") in (_SURVEY, _FORWARD) or merges.is_notice(entry):
        return "system message"
    if incoming:
        return "system message" if private else "requester message"
    if not entry.get("user_id"):
        return "system message"
    return "internal note" if private else "public reply"


def _first_message(ticket: JSON, *, requester: Person, channel: Channel, people: Mapping[str, Person]) -> Message:
    """The ticket's own text: Freshdesk keeps it beside the conversation. Of an outbound e-mail it is the agent's."""
    outbound = ticket.get("source") == _OUTBOUND_EMAIL
    responder = _id(ticket.get("responder_id"))
    return Message(
        id=f"ticket:{_id(ticket['id'])}",
        kind="public reply" if outbound else "requester message",
        author=people.get(responder, Person(id=responder, role="agent")) if outbound else requester,
        at=time(ticket["created_at"]),
        html=str(ticket.get("description") or ""),
        text=str(ticket.get("description_text") or ""),
        channel=channel,
        attachments=_attachments(ticket),
    )


def _message(entry: JSON, *, requester: Person, channel: Channel, people: Mapping[str, Person]) -> Message:
    with documented_shape("conversation entry"):
        return Message(
            id=_id(entry["id"]),
            kind=_kind(entry),
            author=_author(entry, requester=requester, people=people),
            at=time(entry["created_at"]),
            html=str(entry.get("body") or ""),
            text=str(entry.get("body_text") or ""),
            channel=_ENTRY_CHANNELS.get(entry.get("source") or 0, "email" if channel == "voice" else channel),
            attachments=_attachments(entry),
        )


def _author(entry: JSON, *, requester: Person, people: Mapping[str, Person]) -> Person:
    id_ = _id(entry.get("user_id"))
    if id_ == requester.id:
        return requester
    if id_ in people:
        return people[id_]
    if entry["incoming"]:  # a CC: the mail's own header names them
        name, email = parseaddr(str(entry.get("from_email") or ""))
        return Person(id=id_, name=name, email=email)
    return Person(id=id_, role="agent" if id_ else "bot")


def _requester(ticket: JSON, *, people: Mapping[str, Person]) -> Person:
    id_ = _id(ticket["requester_id"])
    if id_ in people:  # asked about as an agent, and is one
        return people[id_]
    return _person(ticket.get("requester") or {}, id_=id_, role="end user")


def _person(body: JSON, *, id_: str, role: Role) -> Person:
    return Person(
        id=id_,
        name=str(body.get("name") or ""),
        email=str(body.get("email") or ""),
        phone=str(body.get("phone") or body.get("mobile") or ""),
        role=role,
        language=primary_subtag(body.get("language")),
    )


def _everybody(
    ticket: JSON, *, requester: Person, assignee: Person | None, messages: Sequence[Message]
) -> tuple[Person, ...]:
    """Everybody named in the ticket, once; people in copy have no id here."""
    known = {person.id: person for person in (requester, assignee, *(message.author for message in messages)) if person}
    known.pop("", None)
    addresses = {person.email.lower() for person in known.values()}
    copies: dict[str, Person] = {}
    for written in (*(ticket.get("cc_emails") or ()), *(ticket.get("reply_cc_emails") or ())):
        name, email = parseaddr(str(written))
        if email and email.lower() not in addresses:
            copies.setdefault(email.lower(), Person(id="", name=name, email=email))
    return (*known.values(), *copies.values())


def status(ticket: JSON) -> Status:
    """Where a ticket stands."""
    if ticket.get("deleted"):
        return "deleted"
    return _STATUSES.get(int(ticket["status"]), "open")


def _organization(ticket: JSON) -> Organization | None:
    company = ticket.get("company") or {}
    id_ = _id(company.get("id") or ticket.get("company_id"))
    return Organization(id=id_, name=str(company.get("name") or "")) if id_ else None


def fields(ticket: JSON) -> dict[str, str]:
    """Custom fields that have a value, as text, and `type`, which Freshdesk keeps beside them."""
    values = {"type": ticket.get("type"), **(ticket.get("custom_fields") or {})}
    return {str(name): _plain(value) for name, value in values.items() if value not in (None, "", [])}


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(str(part) for part in value) if isinstance(value, list) else str(value)


def _attachments(body: JSON) -> tuple[Attachment, ...]:
    # `attachment_url` is a signed link that expires: not kept
    return tuple(
        Attachment(
            name=str(item.get("name") or ""),
            content_type=str(item.get("content_type") or ""),
            size_bytes=int(item.get("size") or 0),
        )
        for item in body.get("attachments") or ()
    )


def _id(value: object) -> str:
    """An id as text; "" for none."""
    return "" if value is None else str(value)


def time(value: object) -> datetime:
    """Read a timestamp; without a zone it is UTC."""
    at = datetime.fromisoformat(str(value))
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


def primary_subtag(language: object) -> str:
    """Main part of a language code, lower case: "pt-BR" -> "pt"; "" for none."""
    return re.split(r"[-_]", str(language or "").strip(), maxsplit=1)[0].lower()
