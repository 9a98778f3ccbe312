"""The story, on one screen: a ticket is read, analysed, matched with passages, answered by a draft, and gets its note."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from connectors.base import (
    ConflictError,
    Helpdesk,
    Message,
    MisconfiguredError,
    Person,
    RejectedError,
    RetryableError,
    Ticket,
    UnsureError,
)
from service.acknowledgement import acknowledge
from service.analysis import Analysis
from service.budgets import Budgets
from service.content import Written, content_of
from service.conversation import Conversation, read_conversation
from service.errors import OutageError, ServiceError
from service.knowledge.sources import Library, refresh, sync_all
from service.ledger import Ledger, SavedDraft, TicketKey, reference_for
from service.lessons import Lessons
from service.llm import LLM
from service.masking import Masker, everybody
from service.metrics import CITATIONS_DROPPED, SILENCES
from service.notes import compose, superseded
from service.outages import INDEX, Outages, Standing, leak_of
from service.passages import Retrieval, find_passages
from service.policy import (
    NOTHING_ASKED,
    Occasion,
    Silence,
    is_ours,
    needed_by,
    occasion_for,
    overtaken,
    person_needed,
    reference_in,
    silence_after_analysis,
)
from service.reconcile import Reconciler
from service.retention import Retention
from service.review import review
from service.scope import kept_out
from service.spending import Spending
from service.steps import stage
from service.tally import noted
from service.traces import details_of
from service.vectors import Fence, VectorsUnavailableError
from service.votes import Votes
from service.writers import Writers

log = structlog.get_logger()

_LOOKS = 3  # a ticket that moves on while it is answered is looked at again this often in one job
WRITES = 10  # each holds a connection while it speaks to the helpdesk; the forwarder and the sweep need one, too
_SETTLES_S = 15.0  # a note whose answer was lost is there, or was refused, by then
_HISTORY = 3  # related tickets that are read at most


@dataclass(frozen=True, slots=True)
class Tools:
    """What the story works with; made and closed by the composition root."""

    library: Library
    ledger: Ledger
    llm: LLM | None
    outages: Outages
    budgets: Budgets
    spending: Spending
    reconciler: Reconciler
    votes: Votes
    retention: Retention


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Of one attempt: what is out, and whether the ticket may wait for a model that is. index_out: as just found."""

    standing: Standing
    patient: bool
    index_out: OutageError | None = None


class Pipeline:
    """Does for a ticket what is missing. Holds nothing but its tools and who we are."""

    def __init__(self, tools: Tools) -> None:
        self._ledger, self._library, self._outages = tools.ledger, tools.library, tools.outages
        self._reconciler, self._retention, self._votes = tools.reconciler, tools.retention, tools.votes
        self._budgets, self._spending = tools.budgets, tools.spending
        self._writers = Writers(tools.llm, tools.outages, tools.spending, settings=tools.library.settings)
        self._settings, self._lessons = tools.library.settings, Lessons(tools.library, tools.outages)
        self._desks = tools.library.helpdesks
        self._me: dict[str, Person] = {}
        self._writes = asyncio.Semaphore(WRITES)

    async def look(self, helpdesk: str, ticket_id: str, *, patient: bool = False) -> str:
        """Look at a ticket as it stands and write the note it deserves; returns what was done, for the log.

        patient: rather wait for a model that is down than go without. Raises ConnectorError, OutageError; everything a model
        cannot do ends in an honest note.
        """
        desk = self._desks.get(helpdesk)
        if desk is None:
            raise RejectedError(f"{helpdesk} was switched off")
        standing = await self._outages.standing()
        if leak_of(helpdesk) in standing:
            raise MisconfiguredError(
                f"a note in {helpdesk} came back public, so nothing is written there: mend its settings, "
                f"then run `deskpilot resume {helpdesk}`"
            )
        async with self._outages.watching(helpdesk, standing, failures=(RetryableError,)):
            await self._identity(desk)  # first: without rights, every ticket looks as if it did not exist
            return await self._look(desk, ticket_id, Circumstances(standing, patient=patient))

    async def _look(self, desk: Helpdesk, ticket_id: str, circumstances: Circumstances) -> str:
        for _ in range(_LOOKS):
            async with self._lessons.reading(desk, ticket_id, circumstances.standing) as (ticket, out):
                key = TicketKey(desk.name, ticket.account, ticket.id)
                occasion = await self._occasion(desk, ticket)
                if isinstance(occasion, Silence):
                    return await self._silent(key, occasion, ticket.requester)
                draft = await self._ledger.draft(key, occasion.key)
                if draft is None:
                    if await self._ledger.is_silent(key, occasion.key, NOTHING_ASKED):  # found so by a model once
                        return f"nothing: {NOTHING_ASKED}"
                    written = await self._write(desk, ticket, key, occasion, replace(circumstances, index_out=out))
                    if isinstance(written, Silence):
                        return await self._silent(key, written, ticket.requester)
                    draft = replace(written, requester=ticket.requester.id)
                    await self._ledger.save(draft)
                if draft.posted_at is not None or await self._post(desk, occasion, draft):
                    await self._supersede(desk, ticket, draft)
                    return f"{draft.verdict} {draft.reference}"
        raise ConflictError(f"ticket {ticket_id} changes faster than it can be answered")

    async def _write(
        self, desk: Helpdesk, ticket: Ticket, key: TicketKey, occasion: Occasion, circumstances: Circumstances
    ) -> SavedDraft | Silence:
        """Read → analyse → passages → draft → note: at most two calls of a model, and no second one to one that is down."""
        standing = circumstances.standing
        conversation, masker = await self._read(desk, ticket, occasion)
        attempt = self._writers.attempt(ticket, standing, patient=circumstances.patient)
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
            passages = await self._passages(ticket, analysis, standing)
            reasons = person_needed(analysis)
            if reasons:
                draft = acknowledge(conversation, analysis)
            else:
                draft = await attempt.draft(conversation, analysis, passages)
        except OutageError as error:
            error.needed_by = needed_by(ticket, occasion.message)
            raise
        older = await self._overtaken(desk, ticket, by=reference_for(key, occasion.key))
        written = Written(
            conversation, analysis, passages, draft, (), reasons,
            down_since=attempt.down_since, spent=attempt.spent, no_key=attempt.no_key,
            replaces=reference_in(older[-1]) if older and not desk.edits_notes else "",
        )  # fmt: skip
        return await asyncio.to_thread(self._note, key, occasion, written, masker)

    def _note(self, key: TicketKey, occasion: Occasion, written: Written, masker: Masker) -> SavedDraft:
        """The draft behind the guard, as a note. CPU-bound: a tenth of a second when a model returns something monstrous."""
        team, reference = self._settings.team, reference_for(key, occasion.key)
        with stage("guard"):
            written = review(written, masker=masker, settings=self._settings)
        votes = self._votes.links(key, reference, language=team.language)
        content = content_of(written, reference=reference, restore=masker.restore, timezone=team.timezone, votes=votes)
        CITATIONS_DROPPED.inc(written.draft.dropped_citations)
        return SavedDraft(
            key=key,
            message_id=occasion.key,
            reference=reference,
            verdict=written.verdict,
            html=compose(content, language=team.language),
            details=details_of(written),
        )

    async def _post(self, desk: Helpdesk, occasion: Occasion, draft: SavedDraft) -> bool:
        """Put the note into the ticket, unless it stands there or the ticket has moved on (False: look again)."""
        async with self._writes, self._ledger.writing(draft.key, draft.message_id) as mine:
            if not mine:  # somebody else wrote it while we waited
                return True
            fresh = await desk.ticket(draft.key.ticket_id)
            me = await self._identity(desk)
            there = next((m for m in fresh.messages if is_ours(m, me=me) and reference_in(m) == draft.reference), None)
            if there is not None:  # an earlier attempt wrote it and did not live to say so
                await self._ledger.posted(draft.key, draft.message_id, note_id=there.id)
                return True
            now = await self._occasion(desk, fresh)
            if isinstance(now, Silence) or now.key != occasion.key:
                return False
            try:
                with stage("post"):
                    note = await desk.add_note(fresh, draft.html, run=draft.reference)
            except ConflictError:
                return False
            except RetryableError as error:
                raise UnsureError(str(error), after_s=max(error.after_s or 0.0, _SETTLES_S)) from error
            await self._ledger.posted(draft.key, draft.message_id, note_id=note.id)
        noted(draft, note_id=note.id)
        return True

    async def _supersede(self, desk: Helpdesk, ticket: Ticket, draft: SavedDraft) -> None:
        """Mark older notes of ours as out of date where the helpdesk lets us; where not, the new one names them."""
        if not desk.edits_notes:
            return
        for note in await self._overtaken(desk, ticket, by=draft.reference):
            if draft.reference not in note.html:
                marked = superseded(note.html, by=draft.reference, language=self._settings.team.language)
                try:
                    await desk.edit_note(ticket.id, note.id, marked)
                except RejectedError as error:  # an agent deleted it, or it is not ours to edit: the new one stands
                    log.info("an older note stays as it is", note=note.id, reason=str(error))

    async def _overtaken(self, desk: Helpdesk, ticket: Ticket, *, by: str) -> list[Message]:
        """Older notes of ours that another one takes the place of; an agent's note that names one of ours is not."""
        notes = overtaken(ticket, me=await self._identity(desk), by=by)
        return [note for note in notes if await self._ledger.are_notes(desk.name, [note.id])]

    async def _occasion(self, desk: Helpdesk, ticket: Ticket) -> Occasion | Silence:
        me = await self._identity(desk)
        # in a thread: a hostile mail takes a fifth of a second to read
        rules = self._settings.tickets
        return await asyncio.to_thread(occasion_for, ticket, me=me, when=self._settings.notes, tickets=rules)

    async def _read(self, desk: Helpdesk, ticket: Ticket, occasion: Occasion) -> tuple[Conversation, Masker]:
        """The conversation, cleaned and masked, with the history of its own requester; and what can put names back."""
        related = await asyncio.gather(*(_related(desk, one.ticket_id) for one in ticket.related[:_HISTORY]))
        # the history of one person is never shown to another, and what is kept out is no evidence either
        own = (one for one in related if one is not None and one.requester.id == ticket.requester.id)
        history = [one for one in own if not kept_out(one, self._settings.tickets)]
        masker = Masker(everybody(ticket, *history), ticket.organization, self._library.entities)
        conversation = await asyncio.to_thread(
            read_conversation, ticket, history, answer=occasion.message, masker=masker, hint=occasion.hint
        )
        return conversation, masker

    async def _passages(self, ticket: Ticket, analysis: Analysis, standing: Standing) -> Retrieval:
        fence = Fence(
            account=ticket.account,
            brand=ticket.brand,
            organization=ticket.organization.id if ticket.organization else "",
            requester=ticket.requester.id,
            languages=(analysis.language,) if analysis.language else (),
        )
        vectors, embeddings = self._library.vectors, self._library.embeddings
        with stage("passages"):
            async with self._outages.watching(INDEX, standing, failures=(VectorsUnavailableError,)):
                own = self._settings.confidence.own
                return await find_passages(analysis.query, fence=fence, vectors=vectors, embeddings=embeddings, own=own)

    async def _silent(self, key: TicketKey, silence: Silence, requester: Person) -> str:
        if await self._ledger.silent(key, silence.message_id, silence.reason, requester=requester.id):
            SILENCES.labels(key.helpdesk).inc()
        return f"nothing: {silence.reason}"

    async def _identity(self, desk: Helpdesk) -> Person:
        if desk.name not in self._me:
            self._me[desk.name] = await desk.whoami()
        return self._me[desk.name]

    async def reconcile(self, helpdesk: str, *, since: datetime | None = None) -> int:
        """Put what changed since the last time (or since then) into the inbox; how many tickets."""
        return await self._reconciler.read(self._desks[helpdesk], since=since)

    async def give_up(self, helpdesk: str, ticket_id: str, *, reason: str, attempts: int = 0) -> None:
        """Record why a ticket gets nothing; with `attempts`, park it for a person."""
        desk = self._desks.get(helpdesk)
        key = TicketKey(helpdesk, desk.account if desk else "", ticket_id)
        await self._ledger.silent(key, "", reason)
        if attempts:
            await self._ledger.park(key, attempts=attempts, error=reason)

    async def forget_old(self) -> None:
        """Forget what nobody will ask about any more."""
        await self._budgets.forget_old()
        await self._spending.forget_old()
        await self._votes.renew()
        await self._retention.forget_old()

    async def sync(self) -> str:
        """Bring the knowledge up to date; returns what was done, for the log."""
        reports = await sync_all(self._library, progress=lambda *_: None, changes_only=True)
        counts = (
            f"{one.source}: {one.added} added, {one.changed} changed, {one.removed} removed"
            + f" ({one.read} read)" * bool(one.read)
            for one in reports
        )
        return "; ".join(counts) or "no source is set"

    async def read_articles(self, helpdesk: str, ids: Collection[str]) -> bool:
        """Bring these articles up to date. False: not all could be, ask again later."""
        report = await refresh(self._library, helpdesk, ids)
        return report.complete and report.settled

    async def first_sync(self) -> None:
        """Read the knowledge where the index is empty; what cannot be read now is read by the next sync."""
        try:
            if not (await self._library.vectors.status()).passages:
                await self.sync()
        except ServiceError as error:
            log.warning("the knowledge could not be read before the first ticket", reason=str(error))

    async def are_notes(self, helpdesk: str, message_ids: Collection[str]) -> bool:
        """Whether all of these messages are notes of ours."""
        return await self._ledger.are_notes(helpdesk, message_ids)

    async def halt(self, helpdesk: str, *, reason: str) -> None:
        """Write nothing more there until a person allows it again."""
        log.critical("writing is stopped", helpdesk=helpdesk, reason=reason)
        await self._outages.failed(leak_of(helpdesk), reason)


async def _related(desk: Helpdesk, ticket_id: str) -> Ticket | None:
    """A ticket of the history; one that is gone, or not ours to see, is not missed."""
    try:
        return await desk.ticket(ticket_id)
    except RejectedError:
        return None
