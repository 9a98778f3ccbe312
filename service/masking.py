"""Personal data out of the words that leave us, and back into the note of the same ticket.

Masked: what identifiers.py knows by its form, the names known from the ticket, and what a plug-in finds (entities.py).
Without one, not masked, because it has no form and the ticket does not name it: names of third persons, street addresses,
what a person tells about themselves.

A name counts as whole words: the full name in any case; first and last name (three letters and more) as the ticket writes
them, capitalised or in capitals, in lower case only alone on a line (a sign-off). A name that is also a word ("Will",
"Mark") does not count at the beginning of a sentence.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import cast, get_args
from unicodedata import combining, normalize

from connectors.base import Organization, Person, Ticket
from service.entities import Entities
from service.identifiers import Kind, Span, find_identifiers, readable
from service.names import alone, greeting_name, is_word, name_parts, organization_names
from service.plaintext import defang

_KINDS = "|".join(get_args(Kind))
_PLACEHOLDER = re.compile(rf"<((?:{_KINDS})_\d{{1,6}})>")
_LIKE = re.compile(rf"<(?:{_KINDS})_\d{{1,6}}>|(?<![‹<\w])(?:{_KINDS})_\d{{1,6}}(?![›>\w])")
_SPENT = re.compile(rf"[<‹]?(?<!\w)({_KINDS})_\d{{1,6}}(?!\d)[>›]?")
_NEUTRAL: dict[Kind, str] = {
    "EMAIL": "[e-mail]",
    "PHONE": "[phone]",
    "CARD": "[card]",
    "IBAN": "[IBAN]",
    "ID": "[number]",
    "IP": "[IP]",
    "SECRET": "[secret]",
    "NAME": "[name]",
    "ORG": "[company]",
    "PERSON": "[name]",
    "ADDRESS": "[address]",
}
_SHORTEST, _LONGEST, _MOST_NAMES = 3, 200, 200
_AT = re.compile("[@\uff20\ufe6b]")
_SENTENCE_START = re.compile(r"(?:^|[.!?:\n\r])[\s\"'(*-]*$")


def everybody(*tickets: Ticket) -> list[Person]:
    """Whoever tickets name: requesters, CCs, agents, and who wrote in them; some more than once."""
    return [
        person
        for ticket in tickets
        for person in (ticket.requester, ticket.assignee, *ticket.people, *(one.author for one in ticket.messages))
        if person
    ]


def blanked(text: str) -> str:
    """A text that another ticket's masker made, with "…" for its placeholders: here they would stand for other people."""
    return _LIKE.sub("…", text)


class Masker:
    """The placeholders of one ticket. The same value has the same placeholder in all its texts."""

    def __init__(
        self, people: Iterable[Person], organization: Organization | None = None, entities: Entities | None = None
    ) -> None:
        people = list(people)
        self._entities = entities
        self._placeholders: dict[tuple[Kind, str], str] = {}
        self._values: dict[str, str] = {}
        self._counts: Counter[Kind] = Counter()
        self._made: set[str] = set()
        self._phones = frozenset(
            digits[-7:] for person in people if len(digits := re.sub(r"\D", "", person.phone)) >= 7
        )
        self._emails = frozenset(person.email.casefold() for person in people)
        self._names = _Names(people, organization)

    def mask(self, text: str) -> str:
        """The text with placeholders for personal data. What this masker made comes back unchanged.

        A placeholder that stands in the text already was written by somebody else: it gets other brackets ("‹EMAIL_1›"),
        so that `restore` never fills it. So mask raw texts, each once, and put the results together afterwards.
        With a plug-in, call it in a thread. Raises EntitiesError: then nothing of the text may leave.
        """
        if text in self._made:
            return text
        spans = self._spans(text)
        pieces, position = [], 0
        for start, end, kind in spans:
            pieces += [_PLACEHOLDER.sub(r"‹\1›", text[position:start]), self._placeholder(kind, text[start:end])]
            position = end
        masked = "".join([*pieces, _PLACEHOLDER.sub(r"‹\1›", text[position:])])
        self._made.add(masked)
        return masked

    def restore(self, text: str) -> str:
        """The text with the values of this ticket back in; placeholders it does not know stay."""
        return _PLACEHOLDER.sub(lambda match: self._values.get(match[0], match[0]), text)

    def shown(self, text: str, *, contacts: Collection[str] = ()) -> str:
        """`restore` for a note, whose e-mail addresses helpdesks make links of.

        Live are those of the people whom the ticket names and the given contacts; another one that stands in a text may be a
        stranger's, and comes back dead ("ana[at]example[.]com").
        """
        known = self._emails.union(map(str.casefold, contacts))

        def value(match: re.Match[str]) -> str:
            real = self._values.get(match[0], match[0])
            if not match[0].startswith("<EMAIL_") or real.casefold() in known:
                return real
            return _AT.sub("[at]", defang(real, ()))

        return _PLACEHOLDER.sub(value, text)

    @property
    def values(self) -> Collection[str]:
        """What the placeholders stand for."""
        return self._values.values()

    def values_of(self, kinds: Collection[Kind]) -> list[str]:
        """Those of these kinds."""
        return [value for kind, value in self._placeholders if kind in kinds]

    def unresolved(self, text: str) -> list[str]:
        """Placeholders, and what models make of them ("EMAIL_1"), which `restore` leaves standing; each once."""
        bare = {value[1:-1] for value in self._values}
        found = dict.fromkeys(_LIKE.findall(text))
        return [token for token in found if (token not in self._values if token[0] == "<" else token in bare)]

    def placeholder_for(self, person: Person) -> str:
        """The placeholder that restores to the name a greeting takes ("<PERSON_1>"); "" where there is no such name."""
        name = greeting_name(person)
        return self._placeholder("PERSON", name) if name else ""

    def _placeholder(self, kind: Kind, value: str) -> str:
        key = (kind, value)
        if key not in self._placeholders:
            self._counts[kind] += 1
            placeholder = f"<{kind}_{self._counts[kind]}>"
            self._placeholders[key] = placeholder
            self._values[placeholder] = value
        return self._placeholders[key]

    def _spans(self, text: str) -> list[Span]:
        found = _beside(find_identifiers(text, phones=self._phones), self._names.find(text))
        return _beside(found, self._entities.find(text)) if self._entities else found


def _beside(found: Sequence[Span], others: Iterable[Span]) -> list[Span]:
    """Both, in order; of the others (which may overlap) the parts that the found ones leave open."""
    added: list[Span] = []
    reached = first = 0
    for start, end, kind in others:
        position = max(start, reached)
        while first < len(found) and found[first].end <= position:
            first += 1
        number = first
        while position < end:
            taken = found[number] if number < len(found) and found[number].start < end else None
            if position < (free := taken.start if taken else end):
                added.append(Span(position, free, kind))
            position = taken.end if taken else end
            number += 1
        reached = max(reached, position)
    return sorted([*found, *added])


def neutral(masked: str) -> str:
    """Masked text as it may be kept: a word in place of each value, which no masker fills, of this ticket or another.

    Placeholders go by a number within their ticket: "<EMAIL_1>" of one would be restored in the note of another.
    """
    return _SPENT.sub(lambda match: _NEUTRAL[cast("Kind", match[1])], masked)


class _Names:
    """The names of one ticket as a pattern."""

    def __init__(self, people: Iterable[Person], organization: Organization | None) -> None:
        names = {" ".join(person.name.split())[:_LONGEST] for person in people if "@" not in person.name}
        self._parts = {form.lower() for name in names for part in name_parts(name) for form in (part, _plain(part))}
        self._people = {form.lower() for name in names if name_parts(name) for form in (name, _plain(name))}
        # Mailboxes ("Customer Support") and companies of one word count as written only: in lower case they are words.
        self._written: dict[str, Kind] = dict.fromkeys((name for name in names if not name_parts(name)), "NAME")
        self._written |= dict.fromkeys(organization_names(organization.name[:_LONGEST] if organization else ""), "ORG")
        self._written |= {name.lower(): kind for name, kind in self._written.items() if kind == "ORG" and " " in name}
        self._pattern = _any_of({*self._parts, *self._people, *self._written})

    def find(self, text: str) -> Iterator[Span]:
        """Where the names stand."""
        if self._pattern is None:
            return
        shown = readable(text)
        for match in self._pattern.finditer(shown):
            kind = self._kind(shown, match)
            if kind:
                yield Span(*match.span(), kind)

    def _kind(self, text: str, match: re.Match[str]) -> Kind | None:
        written = " ".join(match[0].split())
        if written.lower() in self._parts:
            return "NAME" if _is_meant(text, match) else None
        if written.lower() in self._people:
            return "NAME"
        capitals = (kind for name, kind in self._written.items() if written == name.upper())
        return self._written.get(written) or next(capitals, None) or self._written.get(written.lower())


def _is_meant(text: str, match: re.Match[str]) -> bool:
    """True where a first or last name stands as a name, not as a word of the language."""
    if alone(text, match.start(), match.end()):
        return True
    if match[0].islower():
        return False
    return not (is_word(match[0]) and _SENTENCE_START.search(text[max(0, match.start() - 12) : match.start()]))


def _plain(name: str) -> str:
    """The name without accents, as people type it."""
    return "".join(letter for letter in normalize("NFD", name) if not combining(letter))


def _any_of(names: set[str]) -> re.Pattern[str] | None:
    """A pattern for any of the names as whole words, the longest first; None for no names."""
    found = sorted((name for name in names if len(name) >= _SHORTEST), key=len, reverse=True)[:_MOST_NAMES]
    if not found:
        return None
    words = "|".join(r"\s{1,3}".join(map(re.escape, name.split())) for name in found)
    return re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)
