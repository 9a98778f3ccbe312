"""The pilot's scope and the switch to pause, over both simulated helpdesks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from connectors.base import MisconfiguredError
from connectors.zendesk.simulator import ZendeskSimulator
from service.changes import newest_changes
from service.database import Database
from service.errors import PausedError, UnroutedError
from service.outages import Outages, leak_of
from service.pauses import ALL, Pauses
from service.pilot import Pilots, Scope, share_of
from tests import fake_llm
from tests.story.model import ANALYSIS, DRAFT, answering
from tests.story.one_desk import OneDesk, freshdesk, zendesk

SUPPORT, BILLING = "8801", "8802"


@pytest.fixture(params=[zendesk, freshdesk])
async def desk(request: pytest.FixtureRequest, database: Database, data_dir: Path) -> AsyncIterator[OneDesk[Any]]:
    """One account of either kind, with the service around it."""
    async with request.param(database, data_dir) as opened:
        yield opened


async def cover(desk: OneDesk[Any], **scope: Any) -> None:
    """The admin says which tickets the pilot covers."""
    await Pilots(desk.database).cover(desk.name, Scope(**scope), by="Robin")


async def asked(desk: OneDesk[Any], *, group: str = "", **more: Any) -> str:
    """Ana asks; without a group the ticket is in none, as before the helpdesk's own rules have run."""
    ticket_id = await desk.ask(group=group, **more)
    if not group and isinstance(desk.simulator, ZendeskSimulator):
        desk.simulator.state.ticket(ticket_id).group_id = None
    return ticket_id


async def test_a_ticket_outside_gets_no_call_and_no_note_and_its_reason(database: Database, data_dir: Path) -> None:
    """Explain every silence."""
    with fake_llm.serving() as model:
        model.otherwise = answering(ANALYSIS, DRAFT)
        async with zendesk(database, data_dir, settings=lambda _: {"llm": model.settings()}) as desk:
            await cover(desk, groups=("Support",))
            outside, inside = await asked(desk, group="Billing"), await asked(desk, group="Support")
            await desk.look(outside)
            assert model.requests == []
            await desk.look(inside)

            assert await desk.reasons(outside) == ["outside the pilot: group Billing"]
            assert (desk.notes(outside), desk.notes(inside)) == ([], [False])
            week = await Pilots(database).week("zendesk")
            assert (week.noted, week.outside) == (1, 1)


async def test_a_ticket_without_a_group_is_looked_at_again_and_then_covered(desk: OneDesk[Any]) -> None:
    """The helpdesk's own rules need their time; a minute later the group is there."""
    await cover(desk, groups=(SUPPORT,))
    async with desk.working():
        ticket_id = await asked(desk)
        wait_s = await desk.put_off()
        assert 50 < wait_s <= 61
        assert (desk.notes(ticket_id), await desk.reasons(ticket_id)) == ([], [])
        await desk.simulator.move(ticket_id, group=SUPPORT)
        await desk.time_passes()
        await desk.until(lambda: desk.noted(ticket_id))
        await desk.settled(ticket_id)

    assert desk.notes(ticket_id) == [False]
    assert await desk.reasons(ticket_id) == []


async def test_a_ticket_that_gets_no_group_waits_once_and_is_then_outside(desk: OneDesk[Any]) -> None:
    """No loop: it is decided, and the reason says what it lacks."""
    await cover(desk, groups=(SUPPORT,))
    ticket_id = await asked(desk)
    await desk.simulator.settle()
    async with desk.working():
        await desk.put_off()
        await desk.time_passes()
        await desk.settled(ticket_id)

    assert await desk.reasons(ticket_id) == ["outside the pilot: in no group"]
    assert desk.notes(ticket_id) == []


async def test_what_is_outside_anyway_does_not_wait_for_its_group(desk: OneDesk[Any]) -> None:
    """Nor does one that gets no note whoever asks."""
    await cover(desk, groups=(SUPPORT,), tags=("vip",))
    without = await asked(desk)
    thanks = await asked(desk, text="Thank you so much, that solved it!", tags=["vip"])
    waiting = await asked(desk, tags=["vip"])

    for ticket_id in (without, thanks):
        await desk.pipeline.look(desk.name, ticket_id, routed=False)
    with pytest.raises(UnroutedError, match="in no group yet"):
        await desk.pipeline.look(desk.name, waiting, routed=False)

    assert "in no group" in (await desk.reasons(without))[0]
    assert "thanks" in (await desk.reasons(thanks))[0]


async def test_a_share_of_the_tickets_is_the_same_at_every_look(desk: OneDesk[Any]) -> None:
    """Sticky: who got a note for a first message gets one for the second."""
    tickets = [await desk.ask() for _ in range(12)]
    shares = {one: share_of(desk.name, one) for one in tickets}
    percent = int(sorted(shares.values())[len(shares) // 2]) + 1
    await cover(desk, percent=percent)
    for _ in range(2):
        for one in tickets:
            await desk.look(one)

    covered = {one for one, share in shares.items() if share < percent}
    assert {one for one in tickets if desk.notes(one)} == covered
    assert 0 < len(covered) < len(tickets)
    assert {len(desk.notes(one)) for one in covered} == {1}
    (outside,) = {reason for one in tickets for reason in await desk.reasons(one)}
    assert outside == f"outside the pilot: not among its {percent} % of tickets"


async def test_what_the_settings_deny_stays_out_though_the_pilot_covers_it(database: Database, data_dir: Path) -> None:
    """Deny always wins."""
    lists = {"tickets": {"deny_tags": "legal"}}
    async with freshdesk(database, data_dir, settings=lambda _: lists) as desk:
        await cover(desk, tags=("legal",), groups=(SUPPORT,))
        ticket_id = await desk.ask(tags=["legal"])
        await desk.pipeline.look(desk.name, ticket_id, routed=False)

        assert await desk.reasons(ticket_id) == ["the ticket's tag legal is in DESKPILOT_TICKETS__DENY_TAGS"]
        assert desk.notes(ticket_id) == []


async def test_a_pause_loses_nothing_and_nothing_is_written_twice(desk: OneDesk[Any]) -> None:
    """Webhooks are taken, tickets wait without a call to the helpdesk, and each gets its one note when it goes on."""
    pauses = Pauses(desk.database)
    written = await desk.ask()
    await desk.look(written)
    await pauses.pause(desk.name, by="Robin", why="moving house")
    async with desk.working():
        tickets = [await desk.ask() for _ in range(3)]
        await desk.simulator.customer_message(tickets[0], text="Hello? Is my parcel lost? Nobody answers.")
        await desk.simulator.customer_message(written, text="And the second parcel, where is it?")

        async def all_wait() -> bool:
            looks = [job for job in await desk.waiting() if job.task_kwargs.get("waits_for")]
            return len(looks) == 4 and not await desk.inbox.waiting()

        await desk.simulator.settle()
        await desk.until(all_wait)
        (reason, *_) = {str(job.task_kwargs["reason"]) for job in await desk.waiting()}
        assert reason.startswith(f"notes for {desk.name} are paused by Robin since 20")
        assert reason.endswith(": moving house")
        assert [desk.notes(one) for one in (*tickets, written)] == [[], [], [], [False]]

        assert await pauses.resume(desk.name, by="Kim")
        for one in (*tickets, written):
            await desk.settled(one)

    assert [desk.notes(one) for one in tickets] == [[False]] * 3
    assert len(desk.notes(written)) == 2
    told = [(one.what, one.helpdesk, one.by) for one in await newest_changes(desk.database)]
    assert told == [("resume", desk.name, "Kim"), ("pause", desk.name, "Robin")]


async def test_a_pause_that_begins_while_a_note_is_written_keeps_the_note_back(desk: OneDesk[Any]) -> None:
    """A model may think for a minute: what it wrote is kept, and posted later without asking it again."""
    ticket_id, pauses = await desk.ask(), Pauses(desk.database)
    saved, drafted = desk.pipeline._ledger.save, []

    async def save(draft: Any) -> None:
        drafted.append(draft)
        await saved(draft)
        await pauses.pause(ALL, by="Robin", why="")

    desk.pipeline._ledger.save = save  # type: ignore[method-assign]
    with pytest.raises(PausedError, match="all notes are paused by Robin"):
        await desk.look(ticket_id)
    assert (desk.notes(ticket_id), len(drafted)) == ([], 1)

    await pauses.resume(ALL, by="Robin")
    await desk.look(ticket_id)
    assert (desk.notes(ticket_id), len(drafted)) == ([False], 1)


async def test_a_pilot_that_shrinks_while_a_note_is_written_keeps_the_note_back(desk: OneDesk[Any]) -> None:
    """What is said on the page counts from then on, also for a ticket over which a model still thinks."""
    ticket_id, pilots = await desk.ask(), Pilots(desk.database)
    saved = desk.pipeline._ledger.save

    async def save(draft: Any) -> None:
        await saved(draft)
        await pilots.cover(desk.name, Scope(percent=0), by="Robin")

    desk.pipeline._ledger.save = save  # type: ignore[method-assign]
    await desk.look(ticket_id)

    assert desk.notes(ticket_id) == []
    assert await desk.reasons(ticket_id) == ["outside the pilot: not among its 0 % of tickets"]


async def test_to_go_on_after_a_pause_is_not_to_go_on_after_a_leak(desk: OneDesk[Any]) -> None:
    """Who ends a pause has not looked at what came back public."""
    ticket_id, pauses, outages = await desk.ask(), Pauses(desk.database), Outages(desk.database)
    await outages.failed(leak_of(desk.name), "a note came back public")
    await pauses.pause(desk.name, by="Robin", why="the leak")
    assert await pauses.resume(desk.name, by="Robin")

    with pytest.raises(MisconfiguredError, match="came back public"):
        await desk.look(ticket_id)
    assert not await pauses.resume(desk.name, by="Robin")
    assert [one.what for one in await newest_changes(desk.database)] == ["resume", "pause"]


async def test_a_pause_of_the_other_helpdesk_stops_nobody_here(desk: OneDesk[Any]) -> None:
    """One switch for each, and one for all."""
    other = {"zendesk": "freshdesk", "freshdesk": "zendesk"}[desk.name]
    await Pauses(desk.database).pause(other, by="Robin", why="")
    ticket_id = await desk.ask()
    await desk.look(ticket_id)

    assert desk.notes(ticket_id) == [False]
