"""A new index beside the old one: nothing is lost, nothing is embedded twice, and no customer sees it half."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypedDict

import pytest
from qdrant_client import AsyncQdrantClient

from connectors.base import Article, RetryableError
from service.embeddings import Embeddings
from service.groups import KnowledgeSettings
from service.knowledge import chunks, rebuild, sources
from service.knowledge import sync as syncing
from service.knowledge.rebuild import Crawl, renewed
from service.knowledge.sources import Library, sync_all
from service.knowledge.sync import SyncReport, sync
from service.settings import Settings
from service.vectors import (
    Beside,
    EmbeddedVectors,
    Entry,
    Fence,
    Found,
    Mark,
    Question,
    ServerVectors,
    ShelvedVectors,
    Vectors,
    VectorsUnavailableError,
    passage_id,
)
from service.vectors.embedded import EdgeEngine
from service.vectors.server import ServerEngine
from tests.fake_embeddings import FakeEmbeddings, fake_embeddings
from tests.service.knowledge.test_sync import article
from tests.service.vectors.samples import passage
from tests.service.vectors.test_shelf import names

Articles = Callable[[], AsyncIterator[Article] | Sequence[Article]]


class Of(TypedDict):
    """Whose articles."""

    source: str
    account: str


PUSHED = Of(source="push", account="*")
FOLDER = Of(source="folder", account="*")


@pytest.fixture
def server() -> Iterator[FakeEmbeddings]:
    """An embeddings endpoint that knows every model."""
    with fake_embeddings() as fake:
        yield fake


@pytest.fixture
async def small(server: FakeEmbeddings) -> AsyncIterator[Embeddings]:
    """The model that the index is made with."""
    async with Embeddings.opened(server.settings(model="small")) as opened:
        assert opened
        yield opened


@pytest.fixture
async def large(server: FakeEmbeddings) -> AsyncIterator[Embeddings]:
    """The model that takes its place."""
    async with Embeddings.opened(server.settings(model="large")) as opened:
        assert opened
        yield opened


@pytest.fixture
async def vectors(tmp_path: Path) -> AsyncIterator[ShelvedVectors]:
    """An empty index."""
    index = EmbeddedVectors(tmp_path / "qdrant")
    yield index
    await index.close()


def some(count: int = 6) -> list[Article]:
    """Articles about their numbers."""
    return [article(number) for number in range(count)]


def crawling(articles: Articles) -> Crawl:
    """A crawl of one folder."""

    async def crawl(vectors: Vectors, embeddings: Embeddings | None) -> list[SyncReport]:
        return [await sync(articles(), vectors=vectors, embeddings=embeddings, **FOLDER)]

    return crawl


async def sync_into(
    vectors: ShelvedVectors, embeddings: Embeddings | None, articles: Sequence[Article]
) -> list[SyncReport]:
    """A sync of one folder, as it is run every hour."""
    return await renewed(vectors, embeddings, crawling(lambda: articles))


async def push(vectors: Vectors, name: str, text: str, stamp: str = "pushed") -> None:
    """An article that no crawl brings back, as the push API puts it."""
    key = f"push:{name}"
    one = passage(0, id=passage_id(account="*", source="push", article=key, position=0), article=key, source="push")
    await vectors.put([Entry(Mark(key, stamp), [replace(one, title=name, text=text)])], **PUSHED)


async def search(vectors: Vectors, text: str, embeddings: Embeddings | None = None) -> list[Found]:
    """Search as a ticket does."""
    dense = (await embeddings.embed([text]))[0] if embeddings else ()
    question = Question(text, "en", embeddings.model if embeddings else "", dense)
    return await vectors.search(question, fence=Fence(account="a"), limit=50)


async def models(vectors: Vectors) -> set[str]:
    """Whose embeddings the articles of the folder have."""
    return {mark.model for mark in (await vectors.marks(**FOLDER)).values()}


def split_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version of the way articles are cut: every passage says so."""
    version = chunks.SPLITTING + 1
    for module in (chunks, syncing, rebuild, sources):
        monkeypatch.setattr(module, "SPLITTING", version)
    split = chunks.split
    monkeypatch.setattr(syncing, "split", lambda one: [replace(part, text=f"{part.text} ¶") for part in split(one)])


def while_carrying(monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], Awaitable[None]]) -> None:
    """Do this once, between the reading of what is carried over and the writing of it."""
    read, done = Beside.old_entries, False

    async def old_entries(new: Beside, articles: Sequence[str], **of: Any) -> list[Entry]:
        nonlocal done
        entries = await read(new, articles, **of)
        if not done:
            done = True
            await meanwhile()
        return entries

    monkeypatch.setattr(Beside, "old_entries", old_entries)


async def test_the_first_index_needs_no_second_one(vectors: ShelvedVectors, small: Embeddings, tmp_path: Path) -> None:
    """Its articles are found as they come in; the next sync changes nothing."""
    seen: list[int] = []

    async def watched() -> AsyncIterator[Article]:
        for one in some(60):
            yield one
        seen.append(len(await search(vectors, "everything about")))

    assert await renewed(vectors, small, crawling(watched)) == [SyncReport("folder", added=60, passages=60)]
    assert seen == [50]
    assert (await vectors.status()).building == 0

    assert await sync_into(vectors, small, some(60)) == [SyncReport("folder", unchanged=60, passages=60)]
    assert await asyncio.to_thread(names, tmp_path / "qdrant") == {"shard-1"}


async def test_another_model_is_embedded_beside_and_swapped_in(
    vectors: ShelvedVectors, small: Embeddings, large: Embeddings, server: FakeEmbeddings
) -> None:
    """Each passage and title once. Meanwhile the old index is whole, and found by words, its own model being asked for none."""
    await sync_into(vectors, small, some())
    server.requests.clear()
    server.dimension = 32
    seen: list[tuple[int, set[str], int]] = []

    async def watched() -> AsyncIterator[Article]:
        for one in some():
            yield one
            status = await vectors.status()
            found = await search(vectors, "everything about words")
            seen.append((len(found), {status.model}, status.building))

    reports = await renewed(vectors, large, crawling(watched))

    assert reports == [SyncReport("folder", changed=6, passages=6), SyncReport(rebuild.SOURCE, passages=6)]
    assert set(map(str, seen)) == {str((6, {"small"}, 0))}
    assert sorted(server.texts) == sorted({rebuild.SOURCE, *server.texts})
    assert len(server.texts) == 1 + 2 * 6
    assert ((await vectors.meta()).model, (await vectors.meta()).dimension) == ("large", 32)
    assert all("dense_body" in one.signals for one in await search(vectors, "everything about words", large))
    assert await sync_into(vectors, large, some()) == [SyncReport("folder", unchanged=6, passages=6)]


async def test_searches_during_a_rebuild_see_one_index_or_the_other(
    vectors: ShelvedVectors, small: Embeddings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All the passages of the old splitting, then all of the new one; never a mix, never less."""
    await sync_into(vectors, small, some(40))
    split_anew(monkeypatch)
    seen: list[tuple[int, frozenset[bool]]] = []

    async def searching() -> None:
        while True:
            found = await search(vectors, "everything about words", small)
            seen.append((len(found), frozenset(one.passage.text.endswith("¶") for one in found)))

    tasks = [asyncio.create_task(searching()) for _ in range(3)]
    await sync_into(vectors, small, some(40))
    count = len(seen)
    while len(seen) < count + 6:
        await asyncio.sleep(0.001)
    for task in tasks:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)

    assert all(isinstance(one, asyncio.CancelledError) for one in ended)
    assert set(seen) == {(40, frozenset({False})), (40, frozenset({True}))}
    assert [new for _, new in seen] == sorted((new for _, new in seen), key=lambda new: True in new)
    assert ((await vectors.meta()).splitting, await models(vectors)) == (chunks.SPLITTING, {"small"})


async def test_a_source_that_breaks_off_leaves_the_old_index_in_use(
    vectors: ShelvedVectors, small: Embeddings, large: Embeddings, server: FakeEmbeddings
) -> None:
    """The report says why; the next sync goes on, and embeds nothing again."""
    everything = some(120)
    await sync_into(vectors, small, everything)
    server.requests.clear()

    async def broken() -> AsyncIterator[Article]:
        for one in everything[:80]:
            yield one
        raise RetryableError("helpdesk answered 503")

    *_, kept = await renewed(vectors, large, crawling(broken))

    assert (kept.source, kept.complete, kept.passages) == (rebuild.SOURCE, False, 80)
    problem = (
        "stays in use, with 80 passages in the new one so far: folder was not read to the end; the next sync goes on"
    )
    assert kept.problems == (f"the old index (made with small) {problem}",)
    assert await models(vectors) == {"small"}
    assert len(await search(vectors, "everything about words", small)) == 50

    reports = await sync_into(vectors, large, everything)

    assert reports[0] == SyncReport("folder", unchanged=80, changed=40, passages=120)
    assert reports[1].complete
    assert await models(vectors) == {"large"}
    texts = [text for text in server.texts if text.startswith("About")]
    assert len(texts) == len(set(texts)) == 2 * 120


async def test_changes_reach_the_old_index_while_the_new_one_cannot_be_completed(
    vectors: ShelvedVectors, small: Embeddings, large: Embeddings
) -> None:
    """Another source may be down for days: who asks meanwhile gets today's articles, by their words."""
    await sync_into(vectors, small, some())
    changed = [article(0, html="<p>Now about penguins.</p>"), *some()[2:]]
    folder = crawling(lambda: changed)

    async def crawl(into: Vectors, embeddings: Embeddings | None) -> list[SyncReport]:
        return [*await folder(into, embeddings), SyncReport("zendesk", complete=False)]

    await renewed(vectors, large, crawl)

    assert [one.passage.article for one in await search(vectors, "penguins")] == ["folder:0.md"]
    marks = await vectors.marks(**FOLDER)
    assert sorted(marks) == [f"folder:{number}.md" for number in (0, 2, 3, 4, 5)]
    assert {name for name, mark in marks.items() if mark.model == "small"} == set(marks) - {"folder:0.md"}


async def test_a_model_that_does_not_answer_leaves_the_old_index_in_use(
    vectors: ShelvedVectors, small: Embeddings, large: Embeddings, server: FakeEmbeddings
) -> None:
    """It is kept up to date, by words; nothing is begun beside it."""
    await sync_into(vectors, small, some())
    server.requests.clear()
    server.down = True

    reports = await sync_into(vectors, large, [article(0, html="<p>Now about penguins.</p>"), *some()[1:]])

    assert reports[0] == SyncReport("folder", changed=1, unchanged=5, passages=6)
    assert not reports[1].complete
    assert (
        "the old index (made with small) stays in use: the embeddings endpoint answered 503" in reports[1].problems[0]
    )
    assert len(server.requests) == 1
    assert [one.passage.article for one in await search(vectors, "penguins")] == ["folder:0.md"]


async def test_an_endpoint_that_goes_down_meanwhile_leaves_the_old_index_in_use(
    vectors: ShelvedVectors, small: Embeddings, large: Embeddings, server: FakeEmbeddings
) -> None:
    """Not a single article is given up to its words: the next sync goes on with what was embedded."""
    await sync_into(vectors, small, some(120))
    server.requests.clear()

    async def failing() -> AsyncIterator[Article]:
        for one in some(120):
            yield one
            server.down = server.down or one.id == "60.md"

    *_, kept = await renewed(vectors, large, crawling(failing))
    assert (kept.complete, kept.passages) == (False, 50)
    assert await models(vectors) == {"small"}
    server.down = False
    *_, done = await sync_into(vectors, large, some(120))

    assert done.complete
    assert await models(vectors) == {"large"}
    assert server.texts.count("About 1") == 1


async def test_what_no_crawl_brings_back_is_carried_over(
    vectors: ShelvedVectors, small: Embeddings, large: Embeddings, server: FakeEmbeddings
) -> None:
    """Pushed articles and solved tickets are embedded by the new model from what the old index has of them."""
    await sync_into(vectors, small, some(2))
    for number in range(45):
        await push(vectors, f"page {number}", f"Pushed about {number}.")
    server.requests.clear()

    reports = await sync_into(vectors, large, some(2))

    assert reports[1] == SyncReport(rebuild.SOURCE, changed=45, passages=47)
    marks = await vectors.marks(**PUSHED)
    assert {(mark.stamp, mark.model) for mark in marks.values()} == {("pushed", "large")}
    assert len(server.texts) == len(set(server.texts)) == 1 + 2 * 2 + 2 * 45


async def test_an_article_that_cannot_be_read_today_is_carried_over_and_cut_anew_when_it_can(
    vectors: ShelvedVectors, small: Embeddings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One broken file keeps nobody from the new index, and is not lost; what the source has no more is."""
    await sync_into(vectors, small, some())
    split_anew(monkeypatch)

    async def crawl(into: Vectors, embeddings: Embeddings | None) -> list[SyncReport]:
        return [await sync(some()[1:], vectors=into, embeddings=embeddings, gaps=["0.md: no text"], **FOLDER)]

    _, report = await renewed(vectors, small, crawl)
    old = [one.passage.article for one in await search(vectors, "words") if not one.passage.text.endswith("¶")]
    assert (report.complete, report.changed, old) == (True, 1, ["folder:0.md"])

    assert await sync_into(vectors, small, some()) == [SyncReport("folder", changed=1, unchanged=5, passages=6)]
    assert all(one.passage.text.endswith("¶") for one in await search(vectors, "words"))


async def test_what_the_source_has_no_more_is_not_carried_over(
    vectors: ShelvedVectors, small: Embeddings, large: Embeddings
) -> None:
    """A vanished article is gone from both at once."""
    await sync_into(vectors, small, some())

    reports = await sync_into(vectors, large, some()[1:])

    assert reports[0] == SyncReport("folder", changed=5, removed=1, passages=5)
    assert (await vectors.status()).passages == 5


async def test_a_text_that_the_new_model_refuses_is_carried_over_by_its_words(
    vectors: ShelvedVectors, small: Embeddings, large: Embeddings, server: FakeEmbeddings
) -> None:
    """The old index has it, so the new one has it; the report names it."""
    await sync_into(vectors, small, some())
    server.refused = "three"

    reports = await sync_into(vectors, large, some())

    assert (reports[1].complete, reports[1].changed, reports[1].failed) == (True, 1, 1)
    assert reports[1].problems[0].startswith("folder:3.md is found by its words alone: the embeddings endpoint refuses")
    assert await models(vectors) == {"large", ""}
    assert (await vectors.status()).passages == 6


async def test_what_is_pushed_during_a_rebuild_is_not_lost(
    vectors: ShelvedVectors, small: Embeddings, large: Embeddings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen at once, in both; also where it comes between the reading of its older state and the writing of it."""
    await sync_into(vectors, small, some(2))
    for name in ("kept", "changed", "removed", "late"):
        await push(vectors, name, f"Pushed: {name}.")

    async def crawl_with_pushes() -> AsyncIterator[Article]:
        for one in some(2):
            yield one
        await push(vectors, "new", "Pushed: new.", "2")
        await push(vectors, "changed", "Pushed: changed again.", "2")
        await vectors.remove(["push:removed"], **PUSHED)

    async def push_late() -> None:
        await push(vectors, "late", "Pushed: late again.", "2")

    while_carrying(monkeypatch, push_late)
    *_, report = await renewed(vectors, large, crawling(crawl_with_pushes))

    assert report.complete
    texts = {one.passage.text for one in await search(vectors, "pushed") if one.passage.source == "push"}
    assert texts == {"Pushed: kept.", "Pushed: new.", "Pushed: changed again.", "Pushed: late again."}
    assert sorted(await vectors.marks(**PUSHED)) == ["push:changed", "push:kept", "push:late", "push:new"]


async def test_an_index_of_words_gets_embeddings_beside_it(
    vectors: ShelvedVectors, small: Embeddings, server: FakeEmbeddings
) -> None:
    """A model switched on later, or an endpoint that was down at first."""
    await sync_into(vectors, None, some())

    *_, report = await sync_into(vectors, small, some())

    assert report.complete
    assert await models(vectors) == {"small"}
    assert len(server.texts) == 1 + 2 * 6


async def test_a_first_sync_that_met_a_hiccup_is_done_again_at_once(
    vectors: ShelvedVectors, small: Embeddings, server: FakeEmbeddings
) -> None:
    """Nobody should search by words for an hour because of one failed request."""
    server.statuses = [503]

    *_, report = await sync_into(vectors, small, some())

    assert report.complete
    assert await models(vectors) == {"small"}


async def test_a_model_that_is_switched_off_builds_nothing(
    vectors: ShelvedVectors, small: Embeddings, server: FakeEmbeddings
) -> None:
    """Its embeddings lie there unused, and are used again when it is switched on."""
    await sync_into(vectors, small, some())
    server.requests.clear()

    assert await sync_into(vectors, None, some()) == [SyncReport("folder", unchanged=6, passages=6)]
    assert await sync_into(vectors, small, some()) == [SyncReport("folder", unchanged=6, passages=6)]
    assert server.requests == []


async def test_another_splitting_without_a_model_is_built_by_words(
    vectors: ShelvedVectors, small: Embeddings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Embeddings of passages that are cut otherwise are of no use."""
    await sync_into(vectors, small, some())
    split_anew(monkeypatch)

    *_, report = await sync_into(vectors, None, some())

    assert (report.complete, report.passages, (await vectors.meta()).model) == (True, 6, "")
    assert len([one for one in await search(vectors, "words") if one.passage.text.endswith("¶")]) == 6


async def test_vectors_of_another_size_build_a_new_index(
    vectors: ShelvedVectors, small: Embeddings, server: FakeEmbeddings
) -> None:
    """The endpoint changed what stands behind the same name: seen when the first article is embedded."""
    await sync_into(vectors, small, some())
    server.dimension = 32
    async with Embeddings.opened(server.settings(model="small")) as now:
        *_, report = await sync_into(vectors, now, [article(0, html="<p>Now about penguins.</p>"), *some()[1:]])

    assert report.complete
    assert ((await vectors.meta()).dimension, await models(vectors)) == (32, {"small"})


async def test_a_model_that_is_taken_back_leaves_no_half_built_index(
    vectors: ShelvedVectors, small: Embeddings, large: Embeddings
) -> None:
    """The old index fits again: it goes on as if nothing had been."""
    await sync_into(vectors, small, some())
    folder = crawling(some)

    async def crawl(into: Vectors, embeddings: Embeddings | None) -> list[SyncReport]:
        return [replace((await folder(into, embeddings))[0], complete=False)]

    await renewed(vectors, large, crawl)
    assert (await vectors.status()).building == 6

    assert await sync_into(vectors, small, some()) == [SyncReport("folder", unchanged=6, passages=6)]
    assert (await vectors.status()).building == 0


@pytest.mark.long
async def test_a_rebuild_killed_at_any_step_leaves_a_whole_index_and_is_ended_by_the_next_sync(
    tmp_path: Path, small: Embeddings, large: Embeddings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every call of the engine fails from the k-th on, for every seventh k; then another process opens the directory."""
    outcomes = set()
    for last in range(0, 1_000, 7):
        path = tmp_path / str(last)
        vectors = EmbeddedVectors(path)
        await sync_into(vectors, small, some(3))
        await push(vectors, "page", "Everything pushed.")
        done = await _until(last, vectors, large, monkeypatch)
        await vectors.close()

        reopened = EmbeddedVectors(path)
        found = await search(reopened, "everything")
        model = (await reopened.status()).model
        outcomes.add(model)
        assert (len(found), model == "large" or not done) == (4, True)
        await sync_into(reopened, large, some(3))
        assert await models(reopened) == {"large"}
        assert len(await search(reopened, "everything", large)) == 4
        assert len(await asyncio.to_thread(names, path)) == 2  # the pointer and one index
        await reopened.close()
        if done:
            break
    assert outcomes == {"small", "large"}


async def _until(last: int, vectors: ShelvedVectors, large: Embeddings, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Rebuild; every call of the engine after `last` of them fails. Whether it was done before."""
    called = 0
    call: Callable[..., Awaitable[Any]] = EdgeEngine._call

    async def counted(engine: EdgeEngine, *args: Any, **kwargs: Any) -> Any:
        nonlocal called
        called += 1
        if called > last:
            raise VectorsUnavailableError("killed")
        return await call(engine, *args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(EdgeEngine, "_call", counted)
        try:
            await sync_into(vectors, large, some(3))
        except VectorsUnavailableError:
            return False
    return True


@pytest.mark.filterwarnings("ignore:Payload indexes have no effect")  # the memory mode says so; a server has them
async def test_a_rebuild_on_a_server_killed_at_any_step_is_seen_by_nobody_and_ended_by_the_next_sync(
    small: Embeddings, large: Embeddings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every request fails from the k-th on; another process searches before and after, and a third one syncs."""
    outcomes = set()
    for last in range(0, 1_000, 3):
        client = AsyncQdrantClient(":memory:")
        vectors, running = ServerVectors(client), ServerVectors(client)
        await sync_into(vectors, small, some(3))
        await push(vectors, "page", "Everything pushed.")
        assert len(await search(running, "everything")) == 4
        requests = 0
        answering = ServerEngine.answering

        @asynccontextmanager
        async def counted(engine: ServerEngine, last: int = last, answering: Any = answering) -> AsyncIterator[None]:
            nonlocal requests
            requests += 1
            if requests > last:
                raise VectorsUnavailableError("killed")
            async with answering(engine):
                yield

        done = True
        with monkeypatch.context() as patched:
            patched.setattr(ServerEngine, "answering", counted)
            try:
                await sync_into(vectors, large, some(3))
            except VectorsUnavailableError:
                done = False

        assert len(await search(running, "everything")) == 4
        outcomes.add((await running.status()).model)
        third = ServerVectors(client)
        await sync_into(third, large, some(3))
        assert await models(third) == await models(running) == {"large"}
        assert len(await search(running, "everything", large)) == 4
        assert len((await client.get_collections()).collections) == 1
        await client.close()
        if done:
            break
    assert outcomes == {"small", "large"}


async def test_two_syncs_at_once_embed_nothing_twice(
    vectors: ShelvedVectors, small: Embeddings, large: Embeddings, server: FakeEmbeddings, tmp_path: Path
) -> None:
    """The hourly one, and one that somebody asks for: the second finds all done."""
    folder = tmp_path / "articles"
    folder.mkdir()
    for number in range(5):
        await asyncio.to_thread((folder / f"{number}.md").write_text, f"# Page {number}\n\nWords of page {number}.\n")
    settings = Settings(knowledge=KnowledgeSettings(folder=folder))
    library = Library(settings=settings, helpdesks={}, vectors=vectors, embeddings=small)
    await sync_all(library, progress=lambda *_: None)
    server.requests.clear()
    library = replace(library, embeddings=large)

    first, second = await asyncio.gather(*(sync_all(library, progress=lambda *_: None) for _ in range(2)))

    assert [one.source for one in first] == ["folder", rebuild.SOURCE]
    assert second == [SyncReport("folder", unchanged=5, passages=5)]
    assert len(server.texts) == 1 + 2 * 5
