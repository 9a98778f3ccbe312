"""From a ticket to its note: masked → analysed → judged → passages → draft → guard. Speaks to no helpdesk and writes nothing down."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from connectors.base import Ticket
from service.analysis import Analysis
from service.content import Written, content_of
from service.conversation import Conversation, read_conversation
from service.drafting import Draft
from service.errors import OutageError
from service.incidents.unanswered import unanswered
from service.judge import Judge, Judgement
from service.knowledge.sources import Library
from service.learning.publishing import vouched
from service.learning.store import LessonStore
from service.masking import Masker, everybody
from service.merits import Merits
from service.metrics import CITATIONS_DROPPED
from service.notes import compose
from service.occasions import Occasion, Silence, needed_by, silence_after_analysis
from service.outages import INDEX, Outages, Standing
from service.packet import Before, Packet, gather
from service.passages import Retrieval, find_passages
from service.pilot import EVERYTHING, Scope, held_out
from service.policy.deciding import without_a_question
from service.review import review
from service.routing import suggestions
from service.safe_answers import incident_draft, safe_answer
from service.steps import stage
from service.vectors import Fence, VectorsUnavailableError
from service.writers import Attempt, Writers


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Of one attempt: what is out, whether the ticket may wait for a model that is, and what the pilot covers.

    index_out: as just found. routed: the ticket has had its time to get a group and a brand.
    """

    standing: Standing
    patient: bool
    index_out: OutageError | None = None
    pilot: Scope = EVERYTHING
    routed: bool = True


NOTHING_BEFORE = Before()

PERSON = 3
"""The tier in which no solution is drafted."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A message that would have got a note, and gets none, to compare."""

    judged: Judgement


class Author:
    """The steps that the story and the test box have in common."""

    def __init__(
        self,
        library: Library,
        outages: Outages,
        writers: Writers,
        judge: Judge,
        *,
        merits: Merits,
        lessons: LessonStore | None,
    ) -> None:
        """lessons: None, and none is retrieved."""
        self._library, self._outages, self._writers, self._judge = library, outages, writers, judge
        self._settings, self._merits, self._lessons = library.settings, merits, lessons

    def attempt(self, ticket: Ticket, circumstances: Circumstances) -> Attempt:
        """What may be spent on this ticket now."""
        return self._writers.attempt(ticket, circumstances.standing, patient=circumstances.patient)

    async def read(
        self, ticket: Ticket, history: Sequence[Ticket], occasion: Occasion, attempt: Attempt
    ) -> tuple[Conversation, Masker]:
        """The conversation, cleaned and masked; and what can put names back."""
        masker = Masker(everybody(ticket, *history), ticket.organization, self._library.entities)
        with attempt.timed("mask"):
            conversation = await asyncio.to_thread(
                read_conversation, ticket, history, answer=occasion.message, masker=masker, hint=occasion.hint
            )
        return conversation, masker

    async def write(
        self,
        ticket: Ticket,
        conversation: Conversation,
        occasion: Occasion,
        attempt: Attempt,
        circumstances: Circumstances,
        *,
        before: Before = NOTHING_BEFORE,
    ) -> Written | Silence | HeldOut:
        """Analyse → judge → passages → draft: at most two calls of a model, and no second one to one that is down.

        before: what the packet says was tried. Whoever is held out is judged, so that like is compared with like, and gets no draft. Raises OutageError, with when the ticket is due.
        """
        standing, team = circumstances.standing, self._settings.team
        try:
            if circumstances.index_out:
                raise circumstances.index_out
            if INDEX in standing:  # seen to be well before a model is paid
                async with self._outages.watching(INDEX, standing, failures=(VectorsUnavailableError,)):
                    await self._library.vectors.status()
                standing = {name: outage for name, outage in standing.items() if name != INDEX}
            asking = self._judge.customer(ticket)  # while the model reads
            analysis, customer = await asyncio.gather(attempt.analyse(conversation, self._judge.policy), asking)
            if silence := silence_after_analysis(occasion, analysis, when=self._settings.notes):
                return silence
            with attempt.timed("triage"):
                judged = await self._judge.judge(
                    ticket, conversation, analysis, occasion, customer, language=team.language
                )
            if _held_out(ticket, occasion, judged, circumstances.pilot):
                return HeldOut(judged)
            with attempt.timed("passages"):
                passages = await self._passages(ticket, analysis, standing)
            draft = await self._draft(attempt, conversation, analysis, passages, judged)
        except OutageError as error:
            error.needed_by = needed_by(ticket, occasion.message)
            raise
        asks_back = draft is not None and not draft.covered and bool(draft.text)
        decision = judged.decision
        if asks_back and not decision.may_ask:  # one question too many
            decision, draft = without_a_question(decision, judged.policy), None
        packet = None
        if draft is None:
            packet = gather(
                conversation, analysis, judged.triage, decision, customer, passages=passages, before=before,
                policy=judged.policy, language=team.language, timezone=team.timezone, now=judged.now,
            )  # fmt: skip
        return Written(
            conversation, analysis, passages, draft or _acknowledgement(packet),
            down_since=attempt.down_since, spent=attempt.spent, no_key=attempt.no_key, variant=attempt.variant, triage=judged.triage,
            decision=decision, customer=customer, packet=packet, policy=judged.policy, running=judged.incident,
            incident=judged.incident.title if judged.incident else "", asks_back=asks_back and draft is not None,
            suggested=tuple(
                (one.part, one.value)
                for one in suggestions(
                    ticket, decision, judged.triage, analysis, judged.policy, language=team.language
                )
            ),
        )  # fmt: skip

    async def _draft(
        self,
        attempt: Attempt,
        conversation: Conversation,
        analysis: Analysis,
        passages: Retrieval,
        judged: Judgement,
    ) -> Draft | None:
        """The status text of an incident, an approved text, or what the writers make of the passages. None: a person answers."""
        if judged.decision.tier == PERSON:
            return None
        team = self._settings.team.language
        if judged.incident is not None:
            text, language = judged.incident.text(analysis.language)
            if text:
                asked = await asyncio.to_thread(unanswered, conversation.newest, text, language=analysis.language)
                return incident_draft(
                    text, language=language, title=judged.incident.title, conversation=conversation, analysis=analysis,
                    team_language=team, asked=asked,
                )  # fmt: skip
        approved = safe_answer(judged.policy, judged.decision, conversation, analysis, team_language=team)
        return approved or await attempt.draft(conversation, analysis, passages)

    def note(
        self, written: Written, masker: Masker, *, reference: str, votes: tuple[tuple[str, str], ...] = ()
    ) -> tuple[Written, str]:
        """The draft behind the guard, and the note's HTML. CPU-bound: a tenth of a second when a model returns something monstrous."""
        team = self._settings.team
        with stage("guard"):
            written = review(written, masker=masker, settings=self._settings)
        content = content_of(written, reference=reference, restore=masker.shown, timezone=team.timezone, votes=votes)
        CITATIONS_DROPPED.inc(written.draft.dropped_citations)
        return written, compose(content, language=team.language)

    async def _passages(self, ticket: Ticket, analysis: Analysis, standing: Standing) -> Retrieval:
        fence = Fence(
            account=ticket.account,
            brand=ticket.brand,
            organization=ticket.organization.id if ticket.organization else "",
            requester=ticket.requester.id,
            languages=(analysis.language,) if analysis.language else (),
        )
        vectors, embeddings = self._library.vectors, self._library.embeddings
        async with self._outages.watching(INDEX, standing, failures=(VectorsUnavailableError,)):
            own = self._settings.confidence.own
            lowered = await self._merits.lowered()
            found = await find_passages(
                analysis.query, fence=fence, vectors=vectors, embeddings=embeddings, own=own, lowered=lowered
            )
        return await vouched(found, fence, self._lessons)


def _held_out(ticket: Ticket, occasion: Occasion, judged: Judgement, scope: Scope) -> bool:
    """What only a person answers, what belongs to an incident and what an agent asks for gets its note whoever asks."""
    exempt = occasion.asked or judged.decision.tier == PERSON or judged.incident is not None
    return not exempt and held_out(ticket, scope)


def _acknowledgement(packet: Packet | None) -> Draft:
    """What a person who takes over may send at once."""
    assert packet is not None  # noqa: S101 - who writes no draft gathers one
    assert packet.acknowledgement is not None  # noqa: S101
    return packet.acknowledgement
