"""What speaks for a person without a model: phrases, the thread, amounts, contacts, the clock and the vendor's flags. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from re import Pattern
from typing import Final

from connectors.base import Ticket
from service.conversation import Conversation
from service.moods import Wish, told_wishes
from service.triage.amounts import amounts_with_words
from service.triage.cues import READ_CHARS, Heard, compiled, cues, heard, without_jokes
from service.triage.judged import Amount, Signal, SignalName
from service.triage.mood import LEVELS, Mood
from service.vectors.words import tokens

PERSON_ONLY: Final[frozenset[SignalName]] = frozenset({
    "person", "safety", "legal", "cancel", "press", "privacy", "security", "fraud", "vulnerable", "threat",
})  # fmt: skip
"""What only a person may answer. One of them is enough where the words say it plainly; a calm cancellation is not."""

_LARGE: Final = 200.0
_CONTACTS: Final = 3
_LONG_THREAD: Final = 4  # messages of the customer
_CLOSE: Final = timedelta(hours=1)
_SAME_WORDS, _FEWEST_WORDS = 0.5, 4
_LAST_MESSAGES: Final = 20  # of a thread, that are compared
_THIRD_REPORT: Final = """
(third|fourth|fifth|sixth|seventh|eighth|tenth|umpteenth|nth|3rd|4th|5th|6th) (time|e-mail|email|mail|message|ticket|attempt|call|letter|request|reminder|visit|complaint|report|technician|replacement)
(third|fourth|fifth|sixth|umpteenth) (and last |and final )?(complaint|reminder|ticket|time|report)
(three|four|five|six|seven|ten|several|countless|umpteen) (times|e-mails|emails|mails|messages|tickets|calls|letters|requests|reminders|reports|visits|technicians)
zum (dritten|vierten|fünften|sechsten|siebten|zehnten|x-ten|zigsten|wiederholten) mal*
(dritte*|vierte*|fünfte*|sechste*|siebte*|zehnte*) (mail|e-mail|anfrage|ticket|nachricht|anruf|termin|techniker|brief|versuch|reparatur|schreiben|reklamation|meldung|anlauf|erinnerung|beschwerde)
(drei|vier|fünf|sechs|zehn|mehrere|unzählige|zig|etliche) ?(mal|male|mails|e-mails|anfragen|tickets|nachrichten|anrufe|briefe|versuche|reparaturen|schreiben|anläufe|meldungen|techniker)
(dreimal|viermal|fünfmal|sechsmal|zehnmal|x-mal|zigmal)
"""
"""A report for the third time. With displeasure and without a solution it is a person's; alone it is a number."""

_FAILED: Final = """
(outage*|downtime|failure*|failed|lost (data|export*|order*|invoice*|payroll|file*|parcel*)|broken (again|promise*)|mess|unreliable|disappoint*|let (us|me) down|fed up|never (came|worked|answered))
(ausfall|ausfälle*|ausfällen|störung*|verloren*|verlorene*|unzuverlässig*|enttäusch*|schlamperei|chaos|nie (gekommen|funktioniert|geantwortet)|im stich gelassen)
"""
"""With a move to somebody else it is a customer who leaves because of us."""


def said_by_customer(conversation: Conversation) -> tuple[str, ...]:
    """The customer's messages, oldest first."""
    return tuple(turn.text for turn in conversation.turns if turn.who == "requester")


def told_in(conversation: Conversation) -> str:
    """All that the customer wrote, the newest message and the subject first, no longer than what is read."""
    said = said_by_customer(conversation)
    return "\n".join((*reversed(said[-1:]), conversation.subject, *reversed(said[:-1])))[:READ_CHARS]


def heard_in(conversation: Conversation) -> Mapping[SignalName, Heard]:
    """What the customer's words say, the newest first, for a thread may be longer than what is read. A mailed subject counts as theirs."""
    text = told_in(conversation)
    found = dict(heard(text))
    for wish, words in told_wishes(without_jokes(text)).items():
        name = _OF_WISH[wish]
        known = found.get(name, Heard((), sure=False))
        found[name] = Heard(tuple(dict.fromkeys((*known.words, words)))[:3], sure=True)
    return found


_UNHEARD: Final = Heard((), sure=False)
_OF_WISH: Final[Mapping[Wish, SignalName]] = {
    "safety": "safety", "person": "person", "cancel": "cancel", "legal": "legal",
}  # fmt: skip


def signals_of(
    ticket: Ticket,
    conversation: Conversation,
    *,
    words: Mapping[SignalName, Heard],
    mood: Mood,
    contacts: int,
    now: datetime,
) -> tuple[Signal, ...]:
    """Every signal there is, each once. words: what `heard_in` says. contacts: in seven days, this ticket included."""
    made = _said(conversation, words, displeased=mood.level < LEVELS.index("neutral"))
    angry = LEVELS[mood.level] == "angry"
    if angry:
        made.append(Signal("angry", words=mood.words))
    if mood.shift <= -2 or (mood.shift < 0 and angry):
        made.append(Signal("mood_fell", words=mood.words))
    said = said_by_customer(conversation)
    if repeated := _repeated(said, language=conversation.language):
        made.append(Signal("repeated_question", words=(repeated,)))
    if len(said) >= _LONG_THREAD:
        made.append(Signal("long_thread", words=(f"{len(said)} messages",)))
    if contacts >= _CONTACTS:
        made.append(Signal("third_contact", words=(f"{contacts} tickets in seven days",)))
    if large := _large(conversation):
        made.append(Signal("amount", words=large))
    if ticket.due_at is not None and ticket.due_at - now <= _CLOSE:
        made.append(Signal("deadline_close", words=(f"due {ticket.due_at:%H:%M}",)))
    if any(message.untrusted for message in ticket.messages if message.kind == "requester message"):
        made.append(Signal("untrusted"))
    return tuple(_weighed(made))


def _said(conversation: Conversation, words: Mapping[SignalName, Heard], *, displeased: bool) -> list[Signal]:
    """What the words say. A third report with displeasure, and leaving after failures, are enough by themselves."""
    enough = set[str](PERSON_ONLY)
    if words.get("unsolved", _UNHEARD).sure and _third_report(conversation, displeased=displeased):
        enough.add("unsolved")
    if words.get("churn", _UNHEARD).sure and _failed().search(_all_of(conversation)):
        enough.add("churn")
    return [Signal(name, alone=one.sure and name in enough, words=one.words) for name, one in words.items()]


def amounts_of(conversation: Conversation) -> tuple[Amount, ...]:
    """The amounts that the customer names, in the subject and in every message."""
    return tuple(dict.fromkeys(amount for amount, _ in _amounts(conversation)))[:20]


def _amounts(conversation: Conversation) -> list[tuple[Amount, str]]:
    said = said_by_customer(conversation)
    return amounts_with_words("\n".join((conversation.subject, *reversed(said)))[:READ_CHARS])


def _large(conversation: Conversation) -> tuple[str, ...]:
    return tuple(words for amount, words in _amounts(conversation) if amount.value >= _LARGE)[:3]


def _third_report(conversation: Conversation, *, displeased: bool) -> bool:
    text = _all_of(conversation)
    beside = cues()["unsolved"].beside
    return _third().search(text) is not None and (
        displeased or (beside is not None and beside.search(text) is not None)
    )


def _all_of(conversation: Conversation) -> str:
    return " ".join(f"{conversation.subject}. {conversation.newest}"[:READ_CHARS].split())


@cache
def _failed() -> Pattern[str]:
    return compiled(_FAILED.splitlines())


@cache
def _third() -> Pattern[str]:
    return compiled(_THIRD_REPORT.splitlines())


def _weighed(signals: Sequence[Signal]) -> list[Signal]:
    """A cancellation is a person's where it is angry or goes to somebody else, not where it is a form."""
    names = {one.name for one in signals}
    leaves = bool(names & {"angry", "churn", "mood_fell", "unsolved"})
    return [replace(one, alone=one.alone and (one.name != "cancel" or leaves)) for one in signals]


def _repeated(said: Sequence[str], *, language: str) -> str:
    """The start of an earlier message of theirs that the newest one says again; "" for none."""
    if len(said) < 2:
        return ""
    newest = tokens(said[-1], language=language)
    for text in said[-_LAST_MESSAGES:-1]:
        before = tokens(text, language=language)
        fewer = min(len(newest), len(before))
        if fewer >= _FEWEST_WORDS and len(newest & before) >= _SAME_WORDS * fewer:
            return text[:80]
    return ""
