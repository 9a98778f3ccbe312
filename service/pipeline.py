"""The story, on one screen: a ticket is read, analysed, matched with passages, answered by a draft, and gets its note."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import structlog

from connectors.base import (
    ConflictError,
    Helpdesk,
    Message,
    Person,
    RejectedError,
    RetryableError,
    Ticket,
    UnsureError,
    Update,
)
from service.author import Author, Circumstances, HeldOut
from service.content import Written
from service.errors import UnroutedError
from service.incidents.unanswered import unanswered
from service.ledger import SavedDraft, TicketKey, reference_for
from service.lessons import Lessons
from service.masking import Masker, neutral
from service.metrics import SILENCES
from service.notes import superseded
from service.occasions import (
    HELD_OUT,
    LOT,
    NOTHING_ASKED,
    Occasion,
    Silence,
    is_ours,
    occasion_for,
    overtaken,
    reference_in,
)
from service.packet import before_of
from service.pauses import refuse_stopped
from service.pilot import held_out, outside, unrouted
from service.routing import WANTED, Restore, due, ours_of, packed, unpacked, wanted, wrote
from service.scope import kept_out
from service.steps import stage
from service.tally import noted
from service.traces import details_of
from service.upkeep import Tools, Upkeep
from service.verdicts import keep_verdicts
from service.writers import Writers

log = structlog.get_logger()

_LOOKS = 3  # a ticket that moves on while it is answered is looked at again this often in one job
WRITES = 10  # each holds a connection while it speaks to the helpdesk; the forwarder and the sweep need one, too
_SETTLES_S = 15.0  # a note whose answer was lost is there, or was refused, by then
_HISTORY = 3  # related tickets that are read at most


class Pipeline(Upkeep):
    """Does for a ticket what is missing. Holds nothing but its tools and who we are."""

    def __init__(self, tools: Tools) -> None:
        super().__init__(tools)
        writers = Writers(tools.llm, tools.outages, tools.spending, settings=tools.library.settings)
        self.author = Author(
            tools.library, tools.outages, writers, tools.judge, merits=tools.merits, lessons=tools.teaching.store
        )
        self._pilots, self._teaching = tools.pilots, tools.teaching
        self._triages, self._incidents, self._observer = tools.triages, tools.incidents, tools.observer
        self._experiments, self._labelling = tools.experiments, tools.labelling
        self._settings, self._lessons = tools.library.settings, Lessons(tools.library, tools.outages)
        self._me: dict[str, Person] = {}
        self._writes = asyncio.Semaphore(WRITES)

    async def look(self, helpdesk: str, ticket_id: str, *, patient: bool = False, routed: bool = True) -> str:
        """Look at a ticket as it stands and write the note it deserves; returns what was done, for the log.

        patient: rather wait for a model that is down than go without. routed: decide whether the pilot covers it, even where
        it has no group or brand yet. Raises ConnectorError, OutageError, UnroutedError; everything a model cannot do ends in
        an honest note.
        """
        desk = self._desks.get(helpdesk)
        if desk is None:
            raise RejectedError(f"{helpdesk} was switched off")
        standing = await self._outages.standing()
        refuse_stopped(standing, helpdesk)
        async with self._outages.watching(helpdesk, standing, failures=(RetryableError,)):
            await self._identity(desk)  # first: without rights, every ticket looks as if it did not exist
            return await self._look(desk, ticket_id, Circumstances(standing, patient=patient, routed=routed))

    async def _look(self, desk: Helpdesk, ticket_id: str, circumstances: Circumstances) -> str:
        for _ in range(_LOOKS):
            circumstances = await self._piloted(desk, circumstances)
            async with self._lessons.reading(desk, ticket_id, circumstances.standing) as (ticket, out):
                key = TicketKey(desk.name, ticket.account, ticket.id)
                await keep_verdicts(self._votes, ticket, me=await self._identity(desk), entities=self._library.entities)
                done = await self._done(desk, ticket, key, replace(circumstances, index_out=out))
                if done:
                    observed = await self._observer.observe(ticket)
                    await self._teaching.offer(ticket)
                    if not kept_out(ticket, self._settings.tickets):
                        await self._labelling.write(desk, ticket, observed.resolution, self._judge.policy)
                    return done
        raise ConflictError(f"ticket {ticket_id} changes faster than it can be answered")

    async def _done(self, desk: Helpdesk, ticket: Ticket, key: TicketKey, circumstances: Circumstances) -> str:
        """What was done for this ticket; empty where it has moved on meanwhile."""
        occasion = await self._occasion(desk, ticket, circumstances)
        if isinstance(occasion, Silence):
            return await self._silent(key, occasion, ticket.requester)
        draft = await self._ledger.draft(key, occasion.key)
        if draft is None:
            if reason := await self._found_once(key, ticket, occasion, circumstances):
                return f"nothing: {reason}"
            written = await self._write(desk, ticket, key, occasion, circumstances)
            if isinstance(written, Silence):
                return await self._silent(key, written, ticket.requester)
            draft = replace(written, requester=ticket.requester.id)
            await self._ledger.save(draft)
        if draft.posted_at is None and not await self._post(desk, occasion, draft, circumstances):
            return ""
        await self._supersede(desk, ticket, draft)
        return f"{draft.verdict} {draft.reference}"

    async def _found_once(
        self, key: TicketKey, ticket: Ticket, occasion: Occasion, circumstances: Circumstances
    ) -> str:
        """Why a model is not asked about this message again; "" where it is, as an agent asks for it, or nobody is held out any more."""
        still = {NOTHING_ASKED: True, HELD_OUT: held_out(ticket, circumstances.pilot)}
        for reason, holds in still.items():
            if holds and not occasion.asked and await self._ledger.is_silent(key, occasion.key, reason):
                return reason
        return ""

    async def _write(
        self, desk: Helpdesk, ticket: Ticket, key: TicketKey, occasion: Occasion, circumstances: Circumstances
    ) -> SavedDraft | Silence:
        """Read → analyse → passages → draft → note; see service/author.py."""
        attempt = self.author.attempt(ticket, circumstances)
        attempt.vary(await self._experiments.assigned(key))
        history, drafts = await self._history(desk, ticket), await self._ledger.drafts(key)
        conversation, masker = await self.author.read(ticket, history, occasion, attempt)
        before = await asyncio.to_thread(before_of, history, drafts, masker=masker)
        written = await self.author.write(ticket, conversation, occasion, attempt, circumstances, before=before)
        if isinstance(written, HeldOut):
            judged, requester = written.judged, ticket.requester.id
            await self._triages.save(
                key, occasion.key, triage=judged.triage, decision=judged.decision, requester=requester
            )
            return Silence(HELD_OUT, occasion.message.id)
        if isinstance(written, Silence):
            return written
        older = await self._overtaken(desk, ticket, by=reference_for(key, occasion.key))
        replaces = reference_in(older[-1]) if older and not desk.edits_notes else ""
        await self._keep(key, ticket, occasion, written)
        draft = await asyncio.to_thread(self._note, ticket, key, occasion, replace(written, replaces=replaces), masker)
        # who is compared is decided by lot alone: a note that they get all the same does not move them to the other arm
        return replace(draft, details={**draft.details, LOT: True}) if held_out(ticket, circumstances.pilot) else draft

    async def _keep(self, key: TicketKey, ticket: Ticket, occasion: Occasion, written: Written) -> None:
        """Write down how the message was judged, before its draft: a ticket's past is never shorter than its notes."""
        if written.triage is not None:
            await self._triages.save(
                key, occasion.key, triage=written.triage, decision=written.decision, requester=ticket.requester.id
            )
        if written.asks_back:
            await self._triages.asked_back(key, occasion.key)
        if written.running is not None:
            text = written.draft.text if written.verdict != "person" else ""
            await self._incidents.record(
                written.running,
                key,
                message_id=occasion.key,
                requester=ticket.requester.id,
                language=written.draft.language,
                stage=written.running.stage if text else "",
                asked=await asyncio.to_thread(
                    unanswered, written.conversation.newest, text, language=written.analysis.language
                ),
                segments=written.decision.segments,
            )

    def _note(self, ticket: Ticket, key: TicketKey, occasion: Occasion, written: Written, masker: Masker) -> SavedDraft:
        """The written as a draft of the ledger. CPU-bound."""
        reference = reference_for(key, occasion.key)
        votes = self._votes.links(key, reference, language=self._settings.team.language)
        written, html = self.author.note(written, masker, reference=reference, votes=votes)
        return SavedDraft(
            key=key,
            message_id=occasion.key,
            reference=reference,
            verdict=written.verdict,
            html=html,
            details=details_of(written) | {WANTED: packed(_wanted(ticket, written, neutral))},
            update=_wanted(ticket, written, masker.shown),
        )

    async def _post(self, desk: Helpdesk, occasion: Occasion, draft: SavedDraft, circumstances: Circumstances) -> bool:
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
            now = await self._occasion(desk, fresh, await self._piloted(desk, circumstances))
            if isinstance(now, Silence) or now.key != occasion.key:
                return False
            refuse_stopped(await self._outages.standing(), desk.name)  # it took a while to write
            asked = draft.update or unpacked(draft.details)
            ours = ours_of(await self._ledger.drafts(draft.key)) if asked.parts else {}
            update = due(asked, fresh, ours=ours)
            try:
                with stage("post"):
                    note = await desk.add_note(fresh, draft.html, run=draft.reference, update=update)
            except ConflictError:
                return False
            except RetryableError as error:
                raise UnsureError(str(error), after_s=max(error.after_s or 0.0, _SETTLES_S)) from error
            await self._ledger.posted(draft.key, draft.message_id, note_id=note.id, details=wrote(note))
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

    async def _piloted(self, desk: Helpdesk, circumstances: Circumstances) -> Circumstances:
        """With the scope of the pilot as it is at this moment."""
        return replace(circumstances, pilot=await self._pilots.scope(desk.name))

    async def _occasion(self, desk: Helpdesk, ticket: Ticket, circumstances: Circumstances) -> Occasion | Silence:
        """Whether a note is due. Raises UnroutedError where it is, but not yet known whether the pilot covers the ticket."""
        me = await self._identity(desk)
        # in a thread: a hostile mail takes a fifth of a second to read
        rules, scope = self._settings.tickets, circumstances.pilot
        occasion = await asyncio.to_thread(occasion_for, ticket, me=me, when=self._settings.notes, tickets=rules)
        if isinstance(occasion, Silence):
            return occasion
        if not circumstances.routed and (lacks := unrouted(ticket, scope)):
            raise UnroutedError(f"the ticket is in no {lacks} yet, and the pilot asks for one")
        reason = outside(ticket, scope)
        return Silence(reason, occasion.message.id) if reason else occasion

    async def _history(self, desk: Helpdesk, ticket: Ticket) -> list[Ticket]:
        """Related tickets of its own requester."""
        related = await asyncio.gather(*(_related(desk, one.ticket_id) for one in ticket.related[:_HISTORY]))
        # the history of one person is never shown to another, and what is kept out is no evidence either
        own = (one for one in related if one is not None and one.requester.id == ticket.requester.id)
        return [one for one in own if not kept_out(one, self._settings.tickets)]

    async def _silent(self, key: TicketKey, silence: Silence, requester: Person) -> str:
        if await self._ledger.silent(key, silence.message_id, silence.reason, requester=requester.id):
            SILENCES.labels(key.helpdesk).inc()
        return f"nothing: {silence.reason}"

    async def _identity(self, desk: Helpdesk) -> Person:
        if desk.name not in self._me:
            self._me[desk.name] = await desk.whoami()
        return self._me[desk.name]

    async def whoami(self, helpdesk: str) -> Person:
        """Who we are there; asked once. Raises ConnectorError."""
        return await self._identity(self._desks[helpdesk])


async def _related(desk: Helpdesk, ticket_id: str) -> Ticket | None:
    """A ticket of the history; one that is gone, or not ours to see, is not missed."""
    try:
        return await desk.ticket(ticket_id)
    except RejectedError:
        return None


def _wanted(ticket: Ticket, written: Written, restore: Restore) -> Update:
    """What the policy sets beside the note. restore: this ticket's own values go to the helpdesk, none of them into the ledger."""
    if written.triage is None or written.policy is None:
        return Update()
    return wanted(ticket, written.decision, written.triage, written.analysis, written.policy, restore=restore)
