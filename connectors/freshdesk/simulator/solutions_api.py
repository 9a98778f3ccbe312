"""The knowledge base over the API, and its articles as the portal shows them.

Vendor: https://developers.freshdesk.com/api/#solutions ; there is no `updated_since`, everything is listed anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse, Response

from connectors.freshdesk.simulator.article_bodies import article_body, category_body, folder_body
from connectors.freshdesk.simulator.paging import page_of
from connectors.freshdesk.simulator.records import JSON, Folder, StoredArticle
from connectors.freshdesk.simulator.refusals import not_found
from connectors.freshdesk.simulator.state import State
from connectors.simulated.page import article_page

Key = TypeVar("Key")
Item = TypeVar("Item")


def solutions_router(state: State) -> APIRouter:
    """`/solutions/...` with an optional language at the end, `/search/solutions`, `/settings/helpdesk`."""
    router = APIRouter()
    _shelves(router, state)
    _articles(router, state)

    @router.get("/settings/helpdesk")
    async def read_settings() -> Response:
        primary, *others = state.library.languages
        return JSONResponse(
            {
                "primary_language": primary,
                "supported_languages": others,
                "portal_languages": others,
                "help_widget_languages": others,
            }
        )

    return router


def _shelves(router: APIRouter, state: State) -> None:
    """Categories and folders. Their names are not translated here."""
    library = state.library

    def folder_json(folder: Folder) -> JSON:
        return folder_body(folder, with_visibility=not state.faults.folders_without_visibility)

    @router.get("/solutions/categories/{category_id:int}")
    async def read_category(category_id: int) -> Response:
        return JSONResponse(category_body(_found(library.categories, category_id)))

    @router.get("/solutions/categories")
    @router.get("/solutions/categories/{language}")
    async def list_categories(request: Request, language: str = "") -> Response:
        _known_language(state, language)
        return page_of(state, request, list(library.categories.values()), category_body)

    @router.get("/solutions/categories/{category_id:int}/folders")
    @router.get("/solutions/categories/{category_id:int}/folders/{language}")
    async def list_folders(request: Request, category_id: int, language: str = "") -> Response:
        _known_language(state, language)
        category = _found(library.categories, category_id)
        folders = [folder for folder in library.folders.values() if folder.category_id == category.id]
        return page_of(state, request, folders, folder_json)

    @router.get("/solutions/folders/{folder_id:int}")
    async def read_folder(folder_id: int) -> Response:
        return JSONResponse(folder_json(_found(library.folders, folder_id)))


def _articles(router: APIRouter, state: State) -> None:
    library = state.library

    @router.get("/solutions/folders/{folder_id:int}/articles")
    @router.get("/solutions/folders/{folder_id:int}/articles/{language}")
    async def list_articles(request: Request, folder_id: int, language: str = "") -> Response:
        language = _known_language(state, language)
        folder = _found(library.folders, folder_id)
        articles = [article for article in library.articles.values() if article.folder_id == folder.id]
        translated = [article for article in articles if language in article.languages]
        return page_of(state, request, translated, lambda article: article_body(state, article, language))

    @router.get("/solutions/articles/{article_id:int}")
    @router.get("/solutions/articles/{article_id:int}/{language}")
    async def read_article(article_id: int, language: str = "") -> Response:
        language = _known_language(state, language)
        article = _found(library.articles, article_id)
        _found(article.languages, language)
        return JSONResponse(article_body(state, article, language))

    @router.get("/search/solutions")
    async def search_articles(request: Request) -> Response:
        term = request.query_params.get("term", "").lower()
        articles = [article for article in library.articles.values() if _mentions(state, article, term)]
        return page_of(state, request, articles, lambda article: article_body(state, article, library.language))


def portal_router(state: State) -> APIRouter:
    """Where links in notes lead to, without a key: the public portal, and the agents' view of every article."""
    router = APIRouter(include_in_schema=False)
    library = state.library

    def shown(article: StoredArticle, language: str) -> Response:
        return article_page(
            title=article.languages[language].title,
            html=article.languages[language].html,
            breadcrumb=library.breadcrumb(article),
            account=state.options.company,
            vendor="Freshdesk",
        )

    @router.get("/support/solutions/articles/{article_id:int}")
    @router.get("/{language}/support/solutions/articles/{article_id:int}")
    async def show_to_everyone(article_id: int, language: str = "") -> Response:
        article = library.articles.get(article_id)
        language = language or library.language
        if article is None or not library.is_public(article, language):
            raise HTTPException(status_code=404, detail="no such article, or not for everyone")
        return shown(article, language)

    @router.get("/a/solutions/articles/{article_id:int}")
    async def show_to_agents(article_id: int) -> Response:
        if article_id not in library.articles:
            raise HTTPException(status_code=404, detail="no such article")
        return shown(library.articles[article_id], library.language)

    return router


def _found(items: Mapping[Key, Item], key: Key) -> Item:
    """The item of this key. Raises Refusal 404."""
    if key not in items:
        raise not_found()
    return items[key]


def _known_language(state: State, language: str) -> str:
    """The language asked for, the primary one by default. Raises Refusal 404."""
    if language and language not in state.library.languages:
        raise not_found()
    return language or state.library.language


def _mentions(state: State, article: StoredArticle, term: str) -> bool:
    text = article.languages[state.library.language]
    return term in text.title.lower() or term in text.html.lower()
