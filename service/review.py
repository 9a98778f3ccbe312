"""Between the writers and the note: what may not leave is withheld, what may is made harmless, and what to doubt is listed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from service.analysis import Analysis, Summary
from service.cautions import Cautions, Fault, cautions
from service.content import Written
from service.drafting import Draft
from service.guard import MAX_DRAFT, MAX_LINE, clean, resolve, words_alone
from service.masking import Masker
from service.metrics import WITHHELD
from service.orders import without_orders, words_of
from service.plaintext import clip
from service.promises import promised
from service.replies import to_team
from service.settings import Settings
from service.support import (
    asks_nothing,
    rests_on_nothing,
    states_anything,
    strange_in,
    unsupported,
    without_codes,
    without_strays,
)
from service.vectors import Passage
from service.withheld import Inspection, without_sensitive

_MOST_SENTENCES, _MOST_NAMES, _QUOTED_CHARS = 2, 4, 90


def review(written: Written, *, masker: Masker, settings: Settings) -> Written:
    """The results of the steps as a note may show them. CPU-bound: some 20 ms, 50 ms for the longest answer there can be.

    - The draft is withheld, and the reason says why, where it repeats our prompt, holds a placeholder or personal data of
      somebody else, rests on nothing it cites, or neither answers nor asks.
    - A line beside it goes for the first three of these, and a check says so.
    - What remains goes through `guard.resolve`; claims without support and promises become checks.
    - A text that the team has approved stays as it is: nothing of it goes, and it cites nothing.
    """
    language, given = settings.team.language, written.passages.given
    cited = _cited(written)
    inspection = Inspection(masker, _marks(written), _told(written), cited)
    words = cautions(language)
    if written.draft.writer == "approved":
        return _approved(written, inspection, words, team=language)
    draft = replace(written.draft, text=written.draft.text[: 4 * MAX_DRAFT])  # more is never read: plaintext.plain
    draft, why = _beside(draft, inspection.fault)
    analysis, also = _summary(written.analysis, inspection.fault)
    fault = _fault(draft, cited, inspection)
    draft, analysis, stray = _without_strays(draft, analysis, cited, written, team=language)
    if not fault and stray and draft.covered and not states_anything(draft.text):
        fault = "unsupported"
    if fault:
        WITHHELD.labels(fault).inc()
        draft = replace(
            draft,
            text="",
            gloss="",
            covered=False,
            citations=(),
            checks=(),
            reason=words.withheld[fault],
            withheld=fault,
        )
    draft, sources = resolve(draft, given, language=language, hosts=settings.links.hosts)
    draft, sensitive = _unsensitive(draft)
    checks = [words.left_out[one] for one in dict.fromkeys([*why, *also])] + [words.sensitive] * sensitive
    checks += [words.stray] * (stray and not fault)
    if draft.writer == "model" and draft.covered and draft.text:
        checks += _doubts(draft, cited, written, words, settings)
    draft = replace(draft, checks=tuple(dict.fromkeys((*checks, *draft.checks))))
    return replace(written, draft=draft, analysis=analysis, sources=sources)


def _approved(written: Written, inspection: Inspection, words: Cautions, *, team: str) -> Written:
    """The same draft, and what a model wrote beside it looked through as ever."""
    draft = written.draft
    nothing = replace(draft, text="", reason="", gloss="", checks=(), citations=(), covered=False)
    analysis, also = _summary(written.analysis, inspection.fault)
    _, analysis, stray = _without_strays(nothing, analysis, (), written, team=team)
    checks = [words.left_out[one] for one in dict.fromkeys(also)] + [words.stray] * stray
    draft = replace(draft, citations=(), checks=tuple(dict.fromkeys((*checks, *draft.checks))))
    return replace(written, draft=draft, analysis=analysis, sources=())


def _fault(draft: Draft, cited: Sequence[Passage], inspection: Inspection) -> Fault | None:
    text = words_alone(draft.text, limit=MAX_DRAFT)
    found = inspection.fault(text)
    if found or draft.writer != "model" or not text:
        return found
    if draft.covered:
        return "unsupported" if rests_on_nothing(text, cited, language=draft.language) else None
    return "asks_nothing" if asks_nothing(text, language=draft.language) else None


def _without_strays(
    draft: Draft, analysis: Analysis, cited: Sequence[Passage], written: Written, *, team: str
) -> tuple[Draft, Analysis, bool]:
    """What models wrote, without codes that stand alone and sentences from nowhere, and whether there were any.

    A draft that cites is held against what it cites; the lines beside it, and a draft that only asks, against the ticket, too.
    """
    found = False
    told, ordered = without_orders(_told(written))
    given = [one.passage for one in written.passages.given]
    texts, also = without_orders([one.text for one in given])  # an article may be a stranger's, too
    given = [replace(one, text=text) for one, text in zip(given, texts, strict=True)]
    near = [one for one in given if one.id in {passage.id for passage in cited}] or given
    ordered = (ordered | also) - words_of([*told, *(f"{one.title} {one.text}" for one in given)])

    def bare(text: str, beside: Sequence[str], *, language: str = team, most: int = 8 * MAX_LINE) -> str:
        nonlocal found
        cut, code = without_codes(text[:most], cited)
        cut, stray = without_strays(cut, near, beside, language=language, ordered=ordered)
        found = found or code or stray
        return cut

    if analysis.writer == "model":
        summary = analysis.summary
        tried, still = (
            tuple(filter(None, (bare(one, told) for one in lines))) for lines in (summary.tried, summary.open)
        )
        analysis = replace(analysis, summary=Summary(bare(summary.problem, told), tried, still))
    if draft.writer == "model":
        text = bare(draft.text, () if draft.covered else told, language=draft.language, most=4 * MAX_DRAFT)
        told = [*told, text]
        # checks of our own name what solved tickets say, and their numbers
        held = "\n".join([*told, *(f"{one.ticket} {one.title} {one.text}" for one in given)]).casefold()
        draft = replace(
            draft,
            text=text,
            gloss=bare(draft.gloss, told),
            # one of a number whose sentence went says nothing any more
            checks=tuple(one for check in draft.checks if (one := bare(check, [held])) and not strange_in(one, held)),
            citations=tuple(replace(citation, supports=bare(citation.supports, told)) for citation in draft.citations),
        )
    if "model" in (draft.writer, analysis.writer):  # a receipt's reason is the analysis's
        draft = replace(draft, reason=bare(draft.reason, told))
    return draft, analysis, found


def _faults(lines: Iterable[str], fault: Callable[[str], Fault | None]) -> dict[str, Fault | None]:
    """Of each line what is wrong with as much of it as a note shows."""
    return {line: fault(words_alone(line, limit=MAX_LINE)) for line in lines}


def _beside(draft: Draft, fault: Callable[[str], Fault | None]) -> tuple[Draft, list[Fault]]:
    """The draft without the lines beside it that must not be shown, and why they went."""
    faults = _faults((draft.reason, draft.gloss, *draft.checks, *(c.supports for c in draft.citations)), fault)
    return replace(
        draft,
        reason="" if faults[draft.reason] else draft.reason,
        gloss="" if faults[draft.gloss] else draft.gloss,
        checks=tuple(check for check in draft.checks if not faults[check]),
        citations=tuple(replace(c, supports="") if faults[c.supports] else c for c in draft.citations),
    ), [found for found in faults.values() if found]


def _summary(analysis: Analysis, fault: Callable[[str], Fault | None]) -> tuple[Analysis, list[Fault]]:
    told = analysis.summary
    faults = _faults((told.problem, *told.tried, *told.open, analysis.intent), fault)
    kept = Summary(
        problem="" if faults[told.problem] else told.problem,
        tried=tuple(line for line in told.tried if not faults[line]),
        open=tuple(line for line in told.open if not faults[line]),
    )
    intent = "" if faults[analysis.intent] else analysis.intent  # the ledger keeps it
    return replace(analysis, summary=kept, intent=intent), [found for found in faults.values() if found]


def _unsensitive(draft: Draft) -> tuple[Draft, bool]:
    text, removed = without_sensitive(draft.text)
    reason, gloss = without_sensitive(draft.reason)[0], without_sensitive(draft.gloss)[0]
    checks = tuple(without_sensitive(check)[0] for check in draft.checks)
    return replace(draft, text=text, reason=reason, gloss=gloss, checks=checks), removed


def _doubts(draft: Draft, cited: Sequence[Passage], written: Written, words: Cautions, settings: Settings) -> list[str]:
    """Checks for what the draft promises or states on its own."""
    kinds, language = settings.promises.flagged, draft.language
    found = dict(promised(draft.text, kinds, cited, language=language))
    told = [*_told(written), settings.brand.name]
    given = [found.passage for found in written.passages.given]
    claims = unsupported(draft.text, cited, given, told, language=language)
    checks = [words.promises[kind].format(what=_quoted(sentence)) for kind, sentence in found.items()]
    named = {*found.values()}
    stated = [_quoted(one) for one in claims.sentences if one not in named][:_MOST_SENTENCES]
    checks += [words.unsupported.format(what=" · ".join(stated))] * bool(stated)
    listed = " ".join((*named, *stated, *draft.checks))  # numbers were looked at while the draft was written
    names = [
        name
        for one in claims.names
        if (name := clean(one)) and not _digits(name) & _digits(listed) and name not in listed
    ]
    what = ", ".join(names[:_MOST_NAMES])
    return checks + [to_team(settings.team.language).unsupported.format(what=what)] * bool(what)


def _digits(text: str) -> set[str]:
    return set(re.findall(r"\d+", text))


def _quoted(sentence: str) -> str:
    return f"“{clip(clean(sentence), limit=_QUOTED_CHARS)}”"


def _cited(written: Written) -> list[Passage]:
    given = written.passages.given
    numbers = dict.fromkeys(citation.number for citation in written.draft.citations)
    return [given[number - 1].passage for number in numbers if 1 <= number <= len(given)]


def _marks(written: Written) -> tuple[str, ...]:
    return tuple(filter(None, (written.draft.mark, written.analysis.mark)))


def _told(written: Written) -> list[str]:
    """The ticket's texts, masked."""
    conversation = written.conversation
    return [conversation.subject, conversation.hint, *(turn.text for turn in conversation.turns)]
