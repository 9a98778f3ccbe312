"""What somebody changed in a text, word by word: "refunded within [-10-] {+14+} days". Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

_BESIDE = 4  # words around a change
_LONGEST_CHARS = 1_500
_MOST_WORDS = 700  # of each text: two hostile letters of 20,000 characters would take seconds
_MARKS = re.compile(r"\[-|-\]|\{\+|\+\}")
_PART = re.compile(r"\[-(?P<out>.*?)-\]|\{\+(?P<added>.*?)\+\}", re.DOTALL)
_GAP = "…"


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a change: words that went, that came, or that stand around it."""

    what: Literal["same", "out", "in"]
    text: str


def changed(before: str, after: str) -> str:
    """The changes with some words around each, marked as wdiff does. Empty: none.

    CPU-bound: some 20 ms for two letters of 500 words.
    """
    old, new = (_MARKS.sub(" ", text).split()[:_MOST_WORDS] for text in (before, after))
    pieces: list[str] = []
    codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    for place, (tag, start, end, first, last) in enumerate(codes, start=1):
        if tag == "equal":
            pieces += _around(old[start:end], beginning=place == 1, ending=place == len(codes))
            continue
        if start < end:
            pieces.append(f"[-{' '.join(old[start:end])}-]")
        if first < last:
            pieces.append(f"{{+{' '.join(new[first:last])}+}}")
    told = " ".join(pieces)
    if not _PART.search(told):
        return ""
    return told if len(told) <= _LONGEST_CHARS else f"{_whole(told[:_LONGEST_CHARS])} {_GAP}"


def parts(told: str) -> Iterator[Part]:
    """The same to be shown: <del> and <ins>."""
    place = 0
    for found in _PART.finditer(told):
        if before := told[place : found.start()]:
            yield Part("same", before)
        yield Part("out", found["out"]) if found["out"] is not None else Part("in", found["added"])
        place = found.end()
    if rest := told[place:]:
        yield Part("same", rest)


def _around(words: list[str], *, beginning: bool, ending: bool) -> list[str]:
    """The words next to a change; what is in between is left out."""
    first, last = (0 if beginning else _BESIDE), (0 if ending else _BESIDE)
    if len(words) <= first + last:
        return words
    return [*words[:first], _GAP, *(words[-last:] if last else ())]


def _whole(told: str) -> str:
    """Cut off before a change that was cut in two."""
    opened = max(told.rfind("[-"), told.rfind("{+"))
    closed = max(told.rfind("-]"), told.rfind("+}"))
    return told[:opened].rstrip() if opened > closed else told
