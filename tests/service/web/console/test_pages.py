"""The pages of the administrators over HTTP, as somebody without scripts gets them."""

from __future__ import annotations

import asyncio
import re

import pytest
import sqlalchemy as sa

from service.assembly import Service
from service.groups import ProxySettings, QdrantSettings
from service.vectors import VectorsUnavailableError
from tests.service.web.console.conftest import Opened
from tests.service.web.console.visitor import Browser, csrf_in

NASTY = "<script>alert(1)</script>&\"'"


@pytest.fixture
async def browser(browse: Opened) -> Browser:
    """Somebody who is signed in."""
    opened = await browse()
    await opened.sign_in()
    return opened


async def _sql(service: Service, statement: str, **given: str) -> None:
    async with service.database.engine.connect() as connection:
        await connection.execute(sa.text(statement), given)


async def test_all_pages_are_whole_on_an_empty_database(browser: Browser) -> None:
    """A new admin's first look: nothing has come, and each page says what that means."""
    pages = {path: await browser.get(path) for path in ("/admin", "/admin/deliveries", "/admin/knowledge")}

    assert {page.status_code for page in pages.values()} == {200}
    assert "No helpdesk is connected" in pages["/admin"].text
    assert "deskpilot work" in pages["/admin"].text
    assert "No webhook has come yet" in pages["/admin/deliveries"].text
    assert "Nothing was read yet" in pages["/admin/knowledge"].text
    assert all("Times are those of UTC." in page.text for page in pages.values())


async def test_a_slash_too_much_leads_to_the_page(browser: Browser) -> None:
    """People type it; it never leads away from here."""
    led = {path: (await browser.get(path)).headers.get("location") for path in ("/admin/", "/admin/pilot/", "/admin//")}

    assert led == {"/admin/": "/admin", "/admin/pilot/": "/admin/pilot", "/admin//": "/admin"}


async def test_whatever_stands_in_the_database_is_text(browser: Browser, service: Service) -> None:
    """A vendor's answer, a stranger's event, a reason: none of them becomes markup."""
    await _sql(
        service,
        "INSERT INTO deliveries (helpdesk, kind, ticket_id, what, delivery_id, author_id, message_id, forwarded_at, result)"
        " VALUES ('zendesk', 'ticket', '7', :nasty, '', '', '', now(), 'job')",
        nasty=NASTY,
    )
    await _sql(
        service,
        "INSERT INTO silences (helpdesk, account, ticket_id, message_id, reason) VALUES ('zendesk', '', '7', '1', :nasty)",
        nasty=NASTY,
    )
    await _sql(service, "INSERT INTO outages (name, failures, reason) VALUES ('llm', 3, :nasty)", nasty=NASTY)
    await _sql(service, "INSERT INTO syncs (began_at, ended_at, problem) VALUES (now(), now(), :nasty)", nasty=NASTY)
    pages = [
        await browser.get(path)
        for path in ("/admin", "/admin/deliveries", "/admin/tickets/zendesk:7", "/admin/knowledge")
    ]

    for page in pages:
        assert page.status_code == 200
        assert "alert(1)" in page.text
        assert "<script>alert" not in page.text


async def test_what_stands_in_the_address_is_text_or_nothing(browser: Browser) -> None:
    """Filters that mean nothing show everything; a ticket that is none is no page."""
    for path in (
        f"/admin/deliveries?ticket={NASTY}&helpdesk={NASTY}&result={NASTY}&before=-1",
        "/admin/deliveries?before=99999999999999999999999999&ticket=zendesk:%00",
        "/admin/deliveries?before=٣",
        "/admin/knowledge?said=<b>",
    ):
        page = await browser.get(path)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<b>" not in page.text
    for path in (
        "/admin/tickets/7",
        "/admin/tickets/nobody:7",
        "/admin/tickets/zendesk:",
        f"/admin/tickets/zendesk:{'7' * 99}",
        "/admin/x",
    ):
        page = await browser.get(path)
        assert page.status_code == 404
        assert "There is no such page" in page.text
    assert (await browser.get("/admin/tickets/zendesk:404")).status_code == 404


async def test_the_newest_fifty_stand_on_a_page_and_the_rest_is_a_link_away(browser: Browser, service: Service) -> None:
    """By number, so that what comes meanwhile shifts nothing; the filter goes along."""
    await _sql(service, "INSERT INTO deliveries (helpdesk, kind, ticket_id, what, delivery_id, author_id, message_id, forwarded_at, result)"
               " SELECT 'zendesk', 'ticket', n::text, 'created', '', '', '', now(), 'our own note' FROM generate_series(1, 60) n")  # fmt: skip
    first = await browser.get("/admin/deliveries?result=silence&helpdesk=zendesk")
    older = re.search(r'href="(/admin/deliveries\?[^"]+)">Older', first.text)
    assert older
    second = await browser.get(older[1].replace("&amp;", "&"))

    assert [re.findall(r">Zendesk (\d+)</a>", page.text) for page in (first, second)] == [
        [str(n) for n in range(60, 10, -1)],
        [str(n) for n in range(10, 0, -1)],
    ]
    assert "result=silence" in older[1]
    assert "Older" not in second.text


async def test_a_second_click_starts_no_second_sync(browser: Browser, service: Service) -> None:
    """Not even from another browser at the same moment; the page says that one runs."""
    token = csrf_in(await browser.get("/admin/knowledge"))
    async with service.tools.library.syncing:
        sent = await asyncio.gather(
            *(browser.http.post("/admin/knowledge/sync", data={"csrf": token}) for _ in range(4))
        )
        running = await browser.get("/admin/knowledge?said=runs")
    while any(sync.under_way for sync in await service.tools.syncs.newest()):
        await asyncio.sleep(0.02)
    after = await browser.get("/admin/knowledge")

    assert sorted(one.headers["location"] for one in sent) == ["/admin/knowledge?said=runs"] * 3 + [
        "/admin/knowledge?said=started"
    ]
    assert "A sync is under way already" in running.text
    assert "Sync now" not in running.text
    assert '<noscript><meta http-equiv="refresh"' in running.text
    assert "script-src 'self'" in running.headers["content-security-policy"]
    assert len(await service.tools.syncs.newest()) == 1
    assert "Sync now" in after.text
    assert "script-src" not in after.headers["content-security-policy"]


async def test_an_index_that_all_share_is_written_by_a_worker(browse: Opened, service: Service) -> None:
    """The button asks for it; which of them begins is the queue's matter."""
    browser = await browse(qdrant=QdrantSettings(url="http://qdrant.example"))
    await browser.sign_in()
    sent = await browser.send("/admin/knowledge/sync", form_on="/admin/knowledge")
    page = await browser.get("/admin/knowledge")
    async with service.database.engine.connect() as connection:
        waiting = (
            await connection.scalars(sa.text("SELECT task_name FROM procrastinate_jobs WHERE status = 'todo'"))
        ).all()

    assert sent.headers["location"].endswith("started")
    assert "It begins as soon as a worker is free." in page.text
    assert waiting == ["sync"]


async def test_a_sync_that_died_is_not_waited_for(browser: Browser, service: Service) -> None:
    """Its process was killed: half a minute later another one can be started."""
    await _sql(
        service, "INSERT INTO syncs (began_at, seen_at) VALUES (now() - interval '5 min', now() - interval '31 s')"
    )
    page = await browser.get("/admin/knowledge")

    assert "The last one was broken off" in page.text
    assert (
        (await browser.send("/admin/knowledge/sync", form_on="/admin/knowledge"))
        .headers["location"]
        .endswith("started")
    )


async def test_a_sync_that_failed_says_why(browser: Browser, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here and on the overview."""

    async def failing(*_: object, **__: object) -> None:
        raise VectorsUnavailableError("the index is locked")

    monkeypatch.setattr("service.syncs.sync_all", failing)
    await browser.send("/admin/knowledge/sync", form_on="/admin/knowledge")
    while any(sync.under_way for sync in await service.tools.syncs.newest()):
        await asyncio.sleep(0.02)

    assert "the index is locked" in (await browser.get("/admin/knowledge")).text
    assert "The last sync did not work: The index is locked." in (await browser.get("/admin")).text


async def test_the_knowledge_report_is_a_page_behind_the_door(browse: Opened, browser: Browser) -> None:
    """With the report's own style and policy."""
    page = await browser.get("/admin/knowledge/report")

    assert page.status_code == 200
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert (await (await browse()).get("/admin/knowledge/report")).status_code == 303


async def test_with_the_database_away_a_page_says_so(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """503, and what to do."""

    async def away(*_: object, **__: object) -> None:
        raise sa.exc.OperationalError("SELECT", {}, OSError("connection refused"))

    monkeypatch.setattr("service.deliveries.Deliveries.page", away)
    page = await browser.get("/admin/deliveries")

    assert page.status_code == 503
    assert "The database does not answer" in page.text
    assert (await browser.get("/admin/knowledge")).status_code == 200


async def test_a_proxys_visitor_can_change_something_and_nobody_else_with_their_form(browse: Opened) -> None:
    """The form is bound to the browser and to who is signed in."""
    proxy = ProxySettings(identity_header="X-Forwarded-User", networks=["10.0.0.0/24"])
    browser = await browse(peer="10.0.0.9", proxy=proxy)
    named = {"X-Forwarded-User": "ana@acme.example"}
    token = csrf_in(await browser.get("/admin/knowledge", **named))

    for other in ({"X-Forwarded-User": "bo@acme.example"}, {}):
        assert (
            await browser.http.post("/admin/knowledge/sync", data={"csrf": token}, headers=other)
        ).status_code == 403
    assert (await browser.http.post("/admin/knowledge/sync", data={"csrf": token}, headers=named)).status_code == 303
