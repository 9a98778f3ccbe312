"""What a solved ticket leaves for the next one: its question and the answer that ended it, with nobody's data in them. Pure.

Kept is what went well only, and what the team said last. It is bound to the organization of its requester, or, where there
is none, to the requester.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass

from connectors.base import Message, Ticket
from connectors.mail import message_text, visible_text
from service.analysis import analyse_by_rules
from service.conversation import Conversation, Turn
from service.entities import Entities
from service.languages import detect
from service.letters import without_greeting, without_sign_off
from service.masking import Masker, everybody, neutral
from service.moods import wishes_of
from service.occasions import OFF_TAG, person_needed
from service.plaintext import clip, one_line, plain
from service.smalltalk import is_automatic, is_thanks_only
from service.vectors import Passage, passage_id, words
from service.vectors.base import ANY

VERSION = 1
"""Of the way a ticket is read: another number, and each is read anew when it is looked at."""

RATED_BADLY = "the requester rated the answer as bad"

_MERGED = frozenset({"closed_by_merge", "merged"})
"""Tags that Zendesk and Freshdesk give a ticket that goes on elsewhere."""

_FEWEST_ASKED, _FEWEST_ANSWERED = 4, 5  # words; less is understood by nobody who was not there
_FAREWELL = 12  # words of "You're welcome, have a nice day!", behind the requester's thanks
_QUESTION_CHARS, _ANSWER_CHARS, _TITLE_CHARS = 1_500, 3_000, 200
_READ_CHARS = 20_000

WEB_ADDRESS = re.compile(
    r"(?:\b(?:[a-z][a-z0-9+.-]{1,20}://|www\.)|(?<![\w.@-])(?:[\w-]{1,63}\.){1,8}[a-z]{2,24}/)[^\s<>\"]+", re.IGNORECASE
)
"""A web address may be a customer's own: an order's page, a link that resets a password."""


@dataclass(frozen=True, slots=True)
class Unfit:
    """Nothing is kept of a ticket, and why: half a sentence for the log."""

    reason: str


@dataclass(frozen=True, slots=True)
class _Said:
    """A public message of a person. `text`: plain, without quoted history."""

    message: Message
    text: str

    @property
    def asks(self) -> bool:
        return self.message.kind == "requester message"


def article_of(helpdesk: str, ticket_id: str) -> str:
    """How passages and marks name a solved ticket."""
    return f"{helpdesk} ticket:{ticket_id}"


def source_of(helpdesk: str) -> str:
    """Where a helpdesk's solved tickets come from, as the index names it: no sync of articles touches them."""
    return f"{helpdesk} tickets"


def passage_of(ticket: Ticket, *, entities: Entities | None = None) -> Passage | Unfit:
    """The one passage that a solved ticket becomes. CPU-bound, up to a second on a very long thread: call it in a thread.

    Raises EntitiesError.
    It is open to drafts ("public"): its answer was written to this organization. It has no address: only agents could
    open that, so a draft must not show it; `breadcrumb` is the ticket's number.
    """
    if reason := _unfit(ticket):
        return Unfit(reason)
    said = [_Said(message, _text(message)) for message in ticket.messages if _is_said(message)]
    said = [one for one in said if not (one.asks and is_automatic(ticket.subject, one.text))]
    if reason := _unanswered(said):
        return Unfit(reason)
    masker = Masker(everybody(ticket), ticket.organization, entities)
    subject = masker.mask(WEB_ADDRESS.sub("[link]", one_line(visible_text(ticket.subject), limit=_TITLE_CHARS)))
    ending = _ended(said)[-1]
    question, answer = (masker.mask(WEB_ADDRESS.sub("[link]", one.text)) for one in (said[0], ending))
    if any(_hands_over(subject, one) for one in said if one.asks):
        return Unfit("it was a matter for a person")
    return _passage(ticket, subject, question, answer, at=ending.message.at.isoformat())


def kept(text: str, masker: Masker, *, limit: int) -> str:
    """A message as it may be kept: masked for good, without addresses, greeting and sign-off. CPU-bound. Raises EntitiesError."""
    return _part(masker.mask(WEB_ADDRESS.sub("[link]", plain(text, limit=_READ_CHARS))), limit=limit)


def stamp_of(passage: Passage) -> str:
    """Hash of all that is kept of a ticket and of who may find it."""
    values = asdict(passage)
    del values["updated_at"]
    return hashlib.sha256(json.dumps([VERSION, values], sort_keys=True).encode()).hexdigest()


def _passage(ticket: Ticket, subject: str, question: str, answer: str, *, at: str) -> Passage | Unfit:
    """All texts are masked."""
    asked, answered = _part(question, limit=_QUESTION_CHARS), _part(answer, limit=_ANSWER_CHARS)
    if words.length(asked) < _FEWEST_ASKED:
        return Unfit("its question is too short")
    if words.length(answered) < _FEWEST_ANSWERED:
        return Unfit("its answer is too short")
    organization = ticket.organization.id if ticket.organization else ""
    article, source = article_of(ticket.helpdesk, ticket.id), source_of(ticket.helpdesk)
    return Passage(
        id=passage_id(account=ticket.account, source=source, article=article, position=0),
        article=article,
        source=source,
        title=clip(neutral(subject), limit=_TITLE_CHARS) or clip(asked.split("\n")[0], limit=_TITLE_CHARS),
        breadcrumb=ticket.id,
        text=f"Question: {asked}\n\nAnswer: {answered}",
        url="",
        language=detect(f"{question}\n{answer}") or ticket.requester.language,
        audience="public",
        account=ticket.account,
        brand=ticket.brand or ANY,
        organization=organization or ANY,
        requester=ANY if organization else ticket.requester.id,  # an unknown requester is nobody's
        pool="ticket",
        updated_at=at,
        by=ticket.requester.id,
    )


def _unfit(ticket: Ticket) -> str:
    """What keeps a ticket out whatever was said in it; empty where nothing does."""
    reasons = (
        (ticket.status not in ("solved", "closed"), f"it is {ticket.status}"),
        (ticket.spam, "it is spam"),
        (OFF_TAG in ticket.tags, f"it is tagged {OFF_TAG}"),
        (bool(_MERGED & {tag.lower() for tag in ticket.tags}), "it was merged into another ticket"),
        (ticket.channel == "side conversation", "it is a side conversation"),
        (ticket.requester.role != "end user", "its requester is one of the team"),
        (ticket.satisfaction == "bad", RATED_BADLY),
    )
    return next((reason for holds, reason in reasons if holds), "")


def _is_said(message: Message) -> bool:
    return message.kind in ("requester message", "public reply") and not message.automatic


def _text(message: Message) -> str:
    return plain(message_text(message), limit=_READ_CHARS)


def _unanswered(said: list[_Said]) -> str:
    """Why what was said is no question with its answer; empty where it is."""
    if not said or not said[0].asks:
        return "the team wrote first"
    ended = _ended(said)
    if not ended or ended[-1].asks:
        return "no agent had the last word"
    doubted = said[0].message.untrusted or ended[-1].message.untrusted
    return "the helpdesk doubts who wrote it" if doubted else ""


def _ended(said: list[_Said]) -> list[_Said]:
    """What was said, without thanks at the end and what an agent answers to those."""
    left = list(said)
    while left:
        last, before = left[-1], left[-2] if len(left) > 1 else None
        farewell = before and before.asks and is_thanks_only(before.text) and words.length(last.text) <= _FAREWELL
        if not (is_thanks_only(last.text) if last.asks else farewell):
            break
        left.pop()
    return left


def _hands_over(subject: str, said: _Said) -> bool:
    """Whether the policy would leave such a message to a person."""
    if not wishes_of(said.text):
        return False
    turn = Turn("requester", said.message.at, said.text)
    return bool(person_needed(analyse_by_rules(Conversation(subject=subject, turns=(turn,)))))


def _part(masked: str, *, limit: int) -> str:
    """A question or an answer as it is kept: without greeting, sign-off and blank lines."""
    letter = without_sign_off(without_greeting(neutral(masked)))
    return clip(re.sub(r"\n\s*\n", "\n", letter).strip(), limit=limit)
