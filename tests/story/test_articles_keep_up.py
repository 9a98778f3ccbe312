"""A help centre that is followed: by its list of changes, by its webhooks, and once a day as a whole."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Article, Audience
from connectors.zendesk.simulator import ZendeskSimulator
from service.database import Database
from service.embeddings import Embeddings
from service.knowledge import sources
from service.knowledge.sources import sync_all
from service.knowledge.sync import SyncReport
from service.vectors import Fence, Question
from tests.fake_embeddings import FakeEmbeddings, fake_embeddings
from tests.story.one_desk import OneDesk, zendesk

Desk = OneDesk[ZendeskSimulator]
Seen = set[tuple[str, str, Audience]]

LISTS = "/api/v2/help_center/en-us/articles"
"""Where all articles are read."""


@pytest.fixture
async def desk(database: Database, data_dir: Path) -> AsyncIterator[Desk]:
    """An account that tells of its articles, too."""
    async with zendesk(database, data_dir) as opened:
        opened.connect(articles=True)
        yield opened


@pytest.fixture
def server() -> Iterator[FakeEmbeddings]:
    """An embeddings endpoint."""
    with fake_embeddings() as fake:
        yield fake


@pytest.fixture
async def embedded(desk: Desk, server: FakeEmbeddings) -> AsyncIterator[Desk]:
    """The same account, its articles embedded."""
    async with Embeddings.opened(server.settings()) as embeddings:
        desk.library = replace(desk.library, embeddings=embeddings)
        yield desk


def add(desk: Desk, key: str = "a", **more: Any) -> str:
    """Publish an article about kettles, a minute after whatever happened before; its number."""
    desk.clock.advance(60)
    given = {
        "source": "",
        "title": f"About {key}",
        "html": f"<p>{key}: citric acid takes the limescale out of a kettle.</p>",
        "language": "en",
        "audience": "public",
        "breadcrumb": "Help › Kettles",
    }
    return desk.simulator.add_article(Article(id=key, **{**given, **more}))


async def synced(desk: Desk, *, changes_only: bool = True) -> SyncReport:
    """What happens every hour."""
    report, *rest = await sync_all(desk.library, progress=lambda *_: None, changes_only=changes_only)
    assert [(one.source, one.complete) for one in rest] in ([], [("new index", True)])
    return report


async def seen(desk: Desk, *, organization: str = "") -> Seen:
    """What a ticket's search for limescale finds."""
    fence = Fence(account=desk.library.helpdesks["zendesk"].account, organization=organization)
    found = await desk.library.vectors.search(Question("limescale kettle citric acid"), fence=fence, limit=20)
    return {(one.passage.title, one.passage.language, one.passage.audience) for one in found}


def lists(desk: Desk) -> int:
    """How often all articles were read."""
    return sum(one.path == LISTS for one in desk.simulator.requests)


async def a_day_passes(desk: Desk) -> None:
    """The last sweep was a day ago."""
    source = {"source": "zendesk", "account": desk.library.helpdesks["zendesk"].account}
    cursor = await desk.library.vectors.cursor(**source)
    assert cursor
    yesterday = (datetime.now(UTC) - timedelta(hours=24)).isoformat()
    await desk.library.vectors.remember(replace(cursor, swept_at=yesterday), **source)


async def test_only_what_changed_is_read(embedded: Desk, server: FakeEmbeddings) -> None:
    """All of it once; then the list of changes alone, and what it names."""
    for key in "abc":
        add(embedded, key)
    first = await synced(embedded)
    server.requests.clear()
    embedded.clock.advance(3600)

    nothing = await synced(embedded)
    add(embedded, "b", title="Now about b")
    changed = await synced(embedded)

    assert (first.read, first.added) == ("all", 3)
    assert (nothing.read, nothing.added + nothing.changed + nothing.removed) == ("changes", 0)
    assert (changed.read, changed.changed, changed.removed) == ("changes", 1, 0)
    assert lists(embedded) == 1
    assert server.texts[1:] == ["Now about b"]
    assert {title for title, *_ in await seen(embedded)} == {"About a", "Now about b", "About c"}


async def test_what_leaves_the_public_leaves_the_index_with_the_next_list_of_changes(embedded: Desk) -> None:
    """A draft goes in that language, a restricted one stays for the agents, or for one organisation's tickets."""
    draft, half, staff, one = (add(embedded, key) for key in ("draft", "half", "staff", "one"))
    add(embedded, "half", title="Halb", language="de")
    organization = embedded.simulator.state.organization("Globex").id
    await synced(embedded)
    embedded.clock.advance(60)
    embedded.simulator.unpublish_article(draft)
    embedded.simulator.unpublish_article(half, language="de")
    embedded.simulator.restrict_article(staff)
    embedded.simulator.restrict_article(one, organization=str(organization))

    report = await synced(embedded)

    assert (report.read, report.removed, report.changed) == ("changes", 2, 2)
    everybody: Seen = {("About half", "en", "public"), ("About staff", "en", "internal")}
    assert await seen(embedded) == everybody
    assert await seen(embedded, organization=str(organization)) == {*everybody, ("About one", "en", "internal")}


async def test_a_restricted_article_is_internal_at_once_without_an_embedding(
    embedded: Desk, server: FakeEmbeddings
) -> None:
    """Its text is what it was; and an endpoint that is down keeps nothing public."""
    same = add(embedded, "same")
    add(embedded, "other")
    await synced(embedded)
    embedded.clock.advance(60)
    calls = len(server.requests)
    embedded.simulator.restrict_article(same)
    await synced(embedded)
    assert len(server.requests) == calls

    server.down = True
    add(embedded, "other", title="Another text", audience="internal")
    report = await synced(embedded)

    assert (report.failed, report.settled) == (1, False)
    assert await seen(embedded) == {("About same", "en", "internal"), ("About other", "en", "internal")}


async def test_what_could_not_be_embedded_is_read_again(
    embedded: Desk, server: FakeEmbeddings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next list of changes begins where the last one did, however much later."""
    monkeypatch.setattr(sources, "_OVERLAP", timedelta())
    add(embedded, "a")
    await synced(embedded)
    server.down = True
    add(embedded, "a", title="Now about a")
    add(embedded, "b")
    failed = await synced(embedded)
    server.down = False

    mended = await synced(embedded)

    assert (failed.failed, mended.changed, mended.added) == (2, 1, 1)
    assert (await synced(embedded)).unchanged == 1  # the newest is in the list again, its second is


async def test_an_archived_article_goes_with_the_daily_sweep(embedded: Desk, server: FakeEmbeddings) -> None:
    """No list names it; the sweep embeds nothing."""
    gone, _ = add(embedded, "gone"), add(embedded, "kept")
    await synced(embedded)
    server.requests.clear()
    embedded.simulator.remove_article(gone)
    assert (await synced(embedded)).removed == 0
    await a_day_passes(embedded)

    report = await synced(embedded)

    assert (report.read, report.removed, report.unchanged) == ("all", 1, 1)
    assert server.requests == []
    assert (await synced(embedded)).read == "changes"


async def test_by_hand_all_is_read(desk: Desk) -> None:
    """Who calls for a sync has a reason."""
    gone = add(desk)
    await synced(desk)
    desk.simulator.remove_article(gone)

    report = await synced(desk, changes_only=False)

    assert (report.read, report.removed) == ("all", 1)


async def test_another_model_reads_all(embedded: Desk, server: FakeEmbeddings) -> None:
    """No list of changes names what has no embeddings of the new one."""
    add(embedded, "a")
    await synced(embedded)
    async with Embeddings.opened(server.settings(model="fake-large")) as large:
        embedded.library = replace(embedded.library, embeddings=large)

        assert (await synced(embedded)).read == "all"
        assert (await synced(embedded)).read == "changes"


async def test_a_list_of_changes_that_breaks_off_is_read_again(desk: Desk) -> None:
    """What it names is not forgotten, and nothing is taken for gone."""
    add(desk, "a")
    await synced(desk)
    add(desk, "b")
    desk.simulator.faults.unavailable = 1
    broken = await synced(desk)
    desk.clock.advance(3600)

    report = await synced(desk)

    assert (broken.complete, broken.removed) == (False, 0)
    assert "does not tell what changed" in broken.problems[0]
    assert report.added == 1


async def test_a_published_and_an_unpublished_article_are_there_and_gone_at_once(desk: Desk) -> None:
    """By the account's webhook, without a sync; every language of it."""
    add(desk, "first")
    await synced(desk)
    asked = lists(desk)
    async with desk.working():
        number = add(desk, "new")
        add(desk, "new", title="Neu", language="de")
        await desk.simulator.settle()
        everything: Seen = {("About first", "en", "public"), ("About new", "en", "public"), ("Neu", "de", "public")}
        await desk.until(lambda: _is(desk, everything))

        desk.simulator.unpublish_article(number, language="de")
        await desk.simulator.settle()
        await desk.until(lambda: _is(desk, everything - {("Neu", "de", "public")}))

        desk.simulator.unpublish_article(number)
        await desk.simulator.settle()
        await desk.until(lambda: _is(desk, {("About first", "en", "public")}))
    assert lists(desk) == asked


async def test_a_webhook_whose_article_cannot_be_read_is_left_to_the_next_sync(desk: Desk) -> None:
    """The account answers nothing for a while; the hourly list of changes names it all the same."""
    add(desk, "first")
    await synced(desk)
    add(desk, "new")
    desk.simulator.faults.unavailable = 1
    assert not await desk.pipeline.read_articles("zendesk", ["1"])

    assert (await synced(desk)).added == 1


async def _is(desk: Desk, wanted: Seen) -> bool:
    return await seen(desk) == wanted
