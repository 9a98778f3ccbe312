"""What changed in the help centre, asked of the simulated account over HTTP: what is told, and what is not."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from connectors.base import Article, Reading
from connectors.http import Door
from connectors.zendesk import knowledge
from connectors.zendesk.auth import Bearer
from connectors.zendesk.client import ZendeskClient
from connectors.zendesk.simulator import Options
from tests.connectors.accounts import connect_zendesk
from tests.connectors.zendesk.recorded import URL, client_for
from tests.connectors.zendesk.twin import Twin, twin


class Desk:
    """The account and our connection to it."""

    def __init__(self, twin: Twin, client: ZendeskClient) -> None:
        self.twin, self.client, self.simulator = twin, client, twin.simulator

    @property
    def now(self) -> datetime:
        return self.twin.clock()

    def add(self, key: str = "a", **more: Any) -> str:
        """Publish an article, a minute after whatever happened before."""
        self.twin.clock.advance(60)
        given = {"source": "", "title": f"About {key}", "html": "<p>Words.</p>", "language": "en", "audience": "public"}
        return self.simulator.add_article(Article(id=key, **{**given, "breadcrumb": "Help › Kettles", **more}))

    async def changed(self, since: datetime) -> list[str] | None:
        """Numbers of what changed."""
        found = await self.client.changed_articles(since)
        return list(found.ids) if found else None

    async def read(self, *ids: str) -> list[Reading]:
        """These articles as they stand."""
        return [one async for one in self.client.read_articles(ids)]

    async def crawled(self) -> dict[str, Article]:
        """All articles by id."""
        return {one.id: one async for one in self.client.articles()}


@asynccontextmanager
async def connected(options: Options | None = None) -> AsyncIterator[Desk]:
    """An account and a client."""
    async with twin(options) as running:
        transport = httpx.ASGITransport(app=running.simulator.app)
        async with httpx.AsyncClient(transport=transport) as http:
            client = connect_zendesk(http, running.simulator.settings)
            assert isinstance(client, ZendeskClient)
            yield Desk(running, client)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """A fresh account."""
    async with connected() as opened:
        yield opened


async def test_what_changed_is_named_and_up_to_when(desk: Desk) -> None:
    """By the account's own clock; what lies before is not told."""
    desk.add("old")
    number, since = desk.add("new"), desk.now

    found = await desk.client.changed_articles(since)

    assert found
    assert (found.ids, found.upto) == ((number,), since.replace(microsecond=0))


async def test_nothing_changed_leaves_the_time_where_it_is(desk: Desk) -> None:
    """The list says 1970 then."""
    desk.add()
    since = desk.now.replace(microsecond=0) + timedelta(minutes=1)

    found = await desk.client.changed_articles(since)

    assert found
    assert (found.ids, found.upto) == ((), since)


async def test_a_list_of_several_pages_is_read_to_its_end() -> None:
    """Each page begins with what ended the one before."""
    async with connected(Options(incremental_articles=2)) as desk:
        start = desk.now
        numbers = [desk.add(str(number)) for number in range(5)]

        assert await desk.changed(start) == numbers


async def test_so_many_changes_that_reading_all_is_cheaper(desk: Desk) -> None:
    """Each of them costs two calls and more, a page of a hundred articles one."""
    start = desk.now
    for number in range(101):
        desk.add(str(number))

    assert await desk.changed(start) is None


@pytest.mark.parametrize("status", [403, 404])
async def test_who_may_not_see_the_list_reads_all(status: int) -> None:
    """And so does an account without a help centre."""
    async with client_for(lambda _: httpx.Response(status)) as http:
        door = Door(http, base_url=URL, auth=Bearer("t"))

        assert await knowledge.changed(door, datetime(2026, 11, 20, tzinfo=UTC)) is None


@pytest.mark.parametrize(("listed", "told"), [(50, True), (1_000, False)])
async def test_a_list_that_stands_still_ends(listed: int, told: bool) -> None:  # noqa: FBT001 - a parameter
    """A full page of one and the same second cannot be gone beyond: then all are read."""
    start = datetime(2026, 11, 20, tzinfo=UTC)
    page = {"articles": [{"id": 7}] * listed, "end_time": int(start.timestamp()), "next_page": f"{URL}/more"}
    async with client_for(lambda _: httpx.Response(200, json=page)) as http:
        found = await knowledge.changed(Door(http, base_url=URL, auth=Bearer("t")), start)

    assert (found is not None) == told


async def test_an_article_is_read_as_the_whole_list_would_give_it(desk: Desk) -> None:
    """In every language, with its place: else the next reading of all would embed it again."""
    number = desk.add("a")
    desk.add("a", title="Über a", language="de")
    desk.add("b")
    desk.simulator.restrict_article(number)
    crawled = await desk.crawled()

    (reading,) = await desk.read(number)

    assert reading.id == number
    assert reading.articles == tuple(article for id_, article in crawled.items() if id_.startswith(f"{number}:"))
    assert [(one.language, one.audience) for one in reading.articles] == [("en", "internal"), ("de", "internal")]


async def test_an_article_that_comes_without_its_place_has_it_all_the_same(desk: Desk) -> None:
    """That a single article brings its section is not documented; without it every sweep would embed it again."""
    number = desk.add("a")
    crawled = await desk.crawled()
    inner = httpx.ASGITransport(app=desk.simulator.app)

    async def bare(request: httpx.Request) -> httpx.Response:
        answer = await inner.handle_async_request(request)
        body = json.loads(await answer.aread())
        if "article" in body:
            body = {"article": body["article"]}
        return httpx.Response(answer.status_code, json=body)

    async with httpx.AsyncClient(transport=httpx.MockTransport(bare)) as http:
        client = connect_zendesk(http, desk.simulator.settings)
        (reading,) = [one async for one in client.read_articles([number])]

    assert reading.articles == (crawled[f"{number}:en-us"],)
    assert reading.articles[0].breadcrumb == "Help › Kettles"


async def test_a_draft_is_in_no_language_and_a_translation_leaves_alone(desk: Desk) -> None:
    """A draft belongs to a translation."""
    number = desk.add("a")
    desk.add("a", title="Über a", language="de")
    desk.simulator.unpublish_article(number, language="de")
    (left,) = await desk.read(number)
    desk.simulator.unpublish_article(number)
    (gone,) = await desk.read(number)

    assert [one.language for one in left.articles] == ["en"]
    assert gone == Reading(number)


async def test_an_archived_article_reads_as_nothing(desk: Desk) -> None:
    """No list names it, but a webhook may."""
    number, kept = desk.add("a"), desk.add("b")
    desk.simulator.remove_article(number)

    gone, there = await desk.read(number, kept)

    assert (gone, len(there.articles)) == (Reading(number), 1)


@pytest.mark.parametrize("number", ["", "../users/1", "7:en-us", "1" * 21])
async def test_what_is_no_number_never_reaches_the_vendor(desk: Desk, number: str) -> None:
    """It would become part of an address; the others are read all the same."""
    kept = desk.add()
    before = len(desk.simulator.requests)

    refused, there = await desk.read(number, kept)

    assert "is not the number of a Zendesk article" in refused.problem
    assert len(there.articles) == 1
    assert not [one for one in list(desk.simulator.requests)[before:] if "users/1" in one.path]
