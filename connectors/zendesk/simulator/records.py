"""The rows of a simulated account: plain mutable records, as a database would hold them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

JSON = dict[str, Any]

SYSTEM_ID = -1
"""Author of what Zendesk itself writes; no such user can be read."""


@dataclass(slots=True)
class User:
    """Somebody the account knows."""

    id: int
    name: str
    email: str
    role: Literal["end-user", "agent", "admin"]
    created_at: datetime
    organization_id: int | None = None
    locale: str = "en-US"
    phone: str | None = None
    suspended: bool = False


@dataclass(slots=True)
class Named:
    """An organization, a group or a brand."""

    id: int
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TicketField:
    """A custom field of tickets. `kind`: as in `type` ("text", "tagger", "integer"); a tagger takes only its options."""

    id: int
    title: str
    kind: str = "text"
    options: tuple[str, ...] = ()
    visible_in_portal: bool = False


@dataclass(frozen=True, slots=True)
class Via:
    """How something came in: `channel`, and what it came from."""

    channel: str
    rel: str | None = None
    source: JSON = field(default_factory=dict)

    def json(self) -> JSON:
        """The vendor's `via` object."""
        return {"channel": self.channel, "source": {"from": dict(self.source), "to": {}, "rel": self.rel}}


@dataclass(slots=True)
class Comment:
    """A message or an internal note. `flags`: why the vendor doubts its author, empty when it does not."""

    id: int
    audit_id: int
    author_id: int
    html_body: str
    plain_body: str
    public: bool
    via: Via
    created_at: datetime
    attachments: tuple[JSON, ...] = ()
    flags: tuple[int, ...] = ()
    client: str = "Mozilla/5.0"
    call: JSON | None = None  # `data` of a VoiceComment


@dataclass(slots=True)
class Audit:
    """One update of a ticket and everything it did."""

    id: int
    author_id: int
    created_at: datetime
    via: Via
    events: list[JSON]
    custom: JSON = field(default_factory=dict)
    client: str = "Mozilla/5.0"


@dataclass(slots=True)
class Ticket:
    """A ticket. `updated_at` has a resolution of one second, as over the API."""

    id: int
    subject: str
    requester_id: int
    submitter_id: int
    brand_id: int
    group_id: int | None
    via: Via
    created_at: datetime
    updated_at: datetime
    generated_at: datetime
    status: str = "new"
    priority: str | None = None
    type: str | None = None
    external_id: str | None = None
    assignee_id: int | None = None
    organization_id: int | None = None
    tags: list[str] = field(default_factory=list)
    cc_ids: list[int] = field(default_factory=list)
    custom_fields: dict[int, Any] = field(default_factory=dict)
    followup_ids: list[int] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    audits: list[Audit] = field(default_factory=list)
    messaging: bool = False
    form_id: int | None = None  # None: the account's own
    sharing_agreement_ids: list[int] = field(default_factory=list)
    rating: str = ""  # the score of the older kind of survey
    rated_at: datetime | None = None
    survey: int | None = None  # of the newer kind, 1 to 5; 0: the scale was skipped
    surveyed_at: datetime | None = None
    solved_times: list[datetime] = field(default_factory=list)
    reopens: int = 0
    service_levels: list[JSON] = field(default_factory=list)
    """As the side-load `slas` shows them: `metric`, `stage`, `breach_at`."""

    @property
    def public(self) -> bool:
        """Whether its first comment was; what a comment without `public` follows."""
        return self.comments[0].public if self.comments else True


@dataclass(slots=True)
class Trigger:
    """A business rule: `conditions` {"all": [...], "any": [...]}, `actions` [...], as the API gives them."""

    id: int
    title: str
    conditions: JSON
    actions: list[JSON]
    position: int
    created_at: datetime
    updated_at: datetime
    active: bool = True
    category_id: str | None = None
    description: str | None = None


@dataclass(slots=True)
class Macro:
    """What an agent applies to a ticket by one click. `restriction`: {"type": "Group" | "User", "id", "ids"}; None: for all."""

    id: int
    title: str
    actions: list[JSON]
    position: int
    created_at: datetime
    updated_at: datetime
    restriction: JSON | None = None
    active: bool = True


@dataclass(slots=True)
class Webhook:
    """A target of events or triggers. `secret` signs its deliveries."""

    id: str
    name: str
    endpoint: str
    subscriptions: list[str]
    secret: str
    created_at: datetime
    created_by: int
    status: str = "active"
    http_method: str = "POST"
    request_format: str = "json"
    description: str | None = None
    authentication: JSON | None = None
    custom_headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Translation:
    """An article in one locale. `draft` belongs to the translation, not to the article."""

    id: int
    locale: str
    title: str
    body: str
    draft: bool
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class ArticleRow:
    """An article of the help centre. `user_segment_id`: who may read it; None: everyone.

    touched_at: when something beside its texts changed.
    """

    id: int
    section_id: int
    source_locale: str
    user_segment_id: int | None
    created_at: datetime
    touched_at: datetime
    translations: dict[str, Translation] = field(default_factory=dict)
    external_id: str = ""  # the id it was added under
    brand: str = "*"


@dataclass(slots=True)
class Section:
    """A section, or with `category_id` None a category."""

    id: int
    name: str
    category_id: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class StoredNote:
    """A comment that our API user wrote, as a test wants to see it."""

    id: str
    html: str
    public: bool
    at: datetime
    author: str
