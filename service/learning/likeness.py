"""Whether two lessons say the same: the share of telling words that they have in common (Jaccard), and the same numbers. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from service.passages import telling

SAME_QUESTION: Final = 0.5
SAME_REPLY: Final = 0.7
"""Both must be reached, and the replies name the same numbers: "within 10 days" and "within 14 days" share every other word. Where
no reply tells them apart, questions are the same from QUESTION_ALONE on. Measured: deploy/decisions/0045."""

QUESTION_ALONE: Final = 0.7

_MOST_WORDS = 300
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")


@dataclass(frozen=True, slots=True)
class Sketch:
    """The telling words of question and reply, as hashes, and the reply's numbers: of masked texts. May be kept."""

    question: frozenset[int]
    reply: frozenset[int]
    numbers: frozenset[str] = frozenset()

    def as_json(self) -> list[list[Any]]:
        """As a row keeps it."""
        return [
            sorted(self.question)[:_MOST_WORDS],
            sorted(self.reply)[:_MOST_WORDS],
            sorted(self.numbers)[:_MOST_WORDS],
        ]


def sketch(question: str, reply: str, *, language: str) -> Sketch:
    """CPU-bound: a millisecond or two."""
    asked, told = (telling(text, language=language) for text in (question, reply))
    return Sketch(asked, told, frozenset(_NUMBER.findall(reply)))


def sketch_in(kept: Sequence[Sequence[Any]]) -> Sketch:
    """What `as_json` wrote."""
    return Sketch(*(frozenset(part) for part in kept))


def jaccard(one: frozenset[int], other: frozenset[int]) -> float:
    """The share of all their words that both have; two without any word are the same."""
    every = one | other
    return len(one & other) / len(every) if every else 1.0


def nearest(one: Sketch, others: Iterable[tuple[int, Sketch]]) -> int | None:
    """The id of the one that says the same, the most alike of several; None where none does."""
    best, best_share = None, 0.0
    for number, other in others:
        asked, told = jaccard(one.question, other.question), jaccard(one.reply, other.reply)
        least = SAME_QUESTION if one.reply and other.reply else QUESTION_ALONE
        same = asked >= least and told >= SAME_REPLY and one.numbers == other.numbers
        if same and asked + told > best_share:
            best, best_share = number, asked + told
    return best
