"""The time of a simulated account: some clock, sped up and moved on at will."""

from __future__ import annotations

from datetime import datetime, timedelta

from connectors.simulated.clock import Clock


class MovableClock:
    """Runs `scale` times as fast as `source` and can be put forward."""

    def __init__(self, source: Clock, *, scale: float = 1.0) -> None:
        self._source = source
        self._start = source()
        self._scale = scale
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        """Say what time it is."""
        return self._start + (self._source() - self._start) * self._scale + self._ahead

    def move_to(self, moment: datetime) -> None:
        """Put the clock forward to `moment`; a moment in the past changes nothing."""
        self._ahead += max(moment - self(), timedelta())

    def real_seconds_until(self, moment: datetime) -> float:
        """Seconds of `source` until `moment`, at least 0."""
        return max((moment - self()).total_seconds() / self._scale, 0.0)
