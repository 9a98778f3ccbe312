"""What a reviewer reads of a ticket: masked, and without a word on who or what wrote the answer. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from connectors.base import Message, Ticket
from connectors.mail import message_text
from service.entities import Entities
from service.languages import detect
from service.learning.places import without_places
from service.ledger import TicketKey
from service.masking import Masker, everybody, neutral
from service.outcomes.sent import Turn, turns_of
from service.plaintext import clip
from service.solved import WEB_ADDRESS

_TURNS_BEFORE: Final = 3  # more than that nobody reads
_CHARS: Final = 3_000  # of what was asked, and of the answer
_CHARS_BEFORE: Final = 600
_READ_CHARS: Final = 20_000  # of one letter


@dataclass(frozen=True, slots=True)
class Chosen:
    """An answered message that chance has chosen."""

    key: TicketKey
    message_id: str
    category: str = ""
    requester: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """One letter of the thread. by_customer: or by the team."""

    by_customer: bool
    text: str


@dataclass(frozen=True, slots=True)
class Sample:
    """What is judged. before: what was said until then, oldest first, the newest of it alone. waited_s: for the answer.

    turn: the how manieth question of the customer it is. reviewers: who has judged it.
    """

    id: int
    week: date
    asked: str
    answer: str
    before: tuple[Said, ...] = ()
    waited_s: float = 0.0
    turn: int = 1
    language: str = ""
    reviewers: frozenset[str] = field(default_factory=frozenset)


def text_of(ticket: Ticket, message_id: str, *, entities: Entities | None = None) -> dict[str, Any]:
    """What is kept of an answered message; {} where nothing of it can be read any more. CPU-bound. Raises EntitiesError."""
    turns = list(turns_of(ticket))
    place = next((number for number, one in enumerate(turns) if one.asked[0].id == message_id), None)
    if place is None or not turns[place].replies:
        return {}
    turn, masker = turns[place], Masker(everybody(ticket), ticket.organization, entities)
    asked, answer = _letter(turn.asked, masker, limit=_CHARS), _letter(turn.replies, masker, limit=_CHARS)
    if not asked or not answer:
        return {}
    return {
        "before": [list(one) for one in _before(turns[max(place - _TURNS_BEFORE, 0) : place], masker)],
        "asked": asked,
        "answer": answer,
        "waited_s": round(_waited_s(turn)),
        "turn": place + 1,
        "language": detect(f"{asked}\n{answer}") or ticket.requester.language,
    }


def read(number: int, week: date, text: Mapping[str, Any], reviewers: Sequence[str]) -> Sample:
    """A sample as it was kept. text: of `text_of`, not empty."""
    return Sample(
        id=number,
        week=week,
        asked=text["asked"],
        answer=text["answer"],
        before=tuple(Said(bool(by_customer), said) for by_customer, said in text.get("before", ())),
        waited_s=text.get("waited_s", 0.0),
        turn=text.get("turn", 1),
        language=text.get("language", ""),
        reviewers=frozenset(reviewers),
    )


def _before(turns: Sequence[Turn], masker: Masker) -> list[tuple[bool, str]]:
    told = [
        (by_customer, _letter(messages, masker, limit=_CHARS_BEFORE))
        for turn in turns
        for by_customer, messages in ((True, turn.asked), (False, turn.replies))
    ]
    return [(by_customer, text) for by_customer, text in told if text]


def _letter(messages: Sequence[Message], masker: Masker, *, limit: int) -> str:
    """With greeting and sign-off: a reviewer judges the tone. Names are masked, ours too: it is blind."""
    # cut last: half a number is recognised by no mask
    texts = [WEB_ADDRESS.sub("[link]", clip(message_text(one), limit=_READ_CHARS)) for one in messages]
    masked = [without_places(neutral(masker.mask(text))).strip() for text in texts]
    return clip("\n\n".join(text for text in masked if text), limit=limit)


def _waited_s(turn: Turn) -> float:
    since: datetime = turn.asked[0].at
    return max((turn.replies[0].at - since).total_seconds(), 0.0)
