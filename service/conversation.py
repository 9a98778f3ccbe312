"""A ticket as the model may see it: cleaned, masked, oldest first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from connectors.base import Attachment, Message, Ticket
from connectors.mail import message_text, visible_text
from service.masking import Masker
from service.orders import speaks_to_a_machine
from service.smalltalk import is_automatic

SUMMARY_FROM = 3
"""Messages from which on a note summarises: a shorter thread is read faster than its summary."""

_HEADER_LINES = 6
_HEADER = re.compile(
    r"\s*(?:from|to|cc|reply-to|sender|subject|von|an|betreff|de|à|para|objet|asunto)\s?:\s", re.IGNORECASE
)

_IMAGES = ("image/",)
_IMAGE_NAMES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".heic", ".bmp")


@dataclass(frozen=True, slots=True)
class Turn:
    """One public message. `text` is plain, without quoted history and signature, masked."""

    who: Literal["requester", "agent"]
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """What was said, oldest first; the last turn of the requester is the one to answer."""

    subject: str  # masked
    turns: tuple[Turn, ...]
    author: str = ""  # placeholder of the name to greet, e.g. "<NAME_1>"; restored in the note only; empty: unknown
    language: str = ""  # of the newest message, as detected by code; "" unknown
    hint: str = ""  # what an agent wrote behind @deskpilot, masked
    unread: tuple[str, ...] = ()  # kinds of attachments of the newest message: "1 screenshot", "2 files"

    @property
    def newest(self) -> str:
        """Text of the message to answer."""
        return next((turn.text for turn in reversed(self.turns) if turn.who == "requester"), "")


def read_conversation(
    ticket: Ticket, history: Sequence[Ticket], *, answer: Message, masker: Masker, hint: str = ""
) -> Conversation:
    """Clean and mask what was said publicly; CPU-bound, up to a second on a very long thread: call it in a thread.

    history: tickets of the same requester that this one follows, was split from, or was merged with.
    Internal notes are left out, ours above all: a draft must not feed on itself, nor on what other machines wrote.
    """
    before = sorted((message for part in history for message in part.messages), key=lambda message: message.at)
    turns, answered = list[Turn](), False
    # what was said elsewhere comes first, even when it was said later: the message to answer stays the newest
    for message in (*before, *ticket.messages):
        if message.kind not in ("requester message", "public reply") or message.automatic:
            continue
        if answered and message.kind == "requester message":  # a machine's, or it would be the one to answer
            continue
        answered = answered or message.id == answer.id
        said = message_text(message)
        if message.id != answer.id and message.kind == "requester message" and is_automatic("", said):
            continue  # an auto-reply that the vendor does not mark as one
        text = masker.mask(_without_ordering_headers(said)).strip()
        if text or message.id == answer.id:
            who: Literal["requester", "agent"] = "requester" if message.kind == "requester message" else "agent"
            turns.append(Turn(who=who, at=message.at, text=text))
    return Conversation(
        subject=_subject(ticket.subject, masker),
        turns=tuple(turns),
        author=masker.placeholder_for(answer.author),
        hint=masker.mask(visible_text(hint)),
        unread=_unread(answer.attachments),
    )


def _without_ordering_headers(text: str) -> str:
    """A message without those of its first lines that pose as a mail's header and give orders, as a subject may not either."""
    lines = text.split("\n")
    kept = [line for line in lines[:_HEADER_LINES] if not (_HEADER.match(line) and speaks_to_a_machine(line))]
    return "\n".join([*kept, *lines[_HEADER_LINES:]])


def _subject(subject: str, masker: Masker) -> str:
    """One line; nothing where it gives orders to a machine. A subject is a help, and the message says the same."""
    shown = " ".join(visible_text(subject).split())
    return "" if speaks_to_a_machine(shown) else masker.mask(shown)


def _unread(attachments: Sequence[Attachment]) -> tuple[str, ...]:
    """Attachments as an agent counts them: screenshots, and other files."""
    images = sum(1 for file in attachments if _is_image(file))
    files = len(attachments) - images
    return tuple(
        f"{count} {word}{'s' if count > 1 else ''}"
        for count, word in ((images, "screenshot"), (files, "file"))
        if count
    )


def _is_image(file: Attachment) -> bool:
    return file.content_type.startswith(_IMAGES) or file.name.lower().endswith(_IMAGE_NAMES)
