"""One figure against its bar."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """What was measured, and what it may be at most or at least.

    name: as in the list of bars ("S2"), or what it is about ("budget"). cases: how many were judged; a bar over none is missed.
    own: judged on cases of this repository, because the shared corpora are not there or were not asked for.
    """

    name: str
    what: str
    number: float
    cases: int
    most: float | None = None
    least: float | None = None
    own: bool = False

    @property
    def met(self) -> bool:
        """Whether the bar is reached, on at least one case."""
        below = self.most is None or self.number <= self.most
        above = self.least is None or self.number >= self.least
        return below and above and self.cases > 0


Measure = Callable[[bool], Awaitable[list[Bar]]]
"""A part of the suite: called with `own` (True: use cases of this repository alone), it returns its bars."""
