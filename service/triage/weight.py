"""How hard a ticket is to answer, and how much hangs on it: 1 to 5, by rules that a person can check.

Complexity begins at 1; one more each for a message of more than 80 words, for more than one question, for three messages of the
customer and more, for a fault or something that did not help, and for a file nobody has read. Stakes are the highest of: what the
policy says of the category; 3 for something urgent, 4 for an angry or leaving customer, 5 for what only a person may answer (3 for
a mere wish for one); and for the largest amount 2 from 50, 3 from 200, 4 from 1,000, 5 from 10,000.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from service.conversation import Conversation
from service.moods import Sentiment, Urgency, missing_in
from service.policy.document import Category
from service.questions import questions
from service.triage.judged import Amount, Judged, Signal
from service.triage.signals import said_by_customer

_LONG_WORDS, _MANY_MESSAGES, _MOST = 80, 3, 5
_BY_AMOUNT: Final = ((10_000.0, 5), (1_000.0, 4), (200.0, 3), (50.0, 2))
_BY_SIGNAL: Final = {"person": 3, "angry": 4, "cancel": 4, "churn": 4, "mood_fell": 4}
_TENDER: Final = (
    "rfp", "rfq", "rfi", "tender", "security questionnaire", "redlines", "msa", "framework agreement", "ausschreibung", "rahmenvertrag",
    "sicherheitsfragebogen", "sicherheits-fragebogen", "informationssicherheits-fragebogen", "vergabe",
)  # fmt: skip
"""A deal of its own: a tender, a contract of theirs, their questionnaire."""


def complexity_of(conversation: Conversation, signals: Sequence[Signal]) -> Judged[int]:
    """How hard it is to answer."""
    said = said_by_customer(conversation)
    newest = conversation.newest
    reasons = {
        f"{len(newest.split())} words": len(newest.split()) > _LONG_WORDS,
        "several questions": len(questions(newest)) > 1,
        f"{len(said)} messages": len(said) >= _MANY_MESSAGES,
        "a fault": missing_in(newest, subject=conversation.subject) == "fault"
        or any(one.name == "unsolved" for one in signals),
        ", ".join(conversation.unread): bool(conversation.unread),
    }
    held = tuple(reason for reason, holds in reasons.items() if holds)
    return Judged(min(_MOST, 1 + len(held)), 0.5, held)


def stakes_of(
    conversation: Conversation,
    *,
    category: Category | None,
    sentiment: Sentiment,
    urgency: Urgency,
    amounts: Sequence[Amount],
    signals: Sequence[Signal],
) -> Judged[int]:
    """How much hangs on it, and the words of what weighs most."""
    text = f" {conversation.subject} {conversation.newest} "[:10_000].casefold()
    weighed: list[tuple[int, tuple[str, ...]]] = [(1, ())]
    weighed += [(category.stakes, ())] if category and category.stakes else []
    weighed += [(3, ())] if urgency == "high" else []
    weighed += [(4, ())] if sentiment == "angry" else []
    weighed += [(level, ()) for one in amounts for least, level in _BY_AMOUNT if one.value >= least]
    weighed += [(5, (word,)) for word in _TENDER if _stands(word, text)]
    weighed += [(_BY_SIGNAL.get(one.name, 5 if one.alone else 1), one.words) for one in signals]
    level, words = max(weighed, key=lambda one: one[0])
    return Judged(level, 0.6 if words else 0.4, words)


def _stands(word: str, text: str) -> bool:
    """Whether a word stands in a text by itself, in lower case."""
    at = text.find(word)
    return at > 0 and not text[at - 1].isalnum() and not text[at + len(word) : at + len(word) + 1].isalpha()
