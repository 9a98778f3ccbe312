"""The admin page in a real browser, beside a working service: pause, pilot, test box."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.async_api import expect

from tests.browser import open_page
from tests.story.conftest import Play

ADMIN = "admin-token-of-this-test"


async def test_an_admin_pauses_tries_and_goes_on(open_play: Callable[..., Any]) -> None:
    """By labels and buttons, as anybody finds them; the ticket that waited gets its note."""
    async with open_play(admin_token=ADMIN) as opened, open_page() as page:
        play: Play = opened
        await page.goto(f"{play.stage.url}/admin/pilot")
        await page.get_by_label("Admin token").fill(ADMIN)
        await page.keyboard.press("Enter")
        await page.get_by_label("Pause", exact=True).select_option("Zendesk")
        await page.get_by_label("Why").fill("moving house")
        await page.get_by_role("button", name="Pause notes").click()
        await expect(page.get_by_role("status")).to_contain_text("Zendesk: paused by admin")

        ticket_id = await play.ask()
        held = await play.note("freshdesk", await play.ask("freshdesk"))
        assert "Hi Ana," in held

        async def waits() -> bool:
            jobs = await play.stage.service.queue.app.job_manager.list_jobs_async(status="todo", task="look")
            return any(job.task_kwargs.get("waits_for") == "pause:zendesk" for job in jobs)

        await play.until(waits)
        await page.reload()
        await expect(page.get_by_text("1 ticket waits for the end of a pause")).to_be_visible()

        await page.get_by_role("link", name="Try it").click()
        await page.get_by_label("The customer's message").fill(
            "The tracking has not moved for nine days. Is my parcel lost?"
        )
        await page.get_by_role("button", name="Try it").click()
        await expect(page.get_by_role("region", name="The note")).to_contain_text("we treat the parcel as lost")
        passages = page.get_by_role("region", name="Passages found")
        await expect(passages.get_by_text("cited", exact=True).first).to_be_visible()
        assert play.notes("zendesk", ticket_id) == []

        await page.get_by_role("link", name="Pilot").click()
        await page.get_by_role("button", name="Write notes again").click()
        await expect(page.get_by_text("Notes are written.")).to_be_visible()
        assert "Hi Ana," in await play.note("zendesk", ticket_id)

        area = page.get_by_role("region", name="Zendesk: which tickets")
        await area.get_by_label("Groups").fill("Billing")
        await area.get_by_label("Per cent of those tickets").fill("25")
        await area.get_by_role("button", name="Cover these tickets").click()
        await expect(area).to_contain_text("Covered now: 25 % of tickets · groups Billing")
        assert (await play.silence("zendesk", await play.ask(text="And where is the other parcel?"))).startswith(
            "outside the pilot"
        )
