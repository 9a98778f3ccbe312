"""What triage rests on, in short: the customer's own words in quotation marks and where they stand, and what was counted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from service.conversation import Conversation
from service.guard import clean
from service.packet_words import PacketWords
from service.plaintext import clip
from service.triage.judged import Signal, Triage
from service.withheld import without_sensitive

MOST = 6

_QUOTED_CHARS, _MOST_QUOTES = 60, 2  # of one signal
_REST_OF_CLAUSE = re.compile(r"(?: [\w'-]{1,20}){1,2}(?=[.,;:!?]|$)")
"""One word or two, then a stop: what is quoted ends with the clause, not in the middle of it."""


@dataclass(frozen=True, slots=True)
class _Line:
    """place: where a quotation stands, a text to fill in; "" of our own sentences."""

    text: str
    place: str = ""


def evidence(triage: Triage, conversation: Conversation, words: PacketWords) -> tuple[str, ...]:
    """At most MOST findings, strongest first: signals that are enough by themselves, the others, the wish, the category.

    Quoted are words only that stand in the ticket, as they stand there; masked, without anything live, and without card, account
    and ID numbers and secrets, which nobody needs in order to see why. None that is part of another; neighbours share a line.
    """
    lines = [line for signal in sorted(triage.signals, key=lambda one: not one.alone) for line in _of(signal, triage, conversation, words)]  # fmt: skip
    if triage.wants_person.value:
        lines += _quotes(triage.wants_person.words, conversation, words)
    if triage.category.value:
        lines += _quotes(triage.category.words, conversation, words)
    said: list[str] = []
    for place, of in groupby(_once(lines)[:MOST], key=lambda one: one.place):
        texts = [one.text for one in of]
        said += [place.format(words=", ".join(words.quoted.format(words=text) for text in texts))] if place else texts
    return tuple(said)


def _once(lines: Iterable[_Line]) -> list[_Line]:
    """Each once, and no quotation that another one holds."""
    each: dict[tuple[str, str], _Line] = {}
    for line in lines:
        each.setdefault((line.place, line.text.casefold()), line)
    return [
        line
        for (place, text), line in each.items()
        if not place or not any(text != other and text in other for there, other in each if there == place)
    ]


def _of(signal: Signal, triage: Triage, conversation: Conversation, words: PacketWords) -> Iterator[_Line]:
    """Of words: those. Of a count: our own sentence. Neither: nothing, for the verdict names it."""
    quoted = list(_quotes(signal.words, conversation, words))
    said = words.found.get(signal.name, "")
    if quoted or not said:
        yield from quoted
    elif signal.name != "amount" or triage.amounts:
        turns = sum(1 for turn in conversation.turns if turn.who == "requester")
        number = words.number(len(conversation.turns) if signal.name == "long_thread" else max(turns, 2))
        amount = _amount(triage) if signal.name == "amount" else ""
        yield _Line(said.format(n=number, nth=words.nth(max(triage.contacts, 2)), amount=amount))


def _quotes(said: Sequence[str], conversation: Conversation, words: PacketWords) -> Iterator[_Line]:
    earlier = [turn.text for turn in conversation.turns if turn.who == "requester"]
    places = [(words.in_last, conversation.newest), (words.in_subject, conversation.subject)]
    places += [(words.in_earlier, text) for text in reversed(earlier)]
    for one in said[:_MOST_QUOTES]:
        found = next(((place, stands) for place, text in places if (stands := _standing(one, text))), None)
        if found and (quoted := clip(clean(without_sensitive(found[1])[0]), limit=_QUOTED_CHARS)):
            yield _Line(quoted, found[0])


def _standing(said: str, text: str) -> str:
    """Words as the customer wrote them, to the end of the clause where that is near; "" where they did not."""
    flat, whole = _flat(said), " ".join(text.replace("’", "'").split())
    at = _flat(text).find(flat) if flat else -1
    if at < 0 or len(_flat(text)) != len(whole):  # a letter that has two in lower case: places differ
        return said if at >= 0 else ""
    rest = _REST_OF_CLAUSE.match(whole, at + len(flat))
    return whole[at : rest.end() if rest else at + len(flat)]


def _amount(triage: Triage) -> str:
    largest = max(triage.amounts, key=lambda one: one.value)
    return f"{largest.value:.2f}".removesuffix(".00") + (f" {largest.currency}" if largest.currency else "")


def _flat(text: str) -> str:
    return " ".join(text.replace("’", "'").casefold().split())
