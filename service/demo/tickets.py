"""The demo's ticket files: what a customer writes, and what deskpilot is expected to make of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

import yaml

from connectors.base import Channel
from connectors.folder import folder_articles
from service.errors import ServiceError

Expectation = Literal["note", "none", "packet"]
"""`note`: exactly one private note, citing the source where one is stated. `none`: no note. `packet`: exactly one note
that hands the ticket to a person."""

Writer = Literal["customer", "cc", "agent", "bot"]

Word = TypeVar("Word", bound=str)
Kind = TypeVar("Kind")

_KINDS: Mapping[type, str] = {bool: "true or false", dict: "keys and values", list: "a list", str: "a text"}
_KEYS = {
    "helpdesk",
    "subject",
    "requester",
    "organization",
    "channel",
    "tags",
    "messages",
    "expect",
    "expect_source",
    "says",
}
_REQUESTER_KEYS = {"name", "email"}
_MESSAGE_KEYS = {"from", "text", "html", "private", "attachments", "name", "email", "automatic"}


class TicketFileError(ServiceError):
    """A ticket file cannot be used; the message names the file and what to change."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One message of a ticket file."""

    by: Writer
    text: str = ""
    html: str = ""
    private: bool = False
    automatic: bool = False
    attachments: tuple[str, ...] = ()
    name: str = ""  # of a CC
    email: str = ""


@dataclass(frozen=True, slots=True)
class DemoTicket:
    """One ticket file. `expect_source`: the article's address, or its title where it has none; empty: none stated."""

    name: str
    helpdesk: Literal["zendesk", "freshdesk"]
    subject: str
    requester: str
    email: str
    entries: tuple[Entry, ...]
    expect: Expectation
    expect_source: str = ""
    states_source: bool = False  # `expect_source: null` states that nothing is cited
    organization: str = ""
    channel: str = "email"
    tags: tuple[str, ...] = ()
    says: str = ""


def load_tickets(folder: Path, articles: Path) -> list[DemoTicket]:
    """Read every *.yaml of a folder, in the order of the names. Raises TicketFileError."""
    files = sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])
    if not files:
        raise TicketFileError(f"there are no ticket files (*.yaml) in {folder}")
    return [_ticket(file, articles) for file in files]


def _ticket(file: Path, articles: Path) -> DemoTicket:
    try:
        raw = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise TicketFileError(f"{file.name} cannot be read as YAML: {error}") from error
    if not isinstance(raw, dict):
        raise TicketFileError(f"{file.name} holds no keys: see deploy/demo/tickets for examples")
    _known(file, raw, _KEYS)
    requester = _of(file, raw, "requester", dict)
    _known(file, requester, _REQUESTER_KEYS)
    source = _of(file, raw, "expect_source", str)
    return DemoTicket(
        name=file.stem,
        helpdesk=_one_of(file, raw, "helpdesk", ("zendesk", "freshdesk")),
        subject=str(raw.get("subject", "")),
        requester=str(requester.get("name", "")),
        email=str(requester.get("email", "")) or f"{file.stem}@customer.example",
        entries=_entries(file, _of(file, raw, "messages", list)),
        expect=_one_of(file, raw, "expect", get_args(Expectation)),
        expect_source=_address(file, source, articles) if source else "",
        states_source="expect_source" in raw,
        organization=str(raw.get("organization") or ""),
        channel=_one_of(file, {"channel": "email", **raw}, "channel", get_args(Channel)),
        tags=tuple(map(str, _of(file, raw, "tags", list))),
        says=str(raw.get("says", "")),
    )


def _entries(file: Path, raw: list[Any]) -> tuple[Entry, ...]:
    entries = []
    for message in raw:
        if not isinstance(message, dict):
            raise TicketFileError(f"{file.name}: each of the `messages` must be keys and values, not {message!r}")
        _known(file, message, _MESSAGE_KEYS)
        entries.append(
            Entry(
                by=_one_of(file, message, "from", get_args(Writer)),
                text=str(message.get("text") or ""),
                html=str(message.get("html") or ""),
                private=_of(file, message, "private", bool),
                automatic=_of(file, message, "automatic", bool),
                attachments=tuple(map(str, _of(file, message, "attachments", list))),
                name=str(message.get("name") or ""),
                email=str(message.get("email") or ""),
            )
        )
    if not entries or entries[0].by != "customer":
        raise TicketFileError(f"{file.name}: `messages` must begin with one `from: customer`")
    if any(entry.by == "cc" and not entry.email for entry in entries):
        raise TicketFileError(f"{file.name}: a message `from: cc` needs the `email` of who wrote it")
    return tuple(entries)


def _address(file: Path, source: str, articles: Path) -> str:
    """The address (or title) that a note shows for an article file."""
    wanted = (articles / source).resolve()
    if not wanted.is_file():
        raise TicketFileError(f"{file.name}: expect_source names no file in {articles}: {source}")
    found = next(
        (article for article in folder_articles(articles) if (articles / article.id).resolve() == wanted), None
    )
    if found is None:
        raise TicketFileError(f"{file.name}: expect_source is not an article that can be read: {source}")
    return found.url or found.title


def _known(file: Path, raw: Mapping[str, Any], keys: set[str]) -> None:
    if unknown := sorted(map(str, raw.keys() - keys)):
        raise TicketFileError(f"{file.name}: unknown key {unknown[0]!r}; known ones are {', '.join(sorted(keys))}")


def _of(file: Path, raw: Mapping[str, Any], key: str, kind: type[Kind]) -> Kind:
    """The value of a key, an empty one where there is none."""
    value = raw.get(key)
    if value is None:
        return kind()
    if not isinstance(value, kind):
        raise TicketFileError(f"{file.name}: `{key}` must be {_KINDS[kind]}, not {value!r}")
    return value


def _one_of(file: Path, raw: Mapping[str, Any], key: str, values: tuple[Word, ...]) -> Word:
    for value in values:
        if raw.get(key) == value:
            return value
    raise TicketFileError(f"{file.name}: `{key}` must be one of {', '.join(values)}, not {raw.get(key)!r}")
