"""The writer without a model: quotes the sentences of the articles that speak of the question, and says that it does."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from service.analysis import Analysis
from service.conversation import Conversation
from service.drafting import Citation, Draft
from service.languages import greeting
from service.passages import Retrieval
from service.replies import language_name, to_customer, to_team
from service.vectors import Found, Passage
from service.vectors.words import tokens

MIN_COVERAGE = 0.4
"""Of the question's weight in the best article; below it the draft asks instead of quoting. On StackFAQ and TechQA 0.4 keeps
74 to 80 % of the answerable questions and stops 40 to 55 % of those whose article was taken away: the note says "quoted, read
before sending" because this is all that words can tell."""

_MIN_PART = 0.3  # the same for one of several questions, by the passages' own words
_MOST_PARTS = 3
_MOST_UNITS = 3  # sentences or lists of one article
_MOST_WORDS = 130  # of one article
_NEAR_BEST = 0.6  # a sentence is quoted with the best one when it scores this share of it
_LANGUAGE_WEIGHT = 1.6  # of a passage in the customer's language
_TITLE_WEIGHT = 0.5
_RANK_WEIGHT = 2.0
"""Of the order of retrieval for one question: it chose better than these words alone (83 % against 78 % of 120 questions of
StackFAQ). Of several questions it knows only the sum:"""
_RANK_WEIGHT_OF_PARTS = 0.5

_LIST_ITEM = re.compile(r"\s*(?:[-*•]|\d{1,2}[.)]|[a-z]\))\s+\S")
_STEPS = re.compile(r"(?:[^\n]*[:：]\n)?\s*1[.)]\s")
_HOW = re.compile(r"\b(?:how|wie|comment|cómo|come|como|hoe)\b", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’»)]*\s+(?=[^a-zà-ÿ\s])|(?<=[。！？])")
_HEADING = re.compile(r"#{1,6}\s|\|")

Tokens = frozenset[int]


@dataclass(frozen=True, slots=True)
class _Unit:
    """What is quoted whole: a sentence, or a list with the line that leads into it."""

    text: str
    place: int
    paragraph: int
    words: Tokens


@dataclass(frozen=True, slots=True)
class _Source:
    """A passage that may be quoted; `number` is its place among those found, from 1."""

    number: int
    passage: Passage
    units: tuple[_Unit, ...]
    title: Tokens
    words: Tokens


def quote_passages(
    conversation: Conversation, analysis: Analysis, retrieval: Retrieval, *, team_language: str
) -> Draft:
    """Quote what the articles say to each question of the newest message. CPU-bound: a few milliseconds.

    Only public articles and macros are quoted: an internal passage never, a solved ticket never (it is another person's).
    Uncovered, with a question to the customer, where too little of the question is spoken of.
    """
    sources = [_source(number, found) for number, found in enumerate(retrieval.found, start=1) if _quotable(found)]
    if not sources or retrieval.coverage < MIN_COVERAGE:
        return _ask(conversation, analysis, team_language)
    rarity = _rarity(sources)
    quotes: dict[int, list[_Unit]] = {}
    parts = _parts(conversation, analysis)
    for part in parts:
        rank_weight = _RANK_WEIGHT if len(parts) == 1 else _RANK_WEIGHT_OF_PARTS
        best = _best_source(part, sources, analysis.language, rarity=rarity, rank_weight=rank_weight)
        if best is not None:
            quotes[best.number] = _merged(quotes.get(best.number, []), _best_units(part, best, rarity))
            if _HOW.search(part) and not _steps(best) and (other := _with_steps(best.passage.article, sources)):
                quotes.setdefault(other.number, [unit for unit in [_steps(other)] if unit])
    quoted = {source.number: source for source in sources if source.number in quotes}
    if not quoted:
        return _ask(conversation, analysis, team_language)
    return _letter(conversation, analysis, [(quoted[n], units) for n, units in quotes.items()], team_language)


def _letter(
    conversation: Conversation, analysis: Analysis, quotes: Sequence[tuple[_Source, list[_Unit]]], team_language: str
) -> Draft:
    words, (said, _) = to_team(team_language), to_customer(analysis.language)
    body = [greeting(analysis.language, author=conversation.author), said.lead_in]
    body += [_text(units) for _, units in quotes]
    foreign = {source.passage.language for source, _ in quotes} - {"", analysis.language}
    titles = dict.fromkeys(source.passage.title for source, _ in quotes)
    return Draft(
        text="\n\n".join(body),
        language=analysis.language,
        covered=True,
        citations=tuple(Citation(source.number) for source, _ in quotes),
        checks=tuple(
            words.foreign.format(
                article=language_name(one, team_language=team_language),
                customer=language_name(analysis.language, team_language=team_language),
            )
            for one in sorted(foreign)
        ),
        reason=words.quoted,
        gloss=words.gloss_quote.format(titles=", ".join(titles)) if analysis.language != team_language else "",
        writer="extractive",
    )


def _ask(conversation: Conversation, analysis: Analysis, team_language: str) -> Draft:
    """A clarifying question instead of a guess."""
    said, language = to_customer(analysis.language)
    words = to_team(team_language)
    return Draft(
        text=f"{greeting(language, author=conversation.author)}\n\n{said.question}",
        language=language,
        covered=False,
        reason=words.not_found,
        gloss=words.gloss_question if language != team_language else "",
        writer="extractive",
    )


def _quotable(found: Found) -> bool:
    return found.passage.audience == "public" and found.passage.pool in ("article", "macro")


def _source(number: int, found: Found) -> _Source:
    passage = found.passage
    units = tuple(_units(passage.text, language=passage.language))
    title = tokens(f"{passage.title} {passage.breadcrumb}", language=passage.language)
    return _Source(number, passage, units, title, title.union(*(unit.words for unit in units)))


def _units(text: str, *, language: str) -> list[_Unit]:
    """Sentences and whole lists, in their order. Headings and tables are not quoted."""
    pieces: list[tuple[str, int]] = []
    in_list, paragraph = False, 0
    for row in text.split("\n"):
        if not row.strip():
            paragraph += not in_list
        elif _LIST_ITEM.match(row):
            if pieces and (in_list or pieces[-1][0].rstrip().endswith((":", "："))):
                pieces[-1] = (f"{pieces[-1][0]}\n{row.strip()}", pieces[-1][1])
            else:
                paragraph += 1
                pieces.append((row.strip(), paragraph))
            in_list = True
        elif in_list and row[:1].isspace():  # goes on with the item above
            pieces[-1] = (f"{pieces[-1][0]} {row.strip()}", pieces[-1][1])
        elif not _HEADING.match(row):
            paragraph += in_list
            in_list = False
            pieces += [(part.strip(), paragraph) for part in _SENTENCE_END.split(row) if part.strip()]
    return [
        _Unit(text=piece, place=place, paragraph=number, words=tokens(piece, language=language))
        for place, (piece, number) in enumerate(pieces)
    ]


def _parts(conversation: Conversation, analysis: Analysis) -> list[str]:
    """The questions of the newest message where it asks several; else all that it searches for."""
    sentences = re.split(r"(?<=[.!?])\s+|(?<=[。！？])|\n+", conversation.newest[:5_000])
    asked = [
        s.strip()
        for s in sentences
        if s.rstrip().endswith(("?", "？")) and len(tokens(s, language=analysis.language)) > 1
    ]
    if len(asked) > 1:
        return [
            f"{question} {conversation.subject}" if len(question.split()) < 4 else question
            for question in asked[:_MOST_PARTS]
        ]
    return [f"{analysis.query} {' '.join(asked)}"]


def _rarity(sources: Sequence[_Source]) -> dict[int, float]:
    """Weight of a word: the fewer of the found passages hold it, the more it tells."""
    counts = Counter(word for source in sources for word in source.words)
    return {word: math.log(1 + (len(sources) + 0.5) / (count + 0.5)) for word, count in counts.items()}


def _weight(words: Tokens, rarity: dict[int, float], *, most: float) -> float:
    return sum(rarity.get(word, most) for word in words)


def _share(part: Tokens, words: Tokens, rarity: dict[int, float]) -> float:
    """Share of the weight of `part` that `words` holds, 0 to 1. A word which no passage holds weighs most."""
    most = max(rarity.values(), default=1.0)
    return _weight(part & words, rarity, most=most) / (_weight(part, rarity, most=most) or 1.0)


def _best_source(
    part: str, sources: Sequence[_Source], language: str, *, rarity: dict[int, float], rank_weight: float
) -> _Source | None:
    """The passage that speaks most of a question, one in the customer's language before others."""
    best, best_score = None, 0.0
    for place, source in enumerate(sources):
        asked = tokens(part, language=source.passage.language or language)
        share = _share(asked, source.words, rarity)
        score = share + _TITLE_WEIGHT * _share(asked, source.title, rarity) + rank_weight * (1 - place / len(sources))
        if source.passage.language in ("", language):
            score *= _LANGUAGE_WEIGHT
        if source.units and share >= _MIN_PART and score > best_score:
            best, best_score = source, score
    return best


def _best_units(part: str, source: _Source, rarity: dict[int, float]) -> list[_Unit]:
    """The sentences to quote: those near the best, in the article's order, within the limit of words."""
    asked = tokens(part, language=source.passage.language)
    # a heading that says what is asked speaks for all that stands below it, most for what stands first
    heading = _share(asked, source.title, rarity)
    scored = sorted(
        ((_share(asked, unit.words, rarity) + 0.3 * heading / (1 + unit.place), unit) for unit in source.units),
        key=lambda pair: (-pair[0], pair[1].place),
    )
    chosen: list[_Unit] = []
    for score, unit in scored[:_MOST_UNITS]:
        words = sum(len(one.text.split()) for one in (*chosen, unit))
        if not chosen or (score >= _NEAR_BEST * scored[0][0] and words <= _MOST_WORDS):
            chosen.append(unit)
    steps = _steps(source)
    if steps and _HOW.search(part) and steps not in chosen:  # who asks how wants the steps, whatever they speak of
        chosen.append(steps)
    if len(chosen) == 1 and "\n" not in chosen[0].text:  # one sentence alone rarely answers: the next belongs to it
        after = [unit for unit in source.units if unit.place == chosen[0].place + 1]
        chosen += [unit for unit in after if unit.paragraph == chosen[0].paragraph or "\n" in unit.text]
    return sorted(chosen, key=lambda unit: unit.place)


def _steps(source: _Source) -> _Unit | None:
    """The first numbered list of a passage."""
    return next((unit for unit in source.units if _STEPS.match(unit.text)), None)


def _with_steps(article: str, sources: Sequence[_Source]) -> _Source | None:
    """Another passage of the same article that tells what to do, step by step."""
    return next((source for source in sources if source.passage.article == article and _steps(source)), None)


def _merged(first: list[_Unit], second: list[_Unit]) -> list[_Unit]:
    return sorted({unit.place: unit for unit in (*first, *second)}.values(), key=lambda unit: unit.place)


def _text(units: Sequence[_Unit]) -> str:
    """Units as they stood: sentences of one paragraph together, lists apart."""
    text, before = "", None
    for unit in units:
        together = before is not None and before.paragraph == unit.paragraph and "\n" not in before.text + unit.text
        text += unit.text if before is None else f" {unit.text}" if together else f"\n\n{unit.text}"
        before = unit
    return text
