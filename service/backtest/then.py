"""A ticket, and the knowledge, as they stood at a moment of the past.

The index holds articles as they are today, with the day of their last change. One that changed after the moment may have said
something else then, so it is not shown at all, nor is one of which no day is known: what cannot be proved to be older leaks
nothing. That costs some tickets the article that answered them; the report says how many.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from connectors.base import Ticket
from service.outcomes.sent import Turn, turns_of
from service.solved import article_of
from service.vectors import Fence, Found, Question, Status, Vectors

_MOST = 1_600  # passages looked at, for one that was there then


class Then:
    """The index as a search at that moment may see it. Has the verbs that answer a ticket, and none that writes."""

    def __init__(self, vectors: Vectors, *, moment: datetime, without: str) -> None:
        """without: the article name of the ticket itself, which must not answer itself."""
        self._vectors, self._moment, self._without = vectors, moment, without
        self.left_out = 0
        """Passages that were found, and are younger."""

    async def search(self, question: Question, *, fence: Fence, limit: int) -> list[Found]:
        """Best first. Looks further where what is younger took the places."""
        asked = limit
        while True:
            found = await self._vectors.search(question, fence=fence, limit=asked)
            older = [one for one in found if self._was_there(one)]
            if len(older) >= limit or len(found) < asked or asked >= _MOST:
                self.left_out += sum(
                    1 for one in found[:limit] if not self._was_there(one) and not self._is_itself(one)
                )
                return older[:limit]
            asked *= 4

    async def status(self) -> Status:
        """Whether the index answers."""
        return await self._vectors.status()

    def _was_there(self, one: Found) -> bool:
        return not self._is_itself(one) and before(one.passage.updated_at, self._moment)

    def _is_itself(self, one: Found) -> bool:
        return one.passage.article == self._without


def before(updated_at: str, moment: datetime) -> bool:
    """Whether something that last changed then was as it is at that moment; unknown is not."""
    if not updated_at:
        return False
    changed = datetime.fromisoformat(updated_at)
    return (changed if changed.tzinfo else changed.replace(tzinfo=UTC)) < moment


def moments_of(ticket: Ticket, *, each: bool) -> Iterator[tuple[Turn, Ticket]]:
    """The turns of a solved ticket that an agent answered, and the ticket as it stood before that answer.

    each: all of them; else the first. What only came later is not in it, nor what may have: tags, fields, group, rating, priority, who took it, how it ended.
    """
    for turn in turns_of(ticket):
        if turn.replies:
            yield turn, _cut(ticket, turn)
        if not each:
            return


def _cut(ticket: Ticket, turn: Turn) -> Ticket:
    last = ticket.messages.index(turn.asked[-1])
    messages = tuple(one for one in ticket.messages[: last + 1] if one.kind != "internal note")
    return replace(
        ticket,
        status="open",
        messages=messages,
        updated_at=turn.asked[-1].at,
        assignee=None,
        tags=(),
        priority="",
        satisfaction="",
        due_at=None,
        related=(),
        solved_at=None,
        reopened_at=None,
        spam=False,
        group="",
        group_name="",
        form="",
        fields={},
    )


def own_article(ticket: Ticket) -> str:
    """How the index names the ticket itself."""
    return article_of(ticket.helpdesk, ticket.id)
