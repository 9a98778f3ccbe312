"""The time of a simulated helpdesk: the real one, or one that a test moves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
"""Says what time it is, aware and in UTC."""


def now_utc() -> datetime:
    """The real time."""
    return datetime.now(UTC)


class ManualClock:
    """A clock that stands still until it is moved; pass the object itself as the `Clock`."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime.now(UTC)

    def __call__(self) -> datetime:
        """Say what time it is."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the clock on."""
        self._now += timedelta(seconds=seconds)
