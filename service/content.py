"""What a note says, gathered from the steps: the verdict, and every text with this ticket's own values put back."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Protocol
from zoneinfo import ZoneInfo

from service.analysis import Analysis, Summary
from service.cautions import SUSPECT
from service.certainty import in_words
from service.conversation import SUMMARY_FROM, Conversation
from service.drafting import Draft
from service.errors import Budget
from service.guard import Source, clean_summary, contacts, nearest
from service.incidents.running import Running
from service.notes import NoteContent, Verdict
from service.packet import Packet
from service.passages import Retrieval
from service.policy.decision import Decision
from service.policy.document import Policy
from service.triage.judged import NOBODY, Customer, Triage


class Restore(Protocol):
    """Puts back what was masked, as Masker.shown does."""

    def __call__(self, text: str, *, contacts: Collection[str]) -> str:
        """The text with this ticket's own values. contacts: e-mail addresses that the team itself publishes."""
        ...


@dataclass(frozen=True, slots=True)
class Written:
    """The results of the story's steps, all of them still masked."""

    conversation: Conversation
    analysis: Analysis
    passages: Retrieval
    draft: Draft
    sources: tuple[Source, ...] = ()  # what the guard made of the draft's citations
    person_reasons: tuple[str, ...] = ()
    down_since: datetime | None = None  # the model does not answer
    spent: Budget | None = None  # the budget for the model that is used up
    no_key: bool = False  # no model is set
    replaces: str = ""  # reference of an older note that cannot be marked as out of date
    triage: Triage | None = None
    decision: Decision = field(default_factory=Decision)
    customer: Customer = NOBODY
    packet: Packet | None = None  # of a ticket that a person takes over
    suggested: tuple[tuple[str, str], ...] = ()  # what the policy would set and the ticket has not: (part, value)
    incident: str = ""  # title of the one that the ticket belongs to
    running: Running | None = None  # that one
    asks_back: bool = False  # the draft is a question to the customer
    policy: Policy | None = None  # by which it was decided
    variant: str = ""  # of an experiment, "experiment:variant"

    @property
    def verdict(self) -> Verdict:
        """Which of the four kinds of note this is."""
        if self.person_reasons or self.decision.tier == 3:
            return "person"
        if self.draft.writer == "approved":  # no model was asked, and none is missed
            return "ready"
        if self.down_since is not None or self.spent:
            return "no_model"
        if not self.draft.covered:
            return "uncovered"
        return "no_model" if self.no_key else "ready"


def content_of(
    written: Written, *, reference: str, restore: Restore, timezone: str, votes: tuple[tuple[str, str], ...] = ()
) -> NoteContent:
    """Gather the note. restore: puts back what was masked, and only what this ticket itself holds. votes: see NoteContent."""
    draft, conversation, given = written.draft, written.conversation, written.passages.given
    cited = [given[citation.number - 1].passage for citation in draft.citations if citation.number <= len(given)]
    put_back = partial(restore, contacts=contacts(cited))
    told = clean_summary(written.analysis.summary)
    packet = written.packet and _packet(written.packet, told).mapped(put_back)
    if packet:  # which says what was tried
        told = replace(told, problem=told.problem if len(conversation.turns) >= SUMMARY_FROM else "", tried=())
    summary = told if packet or len(conversation.turns) >= SUMMARY_FROM else None
    return NoteContent(
        verdict=written.verdict,
        reference=reference,
        draft_text=put_back(draft.text),
        gloss=put_back(draft.gloss),
        checks=tuple(put_back(check) for check in draft.checks),
        reason=put_back(draft.reason),
        sources=tuple(replace(source, supports=put_back(source.supports)) for source in written.sources),
        nearest=_shown(written),
        summary=_restored(summary, put_back) if summary else None,
        unread=conversation.unread,
        writer=draft.writer,
        certainty=in_words(draft.certainty) if draft.covered and draft.writer != "approved" else "",
        down_since=_clock(written.down_since, timezone),
        spent=written.spent,
        no_key=written.no_key,
        withheld=draft.withheld in SUSPECT,
        replaces=written.replaces,
        person_reasons=written.person_reasons or written.decision.reasons,
        tier=written.decision.tier,
        demanded=tuple(map(put_back, written.decision.checks)),
        packet=packet,
        suggested=written.suggested,
        incident=written.incident,
        votes=votes,
    )


def _packet(packet: Packet, told: Summary) -> Packet:
    """The packet with what the summary knows, now that the guard has read it."""
    return replace(packet, tried=tuple(dict.fromkeys((*told.tried, *packet.tried))))


def _shown(written: Written) -> tuple[Source, ...]:
    """What the note shows without citing it: the passages nearest to the question where nothing is cited.

    Beside a draft that only quotes articles: macros and solved tickets. Where a person takes over: how it was solved before.
    """
    if written.packet or written.draft.writer == "approved":  # the packet has them; and an approved text needs no other
        return ()
    analysis = written.analysis
    query, language = analysis.gist or analysis.query, analysis.language
    if written.verdict == "person":
        solved = [found for found in written.passages.beside if found.passage.pool == "ticket"]
        return nearest(solved, query=query, language=language)
    found, beside = written.passages.found, written.passages.beside
    if not written.sources:  # those beside suit better than most of the articles that were found
        return nearest((*found[:1], *beside, *found[1:]), query=query, language=language)
    if written.draft.writer == "model":
        return ()
    shown = nearest(beside, query=query, language=language)
    return tuple(replace(source, number=source.number + len(written.sources)) for source in shown)


def _restored(summary: Summary, restore: Callable[[str], str]) -> Summary:
    return Summary(
        problem=restore(summary.problem),
        tried=tuple(restore(line) for line in summary.tried),
        open=tuple(restore(line) for line in summary.open),
    )


def _clock(moment: datetime | None, timezone: str) -> str:
    """A time of day as the team reads it; with the date when it was not today."""
    if moment is None:
        return ""
    local = moment.astimezone(ZoneInfo(timezone))
    today = datetime.now(local.tzinfo).date()
    return f"{local:%H:%M}" if local.date() == today else f"{local:%Y-%m-%d %H:%M}"
