"""Articles of Zendesk's help centre, in every language that it has.

https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from connectors.base import Article, Audience, Changed, GoneError, Reading, RejectedError
from connectors.http import JSON, Door
from connectors.zendesk.paging import pages
from connectors.zendesk.wire import documented_shape

_LOCALE = re.compile(r"[A-Za-z0-9-]{2,20}")
_ID = re.compile(r"[0-9]{1,20}")

_MOST_CHANGED = 100
"""Each costs two calls and more, a page of a hundred articles one: beyond this, all are read."""

_BESIDE = {"include": "sections,categories"}
_PAGE = 1_000  # of the incremental list
_MOST_PAGES = 50


@dataclass(frozen=True, slots=True)
class Centre:
    """The help centre at our address. `brand`: vendor id, "*" where the account has one brand only."""

    account: str
    brand: str = "*"
    open: bool = True  # False: being set up, only agents see it
    segments: Mapping[str, str] = field(default_factory=dict)  # user segment -> the one organisation it is for


async def articles(door: Door, unread: dict[str, str] | None = None) -> AsyncIterator[Article]:
    """Every article in every language, page by page; drafts are left out. None where the account has no help centre.

    unread: gets id and reason of each that is not as documented, and the rest goes on; None: the first one raises.
    """
    try:
        locales = await _locales(door)
    except GoneError:
        return
    centre = replace(await _centre(door), segments=await _segments(door))
    given = set[str]()
    for locale in locales:
        path = f"/api/v2/help_center/{locale}/articles"
        async for page in pages(door, path, params=_BESIDE):
            for article in to_articles(page, locale=locale, centre=centre, unread=unread):
                if article.id not in given:  # an article without a translation may be given in its own language again
                    given.add(article.id)
                    yield article


async def changed(door: Door, since: datetime) -> Changed | None:
    """Numbers of the articles of which anything changed since then; None where all are to be read instead.

    Drafts and restricted articles are among them. Archived and deleted ones are not, nothing tells of those
    (https://github.com/dust-tt/dust/issues/8656); whether every change of a translation counts is not documented.
    Up to 1,000 a page, for agents; the next one begins at the time of the last change, which comes again:
    https://developer.zendesk.com/documentation/help_center/help-center-api/understanding-incremental-article-exports/
    """
    start, found = int(since.timestamp()), dict[str, None]()
    for _ in range(_MOST_PAGES):
        try:
            answer = await door.call("GET", "/api/v2/help_center/incremental/articles", params={"start_time": start})
        except RejectedError:  # 403, 404: not an agent's token, or no help centre
            return None
        with documented_shape("incremental list of articles"):
            listed = [str(article["id"]) for article in answer.body["articles"]]
            end = max(int(answer.body["end_time"]), start)  # 1 where the list is empty
            last = not listed or not answer.body.get("next_page")
        found |= dict.fromkeys(listed)
        if len(found) > _MOST_CHANGED:
            return None
        if last or (end == start and len(listed) < _PAGE):
            return Changed(tuple(found), datetime.fromtimestamp(end, UTC))
        if end == start:  # more changed in one second than fit on a page
            return None
        start = end
    return None


async def read(door: Door, ids: Sequence[str]) -> AsyncIterator[Reading]:
    """These articles by number, as `articles` would give them. A locale that is off counts as not written."""
    if not ids:
        return
    locales = await _locales(door)
    centre = replace(await _centre(door), segments=await _segments(door))
    for number in ids:
        try:
            yield Reading(number, await _read(door, number, locales=locales, centre=centre))
        except RejectedError as error:
            yield Reading(number, problem=str(error))


async def _read(door: Door, number: str, *, locales: Sequence[str], centre: Centre) -> tuple[Article, ...]:
    if not _ID.fullmatch(number):  # it becomes part of an address
        raise RejectedError(f"{number[:40]!r} is not the number of a Zendesk article")
    written, found = set[str](), dict[str, Article]()
    try:
        async for page in pages(door, f"/api/v2/help_center/articles/{number}/translations", params={}):
            with documented_shape("list of translations"):
                written |= {str(one["locale"]).lower() for one in page["translations"] if not one["draft"]}
    except GoneError:  # archived, deleted, or no longer for us to see
        return ()
    for locale in locales:
        if locale.lower() in written:
            path = f"/api/v2/help_center/{locale}/articles/{number}"
            try:
                answer = await door.call("GET", path, params=_BESIDE)
            except GoneError:
                continue
            with documented_shape("article"):
                page = {**answer.body, "articles": [answer.body["article"]]}
            if not page.get("sections"):
                page |= await _place(door, page["articles"][0], locale=locale)
            found |= {one.id: one for one in to_articles(page, locale=locale, centre=centre) if one.id not in found}
    return tuple(found.values())


async def _place(door: Door, article: JSON, *, locale: str) -> JSON:
    """Section and category of an article that came without: that a single one brings them is not documented."""
    with documented_shape("article"):
        section_id = int(article["section_id"])
    section = (await door.call("GET", f"/api/v2/help_center/{locale}/sections/{section_id}")).body
    with documented_shape("section"):
        category_id = int(section["section"]["category_id"])
    category = (await door.call("GET", f"/api/v2/help_center/{locale}/categories/{category_id}")).body
    with documented_shape("category"):
        return {"sections": [section["section"]], "categories": [category["category"]]}


def to_articles(page: JSON, *, locale: str, centre: Centre, unread: dict[str, str] | None = None) -> list[Article]:
    """Read one page of articles with its side-loaded sections and categories. unread: see `articles`."""
    with documented_shape("page of articles"):
        sections = {str(section["id"]): section for section in page.get("sections") or ()}
        categories = {str(category["id"]): category for category in page.get("categories") or ()}
        given = [(_id(article, locale=locale), article) for article in page["articles"]]
    found = []
    for id_, article in given:
        try:
            with documented_shape("page of articles"):
                if not article["draft"]:
                    breadcrumb = _breadcrumb(article, sections, categories)
                    found.append(_article(article, id_=id_, centre=centre, breadcrumb=breadcrumb))
        except RejectedError as error:
            if unread is None:
                raise
            unread[id_] = str(error)
    return found


def to_centre(answer: JSON, *, account: str) -> Centre:
    """Find the brand whose help centre stands at `account`: each brand has a host of its own, articles name none."""
    with documented_shape("list of brands"):
        brands = [brand for brand in answer["brands"] if not brand.get("is_deleted")]
        ours = next((brand for brand in brands if account in _hosts(brand)), None)
        if ours is None:
            return Centre(account=account)
        return Centre(
            account=account,
            brand=str(ours["id"]) if len(brands) > 1 else "*",
            open=ours.get("help_center_state", "enabled") == "enabled",
        )


async def _locales(door: Door) -> list[str]:
    answer = await door.call("GET", "/api/v2/help_center/locales")
    with documented_shape("list of locales"):
        return [_locale(name) for name in answer.body["locales"]]


async def _centre(door: Door) -> Centre:
    try:
        answer = await door.call("GET", "/api/v2/brands")
    except RejectedError:  # 403, 404: an agent who may not see brands
        return Centre(account=door.host)
    return to_centre(answer.body, account=door.host)


async def _segments(door: Door) -> dict[str, str]:
    """User segments that are for one organisation, by id. None where our token is not one of a help centre manager.

    https://developer.zendesk.com/api-reference/help_center/help-center-api/user_segments/
    """
    found: dict[str, str] = {}
    try:
        async for page in pages(door, "/api/v2/help_center/user_segments", params={}):
            found |= to_segments(page)
    except RejectedError:  # 403: their articles are for every ticket's agent, as long as nobody may tell us more
        return {}
    return found


def to_segments(page: JSON) -> dict[str, str]:
    """Segment -> organisation, of one page; those for several organisations or for none in particular are left out.

    A segment may let in single users and tags beside its organisation: they find less than they might read, not more.
    """
    with documented_shape("page of user segments"):
        bound = {str(one["id"]): one.get("organization_ids") or [] for one in page["user_segments"]}
        return {segment: str(companies[0]) for segment, companies in bound.items() if len(companies) == 1}


def _hosts(brand: JSON) -> set[str]:
    named = {urlsplit(brand.get("brand_url") or "").netloc, brand.get("host_mapping") or ""}
    return named | {f"{brand['subdomain']}.zendesk.com"} if brand.get("subdomain") else named


def _locale(name: str) -> str:
    if not _LOCALE.fullmatch(name):  # it becomes part of an address
        raise ValueError(f"{name[:40]!r} is not a locale")
    return name


def _id(article: JSON, *, locale: str) -> str:
    """Number and language: translations share the number."""
    return f"{article['id']}:{(article.get('locale') or locale).lower()}"


def _article(article: JSON, *, id_: str, centre: Centre, breadcrumb: str) -> Article:
    return Article(
        source="zendesk",
        id=id_,
        title=article.get("title") or article.get("name") or "",
        html=article.get("body") or "",
        url=_address(article.get("html_url")),
        language=id_.partition(":")[2].split("-")[0],
        audience=_audience(article, centre=centre),
        account=centre.account,
        brand=centre.brand,
        organization=_organization(article, centre=centre),
        breadcrumb=breadcrumb,
        updated_at=datetime.fromisoformat(article["updated_at"]),
    )


def _audience(article: JSON, *, centre: Centre) -> Audience:
    """Public only where everybody may read it; our token sees far more. A missing segment counts as restricted."""
    everybody = article["draft"] is False and article.get("user_segment_id", "missing") is None
    return "public" if centre.open and everybody and not article.get("user_segment_ids") else "internal"


def _organization(article: JSON, *, centre: Centre) -> str:
    """The one organisation that all segments of the article are for; "*" where there is no such."""
    segments = {*(article.get("user_segment_ids") or ()), article.get("user_segment_id")} - {None}
    organizations = {centre.segments.get(str(segment), "*") for segment in segments}
    return organizations.pop() if len(organizations) == 1 else "*"


def _breadcrumb(article: JSON, sections: Mapping[str, JSON], categories: Mapping[str, JSON]) -> str:
    key, names, seen = str(article.get("section_id")), list[str](), set[str]()
    category = categories.get(str(sections.get(key, {}).get("category_id")), {})
    while key in sections and key not in seen:  # sections lie in sections, in a circle where somebody made one
        seen.add(key)
        names.insert(0, sections[key].get("name") or "")
        key = str(sections[key].get("parent_section_id"))
    return " › ".join(name for name in (category.get("name"), *names) if name)


def _address(value: str | None) -> str:
    return value if value and urlsplit(value).scheme in ("http", "https") else ""
