"""Which articles of Freshdesk Solutions are read, and who may see them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import respx

from connectors.base import Article, MisconfiguredError, RejectedError
from connectors.freshdesk import knowledge
from connectors.freshdesk.auth import ApiKey
from connectors.freshdesk.client import FreshdeskClient
from connectors.http import Door
from tests.connectors.freshdesk.recorded import recorded

URL = "https://acme.freshdesk.test"
SOLUTIONS = f"{URL}/api/v2/solutions"
SETTINGS = f"{URL}/api/v2/settings/helpdesk"

pytestmark = pytest.mark.respx(assert_all_called=True)


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client whose network is respx."""
    async with httpx.AsyncClient() as client:
        yield client


def article(**changes: Any) -> dict[str, Any]:
    """A published article with `changes`."""
    return {**recorded("articles")[0], **changes}


def folder(**changes: Any) -> dict[str, Any]:
    """A folder for everybody with `changes`."""
    return {**recorded("folders")[0], **changes}


def help_centre(router: respx.MockRouter, *folders: dict[str, Any], languages: dict[str, Any] | None = None) -> None:
    """One category with `folders`; `languages`: the account's settings, None where the key may not read them."""
    router.get(SETTINGS).respond(403 if languages is None else 200, json=languages or {"code": "access_denied"})
    router.get(f"{SOLUTIONS}/categories").respond(json=recorded("categories"))
    router.get(f"{SOLUTIONS}/categories/1/folders").respond(json=list(folders))


async def crawl(http: httpx.AsyncClient, *languages: str) -> list[Article]:
    """Everything the client gives."""
    client = FreshdeskClient(http, base_url=URL, auth=ApiKey("key-1"), languages=languages)
    return [article async for article in client.articles()]


async def test_published_articles_are_read_with_their_place(
    http: httpx.AsyncClient, respx_mock: respx.MockRouter
) -> None:
    """A draft is nobody's yet; a team's folder is internal and linked to where agents read it."""
    help_centre(respx_mock, *recorded("folders"), languages={"primary_language": "en", "supported_languages": []})
    respx_mock.get(f"{SOLUTIONS}/folders/10/articles").respond(json=recorded("articles"))
    respx_mock.get(f"{SOLUTIONS}/folders/11/articles").respond(json=[article(id=102, title="Escalation")])

    public, internal = await crawl(http)

    assert public == Article(
        source="freshdesk",
        id="100",
        title="Delivery times",
        html="<p>Three days.</p>",
        url=f"{URL}/support/solutions/articles/100",
        language="en",
        audience="public",
        account="acme.freshdesk.test",
        breadcrumb="Shipping › Delivery",
        updated_at=datetime(2026, 3, 1, tzinfo=UTC),
    )
    assert (internal.id, internal.audience, internal.breadcrumb) == ("102", "internal", "Shipping › Team")
    assert internal.url == f"{URL}/a/solutions/articles/102"


@pytest.mark.parametrize(
    ("changes", "audience", "organization"),
    [
        ({"visibility": 1}, "public", "*"),
        ({"visibility": 2}, "internal", "*"),  # logged-in users
        ({"visibility": 3}, "internal", "*"),
        ({"visibility": 4, "company_ids": [300]}, "internal", "300"),
        ({"visibility": 4, "company_ids": [300, 301]}, "internal", ""),
        ({"visibility": 4, "company_ids": None}, "internal", ""),
        ({"visibility": 3, "company_ids": [300]}, "internal", "*"),
        ({"visibility": 7}, "internal", "*"),
        ({"visibility": None}, "internal", "*"),
        ({"visibility": "1"}, "internal", "*"),
    ],
)
def test_only_a_folder_for_everyone_is_public(changes: dict[str, Any], audience: str, organization: str) -> None:
    """Visibility sits on the folder; whatever is not plainly everyone's is restricted."""
    found = knowledge.to_folder(folder(**changes), within="Shipping")

    assert (found.audience, found.organization) == (audience, organization)


def test_a_folder_without_visibility_is_restricted() -> None:
    """Old recordings lack the field."""
    bare = folder()
    del bare["visibility"]

    assert knowledge.to_folder(bare, within="").audience == "internal"


async def test_folders_in_folders_are_read_and_never_wider_than_what_is_around_them(
    http: httpx.AsyncClient, respx_mock: respx.MockRouter
) -> None:
    """A public folder inside a team's folder is still the team's; a company's stays that company's."""
    outer = folder(id=10, visibility=4, company_ids=[300], sub_folders_count=1)
    help_centre(respx_mock, outer)
    respx_mock.get(f"{SOLUTIONS}/folders/10/subfolders").respond(json=[folder(id=12, name="Spain")])
    respx_mock.get(f"{SOLUTIONS}/folders/10/articles").respond(json=[])
    respx_mock.get(f"{SOLUTIONS}/folders/12/articles").respond(json=[article()])

    (found,) = await crawl(http)

    assert (found.audience, found.organization) == ("internal", "300")
    assert found.breadcrumb == "Shipping › Delivery › Spain"


async def test_a_long_folder_is_read_page_by_page(http: httpx.AsyncClient, respx_mock: respx.MockRouter) -> None:
    """A list ends with a short page, and also when it only repeats itself."""
    help_centre(respx_mock, folder())
    pages = respx_mock.get(f"{SOLUTIONS}/folders/10/articles").mock(
        side_effect=[
            httpx.Response(200, json=[article(id=id_) for id_ in range(1, 101)]),
            httpx.Response(200, json=[article(id=id_) for id_ in range(100, 200)]),
            httpx.Response(200, json=[article(id=id_) for id_ in range(100, 200)]),
        ]
    )

    found = await crawl(http)

    assert [item.id for item in found] == [str(id_) for id_ in range(1, 200)]
    assert pages.call_count == 3


async def test_translations_are_articles_of_their_own(http: httpx.AsyncClient, respx_mock: respx.MockRouter) -> None:
    """They share the number, so the id and the address carry the language; drafts and copies of the original don't count."""
    help_centre(respx_mock, folder(), languages={"primary_language": "en", "supported_languages": ["en", "pt-BR"]})
    respx_mock.get(f"{SOLUTIONS}/folders/10/articles").respond(json=[article(), article(id=103, title="Returns")])
    respx_mock.get(f"{SOLUTIONS}/folders/10/articles/pt-BR").respond(
        json=[
            article(title="Prazos"),
            article(id=103, title="Returns"),
            article(id=104, title="Rascunho", status=1),
        ]
    )

    found = await crawl(http)

    assert [(item.id, item.language, item.title) for item in found] == [
        ("100", "en", "Delivery times"),
        ("103", "en", "Returns"),
        ("100-pt-BR", "pt", "Prazos"),
    ]
    assert found[2].url == f"{URL}/pt-BR/support/solutions/articles/100"


async def test_without_the_settings_the_callers_languages_are_read(
    http: httpx.AsyncClient, respx_mock: respx.MockRouter
) -> None:
    """A key that is no administrator's still crawls; a folder that does not exist in a language is empty in it."""
    help_centre(respx_mock, folder(visibility=3))
    respx_mock.get(f"{SOLUTIONS}/folders/10/articles").respond(json=[article()])
    respx_mock.get(f"{SOLUTIONS}/folders/10/articles/de").respond(json=[article(title="Lieferzeiten")])
    respx_mock.get(f"{SOLUTIONS}/folders/10/articles/fr").respond(404)

    found = await crawl(http, "de", "fr", "de")

    assert [(item.id, item.language) for item in found] == [("100", ""), ("100-de", "de")]
    assert found[1].url == f"{URL}/a/solutions/articles/100?lang=de"


@pytest.mark.parametrize("broken", [{"title": "no id"}, {"id": "x"}, {"id": 1, "updated_at": "yesterday"}])
def test_an_article_of_an_unknown_shape_is_rejected(broken: dict[str, Any]) -> None:
    """Nothing is indexed under a made-up id."""
    place = knowledge.Folder(id="10", breadcrumb="", audience="public")
    door = Door(httpx.AsyncClient(), base_url=URL, auth=ApiKey("key-1"))

    with pytest.raises(RejectedError):
        knowledge.to_article(broken, folder=place, door=door, language="en")


async def test_a_wrong_key_stops_the_crawl(http: httpx.AsyncClient, respx_mock: respx.MockRouter) -> None:
    """An empty list would delete everything that was known."""
    respx_mock.get(SETTINGS).respond(401, json={"code": "invalid_credentials", "message": "You have to be logged in"})

    with pytest.raises(MisconfiguredError):
        await crawl(http)


async def test_a_category_list_of_another_shape_stops_the_crawl(
    http: httpx.AsyncClient, respx_mock: respx.MockRouter
) -> None:
    """So would an object where the array should be."""
    respx_mock.get(SETTINGS).respond(404)
    respx_mock.get(f"{SOLUTIONS}/categories").respond(json={"categories": []})

    with pytest.raises(RejectedError, match="categories"):
        await crawl(http)


async def test_an_unreadable_article_is_named_and_the_rest_is_read(
    http: httpx.AsyncClient, respx_mock: respx.MockRouter
) -> None:
    """Where somebody wants to hear of it, one broken article does not cost all the others."""
    help_centre(respx_mock, folder(), languages={"primary_language": "en", "supported_languages": []})
    broken = article(id=101, updated_at="yesterday")
    respx_mock.get(f"{SOLUTIONS}/folders/10/articles").respond(json=[broken, article(id=102)])
    client = FreshdeskClient(http, base_url=URL, auth=ApiKey("key-1"))
    unread: dict[str, str] = {}

    found = [one.id async for one in client.articles(unread)]

    assert found == ["102"]
    assert list(unread) == ["101"]
