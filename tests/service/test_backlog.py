"""What the operator sees of the queue, and can do about it."""

from __future__ import annotations

import asyncio
import json

import pytest
from pydantic import SecretStr

from service import operating
from service.backlog import Backlog
from service.errors import ServiceError
from service.ledger import Ledger, TicketKey
from service.outages import OPENS_AFTER
from service.queue import Look
from service.settings import Settings
from tests.service.scripted import Desk, ticket_event

PARKED = TicketKey("zendesk", "acme.zendesk.test", "7")


@pytest.fixture
async def backlog(desk: Desk) -> Backlog:
    """Of a queue in which one ticket is parked and another waits."""
    for _ in range(OPENS_AFTER):
        await desk.outages.failed("llm", "no answer", after_s=60)
    await Ledger(desk.database).park(PARKED, attempts=5, error="ZeroDivisionError")
    await desk.queue.put(Look("zendesk", "8", attempt=3, waits_for="llm", reason="llm does not answer"), after_s=60)
    return Backlog(desk.database, desk.queue)


async def test_parked_tickets_come_first_and_what_waits_says_for_what(backlog: Backlog) -> None:
    """The table an operator opens at night."""
    parked, waiting = await backlog.entries()

    assert (parked.ticket, parked.state, parked.attempts, parked.reason) == (
        "zendesk:7",
        "parked",
        5,
        "ZeroDivisionError",
    )
    assert (waiting.ticket, waiting.state, waiting.attempts, waiting.waits_for) == ("zendesk:8", "waiting", 3, "llm")
    assert waiting.at is not None


async def test_a_parked_ticket_that_is_retried_is_looked_at_and_parked_no_more(desk: Desk, backlog: Backlog) -> None:
    """After a fix."""
    assert await backlog.retry("zendesk:7")
    assert [entry.state for entry in await backlog.entries() if entry.ticket == "zendesk:7"] == ["waiting"]
    async with desk.working():
        await desk.story.looked.wait()

    assert desk.story.looks == ["zendesk:7"]


async def test_a_waiting_ticket_that_is_retried_waits_no_longer(desk: Desk, backlog: Backlog) -> None:
    """Whatever it waited for."""
    assert await backlog.retry("zendesk:8")
    async with desk.working():
        await desk.story.looked.wait()

    assert desk.story.looks == ["zendesk:8"]


async def test_a_dropped_ticket_is_forgotten_and_the_ledger_says_so(desk: Desk, backlog: Backlog) -> None:
    """Every silence is explained."""
    assert await backlog.drop("zendesk:7")
    assert await backlog.drop("zendesk:8")

    assert await backlog.entries() == []
    assert ("no note", "dropped by the operator") in [
        (what, why) for _, what, why in await backlog.history("zendesk:8")
    ]
    assert await desk.idle()


async def test_what_nobody_knows_cannot_be_retried(backlog: Backlog) -> None:
    """And what names no ticket is said to."""
    assert not await backlog.retry("zendesk:99")
    assert not await backlog.drop("zendesk:99")
    with pytest.raises(ServiceError, match="write it as zendesk:123"):
        await backlog.retry("99")


async def test_a_history_tells_what_became_of_a_webhook(desk: Desk, backlog: Backlog) -> None:
    """The admin asks why a delivery led to nothing."""
    await ticket_event(desk, message="our-note")
    async with desk.working():
        while await desk.inbox.waiting():
            await asyncio.sleep(0.02)

    assert ("webhook", "our own note") in [(what, details) for _, what, details in await backlog.history("zendesk:7")]


async def test_the_commands_print_tables_and_json(
    database_url: str, backlog: Backlog, capsys: pytest.CaptureFixture[str]
) -> None:
    """For people and for programs; the exit code tells a script what was not known."""
    settings = Settings(database_url=SecretStr(database_url))
    assert await operating.list_jobs(settings, as_json=True) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [(one["ticket"], one["state"]) for one in listed] == [("zendesk:7", "parked"), ("zendesk:8", "waiting")]

    assert await operating.list_jobs(settings, as_json=False) == 0
    assert "ZeroDivisionError" in capsys.readouterr().out
    assert await operating.retry_jobs(settings, ["zendesk:99"], parked=True) == 1
    told = capsys.readouterr().err
    assert "Looked at again: 1 ticket." in told
    assert "zendesk:99 is neither parked nor waiting" in told
    assert await operating.drop_jobs(settings, ["zendesk:7", "zendesk:8"]) == 0
    assert await operating.show_job(settings, "zendesk:8", as_json=False) == 0
    assert "dropped by the operator" in capsys.readouterr().out
    assert await operating.list_jobs(settings, as_json=False) == 0
    assert "nothing is parked" in capsys.readouterr().out
    with pytest.raises(ServiceError, match="nothing is known of zendesk:1"):
        await operating.show_job(settings, "zendesk:1", as_json=False)
    assert await backlog.entries() == []
