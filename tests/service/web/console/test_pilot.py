"""The pages of whoever runs a pilot: the switch, the scope, the policy, the test box. No script runs here."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from service.assembly import Service, assembled
from service.changes import newest_changes
from service.groups import FreshdeskSettings, KnowledgeSettings, ProxySettings, ZendeskSettings
from service.knowledge.sources import Library, sync_all
from service.outages import Outages, leak_of
from service.pauses import Pauses
from service.pilot import Pilots, Scope
from service.settings import Settings
from service.web.app import create_app
from tests.service.web.console.visitor import ADMIN, Browser
from tests.story.articles import HELP, write_articles

PROXY = ProxySettings(identity_header="X-Forwarded-User", networks=["192.0.2.0/24"])
SECRET = "never-shown-"


@pytest.fixture
async def service(database_url: str, data_dir: Path, tmp_path: Path) -> AsyncIterator[Service]:
    """Both helpdesks, of which nobody answers, and a folder of articles."""
    settings = Settings(
        database_url=SecretStr(database_url),
        data_dir=data_dir,
        admin_token=SecretStr(ADMIN),
        proxy=PROXY,
        zendesk=ZendeskSettings.model_validate(
            {"url": "http://127.0.0.1:1", "token": f"{SECRET}1", "webhook_secrets": f"{SECRET}22222222"}
        ),
        freshdesk=FreshdeskSettings.model_validate(
            {"url": "http://127.0.0.1:1", "api_key": f"{SECRET}3", "webhook_secrets": f"{SECRET}44444444"}
        ),
        knowledge=KnowledgeSettings(folder=write_articles(tmp_path / "articles"), sync_every_s=0),
    )
    async with assembled(settings) as opened:
        yield opened


@pytest.fixture
async def browser(service: Service) -> AsyncIterator[Browser]:
    """Somebody who is signed in."""
    async with AsyncExitStack() as stack:
        transport = httpx.ASGITransport(create_app(service), client=("192.0.2.7", 50_000))
        http = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://desk.example"))
        browser = Browser(http)
        await browser.sign_in()
        yield browser


def read(page: httpx.Response) -> str:
    """What stands on a page."""
    return " ".join(html.unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page.text, flags=re.DOTALL)).split())


async def test_the_switch_pauses_and_goes_on_and_says_who_and_why(browser: Browser, service: Service) -> None:
    """In the database, so every replica obeys."""
    page = await browser.get("/admin/pilot")
    assert "Notes are written." in read(page)

    sent = await browser.send(
        "/admin/pilot/pause", {"helpdesk": "zendesk", "why": "<b>moving</b>"}, form_on="/admin/pilot"
    )
    assert (sent.status_code, sent.headers["location"]) == (303, "/admin/pilot?said=pause")
    page = await browser.get("/admin/pilot?said=pause")
    assert "Zendesk: paused by admin" in read(page)
    assert "<b>moving</b>" in read(page)
    assert "<b>" not in page.text
    assert "Notes for Zendesk are paused by admin, just now: <b>moving</b>." in read(await browser.get("/admin"))
    assert [(one.helpdesk, one.why) for one in await Pauses(service.database).standing()] == [
        ("zendesk", "<b>moving</b>")
    ]

    await browser.send("/admin/pilot/resume", {"helpdesk": "zendesk"}, form_on="/admin/pilot")
    assert await Pauses(service.database).standing() == []
    assert "admin resumed Zendesk" in read(await browser.get("/admin/pilot"))


async def test_whom_the_proxy_names_stands_in_the_record(browser: Browser, service: Service) -> None:
    """A token is everybody's; a name is one person's."""
    kim = {"X-Forwarded-User": "Kim Vale"}
    await browser.send("/admin/pilot/pause", {"helpdesk": "*", "why": ""}, form_on="/admin/pilot", **kim)

    assert [(one.by, one.helpdesk) for one in await newest_changes(service.database)] == [("Kim Vale", "*")]


async def test_a_leak_is_told_apart_and_no_button_ends_it(browser: Browser, service: Service) -> None:
    """Who ends a pause has not looked at what came back public."""
    await Outages(service.database).failed(leak_of("freshdesk"), "public")
    page = await browser.get("/admin/pilot")

    assert "A note in Freshdesk came back public" in read(page)
    assert "deskpilot resume freshdesk" in read(page)
    assert "/admin/pilot/resume" not in page.text


async def test_a_scope_is_set_by_a_form(browser: Browser, service: Service) -> None:
    """And shown again as it was written."""
    given = {"helpdesk": "zendesk", "groups": "Support, Billing", "brands": "", "tags": "vip", "percent": "25"}
    sent = await browser.send("/admin/pilot/cover", given, form_on="/admin/pilot")

    assert sent.status_code == 303
    scope = Scope(groups=("Support", "Billing"), tags=("vip",), percent=25)
    assert await Pilots(service.database).scope("zendesk") == scope
    page = await browser.get("/admin/pilot?said=cover")
    assert "25 % of tickets · groups Support, Billing · tags vip" in read(page)
    assert 'value="Support, Billing"' in page.text
    assert (await newest_changes(service.database))[0].by == "admin"


async def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(browser: Browser, service: Service) -> None:
    """The rest of what was written stays written, and nothing is changed."""
    given = {"helpdesk": "freshdesk", "groups": "Billing", "brands": "77", "tags": 'a"b', "percent": "a few"}
    page = await browser.send("/admin/pilot/cover", given, form_on="/admin/pilot")

    assert page.status_code == 422
    for value in ("Billing", "77", "a&#34;b", "a few"):
        assert f'value="{value}"' in page.text
    for name in ("groups", "percent"):
        assert f'aria-describedby="freshdesk-{name}-hint freshdesk-{name}-problem" aria-invalid="true"' in page.text
    assert page.text.count('aria-invalid="true">') == 2
    assert "'Billing' is no number, and Freshdesk tells groups by number" in read(page)
    assert (await Pilots(service.database).scope("freshdesk")).everything
    assert await newest_changes(service.database) == []


async def test_no_form_changes_what_is_not_there(browser: Browser, service: Service) -> None:
    """Nor without the session's own token."""
    for deed, helpdesk in (("pause", "jira"), ("cover", "*"), ("explode", "zendesk"), ("pause", "")):
        assert (await browser.send(f"/admin/pilot/{deed}", {"helpdesk": helpdesk})).status_code == 404
    assert (await browser.http.post("/admin/pilot/pause", data={"helpdesk": "*"})).status_code == 403

    assert await newest_changes(service.database) == []


async def test_the_policy_is_shown_without_a_secret(browser: Browser, service: Service) -> None:
    """Every rule with its value and its setting."""
    await Pilots(service.database).cover("zendesk", Scope(percent=10), by="Kim")
    page = await browser.get("/admin/policy")

    assert "every message that asks or reports something DESKPILOT_NOTES" in read(page)
    assert "zendesk per cent of tickets 10" in read(page)
    assert SECRET not in page.text
    assert ADMIN not in page.text


async def test_a_question_is_tried_on_the_page(browser: Browser, service: Service) -> None:
    """The note as an agent would see it, and what it rests on."""
    await _synced(service.tools.library)
    asked = {
        "question": "The tracking of my parcel has not moved for <i>nine</i> days. Is it lost?",
        "helpdesk": "freshdesk",
    }
    page = await browser.send("/admin/try", asked, form_on="/admin/try")

    assert page.status_code == 200
    assert "&lt;i&gt;nine&lt;/i&gt; days" in page.text  # as it was written, in its field
    assert '<option value="freshdesk" selected>' in page.text
    assert f'<a href="{HELP}/parcels">' in page.text.split('class="drafted"')[1]
    assert "we treat the parcel as lost" in read(page)
    assert "rules, no model" in read(page)
    assert "cited" in read(page)
    assert "DP-TRY00" in read(page)


async def test_an_empty_question_is_asked_for_again(browser: Browser) -> None:
    """Beside the field, with the rest as it was."""
    page = await browser.send(
        "/admin/try", {"question": " ", "subject": "Parcel", "language": "xyz"}, form_on="/admin/try"
    )

    assert page.status_code == 422
    assert "open" in page.text.split('<details class="options"')[1][:6]  # what is wrong in it can be seen
    assert 'value="Parcel"' in page.text
    assert 'id="language-problem"' in page.text


async def _synced(library: Library) -> None:
    """The folder of articles; of helpdesks that do not answer, nothing."""
    await sync_all(library, progress=lambda *_: None)
