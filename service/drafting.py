"""The step that writes the reply an agent may send: one call of the main model, and everything it forgets, by code."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from prompts.catalog import Prompt, render
from service.analysis import Analysis
from service.cautions import Fault
from service.conversation import Conversation
from service.enclosure import enclosed, enclosed_line, fresh_mark
from service.errors import LLMRefusedError
from service.groups import BrandSettings
from service.languages import detect, name_of
from service.letters import (
    fill_ins,
    numbers,
    tidy,
    with_greeting,
    without_greeting,
    without_marks,
    without_seen,
    without_sign_off,
)
from service.llm import Chat, Completion
from service.phrases import phrases
from service.repair import line, lines, read_object, schema_of, storable
from service.replies import language_name, to_team
from service.tokens import Fitted, fit
from service.vectors import Found
from service.vectors.words import tokens

_FRAME_TOKENS = 800  # the prompt around ticket and passages
_REPLY_NAMES = ("reply", "draft", "text", "message", "answer", "body", "response")
_MOST_CHECKS = 4
_REPLY_CHARS = 32_000  # four times what a note shows of it; a model that repeats one word without end writes more
_ENOUGH_SHARED = 0.5  # of a draft's words in a passage which the model used without naming it
_GAP = "…"  # where a macro's placeholder stood
_TRUE = frozenset({"true", "yes", "1", "ja", "oui", "sí", "si", "sim"})


@dataclass(frozen=True, slots=True)
class Citation:
    """What stands behind a draft. `number`: 1-based, of the passages given."""

    number: int
    supports: str = ""  # in the team's language


@dataclass(frozen=True, slots=True)
class Draft:
    """A proposed reply. `text` is masked plain text: greeting first, no sign-off, "" where there is none.

    covered False: the passages do not answer; the text is then a clarifying question, an acknowledgement or nothing.
    """

    text: str
    language: str
    covered: bool
    citations: tuple[Citation, ...] = ()
    checks: tuple[str, ...] = ()  # what only a person can check, in the team's language
    reason: str = ""  # one line, team's language
    gloss: str = ""  # one line in the team's language of what the draft says; "" in the same language
    writer: Literal["model", "extractive", "approved"] = "model"  # the last: a text of the team's policy, verbatim
    model: str = ""
    prompt_version: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    dropped_citations: int = 0  # of passages that were not given
    matched: bool = False  # the model named none: its citations were matched by their words
    certainty: float = 0.0  # 0 to 1, that the passages answer; see service/certainty.py
    mark: str = ""  # random, of its prompt: an answer that holds it repeats the prompt
    withheld: Fault | None = None  # why a text was written and is not shown


def _citations(value: object) -> tuple[Citation, ...]:
    """Citations in any of the forms models use: [1], ["[1]"], "1, 2", [{"number": "1"}], {"1": "the days"}."""
    if isinstance(value, dict) and not {"number", "source", "passage", "id"} & value.keys():
        return tuple(
            Citation(int(key), line(said))
            for key, said in value.items()
            if str(key).strip("[]() ").isdecimal()
            for key in [str(key).strip("[]() ")]
        )
    found: list[Citation] = []
    for item in value if isinstance(value, list | tuple) else [value]:
        if isinstance(item, dict):
            named = next((item[key] for key in ("number", "source", "passage", "id", "index") if key in item), None)
            said = line(item.get("supports") or item.get("text") or item.get("claim") or "")
            found += [Citation(number, said) for number in _integers(named)]
        else:
            found += [Citation(number) for number in _integers(item)]
    first: dict[int, Citation] = {}
    for citation in found:
        first.setdefault(citation.number, citation)
    return tuple(first.values())


def _integers(value: object) -> list[int]:
    return [int(number) for number in re.findall(r"\d{1,3}", line(value))]


def _flag(value: object) -> bool | None:
    if isinstance(value, bool) or value is None:
        return value
    return str(value).strip().lower() in _TRUE


class _Answer(BaseModel):
    """What the model is asked for. Every field but the reply may be missing or odd."""

    model_config = ConfigDict(title="draft", extra="ignore", populate_by_name=True)

    reply: Annotated[
        str,
        BeforeValidator(
            lambda said: (storable(said) if isinstance(said, str) else "\n\n".join(lines(said)))[:_REPLY_CHARS]
        ),
    ] = Field("", validation_alias=AliasChoices(*_REPLY_NAMES))
    covered: Annotated[bool | None, BeforeValidator(_flag)] = None
    citations: Annotated[tuple[Citation, ...], BeforeValidator(_citations)] = ()
    checks: Annotated[tuple[str, ...], BeforeValidator(lines)] = ()
    reason: Annotated[str, BeforeValidator(line)] = ""
    gloss: Annotated[str, BeforeValidator(line)] = ""


async def write_draft(
    conversation: Conversation,
    analysis: Analysis,
    passages: Sequence[Found],
    *,
    llm: Chat,
    brand: BrandSettings,
    team_language: str,
    model: str = "",
) -> Draft:
    """Write the reply with one call of the main model, or of `model`; citations are of `passages` by number, which nothing renumbers.

    An answer that cannot be read, or a text that the model refuses, gives an empty uncovered draft that says so.
    Raises LLMUnavailableError, LLMMisconfiguredError.
    """
    texts = (conversation.subject, conversation.hint, *(turn.text for turn in conversation.turns))
    mark = fresh_mark((*texts, *_texts(passages)))
    prompt, fitted = await asyncio.to_thread(
        _prompt, conversation, analysis, passages, llm=llm, brand=brand, team_language=team_language, mark=mark
    )
    model = model or llm.model
    empty = Draft("", analysis.language, covered=False, model=model, prompt_version=prompt.version, mark=mark)
    try:
        completion = await llm.complete(
            prompt.messages, model=model, schema=schema_of(_Answer), max_tokens=llm.settings.max_output_tokens
        )
    except LLMRefusedError:
        return replace(empty, reason=to_team(team_language).refused)
    empty = replace(empty, model=completion.model, tokens_in=completion.tokens_in, tokens_out=completion.tokens_out)
    return await asyncio.to_thread(
        _finished, completion, empty, conversation, analysis, fitted=fitted, team_language=team_language
    )


def _prompt(
    conversation: Conversation,
    analysis: Analysis,
    passages: Sequence[Found],
    *,
    llm: Chat,
    brand: BrandSettings,
    team_language: str,
    mark: str,
) -> tuple[Prompt, Fitted]:
    budget = llm.settings.context_tokens - llm.settings.max_output_tokens - _FRAME_TOKENS
    fitted = fit(conversation, passages, budget=max(budget, llm.settings.context_tokens // 3))
    subject, hint = enclosed_line(fitted.conversation.subject), enclosed_line(conversation.hint)
    turns = [replace(turn, text=enclosed(turn.text)) for turn in fitted.conversation.turns]
    given = [_enclosed(found) for found in fitted.passages]
    prompt = render(
        "draft",
        brand=brand.name,
        tone=brand.tone,
        guidance=brand.guidance,
        language=name_of(analysis.language),
        author=conversation.author,
        gloss=analysis.language != team_language,
        team_language=name_of(team_language),
        fence=mark,
        passages=given,
        subject=subject,
        turns=turns,
        skipped=fitted.skipped,
        unread=conversation.unread,
        hint=hint,
    )
    return prompt, fitted


def _enclosed(found: Found) -> Found:
    """A passage as the prompt holds it: the index may hold what an author, or a pushed page, hid in it."""
    passage = found.passage
    title, breadcrumb = enclosed_line(passage.title), enclosed_line(passage.breadcrumb)
    return replace(found, passage=replace(passage, title=title, breadcrumb=breadcrumb, text=enclosed(passage.text)))


def _finished(
    completion: Completion,
    empty: Draft,
    conversation: Conversation,
    analysis: Analysis,
    *,
    fitted: Fitted,
    team_language: str,
) -> Draft:
    """Turn the model's answer into a draft: what is missing is added, what must not stand there goes."""
    words = to_team(team_language)
    answer = _read(completion.text)
    if answer is None or (answer.covered and not answer.reply.strip()):
        return replace(empty, reason=words.unreadable)
    body, marked = without_marks(tidy(answer.reply))
    body, seen = without_seen(without_sign_off(without_greeting(body, author=conversation.author)))
    if not body:
        return replace(empty, reason=answer.reason or words.not_found)
    cited = answer.citations or tuple(Citation(number) for number in marked)
    known = tuple(citation for citation in cited if 1 <= citation.number <= len(fitted.passages))
    covered = answer.covered if answer.covered is not None else bool(known)
    checks = [words.seen_removed] * seen + [words.cut] * completion.cut
    matched = covered and not known
    if matched:
        known = _matched(body, fitted.passages)
        checks += [words.matched] * bool(known)
    language = detect(body) or analysis.language
    if language != analysis.language:
        names = {
            name: language_name(code, team_language=team_language)
            for name, code in (("draft", language), ("customer", analysis.language))
        }
        checks.append(words.other_language.format(**names))
    checks += _from_tickets(body, known, conversation, fitted, team_language) if covered else []
    checks += _open_ends(body, conversation, fitted, team_language) if covered else []
    text = _opened(answer.reply, body, language=language, author=conversation.author)
    return replace(
        empty,
        text=text,
        language=language,
        covered=covered,
        citations=known if covered else (),
        checks=tuple(dict.fromkeys((*checks, *answer.checks)))[:_MOST_CHECKS],
        reason=answer.reason,
        gloss=answer.gloss if language != team_language else "",
        matched=matched,
        dropped_citations=len(cited) - sum(1 for c in cited if 1 <= c.number <= len(fitted.passages)),
    )


def _read(text: str) -> _Answer | None:
    found = read_object(text, keys={*_Answer.model_fields, *_REPLY_NAMES})
    try:
        return _Answer.model_validate(found) if found is not None else None
    except ValidationError:
        return None


def _opened(reply: str, body: str, *, language: str, author: str) -> str:
    """The body behind the model's own greeting where that is right, else behind ours."""
    first = tidy(reply).partition("\n")[0]
    return with_greeting(
        f"{first}\n\n{body}" if not without_greeting(first, author=author) else body, language=language, author=author
    )


def _matched(body: str, passages: Sequence[Found]) -> tuple[Citation, ...]:
    """The passages a draft was plainly taken from, where the model named none: at most two."""
    shares = []
    for number, found in enumerate(passages, start=1):
        said = tokens(body, language=found.passage.language)
        shared = said & tokens(f"{found.passage.title} {found.passage.text}", language=found.passage.language)
        shares.append((len(shared) / max(len(said), 1), number))
    return tuple(Citation(number) for share, number in sorted(shares, reverse=True)[:2] if share >= _ENOUGH_SHARED)


def _from_tickets(
    body: str, cited: Sequence[Citation], conversation: Conversation, fitted: Fitted, team_language: str
) -> list[str]:
    """A check for what comes from a solved ticket: of its numbers, those that neither this ticket nor the team's texts hold."""
    # an approved lesson is the team's own text, as an article is
    tickets = [found for found in fitted.passages if found.passage.pool == "ticket" and not found.passage.lesson]
    others = [found for found in fitted.passages if found.passage.pool != "ticket" or found.passage.lesson]
    taken = _unknown(body, conversation, others, but=_digits(_texts(tickets)))
    bare = {re.sub(r"\D", "", number) for number in taken}
    named = [fitted.passages[citation.number - 1] for citation in cited]
    used = [found for found in tickets if found in named or bare & _digits(_texts([found]))]
    if not used:
        return []
    words, numbers_of = (
        to_team(team_language),
        ", ".join(found.passage.ticket for found in used if found.passage.ticket),
    )
    ticket = f"{phrases(team_language).solved_ticket} {numbers_of}".strip()
    if taken:
        return [words.from_ticket_what.format(ticket=ticket, what=", ".join(taken[:4]))]
    return [words.from_ticket.format(ticket=ticket)]


def _open_ends(body: str, conversation: Conversation, fitted: Fitted, team_language: str) -> list[str]:
    """Checks for gaps to fill in, and for numbers that neither a passage nor the ticket holds."""
    words = to_team(team_language)
    gaps, unknown = list(fill_ins(body)), _unknown(body, conversation, fitted.passages)
    gaps += [_GAP] * (_GAP in body and any(found.passage.pool == "macro" for found in fitted.passages))
    return [words.fill_in.format(what=", ".join(gaps[:3]))] * bool(gaps) + [
        words.unsupported.format(what=", ".join(unknown[:4]))
    ] * bool(unknown)


def _unknown(
    body: str, conversation: Conversation, passages: Sequence[Found], *, but: AbstractSet[str] | None = None
) -> list[str]:
    """Numbers of a draft that neither these passages nor the ticket hold; only those among `but`, where it is given."""
    told = [conversation.subject, conversation.hint, *(turn.text for turn in conversation.turns), *_texts(passages)]
    digits = _digits(told)
    unknown = [(number, re.sub(r"\D", "", number)) for number in numbers(body)]
    return [number for number, bare in unknown if bare not in digits and (but is None or bare in but)]


def _texts(passages: Sequence[Found]) -> list[str]:
    return [f"{found.passage.title} {found.passage.text}" for found in passages]


def _digits(texts: Sequence[str]) -> set[str]:
    return {re.sub(r"\D", "", number) for text in texts for number in re.findall(r"\d[\d.,:]*", text)}
