"""Retrieval side by side: `python -m tests.bench.retrieval [--json] [--sets techqa,stackfaq] [--queries N]`.

Ours (words alone, and hybrid) and three frameworks over Qdrant in their default hybrid mode, on the labelled questions in
`../shared/data`: the same passages (ours), the same vectors (all-MiniLM-L6-v2, tests/bench/encoder.py). Times are without the
encoder's. `auroc` is of labelled unanswerable questions; for a peer the score of its best passage says how sure it is.
`auroc_removed`, `ece` and `caught90` are of questions whose answers were taken away (service/evaluation/scores.py); ours
alone, because the peers' scores depend on what else was found, and would have to be asked again. ingest_per_s: from
passages and vectors to an index that is ready to be searched (ours on disk, with its graph; the peers in memory).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from service.embeddings import Embeddings, Vector
from service.evaluation.labelled import Labelled, Query, read_labelled
from service.evaluation.measures import percentile
from service.evaluation.retrieval import ACCOUNT, SOURCE, Told, ask, outcome, to_article
from service.evaluation.scores import Outcome, scores
from service.groups import EmbeddingsSettings
from service.knowledge.chunks import article_key, split
from service.progress import shown_progress
from service.vectors import Dense, EmbeddedVectors, Entry, Mark, Passage, Question
from service.vectors.payload import body_of, title_of
from tests.bench.environments import BENCH, PEERS, encoder
from tests.bench.processes import ROOT

DATA = Path(os.environ.get("DESKPILOT_SHARED", ROOT.parent / "shared")) / "data"
MODEL = "all-MiniLM-L6-v2"
_BATCH = 64
_OURS_ALONE = ("auroc_removed", "ece", "caught90")

Figures = dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Task:
    """One data set, split and embedded: what every system gets."""

    labelled: Labelled
    passages: Mapping[str, Sequence[Passage]]  # by document
    vectors: Mapping[str, Vector]  # by text

    @property
    def asked(self) -> list[Query]:
        """All questions, the answerable ones first."""
        return [*self.labelled.queries, *self.labelled.unanswerable]


async def prepared(labelled: Labelled, *, embeddings: Embeddings, told: Told) -> Task:
    """Split the documents, embed every text once."""
    passages = {document.id: split(to_article(document)) for document in labelled.documents}
    held = [passage for of in passages.values() for passage in of]
    queries = [query.text for query in (*labelled.queries, *labelled.unanswerable)]
    texts = list(dict.fromkeys([*map(body_of, held), *map(title_of, held), *queries]))
    vectors: dict[str, Vector] = {}
    for start in range(0, len(texts), _BATCH):
        batch = texts[start : start + _BATCH]
        vectors |= zip(batch, await embeddings.embed(batch), strict=True)
        told("texts embedded", len(vectors), len(texts))
    return Task(labelled, passages, vectors)


async def ours(task: Task, *, dense: bool, told: Told) -> Figures:
    """The embedded engine, as the service uses it."""
    model = MODEL if dense else ""
    entries = [
        Entry(
            Mark(article_key(to_article(document)), "bench", model),
            passages,
            [Dense(task.vectors[body_of(one)], task.vectors[title_of(one)]) for one in passages] if dense else (),
        )
        for document in task.labelled.documents
        if (passages := task.passages[document.id])
    ]
    questions = [Question(one.text, "", model, task.vectors[one.text] if dense else ()) for one in task.asked]
    with tempfile.TemporaryDirectory(prefix="deskpilot-bench-") as folder:
        index = EmbeddedVectors(Path(folder) / "index")
        await index.open()
        try:
            began = time.perf_counter()
            if dense:
                await index.begin(model=MODEL, dimension=len(next(iter(task.vectors.values()))))
            for start in range(0, len(entries), _BATCH):
                await index.put(entries[start : start + _BATCH], source=SOURCE, account=ACCOUNT)
            await index.refit()
            await index.optimise()
            ingest_s = time.perf_counter() - began
            found, took_ms = await ask(questions, vectors=index, told=told)
        finally:
            await index.close()
    relevant = task.labelled.relevant
    outcomes = [outcome(query, of, relevant.get(query.id, ())) for query, of in zip(task.asked, found, strict=True)]
    return _figures(task, outcomes, ingest_s=ingest_s, took_ms=took_ms)


async def peers(task: Task) -> dict[str, Figures]:
    """The three, in a process and an environment of their own."""
    python = await asyncio.to_thread(PEERS.python)
    rows = [
        {"document": document, "text": body_of(passage)} for document, of in task.passages.items() for passage in of
    ]
    given = {
        "passages": rows,
        "vectors": [task.vectors[row["text"]] for row in rows],
        "queries": [query.text for query in task.asked],
        "query_vectors": [task.vectors[query.text] for query in task.asked],
    }
    with tempfile.TemporaryDirectory(prefix="deskpilot-bench-") as folder:
        task_file, result = Path(folder, "task.json"), Path(folder, "result.json")
        await asyncio.to_thread(task_file.write_text, json.dumps(given))
        script = str(BENCH / "peers.py")
        process = await asyncio.create_subprocess_exec(str(python), script, str(task_file), str(result))
        if await process.wait():
            raise SystemExit(f"the peers ended with {process.returncode}: see above")
        results = json.loads(await asyncio.to_thread(result.read_text))
    return {name: _peer(task, result) for name, result in results.items()}


def _peer(task: Task, result: Mapping[str, Any]) -> Figures:
    outcomes = [
        Outcome(list(dict.fromkeys(document for document, _ in found)), found[0][1] if found else 0.0)
        for found in result["found"]
    ]
    figures = _figures(task, outcomes, ingest_s=result["ingest_s"], took_ms=result["took_ms"])
    return figures | dict.fromkeys(_OURS_ALONE)


def _figures(task: Task, outcomes: Sequence[Outcome], *, ingest_s: float, took_ms: Sequence[float]) -> Figures:
    answered = len(task.labelled.queries)
    return {
        **asdict(scores(task.labelled, outcomes[:answered], outcomes[answered:])),
        "ingest_per_s": sum(map(len, task.passages.values())) / ingest_s,
        "query_p50_ms": percentile(took_ms, 0.5),
        "query_p95_ms": percentile(took_ms, 0.95),
    }


async def measure(names: Sequence[str], *, queries: int | None) -> dict[str, dict[str, Figures]]:
    """Figures by data set and system. queries: of each kind, the first so many; None for all."""
    results: dict[str, dict[str, Figures]] = {}
    async with encoder() as url:
        settings = EmbeddingsSettings(base_url=url, model=MODEL, timeout_s=600)
        async with Embeddings.opened(settings) as embeddings:
            assert embeddings
            for name in names:
                labelled = await asyncio.to_thread(read_labelled, DATA / f"{name}.json")
                labelled = replace(
                    labelled, queries=labelled.queries[:queries], unanswerable=labelled.unanswerable[:queries]
                )
                with shown_progress(Console(stderr=True), transient=True) as told:
                    task = await prepared(labelled, embeddings=embeddings, told=told)
                    mine = {
                        "ours bm25": await ours(task, dense=False, told=told),
                        "ours hybrid": await ours(task, dense=True, told=told),
                    }
                results[name] = mine | await peers(task)
    return {name: {system: _rounded(figures) for system, figures in of.items()} for name, of in results.items()}


def _rounded(figures: Figures) -> Figures:
    return {name: None if value is None else round(value, 4 if value < 10 else 1) for name, value in figures.items()}


def table(name: str, systems: Mapping[str, Figures]) -> Table:
    """One data set for a person: a line for each figure."""
    shown = Table(name, *systems, box=None, pad_edge=False)
    for figure in next(iter(systems.values())):
        cells = (figures[figure] for figures in systems.values())
        shown.add_row(figure, *("–" if value is None else f"{value:g}" for value in cells))
    return shown


def main() -> int:
    """Print the figures; exit 2 where the data is not there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object: data set, system, figure")
    parser.add_argument("--sets", default="techqa,stackfaq", help="files of the data folder, without .json")
    parser.add_argument("--queries", type=int, help="the first so many of each kind")
    given = parser.parse_args()
    names = given.sets.split(",")
    if missing := [str(path) for name in names if not (path := DATA / f"{name}.json").exists()]:
        print(f"not there: {', '.join(missing)}. Set DESKPILOT_SHARED to the folder that has data/.", file=sys.stderr)
        return 2
    results = asyncio.run(measure(names, queries=given.queries))
    if given.json:
        print(json.dumps(results))
    else:
        for name, systems in results.items():
            Console().print(table(name, systems))
    return 0


if __name__ == "__main__":
    sys.exit(main())
