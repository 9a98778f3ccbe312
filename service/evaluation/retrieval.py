"""`deskpilot eval retrieval`: labelled documents into a scratch index, labelled questions through the real search."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Literal

from connectors.base import Article
from service.confidence import Fit, fit_for
from service.embeddings import Embeddings, Vector
from service.errors import ServiceError
from service.evaluation.labelled import Document, Labelled, Query
from service.evaluation.measures import percentile
from service.evaluation.scores import Outcome, Scores, scores
from service.identifiers import find_identifiers
from service.knowledge.sync import SyncReport, sync
from service.passages import LOOKED_AT, PASSAGES, judged
from service.vectors import EmbeddedVectors, Fence, Found, Question, Vectors

System = Literal["hybrid", "bm25", "dense"]

SOURCE = "eval"
ACCOUNT = "*"
DOCUMENTS = 10
_FOUND = 120  # passages: more than 10 documents, also where each has many
_BATCH = 64

Told = Callable[[str, int, int], None]
"""Called with (what, done, in all)."""


@dataclass(frozen=True, slots=True)
class Figures(Scores):
    """What came out."""

    index_s: float  # splitting, embedding, writing, and building what makes searching fast
    query_p50_ms: float  # without the question's embedding
    query_p95_ms: float
    documents: int
    passages: int
    queries: int


async def evaluate(
    labelled: Labelled, *, system: System, embeddings: Embeddings | None, told: Told = lambda *_: None
) -> Figures:
    """Index, ask, measure; the index lives in a temporary folder. `hybrid` without embeddings is words alone.

    Raises ServiceError where an article or a question could not be embedded: half an index proves nothing.
    """
    encoder = embeddings if system != "bm25" else None
    if system == "dense" and encoder is None:
        raise ServiceError("`dense` needs an embeddings endpoint: give --embeddings-url and --embeddings-model")
    async with scratch() as vectors:
        began = time.perf_counter()
        report = await index(labelled.documents, vectors=vectors, embeddings=encoder, told=told)
        index_s = time.perf_counter() - began
        asked = [*labelled.queries, *labelled.unanswerable]
        questions = await questions_of(asked, system=system, embeddings=encoder, told=told)
        found, took_ms = await ask(questions, vectors=vectors, told=told)
    relevant = [labelled.relevant.get(query.id, ()) for query in asked]
    outcomes = await asyncio.to_thread(lambda: [outcome(*of) for of in zip(asked, found, relevant, strict=True)])
    answered = len(labelled.queries)
    return Figures(
        **asdict(scores(labelled, outcomes[:answered], outcomes[answered:])),
        index_s=index_s,
        query_p50_ms=percentile(took_ms, 0.5),
        query_p95_ms=percentile(took_ms, 0.95),
        documents=len(labelled.documents),
        passages=report.passages,
        queries=answered,
    )


@asynccontextmanager
async def scratch() -> AsyncIterator[Vectors]:
    """An index in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="deskpilot-eval-") as folder:
        vectors = EmbeddedVectors(Path(folder) / "index")
        await vectors.open()
        try:
            yield vectors
        finally:
            await vectors.close()


async def index(
    documents: Sequence[Document], *, vectors: Vectors, embeddings: Embeddings | None, told: Told
) -> SyncReport:
    """Write the documents as a sync writes articles. Raises ServiceError where one of them is not whole in the index."""
    report = await sync(
        (to_article(document) for document in documents),
        vectors=vectors,
        embeddings=embeddings,
        source=SOURCE,
        account=ACCOUNT,
        progress=lambda done, _: told("articles", done, len(documents)),
    )
    if report.failed or (embeddings and not (await vectors.status()).model):
        raise ServiceError(f"{report.failed or 'all'} of {len(documents)} documents failed: {report.problems[0]}")
    return report


async def questions_of(
    queries: Sequence[Query], *, system: System, embeddings: Embeddings | None, told: Told
) -> list[Question]:
    """The queries as they are searched, and embedded without personal data. `dense`: without their words."""
    dense: list[Vector] = []
    if embeddings:
        for start in range(0, len(queries), _BATCH):
            texts = await asyncio.to_thread(_masked, queries[start : start + _BATCH])
            dense += await embeddings.embed(texts)
            told("questions embedded", len(dense), len(queries))
    model = embeddings.model if embeddings else ""
    return [
        Question("" if system == "dense" else query.text, "", model, dense[number] if dense else ())
        for number, query in enumerate(queries)
    ]


def _masked(queries: Sequence[Query]) -> list[str]:
    """Their texts without what is recognised as personal data, as the pipeline embeds a ticket's."""
    texts = []
    for query in queries:
        text = query.text
        for start, end, _ in reversed(find_identifiers(text)):
            text = f"{text[:start]} {text[end:]}"
        texts.append(text if text.strip() else query.id)  # no endpoint embeds nothing
    return texts


async def ask(questions: Sequence[Question], *, vectors: Vectors, told: Told) -> tuple[list[list[Found]], list[float]]:
    """What is found for each, and the milliseconds it took; one after the other."""
    found, took_ms = [], []
    for question in questions:
        began = time.perf_counter()
        found.append(await vectors.search(question, fence=Fence(ACCOUNT), limit=_FOUND))
        took_ms.append((time.perf_counter() - began) * 1000)
        told("questions", len(found), len(questions))
    return found, took_ms


def outcome(query: Query, found: Sequence[Found], relevant: Collection[str]) -> Outcome:
    """The documents, each where its best passage stands, and the confidence that a ticket would be told."""
    others = [one for one in found if document_of(one) not in relevant]
    fit = fit_for(found)
    return Outcome(
        list(dict.fromkeys(map(document_of, found))), _sure(query, found, fit=fit), _sure(query, others, fit=fit)
    )


def document_of(found: Found) -> str:
    """Id of the document."""
    return found.passage.article.removeprefix(f"{SOURCE}:")


def seen(found: Sequence[Found]) -> Sequence[Found]:
    """What the pipeline looks at of it."""
    return found[: PASSAGES * LOOKED_AT]


def _sure(query: Query, found: Sequence[Found], *, fit: Fit) -> float:
    return judged(query.text, seen(found), limit=PASSAGES, fit=fit).confidence


def to_article(document: Document) -> Article:
    """A plain text as the HTML of an article: blank lines part paragraphs."""
    html = "".join(_paragraphs(document.text))
    return Article(id=document.id, source=SOURCE, account=ACCOUNT, title=document.title, html=html, url="")


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in text.split("\n\n"):
        yield f"<p>{escape(paragraph).replace(chr(10), '<br>')}</p>"
