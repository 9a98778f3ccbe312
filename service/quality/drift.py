"""Whether drafts of a category got worse, or other questions come than before: a week against the four before it. Pure.

A drift is certain and large: the whole 95 % interval of the difference lies beyond a margin, and each side has as many messages as
a figure needs (`LEAST`). deploy/decisions/0048-reviews-and-drift.md says how often that is a false alarm, and what it sees.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal, get_args

from service.worth.intervals import LEAST, Interval, Moments, difference, mean_difference_of, wilson

Kind = Literal["acceptance", "confidence", "mix"]
"""`acceptance`: how many drafts are sent as they are or edited. `confidence`: how sure drafts are, on average. `mix`: how many of
all messages are of this category."""

KINDS: Final = get_args(Kind)

NOW: Final = timedelta(days=7)
BEFORE: Final = timedelta(days=28)
"""As long, right before."""

MARGINS: Final[Mapping[Kind, float]] = {"acceptance": 0.10, "confidence": 0.05, "mix": 0.05}
"""What is at least lost, or for the mix gained or lost, before anybody is told."""

_WORDS: Final[Mapping[Kind, str]] = {
    "acceptance": "drafts sent as they are or edited",
    "confidence": "how sure drafts are",
    "mix": "of all messages",
}


_UNSURE = Moments(0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one category in one span. confidence: of its drafts."""

    messages: int = 0
    compared: int = 0
    accepted: int = 0
    confidence: Moments = _UNSURE


@dataclass(frozen=True, slots=True)
class Drift:
    """One that is certain. change: now less before, with its interval; its n is the smaller side. raises: its category goes up a tier."""

    category: str
    kind: Kind
    before: float
    now: float
    change: Interval

    @property
    def raises(self) -> bool:
        """A category that fewer ask about, and messages of no category, cannot be answered more carefully."""
        return bool(self.category) and (self.kind != "mix" or self.change.point > 0)

    def as_json(self) -> dict[str, Any]:
        """For the table and for programs."""
        return {
            "before": round(self.before, 4), "now": round(self.now, 4), "low": round(self.change.low, 4),
            "high": round(self.change.high, 4), "n": self.change.n,
        }  # fmt: skip


def drifts(before: Mapping[str, Counts], now: Mapping[str, Counts]) -> Iterator[Drift]:
    """Every drift that is certain. before, now: by category; "" for messages of none."""
    all_before, all_now = (sum(one.messages for one in span.values()) for span in (before, now))
    for category in sorted(before.keys() | now.keys()):
        was, is_ = before.get(category, Counts()), now.get(category, Counts())
        if category:
            lost = difference(is_.accepted, is_.compared, was.accepted, was.compared)
            rates = wilson(was.accepted, was.compared).point, wilson(is_.accepted, is_.compared).point
            yield from _told(Drift(category, "acceptance", *rates, lost))
            surer = mean_difference_of(is_.confidence, was.confidence)
            yield from _told(Drift(category, "confidence", was.confidence.mean, is_.confidence.mean, surer))
        shares = wilson(was.messages, all_before).point, wilson(is_.messages, all_now).point
        mixed = difference(is_.messages, all_now, was.messages, all_before)
        yield from _told(Drift(category, "mix", *shares, mixed))


def in_words(kind: Kind, figures: Mapping[str, Any]) -> str:
    """One line of what a drift is, as in "drafts sent as they are or edited: 52 %, before 78 % (26 points less, 14 to 37)"."""
    before, now = figures.get("before", math.nan), figures.get("now", math.nan)
    low, high = sorted(abs(figures.get(end, math.nan)) * 100 for end in ("low", "high"))
    way = "less" if now < before else "more"
    points = f"{abs(now - before) * 100:.0f} points {way}, {low:.0f} to {high:.0f}"
    return f"{_WORDS[kind]}: {now * 100:.0f} %, before {before * 100:.0f} % ({points})"


def _told(drift: Drift) -> Iterator[Drift]:
    margin, change = MARGINS[drift.kind], drift.change
    if change.n >= LEAST and (change.high < -margin or (drift.kind == "mix" and change.low > margin)):
        yield drift
