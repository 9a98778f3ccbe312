"""How much of a draft an agent really sent. Pure, and the same for every language.

Both texts are cut to what is the answer (greeting, sign-off, quoted history and layout go) and compared word by word, without case
and punctuation. With a and b words and at most m of them in common in the same order (the longest common subsequence),
the fidelity is 2m / (a + b): 1 is the same text, a reply that adds as much as the draft holds has 2/3.

*As is*: the words are the same; gaps that the draft left ("[order number]") may be filled. *Edited*: at least a quarter of the draft's
words stand in the reply in runs of three or more. *Unused*: less than that. Single words in common say nothing: two letters on any matters share a third.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz.distance import LCSseq

from service.letters import fill_ins, without_greeting, without_sign_off
from service.outcomes.outcome import Use

USED: Final = 0.25
"""Share of a draft's words that must stand in the reply for it to be of any use."""

_RUN: Final = 3
_GAP_MARK: Final = "\n…\n"
_GAP: Final = re.compile(_GAP_MARK)
_GAP_WORDS: Final = 12
"""That a person may put into one gap."""

_MOST_WORDS: Final = 5_000
_WORD = re.compile(r"[぀-ヿ㐀-鿿가-힯]|[^\W_぀-ヿ㐀-鿿가-힯]+(?:['’][^\W_]+)*")
"""A sign of a script that writes no spaces counts as a word."""

_NUMBERED = re.compile(r"^[ \t]*(?:[0-9]{1,2}[.)]|[-*•])[ \t]+", re.MULTILINE)
"""The mark of a list's item: layout, which is lost where an agent copies the text."""

_SIGNED = re.compile(
    r"^(best|cheers|thanks|many thanks|take care|lg|vg|danke|merci|gracias),[ ]+(\w+(?:[ ]\w+){0,2})[ ]*$",
    re.IGNORECASE | re.MULTILINE,
)
"""A sign-off and a name on one line: "Best, Robin"."""


@dataclass(frozen=True, slots=True)
class Compared:
    """fidelity: 0 to 1, to four digits. reused: share of the draft's words that stand in the reply in runs."""

    use: Use
    fidelity: float
    reused: float


def compared(draft: str, reply: str) -> Compared:
    """Of two plain texts. CPU-bound: some 40 ms for two texts of the longest length."""
    gaps = len(fill_ins(draft))
    drafted, sent = words_of(_gaps_marked(draft)), words_of(reply)
    if not drafted or not sent:
        return Compared("unused", 0.0, 0.0)
    common = LCSseq.similarity(drafted, sent)
    fidelity = round(2 * common / (len(drafted) + len(sent)), 4)
    reused = _reused([words_of(part) for part in _GAP.split(_gaps_marked(draft))], sent)
    filled = bool(gaps) and common == len(drafted) and len(sent) - len(drafted) <= gaps * _GAP_WORDS
    if drafted == sent or filled:
        return Compared("as_is", 1.0 if filled else fidelity, 1.0)
    return Compared("edited" if reused >= USED else "unused", fidelity, round(reused, 4))


def words_of(text: str) -> list[str]:
    """The words of an answer, as they are compared."""
    text = _NUMBERED.sub("", text)
    letter = without_sign_off(_SIGNED.sub(r"\1,\n\2", without_greeting(unicodedata.normalize("NFKC", text))))
    return [word.replace("’", "'") for word in _WORD.findall(letter.casefold())][:_MOST_WORDS]


def _gaps_marked(draft: str) -> str:
    for gap in fill_ins(draft):
        draft = draft.replace(gap, _GAP_MARK)
    return draft


def _reused(parts: Sequence[Sequence[str]], sent: Sequence[str]) -> float:
    """Of the draft's words, the share that stand in the reply in runs. parts: between its gaps."""
    held = sum(_held(part, sent) for part in parts if part)
    return held / sum(map(len, parts))


def _held(part: Sequence[str], sent: Sequence[str]) -> int:
    run = min(_RUN, len(part))
    there = {tuple(sent[at : at + run]) for at in range(len(sent) - run + 1)}
    held: set[int] = set()
    for at in range(len(part) - run + 1):
        if tuple(part[at : at + run]) in there:
            held.update(range(at, at + run))
    return len(held)
