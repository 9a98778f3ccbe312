"""Spans of time as people say them."""

from __future__ import annotations

from datetime import UTC, datetime

_UNITS = ((86_400, "days"), (3_600, "hours"), (60, "minutes"))


def span(seconds: float) -> str:
    """In the largest unit of which there are two: "90 s", "2 minutes"."""
    for size, unit in _UNITS:
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def ago(moment: datetime) -> str:
    """How long ago; a moment ahead of our clock is now."""
    return f"{span((datetime.now(UTC) - moment).total_seconds())} ago"
