"""Whether a variant does harm: worse than the standing one for certain, and by more than its margin. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from service.experiments.experiment import Rules
from service.worth.intervals import LEAST, Interval, Moments, difference, mean_difference_of

Guardrail = Literal["wrong", "reopened", "quoted", "cost"]

_UNPRICED = Moments(0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one variant, in tickets. wrong: an agent said so of a note. reopened: of those solved. quoted: no model wrote a note of it.

    cost: of a ticket's notes, in your currency; of none where no price is known.
    """

    tickets: int = 0
    wrong: int = 0
    solved: int = 0
    reopened: int = 0
    quoted: int = 0
    cost: Moments = _UNPRICED

    def as_json(self) -> dict[str, Any]:
        """For programs and the record."""
        return {
            "tickets": self.tickets, "wrong": self.wrong, "solved": self.solved, "reopened": self.reopened,
            "quoted": self.quoted, "priced": self.cost.n, "cost": round(self.cost.mean, 6),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One guardrail of one variant. difference: variant less `a`. least: what each arm needs before it is judged."""

    guardrail: Guardrail
    difference: Interval
    margin: float
    least: int

    @property
    def enough(self) -> bool:
        """Whether both arms hold so many tickets that it is judged."""
        return self.difference.n >= self.least

    @property
    def broken(self) -> bool:
        """Whether the variant must go: the whole interval lies beyond the margin."""
        return self.enough and self.difference.low > self.margin

    @property
    def in_words(self) -> str:
        """One line: "wrong +12.0 points (4.1 to 19.8), at most 2.0"."""
        if not self.enough:
            return f"{self.guardrail}: {self.difference.n} of {self.least} tickets in the smaller arm"
        unit, by = (" in your currency", 1.0) if self.guardrail == "cost" else (" points", 100.0)
        digits = 4 if self.guardrail == "cost" else 1
        low, high, point, margin = (
            f"{value * by:+.{digits}f}"
            for value in (self.difference.low, self.difference.high, self.difference.point, self.margin)
        )
        return f"{self.guardrail} {point}{unit} ({low} to {high}), at most {margin}"

    def as_json(self) -> dict[str, Any]:
        """For programs; an end that is not known is null."""
        ends = {"low": self.difference.low, "high": self.difference.high, "point": self.difference.point}
        return {
            "guardrail": self.guardrail,
            **{name: round(value, 6) if math.isfinite(value) else None for name, value in ends.items()},
            "margin": self.margin, "tickets": self.difference.n, "least": self.least,
            "enough": self.enough, "broken": self.broken,
        }  # fmt: skip


def findings(rules: Rules, standing: Counts, tried: Counts) -> tuple[Finding, ...]:
    """All guardrails of one variant. A model that does not answer is told by `quoted`, as early as anything can be said."""
    b, a = tried, standing
    return (
        Finding("wrong", difference(b.wrong, b.tickets, a.wrong, a.tickets), rules.wrong, rules.least),
        Finding("reopened", difference(b.reopened, b.solved, a.reopened, a.solved), rules.reopened, rules.least),
        Finding("quoted", difference(b.quoted, b.tickets, a.quoted, a.tickets), rules.quoted, LEAST),
        Finding("cost", mean_difference_of(b.cost, a.cost), rules.cost * a.cost.mean, rules.least),
    )
