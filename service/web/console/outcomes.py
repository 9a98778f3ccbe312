"""What became of a delivery, in words for whoever asks why. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from service.deliveries import Fate, Told

Tone = Literal["good", "calm", "warn", "bad"]

VERDICTS = {
    "ready": "A draft that rests on your articles.",
    "uncovered": "No article answers it; the note says so.",
    "person": "A person should take over; the note says why.",
    "no_model": "Quoted from your articles, without a model.",
}

_CAME = {
    "reconciled": "Found by asking the helpdesk",
    "backfill": "Found by deskpilot backfill",
    "trigger": "A trigger fired",
    "ticket_action:created": "Created",
    "note_type:private": "Private note",
    "note_type:public": "Public note",
    "reply_sent:sent": "Reply sent",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """head: two words. text: one sentence or two."""

    tone: Tone
    head: str
    text: str


def outcome_of(told: Told) -> Outcome:
    """For one delivery. When a note or a silence was said, and when a waiting one is due, stand beside it."""
    words = _WORDS.get(told.fate)
    return words(told) if words else _FIXED["article" if told.kind == "article" else told.fate]


def came(what: str) -> str:
    """What a delivery tells of."""
    return _CAME.get(what, re.sub(r"[_:]+", " ", what).strip().capitalize() or "Something changed")


def verdict(word: str) -> str:
    """What kind of note it is."""
    return VERDICTS.get(word, word)


def sentence(text: str) -> str:
    """A reason as the ledger keeps it, with a capital and a full stop."""
    text = text.strip()
    if not text:
        return "The reason is no longer kept."
    return text[0].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def step(what: str, details: str) -> tuple[str, str]:
    """A line of a ticket's history (see service/backlog.py), in words."""
    kind, _, name = what.partition(" ")
    if kind == "webhook" or not name:
        return came(name or what), _LOOKED.get(details, sentence(details))
    if kind == "draft":
        return f"Draft {name}", verdict(details)
    if kind == "note":
        return f"Note {name}", f"Written, as {details}."
    return "No note", sentence(details)


def _note(told: Told) -> Outcome:
    return Outcome("good", "Note", verdict(told.verdict))


def _silence(told: Told) -> Outcome:
    return Outcome("calm", "No note", sentence(told.reason))


def _failed(told: Told) -> Outcome:
    return Outcome("bad", "Given up", f"After {told.attempts} tries: {sentence(told.reason)}")


def _unchanged(told: Told) -> Outcome:
    if told.reference:
        return Outcome("calm", "Nothing new", f"Note {told.reference} stands.")
    if told.reason:
        return Outcome("calm", "Nothing new", f"As before: {sentence(told.reason)}")
    if told.later:
        return Outcome("calm", "Looked at later", "Together with what came of this ticket afterwards.")
    return Outcome("calm", "Nothing new", "What was said of this ticket is no longer kept.")


def _waiting(told: Told) -> Outcome:
    if told.reason:
        return Outcome("warn", "Put off", sentence(told.reason))
    return Outcome("calm", "Waiting", "Until the ticket is quiet, and its turn comes.")


_WORDS: Mapping[Fate, Callable[[Told], Outcome]] = {
    "note": _note,
    "silence": _silence,
    "unchanged": _unchanged,
    "waiting": _waiting,
    "failed": _failed,
}

_LOOKED = {"job": "The ticket was looked at.", "our own note": "It told of our own note.", "": "Nothing was done yet."}

_FIXED: Mapping[str, Outcome] = {
    "own": Outcome("calm", "No note", "It told of our own note."),
    "running": Outcome("calm", "Being looked at", ""),
    "article": Outcome("calm", "Article", "It is read into the knowledge."),
    "other": Outcome("calm", "Looked around", "It named no ticket, so the helpdesk was asked what changed."),
}
