"""What a ticket tells without naming it: a weight for each beginning of a word, learnt from stories. Pure, below a millisecond.

The weights stand in stems.tsv, "beginning<TAB>weight" a line, and are made by `python -m tests.bench.triage.learning` of the tickets
beside it. The score of a text is the sum of the weights of what stands in it, each once, over the root of how many there are, and the
weight of "" (how rare such tickets are). deploy/decisions/0036
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from math import sqrt
from pathlib import Path
from typing import Final

from service.triage.cues import READ_CHARS

ENOUGH: Final = 1.8
"""Score from which on a person must take it. By cross-validation 14 in 1,000 harmless tickets are above it, and a third of those for a person."""

WEIGHTS: Final = Path(__file__).parent / "stems.tsv"

_LETTERS: Final = 5  # of a word that count: "fractured" and "fracture" are one, and German endings go
_MOST_WORDS: Final = 3
_FEWEST_KNOWN: Final = 6  # fewer say too little for a story
_SPELT: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "’": "'"})
_WORD: Final = re.compile(r"[a-z]+(?:'[a-z]+)?|\d+")


def stems_of(text: str) -> dict[str, str]:
    """The beginnings of its words, in lower case and without umlauts, each with the first word it stands for. Numbers by their length."""
    found: dict[str, str] = {}
    for word in _words(text[:READ_CHARS]):
        found.setdefault("#" * min(len(word), 4) if word[0].isdigit() else word[:_LETTERS], word)
    return found


def score_of(stems: Collection[str], weights: Mapping[str, float]) -> float:
    """How much speaks for a person: above 0 more than against. Stems without a weight count for nothing."""
    known = [weights[stem] for stem in stems if stem in weights]
    return weights[""] + sum(known) / sqrt(max(1, len(known)))


def told_by(text: str) -> tuple[str, ...]:
    """The words that speak most for a person, where all together are enough; else ()."""
    weights, stems = learnt(), stems_of(text)
    known = [stem for stem in stems if stem in weights]
    if len(known) < _FEWEST_KNOWN or score_of(known, weights) < ENOUGH:
        return ()
    heaviest = sorted((stem for stem in known if weights[stem] > 0), key=lambda stem: -weights[stem])
    shown = [stem for stem in heaviest if len(stem) == _LETTERS] or heaviest  # "and" tells a person nothing
    return tuple(stems[stem] for stem in shown[:_MOST_WORDS])


@cache
def learnt() -> Mapping[str, float]:
    """The weights of the file, read once."""
    lines = (line.split("\t") for line in WEIGHTS.read_text(encoding="utf-8").splitlines() if not line.startswith("# "))
    return {stem: float(weight) for stem, weight in lines}


def _words(text: str) -> Iterator[str]:
    return (match[0] for match in _WORD.finditer(text.casefold().translate(_SPELT)))
