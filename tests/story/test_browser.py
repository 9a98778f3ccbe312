"""The demo's page in a real browser: a customer writes on the page, the note appears on the page."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser import open_page
from tests.story.conftest import Play


@pytest.mark.parametrize("helpdesk", ["zendesk", "freshdesk"])
async def test_a_customer_writes_on_the_page_and_the_note_appears_on_the_page(play: Play, helpdesk: str) -> None:
    """What a visitor of the demo does first; nothing is reloaded by hand."""
    async with open_page() as page:
        await page.goto(play.stage.pages[helpdesk])
        await page.get_by_test_id("new-ticket").click()
        form = page.get_by_test_id("new-form")
        await form.get_by_label("Name").fill("Ana Lind")
        await form.get_by_label("E-mail").fill("ana.lind@customer.example")
        await form.get_by_label("Subject").fill("Where is my parcel?")
        await form.get_by_label("Message").fill("The tracking has not moved for nine days. Is my parcel lost?")
        await page.get_by_test_id("open-ticket").click()

        note = page.locator('[data-testid="entry"][data-by="co-pilot"]')
        await expect(note).to_be_visible(timeout=20_000)
        await expect(note).to_have_attribute("data-public", "false")
        await expect(note).to_contain_text("Hi Ana,")
        await expect(note.get_by_role("link", name="When a parcel does not arrive")).to_be_visible()


async def test_an_agents_answer_on_the_page_is_public_and_ends_the_drafts(play: Play) -> None:
    """The agent edits and sends; deskpilot has nothing more to say."""
    ticket_id = await play.ask()
    await play.note("zendesk", ticket_id)
    async with open_page() as page:
        await page.goto(f"{play.stage.pages['zendesk']}/tickets/{ticket_id}")
        await page.get_by_test_id("as-reply").check()
        await page.get_by_test_id("composer-text").fill("We send you a new one today.")
        await page.get_by_test_id("send").click()

        reply = page.locator('[data-testid="entry"][data-by="agent"]')
        await expect(reply).to_have_attribute("data-public", "true")
        await play.settled("zendesk", ticket_id)
        await expect(page.locator('[data-testid="entry"][data-by="co-pilot"]')).to_have_count(1)
