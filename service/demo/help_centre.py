"""The demo company's help centre, in this process: its addresses are invented, and a source in a note should open."""

from __future__ import annotations

import asyncio
import html
import re
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from itertools import groupby
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import FastAPI, HTTPException, Response

from connectors.base import Article
from connectors.folder import folder_articles
from connectors.simulated.page import article_page, static_file
from service.web.server import listener, serving

_ADDRESS = re.compile(r"^url: https?://[^/\s]+", re.MULTILINE)


@asynccontextmanager
async def help_centre(articles: Path, *, company: str, host: str, port: int) -> AsyncIterator[Path]:
    """Serve a page for every article of a folder; yields a copy of the folder whose addresses lead to these pages.

    port: replaced by a free one where it is taken. Articles that state no address have no page.
    """
    with tempfile.TemporaryDirectory(prefix="deskpilot-help-") as directory, listener(host, port) as held:
        copy = Path(directory) / articles.name
        found = await asyncio.to_thread(_moved, articles, copy, base_url=f"http://{host}:{held.getsockname()[1]}")
        pages = {urlsplit(article.url).path: article for article in found if article.url}
        async with serving(_app(pages, company), host=host, port=0, listening=held):
            yield copy


def _moved(articles: Path, copy: Path, *, base_url: str) -> list[Article]:
    for file in sorted(articles.rglob("*.md")):
        target = copy / file.relative_to(articles)
        target.parent.mkdir(parents=True, exist_ok=True)
        text = _ADDRESS.sub(f"url: {base_url}", file.read_text(encoding="utf-8"), count=1)
        target.write_text(text, encoding="utf-8")
    return list(folder_articles(copy))


def _app(pages: Mapping[str, Article], company: str) -> FastAPI:
    app = FastAPI(openapi_url=None)
    app.add_api_route("/page/{name}", static_file, methods=["GET"])

    @app.get("/")
    async def contents() -> Response:
        """All articles, by section."""
        return article_page(title="Articles", html=_contents(pages), breadcrumb="", account=company, vendor="zendesk")

    @app.get("/{path:path}")
    async def page(path: str) -> Response:
        """One article as a customer reads it; an internal one says so."""
        article = pages.get(f"/{path}")
        if article is None:
            raise HTTPException(status_code=404, detail=f"there is no article {path}")
        internal = ["Internal: not for customers"] if article.audience == "internal" else []
        crumbs = " · ".join([*internal, article.breadcrumb])
        return article_page(
            title=article.title, html=article.html, breadcrumb=crumbs, account=company, vendor="zendesk"
        )

    return app


def _contents(pages: Mapping[str, Article]) -> str:
    """A list of links for each section."""
    parts = []
    for section, entries in groupby(sorted(pages.items(), key=_section), key=_section):
        links = "".join(f'<li><a href="{path}">{html.escape(article.title)}</a></li>' for path, article in entries)
        parts.append(f"<h2>{html.escape(section)}</h2><ul>{links}</ul>")
    return "".join(parts)


def _section(entry: tuple[str, Article]) -> str:
    return entry[1].breadcrumb
