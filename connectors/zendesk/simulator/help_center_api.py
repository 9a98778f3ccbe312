"""The help centre over the API, and its articles as web pages.

Source: https://developer.zendesk.com/api-reference/help_center/help-center-api/articles
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import JSONResponse, Response

from connectors.simulated.page import article_page
from connectors.zendesk.simulator.bodies import caller, epoch
from connectors.zendesk.simulator.help_center import DEFAULT_LOCALE, HelpCenter
from connectors.zendesk.simulator.paging import SortKey, link, page_of
from connectors.zendesk.simulator.problems import forbidden, invalid_attribute, not_found
from connectors.zendesk.simulator.records import JSON, ArticleRow, Section, Translation, User
from connectors.zendesk.simulator.shapes import stamp, user_json
from connectors.zendesk.simulator.state import State

Pair = tuple[ArticleRow, Translation]

_SORTS = ("position", "title", "created_at", "updated_at", "edited_at")


class HelpCenterApi:
    """Handlers below `/api/v2/help_center` and `/hc`."""

    def __init__(self, state: State, help_center: HelpCenter) -> None:
        self._state = state
        self._center = help_center

    def router(self) -> APIRouter:
        """The routes; most exist with and without a locale."""
        router = APIRouter()
        base = "/api/v2/help_center"
        router.add_api_route(f"{base}/locales", self.locales, methods=["GET"], response_model=None)
        router.add_api_route(f"{base}/user_segments", self.segments, methods=["GET"], response_model=None)
        router.add_api_route(f"{base}/incremental/articles", self.incremental, methods=["GET"], response_model=None)
        router.add_api_route(
            f"{base}/articles/{{article_id}}/translations", self.translations, methods=["GET"], response_model=None
        )
        router.add_api_route(f"{base}/articles/{{article_id}}", self.archive, methods=["DELETE"], response_model=None)
        for prefix in (base, f"{base}/{{locale}}"):
            router.add_api_route(f"{prefix}/articles", self.articles, methods=["GET"], response_model=None)
            router.add_api_route(
                f"{prefix}/articles/{{article_id}}", self.article, methods=["GET"], response_model=None
            )
            for family in ("sections", "categories"):
                index, one = partial(self.groupings, family), partial(self.grouping, family)
                router.add_api_route(f"{prefix}/{family}", index, methods=["GET"], response_model=None)
                router.add_api_route(f"{prefix}/{family}/{{number}}", one, methods=["GET"], response_model=None)
        router.add_api_route("/hc/{locale}/articles/{article_id}", self.page, methods=["GET"], include_in_schema=False)
        return router

    async def locales(self, request: Request) -> Response:
        """The locales in use."""
        del request
        return JSONResponse({"locales": self._center.locales(), "default_locale": DEFAULT_LOCALE})

    async def segments(self, request: Request) -> Response:
        """Who restricted articles are for, by cursor or by offset; only staff is told."""
        if not _staff(request):
            raise forbidden()
        segments = self._center.segments_json()
        body = page_of(
            request, self._state, segments, name="user_segments", key=lambda one: (one["id"],), shape=lambda one: one
        )
        return JSONResponse(body)

    async def articles(self, request: Request, locale: str | None = None) -> Response:
        """What the caller may see, by cursor or by offset; `include` brings users, sections, categories, translations."""
        if locale is None and not _staff(request):
            raise invalid_attribute("locale")  # only agents may leave it out
        query = request.query_params
        sort = query.get("sort_by", "position")
        if sort not in _SORTS:
            raise invalid_attribute("sort_by")
        pairs = self._center.visible(locale=locale.lower() if locale else None, staff=_staff(request))
        include = set(query.get("include", "").split(","))
        body = page_of(
            request,
            self._state,
            pairs,
            name="articles",
            key=lambda pair: _sort_key(pair, sort),
            shape=lambda pair: self._shape(pair, include),
            descending=query.get("sort_order") == "desc",
        )
        return JSONResponse(body | self._beside(include, body["articles"]))

    async def article(self, request: Request, article_id: str, locale: str | None = None) -> Response:
        """One article; a text may follow its number in the address."""
        include = set(request.query_params.get("include", "").split(","))
        pair = self._find(article_id, locale, staff=_staff(request))
        shown = self._shape(pair, include)
        return JSONResponse({"article": shown} | self._beside(include, [shown]))

    async def archive(self, request: Request, article_id: str) -> Response:
        """Archive an article: it is gone, and no incremental list ever says so."""
        caller(request)
        row, _ = self._find(article_id, None, staff=True)
        del self._state.articles[row.id]
        return Response(status_code=204)

    async def translations(self, request: Request, article_id: str) -> Response:
        """Every locale of one article."""
        row, _ = self._find(article_id, None, staff=_staff(request))
        pairs = [(row, one) for one in row.translations.values() if _staff(request) or not one.draft]
        body = page_of(
            request,
            self._state,
            pairs,
            name="translations",
            key=lambda pair: (pair[1].id,),
            shape=lambda pair: self._center.translation_json(*pair),
        )
        return JSONResponse(body)

    async def incremental(self, request: Request) -> Response:
        """Articles changed since `start_time`; each page begins with the last second of the one before. Archived ones never show.

        An empty list ends at 1, as recorded: https://github.com/dust-tt/dust/issues/8656
        """
        if not _staff(request):
            raise forbidden()
        start = datetime.fromtimestamp(epoch(request, "start_time"), tz=UTC)
        found, most = self._center.changed_since(start), self._state.options.incremental_articles
        shown = [self._center.article_json(row, text) for _, row, text in found[:most]]
        end = int(found[:most][-1][0].timestamp()) if found else 1
        next_page = link(request, self._state, start_time=str(end)) if len(found) > most else None
        return JSONResponse({"articles": shown, "count": len(shown), "end_time": end, "next_page": next_page})

    async def groupings(self, family: str, request: Request, locale: str | None = None) -> Response:
        """All sections, or all categories."""
        del locale
        include = set(request.query_params.get("include", "").split(","))
        rows = list(self._family(family).values())
        body = page_of(
            request, self._state, rows, name=family, key=lambda row: (row.id,), shape=self._center.section_json
        )
        if family == "sections" and "categories" in include:
            body["categories"] = [self._center.section_json(one) for one in self._state.categories.values()]
        return JSONResponse(body)

    async def grouping(self, family: str, number: int, locale: str | None = None) -> Response:
        """One section or category."""
        del locale
        row = self._family(family).get(number)
        if row is None:
            raise not_found()
        return JSONResponse({"section" if family == "sections" else "category": self._center.section_json(row)})

    async def page(self, locale: str, article_id: str) -> Response:
        """The article as a web page, so that a note's links lead somewhere."""
        row = self._state.articles.get(_number(article_id))
        if row is None or locale not in row.translations:
            raise HTTPException(status_code=404, detail="there is no such article")
        section = self._state.sections[row.section_id]
        category = self._state.categories[section.category_id or 0]
        return article_page(
            title=row.translations[locale].title,
            html=row.translations[locale].body,
            breadcrumb=f"{category.name} › {section.name}",
            account=self._state.options.company,
            vendor="Zendesk",
        )

    def _shape(self, pair: Pair, include: set[str]) -> JSON:
        body = self._center.article_json(*pair)
        if "translations" in include:
            body["translations"] = [
                self._center.translation_json(pair[0], one) for one in pair[0].translations.values()
            ]
        return body

    def _beside(self, include: set[str], articles: list[JSON]) -> JSON:
        """What `include` adds beside the articles: each row once."""
        sections = {
            self._state.sections[one["section_id"]].id: self._state.sections[one["section_id"]] for one in articles
        }
        categories = {one.category_id: self._state.categories[one.category_id or 0] for one in sections.values()}
        beside: JSON = {}
        if "sections" in include:
            beside["sections"] = [self._center.section_json(one) for one in sections.values()]
        if "categories" in include:
            beside["categories"] = [self._center.section_json(one) for one in categories.values()]
        if "users" in include:
            beside["users"] = [user_json(self._state.agent, self._state)] if articles else []
        return beside

    def _find(self, article_id: str, locale: str | None, *, staff: bool) -> Pair:
        pairs = self._center.visible(locale=locale.lower() if locale else None, staff=staff)
        found = next((pair for pair in pairs if pair[0].id == _number(article_id)), None)
        if found is None:
            raise not_found()
        return found

    def _family(self, family: str) -> dict[int, Section]:
        return self._state.sections if family == "sections" else self._state.categories


def _staff(request: Request) -> bool:
    user = request.scope.get("caller")
    return isinstance(user, User) and user.role != "end-user"


def _sort_key(pair: Pair, sort: str) -> SortKey:
    row, text = pair
    match sort:
        case "position":
            return (row.id,)
        case "title":
            return (text.title, row.id)
        case "created_at":
            return (stamp(row.created_at), row.id)
        case _:
            return (stamp(text.updated_at), row.id)


def _number(article_id: str) -> int:
    number = article_id.partition("-")[0]
    return int(number) if number.isdecimal() else 0
