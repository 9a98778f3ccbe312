"""What a help centre gives to an agent's key, and what it never says: the traps of both vendors' articles."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Article, Audience
from connectors.zendesk.simulator import ZendeskSimulator
from service.database import Database
from service.knowledge.sources import sync_all
from service.knowledge.sync import SyncReport
from service.vectors import Fence, Question
from tests.story.one_desk import OneDesk, freshdesk, zendesk

Desk = OneDesk[Any]
Seen = set[tuple[str, str, Audience]]
"""(title, language, audience) of what the index has."""


@pytest.fixture(params=["zendesk", "freshdesk"])
async def desk(request: pytest.FixtureRequest, database: Database, data_dir: Path) -> AsyncIterator[Desk]:
    """Each vendor in turn."""
    opened: Callable[..., AbstractAsyncContextManager[Desk]] = zendesk if request.param == "zendesk" else freshdesk
    async with opened(database, data_dir) as made:
        yield made


def article(title: str = "Descaling", *, audience: Audience = "public", language: str = "en", key: str = "") -> Article:
    """An article about kettles."""
    return Article(
        source="",
        id=key or title,
        title=title,
        html=f"<p>{title}: citric acid takes the limescale out of a kettle.</p>",
        language=language,
        audience=audience,
        breadcrumb="Help › Kettles",
    )


async def synced(desk: Desk) -> SyncReport:
    """Bring the index up to date."""
    (report,) = await sync_all(desk.library, progress=lambda *_: None)
    return report


async def seen(desk: Desk, *, audiences: tuple[Audience, ...] = ("public", "internal")) -> Seen:
    """What a search for limescale finds."""
    fence = Fence(account=desk.library.helpdesks[desk.name].account, audiences=audiences)
    found = await desk.library.vectors.search(Question("limescale kettle citric acid"), fence=fence, limit=20)
    return {(one.passage.title, one.passage.language, one.passage.audience) for one in found}


async def test_a_restricted_article_is_for_agents_only(desk: Desk) -> None:
    """The key sees it, so nothing but what stands on it, or on its folder, keeps it from customers."""
    desk.simulator.add_article(article())
    desk.simulator.add_article(article("Goodwill", audience="internal"))
    await synced(desk)

    assert await seen(desk) == {("Descaling", "en", "public"), ("Goodwill", "en", "internal")}
    assert await seen(desk, audiences=("public",)) == {("Descaling", "en", "public")}


async def test_an_article_that_is_restricted_later_is_no_longer_quoted_to_customers(desk: Desk) -> None:
    """Its text and its time are as they were: who may read it counts as a change of its own."""
    desk.simulator.add_article(article())
    await synced(desk)
    if isinstance(desk.simulator, ZendeskSimulator):
        (row,) = desk.simulator.state.articles.values()
        row.user_segment_id = desk.simulator.state.staff_segment
    else:
        (folder,) = desk.simulator.state.library.folders.values()
        folder.visibility = 3

    report = await synced(desk)

    assert report.changed == 1
    assert await seen(desk) == {("Descaling", "en", "internal")}


async def test_a_draft_is_in_no_index_and_leaves_it_when_it_becomes_one(desk: Desk) -> None:
    """What nobody has published is nobody's answer."""
    desk.simulator.add_article(article("Prices of next year"), draft=True)
    desk.simulator.add_article(article())
    await synced(desk)
    assert await seen(desk) == {("Descaling", "en", "public")}

    desk.simulator.add_article(article(), draft=True)
    await synced(desk)
    assert await seen(desk) == set()


async def test_every_language_of_an_article_is_there_and_none_replaces_another(desk: Desk) -> None:
    """They share a number."""
    desk.simulator.add_article(article("Descaling", key="a"))
    desk.simulator.add_article(article("Entkalken", key="a", language="de"))
    desk.simulator.add_article(article("Nur deutsch", key="b", language="de"))
    report = await synced(desk)

    assert report.problems == ()
    assert await seen(desk) == {
        ("Descaling", "en", "public"),
        ("Entkalken", "de", "public"),
        ("Nur deutsch", "de", "public"),
    }


async def test_a_deleted_article_leaves_the_index_although_no_list_says_so(desk: Desk) -> None:
    """It is missing, that is all: so all are read, and what is not among them goes."""
    gone = desk.simulator.add_article(article())
    desk.simulator.add_article(article("Filters"))
    await synced(desk)
    desk.simulator.remove_article(gone)

    report = await synced(desk)

    assert report.removed == 1
    assert await seen(desk) == {("Filters", "en", "public")}


async def test_a_list_that_breaks_off_deletes_nothing(desk: Desk) -> None:
    """A limit in the middle of it: what was not read is not missing."""
    desk.simulator.add_article(article())
    await synced(desk)
    if isinstance(desk.simulator, ZendeskSimulator):
        desk.simulator.faults.unavailable = 1
    else:
        desk.simulator.faults.refused = 1

    report = await synced(desk)

    assert (report.complete, report.removed) == (False, 0)
    assert await seen(desk) == {("Descaling", "en", "public")}
