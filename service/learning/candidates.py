"""What a ticket may teach: drafts that an agent corrected, answers that went well without one, votes that say what is right. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from connectors.base import Message, Ticket
from connectors.mail import html_to_text, message_text
from service.entities import Entities
from service.languages import detect
from service.learning.lesson import QUESTION_CHARS, REPLY_CHARS, Candidate, Kind, Origin
from service.learning.places import without_places
from service.learning.wording import changed
from service.ledger import TicketKey
from service.masking import Masker, everybody
from service.occasions import OFF_TAG, reference_in
from service.outcomes.outcome import Outcome
from service.plaintext import clip
from service.solved import kept, passage_of
from service.vectors import Passage, words

SENT_AS_IT_WAS: Final = 0.95
"""Fidelity from which on a reply is our draft: what differs is a comma."""

HAND_OVER: Final = "hand_over"
"""The reason of a vote that a person should have answered."""

_FEWEST_ASKED, _FEWEST_ANSWERED = 4, 5  # words, as of a solved ticket
_RULE = re.compile(r"<hr\s*/?>", re.IGNORECASE)
_ANSWER = "\n\nAnswer: "
_PERSON = 3  # the tier of what a person answers: no text is to be learnt of it


@dataclass(frozen=True, slots=True)
class Judged:
    """A vote that a note was wrong. message_id: what the note answers. answer: what would have been right; empty: not said."""

    key: TicketKey
    message_id: str
    reason: str
    answer: str
    category: str = ""


def candidates_of(ticket: Ticket, outcomes: Sequence[Outcome], *, entities: Entities | None = None) -> list[Candidate]:
    """What the replies to a ticket teach. CPU-bound, up to a second on a very long thread. Raises EntitiesError.

    An outcome that is in no figure (a merge, a bot, an automatic reply) teaches nothing either.
    """
    if ticket.spam or OFF_TAG in ticket.tags or ticket.requester.role != "end user" or ticket.satisfaction == "bad":
        return []
    told = [one for one in outcomes if one.reply_id and not one.excluded]
    found = list(_edited(ticket, told, entities))
    last = max(told, key=lambda one: one.asked_at, default=None)
    unaided = last is not None and last.use in ("", "unused") and last.tier != _PERSON
    if not found and last is not None and unaided and ticket.reopened_at is None:
        found += _solved(ticket, last, entities)
    return found


def corrected_of(ticket: Ticket, judged: Judged, *, entities: Entities | None = None) -> Candidate | None:
    """What a vote teaches. CPU-bound. Raises EntitiesError."""
    asked = _asked(ticket, judged.message_id)
    kind: Kind = "hand_over" if judged.reason == HAND_OVER else "reply"
    if not asked or ticket.spam or OFF_TAG in ticket.tags:
        return None
    masker = Masker(everybody(ticket), ticket.organization, entities)
    question = _letters(asked, masker, limit=QUESTION_CHARS)
    reply = _text(judged.answer, masker, limit=REPLY_CHARS)
    if words.length(question) < _FEWEST_ASKED or (kind == "reply" and words.length(reply) < _FEWEST_ANSWERED):
        return None
    draft = _draft(ticket, judged.message_id, "", masker) if kind == "reply" else ""
    difference = changed(draft, reply) if draft else ""
    return _candidate(
        ticket, asked[0].id, kind=kind, origin="corrected", question=question, reply=reply, changed=difference,
        category=judged.category,
    )  # fmt: skip


def _edited(ticket: Ticket, outcomes: Sequence[Outcome], entities: Entities | None) -> Iterator[Candidate]:
    edited = [one for one in outcomes if one.use == "edited" and (one.fidelity or 0.0) < SENT_AS_IT_WAS]
    if not edited:
        return
    masker = Masker(everybody(ticket), ticket.organization, entities)
    for one in edited:
        asked, sent = _asked(ticket, one.message_id), _sent(ticket, one.reply_id)
        if not asked or not sent or any(message.untrusted for message in (*asked, *sent)):
            continue
        question = _letters(asked, masker, limit=QUESTION_CHARS)
        reply = _letters(sent, masker, limit=REPLY_CHARS)
        if words.length(question) < _FEWEST_ASKED or words.length(reply) < _FEWEST_ANSWERED:
            continue
        draft = _draft(ticket, one.message_id, one.reference, masker)
        yield _candidate(
            ticket, one.message_id, origin="edited", question=question, reply=reply,
            changed=changed(draft, reply) if draft else "", category=one.category, parts=len(sent),
        )  # fmt: skip


def _solved(ticket: Ticket, last: Outcome, entities: Entities | None) -> Iterator[Candidate]:
    """Its first question and the answer that ended it, as they are kept for its own organization."""
    kept_of_it = passage_of(ticket, entities=entities)
    if not isinstance(kept_of_it, Passage):
        return
    question, _, reply = kept_of_it.text.removeprefix("Question: ").partition(_ANSWER)
    yield _candidate(
        ticket, last.message_id, origin="solved", question=without_places(question), reply=without_places(reply),
        category=last.category,
    )  # fmt: skip


def _candidate(
    ticket: Ticket,
    message_id: str,
    *,
    origin: Origin,
    question: str,
    reply: str,
    category: str,
    kind: Kind = "reply",
    changed: str = "",
    parts: int = 1,
) -> Candidate:
    return Candidate(
        key=TicketKey(ticket.helpdesk, ticket.account, ticket.id),
        message_id=message_id,
        kind=kind,
        origin=origin,
        question=question,
        reply=reply,
        changed=changed,
        language=detect(f"{question}\n{reply}") or ticket.requester.language,
        category=category,
        brand=ticket.brand,
        organization=ticket.organization.id if ticket.organization else "",
        requester=ticket.requester.id,
        url=ticket.url,
        parts=parts,
    )


def _text(text: str, masker: Masker, *, limit: int) -> str:
    return without_places(kept(text, masker, limit=limit))


def retold(text: str, *, limit: int, entities: Entities | None = None) -> str:
    """A text that a person has written into the queue, masked for good. CPU-bound. Raises EntitiesError."""
    return _text(text, Masker((), None, entities), limit=limit)


def _letters(messages: Sequence[Message], masker: Masker, *, limit: int) -> str:
    """Messages in a row are one letter, each without its own greeting and sign-off."""
    texts = [_text(message_text(one), masker, limit=limit) for one in messages]
    return clip("\n".join(text for text in texts if text), limit=limit)


def _asked(ticket: Ticket, message_id: str) -> list[Message]:
    """What customers wrote in a row up to the reply, around this message or the agent's note that asked for ours."""
    messages = ticket.messages
    place = next((number for number, one in enumerate(messages) if one.id == message_id), None)
    if place is None:
        return []
    before = list(takewhile(lambda one: not _is_reply(one), reversed(messages[: place + 1])))
    after = list(takewhile(lambda one: not _is_reply(one), messages[place + 1 :]))
    return [one for one in (*reversed(before), *after) if one.kind == "requester message" and not one.automatic]


def _sent(ticket: Ticket, reply_id: str) -> list[Message]:
    """What agents answered in a row from this reply on."""
    place = next((number for number, one in enumerate(ticket.messages) if one.id == reply_id), len(ticket.messages))
    row = takewhile(lambda one: one.kind != "requester message" or one.automatic, ticket.messages[place:])
    return [one for one in row if _is_reply(one)]


def _is_reply(message: Message) -> bool:
    return message.kind == "public reply" and not message.automatic


def _draft(ticket: Ticket, message_id: str, reference: str, masker: Masker) -> str:
    """Our draft as the note in the ticket has it, between the last two rules; empty where it does not stand there any more."""
    place = next((number for number, one in enumerate(ticket.messages) if one.id == message_id), 0)
    for note in ticket.messages[place:]:
        of = reference_in(note)
        if note.kind == "internal note" and of and of == (reference or of):
            pieces = _RULE.split(note.html)
            if len(pieces) > 2:
                return _text(html_to_text(pieces[-2]), masker, limit=REPLY_CHARS)
    return ""
