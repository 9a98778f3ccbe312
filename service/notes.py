"""The internal note as an agent reads it: one function from what is known to HTML that is safe and short."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from service.analysis import Summary
from service.errors import Budget
from service.guard import Source
from service.markup import draft_html, sanitise, words_beside
from service.packet import Packet
from service.packet_rows import (
    FIRST,
    THEN,
    Cut,
    Row,
    bare,
    demanded,
    playbook_lines,
    rows_after,
    rows_before,
    suggestion,
)
from service.phrases import Phrases, phrases, unread_in
from service.plaintext import clip, defang, one_line, plain, shorter
from service.policy.document import Tier

Verdict = Literal["ready", "uncovered", "person", "no_model"]
Writer = Literal["model", "extractive", "approved"]
Certain = Literal["", "high", "fair", "low"]

MAX_BYTES = 32 * 1024  # half of what Zendesk is known to store: support.zendesk.com community post 4719863289498
MAX_WORDS = 150  # beside the draft: what an agent reads in ten seconds
MAX_DRAFT = 24_000  # characters, before anything is built of them
MAX_LINE = 300
MAX_CHECKS = 8
_HEADED = 3  # reasons in the headline; the others stand in the packet
ICONS = {"ready": "✅", "uncovered": "🔎", "person": "🧑", "no_model": "⚠️"}
PLACEHOLDER = re.compile(  # with and without brackets: models lose them
    r"[<‹]?\b(?:EMAIL|PHONE|CARD|IBAN|IP|SECRET|NAME|ORG|PERSON)_\d{1,6}\b[>›]?|<[A-Z][A-Z_]{1,30}_\d{1,6}>"
)

BRACES = re.compile(r"[{$#](?=\**[{%])|[}%](?=\**\})")  # asterisks become tags, or go
"""Where Liquid, and what helpdesks make of it, would begin or end: "{{ticket.id}}", "{% if %}", "${x}", "#{x}"."""


@dataclass(frozen=True, slots=True)
class NoteContent:
    """What a note says. Texts are the guard's, restored (no placeholders); all but the draft in the team's language."""

    verdict: Verdict
    reference: str  # "DP-7K2"
    draft_text: str = ""  # plain: paragraphs split by blank lines, "- " and "1. " lists; empty: no draft
    gloss: str = ""  # what a draft in another language says
    checks: tuple[str, ...] = ()
    reason: str = ""
    sources: tuple[Source, ...] = ()
    nearest: tuple[Source, ...] = ()  # shown, not cited
    summary: Summary | None = None  # given from three messages on
    unread: tuple[str, ...] = ()  # "1 screenshot", "2 files"
    writer: Writer = "model"
    certainty: Certain = ""  # that the passages answer; "" where nothing is answered
    down_since: str = ""  # "10:42", in the team's time zone; empty: not known
    spent: Budget | None = None  # the budget for the model that is used up
    no_key: bool = False  # no model is set
    withheld: bool = False  # a draft was written and must not be shown; the reason says why
    replaces: str = ""  # reference of an older note that cannot be marked as out of date
    person_reasons: tuple[str, ...] = ()  # keys of `Phrases.reasons`, or words of the team's language
    tier: Tier = 1
    demanded: tuple[str, ...] = ()  # checks that the policy asks for
    packet: Packet | None = None  # of a ticket that a person takes over
    suggested: tuple[tuple[str, str], ...] = ()  # ("group", "Billing"), ("priority", "high"), ("tags", "a, b")
    incident: str = ""  # title of the one that the ticket belongs to
    votes: tuple[tuple[str, str], ...] = ()  # our own links, by which an agent judges this note: (word, address)


def compose(content: NoteContent, *, language: str) -> str:
    """Write the note: HTML of `markup.TAGS` with `a[href]` as the only attribute, at most MAX_BYTES of UTF-8.

    language: the team's. The draft stands alone between the only two rules; without a draft there are none.
    Beside it at most MAX_WORDS words: the summary gives way first, then quotes, checks and the rest (TRIMS).
    A draft that is too long is cut last, at a word, and a check says so. Never raises, whatever the texts are.
    """
    words = phrases(language)
    note = _within_words(_harmless(content, words), words)
    html = _render(note, words)
    if len(html.encode()) <= MAX_BYTES:
        return html
    note = _within_words(_terse(replace(note, checks=(words.draft_cut, *note.checks)), words), words)
    beside = len(_render(replace(note, draft_text="…"), words).encode())
    return _render(replace(note, draft_text=_fitting(note, MAX_BYTES - beside)), words)


def superseded(html: str, *, by: str, language: str) -> str:
    """An older note of ours, marked as out of date. by: the reference of the one that took its place."""
    words = phrases(language)
    return sanitise(f"<p><strong>⏭ {words.superseded.format(reference=by)}</strong></p>\n<hr>\n{html}").strip()


def _render(note: NoteContent, words: Phrases) -> str:
    told = note.summary or Summary(problem="", tried=(), open=())
    summed = [(words.problem, told.problem), (words.tried, "; ".join(told.tried)), (words.open, "; ".join(told.open))]
    html = _template().render(
        note=note,
        words=words,
        playbook=playbook_lines(note.packet, words) if note.packet else (),
        verdict=_verdict(note, words),
        remark=_remark(note, words),
        draft=draft_html(note.draft_text, _quotable(note)) if note.draft_text else "",
        votes=note.votes if note.verdict in ("ready", "uncovered") or _quotes(note) else (),
        before=_before(note, summed, words) if note.verdict == "person" else (),
        after=_after(note, summed, words),
    )
    return sanitise(html).strip()


@functools.cache
def _template() -> Template:
    folder = FileSystemLoader(Path(__file__).parent)
    return Environment(loader=folder, autoescape=True, undefined=StrictUndefined).get_template("notes.html.j2")


def _verdict(note: NoteContent, words: Phrases) -> str:
    """The first line: what this is and what to do, in words."""
    match note.verdict:
        case "ready":
            by_number = {0: words.ready, 1: words.ready_one}
            said = by_number.get(len(note.checks), words.ready_many).format(n=len(note.checks))
            if note.incident:
                return f"📢 {words.packet.incident}{words.colon} {note.incident} · {said[0].lower()}{said[1:]}"
        case "uncovered":
            said = words.withheld if note.withheld else words.uncovered
        case "person":
            why = ", ".join(words.reasons.get(reason, reason) for reason in note.person_reasons[:_HEADED])
            said = f"{words.person}{words.colon} {why}" if why else words.person
        case "no_model" if note.no_key:
            said = words.quoted if _quotes(note) else words.no_key
        case "no_model":
            said = _down(note, words)
    icon = "📄" if note.verdict == "no_model" and note.no_key and _quotes(note) else ICONS[note.verdict]
    return f"{'✋' if said == words.withheld else icon} {said}"


def _before(note: NoteContent, summed: Sequence[Row], words: Phrases) -> list[Row]:
    """What to know before the first word, where a person takes over."""
    following = words.next_person if note.draft_text else ""
    if note.packet is not None:
        return rows_before(note.packet, following, reason=note.reason, incident=note.incident, words=words)
    return [(words.next, following), (words.why, note.reason), *summed, (words.dont_promise, words.dont_promise_what)]


def _after(note: NoteContent, summed: Sequence[Row], words: Phrases) -> list[list[Row]]:
    """What may help behind the draft, by paragraph; of a packet all in one, for it has many short lines."""
    unread = (words.unread, ", ".join(note.unread))
    named = note.packet.next if note.packet else ""  # says the group already
    rest = [one for one in note.suggested if not (one[0] == "group" and named.startswith(one[1]))]
    suggested = (words.packet.suggested, suggestion(rest, words))
    if note.packet is not None:
        return [[*rows_after(note.packet, words), unread, *summed, suggested]]
    return [[unread], [*summed] if note.verdict != "person" else [], [suggested]]


def _remark(note: NoteContent, words: Phrases) -> str:
    """Who wrote this, where the verdict does not say it."""
    if note.verdict == "no_model":
        return words.quoted_instead if _quotes(note) and not note.no_key else ""
    if note.verdict == "uncovered" and note.writer == "extractive":
        return words.by_rules if note.no_key else f"{_down(note, words)}."
    return ""


def _quotes(note: NoteContent) -> bool:
    """Whether an extractive draft answers; one without sources only asks back."""
    return bool(note.draft_text and note.sources)


def _down(note: NoteContent, words: Phrases) -> str:
    """Why no model wrote."""
    if note.spent:
        return words.spent_today if note.spent == "account" else words.spent_hour
    return words.down_since.format(since=note.down_since) if note.down_since else words.down


def _quotable(note: NoteContent) -> set[str]:
    return {address for source in note.sources for address in source.quotable}


def _harmless(content: NoteContent, words: Phrases) -> NoteContent:
    """The content with nothing live in it, not even in restored values, and with the checks this note itself needs."""
    allowed = _quotable(content)

    def line(text: str) -> str:
        return _inert(PLACEHOLDER.sub("…", one_line(text, limit=MAX_LINE)), allowed, reference=content.reference)

    def lines(texts: Sequence[str]) -> tuple[str, ...]:
        return tuple(safe for text in texts if (safe := line(text)))

    def source(given: Source) -> Source:
        return replace(given, title=line(given.title), supports=line(given.supports), quote=line(given.quote))

    whole = plain(content.draft_text, limit=MAX_DRAFT)
    filled = re.sub(
        rf"[ ]?(?:{PLACEHOLDER.pattern})", "", whole
    )  # before defanging: it may join two halves of an address
    draft = _inert(filled, allowed, reference=content.reference).strip()
    checks = [words.placeholder_removed] * (filled != whole) + [words.draft_cut] * (len(content.draft_text) > MAX_DRAFT)
    reasons = lines(content.person_reasons)[:4]
    why = () if content.verdict == "person" else reasons  # there the verdict says it
    needed = content.tier == 2 and bool(draft)
    checks += [*demanded(lines(content.demanded), why, words, needed=needed), *lines(content.checks)][:MAX_CHECKS]
    if "[at]" in draft and words.addresses_removed not in checks:  # one of the ticket's text: see Masker.shown
        checks.insert(0, words.addresses_removed)
    unread = tuple(unread_in(words, what) for what in lines(content.unread)[:3])
    if unread and draft and content.verdict in ("ready", "no_model"):  # then looking at it is a check like any other
        if not any(word in check.casefold() for check in checks for word in words.attachment_words):
            checks.append(words.unread_check.format(what=", ".join(unread)))
        unread = ()
    told, verdict = content.summary, _honest(content, draft)
    if verdict == "ready" and content.certainty == "low":
        checks.append(words.thin_check)
    return replace(
        content,
        verdict=verdict,
        reason=_supported(line(content.reason), verdict, content.certainty, words),
        draft_text=draft,
        gloss=line(content.gloss) if draft else "",
        checks=tuple(checks),
        sources=tuple(map(source, content.sources)),
        nearest=tuple(map(source, content.nearest)),
        summary=told and replace(told, problem=line(told.problem), tried=lines(told.tried), open=lines(told.open)),
        unread=unread,
        person_reasons=reasons,
        demanded=(),
        packet=content.packet.mapped(line) if content.packet and verdict == "person" else None,
        suggested=tuple((part, safe) for part, value in content.suggested if (safe := line(value))),
        incident=line(content.incident),
    )


def _supported(reason: str, verdict: Verdict, certainty: Certain, words: Phrases) -> str:
    """Why, with how well the passages support it in front, in words."""
    if verdict not in ("ready", "no_model") or not certainty:
        return reason
    return f"{words.certainty[certainty]} · {reason}" if reason else words.certainty[certainty]


def _honest(content: NoteContent, draft: str) -> Verdict:
    """Only a model's draft that is there is ready."""
    if content.verdict != "ready" or (draft and content.writer == "approved"):
        return content.verdict
    return "uncovered" if not draft else "no_model" if content.writer == "extractive" else "ready"


def _inert(text: str, allowed: Collection[str], *, reference: str) -> str:
    """No live address, no `{{placeholder}}` which the helpdesk fills when the draft is sent, no reference of ours."""
    dead = BRACES.sub(r"\g<0> ", defang(text, allowed, keep_emails=True))
    return dead.replace(reference, reference.replace("-", " ")) if reference else dead


def _within_words(note: NoteContent, words: Phrases) -> NoteContent:
    """`note` with its texts shortened, in the order of TRIMS, until MAX_WORDS hold."""
    for trim in TRIMS:
        over = words_beside(_render(replace(note, draft_text="…" if note.draft_text else ""), words)) - MAX_WORDS
        if over <= 0:
            break
        note = trim(note, over)
    return note


def _trim_summary(note: NoteContent, over: int) -> NoteContent:
    """The problem stays longest."""
    if (told := note.summary) is None:
        return note
    problem, *rest = shorter((told.problem, *told.tried, *told.open), over, least=0)
    tried, still = filter(None, rest[: len(told.tried)]), filter(None, rest[len(told.tried) :])
    return replace(note, summary=replace(told, problem=problem, tried=tuple(tried), open=tuple(still)))


def _trim_quotes(note: NoteContent, over: int) -> NoteContent:
    quotes = shorter([source.quote for source in note.nearest], over, least=0)
    return replace(note, nearest=tuple(map(lambda s, quote: replace(s, quote=quote), note.nearest, quotes)))


def _trim_checks(note: NoteContent, over: int) -> NoteContent:
    """None goes: their number stands in the verdict."""
    return replace(note, checks=shorter(note.checks, over, least=6))


def _trim_supports(note: NoteContent, over: int) -> NoteContent:
    supports = shorter([source.supports for source in note.sources], over, least=0)
    return replace(note, sources=tuple(map(lambda s, text: replace(s, supports=text), note.sources, supports)))


def _trim_prose(note: NoteContent, over: int) -> NoteContent:
    reason, gloss = shorter((note.reason, note.gloss), over, least=8)
    return replace(note, reason=reason, gloss=gloss)


def _trim_lists(note: NoteContent, _over: int) -> NoteContent:
    """What bounds every note, however odd its texts are."""
    short = [replace(s, title=shorter([s.title], len(s.title), least=5)[0]) for s in (*note.sources, *note.nearest)]
    reasons = tuple(shorter([reason], len(reason), least=5)[0] for reason in note.person_reasons)
    unread = tuple(shorter([what], len(what), least=4)[0] for what in note.unread)
    sources = tuple(short[: len(note.sources)][:3])
    note = replace(note, summary=None, sources=sources, nearest=(), person_reasons=reasons, unread=unread)
    if note.packet:  # its checks stand in no verdict, and nothing is cited
        note = replace(note, packet=bare(note.packet), checks=note.checks[:3], sources=())
    return replace(note, suggested=(), incident=shorter([note.incident], len(note.incident), least=8)[0])


def _of_packet(cut: Cut) -> Callable[[NoteContent, int], NoteContent]:
    return lambda note, over: replace(note, packet=cut(note.packet, over)) if note.packet else note


TRIMS: tuple[Callable[[NoteContent, int], NoteContent], ...] = (
    *map(_of_packet, FIRST),
    _trim_summary,
    _trim_quotes,
    *map(_of_packet, THEN),
    _trim_checks,
    _trim_supports,
    _trim_prose,
    _trim_lists,
)


def _terse(note: NoteContent, words: Phrases) -> NoteContent:
    """`note` where words without an end would leave the draft no room."""
    if len(_render(replace(note, draft_text=""), words).encode()) <= MAX_BYTES // 2:
        return note
    left = replace(note, summary=None, gloss="", nearest=(), person_reasons=(), reason=clip(note.reason, limit=80))
    left = replace(left, packet=None, suggested=(), incident=clip(note.incident, limit=80), unread=())
    return replace(left, checks=tuple(clip(c, limit=80) for c in left.checks), sources=left.sources[:2])


def _fitting(note: NoteContent, budget: int) -> str:
    """The draft's text, shortened until its HTML has at most `budget` bytes."""
    text, urls = note.draft_text, _quotable(note)
    while (size := len(sanitise(draft_html(text, urls)).encode())) > budget and len(text) > 1:
        text = clip(text, limit=min(len(text) - 1, max(1, len(text) * budget // size)))
    return text
