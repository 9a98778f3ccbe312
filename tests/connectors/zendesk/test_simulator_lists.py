"""Lists of the simulated account: paging, exports, search, help centre."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connectors.base import Article
from connectors.zendesk.simulator import Options
from tests.connectors.zendesk.twin import ENDPOINT, Twin, twin


@pytest.fixture
async def desk() -> AsyncIterator[Twin]:
    """A fresh account."""
    async with twin() as running:
        yield running


async def _conversation(desk: Twin, messages: int) -> str:
    ticket = await desk.ticket()
    for number in range(1, messages):
        desk.clock.advance(1)
        await desk.simulator.customer_message(ticket, text=f"message {number}")
    return ticket


async def test_the_last_page_fills_the_cursor_too(desk: Twin) -> None:
    """Only `has_more` says whether there is more."""
    ticket = await _conversation(desk, 3)

    first = (await desk.api.get(f"tickets/{ticket}/comments?page[size]=2")).json()
    second = (await desk.api.get(first["links"]["next"])).json()

    assert (len(first["comments"]), first["meta"]["has_more"]) == (2, True)
    assert (len(second["comments"]), second["meta"]["has_more"]) == (1, False)
    assert second["meta"]["after_cursor"]
    assert second["links"]["next"]
    assert (await desk.api.get(second["links"]["next"])).json()["comments"] == []


async def test_cursor_paging_goes_back_and_the_other_way_round(desk: Twin) -> None:
    """`sort=-created_at` turns the order; `page[before]` goes back; `sort_order` is dropped silently."""
    ticket = await _conversation(desk, 4)
    base = f"tickets/{ticket}/comments?page[size]=2"

    newest = (await desk.api.get(f"{base}&sort=-created_at")).json()
    rest = (await desk.api.get(newest["links"]["next"])).json()
    back = (await desk.api.get(rest["links"]["prev"])).json()

    assert [one["plain_body"] for one in newest["comments"]] == ["message 3", "message 2"]
    assert [one["plain_body"] for one in rest["comments"]] == ["message 1", "Where is my parcel?"]
    assert back["comments"] == newest["comments"]
    dropped = (await desk.api.get(f"{base}&sort_order=desc")).json()
    assert dropped["comments"][0]["plain_body"] == "Where is my parcel?"


async def test_offset_paging_counts(desk: Twin) -> None:
    """Without `page[...]` lists count and number their pages."""
    ticket = await _conversation(desk, 3)

    body = (await desk.api.get(f"tickets/{ticket}/comments?per_page=2&sort_order=desc")).json()

    assert (body["count"], body["comments"][0]["plain_body"]) == (3, "message 2")
    assert "page=2" in body["next_page"]


@pytest.mark.parametrize("query", ["page[size]=101", "page[size]=x", "page[after]=%25", "page=102&per_page=100"])
async def test_a_page_that_cannot_be_is_refused(desk: Twin, query: str) -> None:
    """400 with a list of errors."""
    ticket = await desk.ticket()

    answer = await desk.api.get(f"tickets/{ticket}/comments?{query}")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"].startswith("InvalidPagination")


async def test_links_can_name_a_foreign_host(desk: Twin) -> None:
    """The switch for our own guard: credentials must not follow such a link."""
    desk.simulator.faults.links_host = "evil.example"
    ticket = await desk.ticket()
    desk.clock.advance(120)

    comments = (await desk.api.get(f"tickets/{ticket}/comments?page[size]=1")).json()
    export = (await desk.api.get("incremental/tickets/cursor?start_time=1")).json()

    assert comments["links"]["next"].startswith("https://evil.example/api/v2/")
    assert export["after_url"].startswith("https://evil.example/api/v2/")


async def test_the_incremental_export_withholds_the_newest_minute(desk: Twin) -> None:
    """What is younger comes later; the cursor of the last page is good for next time."""
    first = await desk.ticket()
    desk.clock.advance(120)
    second = await desk.ticket()
    start = (await desk.api.get("incremental/tickets/cursor?start_time=1")).json()
    desk.clock.advance(120)
    await desk.simulator.delete(first)
    desk.clock.advance(120)

    rest = (await desk.api.get("incremental/tickets/cursor", params={"cursor": start["after_cursor"]})).json()

    assert [str(one["id"]) for one in start["tickets"]] == [first]
    assert start["end_of_stream"]
    assert [(str(one["id"]), one["status"]) for one in rest["tickets"]] == [(second, "new"), (first, "deleted")]


async def test_the_incremental_export_is_for_admins() -> None:
    """An agent's token gets 403 and must search instead."""
    async with twin(Options(api_role="agent")) as desk:
        ticket = await desk.ticket()

        assert (await desk.api.get("incremental/tickets/cursor?start_time=1")).status_code == 403
        query = {"query": "updated>2026-11-20T09:00:00Z", "filter[type]": "ticket", "page[size]": "100"}
        found = (await desk.api.get("search/export", params=query)).json()
        assert [str(one["id"]) for one in found["results"]] == [ticket]


async def test_the_search_index_is_behind() -> None:
    """What changed just now is not found yet."""
    async with twin(Options(search_lag_s=60)) as desk:
        await desk.ticket()
        query = {"query": "status:new type:ticket parcel"}

        assert (await desk.api.get("search", params=query)).json()["results"] == []
        desk.clock.advance(61)
        assert len((await desk.api.get("search", params=query)).json()["results"]) == 1


def _article(**given: str) -> Article:
    wanted = {
        "id": "times",
        "title": "Delivery times",
        "html": "<p>Three days.</p>",
        "language": "en",
        "audience": "public",
    }
    return Article(source="folder", breadcrumb="Shipping › Delivery", **(wanted | given))  # type: ignore[arg-type]


async def test_an_agents_token_sees_restricted_and_draft_articles(desk: Twin) -> None:
    """What a customer may read is told by `draft` and the user segment, nothing else."""
    desk.simulator.add_article(_article())
    desk.simulator.add_article(_article(id="staff", title="Refund limits", audience="internal"))
    desk.simulator.add_article(_article(id="soon", title="Next year"), draft=True)

    body = (await desk.api.get("help_center/articles?page[size]=100&include=sections,categories")).json()
    nobody = (await desk.api.get("help_center/en-us/articles?page[size]=100", headers={"Authorization": ""})).json()

    shown = {one["title"]: (one["draft"], one["user_segment_id"] is None) for one in body["articles"]}
    assert shown == {"Delivery times": (False, True), "Refund limits": (False, False), "Next year": (True, True)}
    assert [one["name"] for one in body["sections"] + body["categories"]] == ["Delivery", "Shipping"]
    assert [one["title"] for one in nobody["articles"]] == ["Delivery times"]


async def test_an_article_has_one_id_in_several_locales(desk: Twin) -> None:
    """Translations hang on the article; a list in a locale holds what exists in it."""
    number = desk.simulator.add_article(_article())
    assert desk.simulator.add_article(_article(title="Lieferzeiten", language="de")) == number
    desk.simulator.add_article(_article(id="other", title="Only English"))

    german = (await desk.api.get("help_center/de/articles?page[size]=9&include=translations")).json()["articles"]

    assert [(one["id"], one["title"]) for one in german] == [(int(number), "Lieferzeiten")]
    assert {one["locale"] for one in german[0]["translations"]} == {"en-us", "de"}
    assert (await desk.api.get("help_center/locales")).json() == {"locales": ["en-us", "de"], "default_locale": "en-us"}


async def test_an_archived_article_never_shows_in_the_incremental_list(desk: Twin) -> None:
    """Whoever only follows changes keeps it for ever."""
    kept = desk.simulator.add_article(_article())
    gone = desk.simulator.add_article(_article(id="gone", title="Gone"))

    await desk.api.delete(f"help_center/articles/{gone}")

    body = (await desk.api.get("help_center/incremental/articles.json?start_time=1")).json()
    assert [str(one["id"]) for one in body["articles"]] == [kept]
    assert (await desk.api.get(f"help_center/en-us/articles/{gone}")).status_code == 404


async def test_the_incremental_list_has_pages_by_time_and_an_end() -> None:
    """A page begins with the last second of the one before; the last one names no next, an empty one ends at 1."""
    async with twin(Options(incremental_articles=2)) as desk:
        for number in range(3):
            desk.simulator.add_article(_article(id=f"{number}", title=f"Number {number}"))
            desk.clock.advance(60)
        first = (await desk.api.get("help_center/incremental/articles.json?start_time=1")).json()
        second = (await desk.api.get(first["next_page"])).json()
        later = int(desk.clock().timestamp())
        none = (await desk.api.get(f"help_center/incremental/articles.json?start_time={later}")).json()

    assert [[one["title"] for one in page["articles"]] for page in (first, second)] == [
        ["Number 0", "Number 1"],
        ["Number 1", "Number 2"],
    ]
    assert second["next_page"] is None
    assert (none["end_time"], none["next_page"], none["count"]) == (1, None, 0)


async def test_a_draft_and_a_restricted_article_show_in_the_incremental_list(desk: Twin) -> None:
    """Both move the article's time; only what was archived is silent."""
    numbers = [desk.simulator.add_article(_article(id=str(number))) for number in range(3)]
    desk.clock.advance(60)
    desk.simulator.unpublish_article(numbers[0])
    desk.simulator.restrict_article(numbers[1])

    since = int(desk.clock().timestamp())
    body = (await desk.api.get(f"help_center/incremental/articles.json?start_time={since}")).json()

    shown = {str(one["id"]): (one["draft"], one["user_segment_id"] is None) for one in body["articles"]}
    assert shown == {numbers[0]: (True, True), numbers[1]: (False, False)}


async def test_articles_tell_when_they_are_published_and_unpublished() -> None:
    """An event per text, with the article's id as text; only to those that asked for it."""
    async with twin() as desk:
        desk.simulator.connect_webhook(ENDPOINT)
        desk.simulator.connect_webhook(ENDPOINT, articles=True)
        number = desk.simulator.add_article(_article())
        desk.simulator.unpublish_article(number)
        await desk.simulator.settle()

    assert [(one["type"], one["detail"]["id"], one["subject"]) for one in desk.receiver.bodies] == [
        (f"zen:event-type:article.{kind}", number, f"zen:article:{number}") for kind in ("published", "unpublished")
    ]
    assert desk.receiver.bodies[0]["event"]["locale"] == "en-us"


async def test_an_articles_address_leads_to_a_page(desk: Twin) -> None:
    """The link that a note carries can be opened."""
    number = desk.simulator.add_article(_article(html="<p>Three days.</p><script>alert(1)</script>"))
    article = (await desk.api.get(f"help_center/en-us/articles/{number}")).json()["article"]

    page = await desk.api.get(article["html_url"])

    assert page.status_code == 200
    assert "Three days." in page.text
    assert "alert" not in page.text
