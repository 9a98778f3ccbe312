"""A figure: a share, a mean or a difference with its interval and its denominator. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from service.worth.counts import Messages, Sums, Tickets
from service.worth.intervals import Interval, difference, mean_difference_of, per_hit, wilson

Kind = Literal["share", "mean"]


@dataclass(frozen=True, slots=True)
class Figure:
    """`name`: of its definition. `hits`: the numerator of a share. Shown only where `interval.enough`.

    unsettled: how many belong to it and are too young to be counted.
    """

    name: str
    kind: Kind
    interval: Interval
    hits: int = 0
    unsettled: int = 0

    @property
    def shown(self) -> bool:
        """Whether it rests on enough."""
        return self.interval.enough

    def as_json(self) -> dict[str, Any]:
        """For programs: without a point where it rests on too few."""
        told = self.interval
        found = {"point": told.point, "low": told.low, "high": told.high} if self.shown else {"too_few": True}
        return {
            "name": self.name,
            "of": told.n,
            **({"hits": self.hits} if self.kind == "share" else {}),
            **({"unsettled": self.unsettled} if self.unsettled else {}),
            **found,
        }


@dataclass(frozen=True, slots=True)
class Effect:
    """`ours` less `theirs`. `against`: "holdout" or "baseline"."""

    name: str
    kind: Kind
    against: str
    ours: Interval
    theirs: Interval
    difference: Interval


def share(name: str, hits: int, of: int, *, unsettled: int = 0) -> Figure:
    """A share with Wilson's interval."""
    return Figure(name, "share", wilson(hits, of), hits, unsettled)


def average(name: str, sums: Sums) -> Figure:
    """A mean with Student's."""
    return Figure(name, "mean", sums.mean)


def of_messages(counts: Messages) -> dict[str, Figure]:
    """What is known of messages, by name."""
    told = [
        share("acceptance", counts.as_is + counts.edited, counts.compared),
        share("as_is", counts.as_is, counts.compared),
        share("edited", counts.edited, counts.compared),
        share("unused", counts.unused, counts.compared),
        average("fidelity", counts.fidelity),
        average("note_to_reply", counts.wait),
        share("escalation", counts.handed - counts.handed_and_used, counts.handed),
        average("cost_message", counts.cost),
        Figure("cost_accepted", "mean", _of_accepted(counts)),
    ]
    return {one.name: one for one in told}


def _of_accepted(counts: Messages) -> Interval:
    """What all drafts cost, for each that was used: the others are paid as well."""
    cost, used = counts.cost, counts.cost_of_accepted
    return per_hit(cost.total, cost.squares, cost.n, hits=used.n, on_hits=used.total)


def of_tickets(counts: Tickets) -> dict[str, Figure]:
    """What is known of tickets, by name."""
    told = [
        share("ai_as_is", counts.ai_as_is, counts.labelled),
        share("ai_assisted", counts.ai_assisted, counts.labelled),
        share("human_only", counts.human_only, counts.labelled),
        *_outcome(counts),
    ]
    return {one.name: one for one in told}


_OURS_ALONE: Mapping[str, frozenset[str]] = {"baseline": frozenset({"reopened", "again"})}
"""What a history does not tell as we see it: Zendesk counts thanks as a reopening, and whether somebody asked the same again needs triage of then."""


def effects(ours: Tickets, theirs: Tickets, *, against: str) -> list[Effect]:
    """What differs between tickets with notes and others, where both are measured alike."""
    pairs = zip(_outcome(ours), _outcome(theirs), strict=True)
    return [
        Effect(a.name, a.kind, against, a.interval, b.interval, _DIFFERENCES[a.kind](a.name, ours, theirs))
        for a, b in pairs
        if a.name not in _OURS_ALONE.get(against, ())
    ]


def _outcome(counts: Tickets) -> list[Figure]:
    return [
        average("exchanges", counts.exchanges),
        average("first_reply", counts.first_reply),
        average("to_solution", counts.to_solution),
        share("reopened", counts.reopened, counts.settled, unsettled=counts.unsettled),
        share("again", counts.again, counts.settled, unsettled=counts.unsettled),
        share("csat", counts.good, counts.rated),
    ]


_SHARES: Mapping[str, tuple[str, str]] = {
    "reopened": ("reopened", "settled"),
    "again": ("again", "settled"),
    "csat": ("good", "rated"),
}


def _shares(name: str, a: Tickets, b: Tickets) -> Interval:
    hits, of = _SHARES[name]
    return difference(getattr(a, hits), getattr(a, of), getattr(b, hits), getattr(b, of))


def _means(name: str, a: Tickets, b: Tickets) -> Interval:
    return mean_difference_of(getattr(a, name).moments, getattr(b, name).moments)


_DIFFERENCES: Mapping[Kind, Callable[[str, Tickets, Tickets], Interval]] = {"share": _shares, "mean": _means}
