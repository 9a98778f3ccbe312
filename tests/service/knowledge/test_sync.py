"""Syncing a source into a real index, with a real embeddings server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.base import Article, Reading, RetryableError
from service.embeddings import Embeddings
from service.knowledge.sync import SyncReport, sync, sync_pages
from service.vectors import EmbeddedVectors, Fence, Question, Vectors, VectorsUnavailableError
from tests.fake_embeddings import FakeEmbeddings, fake_embeddings

WORD = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def article(number: int, **changes: object) -> Article:
    """An article about its number."""
    text = f"<p>Everything about {WORD[number % 10]}, in a few plain words.</p>"
    plain = Article(source="folder", id=f"{number}.md", title=f"About {number}", html=text, language="en")
    return replace(plain, **changes)  # type: ignore[arg-type]


@pytest.fixture
def server() -> Iterator[FakeEmbeddings]:
    """An embeddings endpoint."""
    with fake_embeddings() as fake:
        yield fake


@pytest.fixture
async def embeddings(server: FakeEmbeddings) -> AsyncIterator[Embeddings]:
    """A client of that endpoint."""
    async with Embeddings.opened(server.settings()) as opened:
        assert opened
        yield opened


@pytest.fixture
async def vectors(tmp_path: Path) -> AsyncIterator[Vectors]:
    """An empty index."""
    index = EmbeddedVectors(tmp_path / "qdrant")
    yield index
    await index.close()


async def run(
    vectors: Vectors, articles: AsyncIterator[Article] | Sequence[Article], embeddings: Embeddings | None = None
) -> SyncReport:
    """Sync the folder."""
    return await sync(articles, vectors=vectors, embeddings=embeddings, source="folder", account="*")


async def found(vectors: Vectors, text: str) -> list[str]:
    """Articles that are found by words."""
    hits = await vectors.search(Question(text, "en"), fence=Fence(account="a"), limit=10)
    return [hit.passage.article for hit in hits]


async def test_new_articles_are_added_and_found(vectors: Vectors) -> None:
    """The first sync."""
    report = await run(vectors, [article(1), article(2)])

    assert report == SyncReport("folder", added=2, passages=2)
    assert await found(vectors, "two") == ["folder:2.md"]


async def test_a_second_sync_changes_nothing_and_embeds_nothing(
    vectors: Vectors, embeddings: Embeddings, server: FakeEmbeddings
) -> None:
    """Unchanged is what hash, splitting and model say."""
    await run(vectors, [article(1), article(2)], embeddings)
    calls = len(server.requests)
    assert calls > 0

    report = await run(vectors, [article(1), article(2)], embeddings)

    assert report == SyncReport("folder", unchanged=2, passages=2)
    assert len(server.requests) == calls


async def test_body_and_title_are_embedded_and_a_title_once(
    vectors: Vectors, embeddings: Embeddings, server: FakeEmbeddings
) -> None:
    """A long article has many passages and one title."""
    long = article(1, html="<p>" + "word " * 400 + "</p>")

    await run(vectors, [long], embeddings)

    assert server.texts.count("About 1") == 1
    assert len([text for text in server.texts if text.startswith("About 1\nword")]) == 4


async def test_a_changed_article_is_replaced(vectors: Vectors, embeddings: Embeddings, server: FakeEmbeddings) -> None:
    """Only it is embedded again, and nothing of its older state is found."""
    await run(vectors, [article(1), article(2)], embeddings)
    server.requests.clear()

    report = await run(vectors, [article(1, html="<p>Now about penguins.</p>"), article(2)], embeddings)

    assert report == SyncReport("folder", changed=1, unchanged=1, passages=2)
    assert server.texts == ["About 1\nNow about penguins.", "About 1"]
    assert await found(vectors, "penguins") == ["folder:1.md"]
    assert await found(vectors, "one") == []


async def test_a_vanished_article_is_removed(vectors: Vectors) -> None:
    """What the source no longer has."""
    await run(vectors, [article(1), article(2)])

    report = await run(vectors, [article(2)])

    assert report == SyncReport("folder", unchanged=1, removed=1, passages=1)


async def test_an_article_that_became_empty_is_gone(vectors: Vectors) -> None:
    """It is still there, but has nothing to say; syncing it again changes nothing."""
    await run(vectors, [article(1), article(2)])

    emptied = await run(vectors, [article(1, html=""), article(2)])
    again = await run(vectors, [article(1, html=""), article(2)])

    assert (emptied.changed, emptied.passages) == (1, 1)
    assert again == SyncReport("folder", unchanged=2, passages=1)


async def test_a_source_that_breaks_off_removes_nothing(vectors: Vectors) -> None:
    """What was not read is not gone; what was read is in the index, and the report says why it ended."""
    await run(vectors, [article(number) for number in range(5)])

    async def broken() -> AsyncIterator[Article]:
        yield article(0, html="<p>penguins</p>")
        raise RetryableError("helpdesk answered 503")

    report = await run(vectors, broken())

    assert (report.changed, report.removed, report.complete, report.passages) == (1, 0, False, 5)
    assert "broke off after 1 articles: helpdesk answered 503" in report.problems[0]
    assert await found(vectors, "penguins") == ["folder:0.md"]


async def test_an_interrupted_sync_goes_on_where_it_ended(
    vectors: Vectors, embeddings: Embeddings, server: FakeEmbeddings
) -> None:
    """What is in the index is not sent to the endpoint again."""
    everything = [article(number) for number in range(120)]

    async def broken() -> AsyncIterator[Article]:
        for one in everything[:80]:
            yield one
        raise RetryableError("helpdesk answered 503")

    await run(vectors, broken(), embeddings)
    server.requests.clear()

    report = await run(vectors, everything, embeddings)

    assert (report.unchanged, report.added, report.complete) == (80, 40, True)
    assert len(server.texts) == 80  # 40 bodies and 40 titles


async def test_an_article_whose_text_the_endpoint_refuses_fails_alone(
    vectors: Vectors, embeddings: Embeddings, server: FakeEmbeddings
) -> None:
    """It is named in the report, and the rest of its batch is indexed."""
    server.refused = "three"

    report = await run(vectors, [article(number) for number in range(6)], embeddings)

    assert (report.added, report.failed, report.passages) == (5, 1, 5)
    assert report.problems[0].startswith("folder:3.md: the embeddings endpoint refuses a text (400)")


async def test_a_failed_article_keeps_its_older_state(
    vectors: Vectors, embeddings: Embeddings, server: FakeEmbeddings
) -> None:
    """An outage never takes an article away, and the next sync tries again."""
    await run(vectors, [article(1), article(2)], embeddings)
    server.down = True

    failed = await run(vectors, [article(1, html="<p>penguins</p>"), article(2)], embeddings)
    server.down = False
    healed = await run(vectors, [article(1, html="<p>penguins</p>"), article(2)], embeddings)

    assert (failed.failed, failed.unchanged, failed.removed, failed.passages) == (1, 1, 0, 2)
    assert (healed.changed, healed.failed) == (1, 0)


async def test_an_endpoint_that_is_down_from_the_start_leaves_the_words(
    vectors: Vectors, embeddings: Embeddings, server: FakeEmbeddings
) -> None:
    """Articles are found by words, all of them: with embeddings for some, the others would not be found beside them."""
    server.statuses = [503]
    first = await run(vectors, [article(number) for number in range(100)], embeddings)

    assert (first.added, first.failed) == (100, 0)
    assert "by their words alone until the next sync" in first.problems[0]
    assert len(await found(vectors, "one")) == 10
    assert {mark.model for mark in (await vectors.marks(source="folder", account="*")).values()} == {""}
    assert len(server.requests) == 1


async def test_an_endpoint_that_stays_down_is_not_asked_for_ever(
    vectors: Vectors, embeddings: Embeddings, server: FakeEmbeddings
) -> None:
    """Each try may cost a time-out: after three batches the rest fails at once."""
    await run(vectors, [article(0)], embeddings)
    server.requests.clear()
    server.down = True

    report = await run(vectors, [article(number) for number in range(400)], embeddings)

    assert (report.failed, report.unchanged) == (399, 1)
    assert len(server.requests) == 3


async def test_sources_do_not_touch_each_other(vectors: Vectors) -> None:
    """The same ids in another source, or another account, are other articles."""
    await run(vectors, [article(1)])
    theirs = article(1, source="zendesk", account="acme.zendesk.test")
    await sync([theirs], vectors=vectors, embeddings=None, source="zendesk", account="acme.zendesk.test")

    report = await sync([], vectors=vectors, embeddings=None, source="zendesk", account="acme.zendesk.test")

    assert report == SyncReport("zendesk", removed=1, passages=1)
    assert await found(vectors, "one") == ["folder:1.md"]


async def test_an_article_of_another_account_is_refused(vectors: Vectors) -> None:
    """A mistake of a source must not open an article to those who may not see it."""
    report = await run(vectors, [article(1, account="acme.zendesk.test"), article(2)])

    assert (report.added, report.failed) == (1, 1)
    assert "belongs to folder of acme.zendesk.test" in report.problems[0]


async def test_an_article_that_comes_twice_is_taken_once(vectors: Vectors) -> None:
    """The second would replace the first, and the order of a source decides nothing."""
    report = await run(vectors, [article(1), article(1, html="<p>penguins</p>")])

    assert (report.added, report.failed) == (1, 1)
    assert report.problems == ("folder:1.md: comes twice from its source",)


async def test_an_article_that_its_source_cannot_read_stays_and_others_are_removed(vectors: Vectors) -> None:
    """It is named; and what is gone for certain goes all the same."""
    await run(vectors, [article(1), article(2), article(3)])

    report = await sync(
        [article(3)], vectors=vectors, embeddings=None, source="folder", account="*", unread={"1.md": "has no date"}
    )

    assert (report.failed, report.removed, report.unchanged, report.passages) == (1, 1, 1, 2)
    assert report.problems == ("folder:1.md: has no date",)
    assert await found(vectors, "one") == ["folder:1.md"]


async def test_pages_are_brought_up_to_date_and_others_left_alone(vectors: Vectors) -> None:
    """All languages of a page are what its reading says; one that could not be read stays, and so do its neighbours."""
    texts = [article(1, id=id_) for id_ in ("7:en", "7:de", "77:en", "8:en", "9:en")]
    await run(vectors, texts)

    async def readings() -> AsyncIterator[Reading]:
        yield Reading("7", (article(1, id="7:en"), article(2, id="7:fr")))
        yield Reading("8")
        yield Reading("9", problem="refused")

    report = await sync_pages(readings(), vectors=vectors, embeddings=None, source="folder", account="*")

    assert (report.added, report.unchanged, report.removed, report.failed) == (1, 1, 2, 1)
    assert report.problems == ("folder:9: refused",)
    assert sorted(await vectors.marks(source="folder", account="*")) == [
        "folder:77:en", "folder:7:en", "folder:7:fr", "folder:9:en",
    ]  # fmt: skip


async def test_pages_that_break_off_leave_the_rest_as_it_was(vectors: Vectors) -> None:
    """What was read until then is in force."""
    await run(vectors, [article(1, id="7:en"), article(2, id="8:en")])

    async def broken() -> AsyncIterator[Reading]:
        yield Reading("7")
        raise RetryableError("helpdesk answered 503")

    report = await sync_pages(broken(), vectors=vectors, embeddings=None, source="folder", account="*")

    assert (report.complete, report.removed) == (False, 1)
    assert await found(vectors, "two") == ["folder:8:en"]


async def test_an_article_that_is_too_long_is_reported(vectors: Vectors) -> None:
    """Its beginning is in the index, and a person hears of the rest."""
    report = await run(vectors, [article(1, html="<p>" + "word " * 300_000 + "</p>")])

    assert report.problems == ("folder:1.md is too long: only its beginning is in the index",)
    assert report.added == 1


async def test_progress_is_told(vectors: Vectors) -> None:
    """Articles done; how many there are is known at the end."""
    told: list[tuple[int, int | None]] = []

    await sync(
        [article(1), article(2)],
        vectors=vectors,
        embeddings=None,
        source="folder",
        account="*",
        progress=lambda done, total: told.append((done, total)),
    )

    assert told == [(1, None), (2, None), (2, 2)]


async def test_lengths_are_fitted_at_the_end(vectors: Vectors) -> None:
    """BM25 is scaled to what is in the index, not to what came first."""
    await run(vectors, [article(1, html="<p>short</p>")])
    before = (await vectors.meta()).body_len

    await run(vectors, [article(1, html="<p>short</p>"), *(article(n, html="<p>" + "w " * 150) for n in range(2, 20))])

    assert (await vectors.meta()).body_len > 10 * before


async def test_an_index_that_does_not_answer_ends_the_sync(vectors: Vectors) -> None:
    """Nothing can be done without it, and who asked hears why."""
    await vectors.open()
    await vectors.close()

    with pytest.raises(VectorsUnavailableError):
        await run(vectors, [article(1)])
