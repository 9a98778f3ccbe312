"""Labelled tickets: what they should be judged to be, read from a YAML or JSON file. See deploy/policy-tests.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from connectors.base import Message, Person, Ticket
from service.errors import ServiceError
from service.moods import Sentiment
from service.policy.document import Tier

_BETWEEN = timedelta(hours=4)  # messages; the newest is from now
_CUSTOMER, _AGENT = Person("customer"), Person("agent", role="agent")
_LARGEST_BYTES = 50_000_000

Text = Annotated[str, Field(min_length=1)]


class LabelledError(ServiceError):
    """The file is not what it should be. Says which line and key."""


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
    text = _text(path)
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
        raise _wrong(path, text, first["loc"], said, more=more) from error
    for place, problem in _contradictions(tickets):
        raise _wrong(path, text, place, problem)
    return tickets


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise LabelledError(f"{path} is larger than {_LARGEST_BYTES:,} bytes: split it")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise LabelledError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise LabelledError(f"{path} is not UTF-8 text (byte {error.start}): save it as UTF-8") from error


def _contradictions(tickets: Sequence[LabelledTicket]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What is well-formed and cannot be."""
    seen: set[str] = set()
    for number, one in enumerate(tickets):
        if one.id in seen:
            yield (number, "id"), f"the id {one.id!r} comes twice"
        seen.add(one.id)
        if isinstance(one.messages[-1], Answered):
            yield (number, "messages"), "the last message must be the customer's: it is the one to judge"


def _wrong(path: Path, text: str, place: tuple[str | int, ...], problem: str, *, more: int = 0) -> LabelledError:
    named = ".".join(str(part) for part in place) or "the whole file"
    others = f" (and {more} more problems)" if more else ""
    return LabelledError(f"{path}, line {_line(text, place)}, {named}: {problem}{others}")


def _line(text: str, place: tuple[str | int, ...]) -> int:
    """Where the value of a key begins, or the nearest that exists above it."""
    node = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    for part in place:
        children: dict[str | int, yaml.Node] = {}
        if isinstance(node, yaml.MappingNode):
            children = {name.value: value for name, value in node.value}
        elif isinstance(node, yaml.SequenceNode):
            children = dict(enumerate(node.value))
        if part not in children:
            break
        node = children[part]
    return node.start_mark.line + 1 if node else 1
