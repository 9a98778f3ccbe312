"""The page's script in a real browser: what an agent has in view."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from fastapi import FastAPI
from playwright.async_api import Locator, Page, expect

from connectors.simulated.page import page_router
from service.web.server import serving
from tests.browser import open_page
from tests.connectors.simulated.test_page import SmallDesk

LONG = "<h3>Ready to send</h3>" + "<p>A line of the draft.</p>" * 60


async def top_within(entry: Locator, page: Page) -> float:
    """How far below the upper edge of the conversation an entry begins, in pixels."""
    inner = await entry.bounding_box()
    outer = await page.locator(".stream").bounding_box()
    assert inner
    assert outer
    return inner["y"] - outer["y"]


@pytest.mark.parametrize("width", [1280, 390])
async def test_a_note_longer_than_the_window_is_seen_from_its_beginning(width: int) -> None:
    """What to do stands in its first line; when the page opens, and when the note arrives."""
    desk, app = SmallDesk(), FastAPI()
    app.include_router(page_router(desk))
    desk.entries[0] = replace(desk.entries[0], html="<p>Hello</p>" * 40)
    desk.entries[1:] = [replace(desk.entries[2], html=LONG)]
    async with serving(app, host="127.0.0.1", port=0) as url, open_page(width=width, height=800) as page:
        await page.goto(f"{url}/tickets/7")
        assert 0 <= await top_within(page.locator("#entry-3"), page) < 100

        desk.entries.append(replace(desk.entries[-1], id="9"))
        await expect(page.locator("#entry-9")).to_be_visible()
        async with asyncio.timeout(10):
            while not 0 <= await top_within(page.locator("#entry-9"), page) < 100:
                await asyncio.sleep(0.02)  # asked from here: the page's own rules forbid what wait_for_function does
        await expect(page.locator("#entry-9 h3")).to_be_in_viewport()


async def test_who_reads_further_up_stays_there() -> None:
    """A note that arrives takes nothing away from under the reader's eyes."""
    desk, app = SmallDesk(), FastAPI()
    app.include_router(page_router(desk))
    desk.entries[:] = [replace(desk.entries[0], id=str(number), html=LONG) for number in range(20, 24)]
    async with serving(app, host="127.0.0.1", port=0) as url, open_page(height=800) as page:
        await page.goto(f"{url}/tickets/7")
        await page.evaluate("document.querySelector('.stream').scrollTo(0, 100)")
        desk.entries.append(replace(desk.entries[0], id="30"))
        await page.locator("#entry-30").wait_for(state="attached")

        assert await page.evaluate("document.querySelector('.stream').scrollTop") == 100
