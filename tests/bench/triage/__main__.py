"""Triage side by side with labels: `python -m tests.bench.triage [--json] [--untouched] [--rows N]`.

Categories: banking77 of `../shared/data`, the training rows as a policy's examples, the test rows judged, by words alone and with
all-MiniLM-L6-v2 (tests/bench/encoder.py). Tiers: our own labelled tickets (README.md beside this file) without a model. The tuned
half is what the rules were written by; `--untouched` counts on the other one and on the fresh blind set as well, and those are the figures to report.
`triage_ms_p50` is of the whole step without a model, on the tickets.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import structlog
from rich.console import Console
from rich.table import Table

from service.embeddings import Embeddings
from service.evaluation.measures import percentile
from service.groups import EmbeddingsSettings
from service.policy.document import Category, Policy
from service.policy.standing import required
from service.triage.categories import Categories
from service.triage.triaging import Triager
from service.vectors import EmbeddedVectors
from tests.bench.environments import encoder
from tests.bench.retrieval import DATA, MODEL
from tests.bench.triage.judging import Judgement, judged
from tests.bench.triage.tickets import fresh, tuned, untouched

BANKING = DATA / "banking77"
_BATCH = 64

Figures = dict[str, float]


@asynccontextmanager
async def index() -> AsyncIterator[EmbeddedVectors]:
    """An empty one, on disk as in the product."""
    with tempfile.TemporaryDirectory(prefix="deskpilot-bench-") as folder:
        vectors = EmbeddedVectors(Path(folder) / "index")
        await vectors.open()
        try:
            yield vectors
        finally:
            await vectors.close()


def rows(name: str, most: int | None) -> list[tuple[str, str]]:
    """Text and category of each row."""
    with (BANKING / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return [(row["text"], row["category"]) for row in csv.DictReader(file)][:most]


async def category_accuracy(embeddings: Embeddings | None, *, most: int | None) -> float:
    """Share of the test rows whose category is told."""
    train, test = rows("train", None), rows("test", most)
    examples: dict[str, list[str]] = {}
    for text, category in train:
        examples.setdefault(category, []).append(text)
    policy = Policy(version=1, categories={name: Category(examples=tuple(of)) for name, of in examples.items()})
    async with index() as vectors:
        categories = Categories(vectors, embeddings)
        told = [(await categories.of(text, language="en", policy=policy)).value for text, _ in test]
    return sum(one == category for one, (_, category) in zip(told, test, strict=True)) / len(test)


def figures(judgements: Sequence[Judgement], half: str) -> Figures:
    """How often a ticket for a person was told, and how often what was told was one; beside them category, mood and wish."""
    told = [one.told_tier == 3 for one in judgements]
    real = [one.ticket.tier == 3 for one in judgements]
    both = sum(a and b for a, b in zip(told, real, strict=True))
    hard = [one for one in judgements if one.ticket.hard and one.ticket.tier == 3]
    count = len(judgements)
    return {
        f"tier3_recall{half}": both / sum(real),
        f"tier3_precision{half}": both / max(1, sum(told)),
        f"tier3_recall_indirect{half}": sum(one.told_tier == 3 for one in hard) / max(1, len(hard)),
        f"category_told{half}": sum(one.triage.category.value == one.ticket.category for one in judgements) / count,
        f"sentiment_told{half}": sum(one.triage.sentiment.value == one.ticket.sentiment for one in judgements) / count,
        f"person_told{half}": sum(one.triage.wants_person.value == one.ticket.person for one in judgements) / count,
    }


async def measure(*, whole: bool, most: int | None) -> Figures:
    """All figures."""
    found: Figures = {"category_accuracy_bm25": await category_accuracy(None, most=most)}
    async with encoder() as url:
        settings = EmbeddingsSettings(base_url=url, model=MODEL, timeout_s=600, batch=_BATCH)
        async with Embeddings.opened(settings) as embeddings:
            found["category_accuracy_dense"] = await category_accuracy(embeddings, most=most)
    async with index() as vectors:
        triager, in_force = Triager(Categories(vectors)), required(None)
        await judged(tuned()[:1], triager=triager, in_force=in_force)  # learns the examples, compiles the patterns
        took_ms: list[float] = []
        for half, tickets in (("_tuned", tuned()), *((("", untouched()), ("_fresh", fresh())) if whole else ())):
            judgements = await judged(tickets, triager=triager, in_force=in_force)
            took_ms += [one.took_ms for one in judgements]
            found |= figures(judgements, half)
    found |= {"triage_ms_p50": percentile(took_ms, 0.5), "triage_ms_p95": percentile(took_ms, 0.95)}
    return {name: round(value, 4 if value < 2 else 1) for name, value in found.items()}


def table(found: Mapping[str, float]) -> Table:
    """For a person."""
    shown = Table("triage", "figure", box=None, pad_edge=False)
    for name, value in found.items():
        shown.add_row(name, f"{value:g}")
    return shown


def main() -> int:
    """Print the figures; exit 2 where the data is not there."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.triage", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object: figure, value")
    parser.add_argument(
        "--untouched",
        action="store_true",
        help="count on the untouched half as well: without names, as its README says",
    )
    parser.add_argument("--rows", type=int, help="the first so many test rows of banking77")
    given = parser.parse_args()
    if not BANKING.exists():
        print(f"not there: {BANKING}. Set DESKPILOT_SHARED to the folder that has data/.", file=sys.stderr)
        return 2
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # the figures alone go to stdout
    found = asyncio.run(measure(whole=given.untouched, most=given.rows))
    if given.json:
        print(json.dumps(found))
    else:
        Console().print(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
