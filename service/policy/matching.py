"""Whether a condition of the policy holds for a ticket, and what that rests on. Pure; linear in the length of the message."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Final

from connectors.base import Ticket
from service.conversation import Conversation
from service.policy.document import Condition, Policy, Range
from service.triage.judged import NOBODY, Amount, Customer, Triage
from service.vectors.words import UNSPACED_RUN, primary

SINCE = "since"
"""The fact that says when somebody became a customer: a day, or seconds since 1970."""

_READ_CHARS = 50_000
_KEPT_WORDS = 4_096
_APOSTROPHES = str.maketrans("’‘ʼ", "'''")
_JOINERS = "_\u200c\u200d"  # stand inside words of Persian and of Indian scripts


@dataclass(frozen=True, slots=True)
class Facts:
    """What conditions are asked about: one customer message, with all that is known of it.

    text: subject and newest message. segments: of `segments_of`. above: the categories over the ticket's own.
    """

    ticket: Ticket
    triage: Triage
    customer: Customer = NOBODY
    segments: frozenset[str] = frozenset()
    text: str = field(default="", repr=False)
    above: tuple[str, ...] = ()
    plain: str = field(default="", repr=False)  # the text as it is compared; made of it
    escalations: int = 0  # other tickets of the requester that went to a person, in thirty days

    def __post_init__(self) -> None:
        if self.text and not self.plain:
            object.__setattr__(self, "plain", plain(self.text[:_READ_CHARS]))


@dataclass(frozen=True, slots=True)
class Part:
    """One line of a condition. has: what it rests on where it holds, what there is instead where not. asks: what is written."""

    name: str
    holds: bool
    has: str
    asks: str


def facts_of(
    policy: Policy,
    *,
    ticket: Ticket,
    conversation: Conversation,
    triage: Triage,
    customer: Customer = NOBODY,
    escalations: int = 0,
) -> Facts:
    """The facts of a ticket, its customer's segments among them."""
    text = f"{conversation.subject}\n{conversation.newest}"
    above = line_of(policy, triage.category.value)[1:]
    facts = Facts(ticket, triage, customer, frozenset(), text, above, escalations=escalations)
    return replace(facts, segments=segments_of(policy, facts))


def line_of(policy: Policy, category: str) -> tuple[str, ...]:
    """A category and those above it, nearest first. A circle ends where it closes; what is not in the policy is left out."""
    line: list[str] = []
    while category in policy.categories and category not in line:
        line.append(category)
        category = policy.categories[category].parent
    return tuple(line)


def segments_of(policy: Policy, facts: Facts) -> frozenset[str]:
    """Names of the segments that hold. One that names another is asked after it; in a circle, the inner one does not hold."""
    settled: dict[str, bool] = {}

    def settle(name: str, asking: frozenset[str]) -> None:
        if name in settled or name in asking or name not in policy.segments:
            return
        when = policy.segments[name].when
        for other in _segments_in(when):
            settle(other, asking | {name})
        known = frozenset(one for one, holding in settled.items() if holding)
        settled[name] = holds(when, replace(facts, segments=known))

    for name in policy.segments:
        settle(name, frozenset())
    return frozenset(name for name, holding in settled.items() if holding)


def _segments_in(condition: Condition) -> Iterator[str]:
    yield from condition.segment
    for inner in (*condition.none_of, *condition.any_of):
        yield from _segments_in(inner)


def holds(condition: Condition, facts: Facts) -> bool:
    """Whether all that is written holds."""
    return all(part.holds for part in parts(condition, facts))


def parts(condition: Condition, facts: Facts) -> Iterator[Part]:
    """What is written in a condition, line by line, and whether it holds. Nothing for an empty one, which always holds."""
    yield from _lists(condition, facts)
    yield from _numbers(condition, facts)
    if condition.none_of:
        found = next((one for one in condition.none_of if holds(one, facts)), None)
        yield Part("none_of", found is None, _said(found, facts), f"{len(condition.none_of)} conditions")
    if condition.any_of:
        found = next((one for one in condition.any_of if holds(one, facts)), None)
        yield Part("any_of", found is not None, _said(found, facts), f"{len(condition.any_of)} conditions")


def _lists(condition: Condition, facts: Facts) -> Iterator[Part]:
    for name, there in _ONE_OF.items():
        if asked := getattr(condition, name):
            yield _one_of(name, map(primary, asked) if name == "language" else asked, there(facts))
    if condition.intent:
        intent = facts.triage.intent.value
        yield _words("intent", condition.intent, plain(intent), else_has=intent)
    if condition.words:
        yield _words("words", condition.words, facts.plain, else_has="")
    for key, asked in condition.field.items():
        yield _one_of(f"field {key}", asked, _values(facts.ticket.fields, key, "cf_"))  # as Freshdesk names its own
    for key, asked in condition.customer.items():
        yield _one_of(f"customer {key}", asked, _values(facts.customer.facts, key))


def _numbers(condition: Condition, facts: Facts) -> Iterator[Part]:
    if condition.amount or condition.currency:
        yield _amounts(condition, facts.triage.amounts)
    for name, number in _NUMBERS.items():
        if asked := getattr(condition, name):
            yield Part(name, asked.holds(number(facts)), _number(number(facts)), _range(asked))
    if condition.known_days:
        days = known_days(facts)
        holding = days is not None and condition.known_days.holds(days)
        yield Part("known_days", holding, "unknown" if days is None else _number(days), _range(condition.known_days))


def _judged(value: str, sure: float, *above: str) -> dict[str, str]:
    """Values → how they are said."""
    return {one: f"{one} ({sure:.2f})" for one in (value, *above) if one}


def _plainly(*values: str) -> dict[str, str]:
    return {one: one for one in values if one}


_ONE_OF: Final[Mapping[str, Callable[[Facts], Mapping[str, str]]]] = {
    "category": lambda facts: _judged(facts.triage.category.value, facts.triage.category.sure, *facts.above),
    "signal": lambda facts: _plainly(*(one.name for one in facts.triage.signals)),
    "sentiment": lambda facts: _judged(facts.triage.sentiment.value, facts.triage.sentiment.sure),
    "urgency": lambda facts: _judged(facts.triage.urgency.value, facts.triage.urgency.sure),
    "language": lambda facts: _judged(primary(facts.triage.language.value), facts.triage.language.sure),
    "channel": lambda facts: _plainly(facts.ticket.channel),
    "brand": lambda facts: _plainly(facts.ticket.brand),
    "group": lambda facts: _plainly(facts.ticket.group, facts.ticket.group_name),
    "form": lambda facts: _plainly(facts.ticket.form),
    "tag": lambda facts: _plainly(*facts.ticket.tags),
    "segment": lambda facts: _plainly(*sorted(facts.segments)),
}
"""Lines of which one value is enough, and what the ticket has of it."""

_NUMBERS: Final[Mapping[str, Callable[[Facts], int]]] = {
    "stakes": lambda facts: facts.triage.stakes.value,
    "complexity": lambda facts: facts.triage.complexity.value,
    "contacts": lambda facts: facts.triage.contacts,
    "escalations": lambda facts: facts.escalations,
}


def known_days(facts: Facts) -> int | None:
    """For how many days the requester had been a customer when the ticket last changed. None: nobody says since when."""
    since = facts.customer.facts.get(SINCE, "")
    try:
        day = datetime.fromtimestamp(int(since), UTC).date() if since.isdecimal() else date.fromisoformat(since[:10])
    except (ValueError, OverflowError, OSError):
        return None
    return max(0, (facts.ticket.updated_at.date() - day).days)


def _one_of(name: str, asked: Iterable[str], there: Mapping[str, str]) -> Part:
    asked = tuple(asked)
    wanted = {_plain_word(one) for one in asked}
    found = [said for value, said in there.items() if plain(value) in wanted]
    return Part(name, bool(found), ", ".join(found or there.values()), " or ".join(asked))


def _words(name: str, asked: Iterable[str], text: str, *, else_has: str) -> Part:
    found = [word for word in asked if stands_in(_plain_word(word), text)]
    return Part(name, bool(found), ", ".join(f"“{word}”" for word in found) or else_has, " or ".join(asked))


def _values(of: Mapping[str, str], key: str, prefix: str = "") -> Mapping[str, str]:
    """Values by a name in any case; a field of several has them with commas between."""
    names = {plain(key), plain(f"{prefix}{key}")}
    given = [value for name, value in of.items() if plain(name) in names]
    return _plainly(*given, *(part.strip() for value in given if "," in value for part in value.split(",")))


def _amounts(condition: Condition, amounts: Iterable[Amount]) -> Part:
    wanted = {_plain_word(one) for one in condition.currency}
    asks = condition.amount or Range()
    found = [one for one in amounts if asks.holds(one.value) and (not wanted or plain(one.currency) in wanted)]
    said = ", ".join(f"{_number(one.value)} {one.currency}".strip() for one in found or amounts)
    return Part("amount", bool(found), said, f"{_range(asks)} {' or '.join(condition.currency)}".strip())


def _said(condition: Condition | None, facts: Facts) -> str:
    """An inner condition that holds, in a line."""
    return "" if condition is None else "; ".join(f"{part.name} {part.has}" for part in parts(condition, facts))


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def _range(asked: Range) -> str:
    bounds = (("over", asked.over), ("under", asked.under))
    return " and ".join(f"{word} {_number(bound)}" for word, bound in bounds if bound is not None)


def stands_in(phrase: str, text: str) -> bool:
    """Whether these words stand in a text as whole words; both plain. Scripts without spaces have no word to be whole."""
    at = text.find(phrase) if phrase else -1
    while at >= 0:
        if not (_inside_a_word(text, at) or _inside_a_word(text, at + len(phrase))):
            return True
        at = text.find(phrase, at + 1)
    return False


def _inside_a_word(text: str, place: int) -> bool:
    return 0 < place < len(text) and _is_letter(text[place - 1]) and _is_letter(text[place])


def _is_letter(char: str) -> bool:
    if char.isascii():
        return char.isalnum() or char == "_"
    if UNSPACED_RUN.match(char):
        return False
    return char.isalnum() or char in _JOINERS or unicodedata.category(char)[0] == "M"  # marks: vowels of many scripts


def plain(text: str) -> str:
    """As texts are compared: without case, one space between words, one spelling of each letter."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_APOSTROPHES).casefold()
    return " ".join(text.lower().split())


@lru_cache(maxsize=_KEPT_WORDS)
def _plain_word(word: str) -> str:
    """Of the policy; never a customer's."""
    return plain(word)
