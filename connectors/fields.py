"""The custom fields of an account that take a text or one choice: which there are, and which of them no customer sees."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from connectors.errors import ConnectorError

_KEPT_S = 3600.0  # fields change with somebody's plans, not with tickets; a field that customers get to see is left alone from then on


@dataclass(frozen=True, slots=True)
class CustomField:
    """One of them. `id`: as in `Ticket.fields`."""

    id: str
    title: str
    hidden: bool  # from every customer; False also where the vendor does not say
    choices: frozenset[str] = frozenset()  # empty: whatever fits its type


class CustomFields:
    """What `read` tells of an account, asked once an hour."""

    def __init__(
        self, read: Callable[[], Awaitable[Sequence[CustomField]]], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._read, self._clock = read, clock
        self._known: Mapping[str, CustomField] = {}
        self._until = float("-inf")

    async def known(self) -> Mapping[str, CustomField]:
        """All of them, by id. Raises ConnectorError."""
        if self._clock() >= self._until:
            self._known = {one.id: one for one in await self._read()}
            self._until = self._clock() + _KEPT_S
        return self._known

    async def objections(self, wanted: Mapping[str, str]) -> dict[str, str]:
        """Which of these values may not be written, and why; the values themselves are not told.

        A field that customers can see is one: what we find out about them is for agents.
        """
        if not wanted:
            return {}
        try:
            known = await self.known()
        except ConnectorError as error:
            return dict.fromkeys(wanted, f"the custom fields of the account cannot be read ({type(error).__name__})")
        found = {name: _objection(known.get(name), value) for name, value in wanted.items()}
        return {name: why for name, why in found.items() if why}


def _objection(field: CustomField | None, value: str) -> str:
    if field is None:
        return "the account has no such custom field for a text or one choice"
    if not field.hidden:
        return "customers can see this field"
    return "not one of the field's choices" if field.choices and value not in field.choices else ""
