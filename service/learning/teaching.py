"""From a look at a ticket to the queue, and from a person's decision to what is retrieved."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from connectors.base import RejectedError, Ticket
from service.database import Database
from service.errors import ServiceError
from service.knowledge.sources import Library
from service.languages import detect
from service.learning.candidates import candidates_of, corrected_of, retold
from service.learning.contradicting import contradictions
from service.learning.lesson import QUESTION_CHARS, REPLY_CHARS, Candidate, Lesson, lives
from service.learning.likeness import Sketch, sketch
from service.learning.publishing import Publishing
from service.learning.store import LessonStore
from service.learning.votes import CorrectingVotes
from service.ledger import TicketKey
from service.scope import kept_out
from service.vectors import VectorsUnavailableError

log = structlog.get_logger()

EVERY_S = 600.0
"""Of the round. An index that did not answer when somebody approved or revoked a lesson is true to the queue again so soon."""

_CHECKED_AT_ONCE = 30  # lessons that a round compares with the articles; each is a search


class LessonError(ServiceError):
    """What a person decided could not be done, and why: one sentence for them."""


@dataclass(frozen=True, slots=True)
class Decided:
    """late: the index did not answer; the queue is right all the same, and the index follows."""

    lesson: Lesson
    late: bool = False


class Teaching:
    """Holds nothing but its tools."""

    def __init__(self, database: Database, library: Library) -> None:
        self.store = LessonStore(database)
        self._library, self._publishing = library, Publishing(library, self.store)
        self._votes = CorrectingVotes(database)

    async def offer(self, ticket: Ticket) -> int:
        """Put into the queue what a ticket teaches, right after its outcomes were written down; how many are new.

        One statement for a ticket that teaches nothing new. Raises EntitiesError.
        """
        if not self._library.settings.knowledge.solved or kept_out(ticket, self._library.settings.tickets):
            return 0
        new = await self.store.untaught(TicketKey(ticket.helpdesk, ticket.account, ticket.id))
        if all(one.use == "as_is" for one in new):
            return 0
        found = await asyncio.to_thread(candidates_of, ticket, new, entities=self._library.entities)
        return sum([await self._add(one) for one in found])

    async def approve(self, lesson: Lesson, *, everyone: bool, owner: str, days: int, by: str) -> Decided:
        """Put a lesson in force, as it was read. Raises LessonError."""
        if not owner.strip():
            raise LessonError("Say who answers for it: a lesson without an owner is nobody's when it is wrong.")
        if not everyone and not lesson.bound:
            raise LessonError(
                "Its organization and requester are forgotten: it can be approved for everyone, or not at all."
            )
        try:
            until = lives(days, now=datetime.now(UTC))
        except ValueError as error:
            raise LessonError(f"Until when it is true: {error}.") from error
        return await self._follow(
            await self.store.approve(lesson, everyone=everyone, owner=owner, until=until, by=by), lesson
        )

    async def rewrite(self, lesson: Lesson, *, question: str, reply: str, by: str) -> Decided:
        """Set its texts, masked anew. Raises LessonError, EntitiesError."""
        question, reply = [
            await asyncio.to_thread(retold, text, limit=limit, entities=self._library.entities)
            for text, limit in ((question, QUESTION_CHARS), (reply, REPLY_CHARS))
        ]
        if not question or not (reply or lesson.kind == "hand_over"):
            raise LessonError("A lesson has a question and a reply.")
        language = detect(f"{question}\n{reply}") or lesson.language
        drawn = await asyncio.to_thread(sketch, question, reply, language=language)
        done = await self.store.rewrite(lesson, question=question, reply=reply, sketch=drawn, language=language, by=by)
        return await self._follow(done, lesson)

    async def reject(self, lesson: Lesson, *, by: str) -> Decided:
        """Not to be learnt. Raises LessonError."""
        return Decided(_done(await self.store.reject(lesson, by=by), lesson))

    async def revoke(self, lesson: Lesson, *, by: str) -> Decided:
        """Out of force: with the row, so no ticket gets it from now on, even where the index cannot be told. Raises LessonError."""
        return await self._follow(await self.store.revoke(lesson, by=by), lesson)

    async def go(self) -> str:
        """The round: what is over, what the index lacks, what votes teach, what contradicts articles."""
        tidied = await self.store.tidy()
        published = await self._publishing.settle()
        heard = await self._heard()
        checked = await self._checked()
        counts = {**tidied, "put": published.put, "removed": published.removed, "heard": heard, "checked": checked}
        return ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "nothing to do"

    async def _heard(self) -> int:
        """Candidates of votes that say what is right. A ticket is read once; one that is gone teaches nothing. Raises ConnectorError."""
        added = 0
        for desk in self._library.helpdesks.values():
            for vote in await self._votes.unheard(desk.name, desk.account):
                try:
                    ticket = await desk.ticket(vote.judged.key.ticket_id)
                except RejectedError as error:
                    log.info("a vote teaches nothing", reason=str(error))
                else:
                    if not kept_out(ticket, self._library.settings.tickets):
                        found = await asyncio.to_thread(
                            corrected_of, ticket, vote.judged, entities=self._library.entities
                        )
                        added += await self._add(found) if found else 0
                await self._votes.heard(vote)
        return added

    async def _checked(self) -> int:
        lessons = await self.store.unchecked(limit=_CHECKED_AT_ONCE)
        for lesson in lessons:
            await self.store.checked(lesson.id, await contradictions(lesson, self._library.vectors))
        return len(lessons)

    async def _add(self, candidate: Candidate) -> int:
        drawn: Sketch = await asyncio.to_thread(
            sketch, candidate.question, candidate.reply, language=candidate.language
        )
        state = await self.store.add(candidate, drawn)
        if state:
            log.info("a ticket teaches something", origin=candidate.origin, kind=candidate.kind, state=state)
        return int(state is not None)

    async def _follow(self, done: Lesson | None, asked: Lesson) -> Decided:
        lesson = _done(done, asked)
        try:
            await self._publishing.follow(lesson)
        except VectorsUnavailableError as error:
            log.warning("the index could not be told of a lesson", lesson=lesson.id, reason=str(error))
            await self.store.hasten()
            return Decided(lesson, late=True)
        return Decided(lesson)


def _done(lesson: Lesson | None, asked: Lesson) -> Lesson:
    if lesson is None:
        raise LessonError(f"Lesson {asked.id} was changed or decided meanwhile: look at it again.")
    return lesson
