"""Keeps the index true to the solved tickets: in with what ended well, out with what was reopened, deleted or rated badly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from connectors.base import GoneError, Helpdesk, Ticket
from service.errors import OutageError
from service.knowledge.encoding import single
from service.knowledge.sources import Library
from service.outages import INDEX, Outages, Standing
from service.scope import kept_out
from service.solved import RATED_BADLY, Unfit, article_of, passage_of, source_of, stamp_of
from service.steps import stage
from service.vectors import Entry, Mark, Passage, VectorsUnavailableError

log = structlog.get_logger()

_GONE = Unfit("it does not exist any more")
_OFF = Unfit("DESKPILOT_KNOWLEDGE__SOLVED is off")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a ticket's lesson lies in the index."""

    source: str
    account: str
    article: str


class Lessons:
    """Whoever looks at a ticket reads it here; a second look at an unchanged one writes nothing."""

    def __init__(self, library: Library, outages: Outages) -> None:
        self._vectors, self._embeddings, self._outages = library.vectors, library.embeddings, outages
        self._on, self._entities = library.settings.knowledge.solved, library.entities
        self._tickets = library.settings.tickets

    @asynccontextmanager
    async def reading(
        self, desk: Helpdesk, ticket_id: str, standing: Standing
    ) -> AsyncIterator[tuple[Ticket, OutageError | None]]:
        """The ticket as it stands; what it teaches is in the index, or gone from it, before anybody searches.

        An index that does not answer (the OutageError) keeps nobody from working on the ticket: what can be done without it
        is done, and then the error is raised, so that the ticket is looked at again. Raises ConnectorError.
        """
        try:
            with stage("read"):
                ticket = await desk.ticket(ticket_id)
        except GoneError:
            place = _Place(source_of(desk.name), desk.account, article_of(desk.name, ticket_id))
            await self._keep(place, _GONE, standing)
            raise
        late: OutageError | None = None
        try:
            await self._keep(_place_of(ticket), await self._lesson(desk, ticket), standing)
        except OutageError as error:
            late = error
        yield ticket, late
        if late:
            raise late

    async def _lesson(self, desk: Helpdesk, ticket: Ticket) -> Passage | Unfit:
        if not self._on:
            return _OFF
        if reason := kept_out(ticket, self._tickets):
            return Unfit(reason)
        lesson = await asyncio.to_thread(passage_of, ticket, entities=self._entities)
        if isinstance(lesson, Passage) and (await desk.rated(ticket)).satisfaction == "bad":
            lesson = Unfit(RATED_BADLY)
        if isinstance(lesson, Unfit) and ticket.status in ("solved", "closed"):
            log.info("a solved ticket is no example", reason=lesson.reason)
        return lesson

    async def _keep(self, place: _Place, lesson: Passage | Unfit, standing: Standing) -> None:
        async with self._outages.watching(INDEX, standing, failures=(VectorsUnavailableError,)):
            marks = await self._vectors.marks(source=place.source, account=place.account, articles=(place.article,))
            known = marks.get(place.article)
            if isinstance(lesson, Passage):
                await self._put(place, lesson, known)
            elif known:
                await self._vectors.remove((place.article,), source=place.source, account=place.account)
                log.info("a ticket is no example any more", article=place.article, reason=lesson.reason)

    async def _put(self, place: _Place, lesson: Passage, known: Mark | None) -> None:
        stamp, model = stamp_of(lesson), self._embeddings.model if self._embeddings else ""
        if known and known.stamp == stamp and (not model or known.model == model):
            return
        dense = await single(lesson, vectors=self._vectors, embeddings=self._embeddings)
        mark = Mark(place.article, stamp, model if dense else "")
        if mark != known:
            await self._vectors.put([Entry(mark, (lesson,), dense)], source=place.source, account=place.account)
            log.info("a solved ticket is kept as an example", article=place.article)


def _place_of(ticket: Ticket) -> _Place:
    return _Place(source_of(ticket.helpdesk), ticket.account, article_of(ticket.helpdesk, ticket.id))
