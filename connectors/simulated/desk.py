"""What the simulators' shared web page needs to know of a helpdesk; each vendor's twin fills it from its own state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

WrittenBy = Literal["customer", "agent", "co-pilot", "system"]


@dataclass(frozen=True, slots=True)
class DeskRow:
    """One line of the list of tickets."""

    id: str
    subject: str
    requester: str
    status: str
    updated_at: datetime
    notes: int  # internal notes in it


@dataclass(frozen=True, slots=True)
class DeskEntry:
    """One entry of a conversation as an agent sees it. `html` is shown in a sandboxed, sanitised form."""

    id: str
    author: str
    by: WrittenBy
    public: bool
    html: str
    at: datetime
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeskTicket:
    """A ticket as an agent sees it."""

    row: DeskRow
    channel: str
    tags: tuple[str, ...]
    entries: tuple[DeskEntry, ...]  # oldest first


@dataclass(frozen=True, slots=True)
class FieldsOf:
    """What is set in a ticket. `priority`: the vendor's word, in lower case. `custom`: those that have a value, by id or name."""

    group: str
    priority: str
    tags: tuple[str, ...]
    custom: Mapping[str, str]


class Desk(Protocol):
    """A simulated helpdesk behind the web page. Ids are the vendor's, as text; KeyError for an unknown ticket."""

    vendor: str  # "Zendesk", "Freshdesk"
    account: str  # the company's name

    def rows(self) -> list[DeskRow]:
        """Tickets, last changed first."""
        ...

    def conversation(self, ticket_id: str) -> DeskTicket:
        """One ticket."""
        ...

    async def customer_opens(self, *, name: str, email: str, subject: str, text: str) -> str:
        """A customer writes for the first time; returns the ticket's id. Webhooks go out."""
        ...

    async def customer_writes(self, ticket_id: str, *, text: str) -> None:
        """The requester writes again."""
        ...

    async def agent_writes(self, ticket_id: str, *, text: str, public: bool) -> None:
        """An agent answers, or leaves an internal note."""
        ...

    async def agent_solves(self, ticket_id: str) -> None:
        """An agent marks the ticket solved."""
        ...
