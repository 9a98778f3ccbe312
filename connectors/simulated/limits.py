"""Counting calls against a rate limit, as helpdesks do: a window that starts with its first call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from connectors.simulated.clock import Clock


@dataclass(frozen=True, slots=True)
class Taken:
    """What one call found. `reset_s`: whole seconds until the window starts anew, at least 1 while it runs."""

    allowed: bool
    limit: int
    remaining: int
    reset_s: int


class Bucket:
    """So many calls per window. A refused call costs nothing; a limit of 0 or less refuses every call."""

    def __init__(self, limit: int, window_s: float, *, clock: Clock) -> None:
        self.limit = limit
        self.window_s = window_s
        self._clock = clock
        self._used = 0
        self._ends: datetime | None = None

    def take(self, cost: int = 1) -> Taken:
        """Pay for one call, when there is enough left."""
        self._renew()
        allowed = self._used + cost <= self.limit
        if allowed:
            self._used += cost
        return self._taken(allowed=allowed)

    def look(self) -> Taken:
        """Say how it stands without paying. `allowed`: whether a call of cost 1 would be."""
        self._renew()
        return self._taken(allowed=self._used < self.limit)

    @property
    def idle(self) -> bool:
        """True once the window is over: nothing is lost by forgetting this bucket."""
        return self._ends is None or self._clock() >= self._ends

    def _renew(self) -> None:
        if self.idle:
            self._used = 0
            self._ends = self._clock() + timedelta(seconds=self.window_s)

    def _taken(self, *, allowed: bool) -> Taken:
        left = (self._ends - self._clock()).total_seconds() if self._ends else self.window_s
        return Taken(allowed=allowed, limit=self.limit, remaining=max(self.limit - self._used, 0), reset_s=ceil(left))
