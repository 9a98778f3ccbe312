"""The demo's help centre: what a note cites can be opened."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from connectors.folder import folder_articles
from service.demo.help_centre import help_centre
from service.demo.tickets import load_tickets

DEMO = Path(__file__).parents[3] / "deploy" / "demo"


async def test_every_article_opens_at_its_address() -> None:
    """In this process, with its title, and without anything from elsewhere."""
    async with (
        help_centre(DEMO / "articles", company="Kettlewick", host="127.0.0.1", port=0) as folder,
        httpx.AsyncClient() as http,
    ):
        articles = list(folder_articles(folder))
        for article in articles:
            page = await http.get(article.url)
            assert page.status_code == 200, article.url
            assert f"<h1>{article.title}</h1>" in page.text
            assert "default-src 'none'" in page.headers["content-security-policy"]
        assert len(articles) == len(list(folder_articles(DEMO / "articles")))


async def test_only_the_addresses_differ_and_only_in_the_copy() -> None:
    """The folder stays as it is; the same tickets cite the same articles."""
    before = {article.id: article for article in folder_articles(DEMO / "articles")}
    async with help_centre(DEMO / "articles", company="Kettlewick", host="127.0.0.1", port=0) as folder:
        for article in folder_articles(folder):
            assert article.html == before[article.id].html
            assert article.url.startswith("http://127.0.0.1:")
            assert article.url.split("/", 3)[3] == before[article.id].url.split("/", 3)[3]
        stated = [ticket.expect_source for ticket in load_tickets(DEMO / "tickets", folder)]

    assert {article.id: article for article in folder_articles(DEMO / "articles")} == before
    assert all(source.startswith("http://127.0.0.1:") for source in stated if source)


async def test_its_first_page_lists_all_articles() -> None:
    """Where the name at the top leads."""
    async with (
        help_centre(DEMO / "articles", company="Kettlewick", host="127.0.0.1", port=0) as folder,
        httpx.AsyncClient() as http,
    ):
        articles = list(folder_articles(folder))
        base = "/".join(articles[0].url.split("/")[:3])
        page = await http.get(base)

        assert page.text.count("<li>") == len(articles)
        assert (await http.get(f"{base}/nowhere")).status_code == 404


async def test_an_internal_article_says_that_it_is_none_for_customers() -> None:
    """The note that leads there says so, too."""
    async with (
        help_centre(DEMO / "articles", company="Kettlewick", host="127.0.0.1", port=0) as folder,
        httpx.AsyncClient() as http,
    ):
        internal = [article for article in folder_articles(folder) if article.audience == "internal"]
        for article in internal:
            assert "Internal: not for customers" in (await http.get(article.url)).text
        assert internal


async def test_its_pages_go_with_the_demo() -> None:
    """Nothing is left behind."""
    async with help_centre(DEMO / "articles", company="Kettlewick", host="127.0.0.1", port=0) as folder:
        address = next(folder_articles(folder)).url

    assert not folder.exists()
    async with httpx.AsyncClient() as http:
        with pytest.raises(httpx.ConnectError):
            await http.get(address)
