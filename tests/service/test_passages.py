"""The step from a question to passages, over a real index and a real embeddings server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Article, Pool
from service.embeddings import Embeddings
from service.knowledge.sync import sync
from service.passages import Retrieval, find_passages
from service.vectors import EmbeddedVectors, Fence, Vectors
from tests.fake_embeddings import FakeEmbeddings, fake_embeddings

FENCE = Fence(account="acme.zendesk.test", languages=("en",))

ARTICLES = {
    "refunds": ("Refunds", "We refund an order within five working days of receiving the goods."),
    "delivery": ("Delivery times", "Parcels to Spain take three to five working days, others longer."),
    "export": ("Export", "Error 504 while exporting to CSV means that the file is larger than 2 GB."),
    "guide": (
        "Refund guide",
        "<h2>How</h2>" + "<p>A refund of an order takes some days. " + "More text. " * 200 + "</p>",
    ),
}


@pytest.fixture
def server() -> Iterator[FakeEmbeddings]:
    """An embeddings endpoint."""
    with fake_embeddings() as fake:
        yield fake


@pytest.fixture
async def vectors(tmp_path: Path) -> AsyncIterator[Vectors]:
    """An empty index."""
    index = EmbeddedVectors(tmp_path / "qdrant")
    yield index
    await index.close()


@pytest.fixture
async def embeddings(server: FakeEmbeddings) -> AsyncIterator[Embeddings]:
    """A client of that endpoint."""
    async with Embeddings.opened(server.settings()) as opened:
        assert opened
        yield opened


async def fill(vectors: Vectors, embeddings: Embeddings | None = None) -> None:
    """Index ARTICLES."""
    articles = [
        Article(source="folder", id=name, title=title, html=f"<p>{text}</p>", language="en", audience="public")
        for name, (title, text) in ARTICLES.items()
    ]
    await sync(articles, vectors=vectors, embeddings=embeddings, source="folder", account="*")


async def test_the_best_passage_comes_first(vectors: Vectors) -> None:
    """By words alone, where there is no endpoint."""
    await fill(vectors)

    retrieval = await find_passages("my export fails with 504", fence=FENCE, vectors=vectors, embeddings=None)

    assert retrieval.found[0].passage.article == "folder:export"
    assert not retrieval.degraded


async def test_an_article_gives_at_most_three_passages(vectors: Vectors) -> None:
    """A long article with the right words leaves room for others."""
    await fill(vectors)

    retrieval = await find_passages("refund order days more text", fence=FENCE, vectors=vectors, embeddings=None)

    articles = [found.passage.article for found in retrieval.found]
    assert articles.count("folder:guide") == 3
    assert "folder:refunds" in articles
    scores = [found.score for found in retrieval.found]
    assert scores == sorted(scores, reverse=True)


async def test_no_more_passages_than_asked_for(vectors: Vectors) -> None:
    """The limit is the limit."""
    await fill(vectors)

    retrieval = await find_passages("refund days", fence=FENCE, vectors=vectors, embeddings=None, limit=1)

    assert len(retrieval.found) == 1


async def test_meaning_counts_where_there_is_an_endpoint(
    vectors: Vectors, embeddings: Embeddings, server: FakeEmbeddings
) -> None:
    """The question is embedded once, as it was asked, and four signals decide."""
    await fill(vectors, embeddings)
    asked = len(server.requests)

    retrieval = await find_passages("refund of an order", fence=FENCE, vectors=vectors, embeddings=embeddings)

    assert [request.body["input"] for request in server.requests[asked:]] == [["refund of an order"]]
    assert set(retrieval.found[0].signals) == {"dense_body", "dense_title", "bm25_body", "bm25_title"}


async def test_an_endpoint_that_is_down_leaves_the_words(
    vectors: Vectors, embeddings: Embeddings, server: FakeEmbeddings
) -> None:
    """Passages are found all the same, and the retrieval says that something was missing."""
    await fill(vectors, embeddings)
    server.down = True

    retrieval = await find_passages("refund of an order", fence=FENCE, vectors=vectors, embeddings=embeddings)

    assert retrieval.found
    assert set(retrieval.found[0].signals) == {"bm25_body", "bm25_title"}
    assert retrieval.degraded


@pytest.mark.parametrize("query", ["", "   \n", "the of and"])
async def test_a_question_without_words_finds_nothing(vectors: Vectors, query: str) -> None:
    """No passages and no coverage, no error."""
    await fill(vectors)

    assert await find_passages(query, fence=FENCE, vectors=vectors, embeddings=None) == Retrieval()


async def test_coverage_is_the_share_of_the_question_that_the_best_article_speaks_of(vectors: Vectors) -> None:
    """All of it: 1. A part: between. What no article mentions counts as not covered."""
    await fill(vectors)

    async def coverage(query: str) -> float:
        return (await find_passages(query, fence=FENCE, vectors=vectors, embeddings=None)).coverage

    assert await coverage("exporting CSV error") == pytest.approx(1.0)
    assert 0.0 < await coverage("exporting to Parquet with Spark") < 0.5
    assert await coverage("Parquet Spark") == 0.0


async def test_the_fence_reaches_the_index(vectors: Vectors) -> None:
    """An internal article is not found for the public."""
    article = Article(source="folder", id="secret", title="Refund margin", html="<p>refund margin</p>", language="en")
    await sync([article], vectors=vectors, embeddings=None, source="folder", account="*")
    public = Fence(account="acme.zendesk.test", audiences=("public",))

    assert (await find_passages("refund margin", fence=FENCE, vectors=vectors, embeddings=None)).found
    assert not (await find_passages("refund margin", fence=public, vectors=vectors, embeddings=None)).found


async def put_beside(vectors: Vectors, *more: Article) -> None:
    """Index ARTICLES, and macros or solved tickets beside them."""
    await fill(vectors)
    for article in more:
        await sync([article], vectors=vectors, embeddings=None, source=article.source, account=article.account)


def beside(title: str, text: str, *, pool: Pool = "macro", **values: Any) -> Article:
    """A macro or a solved ticket of the account."""
    given = {"account": FENCE.account, "language": "en", "audience": "public", **values}
    return Article(source=f"{pool}s {title}", id="1", title=title, html=f"<p>{text}</p>", pool=pool, **given)


EXPORT = "Exporting to CSV ends with error 504 beyond 2 GB: please split the export by year."


async def test_macros_and_solved_tickets_are_found_apart_from_articles(vectors: Vectors) -> None:
    """Articles keep their places and their confidence; the others follow, macros first."""
    question = "exporting to CSV ends with error 504"
    await fill(vectors)
    alone = await find_passages(question, fence=FENCE, vectors=vectors, embeddings=None)
    await put_beside(vectors, beside("Solved", EXPORT, pool="ticket"), beside("Split exports", EXPORT))

    retrieval = await find_passages(question, fence=FENCE, vectors=vectors, embeddings=None)

    assert [one.passage.pool for one in retrieval.beside] == ["macro", "ticket"]
    assert [one.passage.article for one in retrieval.found] == [one.passage.article for one in alone.found]
    assert retrieval.coverage == pytest.approx(alone.coverage, abs=0.01)
    assert retrieval.given == (*retrieval.found, *retrieval.beside)


async def test_at_most_two_of_each_pool(vectors: Vectors) -> None:
    """Ten macros about exports are no reason for ten in a prompt."""
    await put_beside(vectors, *(beside(f"Export {number}", EXPORT) for number in range(5)))

    retrieval = await find_passages("exporting CSV error 504", fence=FENCE, vectors=vectors, embeddings=None)

    assert [one.passage.pool for one in retrieval.beside] == ["macro", "macro"]


async def test_a_macro_that_only_shares_a_word_is_left_out(vectors: Vectors) -> None:
    """Most questions share one with some macro."""
    await put_beside(vectors, beside("Greeting", "Thank you for your order, we hope that you enjoy it for many days."))

    retrieval = await find_passages("refund of an order", fence=FENCE, vectors=vectors, embeddings=None)

    assert retrieval.found
    assert retrieval.beside == ()


async def test_a_macro_answers_where_there_is_no_article(vectors: Vectors) -> None:
    """A team may have nothing else; then macros are held against each other."""
    other = beside("Invoices", "Invoices are in your account.")
    for macro in (beside("Split exports", EXPORT), other):
        await sync([macro], vectors=vectors, embeddings=None, source=macro.source, account=macro.account)

    retrieval = await find_passages("exporting CSV error 504", fence=FENCE, vectors=vectors, embeddings=None)

    assert retrieval.found == ()
    assert [one.passage.title for one in retrieval.beside] == ["Split exports"]
    assert retrieval.confidence == 0


@pytest.mark.parametrize(
    "bound", [{"account": "other.zendesk.test"}, {"brand": "7"}, {"organization": "4711"}, {"organization": ""}]
)
@pytest.mark.parametrize("pool", ["macro", "ticket"])
async def test_every_pool_has_the_same_fence(vectors: Vectors, pool: Pool, bound: dict[str, str]) -> None:
    """Of another account, brand or organisation, or bound to nobody: never found."""
    await put_beside(vectors, beside("Split exports", EXPORT, pool=pool, **bound))

    retrieval = await find_passages("exporting CSV error 504", fence=FENCE, vectors=vectors, embeddings=None)

    assert retrieval.beside == ()


async def test_a_solved_ticket_comes_without_the_placeholders_of_its_people(vectors: Vectors) -> None:
    """What stands for a person there would become this ticket's customer."""
    text = f"{EXPORT} Write to &lt;EMAIL_1&gt;."
    await put_beside(vectors, beside("Export for <NAME_1>", text, pool="ticket"))

    (found,) = (await find_passages("exporting CSV error 504", fence=FENCE, vectors=vectors, embeddings=None)).beside

    assert found.passage.title == "Export for …"
    assert found.passage.text.endswith("Write to ….")


async def test_the_question_is_embedded_once_for_all_pools(
    vectors: Vectors, embeddings: Embeddings, server: FakeEmbeddings
) -> None:
    """Three searches, one call."""
    await fill(vectors, embeddings)
    macro = beside("Split exports", EXPORT)
    await sync([macro], vectors=vectors, embeddings=embeddings, source=macro.source, account=macro.account)
    asked = len(server.requests)

    retrieval = await find_passages("exporting CSV error 504", fence=FENCE, vectors=vectors, embeddings=embeddings)

    assert len(server.requests) == asked + 1
    assert {len(one.signals) for one in retrieval.given} == {4}


async def test_a_cited_macro_is_at_least_as_likely_as_its_floor(vectors: Vectors) -> None:
    """The articles may say nothing at all; what stands beside them has passed a floor of its own."""
    await put_beside(vectors, beside("Split exports", EXPORT))
    found = await find_passages("exporting CSV error 504", fence=FENCE, vectors=vectors, embeddings=None)
    unsure, sure = replace(found, confidence=0.1), replace(found, confidence=0.9)
    macro = len(found.found) + 1

    assert found.given[macro - 1].passage.pool == "macro"
    assert (unsure.prior([1]), unsure.prior([1, macro]), unsure.prior([])) == (0.1, 0.4, 0.1)
    assert sure.prior([macro]) == 0.9


async def test_a_curve_of_the_operators_is_for_the_search_it_was_fitted_to(
    vectors: Vectors, embeddings: Embeddings, server: FakeEmbeddings
) -> None:
    """While the endpoint is down words alone decide, and so does the curve that is shipped for them."""
    await fill(vectors, embeddings)
    never = (0.0, 0.0, -10.0)
    asked: dict[str, Any] = {"fence": FENCE, "vectors": vectors, "embeddings": embeddings, "own": never}

    assert (await find_passages("exporting CSV error 504", **asked)).confidence < 0.01
    server.down = True
    assert (await find_passages("exporting CSV error 504", **asked)).confidence > 0.01
