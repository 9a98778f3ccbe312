"""What must not leave in a model's words: our own instructions, another ticket's placeholders, somebody else's data."""

from __future__ import annotations

import re
from base64 import b64encode
from codecs import encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from service.cautions import Fault
from service.identifiers import Kind, find_identifiers, readable
from service.masking import Masker
from service.vectors import Passage
from service.verbatim import repeats_prompt

_SENSITIVE: frozenset[Kind] = frozenset({"CARD", "IBAN", "ID", "SECRET"})
"""What no reply repeats, not even to its owner: mail is forwarded, and "my new account" may be a stranger's."""

_SENSITIVE_PLACEHOLDER = re.compile(rf"[<‹]?\b(?:{'|'.join(sorted(_SENSITIVE))})_\d{{1,6}}\b[>›]?")
_NUMBER = re.compile(r"(?<![\w@.+-])\+?\(?\d(?:[ .\-/()]{0,3}\d){6,}+")
_MOST_DIGITS = 160  # of numbers with seven and more, in one reply
_SHORTEST = 6  # of a secret that is told from a part of a word
_WINDOW = 10  # characters of a mark that give it away; of sixteen


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a model's words are held against.

    marks: the random ones of this ticket's prompts. told: the ticket's texts, masked. cited: passages; what the public ones
    say of how to reach somebody may be repeated.
    """

    masker: Masker
    marks: Sequence[str] = ()
    told: Sequence[str] = ()
    cited: Sequence[Passage] = ()

    def fault(self, text: str) -> Fault | None:
        """Why `text` may not be shown; None: it may. Some milliseconds for each thousand characters."""
        if any(mark and _betrays(text, mark) for mark in self.marks) or repeats_prompt(text):
            return "prompt"
        if any(token.startswith("<") for token in self.masker.unresolved(text)):
            return "placeholder"
        return "personal" if self._own_secret(text) or self._somebodys(text) else None

    def _somebodys(self, text: str) -> bool:
        own = {_key(value) for value in self.masker.values}
        public = "\n".join(passage.text for passage in _public(self.cited))
        told = _squeezed("\n".join(self.told))
        left, digits = _numbers_apart(text, told + _squeezed(public))
        if digits > _MOST_DIGITS:
            return True
        found = [(span.kind, left[span.start : span.end]) for span in find_identifiers(left)]
        foreign = {
            key
            for kind, value in found
            if not _nobodys(kind, value)
            and ((key := _key(value)) not in own or kind in _SENSITIVE)
            and ("@" in key or kind in _SENSITIVE or key not in told)
        }
        return bool(foreign) and not foreign <= contacts_in(public)

    def _own_secret(self, text: str) -> bool:
        """Whether it says the ticket's own card or ID number, as a model cannot know it from us: a cited article names it, too."""
        said = _squeezed(text)
        held = map(_squeezed, self.masker.values_of(_SENSITIVE - {"IBAN"}))
        return any(len(value) >= _SHORTEST and value in said for value in held)


def contacts_in(text: str) -> frozenset[str]:
    """What of a text `find_identifiers` finds, in a form in which two ways to write a number are the same."""
    return frozenset(_key(text[span.start : span.end]) for span in find_identifiers(text))


def without_private(text: str) -> str:
    """A quoted text with "…" for card and ID numbers and secrets, whoever's: nobody needs them to see what an article is about."""
    for span in reversed(find_identifiers(text)):
        if span.kind in _SENSITIVE and span.kind != "IBAN":
            text = f"{text[: span.start]}…{text[span.end :]}"
    return text


def without_sensitive(text: str) -> tuple[str, bool]:
    """The text with "…" for the ticket's own card, account and ID numbers and secrets, and whether there were any."""
    cut, count = _SENSITIVE_PLACEHOLDER.subn("…", text)
    return cut, count > 0


def _public(passages: Iterable[Passage]) -> list[Passage]:
    return [passage for passage in passages if passage.audience == "public" and passage.pool != "ticket"]


def _numbers_apart(text: str, told: str) -> tuple[str, int]:
    """The text with each long number once and without those in `told`, and how many digits the others have.

    To tell whether a number is a phone's takes a millisecond, and a model can write thousands.
    """
    seen: set[str] = set()

    def once(found: re.Match[str]) -> str:
        key = _squeezed(found[0])
        known = (key in seen or key in told) and not re.match(r"[\w@]", found.string[found.end() :][:1])
        seen.add(key)
        return "·" if known else found[0]

    left = _NUMBER.sub(once, text)
    return left, sum(len(key) for key in seen if key not in told)


def _nobodys(kind: Kind, value: str) -> bool:
    """An address of every home's router is nobody's."""
    if kind != "IP":
        return False
    try:
        return not ip_address(value).is_global
    except ValueError:
        return False


def _key(value: str) -> str:
    """An e-mail address in lower case; of all else the letters and digits, a number without zeros or a plus in front."""
    plain = readable(value).casefold()
    if "@" in plain and "\n" not in plain:
        return plain
    squeezed = _squeezed(plain)
    return squeezed.lstrip("0") if squeezed.isdecimal() else squeezed


def _squeezed(text: str) -> str:
    return "".join(filter(str.isalnum, readable(text).casefold()))


def _betrays(text: str, mark: str) -> bool:
    """Whether a part of the mark stands in the text: as it is, spelt out, backwards, rotated by 13, as hex or as base64."""
    squeezed = "".join(filter(str.isalnum, text)).casefold()
    forms = [mark, mark[::-1], encode(mark, "rot13")]
    pieces = {form[at : at + _WINDOW] for form in forms for at in range(len(form) - _WINDOW + 1)}
    hexed, coded = mark.encode().hex(), re.sub(r"[^A-Za-z0-9+/]", "", text)
    shifted = (b64encode(b"\0" * shift + mark.encode()).decode()[4:-4] for shift in range(3))
    return any(piece in squeezed for piece in (*pieces, hexed)) or any(piece in coded for piece in shifted)
