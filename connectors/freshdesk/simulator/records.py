"""What a simulated Freshdesk account stores. Times are aware, in UTC, whole seconds: the vendor keeps no more."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

JSON = dict[str, Any]

Performer = Literal["agent", "requester"]

ACTIONS: dict[str, tuple[str, ...]] = {
    "webhook": ("trigger_webhook",),
    "mail": ("send_email_to_agent", "send_email_to_group", "send_email_to_requester"),
    "ticket": ("status", "priority", "group_id", "responder_id", "add_tag", "add_note"),
}
"""What an automation rule can do. Those of the last kind are stored here and do nothing."""


@dataclass(slots=True)
class Contact:
    """Somebody who writes to the company."""

    id: int
    name: str
    email: str
    created_at: datetime
    company_id: int | None = None
    language: str = "en"
    phone: str | None = None


@dataclass(slots=True)
class Agent:
    """Somebody who works there, or our API user."""

    id: int
    name: str
    email: str
    created_at: datetime
    ticket_scope: int = 1
    role_ids: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Company:
    """A customer's organisation."""

    id: int
    name: str
    created_at: datetime
    domains: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """An attachment: its name only, there are no bytes behind it."""

    id: int
    name: str
    content_type: str
    size: int
    created_at: datetime


@dataclass(slots=True)
class Conversation:
    """A reply, note or customer message below a ticket's description."""

    id: int
    ticket_id: int
    html: str
    incoming: bool
    private: bool
    source: int  # 0 reply, 2 note, 9 phone
    user_id: int | None  # None: an automation wrote it
    created_at: datetime
    updated_at: datetime
    by_api: bool = False
    from_email: str | None = None
    to_emails: list[str] = field(default_factory=list)  # of a note: the agents it was mailed to
    cc_emails: list[str] = field(default_factory=list)
    bcc_emails: list[str] = field(default_factory=list)
    automation_id: int | None = None
    attachments: list[StoredFile] = field(default_factory=list)


@dataclass(slots=True)
class Stats:
    """When what happened to a ticket."""

    agent_responded_at: datetime | None = None
    requester_responded_at: datetime | None = None
    first_responded_at: datetime | None = None
    status_updated_at: datetime | None = None
    reopened_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    pending_since: datetime | None = None


@dataclass(slots=True)
class StoredTicket:
    """A ticket; its first customer message is the description."""

    id: int
    subject: str
    description: str  # HTML
    requester_id: int
    created_at: datetime
    updated_at: datetime
    status: int = 2
    priority: int = 1
    source: int = 1
    type: str | None = None
    responder_id: int | None = None
    group_id: int | None = None
    company_id: int | None = None
    product_id: int | None = None
    tags: list[str] = field(default_factory=list)
    cc_emails: list[str] = field(default_factory=list)
    custom_fields: JSON = field(default_factory=dict)
    attachments: list[StoredFile] = field(default_factory=list)
    spam: bool = False
    deleted: bool = False  # in the trash: still readable by id
    association_type: int | None = None  # 1 parent, 2 child, 3 tracker, 4 related
    associated: list[int] = field(default_factory=list)
    ratings: list[tuple[int | None, datetime]] = field(
        default_factory=list
    )  # 103 is the best, -103 the worst, None taken back; and when
    stats: Stats = field(default_factory=Stats)


@dataclass(frozen=True, slots=True)
class CustomField:
    """A field of tickets that the account has made. choices: of a drop-down. public: customers see it."""

    id: int
    name: str  # "cf_intent"
    label: str
    choices: tuple[str, ...] = ()
    public: bool = False


@dataclass(slots=True)
class Category:
    """Top of the knowledge base."""

    id: int
    name: str
    created_at: datetime


@dataclass(slots=True)
class Folder:
    """Holds articles and says who may read them."""

    id: int
    category_id: int
    name: str
    visibility: int  # 1 everyone, 2 logged-in users, 3 agents, 4 selected companies, 5 bots, 6 and 7 segments
    created_at: datetime
    company_ids: list[int] = field(default_factory=list)


@dataclass(slots=True)
class CannedFolder:
    """Holds canned responses. `personal`: its owner's alone."""

    id: int
    name: str
    created_at: datetime
    personal: bool = False


@dataclass(slots=True)
class CannedResponse:
    """A text that agents answer with. `visibility`: 0 all agents, 1 its owner, 2 groups."""

    id: int
    folder_id: int
    title: str
    html: str
    created_at: datetime
    visibility: int = 0
    group_ids: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Translation:
    """An article in one language."""

    title: str
    html: str
    updated_at: datetime
    draft: bool = False


@dataclass(slots=True)
class StoredArticle:
    """An article in all its languages, under one id."""

    id: int
    folder_id: int
    created_at: datetime
    languages: dict[str, Translation] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredNote:
    """Something that our API user wrote into a ticket."""

    id: str
    html: str
    public: bool
    at: datetime
    author: str


@dataclass(frozen=True, slots=True)
class Change:
    """Something that automation rules look at. `triggered`: the vendor's notation, which is not JSON."""

    ticket_id: int
    performer: Performer
    triggered: str
    user_id: int | None = None  # of who did it, where that is known


@dataclass(slots=True)
class StoredRule:
    """An automation rule; `performer` and `events` are of those on updates. The parts are kept as the API takes them."""

    id: int
    kind: int
    name: str
    created_at: datetime
    updated_at: datetime
    active: bool = True
    performer: JSON = field(default_factory=dict)
    events: list[JSON] = field(default_factory=list)
    conditions: list[JSON] = field(default_factory=list)
    actions: list[JSON] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Mail:
    """What a rule mailed about a ticket. `action`: to whom; `text`: as the rule has it, with its placeholders."""

    ticket_id: int
    rule: str
    action: str
    text: str
