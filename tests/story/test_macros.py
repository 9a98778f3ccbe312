"""Macros on their way into the index: beside the articles, never instead of them, and only for their own account."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Article
from service.database import Database
from service.knowledge.sources import sync_all
from service.knowledge.sync import SyncReport
from service.vectors import Fence, Question
from tests.story.one_desk import OneDesk, freshdesk, zendesk

Desk = OneDesk[Any]


@pytest.fixture(params=["zendesk", "freshdesk"])
async def desk(request: pytest.FixtureRequest, database: Database, data_dir: Path) -> AsyncIterator[Desk]:
    """Each vendor in turn, with an article and a macro about the same."""
    opened: Callable[..., AbstractAsyncContextManager[Desk]] = zendesk if request.param == "zendesk" else freshdesk
    async with opened(database, data_dir) as made:
        html = "<p>Citric acid takes the limescale out of a kettle.</p>"
        made.simulator.add_article(Article(source="", id="a", title="Descaling", html=html, audience="public"))
        made.simulator.add_macro("Care::Limescale", "<p>Limescale in a kettle is harmless and no case for us.</p>")
        yield made


async def synced(desk: Desk) -> dict[str, SyncReport]:
    """Bring the index up to date; the reports by source."""
    return {report.source: report for report in await sync_all(desk.library, progress=lambda *_: None)}


async def titles(desk: Desk, **fence: Any) -> list[str]:
    """What a search for limescale finds behind this fence."""
    whole = Fence(account=desk.library.helpdesks[desk.name].account, pools=("article", "macro"))
    found = await desk.library.vectors.search(Question("limescale kettle"), fence=replace(whole, **fence), limit=20)
    return sorted(one.passage.title for one in found)


async def test_macros_lie_in_a_pool_of_their_own(desk: Desk) -> None:
    """A search for articles finds none, one for macros nothing else."""
    reports = await synced(desk)

    assert reports[f"{desk.name} macros"].added == 1
    assert await titles(desk, pools=("article",)) == ["Descaling"]
    assert await titles(desk, pools=("macro",)) == ["Limescale"]


async def test_a_macro_of_another_account_is_never_found(desk: Desk) -> None:
    """Neither by its words nor by its pool."""
    await synced(desk)

    assert await titles(desk, account="other.example") == []


async def test_neither_sync_removes_what_the_other_has_read(desk: Desk) -> None:
    """What is gone from one list is gone from that pool alone."""
    await synced(desk)
    again = await synced(desk)
    assert [report.unchanged for report in again.values()] == [1, 1]

    (article,) = [one async for one in desk.library.helpdesks[desk.name].articles()]
    desk.simulator.remove_article(article.id.partition(":")[0])
    await synced(desk)
    assert await titles(desk) == ["Limescale"]


async def test_an_account_that_gives_us_no_macros_is_told_and_the_rest_goes_on(desk: Desk) -> None:
    """No right, or no such thing on its plan: no failure, but nobody wonders where they are."""
    await synced(desk)
    desk.simulator.faults.macros_refused = 403

    reports = await synced(desk)

    macros = reports[f"{desk.name} macros"]
    assert (macros.failed, macros.complete, macros.removed) == (0, True, 1)
    assert "no macros are read" in macros.problems[0]
    assert "403" in macros.problems[0]
    assert await titles(desk) == ["Descaling"]


async def test_a_list_of_macros_that_breaks_off_removes_none(desk: Desk) -> None:
    """A server that is down has not lost them."""
    await synced(desk)
    desk.simulator.faults.macros_refused = 503

    reports = await synced(desk)

    assert (reports[f"{desk.name} macros"].complete, reports[f"{desk.name} macros"].removed) == (False, 0)
    assert await titles(desk) == ["Descaling", "Limescale"]


async def test_an_account_without_macros_has_no_line_in_the_report(database: Database, data_dir: Path) -> None:
    """Most teams begin without."""
    async with zendesk(database, data_dir) as desk:
        assert list(await synced(desk)) == ["zendesk"]
