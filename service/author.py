"""From a ticket to its note: masked → analysed → passages → draft → guard. Speaks to no helpdesk and writes nothing down."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from connectors.base import Ticket
from service.acknowledgement import acknowledge
from service.analysis import Analysis
from service.content import Written, content_of
from service.conversation import Conversation, read_conversation
from service.errors import OutageError
from service.knowledge.sources import Library
from service.masking import Masker, everybody
from service.metrics import CITATIONS_DROPPED
from service.notes import compose
from service.occasions import Occasion, Silence, needed_by, person_needed, silence_after_analysis
from service.outages import INDEX, Outages, Standing
from service.passages import Retrieval, find_passages
from service.pilot import EVERYTHING, Scope
from service.review import review
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


class Author:
    """The steps that the story and the test box have in common."""

    def __init__(self, library: Library, outages: Outages, writers: Writers) -> None:
        self._library, self._outages, self._writers = library, outages, writers
        self._settings = library.settings

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
    ) -> Written | Silence:
        """Analyse → passages → draft: at most two calls of a model, and no second one to one that is down.

        Raises OutageError, with when the ticket is due.
        """
        standing = circumstances.standing
        try:
            if circumstances.index_out:
                raise circumstances.index_out
            if INDEX in standing:  # seen to be well before a model is paid
                async with self._outages.watching(INDEX, standing, failures=(VectorsUnavailableError,)):
                    await self._library.vectors.status()
                standing = {name: outage for name, outage in standing.items() if name != INDEX}
            analysis = await attempt.analyse(conversation)
            if silence := silence_after_analysis(occasion, analysis, when=self._settings.notes):
                return silence
            with attempt.timed("passages"):
                passages = await self._passages(ticket, analysis, standing)
            reasons = person_needed(analysis)
            if reasons:
                draft = acknowledge(conversation, analysis)
            else:
                draft = await attempt.draft(conversation, analysis, passages)
        except OutageError as error:
            error.needed_by = needed_by(ticket, occasion.message)
            raise
        return Written(
            conversation, analysis, passages, draft, (), reasons,
            down_since=attempt.down_since, spent=attempt.spent, no_key=attempt.no_key,
        )  # fmt: skip

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
            return await find_passages(analysis.query, fence=fence, vectors=vectors, embeddings=embeddings, own=own)
