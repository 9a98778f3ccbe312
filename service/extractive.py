"""The writer without a model: quotes the parts of the articles that speak of the question, and says that it does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from service.analysis import Analysis, told
from service.conversation import Conversation
from service.drafting import Citation, Draft
from service.languages import greeting
from service.moods import Missing, missing_in
from service.packet_words import packet_words
from service.passages import Retrieval, stems, telling
from service.plaintext import clip
from service.questions import apart, head_and_tail, questions
from service.quotations import Tokens, sections
from service.replies import language_name, to_customer, to_team
from service.selection import Part, Quote, Source, best_source, sections_for, weigh
from service.vectors import Found

_LEAST_OF_SENSITIVE = 0.8  # personal data, press: a quotation that is beside the point does harm
_MOST_PARTS = 4
_MOST_ASKED, _ASKED_CHARS = 12, 1_000  # that are looked at: nobody asks more
_FEW = 5  # words of a question that needs the sentence before it to be understood
_FEWEST_TELLING = 2  # words of a message about an order: "Where is my order?" is answered by no article
_QUESTION_CHARS = 110

_HOW = re.compile(
    r"\b(?:how (?:do|can|could|should|to|is|does)|what (?:can|should|must|do) (?:i|we)|what (?:now|to do)|wie (?!lange|viel|oft|teuer|hoch|groß|alt)"
    r"|was (?:kann|soll|muss|tun)|comment|que (?:faire|dois)|cómo|qué (?:hago|debo|puedo)|come (?:si|posso|faccio)|cosa (?:devo|posso|fare)"
    r"|como (?:posso|faço)|o que (?:devo|posso|fazer)|hoe (?!lang|veel|vaak)|wat (?:moet|kan) ik)\b",
    re.IGNORECASE,
)


def quote_passages(
    conversation: Conversation, analysis: Analysis, retrieval: Retrieval, *, team_language: str, abstain_below: float
) -> Draft:
    """Quote what the articles say to each question of the newest message. CPU-bound: a few milliseconds.

    Only public articles and macros are quoted: an internal passage never, a solved ticket never (it is another person's).
    A question that nothing speaks of becomes a check. Uncovered, with a question to the customer, where that is all of them, and
    where the confidence that the passages answer is below `abstain_below`.
    """
    newest = head_and_tail(conversation.newest)
    missing = missing_in(newest, subject=conversation.subject)
    sources = _sources(retrieval.found)
    least = max(abstain_below, _LEAST_OF_SENSITIVE) if missing == "person" else abstain_below
    vague = missing == "order" and len(telling(newest, language=analysis.language)) < _FEWEST_TELLING
    if not sources or retrieval.confidence < least or vague:
        return _ask(conversation, analysis, team_language, missing=missing)
    weights = weigh(sources)
    parts = _parts(conversation, analysis, fault=missing == "fault")
    quotes: list[Quote] = []
    unanswered: list[str] = []
    for part in parts:
        best = best_source(part, sources, analysis.language, weights=weights, alone=len(parts) == 1)
        if best is None:
            unanswered.append(part.said)
            continue
        name = (best.passage.article, best.passage.language)
        article = [one for one in sources if (one.passage.article, one.passage.language) == name]
        quotes = _merged(quotes, sections_for(part, best, article, weights))
    if not quotes:
        return _ask(conversation, analysis, team_language, missing=missing)
    letter = _letter(analysis, quotes, unanswered, author=conversation.author, team_language=team_language)
    return replace(letter, certainty=retrieval.confidence)


def ask_instead(draft: Draft, conversation: Conversation, analysis: Analysis, *, team_language: str) -> Draft:
    """A question to the customer in place of a model's draft that is too unsure; what it cost stays counted."""
    missing = missing_in(head_and_tail(conversation.newest), subject=conversation.subject)
    asked = _ask(conversation, analysis, team_language, missing=missing)
    withheld = replace(draft, text=asked.text, language=asked.language, covered=False, citations=(), gloss=asked.gloss)
    return replace(withheld, checks=asked.checks, reason=to_team(team_language).unsure)


def _letter(
    analysis: Analysis, quotes: Sequence[Quote], unanswered: Sequence[str], *, author: str, team_language: str
) -> Draft:
    words, (said, language) = to_team(team_language), to_customer(analysis.language)
    names = {code: language_name(code, team_language=team_language) for code in (analysis.language, language)}
    passages = list({quote.source.number: quote.source.passage for quote in quotes}.values())
    checks = [words.unanswered.format(question=clip(question, limit=_QUESTION_CHARS)) for question in unanswered]
    foreign = sorted({passage.language for passage in passages} - {"", analysis.language})
    if foreign:
        articles = ", ".join(language_name(one, team_language=team_language) for one in foreign)
        checks.append(words.foreign.format(article=articles, customer=names[analysis.language]))
    elif language != analysis.language:
        checks.append(words.frame.format(frame=names[language], customer=names[analysis.language]))
    return Draft(
        text="\n\n".join([greeting(language, author=author), said.lead_in, *(quote.section.text for quote in quotes)]),
        language=language,
        covered=True,
        citations=tuple(Citation(number) for number in dict.fromkeys(quote.source.number for quote in quotes)),
        checks=tuple(checks),
        reason=words.quoted,
        gloss=_gloss(quotes, team_language) if {analysis.language, language} != {team_language} else "",
        writer="extractive",
    )


def _gloss(quotes: Sequence[Quote], team_language: str) -> str:
    """Title, language and headings of what is quoted."""
    headings: dict[str, list[str]] = {}
    for quote in quotes:
        passage = quote.source.passage
        name = [language_name(passage.language, team_language=team_language)] if passage.language else []
        headings.setdefault(passage.title, name)
        if quote.section.heading:
            headings[passage.title].append(quote.section.heading)
    quoted = {title: packet_words(team_language).quoted.format(words=title) for title in headings}
    titles = ", ".join(
        f"{quoted[title]} ({'; '.join(known)})" if known else quoted[title] for title, known in headings.items()
    )
    return to_team(team_language).gloss_quote.format(titles=titles)


def _ask(conversation: Conversation, analysis: Analysis, team_language: str, *, missing: Missing) -> Draft:
    """A clarifying question instead of a guess; a receipt where a question would be out of place."""
    said, language = to_customer(analysis.language)
    words = to_team(team_language)
    checks = []
    if language != analysis.language:
        names = [language_name(code, team_language=team_language) for code in (language, analysis.language)]
        checks = [words.frame.format(frame=names[0], customer=names[1])]
    return Draft(
        text=f"{greeting(language, author=conversation.author)}\n\n{said.asked[missing]}",
        language=language,
        covered=False,
        checks=tuple(checks),
        reason=words.not_found_of.get(missing, words.not_found),
        gloss=words.gloss_asked[missing] if language != team_language else "",
        writer="extractive",
    )


def _sources(found: Sequence[Found]) -> list[Source]:
    """What may be quoted, with its words."""
    first = {one.passage.article: one.passage.breadcrumb for one in found if not one.passage.position}
    made = []
    for number, one in enumerate(found, start=1):
        passage = one.passage
        if passage.audience != "public" or passage.pool not in ("article", "macro"):
            continue
        # a later passage stands under its heading, the last of its path, unless the article has none
        below = passage.position > 0 and passage.breadcrumb != first.get(passage.article)
        heading = passage.breadcrumb.rpartition("›")[2].strip() if below else ""
        parts = tuple(sections(passage, heading=heading))
        title = stems(f"{passage.title} {passage.breadcrumb}", language=passage.language)
        words = title.union(*(part.words for part in parts))
        made.append(Source(number, passage, parts, title, words, article=words))
    words_of: dict[str, Tokens] = {}
    for source in made:
        words_of[source.passage.article] = words_of.get(source.passage.article, frozenset()) | source.words
    return [replace(source, article=words_of[source.passage.article]) for source in made]


def _parts(conversation: Conversation, analysis: Analysis, *, fault: bool) -> list[Part]:
    """The questions of the newest message where it asks several; else all that it searches for."""
    language = analysis.language
    said = told(conversation.newest)
    whole = questions(said)
    asked = [one[:_ASKED_CHARS] for one in apart(whole[:_MOST_ASKED]) if telling(one, language=language)]
    if len(asked) < 2:  # it is the whole message
        steps = any(_HOW.search(one) for one in whole) or (fault and not whole)
        return [Part(" ".join(asked), analysis.query, steps)]
    parts = []
    for question in asked[:_MOST_PARTS]:
        sought = question
        if len(telling(question, language=language)) < _FEW:
            place = next(number for number, one in enumerate(said) if question in one)
            before = [one for one in said[:place] if one not in whole][-1:]
            sought = " ".join([question, *before, conversation.subject])
        parts.append(Part(question, sought, bool(_HOW.search(question))))
    return parts


def _merged(first: Sequence[Quote], second: Sequence[Quote]) -> list[Quote]:
    """Quotes of each article together, in the order of the article; the articles in the order of the questions."""
    quotes = list({(quote.source.number, quote.place): quote for quote in (*second, *first)}.values())
    articles = list(dict.fromkeys(quote.source.passage.article for quote in (*first, *second)))
    return sorted(
        quotes,
        key=lambda quote: (articles.index(quote.source.passage.article), quote.source.passage.position, quote.place),
    )
