"""Tickets and conversations for the tests of triage."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.base import Message, Person, Ticket
from service.conversation import Conversation, Turn

AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
SAM = Person("1", "Sam Sample", "sam@example.com")


def thread(*texts: str, subject: str = "", **values: Any) -> Conversation:
    """A conversation; texts that begin with "> " are the agent's."""
    turns = tuple(
        Turn("agent" if text.startswith("> ") else "requester", AT + timedelta(hours=number), text.removeprefix("> "))
        for number, text in enumerate(texts)
    )
    return Conversation(subject=subject, turns=turns, **values)


def ticket(*, untrusted: bool = False, **values: Any) -> Ticket:
    """A ticket with one message."""
    message = Message("1", "requester message", SAM, AT, text="Hello", untrusted=untrusted)
    made = Ticket("zendesk", "acme.zendesk.test", "1", "Hello", "open", "email", SAM, AT, (message,))
    return replace(made, **values)
