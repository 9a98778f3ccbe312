"""When a note is written, and when there is silence. Pure: a ticket in, an occasion or a reason out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.base import Channel, Message, Person, Ticket
from connectors.mail import message_text
from service.analysis import Analysis
from service.commands import command_in, opens_its_line, verdict_in
from service.groups import TicketsSettings
from service.ledger import REFERENCE
from service.policy.document import Tier
from service.scope import kept_out
from service.settings import NotesWhen
from service.smalltalk import is_automatic, is_thanks_only

NOTHING_ASKED = "the customer neither asks nor reports anything"
HELD_OUT = "held out to compare: by choice, some requesters get no notes"
LOT = "held_out"
"""Of a draft's details: its requester is held out, and got this note all the same."""


OFF_TAG = "deskpilot_off"
ASK_TAG = "deskpilot"

_TIER = re.compile(r"tier[ \t]*[:=]?[ \t]*(?P<tier>[1-3])(?![\w%]|[.,:]\d)[.,;:]?[ \t]*", re.IGNORECASE)
"""What a command begins with that says which tier the ticket has. What follows it is the hint."""

_TIERS: Mapping[str, Tier] = {"1": 1, "2": 2, "3": 3}

_ON_REQUEST: frozenset[Channel] = frozenset({"chat", "messaging", "social"})
"""Conversations that move faster than a note can be read."""

_LONGEST_HINT = 500

_EVERY = TicketsSettings()

_ANSWERED_WITHIN = {
    "urgent": timedelta(hours=1),
    "high": timedelta(hours=4),
    "": timedelta(hours=8),
    "normal": timedelta(hours=8),
    "medium": timedelta(hours=8),
    "low": timedelta(hours=24),
}
"""By priority, in the words of both vendors; only the order among waiting tickets depends on it."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """A note is due. `message`: the requester's message to answer. `key`: id of the message or note that asks for it."""

    message: Message
    key: str
    asked: bool = False  # an agent asked for it, by note or tag
    hint: str = ""  # what the agent wrote behind @deskpilot
    tier: Tier | None = None  # that an agent says the ticket has, by `@deskpilot tier 2`


@dataclass(frozen=True, slots=True)
class Silence:
    """No note is due, and why: one sentence for the log and the ledger."""

    reason: str
    message_id: str = ""


def occasion_for(
    ticket: Ticket, *, me: Person, when: NotesWhen, tickets: TicketsSettings = _EVERY
) -> Occasion | Silence:
    """Say whether the ticket, as it stands, deserves a note from `me` (our own identity in the helpdesk)."""
    message = newest_of_requester(ticket)
    message_id = message.id if message else ""
    if reason := _never(ticket) or kept_out(ticket, tickets):
        return Silence(reason, message_id)
    if message is None:
        return Silence("the customer has not written anything yet")
    if command := _standing_command(ticket, me=me):
        note, hint = command
        return Occasion(message=message, key=note.id, asked=True, hint=hint, tier=_standing_tier(ticket, me=me))
    if answered_after(ticket, message):
        return Silence("an agent has answered already", message_id)
    if reason := _not_worth(ticket, message, when=when, asked=ASK_TAG in ticket.tags):
        return Silence(reason, message_id)
    return Occasion(message=message, key=message.id, asked=ASK_TAG in ticket.tags)


def newest_of_requester(ticket: Ticket) -> Message | None:
    """The newest message from outside; an auto-reply only where there is nothing else, it takes no question back."""
    written = [message for message in reversed(ticket.messages) if message.kind == "requester message"]
    by_people = (message for message in written if not _is_machine(ticket, message))
    return next(by_people, written[0] if written else None)


def _is_machine(ticket: Ticket, message: Message) -> bool:
    return message.automatic or is_automatic(ticket.subject, message_text(message))


def answered_after(ticket: Ticket, message: Message) -> bool:
    """Whether an agent wrote to the customer after this message; bots, merge notices and auto-replies do not count."""
    # by place, not by time: Zendesk's clock ticks in seconds
    after = ticket.messages[ticket.messages.index(message) + 1 :]
    return any(later.kind == "public reply" and not later.automatic for later in after)


def is_ours(message: Message, *, me: Person) -> bool:
    """Whether this is a note of ours: written as `me` and carrying a reference.

    The author alone does not tell: a Freshdesk key belongs to an agent, who writes notes too.
    """
    if message.kind != "internal note" or message.author.id != me.id:
        return False
    return bool(message.run) or bool(REFERENCE.search(message.html or message.text))


def reference_in(message: Message) -> str:
    """The reference by which a note of ours goes: the last one in it; others name notes it replaces, or is replaced by."""
    found = REFERENCE.findall(message.html or message.text)
    return found[-1] if found else ""


def overtaken(ticket: Ticket, *, me: Person, by: str) -> list[Message]:
    """Notes of ours that nobody has answered on, and that another one has taken the place of. by: its reference."""
    notes: list[Message] = []
    for message in reversed(ticket.messages):
        if message.kind == "public reply" and not message.automatic:
            break
        if is_ours(message, me=me) and reference_in(message) not in ("", by):
            notes.append(message)
    return notes[::-1]


def silence_after_analysis(occasion: Occasion, analysis: Analysis, *, when: NotesWhen) -> Silence | None:
    """What only the analysis can tell: a message that neither asks nor reports anything."""
    if analysis.asks or occasion.asked or when == "every":
        return None
    return Silence(NOTHING_ASKED, occasion.message.id)


def person_needed(analysis: Analysis) -> tuple[str, ...]:
    """Why a person has to take this ticket, as keys of phrases; empty when a draft may be written.

    Danger, an explicit wish for a person or a legal threat is enough; a wish to cancel only together with anger.
    """
    reasons: list[str] = [wish for wish in ("safety", "person", "legal") if wish in analysis.wishes]
    if "cancel" in analysis.wishes and (reasons or analysis.sentiment == "angry"):
        reasons.insert(0, "cancel")
    if reasons and analysis.sentiment == "angry":
        reasons.append("angry")
    return tuple(reasons)


def needed_by(ticket: Ticket, message: Message) -> datetime:
    """When an answer is due: by the helpdesk's service level where it states one, else by the ticket's priority."""
    return ticket.due_at or message.at + _ANSWERED_WITHIN.get(ticket.priority.lower(), _ANSWERED_WITHIN[""])


def _never(ticket: Ticket) -> str:
    """Why this ticket gets no note whoever asks for one; empty when it may."""
    reasons = (
        (OFF_TAG in ticket.tags, f"the ticket is tagged {OFF_TAG}"),
        (ticket.status in ("solved", "closed", "deleted"), f"the ticket is {ticket.status}"),
        (ticket.spam, "the ticket is spam"),
        (ticket.channel == "side conversation", "side conversations get no notes"),
        (ticket.requester.role != "end user", "the requester is one of the team"),
    )
    return next((reason for holds, reason in reasons if holds), "")


def _not_worth(ticket: Ticket, message: Message, *, when: NotesWhen, asked: bool) -> str:
    """Why this message gets no note by itself; empty when it does."""
    text = message_text(message)
    if message.automatic or is_automatic(ticket.subject, text):
        return "the message was sent by a machine (auto-reply or bounce)"
    if asked:
        return ""
    fast = next((channel for channel in (message.channel, ticket.channel) if channel in _ON_REQUEST), "")
    on_request = f"tag the ticket {ASK_TAG} or write @deskpilot in an internal note"
    reasons = (
        (when == "on_request", f"notes are written on request only: {on_request}"),
        (bool(fast), f"{fast} tickets get notes on request only: {on_request}"),
        (ticket.channel == "voice" and not text, "the call has no transcript"),
        (when == "first" and _earlier_of_requester(ticket, message), "notes are written for the first message only"),
        (when == "question" and is_thanks_only(text), "the customer only says thanks"),
    )
    return next((reason for holds, reason in reasons if holds), "")


def _earlier_of_requester(ticket: Ticket, message: Message) -> bool:
    return any(other.kind == "requester message" for other in ticket.messages[: ticket.messages.index(message)])


def _standing_command(ticket: Ticket, *, me: Person) -> tuple[Message, str] | None:
    """The newest internal note that asks for us, unless the customer or an agent has written since."""
    for note, found in _commands(ticket, me=me):
        # another app may have copied a customer's words into its note: it may ask, and gives no orders
        hint = "" if note.channel == "api" else _without_tier(found["hint"].strip())
        return note, hint[:_LONGEST_HINT]
    return None


def _without_tier(hint: str) -> str:
    named = _TIER.match(hint)
    return hint[named.end() :] if named else hint


def _standing_tier(ticket: Ticket, *, me: Person) -> Tier | None:
    """The newest tier that an agent has named in such a note. A command in the middle of a line may be somebody else's words."""
    for note, found in _commands(ticket, me=me):
        if opens_its_line(note, found) and (named := _TIER.match(found["hint"])):
            return _TIERS[named["tier"]]
    return None


def _commands(ticket: Ticket, *, me: Person) -> Iterator[tuple[Message, re.Match[str]]]:
    """Internal notes of agents that speak to us, newest first, since the customer or an agent has written."""
    for note in reversed(ticket.messages):
        if note.kind in ("requester message", "public reply") and not note.automatic:
            return
        if is_ours(note, me=me) or verdict_in(note):  # a verdict on a note is no wish for another one
            continue
        if found := command_in(note):
            yield note, found
