"""Which sections of which article answer a question, by words alone."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from service.passages import codes_in, stems, telling
from service.quotations import SENTENCE_END, Block, Section, Tokens
from service.vectors import Passage

_MIN_PART = 0.3  # share of a question in a passage, by the words of those found
_MIN_PART_OF_SEVERAL = 0.45
_MIN_LINE, _MIN_LINE_OF_SHORT, _SHORT = 0.25, 0.66, 2
"""And in one sentence or item, with title and heading: words from all over an article are chance. Of short questions more."""
_MOST_WORDS = 150  # of one article
_MOST_WORDS_WITH_STEPS = 220  # steps are never cut
_LANGUAGE_WEIGHT = 1.6  # of a passage in the customer's language
_TITLE_WEIGHT = 0.5
_RANK_WEIGHT = 2.0
"""Of the order of retrieval for one question: it chose better than these words alone (83 % against 78 % of 120 questions of
StackFAQ). Of several questions it knows only the sum:"""
_RANK_WEIGHT_OF_PARTS = 0.5
_CODE_WEIGHT = 3.0  # of a passage that holds an error code or a model of the question, in whatever language
_HEADING_WEIGHT = 0.4  # of a heading of which every word is asked for: "Costs"
_SAID_WEIGHT = 0.5  # of the question by itself beside all that is told with it
_FIRST_WEIGHT = 0.2  # of what stands first in an article, where words do not tell
_LENGTH = 300  # words of a section at which its words count half: a long one holds many by chance
_SAME_KIND = 0.5  # of two headings
_MORE = 0.2  # share of a question that a further section must add


@dataclass(frozen=True, slots=True)
class Source:
    """A passage that may be quoted; `number` is its place among those found, from 1. `article`: words of all its found passages."""

    number: int
    passage: Passage
    sections: tuple[Section, ...]
    title: Tokens
    words: Tokens
    article: Tokens


@dataclass(frozen=True, slots=True)
class Weights:
    """What a word tells: the more, the fewer of the found passages hold it; `most`: one that none holds."""

    known: Mapping[int, float]
    most: float

    def of(self, words: Tokens) -> float:
        """Of all of them."""
        return sum(self.known.get(word, self.most) for word in words)

    def share(self, asked: Tokens, words: Tokens) -> float:
        """Share of the weight of `asked` that `words` hold, 0 to 1."""
        return self.of(asked & words) / (self.of(asked) or 1.0)


@dataclass(frozen=True, slots=True)
class Part:
    """One question of a message: as it stands there, and with what is needed to look for its answer."""

    said: str
    sought: str
    steps: bool  # whether it asks what to do


@dataclass(frozen=True, slots=True)
class Quote:
    """A section to quote, or what of it there is room for."""

    source: Source
    place: int
    section: Section


def weigh(sources: Sequence[Source]) -> Weights:
    """The weights of the words of these passages."""
    counts = Counter(word for source in sources for word in source.words)
    known = {word: math.log(1 + (len(sources) + 0.5) / (count + 0.5)) for word, count in counts.items()}
    return Weights(known, max(known.values(), default=1.0))


def _alike(question: str, heading: str) -> float:
    """How much two lines are the same, little words included, 0 to 1: "Where is my order?", "Where is my parcel?"."""
    first, second = (frozenset(re.findall(r"\w+", line.casefold())) for line in (question, heading))
    return len(first & second) / (len(first | second) or 1)


def best_source(
    part: Part, sources: Sequence[Source], language: str, *, weights: Weights, alone: bool
) -> Source | None:
    """The passage that speaks most of a question, one in the customer's language before others.

    alone: whether it is the only question of its message.
    """
    best, best_score = None, 0.0
    read = {one: _words(part, one or language) for one in {source.passage.language for source in sources}}
    for place, source in enumerate(sources):
        asked, said, codes = read[source.passage.language]
        share = weights.share(asked, source.words)
        named = (source.passage.title, *(section.heading for section in source.sections))
        score = share + _TITLE_WEIGHT * weights.share(asked, source.title)
        score += max(_alike(part.said, name) for name in named)
        rank = 1 - place / len(sources)
        if alone:
            score += _RANK_WEIGHT * rank
            enough = max(share, weights.share(said, source.words)) >= _MIN_PART
        else:
            score += _RANK_WEIGHT_OF_PARTS * rank
            enough = _speaks(source, said if len(said) > 1 else asked, weights)
        if source.passage.language in ("", language):
            score *= _LANGUAGE_WEIGHT
        if codes & source.words:
            score, enough = score + _CODE_WEIGHT, True
        if source.sections and enough and score > best_score:
            best, best_score = source, score
    return best


def _words(part: Part, language: str) -> tuple[Tokens, Tokens, Tokens]:
    """The words of a question with what is told around it, those of the question by itself, and the codes among them."""
    return (
        telling(part.sought, language=language),
        telling(part.said, language=language),
        codes_in(part.sought, language=language),
    )


def _speaks(source: Source, asked: Tokens, weights: Weights) -> bool:
    """Whether an article holds enough of one of several questions, and the passage a good deal of it in one sentence."""
    if weights.share(asked, source.article) < _MIN_PART_OF_SEVERAL:
        return False
    language = source.passage.language
    lines = (
        section.named | source.title | stems(line, language=language)
        for section in source.sections
        for line in section.lines
    )
    least = _MIN_LINE if len(asked) > _SHORT else _MIN_LINE_OF_SHORT
    return any(weights.share(asked, line) > least for line in lines)


def sections_for(part: Part, best: Source, article: Sequence[Source], weights: Weights) -> list[Quote]:
    """The sections of the article to quote: the one that answers, then those that add to it while there is room."""
    language = best.passage.language
    every = [Quote(source, place, section) for source in article for place, section in enumerate(source.sections)]
    held = frozenset[int]().union(*(quote.section.words for quote in every))
    asked, said = (telling(text, language=language) & held for text in (part.sought, part.said))

    beside = (asked - best.title, said - best.title)  # the title's words are everywhere: the others tell sections apart

    def score(quote: Quote) -> float:
        section = quote.section
        spoken = weights.share(beside[0], section.words) + _SAID_WEIGHT * weights.share(beside[1], section.words)
        named = section.named <= asked and len(section.named) == len(section.heading.split()) > 0
        first = _FIRST_WEIGHT / (1 + quote.place)
        return (spoken + _HEADING_WEIGHT * named + first) / (1 + section.size / _LENGTH)

    ranked = sorted(every, key=lambda quote: (-score(quote), quote.source is not best, quote.place))
    chosen = ranked[:1]
    if part.steps and not chosen[0].section.steps:
        chosen += [quote for quote in ranked if quote.section.steps][:1]
    if beside[1] and not any(beside[1] & quote.section.words for quote in chosen):  # beside the question so far
        answer = max(ranked, key=lambda quote: weights.share(beside[1], quote.section.words))
        chosen += [answer] if _fits(chosen, answer) else []
    left = beside[0].difference(*(quote.section.words for quote in chosen))
    for quote in ranked[1:]:
        gain = weights.of(left & quote.section.words) / (weights.of(beside[0]) or 1.0)
        if quote not in chosen and gain >= _MORE and _fits(chosen, quote):
            chosen.append(quote)
            left -= quote.section.words
    if part.steps:
        led = _led_up(chosen, every)
        chosen += led if _size([*chosen, *led]) <= _MOST_WORDS_WITH_STEPS else []
    chosen += [quote for quote in _cases(chosen[0], every) if quote not in chosen and _fits(chosen, quote)]
    for quote in list(chosen):
        after = every.index(quote) + 1
        if quote.section.points_on and after < len(every) and every[after] not in chosen:
            chosen.append(every[after])
    most = _MOST_WORDS_WITH_STEPS if len(chosen) > 1 or chosen[0].section.steps else _MOST_WORDS
    return [_fitted(quote, asked, weights, most=most) for quote in chosen]


def _led_up(chosen: Sequence[Quote], every: Sequence[Quote]) -> list[Quote]:
    """What stands between a section that is quoted and the steps below it; before steps alone, the section above."""
    places = sorted(every.index(quote) for quote in chosen)
    steps = max((place for place in places if every[place].section.steps), default=0)
    return [every[place] for place in range(min(places[0], max(steps - 1, 0)), steps) if place not in places]


def _cases(best: Quote, every: Sequence[Quote]) -> list[Quote]:
    """The other cases of what a section tells: "Within 60 minutes" and "After 60 minutes". Words cannot tell which holds."""
    return [quote for quote in every if _alike(best.section.heading, quote.section.heading) >= _SAME_KIND]


def _fits(quotes: Sequence[Quote], more: Quote) -> bool:
    return _size([*quotes, more]) <= _MOST_WORDS


def _size(quotes: Iterable[Quote]) -> int:
    return sum(quote.section.size for quote in quotes)


def _fitted(quote: Quote, asked: Tokens, weights: Weights, *, most: int) -> Quote:
    """A section that is too long, reduced to the blocks around the one that speaks most of the question."""
    section = quote.section
    if section.size <= most:
        return quote
    blocks = list(section.blocks)
    start = max(range(len(blocks)), key=lambda place: (weights.share(asked, blocks[place].words), -place))
    while start and blocks[start].leans:
        start -= 1
    kept = [blocks[start]]
    for block in blocks[start + 1 :]:
        if sum(one.size for one in (*kept, block)) > most:
            break
        kept.append(block)
    while start and sum(one.size for one in (*kept, blocks[start - 1])) <= most:  # what leads up to it
        start -= 1
        kept.insert(0, blocks[start])
    if kept[0].size > most and not kept[0].steps:
        kept = [_shortened(kept[0], asked, weights, language=quote.source.passage.language)]
    return replace(quote, section=replace(section, blocks=tuple(kept)))


def _shortened(block: Block, asked: Tokens, weights: Weights, *, language: str) -> Block:
    """The sentences (of a list: the lines) of a long block from the best one on, or from the one that it leans on."""
    listed = "\n" in block.text
    parts = block.text.split("\n") if listed else SENTENCE_END.split(block.text)
    units = [Block(text.strip(), stems(text, language=language)) for text in parts if text.strip()]
    start = max(range(len(units)), key=lambda place: (weights.share(asked, units[place].words), -place))
    while start and units[start].leans:
        start -= 1
    kept, size = [units[start].text], units[start].size
    for unit in units[start + 1 :]:
        size += unit.size
        if size > _MOST_WORDS:
            break
        kept.append(unit.text)
    return Block(("\n" if listed else " ").join(kept), block.words)
