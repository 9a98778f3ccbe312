"""A webhook's secret is changed as the runbook says, while customers write: no delivery is refused, every ticket gets its note."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

from service.database import Database
from tests.story.one_desk import OneDesk, Twin, freshdesk, zendesk

AT_ONCE = 4
"""Customers who write in each step."""


async def customers_write(desk: OneDesk[Twin]) -> list[str]:
    """Several at once; returns their tickets."""
    return await asyncio.gather(*(desk.ask() for _ in range(AT_ONCE)))


async def test_a_second_webhook_takes_over_from_the_first_in_zendesk(database: Database, data_dir: Path) -> None:
    """Zendesk makes up the secret and uses it at once, so a new webhook is prepared, known, switched on, and then the old off."""
    async with zendesk(database, data_dir) as desk, desk.working():
        await desk.pipeline.first_sync()  # so that nothing is learnt while webhooks come
        tickets = await customers_write(desk)
        (old,) = desk.simulator.state.webhooks.values()

        desk.connect()  # its secret joins the old one in the settings; it is switched on later
        new = list(desk.simulator.state.webhooks.values())[-1]
        new.status = "inactive"
        tickets += await customers_write(desk)
        new.status = "active"
        tickets += await customers_write(desk)
        old.status = "inactive"
        tickets += await customers_write(desk)
        await desk.simulator.settle()
        desk.secrets["zendesk"] = (new.secret,)
        tickets += await customers_write(desk)

        for ticket in tickets:
            await desk.until(partial(desk.noted, ticket))
            await desk.settled(ticket)
    answers = [attempt.status_code for one in desk.simulator.deliveries.invocations for attempt in one.attempts]
    assert set(answers) == {200}
    assert {one.webhook.id for one in desk.simulator.deliveries.invocations if one.attempts} == {old.id, new.id}
    assert [desk.notes(ticket) for ticket in tickets] == [[False]] * len(tickets)


async def test_rules_of_freshdesk_change_to_a_secret_that_is_known_already(database: Database, data_dir: Path) -> None:
    """We make it up: it joins the settings, then the rules, and then the old one leaves the settings."""
    async with freshdesk(database, data_dir, kind="header") as desk, desk.working():
        tickets = await customers_write(desk)
        (old,) = desk.secrets["freshdesk"]

        desk.secrets["freshdesk"] = (old, "a-secret-of-our-own-making")
        tickets += await customers_write(desk)
        for rule in desk.simulator._rules.all.values():
            for action in rule.actions:
                action["custom_headers"] = {"X-Webhook-Secret": "a-secret-of-our-own-making"}
        tickets += await customers_write(desk)
        await desk.simulator.settle()
        desk.secrets["freshdesk"] = ("a-secret-of-our-own-making",)
        tickets += await customers_write(desk)

        for ticket in tickets:
            await desk.until(partial(desk.noted, ticket))
            await desk.settled(ticket)
    answers = {attempt.status for delivery in desk.simulator.deliveries for attempt in delivery.attempts}
    assert answers == {200}
    assert [desk.notes(ticket) for ticket in tickets] == [[False]] * len(tickets)
