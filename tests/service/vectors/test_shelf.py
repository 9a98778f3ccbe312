"""Indexes side by side: what is built beside is not seen until it is whole, and then at once, whatever dies when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from qdrant_client import AsyncQdrantClient

from service.vectors import (
    Cursor,
    Dense,
    EmbeddedVectors,
    Found,
    Label,
    Mark,
    Meta,
    Question,
    ServerVectors,
    ShelvedVectors,
    VectorsUnavailableError,
)
from service.vectors.aliases import connect
from service.vectors.directory import EdgeShelf
from service.vectors.embedded import EdgeEngine
from service.vectors.index import Engine, Index
from service.vectors.server import ServerEngine
from tests.fake_qdrant import serving_qdrant
from tests.service.vectors.samples import (
    FENCE,
    TEXTS,
    ask,
    embedding,
    entry,
    hybrid,
    marks,
    passage,
    put,
    put_with_embeddings,
    titles,
)

pytestmark = pytest.mark.filterwarnings(
    "ignore:Payload indexes have no effect"  # the memory mode says so; a server has them
)

SIX = (1.0,) * 6


@pytest.fixture(params=["embedded", "memory", "server"])
async def vectors(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ShelvedVectors]:
    """All TEXTS with embeddings of "small": in a directory, in the client's memory, behind a REST door."""
    index: ShelvedVectors
    if request.param == "embedded":
        index = EmbeddedVectors(tmp_path / "qdrant")
        await put_with_embeddings(index)
        yield index
        await index.close()
    elif request.param == "memory":
        index = ServerVectors(AsyncQdrantClient(":memory:"))
        await put_with_embeddings(index)
        yield index
        await index.close()
    else:
        async with serving_qdrant() as port:
            index = connect(f"http://127.0.0.1:{port}", api_key="", collection="deskpilot")
            await put_with_embeddings(index)
            yield index
            await index.close()


async def built(vectors: ShelvedVectors) -> None:
    """A new index of the model "large", whole, beside the one in use."""
    new = await vectors.beside(model="large", dimension=6, splitting=1)
    for number in range(len(TEXTS)):
        await put(new, entry(passage(number), model="large", dense=[Dense(SIX, SIX)]))
    await new.refit()
    await new.optimise()


async def models(vectors: ShelvedVectors) -> set[str]:
    """Whose embeddings the articles in use have."""
    return {mark.model for mark in (await marks(vectors)).values()}


def names(directory: Path) -> set[str]:
    """What lies in it."""
    return {one.name for one in directory.iterdir()} - {"in-use"}


class TestSwapping:
    """The same on every engine."""

    async def test_what_is_built_beside_is_not_seen_before_the_swap(self, vectors: ShelvedVectors) -> None:
        """The old index answers as it did, with its own embeddings, and says how far the new one is."""
        before = await vectors.search(hybrid("refund"), fence=FENCE, limit=10)

        await built(vectors)

        now = await vectors.search(hybrid("refund"), fence=FENCE, limit=10)
        assert [(one.passage, one.signals) for one in now] == [(one.passage, one.signals) for one in before]
        assert [one.score for one in now] == pytest.approx([one.score for one in before])
        status = await vectors.status()
        assert (status.passages, status.model, status.building) == (len(TEXTS), "small", len(TEXTS))

    async def test_the_swap_is_all_at_once_and_drops_the_old_one(self, vectors: ShelvedVectors) -> None:
        """Meta, marks and embeddings are the new ones; only one index is left."""
        await built(vectors)

        await vectors.swap()

        assert (await vectors.meta()).model == "large"
        assert await models(vectors) == {"large"}
        found = await vectors.search(Question("refund", "en", "large", SIX), fence=FENCE, limit=10)
        assert "dense_body" in found[0].signals
        assert (await vectors.status()).building == 0
        assert len(await vectors._shelf.numbers()) == 1

    async def test_searches_all_the_while_see_the_old_index_or_the_new(self, vectors: ShelvedVectors) -> None:
        """Never both, never less than all; the question of the new model finds the old index by its words."""
        seen = []

        async def search() -> None:
            while True:
                found = await vectors.search(Question("working days", "en", "large", SIX), fence=FENCE, limit=10)
                seen.append((frozenset(titles(found)), frozenset(one.signals for one in found)))
                await asyncio.sleep(0)

        searching = [asyncio.create_task(search()) for _ in range(3)]
        for _ in range(3):
            await built(vectors)
            await vectors.swap()
            new = await vectors.beside(model="small", dimension=4, splitting=1)  # and back
            for number, (title, text) in enumerate(TEXTS):
                dense = [Dense(embedding(text), embedding(title))]
                await put(new, entry(passage(number), model="small", dense=dense))
            await vectors.swap()
        for task in searching:
            task.cancel()
        ended = await asyncio.gather(*searching, return_exceptions=True)

        assert all(isinstance(one, asyncio.CancelledError) for one in ended)
        by_words = frozenset({frozenset({"bm25_body", "bm25_title"})})
        by_four = frozenset({frozenset({"bm25_body", "bm25_title", "dense_body", "dense_title"})})
        all_titles = frozenset(title for title, _ in TEXTS)
        with_words = frozenset({"Refunds", "Refund to a gift card", "Delivery times", "Invoices"})
        assert set(seen) == {(with_words, by_words), (all_titles, by_four)}

    async def test_what_is_put_and_removed_meanwhile_is_in_both(self, vectors: ShelvedVectors) -> None:
        """A push or a webhook is seen at once, and is not lost by the swap."""
        await built(vectors)

        pushed = passage(9, title="Pushed", text="Pushed while the new index was built.")
        await put(vectors, entry(pushed, model="large", dense=[Dense(SIX, SIX)]))
        await vectors.remove(["folder:0.md"], source="folder", account="*")
        before = titles(await ask(vectors, "pushed refund"))
        await vectors.swap()

        assert before == ["Pushed", "Refund to a gift card"]
        assert titles(await ask(vectors, "pushed refund")) == before
        assert (await marks(vectors))["folder:9.md"].model == "large"

    async def test_who_may_find_an_article_is_said_in_both(self, vectors: ShelvedVectors) -> None:
        """Nobody asks again before the swap: what became internal is internal in the new index, with its embeddings."""
        await built(vectors)
        label = Label("folder:0.md", "1 folder:0.md", "internal", "*", "*", "")
        public = replace(FENCE, audiences=("public",))

        await vectors.relabel([label], source="folder", account="*")

        assert "Refunds" not in titles(await vectors.search(hybrid("refund"), fence=public, limit=10))
        await vectors.swap()
        question = Question("refund", "en", "large", SIX)
        assert "Refunds" not in titles(await vectors.search(question, fence=public, limit=10))
        assert "Refunds" in titles(await vectors.search(question, fence=FENCE, limit=10))
        assert await models(vectors) == {"large"}

    async def test_each_index_has_its_own_cursor(self, vectors: ShelvedVectors) -> None:
        """How far a source was read is true of the index that was filled, and of no other."""
        of = {"source": "zendesk", "account": "a"}
        old, new = Cursor("2026-11-20", "2026-11-19", "1 small"), Cursor("2026-11-21", "2026-11-21", "1 large")
        await vectors.remember(old, **of)
        await built(vectors)
        beside = await vectors.beside(model="large", dimension=6, splitting=1)
        assert await beside.cursor(**of) is None

        await beside.remember(new, **of)
        assert await vectors.cursor(**of) == old

        await vectors.swap()
        assert await vectors.cursor(**of) == new

    async def test_everything_in_use_is_read_and_nothing_beside_it(self, vectors: ShelvedVectors) -> None:
        """A report counts no article twice while a new index is built."""
        await built(vectors)

        read = [one.article async for some in vectors.passages() for one in some]

        assert sorted(read) == [f"folder:{number}.md" for number in range(len(TEXTS))]

    async def test_a_sync_into_the_new_index_tells_the_old_one_what_changed(self, vectors: ShelvedVectors) -> None:
        """While the rest is built, customers get today's text; what did not change is not written twice."""
        new = await vectors.beside(model="large", dimension=6, splitting=1)
        await put(new, entry(passage(0), model="large", dense=[Dense(SIX, SIX)]))
        changed = passage(1, text="Gift cards are not refunded any more.")
        await put(new, entry(changed, stamp="2", model="large", dense=[Dense(SIX, SIX)]))
        await new.remove(["folder:2.md"], source="folder", account="*")

        old = await marks(vectors)
        assert (old["folder:0.md"].model, old["folder:1.md"].model) == ("small", "")
        assert "folder:2.md" not in old
        assert (await ask(vectors, "gift cards refunded"))[0].passage.text == changed.text

    async def test_what_the_new_index_lacks_is_known(self, vectors: ShelvedVectors) -> None:
        """Also what changed in the old one after it was written here; what is gone there goes here."""
        await built(vectors)
        new = await vectors.beside(model="large", dimension=6, splitting=1)
        assert await new.lacking() == {}
        async with vectors._shelf.in_use() as (engine, _):
            late = [entry(passage(3), stamp="2"), entry(passage(8))]
            await Index(engine).put(late, source="folder", account="*")
            await Index(engine).remove(["folder:5.md"], source="folder", account="*")

        assert await new.lacking() == {("folder", "*"): ["folder:3.md", "folder:8.md"]}
        assert "folder:5.md" not in await new.marks(source="folder", account="*")

    async def test_a_half_built_index_of_the_same_kind_is_gone_on_with(self, vectors: ShelvedVectors) -> None:
        """What is in it is known; for another model, or another splitting, it is dropped."""
        new = await vectors.beside(model="large", dimension=6, splitting=1)
        await put(new, entry(passage(0), model="large", dense=[Dense(SIX, SIX)]))

        again = await vectors.beside(model="large", dimension=6, splitting=1)
        assert (await marks(again))["folder:0.md"] == Mark("folder:0.md", "1 folder:0.md", "large")
        assert (await marks(again))["folder:1.md"] == Mark("folder:1.md", ".md")  # the stamp's second half alone

        other = await vectors.beside(model="large", dimension=6, splitting=2)
        assert {mark.stamp for mark in (await marks(other)).values()} == {".md"}
        assert len(await vectors._shelf.numbers()) == 2

        await vectors.discard()
        assert len(await vectors._shelf.numbers()) == 1
        assert (await vectors.status()).building == 0
        assert await models(vectors) == {"small"}

    async def test_an_old_splitting_is_marked_on_what_is_taken_from_it(self, vectors: ShelvedVectors) -> None:
        """So that the next crawl cuts such an article anew; the passages come in their order, without embeddings."""
        new = await vectors.beside(model="small", dimension=4, splitting=2)
        (taken,) = await new.old_entries(["folder:3.md"], source="folder", account="*")

        assert taken.mark == Mark("folder:3.md", "carried 1 1 folder:3.md", "")
        assert [one.text for one in taken.passages] == [TEXTS[3][1]]
        assert taken.mark.same_article(Mark("folder:3.md", "1 folder:3.md"))
        await new.carry([taken], source="folder", account="*")
        assert "folder:3.md" not in (await new.lacking())["folder", "*"]

    async def test_nothing_to_swap_changes_nothing(self, vectors: ShelvedVectors) -> None:
        """Another process may have been first."""
        await vectors.swap()

        assert await models(vectors) == {"small"}


class TestDirectory:
    """What only a directory can do."""

    async def test_an_index_that_lies_loose_in_the_directory_goes_on_working(self, tmp_path: Path) -> None:
        """As it did before there were folders; it can be optimised, and gives way when it is built anew."""
        first = EmbeddedVectors(tmp_path)
        await put(first, entry(passage(0)))
        assert names(tmp_path) == {"shard-1"}
        await first.close()
        (tmp_path / "shard-1" / "whole").unlink()
        for one in (tmp_path / "shard-1").iterdir():
            one.rename(tmp_path / one.name)
        (tmp_path / "shard-1").rmdir()

        again = EmbeddedVectors(tmp_path)
        assert titles(await ask(again, "refund")) == ["Refunds"]
        await again.optimise()
        assert "shard-1" not in names(tmp_path)
        await built(again)
        await again.swap()

        assert names(tmp_path) == {"current", "1"}
        await again.close()
        third = EmbeddedVectors(tmp_path)
        assert await models(third) == {"large"}
        await third.close()

    async def test_a_reader_of_the_old_index_finishes_before_it_is_closed(self, tmp_path: Path) -> None:
        """The swap waits for it; new searches do not."""
        vectors = EmbeddedVectors(tmp_path)
        await put_with_embeddings(vectors)
        await built(vectors)

        async with vectors._shelf.in_use() as (engine, _):
            swapping = asyncio.create_task(vectors.swap())
            while (await vectors.meta()).model != "large":
                await asyncio.sleep(0.001)
            assert len(await Index(engine).marks(source="folder", account="*")) == len(TEXTS)
            assert not swapping.done()
        await swapping

        with pytest.raises(VectorsUnavailableError):
            await Index(engine).marks(source="folder", account="*")
        await vectors.close()

    async def test_a_swap_that_is_cancelled_is_done_or_not(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The disk and this process never disagree; what is left of the old one goes with the next start."""
        vectors = EmbeddedVectors(tmp_path)
        await put_with_embeddings(vectors)
        await built(vectors)
        begun, go_on = asyncio.Event(), asyncio.Event()
        switch = EdgeShelf._switch

        async def slow(shelf: EdgeShelf, number: int) -> None:
            begun.set()
            await go_on.wait()
            await switch(shelf, number)

        monkeypatch.setattr(EdgeShelf, "_switch", slow)
        swapping = asyncio.create_task(vectors.swap())
        await begun.wait()
        swapping.cancel()
        await asyncio.wait([swapping])
        assert await models(vectors) == {"small"}
        go_on.set()
        while (await vectors.meta()).model != "large":
            await asyncio.sleep(0.001)

        assert names(tmp_path) == {"current", "1", "shard-1"}
        await vectors.close()
        again = EmbeddedVectors(tmp_path)
        assert await models(again) == {"large"}
        assert names(tmp_path) == {"current", "1"}
        await again.close()

    async def test_what_a_crash_left_is_deleted_and_a_half_built_index_is_not(self, tmp_path: Path) -> None:
        """At the next start, when this process has the lock."""
        first = EmbeddedVectors(tmp_path)
        await put_with_embeddings(first)
        await built(first)
        await first.swap()
        await first.beside(model="small", dimension=4, splitting=1)
        await first.close()
        (tmp_path / "7" / "segments").mkdir(parents=True)  # begun, and not a shard yet
        (tmp_path / "edge_config.json").write_text("{}")  # of the one before

        second = EmbeddedVectors(tmp_path)
        assert await models(second) == {"large"}

        assert names(tmp_path) == {"current", "1", "2"}
        await second.close()

    async def test_a_process_that_read_an_old_pointer_reads_it_again(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Between its look and its lock another process may have swapped, let go, and ended."""
        other = EmbeddedVectors(tmp_path)
        await put_with_embeddings(other)
        await built(other)
        await other.close()
        opened = EdgeEngine.open

        async def late(engine: EdgeEngine) -> None:
            monkeypatch.undo()
            (tmp_path / "current").write_text("1")
            await opened(engine)

        monkeypatch.setattr(EdgeEngine, "open", late)
        vectors = EmbeddedVectors(tmp_path)

        assert await models(vectors) == {"large"}
        await vectors.close()


class TestServer:
    """What only a server can do: several processes, and names."""

    async def test_the_collection_in_use_has_the_alias(self) -> None:
        """One call of the server moves it."""
        client = AsyncQdrantClient(":memory:")
        vectors = ServerVectors(client, collection="shop")
        await put(vectors, entry(passage(0)))
        assert client._client.aliases == {"shop": "shop-index-1"}  # type: ignore[attr-defined]

        await built(vectors)
        await vectors.swap()

        assert client._client.aliases == {"shop": "shop-index-2"}  # type: ignore[attr-defined]
        assert list(client._client.collections) == ["shop-index-2"]  # type: ignore[attr-defined]
        await vectors.close()

    async def test_other_processes_see_the_swap_at_once(self) -> None:
        """Without being told: they read the alias with every search; what they write meanwhile is in both."""
        client = AsyncQdrantClient(":memory:")
        one, other = ServerVectors(client), ServerVectors(client)
        await put_with_embeddings(one)
        assert await models(other) == {"small"}

        await built(one)
        await put(other, entry(passage(9, title="Pushed", text="By another process.")))
        await one.swap()

        assert await models(other) == {"large", ""}
        assert titles(await ask(other, "another process")) == ["Pushed"]
        await one.close()

    async def test_a_search_whose_collection_is_dropped_starts_again(self) -> None:
        """It had read the old Meta; what it returns is of the new index alone."""
        client = AsyncQdrantClient(":memory:")
        one, other = ServerVectors(client), ServerVectors(client)
        await put_with_embeddings(one)
        await built(one)
        shelf = other._shelf
        looked, swapped = asyncio.Event(), asyncio.Event()

        async def slow(engine: Engine, meta: Meta) -> list[Found]:
            looked.set()
            await swapped.wait()
            return await Index(engine).search(hybrid("refund"), fence=FENCE, limit=10, meta=meta)

        searching = asyncio.create_task(other._with(slow))
        await looked.wait()
        await one.swap()
        swapped.set()

        assert {hit.signals for hit in await searching} == {frozenset({"bm25_body", "bm25_title"})}
        async with shelf.in_use() as (engine, _):
            assert engine.number == 3
        await one.close()

    async def test_a_collection_from_before_there_were_aliases_goes_on_and_is_migrated(self) -> None:
        """It has the alias's name, so it goes just before the alias comes."""
        client = AsyncQdrantClient(":memory:")
        old = ServerEngine(client, "deskpilot", 0)
        await old.create(4)
        await Index(old).begin(model="small", dimension=4)
        await put_with_embeddings(Index(old))
        vectors, other = ServerVectors(client), ServerVectors(client)
        assert await models(vectors) == await models(other) == {"small"}

        await built(vectors)
        assert await models(other) == {"small"}
        await vectors.swap()

        assert client._client.aliases == {"deskpilot": "deskpilot-index-1"}  # type: ignore[attr-defined]
        assert await models(vectors) == await models(other) == {"large"}
        await vectors.close()

    @pytest.mark.parametrize("restarted", [True, False])
    async def test_a_migration_cut_short_is_ended_by_whoever_comes_next(self, *, restarted: bool) -> None:
        """The old collection is gone, the alias not there yet: the whole new one takes its place, not an empty one."""
        client = AsyncQdrantClient(":memory:")
        old = ServerEngine(client, "deskpilot", 0)
        await old.create(0)
        await Index(old).put([entry(passage(0))], source="folder", account="*")
        vectors, running = ServerVectors(client), ServerVectors(client)
        await running.status()
        await built(vectors)
        half = ServerEngine(client, "deskpilot-index-5", 5)  # of an earlier try
        await half.create(0)

        async with vectors._shelf.in_use():
            await Index(await vectors._shelf.at(1)).whole(1)
        await client.delete_collection("deskpilot")

        assert await models(ServerVectors(client) if restarted else running) == {"large"}
        await vectors.close()

    async def test_an_index_that_somebody_deleted_is_an_outage_and_not_an_empty_index(self) -> None:
        """An empty one would tell customers that nothing is known; who starts anew makes one, and fills it first."""
        client = AsyncQdrantClient(":memory:")
        vectors = ServerVectors(client)
        await put_with_embeddings(vectors)
        await client.delete_collection("deskpilot-index-2")

        with pytest.raises(VectorsUnavailableError):
            await ask(vectors, "refund")

        assert await ask(ServerVectors(client), "refund") == []
        await vectors.close()

    async def test_collections_of_others_are_left_alone(self) -> None:
        """A server may hold several deployments, whose names begin alike."""
        client = AsyncQdrantClient(":memory:")
        vectors = ServerVectors(client)
        await put_with_embeddings(vectors)
        for name in ("deskpilot-2", "deskpilot-index", "deskpilot-index-2-old", "my-deskpilot-index-9"):
            await client.create_collection(name, vectors_config={})

        await vectors.discard()
        await built(vectors)
        await vectors.swap()

        assert len(client._client.collections) == 5  # type: ignore[attr-defined]
        await vectors.close()
