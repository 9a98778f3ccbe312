"""A new index beside the old one, of a helpdesk: pools, fences, labels and cursors come through the swap as they were."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from connectors.base import Article, Changed, Reading, RetryableError
from service.embeddings import Embeddings
from service.knowledge import rebuild
from service.knowledge.chunks import SPLITTING, split, stamp
from service.knowledge.sources import Library, sync_all
from service.knowledge.sync import put_article
from service.settings import Settings
from service.vectors import (
    Beside,
    EmbeddedVectors,
    Entry,
    Fence,
    Label,
    Mark,
    Passage,
    Question,
    ShelvedVectors,
    passage_id,
)
from tests.fake_embeddings import FakeEmbeddings, fake_embeddings

ACCOUNT = "acme.zendesk.test"
TICKETS = {"source": "zendesk tickets", "account": ACCOUNT}
FENCE = Fence(account=ACCOUNT, pools=("article", "macro", "ticket"))


def page(number: int, **changes: Any) -> Article:
    """A public page of the help centre."""
    html = f"<p>Everything about kettles, part {number}.</p>"
    plain = Article(
        "zendesk", f"{number}:en", f"Kettles {number}", html, language="en", audience="public", account=ACCOUNT
    )
    return replace(plain, **changes)


def macro(number: int) -> Article:
    """A macro that is bound to a brand."""
    html = f"<p>Reply number {number} about kettles.</p>"
    return replace(page(number), source="zendesk macros", id=str(number), html=html, pool="macro", brand="7")


def lesson(number: int, **changes: Any) -> Passage:
    """A solved ticket of an organization."""
    key = f"zendesk ticket:{number}"
    return Passage(
        id=passage_id(account=ACCOUNT, source=TICKETS["source"], article=key, position=0),
        article=key,
        source=TICKETS["source"],
        title=f"My kettle {number}",
        breadcrumb="",
        text=f"Solved: kettle number {number}.",
        url="",
        language="en",
        audience="internal",
        account=ACCOUNT,
        organization="42",
        pool="ticket",
        **changes,
    )


@dataclass
class Desk:
    """A helpdesk that counts how its help centre is read, and breaks off where it is told to."""

    name: str = "zendesk"
    account: str = ACCOUNT
    pages: list[Article] = field(default_factory=lambda: [page(number) for number in range(4)])
    replies: list[Article] = field(default_factory=lambda: [macro(number) for number in range(2)])
    changed: tuple[str, ...] = ()
    down: bool = False
    macros_down: bool = False
    read: list[str] = field(default_factory=list)
    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def articles(self, _unread: dict[str, str]) -> AsyncIterator[Article]:
        """All of them, unless it breaks off behind the first."""
        self.read.append("all")
        for number, one in enumerate(self.pages):
            if self.down and number:
                raise RetryableError("helpdesk answered 503")
            yield one
        if self.meanwhile:
            await self.meanwhile()

    async def changed_articles(self, _since: datetime) -> Changed:
        """What it is told to tell."""
        self.read.append("changes")
        return Changed(self.changed, datetime.now(UTC))

    async def read_articles(self, ids: Sequence[str]) -> AsyncIterator[Reading]:
        """These pages."""
        for id_ in ids:
            yield Reading(id_, tuple(one for one in self.pages if one.id.startswith(f"{id_}:")))

    async def macros(self) -> AsyncIterator[Article]:
        """All macros, or the first and an outage."""
        for number, one in enumerate(self.replies):
            if self.macros_down and number:
                raise RetryableError("helpdesk answered 503")
            yield one


@pytest.fixture
def server() -> Iterator[FakeEmbeddings]:
    """An embeddings endpoint that knows every model."""
    with fake_embeddings() as fake:
        yield fake


@pytest.fixture
async def library(server: FakeEmbeddings, tmp_path: Path) -> AsyncIterator[Library]:
    """An index of the model "small", with everything of one desk and two solved tickets."""
    index = EmbeddedVectors(tmp_path / "qdrant")
    async with Embeddings.opened(server.settings(model="small")) as small:
        made = Library(Settings(), {"zendesk": Desk()}, index, small)  # type: ignore[dict-item]
        await synced(made)
        await index.put([learned(lesson(1)), learned(lesson(2, requester="r2"))], **TICKETS)
        yield made
    await index.close()


@pytest.fixture
async def renewing(server: FakeEmbeddings, library: Library) -> AsyncIterator[Library]:
    """The same, and now the model is "large"."""
    async with Embeddings.opened(server.settings(model="large")) as large:
        yield replace(library, embeddings=large)


def desk_of(library: Library) -> Desk:
    """Its helpdesk."""
    return cast("Desk", library.helpdesks["zendesk"])


def learned(passage: Passage, told: str = "1") -> Entry:
    """A solved ticket as a look at it puts it, by words."""
    return Entry(Mark(passage.article, told), [passage])


async def synced(library: Library, *, changes_only: bool = True) -> bool:
    """Sync as it is done every hour. Whether no index is left to be completed."""
    reports = await sync_all(library, progress=lambda *_: None, changes_only=changes_only)
    return all(report.complete for report in reports if report.source == rebuild.SOURCE)


async def held(vectors: ShelvedVectors) -> dict[str, Passage]:
    """Every passage in the index in use, by id."""
    return {one.id: one async for some in vectors.passages() for one in some}


async def found(vectors: ShelvedVectors, **fence: Any) -> set[str]:
    """What a ticket finds."""
    hits = await vectors.search(Question("kettle", "en"), fence=replace(FENCE, **fence), limit=50)
    return {hit.passage.article for hit in hits}


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


async def test_every_pool_comes_through_with_its_fences(renewing: Library) -> None:
    """Pages and macros are crawled, solved tickets and pushed articles taken over: not a field of them is another."""
    vectors, pushed = renewing.vectors, page(9, source="wiki", account="*", organization="42", audience="internal")
    await put_article(pushed, vectors=vectors, embeddings=None)
    before = await held(vectors)

    assert await synced(renewing)

    assert await held(vectors) == before
    assert (await vectors.meta()).model == "large"
    theirs = {"zendesk ticket:1", "wiki:9:en"}
    assert await found(vectors, organization="42", requester="r2") >= {*theirs, "zendesk ticket:2"}
    assert await found(vectors, organization="42") & {*theirs, "zendesk ticket:2"} == theirs
    assert not await found(vectors, organization="41", requester="r2") & {*theirs, "zendesk ticket:2"}
    assert not await found(vectors, account="else.zendesk.test", organization="42") - {"wiki:9:en"}
    assert {mark.model for mark in (await vectors.marks(**TICKETS)).values()} == {"large"}


async def test_macros_that_cannot_be_read_are_taken_over_and_hold_up_nobody(renewing: Library) -> None:
    """Those of the old index stay, bound to their brand; when they can be read again, none is embedded again."""
    before = await held(renewing.vectors)
    desk_of(renewing).macros_down = True

    assert await synced(renewing)

    assert await held(renewing.vectors) == before
    assert "zendesk macros:1" in await found(renewing.vectors, brand="7")
    assert "zendesk macros:1" not in await found(renewing.vectors, brand="8")
    desk_of(renewing).macros_down = False
    macros = (await sync_all(renewing, progress=lambda *_: None))[1]
    assert (macros.source, macros.unchanged, macros.changed) == ("zendesk macros", 2, 0)


async def test_of_a_desk_that_was_switched_off_nothing_is_lost(renewing: Library) -> None:
    """Nobody reads its help centre any more; what it said is taken over as it lies there."""
    before = await held(renewing.vectors)

    assert await synced(replace(renewing, helpdesks={}))

    assert await held(renewing.vectors) == before
    assert (await renewing.vectors.meta()).model == "large"


@pytest.mark.parametrize("when", ["crawling", "carrying"])
async def test_a_ticket_that_is_reopened_during_the_rebuild_is_gone_after_it(
    renewing: Library, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """Also where it was read in the old index just before."""

    async def reopened() -> None:
        await renewing.vectors.remove(["zendesk ticket:1"], **TICKETS)

    if when == "crawling":
        desk_of(renewing).meanwhile = reopened
    else:
        while_carrying(monkeypatch, reopened)

    assert await synced(renewing)

    assert list(await renewing.vectors.marks(**TICKETS)) == ["zendesk ticket:2"]
    assert "zendesk ticket:1" not in await found(renewing.vectors, organization="42")


@pytest.mark.parametrize("when", ["crawling", "carrying"])
async def test_a_ticket_that_is_solved_during_the_rebuild_is_an_example_after_it(
    renewing: Library, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """By its words in the old index, whose model nobody asks any more; the new one gets its embeddings."""

    async def solved() -> None:
        await renewing.vectors.put([learned(lesson(3))], **TICKETS)

    if when == "crawling":
        desk_of(renewing).meanwhile = solved
    else:
        while_carrying(monkeypatch, solved)

    assert await synced(renewing)

    marks = await renewing.vectors.marks(**TICKETS)
    assert sorted(marks) == [f"zendesk ticket:{number}" for number in (1, 2, 3)]
    assert marks["zendesk ticket:3"].model == ("large" if when == "crawling" else "")
    assert "zendesk ticket:3" in await found(renewing.vectors, organization="42")
    assert "zendesk ticket:3" not in await found(renewing.vectors, organization="41")


@pytest.mark.parametrize("when", ["crawling", "carrying"])
async def test_an_article_that_becomes_internal_during_the_rebuild_is_internal_after_it(
    renewing: Library, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """Also one that was crawled before, or read in the old index just before; its embeddings stay."""
    pushed = page(9, source="wiki", account="*")
    await put_article(pushed, vectors=renewing.vectors, embeddings=None)

    async def restricted() -> None:
        for one, key in ((page(0), "zendesk:0:en"), (pushed, "wiki:9:en")):
            now = replace(one, audience="internal")
            label = Label(key, stamp(now), "internal", now.brand, now.organization, now.url)
            await renewing.vectors.relabel([label], source=one.source, account=one.account)
        assert not await found(renewing.vectors, audiences=("public",)) & {"zendesk:0:en", "wiki:9:en"}

    if when == "crawling":
        desk_of(renewing).meanwhile = restricted
    else:
        while_carrying(monkeypatch, restricted)

    assert await synced(renewing)

    assert (await renewing.vectors.meta()).model == "large"
    assert not await found(renewing.vectors, audiences=("public",)) & {"zendesk:0:en", "wiki:9:en"}
    assert await found(renewing.vectors) >= {"zendesk:0:en", "wiki:9:en"}
    for one, key in ((page(0), "zendesk:0:en"), (pushed, "wiki:9:en")):
        marks = await renewing.vectors.marks(source=one.source, account=one.account)
        assert marks[key] == Mark(key, stamp(replace(one, audience="internal")), "large")


async def test_a_crawl_into_the_new_index_says_in_the_old_one_who_may_read(renewing: Library) -> None:
    """At once, though the rebuild is not completed; text and embeddings stay, and the others are not written at all."""
    vectors, desk = renewing.vectors, desk_of(renewing)
    before = await held(vectors)
    desk.pages[0] = replace(page(0), audience="internal")
    desk.down = True  # behind the first page

    assert not await synced(renewing)

    after = await held(vectors)
    (old,) = (one for one in before.values() if one.article == "zendesk:0:en")
    assert after == {**before, old.id: replace(old, audience="internal")}
    marks = await vectors.marks(source="zendesk", account=ACCOUNT)
    assert {mark.model for mark in marks.values()} == {"small"}
    assert marks["zendesk:0:en"].stamp == stamp(desk.pages[0])


async def test_the_new_index_is_read_from_the_beginning_and_remembers_for_itself(renewing: Library) -> None:
    """The old one's cursor says what the old one has; a rebuild that goes on asks for changes where it was."""
    vectors, desk = renewing.vectors, desk_of(renewing)
    other = Desk(name="freshdesk", account="acme.freshdesk.test", pages=[], replies=[], down=True)
    other.pages = [page(number, source="freshdesk", account=other.account) for number in range(2)]
    library = replace(renewing, helpdesks={"zendesk": desk, "freshdesk": other})  # type: ignore[dict-item]
    of = {"source": "zendesk", "account": ACCOUNT}
    old = await vectors.cursor(**of)
    assert old
    assert old.made_with == f"{SPLITTING} small"
    desk.read.clear()

    assert not await synced(library)
    assert desk.read == ["all"]
    assert await vectors.cursor(**of) == old

    desk.pages[1] = page(1, html="<p>Everything about penguins.</p>")
    desk.changed, other.down = ("1",), False
    assert await synced(library)

    assert desk.read == ["all", "changes"]
    cursor = await vectors.cursor(**of)
    assert cursor
    assert cursor.made_with == f"{SPLITTING} large"
    assert len(await vectors.marks(**of)) == 4
    assert [one for one in (await held(vectors)).values() if "penguins" in one.text]


async def test_an_index_of_another_splitting_is_not_brought_up_to_date_by_changes_alone(
    library: Library, server: FakeEmbeddings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no new one can be built now, all is read into the old one; its cursor belongs to its own splitting."""
    desk = desk_of(library)
    desk.read.clear()
    assert await synced(library)
    assert desk.read == ["changes"]
    for module in ("chunks", "rebuild", "sources", "sync"):
        monkeypatch.setattr(f"service.knowledge.{module}.SPLITTING", SPLITTING + 1)
    server.down = True

    assert not await synced(library)
    assert not await synced(library)
    assert desk.read == ["changes", "all", "all"]

    server.down = False
    assert await synced(library)
    assert await synced(library)
    assert desk.read == ["changes", "all", "all", "all", "changes"]


async def test_a_model_that_is_taken_back_finds_what_changed_meanwhile(library: Library, renewing: Library) -> None:
    """Of the old index's cursor nothing was taken: an article that got there by its words is embedded."""
    desk = desk_of(library)
    other = Desk(name="freshdesk", account="acme.freshdesk.test", replies=[], down=True)
    desk.pages[1] = page(1, html="<p>Everything about penguins.</p>")
    desk.changed = ("1",)
    assert not await synced(replace(renewing, helpdesks={"zendesk": desk, "freshdesk": other}))  # type: ignore[dict-item]
    assert (await library.vectors.marks(source="zendesk", account=ACCOUNT))["zendesk:1:en"].model == ""

    assert await synced(library)

    marks = await library.vectors.marks(source="zendesk", account=ACCOUNT)
    assert {mark.model for mark in marks.values()} == {"small"}
    assert len(marks) == 4


async def test_of_an_article_that_is_not_whole_a_label_makes_nothing_whole(library: Library) -> None:
    """Whoever says who may read it knows the text of another index: here it is still to be written."""
    text = page(0, html="".join(f"<p>{'kettle ' * 150} {number}</p>" for number in range(3)))
    parts = split(text)
    assert len(parts) > 1
    await library.vectors.put([Entry(Mark("zendesk:0:en", ""), parts)], source="zendesk", account=ACCOUNT)
    label = Label("zendesk:0:en", stamp(text), "internal", "*", "*", "")

    await library.vectors.relabel([label], source="zendesk", account=ACCOUNT)

    marks = await library.vectors.marks(source="zendesk", account=ACCOUNT, articles=["zendesk:0:en"])
    assert marks["zendesk:0:en"].stamp == "." + stamp(text).split(".")[1]
