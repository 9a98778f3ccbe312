"""The step that says what a ticket is about: by the fast model, or by rules where there is none."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, get_args

from pydantic import ValidationError

from prompts.catalog import Prompt, render
from service.conversation import Conversation
from service.enclosure import enclosed, enclosed_line, fresh_mark
from service.errors import LLMRefusedError
from service.languages import GREETING_WORDS, NAMES, detect, name_of
from service.llm import Chat
from service.moods import Sentiment, Urgency, Wish, sentiment_of, urgency_of, wishes_of
from service.orders import speaks_to_a_machine, words_of
from service.plaintext import defang
from service.questions import questions, sentences
from service.repair import read_object, schema_of
from service.smalltalk import is_automatic, is_thanks_only
from service.tokens import estimate, fit
from service.triage.cues import heard
from service.triage.judged import Judged
from service.triage.signals import PERSON_ONLY
from service.triage.told import LEAST, NONE_SAID, Told
from service.vectors.words import UNSPACED_RUN, tokens

_ENOUGH_WORDS = 6  # of a message whose language is told by itself
_ANSWER_TOKENS = 500
_FRAME_TOKENS = 800  # the prompt around the ticket, without the categories
_MOST_CATEGORIES = 60
_NO_CATEGORIES: Mapping[str, str] = MappingProxyType({})
_SUMMARY_WORDS = 100
_PROBLEM_WORDS = 50
_QUERY_WORDS, _QUERY_CHARS = 200, 2_000
"""Of what is searched for. 60 words cost .015 nDCG@10 on TechQA (.845 against .860 by words alone), 80 still .009, 120 nothing."""

_GIST_WORDS = 60
_MODEL_QUERY_WORDS, _LONGEST_WORD = 40, 40  # asked for are 15 words
_RULES_PROBLEM_WORDS = 40

_PLACEHOLDER = re.compile(r"<[A-Z][A-Z_]*_?\d*>")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*[.,;:!?]?|\d{1,3}")
_DEAD_MARK = re.compile(r"\[(?:\.|:|at)\]")
_MARKUP = re.compile(r"</?[a-zA-Z!][^<>]{0,500}>|[<>{}\[\]`|=]+")
_GREETING = re.compile(rf"^{GREETING_WORDS.pattern}(?:,?\s+[^\s,!:.?]{{1,30}}){{0,3}}\s*(?:[,!:]\s*|$)", re.IGNORECASE)
_LEAD_IN = re.compile(
    r"^(?:and |please |also ){0,2}(?:(?:i|we)(?:['’]d| would) (?:like|love) to (?:know|ask)|i want(?:ed)? to (?:know|ask)|(?:could|can) you (?:please )?(?:tell|explain to) (?:me|us)"
    r"|(?:ich|wir) (?:möchten?|würden? gern[e]?|wollten?) (?:gern[e]? )?(?:wissen|fragen)|können sie mir (?:bitte )?sagen|(?:je|nous) (?:voudra\w+|souhait\w+|aimera\w+) savoir"
    r"|(?:quisiera|querría|me gustaría) saber|vorrei sapere|gostaria de saber|ik (?:wil|zou) graag (?:willen )?weten)[,:]?\s+(?:if|whether|ob|si|se|of)?\b\s*",
    re.IGNORECASE,
)
"""How a question is announced: none of its words are asked for."""
_SUBJECT_PREFIX = re.compile(
    r"^(?:\s*(?:re|aw|fwd?|wg|tr|rv|antw|res|enc|sv|vs|odp|回复|转发)\s*(?:\[\d+\])?\s*[::]\s*)+", re.IGNORECASE
)
_COURTESY = re.compile(
    r"^(?:i hope (?:this|you)\b.*|hope you.*|how are you.*|thank(?:s| you)\b.{0,60}|(?:vielen |besten |herzlichen )?dank\b.{0,60}"
    r"|danke\b.{0,40}|ich hoffe,? (?:es|ihnen).*|merci\b.{0,60}|j'espère que vous.*|gracias\b.{0,60}|espero que est.*|grazie\b.{0,60}"
    r"|spero che.*|obrigad[oa]\b.{0,60}|espero que esteja.*|bedankt\b.{0,60}|ik hoop dat.*|(?:kind |best )?regards.*"
    r"|mit freundlichen grüßen.*|cordialement.*|saludos.*|cordiali saluti.*)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Summary:
    """A ticket in at most 100 words, in the team's language (by rules: in the customer's own words)."""

    problem: str
    tried: tuple[str, ...] = ()
    open: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Analysis:
    """What a ticket is about. `asks` False: nothing to answer (thanks only, automatic mail)."""

    summary: Summary
    intent: str
    sentiment: Sentiment
    urgency: Urgency
    language: str  # of the newest message, primary subtag; "en" where nothing tells
    query: str  # what to search for, without placeholders: the customer's own words, too
    asks: bool = True
    wishes: tuple[Wish, ...] = ()
    gist: str = ""  # the same in short, where a summary serves better; empty: the query is
    writer: Literal["model", "rules"] = "rules"
    category: Judged[str] = NONE_SAID  # the next ones as the model says them, for triage; nothing by rules
    complexity: Judged[int] = LEAST
    stakes: Judged[int] = LEAST
    sentiment_words: tuple[str, ...] = ()
    wishes_words: tuple[str, ...] = ()
    tokens_in: int = 0
    tokens_out: int = 0
    mark: str = ""  # random, of its prompt: an answer that holds it repeats the prompt


async def analyse(
    conversation: Conversation, *, llm: Chat | None, team_language: str, categories: Mapping[str, str] = _NO_CATEGORIES
) -> Analysis:
    """Say what the ticket is about, with one call of the fast model; no model: by rules.

    categories: of the policy, with their titles; the model names one of them or none.

    A message that plainly needs no reply costs no call. Where the answer cannot be read, or the model refuses the text,
    the rules' analysis stands. Raises what `complete` does but LLMRefusedError.
    """
    ruled = await asyncio.to_thread(analyse_by_rules, conversation)
    if llm is None or not ruled.asks:
        return ruled
    mark = fresh_mark((conversation.subject, *(turn.text for turn in conversation.turns)))
    categories = dict(list(categories.items())[:_MOST_CATEGORIES])
    prompt = await asyncio.to_thread(
        _prompt, conversation, llm=llm, team_language=team_language, mark=mark, categories=categories
    )
    try:
        completion = await llm.complete(
            prompt.messages, model=llm.fast_model, schema=schema_of(Told), max_tokens=_ANSWER_TOKENS
        )
    except LLMRefusedError:
        return ruled
    answer = await asyncio.to_thread(_read, completion.text)
    spent = replace(ruled, tokens_in=completion.tokens_in, tokens_out=completion.tokens_out, mark=mark)
    return await asyncio.to_thread(_merged, spent, answer, conversation, categories) if answer else spent


def analyse_by_rules(conversation: Conversation) -> Analysis:
    """The same by word lists and patterns. CPU-bound: a few milliseconds, and half a second once for the first language."""
    newest = conversation.newest
    return Analysis(
        summary=Summary(problem=_problem(conversation)),
        intent="",
        sentiment=sentiment_of(newest),
        urgency=urgency_of(f"{conversation.subject}\n{newest}"),
        language=_language(conversation) or "en",
        query=_query(conversation),
        gist=_words(_query(conversation), _GIST_WORDS),
        asks=bool(conversation.hint)
        or not (is_automatic(conversation.subject, newest) or (bool(newest.strip()) and is_thanks_only(newest))),
        wishes=wishes_of(newest),
    )


def _prompt(
    conversation: Conversation, *, llm: Chat, team_language: str, mark: str, categories: Mapping[str, str]
) -> Prompt:
    listed = {name: title if title.casefold() != name.replace("_", " ") else "" for name, title in categories.items()}
    taken = _FRAME_TOKENS + estimate("; ".join(f"{name} ({title})" for name, title in listed.items()))
    budget = llm.settings.context_tokens - _ANSWER_TOKENS - taken
    fitted = fit(conversation, (), budget=budget)
    subject = enclosed_line(fitted.conversation.subject)
    turns = [replace(turn, text=enclosed(turn.text)) for turn in fitted.conversation.turns]
    return render(
        "analyse",
        team_language=name_of(team_language),
        categories=listed,
        fence=mark,
        subject=subject,
        turns=turns,
        skipped=fitted.skipped,
    )


def _read(text: str) -> Told | None:
    found = read_object(text, keys=Told.model_fields)
    try:
        return Told.model_validate(found) if found is not None else None
    except ValidationError:
        return None


def _merged(ruled: Analysis, answer: Told, conversation: Conversation, categories: Mapping[str, str]) -> Analysis:
    """The model's word, and the rules' where it said nothing; a wish that the words plainly state stands either way."""
    told = answer.language[:2].lower()
    named = _plain_query(answer.query, conversation)
    return replace(
        ruled,
        summary=_within(answer) if answer.problem else ruled.summary,
        intent=_words(answer.intent, 6),
        sentiment=answer.sentiment or ruled.sentiment,
        urgency=answer.urgency or ruled.urgency,
        language=_language(conversation) or (told if told in NAMES else ruled.language),
        # a model sums up, and loses the error codes that find the article: the customer's own words stay
        query=_searchable(f"{named} {ruled.query}"),
        gist=_words(_searchable(named), _GIST_WORDS) or ruled.gist,
        # a question, or what only a person may answer, is never met with silence, whatever the model says
        asks=answer.asks is not False
        or "?" in conversation.newest
        or bool(conversation.hint)
        or _for_a_person(ruled, conversation),
        wishes=tuple(wish for wish in get_args(Wish) if wish in answer.wishes or wish in ruled.wishes),
        writer="model",
        category=answer.judged(answer.category, answer.category_words) if answer.category in categories else NONE_SAID,
        complexity=answer.judged(answer.complexity) if answer.complexity else LEAST,
        stakes=answer.judged(answer.stakes, answer.stakes_words) if answer.stakes else LEAST,
        sentiment_words=(answer.sentiment_words,) if answer.sentiment_words and answer.sentiment else (),
        wishes_words=(answer.wishes_words,) if answer.wishes_words and answer.wishes else (),
    )


def _for_a_person(ruled: Analysis, conversation: Conversation) -> bool:
    """Whether the newest message plainly says something that only a person may answer."""
    found = heard(conversation.newest)
    return bool(ruled.wishes) or any(one.sure for name, one in found.items() if name in PERSON_ONLY)


def _within(answer: Told) -> Summary:
    """At most 100 words: the problem first, open questions before what was tried."""
    problem = _words(answer.problem, _PROBLEM_WORDS)
    left = _SUMMARY_WORDS - len(problem.split())
    kept: dict[str, list[str]] = {"open": [], "tried": []}
    for name, items in (("open", answer.open), ("tried", answer.tried)):
        for item in items[:4]:
            left -= len(item.split())
            if left < 0:
                break
            kept[name].append(item)
    return Summary(problem=problem, tried=tuple(kept["tried"]), open=tuple(kept["open"]))


def _plain_query(query: str, conversation: Conversation) -> str:
    """A model's query: words, and those codes that the customer wrote. It may obey a stranger, and what is searched for leaves us.

    Where anything the model read gives orders to a machine, or the query has no word of the ticket, nothing of it: the
    customer's own words are enough to search for.
    """
    read = [conversation.newest, conversation.subject, conversation.hint, *(turn.text for turn in conversation.turns)]
    asked = tokens(" ".join(words_of([query])), language=conversation.language)  # no "i" of an address
    said = tokens("\n".join(read), language=conversation.language)
    if asked.isdisjoint(said) or any(speaks_to_a_machine(one) for text in read for one in sentences(text)):
        return ""
    written = " ".join([*told(conversation.newest), conversation.subject, conversation.hint]).casefold()
    words = _searchable(query).split()[:_MODEL_QUERY_WORDS]
    return " ".join(word for word in words if _is_plain(word) or word.strip(".,;:!?").casefold() in written)


def _gives_orders(conversation: Conversation) -> bool:
    """Whether some of the newest message speaks to a machine. Then no code in all of it is taken for the customer's."""
    return any(map(speaks_to_a_machine, sentences(conversation.newest)))


def _is_plain(word: str) -> bool:
    return bool(UNSPACED_RUN.search(word)) or (len(word) <= _LONGEST_WORD and bool(_WORD.fullmatch(word)))


def _language(conversation: Conversation) -> str:
    """Language of the newest message; where it is too short, of what its author wrote before, then of the subject."""
    if conversation.language:
        return conversation.language
    earlier = " ".join(turn.text for turn in reversed(conversation.turns) if turn.who == "requester")
    newest = conversation.newest
    # four words are too few to tell Italian from a brand name: all that is there together says more
    return detect(newest if len(newest.split()) >= _ENOUGH_WORDS else f"{newest} {earlier} {conversation.subject}")


def _problem(conversation: Conversation) -> str:
    """What is asked; where nothing is, how the message begins."""
    said = told(conversation.newest)
    asked = questions(said)
    lead = said[:1] if sum(len(one.split()) for one in asked) < _ENOUGH_WORDS else []
    text = " ".join(dict.fromkeys([*lead, *asked] if asked else said[:2])) or _subject(conversation)
    return _words(text, _RULES_PROBLEM_WORDS)


def _query(conversation: Conversation) -> str:
    """What the newest message asks, then its subject and the rest, without greeting and courtesies, for the end is cut off.

    "yes, please" leans on earlier words.
    """
    said = told(conversation.newest)
    asked = questions(said)
    parts = [_LEAD_IN.sub("", one) for one in asked]
    parts += [_subject(conversation), *(one for one in said if one not in asked)]
    if sum(len(part.split()) for part in said) < 4 and len(conversation.turns) > 1:
        earlier = [turn.text for turn in conversation.turns if turn.who == "requester"][:-1]
        parts += told(earlier[-1])[:2] if earlier else []
    query = _searchable(" ".join([*parts, conversation.hint]))
    return " ".join(filter(_is_plain, query.split())) if _gives_orders(conversation) else query


def _subject(conversation: Conversation) -> str:
    return _SUBJECT_PREFIX.sub("", conversation.subject).strip()


def told(text: str) -> list[str]:
    """Sentences of a message that say something to people, the first without its greeting."""
    parts = [_GREETING.sub("", part) for part in sentences(text)]
    return [one for one in parts if one and not _COURTESY.match(one) and not speaks_to_a_machine(one)]


def _searchable(text: str) -> str:
    """Words of a text to search for: no placeholders, no markup, and of an address its words."""
    bare = _DEAD_MARK.sub(" ", defang(_PLACEHOLDER.sub(" ", text[: 10 * _QUERY_CHARS]), ()))
    return " ".join(_MARKUP.sub(" ", bare).split()[:_QUERY_WORDS])[:_QUERY_CHARS]


def _words(text: str, most: int) -> str:
    words = text.split()
    return " ".join(words[:most])[:600]
