"""Articles of Zendesk's help centre, in every language that it has.

https://developer.zendesk.com/api-reference/help_center/help-center-api/articles/
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlsplit

from connectors.base import Article, Audience, GoneError, RejectedError
from connectors.http import JSON, Door
from connectors.zendesk.paging import pages
from connectors.zendesk.wire import documented_shape

_LOCALE = re.compile(r"[A-Za-z0-9-]{2,20}")


@dataclass(frozen=True, slots=True)
class Centre:
    """The help centre at our address. `brand`: vendor id, "*" where the account has one brand only."""

    account: str
    brand: str = "*"
    open: bool = True  # False: being set up, only agents see it
    segments: Mapping[str, str] = field(default_factory=dict)  # user segment -> the one organisation it is for


async def articles(door: Door) -> AsyncIterator[Article]:
    """Every article in every language, page by page; drafts are left out. None where the account has no help centre."""
    try:
        answer = await door.call("GET", "/api/v2/help_center/locales")
    except GoneError:
        return
    with documented_shape("list of locales"):
        locales = [_locale(name) for name in answer.body["locales"]]
    centre = replace(await _centre(door), segments=await _segments(door))
    given = set[str]()
    for locale in locales:
        path = f"/api/v2/help_center/{locale}/articles"
        async for page in pages(door, path, params={"include": "sections,categories"}):
            for article in to_articles(page, locale=locale, centre=centre):
                if article.id not in given:  # an article without a translation may be given in its own language again
                    given.add(article.id)
                    yield article


def to_articles(page: JSON, *, locale: str, centre: Centre) -> list[Article]:
    """Read one page of articles with its side-loaded sections and categories."""
    with documented_shape("page of articles"):
        sections = {str(section["id"]): section for section in page.get("sections") or ()}
        categories = {str(category["id"]): category for category in page.get("categories") or ()}
        return [
            _article(article, locale=locale, centre=centre, breadcrumb=_breadcrumb(article, sections, categories))
            for article in page["articles"]
            if not article["draft"]
        ]


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


def _article(article: JSON, *, locale: str, centre: Centre, breadcrumb: str) -> Article:
    written_in = (article.get("locale") or locale).lower()
    return Article(
        source="zendesk",
        id=f"{article['id']}:{written_in}",
        title=article.get("title") or article.get("name") or "",
        html=article.get("body") or "",
        url=_address(article.get("html_url")),
        language=written_in.split("-")[0],
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
