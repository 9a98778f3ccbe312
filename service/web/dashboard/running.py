"""How it stands at this moment: what waits, who is not called, how long each step takes. The same figures as at /metrics."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from prometheus_client import Gauge

from service import metrics
from service.figures import STATES, Figures
from service.worth import wording
from service.worth.sheets import Cell, Column, Sheet

_WITHIN_S = 2.0
_MOST = 0.95
_WORDS = {
    "inbox": "In the inbox",
    "waiting": "Waiting",
    "put_off": "Put off",
    "running": "Being looked at",
    "parked": "Given up",
}
_NAMES = {"llm": "The model", "index": "The index of articles"}


@dataclass(frozen=True, slots=True)
class Now:
    """`fresh`: PostgreSQL answered in time; else the figures are older."""

    fresh: bool
    sheets: dict[str, Sheet]


async def now(figures: Figures, *, helpdesk: str) -> Now:
    """Look."""
    await figures.tell(_WITHIN_S)
    fresh = all(value == 1 for _, value in _values(metrics.DATABASE_UP))
    sheets = (_backlog(helpdesk), _breakers(), _stages())
    return Now(fresh, {sheet.name: sheet for sheet in sheets})


def _backlog(helpdesk: str) -> Sheet:
    ages = {(labels["helpdesk"], labels["state"]): age for labels, age in _values(metrics.BACKLOG_SECONDS)}
    found = {(labels["helpdesk"], labels["state"]): count for labels, count in _values(metrics.BACKLOG)}
    rows: list[Sequence[Cell]] = [
        (
            f"{desk.capitalize()}: {_WORDS[state].lower()}",
            int(count),
            wording.value(ages.get((desk, state), 0.0), "seconds") if count else "",
        )
        for (desk, state), count in sorted(found.items(), key=lambda one: (one[0][0], STATES.index(one[0][1])))
        if helpdesk in ("", desk)
    ]
    columns = (Column("Where", number=False), Column("Tickets", "backlog"), Column("The oldest, for"))
    return Sheet("backlog", "Backlog now", columns, rows, empty="No helpdesk is connected.")


def _breakers() -> Sheet:
    rows: list[Sequence[Cell]] = [
        (
            _NAMES.get(labels["name"], labels["name"].capitalize()),
            "out: not called, since it does not answer" if is_open else "in order",
        )
        for labels, is_open in _values(metrics.BREAKER_OPEN)
    ]
    return Sheet(
        "breakers", "Breakers now", (Column("Who", number=False), Column("Stands", "breakers", number=False)), rows
    )


def _stages() -> Sheet:
    counts: dict[str, float] = {}
    sums: dict[str, float] = {}
    bounds: dict[str, list[tuple[float, float]]] = {}
    for metric in metrics.STAGE_SECONDS.collect():
        for sample in metric.samples:
            stage = sample.labels.get("stage", "")
            if sample.name.endswith("_count"):
                counts[stage] = sample.value
            elif sample.name.endswith("_sum"):
                sums[stage] = sample.value
            elif sample.name.endswith("_bucket"):
                bounds.setdefault(stage, []).append((float(sample.labels["le"]), sample.value))
    rows: list[Sequence[Cell]] = [
        (stage, int(count), wording.value(sums[stage] / count, "seconds"), _under(bounds[stage], count))
        for stage, count in sorted(counts.items())
        if count
    ]
    columns = (
        Column("Stage", number=False),
        Column("Times", "stages"),
        Column("Mean"),
        Column("95 of 100 under"),
    )
    empty = "This process has done none since it started; the figures of all are at /metrics."
    return Sheet("stages", "Seconds by stage, of this process", columns, rows, empty=empty)


def _under(bounds: Sequence[tuple[float, float]], count: float) -> str:
    bound = next((le for le, within in sorted(bounds) if within >= _MOST * count), math.inf)
    return wording.value(bound, "seconds") if math.isfinite(bound) else "over 60 s"


def _values(gauge: Gauge) -> list[tuple[dict[str, str], float]]:
    return [(sample.labels, sample.value) for metric in gauge.collect() for sample in metric.samples]
