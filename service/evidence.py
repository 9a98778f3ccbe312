"""What triage rests on, in short: the customer's own words in quotation marks and where they stand, and what was counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from service.conversation import Conversation
from service.guard import clean
from service.packet_words import PacketWords
from service.plaintext import clip
from service.triage.judged import Signal, Triage
from service.withheld import without_sensitive

MOST = 6

_QUOTED_CHARS, _MOST_QUOTES = 60, 2  # of one signal


def evidence(triage: Triage, conversation: Conversation, words: PacketWords) -> tuple[str, ...]:
    """At most MOST lines, strongest first: signals that are enough by themselves, the others, the wish, the category.

    Quoted are words only that stand in the ticket; masked, without anything live, and without card, account
    and ID numbers and secrets, which nobody needs in order to see why.
    """
    lines = [line for signal in sorted(triage.signals, key=lambda one: not one.alone) for line in _of(signal, triage, conversation, words)]  # fmt: skip
    if triage.wants_person.value:
        lines += _quotes(triage.wants_person.words, conversation, words)
    if triage.category.value:
        lines += _quotes(triage.category.words, conversation, words)
    return tuple(dict.fromkeys(lines))[:MOST]


def _of(signal: Signal, triage: Triage, conversation: Conversation, words: PacketWords) -> Iterator[str]:
    """Of words: those. Of a count: our own sentence. Neither: nothing, for the verdict names it."""
    quoted = list(_quotes(signal.words, conversation, words))
    said = words.found.get(signal.name, "")
    if quoted or not said:
        yield from quoted
    elif signal.name != "amount" or triage.amounts:
        turns = sum(1 for turn in conversation.turns if turn.who == "requester")
        number = words.number(len(conversation.turns) if signal.name == "long_thread" else max(turns, 2))
        amount = _amount(triage) if signal.name == "amount" else ""
        yield said.format(n=number, nth=words.nth(max(triage.contacts, 2)), amount=amount)


def _quotes(said: Sequence[str], conversation: Conversation, words: PacketWords) -> Iterator[str]:
    newest, subject = _flat(conversation.newest), _flat(conversation.subject)
    earlier = [_flat(turn.text) for turn in conversation.turns if turn.who == "requester"]
    for one in said[:_MOST_QUOTES]:
        flat = _flat(one)
        quoted = clip(clean(without_sensitive(one)[0]), limit=_QUOTED_CHARS)
        if not flat or not quoted:
            continue
        if flat in newest:
            yield words.in_last.format(words=quoted)
        elif flat in subject:
            yield words.in_subject.format(words=quoted)
        elif any(flat in text for text in earlier):
            yield words.in_earlier.format(words=quoted)


def _amount(triage: Triage) -> str:
    largest = max(triage.amounts, key=lambda one: one.value)
    return f"{largest.value:.2f}".removesuffix(".00") + (f" {largest.currency}" if largest.currency else "")


def _flat(text: str) -> str:
    return " ".join(text.casefold().split())
