"""A lesson: a question and the reply that was right, without anybody's data. Before a person approves it, it is a candidate."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal, get_args

from service.ledger import TicketKey
from service.plaintext import clip
from service.vectors import Passage, passage_id
from service.vectors.base import ANY, LESSONS, lesson_article

Kind = Literal["reply", "hand_over"]
"""`reply`: what to answer. `hand_over`: a person should have answered; it proposes a rule of the policy, and is never retrieved."""

Origin = Literal["edited", "solved", "corrected"]
"""`edited`: an agent sent our draft with changes. `solved`: a ticket that ended well without it. `corrected`: a vote said what is right."""

State = Literal["waiting", "approved", "rejected", "revoked", "expired", "merged"]

STATES: Final[tuple[State, ...]] = get_args(State)

SHOWN: Final[tuple[State, ...]] = ("waiting", "approved", "rejected", "revoked", "expired")
"""What the queue has a tab for; a merged one stands with the lesson that it is merged into."""

LIVES_DAYS: Final = 180
"""How long an approval lasts where nobody says otherwise. MOST_DAYS: at most."""
MOST_DAYS: Final = 730

QUESTION_CHARS: Final = 1_500
REPLY_CHARS: Final = 3_000
OWNER_CHARS: Final = 80

_TITLE_CHARS = 100


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a ticket may teach. All texts are masked for good. url: where an agent opens the ticket."""

    key: TicketKey
    message_id: str  # the customer's, the first of those in a row
    kind: Kind
    origin: Origin
    question: str
    reply: str
    changed: str = ""  # see service/learning/wording.py
    language: str = ""
    category: str = ""
    brand: str = ""
    organization: str = ""
    requester: str = ""
    url: str = ""
    parts: int = 1  # messages of the reply


@dataclass(frozen=True, slots=True)
class Lesson:
    """A row of the queue. everyone: approved for all organizations. seen: how many tickets taught it."""

    id: int
    key: TicketKey
    message_id: str
    kind: Kind
    origin: Origin
    state: State
    question: str
    reply: str
    changed: str
    language: str
    category: str
    brand: str
    organization: str
    requester: str
    everyone: bool
    owner: str
    by: str
    seen: int
    created_at: datetime
    expires_at: datetime | None = None
    decided_at: datetime | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def bound_to(self) -> tuple[str, str]:
        """(organization, requester) of those who may find it, as a passage has them; where it is nobody's, one is empty."""
        if self.everyone:
            return ANY, ANY
        return (self.organization, ANY) if self.organization else (ANY, self.requester)

    @property
    def bound(self) -> bool:
        """Whether anybody's tickets find it where it is not for everyone: after its time, a requester is forgotten."""
        return bool(self.organization or self.requester)

    @property
    def stamp(self) -> str:
        """Of what a person reads before deciding: another text has another, and so has a lesson that somebody decided meanwhile."""
        decided = [self.state, self.everyone, self.decided_at.isoformat() if self.decided_at else ""]
        told = json.dumps([self.kind, self.question, self.reply, self.organization, self.brand, *decided])
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    @property
    def against(self) -> tuple[Mapping[str, str], ...]:
        """What articles state otherwise: `title`, `url`, `said` (here) and `other` (there)."""
        return tuple(self.details.get("against", ()))

    @property
    def url(self) -> str:
        """Where an agent opens its ticket; an address of the web or empty."""
        url = str(self.details.get("url", ""))
        return url if url.startswith(("https://", "http://")) else ""

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        told = asdict(self)
        for name in ("key", "details", "requester"):
            del told[name]
        for name in ("created_at", "expires_at", "decided_at"):
            told[name] = told[name].isoformat() if told[name] else None
        return told | {
            "stamp": self.stamp,
            "ticket": f"{self.key.helpdesk}:{self.key.ticket_id}",
            "against": [dict(one) for one in self.against],
        }


def passage_of(lesson: Lesson) -> Passage | None:
    """What is retrieved of a lesson; None of one that is nobody's, or answers nothing.

    All of it stands in the queue, so whoever approves a lesson has read every word. Its account and its brand keep it, whoever it is
    approved for. It has no address: the note names its number.
    """
    if lesson.kind != "reply" or not (lesson.everyone or lesson.bound):
        return None
    organization, requester = lesson.bound_to
    article, account = lesson_article(lesson.id), lesson.key.account
    return Passage(
        id=passage_id(account=account, source=LESSONS, article=article, position=0),
        article=article,
        source=LESSONS,
        title=clip(lesson.question.split("\n")[0], limit=_TITLE_CHARS),
        breadcrumb="",
        text=f"Question: {lesson.question}\n\nAnswer: {lesson.reply}",
        url="",
        language=lesson.language,
        audience="public",
        account=account,
        brand=lesson.brand or ANY,
        organization=organization,
        requester=requester,
        pool="ticket",
        updated_at=lesson.decided_at.isoformat() if lesson.decided_at else "",
        by=lesson.requester,
    )


def stamp_of(passage: Passage) -> str:
    """Hash of all that is kept of a lesson and of who may find it."""
    values = asdict(passage)
    del values["updated_at"]
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def lives(days: int, *, now: datetime) -> datetime:
    """Until when an approval lasts. Raises ValueError."""
    if not 1 <= days <= MOST_DAYS:
        raise ValueError(f"write a number of days from 1 to {MOST_DAYS}")
    return now + timedelta(days=days)
