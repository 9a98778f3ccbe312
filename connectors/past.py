"""What an account's history tells of tickets, many in one call; and what requesters thought of the answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Status = Literal["new", "open", "pending", "hold", "solved", "closed", "deleted"]

Channel = Literal[
    "email", "form", "portal", "api", "chat", "messaging", "social", "voice", "side conversation", "other"
]
"""How a ticket or a message came in."""


@dataclass(frozen=True, slots=True)
class Rating:
    """What a requester thinks of the answer. score: 1 good, 0 neutral, -1 bad, None withdrawn. kind: of the vendor's two."""

    ticket_id: str
    score: int | None
    at: datetime  # of the newest change
    kind: Literal["rating", "survey"] = "rating"


@dataclass(frozen=True, slots=True)
class PastTicket:
    """A ticket as an account's history tells it, many in one call: without its conversation but for the first message."""

    id: str
    subject: str
    text: str  # of the first message, plain; may be cut off by the vendor
    status: Status
    channel: Channel
    requester: str  # the vendor's id, as organization, brand and group
    opened_at: datetime
    updated_at: datetime
    first_reply_at: datetime | None = None
    solved_at: datetime | None = None  # the first time where the vendor tells it, else the last
    replies: int | None = None  # public ones of agents; None: the vendor does not count them
    reopens: int | None = None
    organization: str = ""
    brand: str = ""
    group: str = ""
    form: str = ""
    priority: str = ""
    language: str = ""
    tags: tuple[str, ...] = ()
    spam: bool = False
    rated: int | None = None  # as in Rating
    fields: Mapping[str, str] = field(default_factory=dict)
