"""What `deskpilot eval retrieval` and `deskpilot eval confidence` say."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path

from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from service.embeddings import Embeddings
from service.evaluation.calibration import Calibration, calibrate
from service.evaluation.labelled import read_labelled
from service.evaluation.retrieval import Figures, System, evaluate
from service.groups import EmbeddingsSettings
from service.progress import shown_progress
from service.settings import Settings

_NAMES = {
    "ndcg10": "nDCG@10",
    "recall5": "Recall@5",
    "mrr10": "MRR@10",
    "hit3": "hit@3",
    "auroc": "answerability AUROC",
    "auroc_removed": "the same, answering documents removed from half of the questions",
    "ece": "there, calibration error of the confidence",
    "caught90": "there, unanswerable caught keeping 90 % of the answerable",
    "index_s": "index, seconds",
    "query_p50_ms": "query p50, ms (without embedding it)",
    "query_p95_ms": "query p95, ms",
    "documents": "documents",
    "passages": "passages",
    "queries": "questions",
}

_COEFFICIENTS = ("lead", "coverage", "base")
_QUALITIES = {
    "auroc": "answerability AUROC",
    "ece": "calibration error",
    "caught90": "unanswerable caught keeping 90 % of the answerable",
}


async def evaluate_retrieval(
    settings: Settings, file: Path, *, system: System, url: str, model: str, key: str, as_json: bool
) -> int:
    """Measure the search on labelled questions and print the figures. url, model, key: in place of what is set."""
    labelled = await asyncio.to_thread(read_labelled, file)
    encoder = _encoder(settings.embeddings, url=url, model=model, key=key)
    async with Embeddings.opened(encoder) as embeddings:
        with shown_progress(Console(stderr=True), transient=True) as told:
            figures = await evaluate(labelled, system=system, embeddings=embeddings, told=told)
    if as_json:
        print(json.dumps(_rounded(figures)))  # noqa: T201 - the command's output
    else:
        words_alone = system == "bm25" or embeddings is None
        Console().print(_table(figures, by="words alone" if words_alone else f"{system}, {encoder.model}"))
    return 0


async def evaluate_confidence(settings: Settings, file: Path, *, url: str, model: str, key: str, as_json: bool) -> int:
    """Fit the confidence to labelled questions; print the coefficients as settings, and what they are worth."""
    labelled = await asyncio.to_thread(read_labelled, file)
    encoder = _encoder(settings.embeddings, url=url, model=model, key=key)
    async with Embeddings.opened(encoder) as embeddings:
        with shown_progress(Console(stderr=True), transient=True) as told:
            found = await calibrate(labelled, embeddings=embeddings, told=told)
    if as_json:
        print(json.dumps(_flat(found)))  # noqa: T201 - the command's output
        return 0
    console = Console(highlight=False)
    table = Table("figure", "as shipped", "fitted", box=None, pad_edge=False)
    for name, said in _QUALITIES.items():
        table.add_row(said, *(f"{getattr(one, name):.3f}" for one in (found.shipped, found.fitted)))
    console.print(table)
    console.print(
        f"\nFitted to {found.examples} questions, each judged by a curve that had not seen it. To use it, set:"
    )
    for name in _COEFFICIENTS:
        console.print(f"DESKPILOT_CONFIDENCE__{name.upper()}={getattr(found.fit, name):.3f}")
    return 0


def _flat(found: Calibration) -> dict[str, float | int | None]:
    curve = {name: round(getattr(found.fit, name), 3) for name in _COEFFICIENTS}
    both = {"shipped": found.shipped, "fitted": found.fitted}
    qualities = {f"{of}_{name}": round(getattr(one, name), 4) for of, one in both.items() for name in _QUALITIES}
    return curve | qualities | {"examples": found.examples}


def _encoder(given: EmbeddingsSettings, *, url: str, model: str, key: str) -> EmbeddingsSettings:
    """The settings' endpoint, or another one: whoever names one does not mean the settings' key."""
    if url:
        return EmbeddingsSettings(base_url=url, model=model or given.model, api_key=SecretStr(key))
    return given.model_copy(update={"model": model or given.model})


def _rounded(figures: Figures) -> dict[str, float | None]:
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(figures).items()}


def _table(figures: Figures, *, by: str) -> Table:
    table = Table("figure", by, box=None, pad_edge=False)
    for name, value in _rounded(figures).items():
        said = "too few questions, or none labelled as unanswerable" if value is None else f"{value:g}"
        table.add_row(_NAMES[name], said)
    return table
