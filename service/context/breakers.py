"""Which look-ups are not asked for a while, so that one that hangs does not cost every ticket its half second.

They stand among the outages (service/outages.py), so all replicas know; unlike a model or an index, nobody waits for them.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from service.context.lookups import Found
from service.outages import Outage, Outages, Standing
from service.policy.document import Lookup
from service.queue import AWAY

OPENS_AFTER: Final = 3
"""Failures in a row: one alone may be a customer whose record is large, or a hiccup."""

PAUSE_S: Final = 60.0
"""Then one ticket asks again, for all."""


def breaker_of(lookup: str) -> str:
    """Under which name a look-up stands among the outages."""
    return f"lookup:{lookup}"


class Breakers:
    """Says whether a look-up is asked now, and counts what came of it. Never raises where the database is away."""

    def __init__(self, outages: Outages) -> None:
        self._outages = outages

    async def standing(self) -> Standing | None:
        """What is out. None: the database does not answer, so each is asked and nothing is counted."""
        try:
            return await self._outages.standing()
        except AWAY:
            return None

    async def refuses(self, lookup: Lookup, standing: Standing | None) -> Found | None:
        """What to say in place of asking; None: ask, and tell what came of it."""
        known = _known(lookup, standing)
        if known is None or known.failures < OPENS_AFTER:
            return None
        with suppress(*AWAY):
            if await self._outages.probes(known):
                return None
        return Found("paused", why=f"not asked for a minute after {known.failures} failures in a row: {known.reason}")

    async def tell(self, lookup: Lookup, done: Found, standing: Standing | None) -> None:
        """Count a failure, or close it. What was not asked says nothing, and a refusal is an answer."""
        if standing is None or done.result == "unasked":
            return
        with suppress(*AWAY):  # then the next ticket counts
            if done.result in ("slow", "failed"):
                await self._outages.failed(breaker_of(lookup.name), done.why, after_s=PAUSE_S)
            elif _known(lookup, standing) is not None:
                await self._outages.over(breaker_of(lookup.name))


def _known(lookup: Lookup, standing: Standing | None) -> Outage | None:
    return (standing or {}).get(breaker_of(lookup.name))
