"""The dashboards as somebody without scripts reads them, with a month of made-up tickets."""

from __future__ import annotations

import hashlib
import html
import json
import re
from pathlib import Path

import httpx
import pytest

from service.assembly import Service
from service.metrics import STAGE_SECONDS
from service.web import dashboard
from service.web.app import create_app
from service.web.server import serving
from service.worth.definitions import BY_NAME, DEFINITIONS
from tests.bench.worth.filling import fill
from tests.browser import open_page
from tests.service.web.console.conftest import Opened
from tests.service.web.console.visitor import ADMIN, Browser

FOLDER = Path(dashboard.__file__).parent
PAGES = ("/dashboard", "/dashboard/contacts", "/dashboard/operations", "/dashboard/definitions")


@pytest.fixture
async def browser(browse: Opened) -> Browser:
    """Somebody who is signed in."""
    opened = await browse()
    await opened.sign_in()
    return opened


def read(page: httpx.Response) -> str:
    """What stands on a page."""
    return " ".join(html.unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page.text, flags=re.DOTALL)).split())


@pytest.mark.parametrize("path", [*PAGES, "/dashboard/quality/figures.csv", "/dashboard/chart.js", "/dashboard/x"])
async def test_nobody_reads_a_dashboard_without_signing_in(browse: Opened, path: str) -> None:
    """The same door as of the admin page, which comes back here."""
    stranger = await browse()
    answer = await stranger.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/admin/login?next={path}")
    inside = await stranger.sign_in(onward=path)
    assert inside.headers["location"] == path
    assert (await stranger.get(path)).status_code == (404 if path.endswith("/x") else 200)


@pytest.mark.parametrize("path", PAGES)
async def test_every_dashboard_is_there_from_the_first_day(browser: Browser, path: str) -> None:
    """With empty tables, with every filter set, and with a slash too much."""
    filters = "helpdesk=zendesk&brand=1&group=2&category=c&language=en&tier=3&channel=web&model=m&arm=note"
    for query in ("", "?period=7", f"?period=365&{filters}"):
        assert (await browser.get(path + query)).status_code == 200
    assert (await browser.get(f"{path}/")).headers["location"] == path


async def test_of_nothing_there_is_no_figure_and_still_a_page(browser: Browser) -> None:
    """On the first day: how many are there of the thirty that are needed, and no picture."""
    page = await browser.get("/dashboard")
    assert page.status_code == 200
    assert "too few (0 of 30)" in read(page)
    assert "Too few for a picture." in read(page)
    assert "<canvas" not in page.text


async def test_every_figure_stands_with_its_interval_its_denominator_and_its_definition(
    browser: Browser, service: Service
) -> None:
    """One click away; every link to a definition leads to one, and every definition says what it leaves out."""
    await fill(service.database, count=4_000)
    page = await browser.get("/dashboard?period=28")
    found = re.search(r"Acceptance (\d\d\.\d %) (\d\d\.\d % to \d\d\.\d %) ([\d,]+ of [\d,]+)", read(page))
    assert found
    linked = set(re.findall(r"/dashboard/definitions#(\w+)", page.text))
    assert linked >= {
        "acceptance",
        "fidelity",
        "csat",
        "reopened",
        "score",
        "effect",
        "escalation",
        "excluded",
        "lessons",
    }
    assert linked <= BY_NAME.keys()
    definitions = await browser.get("/dashboard/definitions")
    assert set(re.findall(r'<section class="card definition" id="(\w+)"', definitions.text)) == BY_NAME.keys()
    assert all(one.formula and one.counted and one.over and one.without for one in DEFINITIONS)


async def test_every_picture_has_its_numbers_below_it(browser: Browser, service: Service) -> None:
    """Without scripts, on paper and for whoever cannot see it: as many rows as there are bars, and a name for the picture."""
    await fill(service.database, count=4_000)
    page = await browser.get("/dashboard")
    drawn = [json.loads(html.unescape(one)) for one in re.findall(r"data-picture='([^']*)'", page.text)]
    assert [one["title"] for one in drawn] == [
        "What became of drafts",
        "Acceptance and fidelity",
        "AI as is, AI-assisted, human only",
    ]
    assert all(len(series["values"]) == len(one["labels"]) for one in drawn for series in one["series"])
    sections = re.findall(r'<section class="card picture".*?</section>', page.text, re.DOTALL)
    for section, rows in zip(sections, (len(drawn[0]["labels"]), 12), strict=True):
        assert section.count("<details>") == 1
        assert section.count('<th scope="row">') == rows
    assert page.text.count('role="img" aria-label="') == 3


async def test_no_script_and_no_style_stands_in_a_page(browser: Browser, service: Service) -> None:
    """The policy allows scripts of ours and one style by its digest: nothing in a page runs, whatever a ticket held."""
    await fill(service.database, count=200)
    for path in PAGES:
        page = await browser.get(path)
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "unsafe" not in policy
        assert re.findall(r"<script(?![^>]*\bsrc=)|\bon\w+=|\bstyle=", page.text) == []
        assert set(re.findall(r'<script src="([^"]+)"', page.text)) <= {
            "/dashboard/chart.js",
            "/dashboard/dashboard.js",
        }
        assert "http://" not in page.text
        assert "https://" not in page.text
    assert "script-src" not in (await browser.get("/dashboard/definitions")).headers["content-security-policy"]


async def test_filters_are_escaped_and_kept_in_every_link(browser: Browser, service: Service) -> None:
    """What stands in an address stands in the page as text, and an export takes the same filters."""
    await fill(service.database, count=1_000)
    page = await browser.get("/dashboard?period=own&first=2026-01-01&last=2026-01-31&category=%3Cb%3E&tier=9")
    assert "<b>" not in page.text
    assert "1 Jan 2026 to 31 Jan 2026, category <b>" in read(page)
    link = re.search(r'"(/dashboard/quality/figures\.csv\?[^"]+)"', page.text)
    assert link
    assert "period=own&amp;first=2026-01-01&amp;last=2026-01-31&amp;category=%3Cb%3E" in link[1]


@pytest.mark.parametrize(
    "query", ["first=2026-02-01&last=2026-01-01", "first=x&last=2026-01-01", "first=1900-01-01&last=2026-01-01", ""]
)
async def test_days_that_cannot_be_shown_are_told(browser: Browser, query: str) -> None:
    """And the usual ones are shown instead."""
    page = await browser.get(f"/dashboard?period=own&{query}")
    assert page.status_code == 200
    assert "These days cannot be shown" in read(page)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("period=12", "There is no period “12”: here are the last 28 days."),
        ("period=7&tier=9", "“9” is not to be chosen under Tier: all are shown."),
        ("arm=baseline", "“baseline” is not to be chosen under Notes: all are shown."),
        ("period=own&first=2026-01-01&last=2027-12-31", "nothing can be known yet."),
    ],
)
async def test_what_an_address_asks_for_and_there_is_not_is_told(browser: Browser, query: str, told: str) -> None:
    """Nobody takes all tiers for one, or days to come for quiet ones."""
    assert told in read(await browser.get(f"/dashboard?{query}"))
    assert told not in read(await browser.get("/dashboard?period=28&tier=2&arm=holdout"))


async def test_every_table_can_be_exported_as_it_stands(browser: Browser, service: Service) -> None:
    """With numbers a program can read, both ends of the interval and the denominator; too few have no value there either."""
    STAGE_SECONDS.clear()  # this process has done no stage: what other tests did in it is none of this page
    await fill(service.database, count=4_000)
    page = await browser.get("/dashboard")
    links = set(re.findall(r'"(/dashboard/quality/\w+\.csv\?[^"]+)"', page.text))
    assert len(links) == 10
    for board, count in (("contacts", 2), ("operations", 4)):
        found = set(
            re.findall(rf'"(/dashboard/{board}/\w+\.csv\?[^"]+)"', (await browser.get(f"/dashboard/{board}")).text)
        )
        assert len(found) == count
        links |= found
    for link in links:
        exported = await browser.get(html.unescape(link))
        assert exported.headers["content-type"] == "text/csv; charset=utf-8"
        assert len(exported.text.splitlines()) > 1
    figures = (await browser.get("/dashboard/quality/figures.csv")).text.lstrip("\ufeff").splitlines()
    assert figures[0] == "figure,value,value: low,value: high,value: hits,value: of,95 % interval"
    name, point, low, high, hits, of, _ = figures[1].split(",")
    assert name == "Acceptance"
    assert float(point) == pytest.approx(int(hits) / int(of), abs=1e-6)
    assert float(low) < float(point) < float(high)
    assert (await browser.get("/dashboard/quality/nothing.csv")).status_code == 404


def test_the_charting_library_is_the_published_one_and_has_its_licence_beside_it() -> None:
    """Chart.js 4.6.1 (MIT), byte for byte as in its package; one that is changed by hand is noticed."""
    library = (FOLDER / "chart.js").read_bytes()
    assert hashlib.sha256(library).hexdigest() == "87364cc2b2a76a6684929e7d6b80b18a897794db38400caff1fcf1791c6925d2"
    assert b"Chart.js v4.6.1" in library[:100]
    licence = (FOLDER / "chart.LICENSE.md").read_text()
    assert licence.startswith("The MIT License (MIT)")
    assert "Chart.js Contributors" in licence


async def test_pictures_are_drawn_in_a_browser_and_fit_a_phone(service: Service) -> None:
    """No error under the strict policy; nothing is wider than 390 pixels; on paper what is folded is open."""
    await fill(service.database, count=4_000)
    async with (
        serving(create_app(service), host="127.0.0.1", port=0) as url,
        open_page(width=390, height=844) as page,
    ):
        await page.goto(f"{url}/dashboard")
        await page.get_by_label("Admin token").fill(ADMIN)
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_function("window.Chart && Object.keys(Chart.instances).length === 3")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert await page.locator("main details[open]").count() == 0
        await page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert await page.locator("main details:not([open])").count() == 0
        await page.locator("#category").select_option("billing")
        await page.get_by_role("button", name="Show").click()
        await page.get_by_text(", category billing").wait_for()
