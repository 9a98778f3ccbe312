"""Labelled tickets: what they should be judged to be, read from a YAML or JSON file. See deploy/policy-tests.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from connectors.base import Message, Person, Ticket
from service.labelled import LabelledError, Place, text_of, wrong
from service.moods import Sentiment
from service.policy.document import Tier

_BETWEEN = timedelta(hours=4)  # messages; the newest is from now
_CUSTOMER, _AGENT = Person("customer"), Person("agent", role="agent")

Text = Annotated[str, Field(min_length=1)]


class Answered(BaseModel):
    """What an agent wrote to the customer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    agent: Text


class LabelledTicket(BaseModel):
    """A ticket as it stands after its last message, and what somebody said that it is. messages: oldest first.

    contacts_7d: tickets of the customer in seven days, this one included. sentiment, person, hard: for other measures.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    id: Text
    language: str = ""
    tier: Tier
    category: str = ""
    subject: str = ""
    messages: Annotated[tuple[Text | Answered, ...], Field(min_length=1)]
    tags: tuple[str, ...] = ()
    contacts_7d: Annotated[int, Field(ge=1)] = 1
    sentiment: Sentiment | None = None
    person: bool | None = None
    hard: bool = False

    def tickets(self, now: datetime) -> Iterator[Ticket]:
        """The ticket as it stood after each message of the customer's, as a helpdesk would give it."""
        start = now - _BETWEEN * (len(self.messages) - 1)
        written = [_message(said, number, start) for number, said in enumerate(self.messages)]
        for end, message in enumerate(written, start=1):
            if message.kind == "requester message":
                yield Ticket(
                    helpdesk="labelled",
                    account="",
                    id=self.id,
                    subject=self.subject,
                    status="open",
                    channel="email",
                    requester=_CUSTOMER,
                    updated_at=message.at,
                    messages=tuple(written[:end]),
                    tags=self.tags,
                    people=(_CUSTOMER, _AGENT),
                )


def _message(said: str | Answered, number: int, start: datetime) -> Message:
    at, name = start + _BETWEEN * number, f"m{number + 1}"
    if isinstance(said, Answered):
        return Message(name, "public reply", _AGENT, at, text=said.agent, channel="email")
    return Message(name, "requester message", _CUSTOMER, at, text=said, channel="email")


_FILE: Final = TypeAdapter(Annotated[list[LabelledTicket], Field(min_length=1)])


def read_tickets(path: Path) -> Sequence[LabelledTicket]:
    """Read a list of tickets. Blocking. Raises LabelledError with the line of the first mistake."""
    text = text_of(path)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        given = yaml.load(text, Loader=loader)  # noqa: S506 - a safe one; JSON is YAML, too
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f", line {mark.line + 1}" if mark else ""
        raise LabelledError(f"{path}{at}: no YAML ({error.problem or error.context}): mend it there") from error
    except (yaml.YAMLError, ValueError) as error:
        raise LabelledError(f"{path}: no YAML ({error}): save it as text") from error
    except RecursionError as error:
        raise LabelledError(f"{path} is nested too deeply") from error
    try:
        tickets = _FILE.validate_python(given)
    except ValidationError as error:
        # a misspelt key is said before the one that is missing for it
        found = sorted(error.errors(), key=lambda one: (one["loc"][:1], one["type"] != "extra_forbidden"))
        first, more = found[0], error.error_count() - 1
        said = "is no key that is known here" if first["type"] == "extra_forbidden" else first["msg"]
        raise wrong(path, text, first["loc"], said, more=more) from error
    for place, problem in _contradictions(tickets):
        raise wrong(path, text, place, problem)
    return tickets


def _contradictions(tickets: Sequence[LabelledTicket]) -> Iterator[tuple[Place, str]]:
    """What is well-formed and cannot be."""
    seen: set[str] = set()
    for number, one in enumerate(tickets):
        if one.id in seen:
            yield (number, "id"), f"the id {one.id!r} comes twice"
        seen.add(one.id)
        if isinstance(one.messages[-1], Answered):
            yield (number, "messages"), "the last message must be the customer's: it is the one to judge"
