"""The Freshdesk twin's knowledge base: who may read an article is written on its folder, and not always."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx

from connectors.base import Article
from connectors.freshdesk.simulator import FreshdeskSimulator
from tests.connectors.freshdesk.account import api, new_desk

REFUNDS = Article(
    source="freshdesk",
    id="refunds",
    title="Refunds",
    html="<p>In 14 days.</p>",
    audience="public",
    breadcrumb="Orders › Money",
)
LIMITS = Article(
    source="freshdesk", id="limits", title="Refund limits", html="<p>Up to 50.</p>", breadcrumb="Orders › Money"
)


async def crawled(client: httpx.AsyncClient, *, language: str = "") -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Every article with its folder, the way down through categories and folders."""
    tail = f"/{language}" if language else ""
    found = []
    for category in (await client.get(f"/solutions/categories{tail}")).json():
        for folder in (await client.get(f"/solutions/categories/{category['id']}/folders{tail}")).json():
            articles = (await client.get(f"/solutions/folders/{folder['id']}/articles{tail}")).json()
            found += [(folder, article) for article in articles]
    return found


def desk_with(*articles: Article) -> FreshdeskSimulator:
    """An account with these articles."""
    desk = new_desk()
    for article in articles:
        desk.add_article(article)
    return desk


async def test_the_folder_says_who_may_read() -> None:
    """Two articles of one place lie in two folders of one name: everyone's and the agents'."""
    desk = desk_with(REFUNDS, LIMITS)
    async with api(desk) as client:
        found = await crawled(client)

    assert {article["title"]: folder["visibility"] for folder, article in found} == {"Refunds": 1, "Refund limits": 3}
    assert {folder["name"] for folder, _ in found} == {"Money"}
    assert all("visibility" not in article for _, article in found)


async def test_a_folder_may_not_say_who_may_read() -> None:
    """As in old recordings: a missing value is not "everyone"."""
    desk = desk_with(REFUNDS)
    desk.faults.folders_without_visibility = True
    async with api(desk) as client:
        [(folder, _)] = await crawled(client)

    assert "visibility" not in folder


async def test_an_article_for_one_company_lies_in_a_folder_for_selected_companies() -> None:
    """Visibility 4 with the companies' ids."""
    desk = desk_with(Article(source="freshdesk", id="a", title="SLA", html="x", audience="public", organization="77"))
    async with api(desk) as client:
        [(folder, _)] = await crawled(client)

    assert (folder["visibility"], folder["company_ids"]) == (4, [77])


async def test_drafts_are_listed_with_the_rest() -> None:
    """Only their status tells."""
    desk = desk_with(REFUNDS)
    desk.add_article(Article(source="freshdesk", id="new", title="New", html="x", audience="public"), draft=True)
    async with api(desk) as client:
        found = await crawled(client)

    assert {article["title"]: article["status"] for _, article in found} == {"Refunds": 2, "New": 1}


async def test_a_translation_has_the_same_id_and_a_missing_one_is_404() -> None:
    """The language stands at the end of the path; which ones there are is a setting of the account."""
    german = Article(source="freshdesk", id="refunds", title="Erstattung", html="<p>In 14 Tagen.</p>", language="de")
    desk = desk_with(REFUNDS, LIMITS)
    article_id = desk.add_article(german)
    async with api(desk) as client:
        [(_, translated)] = await crawled(client, language="de")
        original = (await client.get(f"/solutions/articles/{article_id}")).json()
        unknown = await client.get(f"/solutions/articles/{article_id}/fr")
        languages = (await client.get("/settings/helpdesk")).json()

    assert (translated["id"], translated["title"], original["title"]) == (int(article_id), "Erstattung", "Refunds")
    assert (unknown.status_code, languages["supported_languages"]) == (404, ["de"])


async def test_a_changed_article_keeps_its_id_and_a_removed_one_is_just_missing() -> None:
    """There is no list of changes or deletions: everything is listed anew."""
    desk = desk_with(REFUNDS, LIMITS)
    changed_at = datetime(2026, 11, 3, 8, 0, tzinfo=UTC)
    again = desk.add_article(
        Article(source="freshdesk", id="refunds", title="Refunds", html="new", updated_at=changed_at)
    )
    desk.remove_article(desk.add_article(LIMITS))
    async with api(desk) as client:
        [(_, article)] = await crawled(client)

    assert (article["id"], article["description"], article["updated_at"]) == (int(again), "new", "2026-11-03T08:00:00Z")


async def test_articles_of_a_folder_come_in_pages() -> None:
    """30 unless asked otherwise."""
    desk = desk_with(
        *[Article(source="freshdesk", id=str(number), title=str(number), html="x") for number in range(31)]
    )
    async with api(desk) as client:
        assert len(await crawled(client)) == 30


async def test_the_portal_shows_to_everyone_what_is_for_everyone() -> None:
    """The links in notes lead somewhere; internal articles have an address for agents only."""
    desk = desk_with()
    public, internal = desk.add_article(REFUNDS), desk.add_article(LIMITS)
    transport = httpx.ASGITransport(app=desk.app)
    async with httpx.AsyncClient(transport=transport, base_url=desk.settings["url"]) as visitor:
        shown = await visitor.get(f"/support/solutions/articles/{public}")
        in_english = await visitor.get(f"/en/support/solutions/articles/{public}")
        hidden = await visitor.get(f"/support/solutions/articles/{internal}")
        for_agents = await visitor.get(f"/a/solutions/articles/{internal}")

    assert "In 14 days." in shown.text
    assert (in_english.status_code, hidden.status_code) == (200, 404)
    assert "Up to 50." in for_agents.text
