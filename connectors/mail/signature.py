"""Where a writer's signature begins. Better one signature left standing than one sentence lost."""

from __future__ import annotations

import re
from collections.abc import Sequence

from connectors.mail import phrases
from connectors.mail.rendering import SIGNATURE

_MOST_LINES = 15
_LOOK = 200
_RULE = re.compile(r"\s*[-_=*]{5,}\s*")
_DASHED_NAME = re.compile(r"--?[A-ZÀ-ÞĀ-Ž][\w'’.]+(?: [A-ZÀ-ÞĀ-Ž][\w'’.]+){0,3}")
_NAMED = re.compile(r"[,\s]*(?:[A-ZÀ-ÞĀ-Ž][\w'’.-]*[,\s]*){1,4}")
_BARE_CLOSINGS = frozenset({"best", "att", "bg", "vg", "cheers", "regards"})
"""Words that also begin a sentence or a title; alone on their line they close a message."""


def without_signature(lines: Sequence[str]) -> list[str]:
    """The lines without the signature at their end and without lines like "Sent from my phone"."""
    kept = [line for line in lines if not line.startswith(SIGNATURE)]
    last = _last_lines(kept)
    for position in last:
        if _sent_from(kept[position]):
            kept[position] = ""
    for begins in (_delimited, _ruled, _closed, _dashed):
        kept = _stripped(kept)
        position = next((place for place in _last_lines(kept) if begins(kept, place)), len(kept))
        kept = kept[:position]
    return _stripped(kept)


def _stripped(lines: list[str]) -> list[str]:
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def _last_lines(lines: Sequence[str]) -> list[int]:
    """Places of the last lines with text, top to bottom; at most `_MOST_LINES` of the last 60."""
    places = [place for place in range(max(0, len(lines) - 60), len(lines)) if lines[place].strip()]
    return places[-_MOST_LINES:]


def _sent_from(line: str) -> bool:
    line = line.strip()
    if len(line) > 110 or line.endswith(("?", "!")) or (line.endswith(".") and ", " in line):
        return False
    return bool(phrases.SENT_FROM.match(line) and phrases.DEVICE.search(line)) and len(line.split()) <= 12


def _delimited(lines: Sequence[str], place: int) -> bool:
    """The line "-- " of https://www.rfc-editor.org/rfc/rfc3676#section-4.3; many programs lose its blank."""
    return lines[place].rstrip() == "--" and _is_signature(lines[place + 1 :])


def _ruled(lines: Sequence[str], place: int) -> bool:
    rest = lines[place + 1 :]
    contact = any(phrases.CONTACT.search(line[:_LOOK]) for line in rest)
    return bool(_RULE.fullmatch(lines[place][:_LOOK])) and contact and _is_signature(rest)


def _closed(lines: Sequence[str], place: int) -> bool:
    closing = phrases.CLOSING.match(lines[place][:_LOOK])
    if closing is None or not _is_signature(lines[place + 1 :]):
        return False
    rest = lines[place][closing.end() :]
    bare = closing[0].strip(" \t,.!*_").lower() in _BARE_CLOSINGS
    return not rest or (not bare and len(rest) <= 60 and bool(_NAMED.fullmatch(rest)))


def _dashed(lines: Sequence[str], place: int) -> bool:
    """A last line "-Ana Roca"; not the last of a list."""
    before = next((line.strip() for line in reversed(lines[:place][-4:]) if line.strip()), "-")
    return place == len(lines) - 1 and bool(_DASHED_NAME.fullmatch(lines[place].strip())) and before[0] != "-"


def _is_signature(lines: Sequence[str]) -> bool:
    """True where these lines are names, places and disclaimers: short, without a question and without a sentence."""
    return all(_is_contact(line) for line in lines[:60]) and len(lines) <= 60


def _is_contact(line: str) -> bool:
    line = line[:_LOOK].strip()
    if not line or phrases.DISCLAIMER.search(line):
        return True
    if phrases.NOT_A_SIGNATURE.search(line):
        return False
    return len(line) <= 75 and len(line.split()) <= 9 and not (line.endswith((".", "!")) and len(line.split()) > 4)
