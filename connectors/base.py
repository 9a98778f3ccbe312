"""What every helpdesk has in common: the words of the field, one protocol. The error tree is in errors.py, and here again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from connectors.errors import (
    ConflictError,
    ConnectorError,
    DeliveryError,
    ForbiddenError,
    ForgedError,
    GoneError,
    LeakError,
    MisconfiguredError,
    RejectedError,
    RetryableError,
    SpentError,
    UnreadableError,
    UnsureError,
)
from connectors.fields import CustomField
from connectors.pages import Article, Audience, Changed, Pool, Reading
from connectors.past import Channel, PastTicket, Rating, Status

__all__ = (
    "Article",
    "Audience",
    "Changed",
    "Channel",
    "ConflictError",
    "ConnectorError",
    "DeliveryError",
    "ForbiddenError",
    "ForgedError",
    "GoneError",
    "LeakError",
    "MisconfiguredError",
    "PastTicket",
    "Pool",
    "Rating",
    "Reading",
    "RejectedError",
    "RetryableError",
    "SpentError",
    "Status",
    "UnreadableError",
    "UnsureError",
)  # of another file, and told from here

Role = Literal["end user", "agent", "bot"]
"""Who a person is to the helpdesk. `bot`: an integration, an automation, the helpdesk itself."""

MessageKind = Literal["requester message", "public reply", "internal note", "system message"]
"""`requester message`: public, from outside (requester or CC). `public reply`: public, by an agent. `internal note`:
only agents see it. `system message`: merge notice, bot, integration, auto-acknowledgement; never an agent's answer."""

Satisfaction = Literal["", "good", "bad"]
"""How the requester rated the answer; empty: not, or neither."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a ticket. `id` is the vendor's, as text; empty strings mean unknown."""

    id: str
    name: str = ""
    email: str = ""
    phone: str = ""
    role: Role = "end user"
    language: str = ""  # BCP 47 primary subtag, lower case: "de"
    since: str = ""  # the day on which the helpdesk first knew them, where it says so: "2026-11-22"


@dataclass(frozen=True, slots=True)
class Organization:
    """The requester's company as the helpdesk knows it."""

    id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file beside a message. We list it, we never fetch it."""

    name: str
    content_type: str = ""
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """One entry of a ticket's conversation. `html` is the vendor's, unsanitised; `text` is used where there is no HTML."""

    id: str
    kind: MessageKind
    author: Person
    at: datetime
    html: str = ""
    text: str = ""
    channel: Channel = "other"
    attachments: tuple[Attachment, ...] = ()
    automatic: bool = False  # auto-reply, bounce, out of office, as the vendor marks it
    untrusted: bool = False  # the vendor doubts that the author is who the mail says (Zendesk comment flags)
    run: str = ""  # our run id where the vendor keeps it with the message


@dataclass(frozen=True, slots=True)
class Related:
    """Another ticket that belongs to this one's history."""

    ticket_id: str
    kind: Literal["follow-up", "split", "merged"]


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket with its whole conversation, oldest message first."""

    helpdesk: str  # "zendesk", "freshdesk"
    account: str  # host name of the helpdesk
    id: str
    subject: str
    status: Status
    channel: Channel
    requester: Person
    updated_at: datetime
    messages: tuple[Message, ...]
    stamp: str = ""  # the vendor's own spelling of updated_at, for compare-and-set
    assignee: Person | None = None
    organization: Organization | None = None
    brand: str = ""  # vendor id of brand (Zendesk) or product (Freshdesk)
    group: str = ""  # vendor id
    group_name: str = ""  # where the vendor tells it with the ticket (Zendesk)
    form: str = ""  # vendor id of the form (Zendesk), or the ticket's type (Freshdesk: "Question")
    priority: str = ""
    tags: tuple[str, ...] = ()
    spam: bool = False
    shared: bool = False  # with another account, by a sharing agreement (Zendesk)
    due_at: datetime | None = None  # of the next answer, by the helpdesk's own service levels
    people: tuple[Person, ...] = ()  # everybody named in the ticket: requester, CCs, agents
    related: tuple[Related, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    url: str = ""  # where an agent opens it
    satisfaction: Satisfaction = ""  # as far as the vendor says it with the ticket; see Helpdesk.rated
    initial: frozenset[Literal["group", "priority"]] = frozenset()  # what still is as every new ticket here has it
    solved_at: datetime | None = None  # the last time, where the vendor says it with the ticket
    reopened_at: datetime | None = None  # the last time, as far as the vendor says it


@dataclass(frozen=True, slots=True)
class Update:
    """Fields of a ticket to be set with a note; what is empty stays as it is. Tags are added, none is taken away.

    group: the vendor's id. priority: low, normal, high, urgent. fields: custom ones, by the vendor's id or name. There is no
    more to it, so that nothing else can ever be written this way: no status, no comment.
    """

    group: str = ""
    priority: str = ""
    add_tags: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def parts(self) -> dict[str, str]:
        """All that is to be set, by name: "group", "priority", "tags" (with spaces between them), each custom field."""
        named = {"group": self.group, "priority": self.priority, "tags": " ".join(self.add_tags), **self.fields}
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True, slots=True)
class Note:
    """An internal note as the helpdesk stored it, and what became of the Update beside it, by `Update.parts`' names.

    written: as it stands in the ticket now. missed: why it does not; never with a value in it, so fit for a log.
    """

    id: str
    ticket_id: str
    written: Mapping[str, str] = field(default_factory=dict)
    missed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """A ticket that changed, and when, by the helpdesk's clock. `open`: not solved, closed or deleted. `solved`: or closed."""

    ticket_id: str
    at: datetime
    open: bool = True
    solved: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook request as it arrived. Header names are lower case; `path_secret` is the last part of the path or empty."""

    headers: Mapping[str, str] = field(repr=False)  # one of them may carry the secret
    body: bytes
    path_secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Event:
    """What a genuine webhook says: look at this ticket, or at this page of the help centre.

    kind: `ticket` (look at `ticket_id`), `article` (read `article_id`), `poll` (something changed, but the body cannot be
    read), `ignored` (not for us).
    """

    kind: Literal["ticket", "article", "poll", "ignored"]
    ticket_id: str = ""
    article_id: str = ""
    delivery_id: str = ""  # the vendor's event id; empty where it has none
    what: str = ""  # the vendor's event name, for the log: "comment_added", "trigger", ...
    author_id: str = ""  # who caused it, where the body says so
    message_id: str = ""  # of the message that was added, where the body says so


class Helpdesk(Protocol):
    """One account of one helpdesk. Borrows its HTTP client; every failure leaves as a ConnectorError."""

    name: str
    account: str
    edits_notes: bool  # whether the vendor lets us change a note that stands

    async def whoami(self) -> Person:
        """Who the credentials belong to. Raises MisconfiguredError where they are anonymous or not an agent's."""
        ...

    async def ticket(self, ticket_id: str) -> Ticket:
        """Read a ticket with its whole conversation. Raises GoneError."""
        ...

    async def rated(self, ticket: Ticket) -> Ticket:
        """The ticket with its requester's rating; a call where the vendor keeps that elsewhere."""
        ...

    async def add_note(self, ticket: Ticket, html: str, *, run: str, update: Update | None = None) -> Note:
        """Add an internal note to the ticket as it was read.

        html: safe subset, at most 32 KB. run: our id of this draft, stored where the vendor allows it. update: set with it
        where nobody has changed that since the ticket was read; what cannot be set never costs the note.
        Raises ConflictError where the vendor can tell that the ticket moved on; LeakError where the note came back
        public. After RetryableError the note may exist all the same: read the ticket before writing again.
        """
        ...

    async def tag(self, ticket: Ticket, tag: str, *, instead_of: str = "") -> None:
        """Add a tag to a solved ticket, in a request that sets nothing else; instead_of: one of ours that goes. The others stay.

        Raises ConflictError where the ticket moved on, RejectedError where it takes none any more.
        """
        ...

    async def edit_note(self, ticket_id: str, note_id: str, html: str) -> None:
        """Change an internal note of ours, where `edits_notes`. Raises GoneError; LeakError where it came back public."""
        ...

    async def custom_fields(self) -> Mapping[str, CustomField]:
        """The account's custom fields of tickets, by id as in `Ticket.fields`; an hour old at most."""
        ...

    async def groups(self) -> Mapping[str, str]:
        """The groups of agents: id → name."""
        ...

    def changed_since(self, moment: datetime) -> AsyncIterator[Change]:
        """The tickets that changed since then, page by page; the vendors' search lags by up to some minutes."""
        ...

    def history(self, since: datetime) -> AsyncIterator[PastTicket]:
        """The tickets that changed since then, oldest change first, many in one call; one that changes meanwhile may come twice."""
        ...

    def ratings_since(self, moment: datetime) -> AsyncIterator[Rating]:
        """What requesters said since then of the answers they got; of one ticket the newest counts.

        Raises ForbiddenError where the account has no surveys, or none for us.
        """
        ...

    def articles(self, unread: dict[str, str] | None = None) -> AsyncIterator[Article]:
        """Every article of the help centre, page by page.

        unread: gets id and reason of each that is not as documented, and the rest goes on; None: the first one raises.
        """
        ...

    async def changed_articles(self, since: datetime) -> Changed | None:
        """What changed since then. None: the helpdesk does not tell, or so much that `articles` is cheaper."""
        ...

    def read_articles(self, ids: Sequence[str]) -> AsyncIterator[Reading]:
        """These pages, as `articles` would give them now. Only where `changed_articles` or a webhook names any."""
        ...

    def macros(self) -> AsyncIterator[Article]:
        """The texts that agents answer with, of pool "macro" and source "{name} macros"; nobody's personal ones.

        Raises ForbiddenError or GoneError where the account has none for us.
        """
        ...


class Webhooks(Protocol):
    """How one vendor's webhooks are checked and read; a module satisfies it."""

    def accept(self, delivery: Delivery, *, secrets: Sequence[str], now: datetime) -> Event:
        """Verify raw bytes, then read them. Raises ForgedError (first), UnreadableError. Never anything else."""
        ...

    def refuse(self, secrets: Sequence[str]) -> Sequence[str]:
        """One sentence per webhook secret that must not be used (published test secret, too short); empty when all are fine."""
        ...
