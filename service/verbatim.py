"""Where a text repeats another one word for word: what an internal passage says, and what our own prompts say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

from prompts.catalog import wordings
from service.vectors import Found

SHINGLE = 8  # consecutive words of an internal passage that count as quoting it
SHORTEST_QUOTE = 5  # words; an internal passage of fewer is too common to recognise
PROMPTED = 10  # consecutive words of a prompt: models say "the passages do not answer the newest customer message" by themselves

SENTENCE = re.compile(r"\S.*?(?:[.!?…。！？]+[\"'”’»)]*(?=\s+[^\s\W]|\s*$)|$)")
LIST_MARK = re.compile(r"\s*(?:[-*•]|\d{1,2}[.)])\s+")
_WORD = re.compile(r"[^\W_]+")


def without_internal(text: str, passages: Sequence[Found]) -> tuple[str, int]:
    """`text` without the sentences that quote an internal passage, and how many went. Public wording stays free."""
    quoted = _quotes(
        text,
        internal=[_words(found.passage.text) for found in passages if found.passage.audience != "public"],
        public=[_words(found.passage.text) for found in passages if found.passage.audience == "public"],
    )
    if not quoted:
        return text, 0
    kept, removed, start = [], 0, 0
    for line in text.split("\n"):
        mark = LIST_MARK.match(line)
        head = mark[0] if mark else ""
        sentences = [(s[0], start + s.start(), start + s.end()) for s in SENTENCE.finditer(line, len(head))]
        stay = [s for s, begin, end in sentences if not any(a < end and b > begin for a, b in quoted)]
        removed += len(sentences) - len(stay)
        if stay or not sentences:
            kept.append(head + " ".join(stay))
        start += len(line) + 1
    return tidy("\n".join(kept)), removed


def repeats_prompt(text: str) -> bool:
    """Whether `text` has PROMPTED words in a row of any of our prompts, however it parts or decorates them."""
    return not _prompted().isdisjoint(_shingles(_words(text), PROMPTED))


def sentences(text: str) -> list[str]:
    """The sentences and list items of a text, without bullets."""
    rows = (row[mark.end() :] if (mark := LIST_MARK.match(row)) else row for row in text.split("\n"))
    return [found[0].strip() for row in rows for found in SENTENCE.finditer(row)]


def tidy(text: str) -> str:
    """`text` without the gaps that removals leave."""
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ ]+$", "", text, flags=re.MULTILINE)).strip()


@cache
def _prompted() -> frozenset[tuple[str, ...]]:
    return frozenset(shingle for words in wordings() for shingle in _shingles(_words(words), PROMPTED))


def _quotes(text: str, *, internal: Sequence[list[str]], public: Sequence[list[str]]) -> list[tuple[int, int]]:
    """Where `text` repeats SHINGLE words of an internal passage (a shorter one: all of it) that no public one says."""
    at = list(_WORD.finditer(text))
    words = [word[0].casefold() for word in at]
    found = []
    for size in {min(SHINGLE, len(passage)) for passage in internal if len(passage) >= SHORTEST_QUOTE}:
        secret = {
            s for passage in internal if size == SHINGLE or len(passage) == size for s in _shingles(passage, size)
        }
        free = {s for passage in public for s in _shingles(passage, size)}
        found += [
            (at[i].start(), at[i + size - 1].end())
            for i, shingle in enumerate(_shingles(words, size))
            if shingle in secret and shingle not in free
        ]
    return found


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _shingles(words: Sequence[str], size: int) -> Iterable[tuple[str, ...]]:
    return (tuple(words[i : i + size]) for i in range(len(words) - size + 1))
