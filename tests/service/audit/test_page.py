"""The page of the audit in a real browser, on a telephone and on a desk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from connectors.base import PastTicket
from service.audit.findings import Audit, audited
from service.audit.page import audit_page
from service.audit.reading import Bench
from tests.browser import open_page
from tests.service.audit.bench import read
from tests.service.audit.history import ASKED, NOW, SINCE, PastDesk, past

TITLES = {"delivery": "Delivery", "fault": "Fault", "legal": "Legal"}
STRANGE = "It was nice to meet you at the fair. The lid squeaks a little when the moon is full."
PHONE, DESK = 390, 1280
READABLE_PX = 8.5


def months(plan: Sequence[tuple[str, int, dict[str, Any]]]) -> list[PastTicket]:
    """Spread over half a year."""
    made, number = list[PastTicket](), 0
    for text, count, more in plan:
        for turn in range(count):
            number += 1
            made.append(past(number, text, day=1 + (turn * 37) % 178, **more))
    return made


async def half_a_year(bench: Bench, *, strange: int = 0) -> Audit:
    """Of three kinds, and so many that are of none."""
    plan = [(ASKED["delivery"], 80, {}), (ASKED["fault"], 50, {"replies": 3}), (ASKED["legal"], 35, {"replies": 6})]
    found = await read(bench, PastDesk(months([*plan, (STRANGE, strange, {"replies": 2})])))
    return audited(
        found.seen, left_out=found.left_out, titles=TITLES, helpdesks=found.answered, since=SINCE, until=NOW,
        timezone="Europe/Berlin", problems=["zendesk was not read to its end: 403 <script>alert(1)</script>"],
    )  # fmt: skip


@asynccontextmanager
async def shown(made: Audit, bench: Bench, folder: Path, *, width: int) -> AsyncIterator[Page]:
    """On a screen so wide."""
    file = folder / "audit.html"
    await asyncio.to_thread(file.write_text, audit_page(made, bench.in_force.policy), encoding="utf-8")
    async with open_page(width=width, height=844) as page:
        await page.goto(file.as_uri())
        yield page


CUT = """() => [...document.querySelectorAll("main *")].filter(one => one.getClientRects().length
    && one.getBoundingClientRect().right > innerWidth + 1 && !one.closest("thead")).length"""

SMALLEST = """selector => Math.min(...[...document.querySelectorAll(selector)].filter(one => one.getClientRects().length)
    .map(one => parseFloat(getComputedStyle(one).fontSize) * one.getScreenCTM().a))"""


@pytest.mark.parametrize("width", [PHONE, DESK])
async def test_nothing_is_cut_and_every_word_of_a_picture_can_be_read(bench: Bench, tmp_path: Path, width: int) -> None:
    """The table's columns and the pictures' bars are all on the screen; the smallest letters are no dust."""
    made = await half_a_year(bench, strange=60)
    async with shown(made, bench, tmp_path, width=width) as page:
        overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        cut = await page.evaluate(CUT)
        smallest = await page.evaluate(SMALLEST, "svg text:not([transform])")
        hours = await page.locator(".chart").last.locator("rect").count()
        named = await page.evaluate("getComputedStyle(document.querySelector('td'), '::before').content")

    assert (overflow, cut) == (0, 0)
    assert smallest >= READABLE_PX
    assert hours == 24
    assert named == ('"tickets"' if width == PHONE else "none")  # stacked, each figure says what it is


async def test_what_a_helpdesk_answered_is_said_and_not_run(bench: Bench, tmp_path: Path) -> None:
    """Under the page's own policy, without a script."""
    made = await half_a_year(bench)
    async with shown(made, bench, tmp_path, width=PHONE) as page:
        words = await page.inner_text("main")
        drawn = await page.locator(".matrix.small circle").count()
        coloured = await page.evaluate("getComputedStyle(document.querySelector('.matrix.small circle')).fill")
        warned = await page.locator(".untold, .unknown").count()

    assert drawn == len(made.kinds)
    assert coloured not in ("rgb(0, 0, 0)", "none")
    assert "<script>alert(1)</script>" in words
    assert "Delivery: 80 tickets" in words
    assert warned == 0  # nothing was not told apart


async def test_what_was_not_told_apart_has_a_circle_of_its_own(bench: Bench, tmp_path: Path) -> None:
    """Dashed and without a tier's colour, with a legend; the page says what to do, and what such tickets say."""
    made = await half_a_year(bench, strange=60)
    async with shown(made, bench, tmp_path, width=DESK) as page:
        dashes = await page.evaluate(
            "getComputedStyle(document.querySelector('.large .untold circle')).strokeDasharray"
        )
        others = await page.evaluate("getComputedStyle(document.querySelector('.large .tier1 circle')).strokeDasharray")
        circles = await page.locator(".matrix.large .untold circle").count()
        legend = await page.inner_text(".unknown")
        remark = await page.locator(".remark").last.inner_text()

    assert circles == 1
    assert dashes != others == "none"
    assert "60 tickets (27%) that were not told apart" in legend
    assert "DESKPILOT_EMBEDDINGS__BASE_URL" in remark
    assert "It was nice to meet you at the fair." in remark
