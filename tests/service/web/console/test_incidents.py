"""The page of whoever is woken: start, stage, prolong, stop, report. No script runs here."""

from __future__ import annotations

import html
import re

import httpx
import pytest
import sqlalchemy as sa

from service.assembly import Service
from service.changes import newest_changes
from service.incidents.alarms import Alarms
from service.incidents.running import Incident
from service.incidents.store import Incidents
from service.ledger import TicketKey
from service.policy.document import Policy
from tests.service.web.console.conftest import Opened
from tests.service.web.console.visitor import Browser

PATH = "/admin/incidents"
FORM = {
    "title": "Nobody can sign in",
    "words": "login, sign in",
    "category": "",
    "text-en": "We know of it and work on it.",
    "stage": "investigating",
    "expires": "4h",
}


@pytest.fixture
async def browser(browse: Opened) -> Browser:
    """Somebody who is signed in."""
    browser = await browse()
    await browser.sign_in()
    return browser


def read(page: httpx.Response) -> str:
    """What stands on a page."""
    return " ".join(html.unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page.text, flags=re.DOTALL)).split())


async def started(browser: Browser, service: Service, **more: str) -> Incident:
    """Start one by the form."""
    sent = await browser.send(f"{PATH}/start", {**FORM, **more}, form_on=PATH)
    assert (sent.status_code, sent.headers["location"]) == (303, f"{PATH}?said=start")
    return (await Incidents(service.database).all())[0]


async def test_an_incident_is_started_staged_prolonged_and_stopped_by_forms(browser: Browser, service: Service) -> None:
    """And every deed is recorded with who did it."""
    assert "No incident runs." in read(await browser.get(PATH))
    one = await started(browser, service)
    assert one.name.startswith("nobody-can-sign-in-")
    assert one.match
    assert one.match.words == ("login", "sign in")
    page = read(await browser.get(f"{PATH}?said=start"))
    assert "matching tickets get its text from now on" in page
    assert "We know of it and work on it." in page
    assert "An incident runs: matching tickets get the status text." in read(await browser.get("/admin"))

    found = {"name": one.name, "stage": "identified", "text-en": "It is a certificate."}
    await browser.send(f"{PATH}/stage", found, form_on=PATH)
    await browser.send(f"{PATH}/prolong", {"name": one.name, "expires": "3d"}, form_on=PATH)
    staged = await Incidents(service.database).one(one.name)
    assert (staged.stage, staged.texts["identified"]) == ("identified", {"en": "It is a certificate."})
    assert (staged.expires_at - staged.started_at).days == 3
    await browser.send(f"{PATH}/stop", {"name": one.name}, form_on=PATH)
    assert "stopped by admin" in read(await browser.get(PATH))
    assert [(change.by, change.details["deed"]) for change in await newest_changes(service.database)] == [
        ("admin", deed) for deed in ("stop", "prolong", "stage", "start")
    ]


async def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(browser: Browser, service: Service) -> None:
    """The rest stays written, and nothing is started."""
    given = {**FORM, "title": "", "words": "", "text-en": 'See <b>status.example.com</b> "now"'}
    page = await browser.send(f"{PATH}/start", given, form_on=PATH)

    assert page.status_code == 422
    assert "Is missing: say in a few words what is broken." in read(page)
    assert "&lt;b&gt;status.example.com&lt;/b&gt;" in page.text
    assert "<b>" not in page.text
    given["title"] = "Sign in"
    page = await browser.send(f"{PATH}/start", given, form_on=PATH)
    assert "Would hold for every ticket" in read(page)
    assert "Holds an address" in read(page)
    assert page.text.count('aria-invalid="true" aria-describedby') == 2
    assert await Incidents(service.database).all() == []


async def test_what_a_button_cannot_do_is_said(browser: Browser, service: Service) -> None:
    """A stage without texts; an incident that somebody else has stopped; a deed that there is not."""
    one = await started(browser, service)
    page = await browser.send(f"{PATH}/stage", {"name": one.name, "stage": "resolved"}, form_on=PATH)
    assert page.status_code == 422
    assert "Nothing was changed: " in read(page)
    assert "has no texts for resolved" in read(page)
    await Incidents(service.database).stop(one.name, by="Kim")
    page = await browser.send(f"{PATH}/prolong", {"name": one.name, "expires": "4h"}, form_on=PATH)
    assert page.status_code == 422
    assert "was stopped" in read(page)
    assert (await browser.send(f"{PATH}/explode", {"name": one.name}, form_on=PATH)).status_code == 404


async def test_no_form_works_without_the_sessions_own_token(browser: Browser, service: Service) -> None:
    """Nor is anything shown to who is not signed in."""
    await started(browser, service)
    page = (await browser.get(PATH)).text.partition("</header>")[2]
    assert page.count('<form method="post"') == page.count('name="csrf"') == 5
    await Incidents(service.database).stop((await Incidents(service.database).all())[0].name, by="Kim")
    assert (await browser.http.post(f"{PATH}/start", data=FORM)).status_code == 403
    assert [one.state for one in await Incidents(service.database).all()] == ["stopped"]
    browser.http.cookies.clear()
    assert (await browser.get(PATH)).status_code == 303
    assert (await browser.get(f"{PATH}/x/report.md")).status_code == 303


async def test_a_report_is_read_and_taken_along(browser: Browser, service: Service) -> None:
    """With a stranger's words as words."""
    one = await started(browser, service)
    key = TicketKey("zendesk", "acme.zendesk.test", "7")
    await Incidents(service.database).record(
        one.as_running, key, "m1", requester="1", language="en", stage="investigating", asked=("How <i>long</i>?",)
    )
    page = await browser.get(f"{PATH}/{one.name}")
    assert "How <i>long</i>?" in read(page)
    assert "<i>" not in page.text
    assert 'href="/admin/tickets/zendesk%3A7"' in page.text
    taken = await browser.get(f"{PATH}/{one.name}/report.md")
    assert taken.headers["content-type"].startswith("text/markdown")
    assert taken.text.startswith("# Incident nobody-can-sign-in-")
    for path in (f"{PATH}/no-such", f"{PATH}/no-such/report.md"):
        assert (await browser.get(path)).status_code == 404


async def test_a_spike_is_an_alarm_with_a_way_to_start_an_incident(browser: Browser, service: Service) -> None:
    """On this page and on the first one."""
    async with service.database.engine.connect() as connection:
        await connection.execute(
            sa.text("""INSERT INTO triages (helpdesk, account, ticket_id, message_id, tier, category)
            SELECT 'zendesk', 'a', n::text, 'm', 1, 'delivery' FROM generate_series(1, 7) n""")
        )
    await Alarms(service.database, lambda: Policy(version=1)).watch()
    page = await browser.get(PATH)

    assert "7 tickets about delivery came at once" in read(page)
    assert 'href="/admin/incidents?category=delivery#start"' in page.text
    assert 'value="delivery" selected' in (await browser.get(f"{PATH}?category=delivery")).text
    assert "7 tickets about delivery came at once, just now; usually it is fewer than one." in read(
        await browser.get("/admin")
    )
    assert "deskpilot raised an alarm: 7 tickets of delivery" in read(page)
