"""What is put, replaced and removed, on both engines."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from service.vectors import (
    Cursor,
    Dense,
    Entry,
    Label,
    Mark,
    Question,
    Vectors,
)
from tests.service.vectors.samples import (
    ACCOUNT,
    FENCE,
    TEXTS,
    ask,
    embedding,
    entry,
    hybrid,
    marks,
    parts,
    passage,
    put,
    put_with_embeddings,
    signals,
    titles,
)

pytestmark = pytest.mark.filterwarnings(
    "ignore:Payload indexes have no effect"  # the memory mode says so; a server has them
)


class TestWriting:
    """What is put, replaced and removed, and what the index knows of it."""

    async def test_putting_the_same_twice_changes_nothing(self, vectors: Vectors) -> None:
        """Ids come from the place of a passage, so a second sync replaces."""
        await put(vectors, entry(passage(0)))
        await put(vectors, entry(passage(0)))

        assert (await vectors.status()).passages == 1

    async def test_a_shorter_article_leaves_nothing_of_the_longer_one(self, vectors: Vectors) -> None:
        """Passages beyond the new end go."""
        await put(vectors, entry(*parts(3), stamp="1"))
        await put(vectors, entry(*parts(1), stamp="2"))

        assert (await vectors.status()).passages == 1
        assert await marks(vectors) == {"folder:0.md": Mark("folder:0.md", "2 folder:0.md")}

    async def test_an_article_that_became_empty_is_gone(self, vectors: Vectors) -> None:
        """No passages is a state like any other."""
        await put(vectors, entry(*parts(2)))
        await put(vectors, Entry(Mark("folder:0.md", "2"), ()))

        assert (await vectors.status()).passages == 0

    async def test_an_article_of_which_a_part_is_missing_has_no_valid_mark(self, vectors: Vectors) -> None:
        """A write cut short is done again by the next sync."""
        await put(vectors, Entry(Mark("folder:0.md", "1"), parts(3)))
        first = Entry(Mark("folder:0.md", "1"), parts(3)[:1])  # says "one part", where three lie

        await put(vectors, first)

        assert (await marks(vectors))["folder:0.md"].stamp == ""

    async def test_marks_are_those_of_one_source_and_account(self, vectors: Vectors) -> None:
        """A sync of one source never takes another's articles for vanished."""
        await put(vectors, entry(passage(0)))
        other = passage(1, source="zendesk", account=ACCOUNT, article="zendesk:1")
        await vectors.put([entry(other)], source="zendesk", account=ACCOUNT)

        assert list(await marks(vectors)) == ["folder:0.md"]
        assert list(await vectors.marks(source="zendesk", account=ACCOUNT)) == ["zendesk:1"]

        await vectors.remove(["folder:0.md", "zendesk:1"], source="zendesk", account=ACCOUNT)

        assert list(await marks(vectors)) == ["folder:0.md"]
        assert await vectors.marks(source="zendesk", account=ACCOUNT) == {}

    @pytest.mark.parametrize(("model", "size"), [("large", 6), ("small", 6), ("large", 4)])
    async def test_embeddings_of_another_model_are_left_out(self, vectors: Vectors, model: str, size: int) -> None:
        """Vectors of two models never lie side by side: such an article is found by its words, and its mark says so."""
        await put_with_embeddings(vectors)
        await vectors.begin(model="small", dimension=4)  # it is made so
        await vectors.begin(model="large", dimension=6)  # it has passages, so it stays as it is
        assert {mark.model for mark in (await marks(vectors)).values()} == {"small"}

        other = (1.0,) * size
        await put(vectors, entry(passage(0, text="Money back."), stamp="2", model=model, dense=[Dense(other, other)]))

        assert (await marks(vectors))["folder:0.md"] == Mark("folder:0.md", "2 folder:0.md", "")
        assert titles(await ask(vectors, "money back"))[:1] == ["Refunds"]
        found = await vectors.search(Question("refund", "en", model, other), fence=FENCE, limit=3)
        assert "dense_body" not in found[0].signals

    async def test_lengths_are_fitted_to_all_passages(self, vectors: Vectors) -> None:
        """BM25 is scaled by the mean length of each field, and what was indexed before is scaled anew."""
        await put(vectors, entry(passage(0, text="refund")))
        before = await signals(vectors, Question("refund", "en"))
        await put(vectors, *(entry(passage(n, text=f"word{n} " * 200)) for n in range(1, 6)))

        await vectors.refit()

        meta = await vectors.meta()
        assert meta.body_len == pytest.approx(0.6 * (5 * 200 + 1 + sum(len(t.split()) for t, _ in TEXTS)) / 6)
        assert meta.title_len == pytest.approx(0.6 * sum(len(t.split()) for t, _ in TEXTS) / 6)
        assert meta.languages == ("en",)
        after = await signals(vectors, Question("refund", "en"))
        first = passage(0).id
        assert after["bm25_body"][first] > before["bm25_body"][first]

    async def test_refitting_keeps_embeddings_and_payloads(self, vectors: Vectors) -> None:
        """Only the word vectors are written anew."""
        await put_with_embeddings(vectors)
        long = passage(6, text="word " * 300)
        await put(vectors, entry(long, model="small", dense=[Dense(embedding("x"), embedding("y"))]))

        await vectors.refit()
        await vectors.optimise()

        found = await vectors.search(hybrid("refund"), fence=FENCE, limit=10)
        assert len(found) == len(TEXTS) + 1
        assert len((await signals(vectors, hybrid("refund")))["dense_body"]) == len(found)
        assert {one.passage.title for one in found} == {title for title, _ in TEXTS}

    async def test_reading_goes_on_while_writing(self, vectors: Vectors) -> None:
        """Searches during a sync see passages, never an error."""
        await put(vectors, entry(passage(0)))

        async def write() -> None:
            for number in range(1, 20):
                await put(vectors, entry(passage(number)))

        writing = asyncio.create_task(write())
        while not writing.done():
            assert "Refunds" in titles(await ask(vectors, "refund"))
        await writing


class TestLabels:
    """Who may find an article changes without its text."""

    async def test_an_article_is_found_by_others_from_then_on(self, vectors: Vectors) -> None:
        """Text and embeddings stay, so nothing is paid for; the other articles are as they were."""
        await put_with_embeddings(vectors)
        before = await vectors.search(hybrid("Refunds"), fence=FENCE, limit=10)
        label = Label("folder:0.md", "new stamp", "internal", "7", "*", "https://a.test/1")

        await vectors.relabel([label], source="folder", account="*")

        public = replace(FENCE, audiences=("public",), brand="7")
        assert "Refunds" not in titles(await vectors.search(hybrid("Refunds"), fence=public, limit=10))
        assert "Refunds" not in titles(await vectors.search(hybrid("Refunds"), fence=FENCE, limit=10))
        inside = await vectors.search(hybrid("Refunds"), fence=replace(FENCE, brand="7"), limit=10)
        assert [one.score for one in inside] == pytest.approx([one.score for one in before])
        assert (await marks(vectors))["folder:0.md"] == Mark("folder:0.md", "new stamp", "small")

    async def test_an_article_that_is_not_there_stays_away(self, vectors: Vectors) -> None:
        """Nothing is made of a label alone."""
        await vectors.relabel([Label("folder:9.md", "s", "public", "*", "*", "")], source="folder", account="*")

        assert (await vectors.status()).passages == 0

    async def test_marks_of_some_articles_alone(self, vectors: Vectors) -> None:
        """Who asks for one does not wait for thousands."""
        await put(vectors, entry(passage(0)), entry(passage(1)))

        some = await vectors.marks(source="folder", account="*", articles=["folder:1.md", "folder:7.md"])

        assert list(some) == ["folder:1.md"]


class TestCursors:
    """How far a source was read lies in the index that was filled."""

    async def test_every_source_has_its_own(self, vectors: Vectors) -> None:
        """And none as long as it was never read; it counts as no passage and is found by nobody."""
        first, second = Cursor("2026-11-20T09:00:00+00:00", "2026-11-19", "1 small"), Cursor("b", "c", "d")
        await vectors.remember(Cursor("older", "", ""), source="zendesk", account="a")
        await vectors.remember(first, source="zendesk", account="a")
        await vectors.remember(second, source="zendesk", account="b")

        assert await vectors.cursor(source="zendesk", account="a") == first
        assert await vectors.cursor(source="zendesk", account="b") == second
        assert await vectors.cursor(source="freshdesk", account="a") is None
        assert (await vectors.status()).passages == 0
        assert await vectors.marks(source="zendesk", account="a") == {}

    async def test_it_goes_with_the_embeddings(self, vectors: Vectors) -> None:
        """What has none of the new model's must be read again, and no list of changes names it."""
        await vectors.remember(Cursor("a", "b", "c"), source="zendesk", account="a")

        await vectors.begin(model="large", dimension=8)

        assert await vectors.cursor(source="zendesk", account="a") is None
