"""What is wrong with a policy file: where, what, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

Place = tuple[str | int, ...]
"""Where something stands in the file: ("rules", 0, "then", "tier")."""

_LISTED = 30
_SHOWN = 60  # characters of what somebody wrote


@dataclass(frozen=True, slots=True)
class Finding:
    """A mistake at a place. said goes on after the key's name; remedy is a half-sentence, too."""

    place: Place
    said: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake in a file. line: from 1; 0 where the file could not be read. key: rules[0].then.tier; "": the whole file."""

    file: str
    line: int
    key: str
    said: str
    remedy: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        end = "" if self.remedy.endswith("?") else "."
        return f"{where}: {self.key or 'the file'} {self.said}: {self.remedy}{end}"


class PolicyError(Exception):
    """A policy file that must not come into force. problems: all that was found, in the file's order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


def key_of(place: Place) -> str:
    """As people and programs write it: rules[0].then.tier."""
    parts = (f"[{one}]" if isinstance(one, int) else f".{short(one) or '?'}" for one in place)
    return "".join(parts).removeprefix(".")


def short(text: str) -> str:
    """Somebody's words in one line, cut where they are long."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text[: 4 * _SHOWN]).split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"


def nearest(word: str, known: Iterable[str]) -> str:
    """What somebody may have meant, else what there is."""
    names = list(known)
    lower = {name.lower(): name for name in names}
    found = get_close_matches(word[:_SHOWN].lower(), lower, n=1, cutoff=0.6)
    if found:
        return f"did you mean {lower[found[0]]}?"
    return (
        f"write one of {', '.join(names[:_LISTED])}" if names else "there is none yet: write it first, or remove this"
    )
