"""Who the people of a ticket are: Freshdesk names them by number, so each is asked for, once in a while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from connectors.base import Person, RejectedError
from connectors.freshdesk import wire
from connectors.http import Door

MOST_LOOK_UPS = 20
"""People asked about per ticket and kind, newest first: a small plan has 50 to 200 calls a minute for everything."""

REMEMBERED_S = 300.0
"""A ticket is read twice for a note, and again for the customer's next words; nobody is renamed that often."""

MOST_REMEMBERED = 2_000

_AT_ONCE = 5

_Key = tuple[str, str]  # "agents" or "contacts", and the number


class People:
    """Whoever was asked for lately at one account, those included whom it does not know."""

    def __init__(self, door: Door, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._door = door
        self._clock = clock
        self._known: dict[_Key, tuple[float, Person | None]] = {}  # until when, oldest first

    async def of(self, strangers: wire.Strangers) -> dict[str, Person]:
        """Say who the strangers are, by id; who is gone or not ours to see is left out. Raises ConnectorError."""
        asked: list[_Key] = [("agents", id_) for id_ in strangers.agents[:MOST_LOOK_UPS]]
        asked += [("contacts", id_) for id_ in strangers.contacts[:MOST_LOOK_UPS]]
        turn = asyncio.Semaphore(_AT_ONCE)
        answers = await asyncio.gather(*(self._one(key, turn) for key in asked), return_exceptions=True)
        people: dict[str, Person] = {}
        for (_, id_), person in zip(asked, answers, strict=True):
            if isinstance(person, BaseException):
                raise person
            if person:
                people[id_] = person
        return people

    async def _one(self, key: _Key, turn: asyncio.Semaphore) -> Person | None:
        until, person = self._known.get(key, (0.0, None))
        if self._clock() >= until:
            async with turn:
                person = await self._look_up(*key)
            self._remember(key, person)
        return person

    async def _look_up(self, kind: str, id_: str) -> Person | None:
        try:
            answer = await self._door.call("GET", f"/api/v2/{kind}/{wire.number(id_)}")
        except RejectedError:  # 404: deleted, or no agent at all; 403: this key may not see people
            return None
        return wire.to_agent(answer.body) if kind == "agents" else wire.to_contact(answer.body)

    def _remember(self, key: _Key, person: Person | None) -> None:
        self._known.pop(key, None)  # so that the newest stands last
        self._known[key] = (self._clock() + REMEMBERED_S, person)
        while len(self._known) > MOST_REMEMBERED:
            del self._known[next(iter(self._known))]
