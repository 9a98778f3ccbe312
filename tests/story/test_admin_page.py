"""The admin page in a real browser, beside a service that writes notes into two helpdesks."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from playwright.async_api import Page, expect
from pydantic import SecretStr

from tests.browser import open_page
from tests.story.conftest import OpenStage, Play

TOKEN = "token-of-this-story"

_UNNAMED = """() => [...document.querySelectorAll('input:not([type=hidden]), select, textarea, progress, button, a')]
    .filter(one => !(one.labels?.length || one.textContent.trim() || one.getAttribute('aria-label'))).map(one => one.outerHTML)"""

_LEVELS = "() => [...document.querySelectorAll('h1, h2, h3')].map(one => Number(one.tagName[1]))"

_PALE = """() => {
    const rgb = text => text.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => { const [x, y, z] = [r, g, b].map(c => (c /= 255) <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4);
        return .2126 * x + .7152 * y + .0722 * z; };
    const behind = one => { for (; one; one = one.parentElement) { const c = rgb(getComputedStyle(one).backgroundColor); if (c[3] !== 0) return c; }
        return [255, 255, 255]; };
    const texts = [...document.querySelectorAll('body *')].filter(one => [...one.childNodes].some(n => n.nodeType === 3 && n.data.trim())
        && one.checkVisibility());
    return texts.map(one => { const [a, b] = [light(rgb(getComputedStyle(one).color)), light(behind(one))].sort((x, y) => y - x);
        return [one.textContent.trim().slice(0, 40), (a + .05) / (b + .05)]; }).filter(([, ratio]) => ratio < 4.5);
}"""


async def _signed_in(page: Page, play: Play, path: str = "") -> None:
    await page.goto(f"{play.stage.url}/admin{path}")
    await page.get_by_label("Admin token").fill(TOKEN)
    await page.get_by_role("button", name="Sign in").click()


async def _sound(page: Page) -> None:
    """Every control has a name, headings begin at one and leave no level out, text stands out (WCAG AA: 4.5 to 1), nothing is cut off."""
    levels = await page.evaluate(_LEVELS)
    assert await page.evaluate(_UNNAMED) == []
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type] # one of the two
        assert await page.evaluate(_PALE) == []
    assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


async def test_the_admin_sees_why_a_delivery_led_to_a_note_and_another_to_none(open_play: OpenStage) -> None:
    """Sign in, look, filter, open a ticket, sign out; on a desk and on a phone."""
    async with open_play(admin_token=SecretStr(TOKEN)) as play, open_page() as page:
        asked = await play.ask()
        await play.note("zendesk", asked)
        thanked = await play.ask("freshdesk", subject="Thanks", text="Thank you!")
        await play.silence("freshdesk", thanked)

        await page.goto(f"{play.stage.url}/admin/deliveries")
        await _sound(page)
        await _signed_in(page, play, "/deliveries")
        rows = page.get_by_role("row")
        await expect(rows.filter(has_text=f"Zendesk {asked}").filter(has_text="Created")).to_contain_text("Note")
        await expect(rows.filter(has_text=f"Freshdesk {thanked}")).to_contain_text("The customer only says thanks.")
        await _sound(page)

        await page.get_by_label("What became of it").select_option("A note")
        await page.get_by_role("button", name="Show").click()
        await expect(rows.filter(has_text=f"Freshdesk {thanked}")).to_have_count(0)
        await rows.filter(has_text="Created").get_by_role("link", name=f"Zendesk {asked}").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text(f"Zendesk {asked}")
        await expect(page.get_by_role("heading", name="What happened")).to_be_visible()
        await _sound(page)

        await page.get_by_role("link", name="Overview").click()
        await expect(page.get_by_text("Connected", exact=True)).to_have_count(2)
        await _sound(page)
        await page.set_viewport_size({"width": 360, "height": 740})
        for path in ("", "/deliveries", "/knowledge", f"/tickets/zendesk:{asked}"):
            await page.goto(f"{play.stage.url}/admin{path}")
            await _sound(page)

        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_label("Admin token")).to_be_visible()
        await page.goto(f"{play.stage.url}/admin")
        await expect(page.get_by_label("Admin token")).to_be_visible()


async def test_a_sync_is_started_and_followed_with_the_keyboard_alone(open_play: OpenStage) -> None:
    """Nobody needs a mouse, and the page follows the sync by itself."""
    async with open_play(admin_token=SecretStr(TOKEN)) as play, open_page() as page:
        await page.goto(f"{play.stage.url}/admin/knowledge")
        await expect(page.get_by_label("Admin token")).to_be_focused()
        await page.keyboard.type(TOKEN)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Knowledge")
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("button", name="Sync now")).to_be_focused()
        held = play.stage.service.tools.library.syncing
        async with held:  # another one writes to the index: ours stands still for a moment
            await page.keyboard.press("Enter")
            await expect(page.get_by_role("heading", name="A sync is under way")).to_be_visible()
            await page.goto(f"{play.stage.url}/admin/knowledge")
            await expect(page.get_by_role("button", name="Sync now")).to_have_count(0)
        await expect(page.get_by_role("button", name="Sync now")).to_be_visible()

        await expect(page.get_by_role("status")).to_contain_text("The last one ended just now.")
        assert len(await play.stage.service.tools.syncs.newest()) == 1


async def test_without_scripts_the_page_does_the_same(open_play: OpenStage) -> None:
    """A page that follows a sync reloads itself."""
    async with open_play(admin_token=SecretStr(TOKEN)) as play, open_page() as first:
        browser: Any = first.context.browser
        page = await browser.new_page(java_script_enabled=False)
        await _signed_in(page, play, "/knowledge")
        async with play.stage.service.tools.library.syncing:
            await page.get_by_role("button", name="Sync now").click()
            await expect(page.get_by_role("heading", name="A sync is under way")).to_be_visible()
        await expect(page.get_by_role("button", name="Sync now")).to_be_visible()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page).to_have_url(re.compile(r"/admin/login$"))
