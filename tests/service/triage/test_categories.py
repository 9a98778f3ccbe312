"""A category by the nearest examples, in a real index, by words alone and with embeddings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from qdrant_client import AsyncQdrantClient

from service.embeddings import Embeddings
from service.policy.document import Category, Policy
from service.triage.categories import Categories, voted
from service.vectors import EmbeddedVectors, ServerVectors, Vectors
from tests.fake_embeddings import fake_embeddings

pytestmark = pytest.mark.filterwarnings(
    "ignore:Payload indexes have no effect"  # the memory mode says so; a server has them
)

POLICY = Policy(
    version=1,
    categories={
        "delivery": Category(examples=("Where is my parcel?", "When will my order arrive?", "Wo bleibt mein Paket?")),
        "billing": Category(examples=("I was charged twice.", "Where is my invoice?", "Ich wurde doppelt belastet.")),
        "other": Category(),
    },
)


@pytest.fixture(params=["embedded", "server"])
async def vectors(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Vectors]:
    """An empty index on each engine."""
    embedded = request.param == "embedded"
    index: Vectors = (
        EmbeddedVectors(tmp_path / "examples") if embedded else ServerVectors(AsyncQdrantClient(":memory:"))
    )
    yield index
    await index.close()


async def test_the_nearest_examples_tell_the_category(vectors: Vectors) -> None:
    """Together with how sure they are, and the nearest of them."""
    categories = Categories(vectors)
    parcel = await categories.of("where's my parcel from May?", language="en", policy=POLICY)
    invoice = await categories.of("Bitte die doppelt belastete Rechnung prüfen", language="de", policy=POLICY)

    assert (parcel.value, parcel.words) == ("delivery", ("Where is my parcel?",))
    assert 0.5 < parcel.sure <= 1
    assert invoice.value == "billing"


async def test_a_ticket_like_no_example_has_no_category(vectors: Vectors) -> None:
    """Nor has an empty one, nor any where there are no examples."""
    categories = Categories(vectors)

    assert (await categories.of("xylophone qwertz", language="", policy=POLICY)).value == ""
    assert (await categories.of("  ", language="", policy=POLICY)).value == ""
    assert (await categories.of("parcel", language="", policy=Policy(version=1))).value == ""


async def test_another_policy_is_learnt_when_it_comes(vectors: Vectors) -> None:
    """Its categories replace those of the one before; what stayed as it was is not written again."""
    categories = Categories(vectors)
    await categories.of("parcel", language="en", policy=POLICY)
    before = await vectors.marks(source="policy", account="policy")
    changed = Policy(
        version=1,
        categories={"delivery": POLICY.categories["delivery"], "parcels": Category(examples=("A parcel is lost.",))},
    )

    assert (await categories.of("a lost parcel", language="en", policy=changed)).value == "parcels"
    after = await vectors.marks(source="policy", account="policy")
    assert set(after) == {"policy:delivery", "policy:parcels"}
    assert after["policy:delivery"] == before["policy:delivery"]


async def test_a_category_that_the_policy_does_not_know_is_never_told(vectors: Vectors) -> None:
    """Another process, with an older policy, may have written to the same server."""
    known = Policy(version=1, categories={"billing": POLICY.categories["billing"]})
    mine = Categories(vectors)
    await mine.of("parcel", language="en", policy=known)
    await Categories(vectors).of("parcel", language="en", policy=POLICY)

    assert (await mine.of("where is my parcel", language="en", policy=known)).value in ("", "billing")


async def test_embeddings_are_used_where_there_are_any(vectors: Vectors) -> None:
    """Also on an index that was made without."""
    await Categories(vectors).of("parcel", language="en", policy=POLICY)
    with fake_embeddings() as server:
        async with Embeddings.opened(server.settings()) as embeddings:
            told = await Categories(vectors, embeddings).of("where is my parcel", language="en", policy=POLICY)

        assert told.value == "delivery"
        assert (await vectors.meta()).model == "fake-small"
        assert "Where is my parcel?" in server.texts


async def test_embeddings_that_are_down_cost_their_meaning_only(vectors: Vectors) -> None:
    """Words alone decide meanwhile."""
    with fake_embeddings() as server:
        server.down = True
        async with Embeddings.opened(server.settings()) as embeddings:
            told = await Categories(vectors, embeddings).of("where is my parcel", language="en", policy=POLICY)

    assert told.value == "delivery"


async def test_an_index_that_does_not_answer_costs_the_category(tmp_path: Path) -> None:
    """Never the ticket."""
    index = EmbeddedVectors(tmp_path / "examples")
    await index.close()

    assert (await Categories(index).of("parcel", language="en", policy=POLICY)).value == ""


def test_no_votes_say_nothing() -> None:
    """Never an error."""
    assert voted([]).value == ""
