"""Traps on the way from a look to the note in Zendesk, switched on one by one: none costs a note, none brings two."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from connectors.base import ConflictError
from connectors.zendesk.simulator import Options, ZendeskSimulator
from service.database import Database
from tests.story.one_desk import OneDesk, zendesk

Desk = OneDesk[ZendeskSimulator]


@pytest.fixture
async def desk(database: Database, data_dir: Path) -> AsyncIterator[Desk]:
    """An account with its usual limits."""
    async with zendesk(database, data_dir) as opened:
        yield opened


# -- writing: what others do to the ticket meanwhile ------------------------------------------------------------------


async def test_what_happens_within_one_second_keeps_its_order(desk: Desk) -> None:
    """Zendesk's times have no fractions: an answer in the second of its question is an answer."""
    ticket_id = await desk.unheard()
    await desk.simulator.agent_message(ticket_id, text="It left on Monday.", public=True)
    assert await desk.look(ticket_id) == "nothing: an agent has answered already"

    await desk.simulator.customer_message(ticket_id, text="Which Monday? Is my parcel lost?")
    await desk.look(ticket_id)
    assert desk.notes(ticket_id) == [False]


async def test_a_message_that_the_stamp_cannot_tell_from_ours_gets_its_own_note(desk: Desk) -> None:
    """In the second of our write: the guard is blind, so the message's own event has to be heard beside our echo."""
    ticket_id = await desk.unheard()
    desk.network.before_writes = [lambda: desk.simulator.customer_message(ticket_id, text="Do I get a new kettle?")]
    await desk.look(ticket_id)
    await desk.simulator.settle()
    assert len(desk.notes(ticket_id)) == 1
    async with desk.working():
        await desk.settled(ticket_id)

    assert desk.notes(ticket_id) == [False, False]


async def test_an_agent_who_answers_just_before_our_write_stops_it(desk: Desk) -> None:
    """409 UpdateConflict: read again, and nothing is left to do."""
    ticket_id = await desk.unheard()

    async def answers() -> None:
        desk.clock.advance(1)
        await desk.simulator.agent_message(ticket_id, text="It left on Monday.", public=True)

    desk.network.before_writes = [answers]

    assert await desk.look(ticket_id) == "nothing: an agent has answered already"
    assert desk.notes(ticket_id) == []
    assert [write.status for write in desk.writes] == [409]


async def test_a_rule_that_moves_the_ticket_just_before_our_write_costs_a_look(desk: Desk) -> None:
    """409 again, but the question stands: the same draft is written at once, with the new stamp."""
    ticket_id = await desk.unheard()
    desk.network.before_writes = [moved(desk, ticket_id, 1)]

    await desk.look(ticket_id)

    assert desk.notes(ticket_id) == [False]
    assert [write.status for write in desk.writes] == [409, 200]


async def test_a_ticket_that_moves_before_every_write_is_put_off(desk: Desk) -> None:
    """Thirty updates in ten minutes are all there are: nobody fights with a rule."""
    ticket_id = await desk.unheard()
    desk.network.before_writes = [moved(desk, ticket_id, number) for number in range(10)]

    with pytest.raises(ConflictError):
        await desk.look(ticket_id)
    assert [write.status for write in desk.writes] == [409, 409, 409]


async def test_a_collision_in_the_database_puts_the_job_off_and_keeps_the_draft(desk: Desk) -> None:
    """The other 409: the same note a little later."""
    desk.simulator.faults.database_conflicts = 1
    ticket_id = await desk.unheard()
    await desk.jobs.enqueue("zendesk", ticket_id)
    async with desk.working():
        await desk.put_off()
        assert [write.status for write in desk.writes] == [409]
        await desk.time_passes()
        await desk.settled(ticket_id)

    assert desk.notes(ticket_id) == [False]
    first, second = (write.body["ticket"]["comment"] for write in desk.writes)
    assert first == second


async def test_a_ticket_that_is_closed_just_before_our_write_ends_with_the_reason(desk: Desk) -> None:
    """422: nothing waits, nothing is tried again."""
    ticket_id = await desk.unheard()
    desk.network.before_writes = [lambda: desk.simulator.set_status(ticket_id, "closed")]
    await desk.jobs.enqueue("zendesk", ticket_id)
    async with desk.working():
        await desk.until(lambda: desk.reasons(ticket_id))
        await desk.settled(ticket_id)

    assert desk.notes(ticket_id) == []
    assert (await desk.reasons(ticket_id))[0] == f"ticket {ticket_id} is closed: Zendesk takes no note any more"


async def test_a_full_ticket_ends_with_the_reason(database: Database, data_dir: Path) -> None:
    """422 beyond 5000 comments; here beyond one."""
    async with zendesk(database, data_dir, options=Options(most_comments=1)) as desk:
        ticket_id = await desk.ask()
        async with desk.working():
            await desk.until(lambda: desk.reasons(ticket_id))
            await desk.settled(ticket_id)

        assert desk.notes(ticket_id) == []
        assert "5000 comments" in (await desk.reasons(ticket_id))[0]


async def test_a_rule_that_runs_after_our_note_brings_no_second_one(desk: Desk) -> None:
    """It moves the ticket's time; what a note belongs to is the message it answers."""
    desk.simulator.faults.busy_triggers = True
    ticket_id = await desk.ask()
    async with desk.working():
        await desk.settled(ticket_id)
        desk.clock.advance(60)
        await desk.simulator.agent_message(ticket_id, text="Let me check.", public=False)
        await desk.settled(ticket_id)
        assert desk.notes(ticket_id) == [False]

        await desk.simulator.customer_message(ticket_id, text="And do I get a new kettle?")
        await desk.until(lambda: desk.noted(ticket_id, 2))
        await desk.settled(ticket_id)

    assert desk.notes(ticket_id) == [False, False]


async def test_our_own_note_that_comes_back_as_an_event_is_not_looked_at(desk: Desk) -> None:
    """`comment_added` fires for us too."""
    ticket_id = await desk.unheard()
    await desk.look(ticket_id)
    async with desk.working():
        await desk.settled(ticket_id)

    assert desk.simulator.deliveries.invocations[-1].status == "success"  # it came
    assert (desk.simulator.requests[-1].method, desk.notes(ticket_id)) == ("PUT", [False])


# -- limits and credentials -------------------------------------------------------------------------------------------


async def test_a_ticket_with_too_many_updates_waits_as_long_as_zendesk_says(database: Database, data_dir: Path) -> None:
    """30 in ten minutes by one user, here one: the second note comes when it may, from the same draft."""
    async with zendesk(database, data_dir, options=Options(updates_per_ticket=1)) as desk:
        ticket_id = await desk.unheard()
        await desk.look(ticket_id)
        desk.clock.advance(100)
        async with desk.working():
            await desk.simulator.customer_message(ticket_id, text="And do I get a new kettle?")
            assert 490 < await desk.put_off() <= 500
            assert len(desk.notes(ticket_id)) == 1
            desk.clock.advance(500)
            await desk.time_passes()
            await desk.settled(ticket_id)

        assert desk.notes(ticket_id) == [False, False]


async def test_a_used_up_account_puts_the_job_off_as_long_as_zendesk_says(database: Database, data_dir: Path) -> None:
    """Calls a minute of everybody in the account."""
    async with zendesk(database, data_dir, options=Options(per_minute=1)) as desk:
        await desk.ask()
        async with desk.working():
            assert 50 < await desk.put_off() <= 60


async def test_an_account_that_is_down_is_asked_again_when_it_says(desk: Desk) -> None:
    """503, as a web page; it is the token that is asked for first."""
    desk.simulator.faults.html_errors = True
    desk.simulator.faults.unavailable, desk.simulator.faults.retry_after_s = 1, 40
    ticket_id = await desk.ask()
    async with desk.working():
        assert 30 < await desk.put_off() <= 40
        await desk.time_passes()
        await desk.settled(ticket_id)

    assert desk.notes(ticket_id) == [False]


async def test_a_follow_up_that_waits_does_not_go_ahead_of_the_wait(desk: Desk) -> None:
    """An event that came during a refused look would make the next call far too early."""
    ticket_id = await desk.unheard()

    async def refused() -> None:
        desk.simulator.faults.unavailable, desk.simulator.faults.retry_after_s = 1, 40
        await desk.jobs.enqueue("zendesk", ticket_id)

    await desk.look(await desk.unheard())  # so that we are known and have a token
    desk.network.before_reads = [refused]
    await desk.jobs.enqueue("zendesk", ticket_id)
    async with desk.working():
        assert 30 < await desk.put_off() <= 40
        assert desk.notes(ticket_id) == []
        await desk.time_passes()
        await desk.settled(ticket_id)

    assert desk.notes(ticket_id) == [False]


async def test_credentials_that_ended_make_the_jobs_wait_and_lose_nobody(desk: Desk) -> None:
    """Over a weekend, too: whoever puts the new secret in finds every ticket still there."""
    secret, desk.simulator.gatekeeper.client_secret = desk.simulator.gatekeeper.client_secret, "rotated"
    ticket_id = await desk.ask()
    async with desk.working():
        assert await desk.put_off() > 200
        desk.simulator.gatekeeper.client_secret = secret
        await desk.time_passes()
        await desk.settled(ticket_id)

    assert desk.notes(ticket_id) == [False]


async def test_tokens_that_end_all_the_time_cost_nobody_a_note(desk: Desk) -> None:
    """Every third call finds its token dead, in the middle of a look."""
    desk.simulator.faults.token_uses = 2
    ticket_id = await desk.unheard()

    await desk.look(ticket_id)

    assert desk.notes(ticket_id) == [False]


def moved(desk: Desk, ticket_id: str, number: int) -> Callable[[], Awaitable[None]]:
    """Something that changes the ticket without a word to or from the customer."""

    async def move() -> None:
        desk.clock.advance(1)
        await desk.simulator.add_tag(ticket_id, f"counted_{number}")

    return move
