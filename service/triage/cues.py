"""Phrases that speak for a person, by signal, and how they are found. Linear in the length of the text.

They stand in english.txt and german.txt: sections "[legal]" and "[hints of legal]", one phrase a line, and above them parts with a name
("kin = (son|daughter)", used as "{kin}"). What stands in "[not meant]" (jokes, idioms, "no tender") is taken out first. Where there is a
"[beside unsolved]", a hint needs one of these: a count or a duration alone says nothing. A phrase is words as people write them: `*` stands for the rest of a word, `...` for up to sixty characters of the same sentence,
`(a|b)` for one of them, a `?` behind a bracket for "or nothing". Umlauts may be written out, apostrophes left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import get_args

from service.triage.judged import SignalName

READ_CHARS = 10_000
"""Characters of all that a customer wrote, the newest first, that are looked at."""

PHRASED = ("en", "de")
"""Languages that have phrases here; others have those of service/moods.py."""

_MOST_WORDS, _MOST_CHARS = 3, 80  # of the words that a signal shows
_UMLAUTS = {"ä": "(?:ä|ae)", "ö": "(?:ö|oe)", "ü": "(?:ü|ue)", "ß": "(?:ß|ss)"}


@dataclass(frozen=True, slots=True)
class Cue:
    """plain: says it. hint: may mean it; two different ones of the same signal do, or one with what must stand beside it."""

    plain: re.Pattern[str]
    hint: re.Pattern[str]
    beside: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """What was found of one signal, in the words of the text. sure: plainly said, or hinted at twice."""

    words: tuple[str, ...]
    sure: bool
    plain: bool = False  # by one phrase that is enough, not by hints that agree


def heard(text: str) -> Mapping[SignalName, Heard]:
    """Every signal whose phrases stand in a text."""
    text = without_jokes(" ".join(text[:READ_CHARS].replace("’", "'").split()))
    found: dict[SignalName, Heard] = {}
    for name, cue in cues().items():
        plain = _distinct(cue.plain, text)
        hints = _distinct(cue.hint, text)
        if plain or hints:
            agreed = len(hints) > 1 if cue.beside is None else bool(hints) and cue.beside.search(text) is not None
            found[name] = Heard((*plain, *hints)[:_MOST_WORDS], sure=bool(plain) or agreed, plain=bool(plain))
    return found


def without_jokes(text: str) -> str:
    """A text without what is not meant as it stands there; the rest keeps its words."""
    return _not_meant().sub(" , ", text)


def compiled(phrases: Iterable[str]) -> re.Pattern[str]:
    """Phrases as one pattern of whole words; none: one that never matches."""
    parts = [_pattern(line.strip().removesuffix(" ...")) for line in phrases if line.strip()]
    return re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)" if parts else r"(?!)", re.IGNORECASE)


def _pattern(phrase: str) -> str:
    for plain, written in (
        (r"\((?!\?)", "(?:"),
        (r" \.\.\. ", r"[^.!?]{0,60}?[ ,;:(\"-]"),
        (r"\)\*", "){0,4}"),
        (r"(?<!\\w)\*", r"\\w*"),
        ("'", "'?"),
        ("#", r"\\d"),
    ):
        phrase = re.sub(plain, written, phrase)
    return "".join(_UMLAUTS.get(letter, letter) for letter in phrase)


def _distinct(pattern: re.Pattern[str], text: str) -> Sequence[str]:
    return list(dict.fromkeys(match[0].casefold()[:_MOST_CHARS] for match in pattern.finditer(text)))


@cache
def cues() -> Mapping[SignalName, Cue]:
    """The phrases of all languages: people mix them, and a short text has none for certain. Takes half a second once."""
    phrases = _phrases()
    return {
        name: Cue(
            compiled(phrases.get(name, ())),
            compiled(phrases.get(f"hints of {name}", ())),
            compiled(phrases[f"beside {name}"]) if f"beside {name}" in phrases else None,
        )
        for name in get_args(SignalName)
        if name in phrases or f"hints of {name}" in phrases
    }


@cache
def _not_meant() -> re.Pattern[str]:
    return compiled(_phrases().get("not meant", ()))


@cache
def _phrases() -> Mapping[str, list[str]]:
    phrases: dict[str, list[str]] = {}
    for path in sorted(Path(__file__).parent.glob("*.txt")):
        for section, lines in _sections(path.read_text(encoding="utf-8")).items():
            phrases.setdefault(section, []).extend(lines)
    return phrases


def _sections(text: str) -> dict[str, list[str]]:
    parts: dict[str, str] = {}
    sections: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("["):
            lines = sections.setdefault(line.strip("[]"), [])
        elif not sections and " = " in line:
            name, _, part = line.partition(" = ")
            parts["{" + name + "}"] = part
        elif line and not line.startswith("#"):
            lines.append(re.sub(r"\{[a-z]+\}", lambda match: parts[match[0]], line))
    return sections
