"""Tickets that no category was found for: when they are too many to trust the rest, and what to do about it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

MANY = 0.25
"""Share of all tickets from which on the report warns: it then speaks of three quarters of the work at most."""

_SAMPLES = 5


def warning(untold: int, tickets: int, *, embedded: bool) -> str:
    """A sentence or three where so many of the tickets are of no category that it matters, else "". embedded: by meaning, too."""
    if not tickets or untold / tickets < MANY:
        return ""
    meaning = "" if embedded else ", or set DESKPILOT_EMBEDDINGS__BASE_URL to tell tickets by meaning, too"
    return (
        f"{untold:,} of {tickets:,} tickets ({untold / tickets:.0%}) were not told apart, and the figures by kind are of the others "
        f"alone. From {MANY:.0%} on that is too many: give the policy categories for what they ask, or more examples to those "
        f"it has (deploy/policy.md){meaning}; then run the audit again. The audit asks no model; with one "
        "(DESKPILOT_LLM__BASE_URL) new tickets are told better than here."
    )


def samples(sentences: Iterable[str]) -> tuple[str, ...]:
    """A few of them, what was said most often first."""
    return tuple(one for one, _ in Counter(one for one in sentences if one).most_common(_SAMPLES))
