"""When many similar tickets are an alarm. Pure: counts in, spikes out.

A ticket counts once, when it first shows its category: a long thread is not a wave. Usual is what came in the days before the
window, per window of the same length; where less is known of the past, per window of what is known, and at least one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from service.knowledge.gaps import topics
from service.ledger import Unanswered
from service.passages import telling
from service.policy.document import Incidents

PAST = timedelta(days=14)
_ALIKE = 0.5  # of the words of a topic that an earlier ticket must hold to be of the same


@dataclass(frozen=True, slots=True)
class Wave:
    """Tickets of one category: in the window, and in so much time before it."""

    category: str
    within: int
    before: int
    past: timedelta


@dataclass(frozen=True, slots=True)
class Spike:
    """More than usual. words: what those without a category have in common, masked; they may not go into a log."""

    category: str  # "": of none
    tickets: int
    usual: float  # in a window
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Uncategorised:
    """A ticket without a category. told: its intent or its question, masked. within: it came in the window."""

    ticket: Unanswered
    within: bool


def usual(before: int, past: timedelta, window: timedelta) -> float:
    """Tickets in a window like this one, from those that came in the time before it."""
    return before / max(past / window, 1.0)


def is_spike(within: int, of_usual: float, limits: Incidents) -> bool:
    """At least so many, and at least so many times the usual; a tie is a spike."""
    return within >= limits.at_least and within >= limits.factor * of_usual


def spikes(waves: Iterable[Wave], limits: Incidents) -> list[Spike]:
    """Those of the categories, largest first; what has no category is looked at by its words."""
    found = [
        Spike(wave.category, wave.within, of_usual)
        for wave in waves
        if wave.category and is_spike(wave.within, of_usual := usual(wave.before, wave.past, limits.window), limits)
    ]
    return sorted(found, key=lambda spike: (-spike.tickets, spike.category))


def spike_of_words(told: Sequence[Uncategorised], *, past: timedelta, limits: Incidents) -> Spike | None:
    """The largest among tickets without a category that speak of the same. Some seconds for thousands: call it in a thread."""
    for topic in topics([one.ticket for one in told if one.within]):
        if topic.count < limits.at_least:
            return None
        earlier = sum(_is_of(one.ticket, topic.words) for one in told if not one.within)
        of_usual = usual(earlier, past, limits.window)
        if topic.words and is_spike(topic.count, of_usual, limits):
            return Spike("", topic.count, of_usual, topic.words)
    return None


def _is_of(ticket: Unanswered, words: Sequence[str]) -> bool:
    meant = telling(" ".join(words), language=ticket.language)
    return bool(meant) and len(meant & telling(ticket.asked, language=ticket.language)) >= _ALIKE * len(meant)
