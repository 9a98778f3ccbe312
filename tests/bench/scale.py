"""How search and writing grow with the index: `python -m tests.bench.scale [--json] [--sizes 10000,14000,50000]`.

The embedded engine through the service's own classes. Passages are made up: words drawn by Zipf's law from a vocabulary of
made-up words, vectors of 384 numbers around a thousand topics; a question takes words and a vector from one of the passages.
`search_while_optimising_ms` is the longest of the searches that went on while the graph was built. Milliseconds are of the
wall clock: on a busy machine compare only what was run in turns.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from service.evaluation.measures import percentile
from service.passages import LOOKED_AT, PASSAGES
from service.progress import shown_progress
from service.vectors import Dense, EmbeddedVectors, Entry, Fence, Mark, Passage, Question, passage_id

SIZES = (10_000, 14_000, 50_000)
DIMENSION = 384
_MODEL = "made-up"
_SOURCE, _ACCOUNT = "bench", "acme"
_VOCABULARY = 30_000
_TOPICS = 1_000
_PER_ARTICLE = 3
_BATCH = 64  # articles per write
_QUESTIONS = 200
_SEED = 5

Figures = dict[str, float]


class Corpus:
    """Passages without end, always the same."""

    def __init__(self) -> None:
        self._dice = random.Random(_SEED)
        self._numbers = np.random.default_rng(_SEED)
        syllables = [first + second for first in "bdfgklmnprstvz" for second in "aeiou"]
        self._words = ["".join(self._dice.choices(syllables, k=self._dice.randint(2, 4))) for _ in range(_VOCABULARY)]
        self._weights = list(itertools.accumulate(1 / (rank + 10) for rank in range(_VOCABULARY)))
        self._topics = self._numbers.standard_normal((_TOPICS, DIMENSION))

    def text(self, count: int) -> str:
        """So many words."""
        return " ".join(self._dice.choices(self._words, cum_weights=self._weights, k=count))

    def vectors(self, topic: int, count: int) -> list[tuple[float, ...]]:
        """Vectors of length 1 around a topic."""
        made = self._topics[topic] + 0.7 * self._numbers.standard_normal((count, DIMENSION))
        return [tuple(row) for row in (made / np.linalg.norm(made, axis=1, keepdims=True)).tolist()]

    def articles(self, *, first: int, passages: int) -> Iterator[Entry]:
        """Articles of _PER_ARTICLE passages each, some 150 words long."""
        for number in range(first, first + passages, _PER_ARTICLE):
            article, title = f"{_SOURCE}:{number}", self.text(6)
            count = min(_PER_ARTICLE, first + passages - number)
            held = [self._passage(article, title, position) for position in range(count)]
            *bodies, of_title = self.vectors(self._dice.randrange(_TOPICS), count + 1)
            yield Entry(Mark(article, "stamp", _MODEL), held, [Dense(body, of_title) for body in bodies])

    def question(self, entry: Entry) -> Question:
        """About one of its passages: some of its words, and near its vector."""
        passage, dense = entry.passages[0], entry.dense[0]
        asked = self._dice.sample(passage.text.split(), 12)
        near = np.array(dense.body) + 0.03 * self._numbers.standard_normal(DIMENSION)
        return Question(" ".join(asked), "en", _MODEL, tuple((near / np.linalg.norm(near)).tolist()))

    def _passage(self, article: str, title: str, position: int) -> Passage:
        return Passage(
            id=passage_id(account=_ACCOUNT, source=_SOURCE, article=article, position=position),
            article=article,
            source=_SOURCE,
            title=title,
            breadcrumb="",
            text=self.text(self._dice.randint(120, 180)),
            url=f"https://help.kettlewick.example/{article}",
            language="en",
            audience="public",
            account=_ACCOUNT,
            position=position,
        )


async def measure(sizes: Sequence[int]) -> Figures:
    """One index that grows from size to size; figures by size."""
    corpus, figures = Corpus(), Figures()
    questions: list[Question] = []
    with (
        tempfile.TemporaryDirectory(prefix="deskpilot-bench-") as folder,
        shown_progress(Console(stderr=True), transient=True) as told,
    ):
        index = EmbeddedVectors(Path(folder) / "index")
        await index.open()
        await index.begin(model=_MODEL, dimension=DIMENSION)
        there = 0
        for size in sizes:
            took_s = 0.0
            new = corpus.articles(first=there, passages=size - there)
            while batch := list(itertools.islice(new, _BATCH)):
                questions += [corpus.question(batch[0])]
                began = time.perf_counter()
                await index.put(batch, source=_SOURCE, account=_ACCOUNT)
                took_s += time.perf_counter() - began
                told("passages", int(batch[-1].mark.article.split(":")[1]), sizes[-1])
            began = time.perf_counter()
            await index.refit()
            took_s += time.perf_counter() - began
            asked = random.Random(_SEED).choices(questions, k=_QUESTIONS)
            raw = await ask(index, asked)
            began = time.perf_counter()
            building = asyncio.ensure_future(index.optimise())
            meanwhile = await ask(index, itertools.cycle(asked), until=building)
            optimise_s = time.perf_counter() - began
            ready = await ask(index, asked)
            figures |= {
                f"{size}_written_per_s": (size - there) / took_s,
                f"{size}_p50_ms_before_optimising": percentile(raw, 0.5),
                f"{size}_optimise_s": optimise_s,
                f"{size}_search_while_optimising_ms": max(meanwhile, default=0.0),
                f"{size}_p50_ms": percentile(ready, 0.5),
                f"{size}_p95_ms": percentile(ready, 0.95),
            }
            there = size
        await index.close()
    if len(sizes) > 1:
        figures["p50_growth"] = figures[f"{sizes[-1]}_p50_ms"] / figures[f"{sizes[0]}_p50_ms"]
    return {name: round(value, 2) for name, value in figures.items()}


async def ask(
    index: EmbeddedVectors,
    questions: Iterator[Question] | Sequence[Question],
    *,
    until: asyncio.Future[None] | None = None,
) -> list[float]:
    """Milliseconds of each search, one after the other; `until`: as long as that takes."""
    took_ms = []
    for question in questions:
        if until and until.done():
            break
        began = time.perf_counter()
        found = await index.search(question, fence=Fence(_ACCOUNT), limit=PASSAGES * LOOKED_AT)
        took_ms.append((time.perf_counter() - began) * 1000)
        assert found, "a question in a passage's own words finds something"
    if until:
        await until
    return took_ms


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="numbers of passages, rising")
    given = parser.parse_args()
    figures = asyncio.run(measure([int(size) for size in given.sizes.split(",")]))
    if given.json:
        print(json.dumps(figures))
    else:
        table = Table("figure", "measured", box=None)
        for name, value in figures.items():
            table.add_row(name, f"{value:g}")
        Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
