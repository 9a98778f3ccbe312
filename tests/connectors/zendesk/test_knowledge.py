"""Articles of the help centre: what is given, to whom it may be shown, and in how many calls."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from connectors.base import Article, RejectedError
from connectors.http import JSON, Door
from connectors.zendesk import knowledge
from connectors.zendesk.auth import Bearer
from connectors.zendesk.knowledge import Centre
from tests.connectors.zendesk.recorded import URL, client_for, recorded

CENTRE = Centre(account="acme.zendesk.test")
BRANDS: JSON = {
    "brands": [
        {"id": 1, "subdomain": "other", "brand_url": "https://other.zendesk.test", "help_center_state": "enabled"},
        {"id": 2, "subdomain": "acme", "brand_url": "https://acme.zendesk.test", "help_center_state": "enabled"},
        {"id": 3, "subdomain": "old", "brand_url": "https://acme.zendesk.test", "is_deleted": True},
    ]
}


class HelpCentre:
    """A help centre that keeps the addresses it was asked for."""

    def __init__(self, *, locales: list[str], brands: JSON | None = None, segments: JSON | None = None) -> None:
        self.locales = locales
        self.brands = brands
        self.segments = segments
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request; every article comes in the language asked for."""
        assert request.url.host == "acme.zendesk.test"
        self.asked.append(request.url.path)
        if request.url.path.endswith("/locales"):
            return httpx.Response(200, json={"locales": self.locales, "default_locale": "en-us"})
        if request.url.path.endswith("/brands"):
            return httpx.Response(200, json=self.brands) if self.brands else httpx.Response(403)
        if request.url.path.endswith("/user_segments"):
            return httpx.Response(200, json=self.segments) if self.segments else httpx.Response(403)
        page = recorded("articles.json")
        locale = request.url.path.split("/")[4]
        for article in page["articles"]:
            article["locale"] = locale
        return httpx.Response(200, json=page)


async def all_articles(centre: HelpCentre | httpx.Response) -> list[Article]:
    """All that the connector gives of it."""
    handler = centre if isinstance(centre, HelpCentre) else lambda _: centre
    async with client_for(handler) as http:
        door = Door(http, base_url=URL, auth=Bearer("t"))
        return [article async for article in knowledge.articles(door)]


def article(**changes: object) -> Article:
    """The first recorded article with some of its fields changed."""
    page = recorded("articles.json")
    page["articles"] = [{**page["articles"][0], **changes}]
    return knowledge.to_articles(page, locale="en-us", centre=CENTRE)[0]


async def test_an_article_is_read_whole() -> None:
    """Its id is stable per language, its place is a breadcrumb."""
    found = await all_articles(HelpCentre(locales=["en-us"]))

    assert found[0] == Article(
        source="zendesk",
        id="33153:en-us",
        title="Delivery times",
        html="<p>Three to five days.</p>",
        url="https://acme.zendesk.test/hc/en-us/articles/33153-Delivery",
        language="en",
        audience="public",
        account="acme.zendesk.test",
        brand="*",
        organization="*",
        breadcrumb="Shop › Orders › Parcels",
        updated_at=datetime(2026, 9, 6, 23, 9, 57, tzinfo=UTC),
    )


async def test_every_language_is_read_and_drafts_are_not() -> None:
    """Translations are articles of their own."""
    found = await all_articles(HelpCentre(locales=["en-us", "de"]))

    assert [(one.id, one.language) for one in found] == [
        ("33153:en-us", "en"),
        ("33154:en-us", "en"),
        ("33153:de", "de"),
        ("33154:de", "de"),
    ]


async def test_an_article_given_twice_is_one() -> None:
    """Where a translation is missing, the article may come again in its own language."""
    found = await all_articles(HelpCentre(locales=["en-us", "en-us"]))

    assert [one.id for one in found] == ["33153:en-us", "33154:en-us"]


def test_a_restricted_article_is_internal() -> None:
    """Our token sees more than a customer does."""
    page = recorded("articles.json")

    assert [one.audience for one in knowledge.to_articles(page, locale="en-us", centre=CENTRE)] == [
        "public",
        "internal",
    ]


@pytest.mark.parametrize(
    "changes", [{"user_segment_id": 5}, {"user_segment_ids": [5]}, {"user_segment_id": 0}, {"user_segment_ids": [0]}]
)
def test_any_segment_makes_an_article_internal(changes: JSON) -> None:
    """Either field is enough."""
    assert article(**changes).audience == "internal"


SEGMENTS: JSON = {
    "user_segments": [
        {"id": 5, "user_type": "signed_in_users", "organization_ids": [42], "tags": []},
        {"id": 6, "user_type": "signed_in_users", "organization_ids": [42], "tags": ["gold"]},
        {"id": 7, "user_type": "signed_in_users", "organization_ids": [43]},
        {"id": 8, "user_type": "signed_in_users", "organization_ids": [42, 43]},
        {"id": 9, "user_type": "staff", "organization_ids": []},
    ],
    "meta": {"has_more": False},
}


@pytest.mark.parametrize(
    ("segments", "organization"),
    [([5], "42"), ([5, 6], "42"), ([5, 7], "*"), ([8], "*"), ([9], "*"), ([5, 9], "*"), ([10], "*"), ([], "*")],
)
def test_an_article_for_one_organisation_is_bound_to_it(segments: list[int], organization: str) -> None:
    """Its tickets' agents find it, no other's; it stays internal. What is for several cannot be bound."""
    page = recorded("articles.json")
    page["articles"] = [
        page["articles"][0] | {"user_segment_id": segments[0] if segments else None, "user_segment_ids": segments}
    ]
    centre = Centre(account="acme.zendesk.test", segments=knowledge.to_segments(SEGMENTS))
    (found,) = knowledge.to_articles(page, locale="en-us", centre=centre)

    assert (found.audience, found.organization) == ("internal" if segments else "public", organization)


async def test_segments_are_asked_for_and_may_be_refused() -> None:
    """They are shown to managers of the help centre only; a restricted article is internal either way."""
    restricted = recorded("articles.json")["articles"][1]["user_segment_id"]
    told: JSON = {"user_segments": [{"id": restricted, "organization_ids": [42]}], "meta": {"has_more": False}}
    of = [
        [(one.audience, one.organization) for one in await all_articles(HelpCentre(locales=["en-us"], segments=given))]
        for given in (told, None)
    ]

    assert of == [[("public", "*"), ("internal", "42")], [("public", "*"), ("internal", "*")]]


def test_without_a_word_about_segments_an_article_is_internal() -> None:
    """Only what is surely for everybody is public."""
    page = recorded("articles.json")
    del page["articles"][0]["user_segment_id"]

    assert knowledge.to_articles(page, locale="en-us", centre=CENTRE)[0].audience == "internal"


def test_a_help_centre_that_is_being_set_up_shows_nothing_to_customers() -> None:
    """Its state "restricted" lets agents in only."""
    page = recorded("articles.json")
    closed = knowledge.to_centre(
        {"brands": [{"id": 1, "subdomain": "acme", "help_center_state": "restricted"}]}, account="acme.zendesk.com"
    )

    assert not closed.open
    assert knowledge.to_articles(page, locale="en-us", centre=closed)[0].audience == "internal"


async def test_articles_belong_to_the_brand_of_their_host() -> None:
    """Each brand's help centre has a host; articles name no brand."""
    found = await all_articles(HelpCentre(locales=["en-us"], brands=BRANDS))

    assert {one.brand for one in found} == {"2"}


def test_the_articles_of_an_only_brand_are_for_every_ticket() -> None:
    """A ticket without a brand must find them too."""
    only = {"brands": [BRANDS["brands"][1]]}

    assert knowledge.to_centre(only, account="acme.zendesk.test").brand == "*"
    assert knowledge.to_centre(BRANDS, account="elsewhere.test").brand == "*"


async def test_an_account_without_a_help_centre_has_no_articles() -> None:
    """That is no error."""
    assert await all_articles(httpx.Response(404)) == []


async def test_a_locale_that_would_change_the_address_is_rejected() -> None:
    """An answer does not choose what we ask for."""
    with pytest.raises(RejectedError, match="list of locales"):
        await all_articles(HelpCentre(locales=["../../users"]))


def test_a_section_that_contains_itself_ends() -> None:
    """The breadcrumb goes up, but not for ever."""
    page = recorded("articles.json")

    assert knowledge.to_articles(page, locale="en-us", centre=CENTRE)[1].breadcrumb == "Internal › Money"


@pytest.mark.parametrize("address", [None, "", "javascript:alert(1)", "/hc/en-us/articles/1"])
def test_an_address_that_is_not_on_the_web_is_left_out(address: str | None) -> None:
    """It would become a link in a note."""
    assert article(html_url=address).url == ""


def test_an_unreadable_article_is_rejected() -> None:
    """Above all one that does not say whether it is a draft."""
    page = recorded("articles.json")
    del page["articles"][0]["draft"]

    with pytest.raises(RejectedError, match="page of articles"):
        knowledge.to_articles(page, locale="en-us", centre=CENTRE)


async def test_an_unreadable_article_is_named_and_the_rest_is_read() -> None:
    """Where somebody wants to hear of it, one broken article does not cost all the others."""
    page = recorded("articles.json")
    page["articles"][0]["updated_at"] = None
    unread: dict[str, str] = {}

    (found,) = knowledge.to_articles(page, locale="en-us", centre=CENTRE, unread=unread)

    assert found.id == "33154:en-us"
    assert list(unread) == ["33153:en-us"]
    assert "not as documented" in unread["33153:en-us"]
