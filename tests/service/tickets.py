"""Tickets made in a line, for tests of what is done with them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.base import Channel, Message, MessageKind, Person, Ticket

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)

ANA = Person(id="1", name="Ana Lind", email="ana@customer.example")
ROBIN = Person(id="2", name="Robin Vale", email="robin@kettlewick.example", role="agent")
ME = Person(id="9", name="deskpilot", role="agent")


def said(kind: MessageKind, text: str, *, author: Person | None = None, id: str = "", **more: Any) -> Message:  # noqa: A002
    """One message; `ticket` gives it its place and number."""
    by = author or (ANA if kind == "requester message" else ROBIN)
    return Message(id=id, kind=kind, author=by, at=START, text=text, **more)


def customer(text: str, **more: Any) -> Message:
    """The requester writes."""
    return said("requester message", text, **more)


def agent(text: str, **more: Any) -> Message:
    """An agent answers in public."""
    return said("public reply", text, **more)


def note(text: str, **more: Any) -> Message:
    """An agent leaves an internal note."""
    return said("internal note", text, **more)


def ticket(*messages: Message, subject: str = "My kettle", channel: Channel = "email", **more: Any) -> Ticket:
    """A ticket with these messages, a minute apart, numbered m1, m2, ..."""
    numbered = tuple(
        Message(
            **{
                **{name: getattr(message, name) for name in message.__slots__},
                "id": message.id or f"m{number}",
                "at": START + timedelta(minutes=number),
            }
        )
        for number, message in enumerate(messages, start=1)
    )
    fields: dict[str, Any] = {
        "helpdesk": "zendesk",
        "account": "acme.zendesk.test",
        "id": "7",
        "status": "open",
        "requester": ANA,
        "updated_at": START + timedelta(hours=1),
        "people": (ANA, ROBIN),
    }
    return Ticket(subject=subject, channel=channel, messages=numbered, **{**fields, **more})
