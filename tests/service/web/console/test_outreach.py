"""The page of outreach: what waits, whom it is for, and what a person says of it. No script runs here."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime

import httpx
import pytest

from service.assembly import Service
from service.outreach.store import Outreaches
from tests.service.outreach.policies import policy, signal
from tests.service.web.console.conftest import Opened
from tests.service.web.console.visitor import Browser

PATH = "/admin/outreach"


@pytest.fixture
async def browser(browse: Opened, service: Service) -> Browser:
    """Signed in, with two drafts in the queue."""
    queue = Outreaches(service.database)
    await queue.happened(signal(job="<b>Orders</b>"), policy(), now=datetime.now(UTC))
    await queue.happened(signal("ben@acme.example"), policy(), now=datetime.now(UTC))
    opened = await browse()
    await opened.sign_in()
    return opened


def words(page: httpx.Response) -> str:
    """What is read of a page."""
    return " ".join(html.unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page.text, flags=re.DOTALL)).split())


async def test_a_draft_stands_with_its_situation_customer_and_steps(browser: Browser) -> None:
    """Somebody's words are text, whatever they are."""
    page = await browser.get(PATH)

    said = words(page)
    assert "ana@acme.example" in said
    assert "sync failed (job: <b>Orders</b>, date: 22 Nov, severity: high)" in said
    assert "Look at the job's log" in said
    assert "the integrations team" in said
    assert "<b>Orders" not in page.text


async def test_a_person_copies_one_and_discards_another(browser: Browser, service: Service) -> None:
    """Each leaves the queue once; who was slower is told so."""
    second, first = await Outreaches(service.database).newest()

    copied = await browser.send(f"{PATH}/copied", {"id": str(first.id)}, form_on=PATH)
    discarded = await browser.send(f"{PATH}/discard", {"id": str(second.id), "why": "they called"}, form_on=PATH)
    late = await browser.send(f"{PATH}/discard", {"id": str(first.id)}, form_on="/admin/pilot")

    assert [one.headers["location"] for one in (copied, discarded, late)] == [
        f"{PATH}?said={said}" for said in ("copied", "discard", "late")
    ]
    said = words(await browser.get(f"{PATH}?said=late"))
    assert "Somebody was faster" in said
    assert "(they called)" in said
    assert "Nothing waits." in said


@pytest.mark.parametrize("given", [{"id": "x"}, {"id": "-1"}, {}, {"id": "9" * 19}])
async def test_a_form_that_names_none_changes_nothing(browser: Browser, given: dict[str, str]) -> None:
    """And is no error of ours."""
    assert (await browser.send(f"{PATH}/copied", given, form_on=PATH)).status_code == 404
