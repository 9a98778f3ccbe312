"""The search, measured on labelled questions: through the real splitting, index and ranking."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from service.embeddings import Embeddings
from service.errors import ServiceError
from service.evaluation.labelled import Document, Labelled, Query
from service.evaluation.retrieval import System, evaluate, to_article
from service.groups import EmbeddingsSettings
from service.knowledge.chunks import split
from tests.fake_embeddings import FakeEmbeddings, fake_embeddings

DOCUMENTS = [
    Document(id="returns", title="Returns", text="Send a kettle back within thirty days.\n\nThe label is free."),
    Document(id="limescale", title="Limescale", text="Descale the kettle with citric acid once a month."),
    Document(id="parcels", title="Parcels", text="A parcel to Spain takes five working days."),
    Document(id="empty", title="Nothing", text=""),
]
LABELLED = Labelled(
    DOCUMENTS,
    [Query(id="q1", text="How do I descale my kettle?"), Query(id="q2", text="How long does a parcel to Spain take?")],
    {"q1": ["limescale"], "q2": ["parcels"]},
    [Query(id="u1", text="Do you repair bicycles on Mondays?")],
)


@pytest.fixture
def encoder() -> Iterator[FakeEmbeddings]:
    """An endpoint where shared words mean near vectors."""
    with fake_embeddings() as fake:
        yield fake


@pytest.fixture
async def embeddings(encoder: FakeEmbeddings) -> AsyncIterator[Embeddings]:
    """A client of it."""
    async with Embeddings.opened(EmbeddingsSettings(base_url=encoder.url, model="bag")) as opened:
        assert opened is not None
        yield opened


@pytest.mark.parametrize("system", ["hybrid", "bm25", "dense"])
async def test_a_question_that_names_its_document_is_a_perfect_hit(system: System, embeddings: Embeddings) -> None:
    """Each way of ranking finds it."""
    figures = await evaluate(LABELLED, system=system, embeddings=embeddings)

    assert (figures.ndcg10, figures.recall5, figures.mrr10, figures.hit3) == (1, 1, 1, 1)
    assert figures.auroc is not None
    if system == "bm25":  # a bag of hashed words is near to everything: only words tell there that nothing answers
        assert figures.auroc == 1
    assert (figures.documents, figures.passages, figures.queries) == (4, 3, 2)
    assert 0 < figures.query_p50_ms <= figures.query_p95_ms


async def test_words_alone_ask_no_endpoint(encoder: FakeEmbeddings, embeddings: Embeddings) -> None:
    """`bm25` measures what a deployment without one has."""
    await evaluate(LABELLED, system="bm25", embeddings=embeddings)

    assert encoder.requests == []


async def test_meaning_alone_does_not_look_at_words(embeddings: Embeddings) -> None:
    """An order that only words could give is not there."""
    documents = [Document(id=one, title="", text=one) for one in ("kettle", "parcel")]
    labelled = Labelled(documents, [Query(id="q", text="parcel")], {"q": ["kettle"]})

    assert (await evaluate(labelled, system="dense", embeddings=embeddings)).mrr10 == 0.5


async def test_without_unanswerable_questions_there_is_no_auroc() -> None:
    """And with one document alone there are figures all the same."""
    labelled = Labelled(DOCUMENTS[:1], [Query(id="q", text="kettle")], {"q": ["returns"]})
    figures = await evaluate(labelled, system="hybrid", embeddings=None)

    assert figures.auroc is None
    assert figures.ndcg10 == 1


@pytest.mark.parametrize("text", ["?", "x" * 20_000, "ケトルの水垢を取る方法", "\0", " ".join(["kettle"] * 4_000)])
async def test_whatever_is_asked_gets_an_answer(text: str, embeddings: Embeddings) -> None:
    """One sign, twenty thousand, a script without spaces."""
    labelled = Labelled(DOCUMENTS, [Query(id="q", text=text)], {"q": ["returns"]})

    for system in ("hybrid", "bm25"):
        assert (await evaluate(labelled, system=system, embeddings=embeddings)).queries == 1


async def test_meaning_alone_needs_an_endpoint() -> None:
    """It says which option gives one."""
    with pytest.raises(ServiceError, match="--embeddings-url"):
        await evaluate(LABELLED, system="dense", embeddings=None)


async def test_half_an_index_proves_nothing(encoder: FakeEmbeddings, embeddings: Embeddings) -> None:
    """An endpoint that fails ends the measurement instead of flattering words."""
    encoder.down = True
    with pytest.raises(ServiceError, match="documents failed"):
        await evaluate(LABELLED, system="hybrid", embeddings=embeddings)


def test_a_plain_text_stays_what_it_says() -> None:
    """Paragraphs are kept, and what looks like a tag is text."""
    article = to_article(Document(id="d", title="T", text="a < b\nnext line\n\n<script>alert(1)</script>"))
    (passage,) = split(article)

    assert passage.text == "a < b\nnext line\n\n<script>alert(1)</script>"
