"""The report as a page: safe whatever the articles say, readable on a phone, in the dark and on paper."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import html5lib
import pytest
from playwright.async_api import Page

from service.knowledge.findings import (
    Contradiction,
    Contradictions,
    Duplicates,
    Gap,
    Gaps,
    KnowledgeReport,
    Listed,
    Misleading,
    Misled,
    NearDuplicates,
    NeverCited,
    Stale,
)
from service.knowledge.page import report_page
from tests.browser import open_page
from tests.service.knowledge.planted import NOW

HOSTILE = "\"><script>document.title='owned'</script><img src=x onerror=alert(1)>{{ 7 * 7 }}"
LONG = "Donaudampfschifffahrtsgesellschaftskapitän" * 6

EMPTY = KnowledgeReport(
    at=NOW,
    days=90,
    kept_days=30,
    since=NOW - timedelta(days=90),
    notes=0,
    uncovered=0,
    articles=0,
    cited_articles=0,
    enough_notes=False,
    first=(),
    gaps=Gaps(0, 0, all=True, topics=()),
    contradictions=Contradictions(0, ()),
    stale=Stale(0, 0, 0, ()),
    near_duplicates=NearDuplicates(0, ()),
    never_cited=NeverCited(0, 0, 0, ()),
)


def filled(text: str, *, rows: int = 3, url: str = "https://help.kettlewick.example/a?b=1&c=2") -> KnowledgeReport:
    """A report in which every text is this one."""
    one = Listed("acme.zendesk.test", text, text, url, text[:12], internal=True, updated_at=NOW, cited=3)
    gap = Gap(text, (text, text), 4, NOW, (text[:12],), (text,), one, changed=True)
    return replace(
        EMPTY,
        notes=412,
        articles=40,
        uncovered=30,
        enough_notes=True,
        cited_articles=12,
        first=(text,) * 5,
        gaps=Gaps(rows, 30, all=False, topics=(gap,) * rows),
        contradictions=Contradictions(rows, (Contradiction(one, text, one, text),) * rows),
        stale=Stale(rows, 1, 2, (one, replace(one, updated_at=None)) * rows),
        near_duplicates=NearDuplicates(rows, (Duplicates(0.93, (one, one)),) * rows),
        never_cited=NeverCited(rows, 3, 4, (one,) * rows),
        misleading=Misleading(rows, (Misled(one, 10, 1, 3, 0.27, 0.6), Misled(one, 8, 0, 8, None, 0.62)) * rows),
    )


@pytest.fixture
async def phone() -> AsyncIterator[Page]:
    """A narrow screen."""
    async with open_page(width=390, height=800) as page:
        yield page


async def test_nothing_that_an_article_says_runs(phone: Page, tmp_path: Path) -> None:
    """Vendors' titles, authors' sentences and customers' questions are text; and if one were not, nothing may run."""
    file = tmp_path / "report.html"
    file.write_text(report_page(filled(HOSTILE)))
    await phone.goto(f"file://{file}")

    assert await phone.title() == "Knowledge report, 2026-11-22"
    assert await phone.locator("script, img, iframe, link, form, object").count() == 0
    assert HOSTILE in await phone.locator(".first li").first.inner_text()


@pytest.mark.parametrize(
    "text", [LONG, "ordinary words of an ordinary title that goes on for a while, as titles do", "字" * 300]
)
async def test_a_phone_never_scrolls_sideways(text: str, phone: Page, tmp_path: Path) -> None:
    """Whatever words there are."""
    file = tmp_path / "report.html"
    file.write_text(report_page(filled(text)))
    await phone.goto(f"file://{file}")

    assert await phone.evaluate("document.documentElement.scrollWidth") == 390
    sizes = await phone.evaluate(
        "[...document.querySelectorAll('td, p, li')].map(e => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(sizes) >= 13


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_its_own_style_is_let_through_and_words_can_be_read(scheme: str, phone: Page, tmp_path: Path) -> None:
    """The page allows this one style by its hash; every text has a contrast of 4.5 to what it stands on, as WCAG AA asks."""
    file = tmp_path / "report.html"
    file.write_text(report_page(filled("Words")))
    await phone.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await phone.goto(f"file://{file}")

    assert await phone.evaluate("getComputedStyle(document.body).marginTop") == "0px"
    worst = await phone.evaluate(_CONTRAST)
    assert worst["ratio"] >= 4.5, worst


def test_every_link_leads_to_an_article_and_tells_it_nothing() -> None:
    """Web addresses only, escaped, and no page that is opened learns where it was opened from."""
    page = report_page(filled("Words"))
    links = re.findall(r"<a ([^>]+)>", page)

    assert {link for link in links if "#" not in link} == {
        'href="https://help.kettlewick.example/a?b=1&amp;c=2" rel="noopener noreferrer"'
    }
    assert report_page(filled("Words", url="")).count("https:") == 0


@pytest.mark.parametrize("report", [EMPTY, filled("Words"), filled("Words", rows=60)], ids=["empty", "full", "long"])
def test_it_is_whole_and_valid(report: KnowledgeReport) -> None:
    """One file that asks for nothing more; a browser has nothing to guess."""
    page = report_page(report)

    html5lib.HTMLParser(strict=True).parse(page)
    assert not re.search(r"\b(?:src|srcset|action)=|@import|url\(", page)
    assert len(re.findall(r"<h1\b", page)) == 1


def test_an_empty_report_says_why() -> None:
    """Zeros alone look like praise."""
    page = report_page(EMPTY)

    assert "The index holds no articles" in page
    assert "<nav" not in page
    assert ">0<" not in page


def test_long_lists_say_where_the_rest_is() -> None:
    """A page is for reading; the whole list is for programs."""
    page = report_page(filled("Words", rows=60))

    assert page.count("35 more: <code>deskpilot knowledge report --json</code>") == 6


_CONTRAST = """() => {
  const parse = c => c.match(/[\\d.]+/g).map(Number);
  const light = c => { const [r, g, b] = c.slice(0, 3).map(v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }); return .2126 * r + .7152 * g + .0722 * b; };
  const ground = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  let worst = {ratio: 99};
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < worst.ratio) worst = {ratio, text: e.textContent.slice(0, 40), of: e.className || e.tagName};
  }
  return worst;
}"""
