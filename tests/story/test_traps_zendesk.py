"""Zendesk's traps, switched on one by one around the whole service: each costs nobody a note, and nobody gets two."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from connectors.base import ConflictError
from connectors.signing import ZENDESK_TEST_SECRET
from connectors.zendesk.simulator import Options, ZendeskSimulator
from connectors.zendesk.simulator.deliveries import signature
from service import inbox, jobs
from service.database import Database
from tests.story.one_desk import URL, OneDesk, zendesk

Desk = OneDesk[ZendeskSimulator]

CHATTY = '{"v":1,"ticket_id":"{{ticket.id}}","title":"{{ticket.title}}"}'
"""A trigger's body by somebody who did not read our instructions: the customer's words may break it."""

EVENTS_OF_A_NEW_TICKET = 2  # created, comment_added


@pytest.fixture
async def desk(database: Database, data_dir: Path) -> AsyncIterator[Desk]:
    """An account with its usual limits."""
    async with zendesk(database, data_dir) as opened:
        yield opened


async def unheard(desk: Desk) -> str:
    """A ticket whose events were lost."""
    desk.simulator.faults.lose = EVENTS_OF_A_NEW_TICKET
    return await desk.ask()


def outcomes(desk: Desk) -> list[list[int | None]]:
    """What each event was answered, try by try."""
    return [[attempt.status_code for attempt in one.attempts] for one in desk.simulator.deliveries.invocations]


# -- deliveries: signed, late, doubled, lost, in any order ------------------------------------------------------------


async def test_a_pretty_printed_event_is_verified_as_it_came(desk: Desk) -> None:
    """The signature is that of the bytes, blanks and all, not of what JSON makes of them."""
    await desk.ask()
    await desk.simulator.settle()

    body = desk.simulator.deliveries.invocations[0].body
    assert body != json.dumps(json.loads(body)).encode()
    assert outcomes(desk) == [[200], [200]]
    assert await desk.inbox.waiting() == 2


@pytest.mark.parametrize("what", ["unsigned", "boundary", "public"])
async def test_what_is_not_signed_as_it_stands_proves_nothing(desk: Desk, what: str) -> None:
    """Account, webhook and invocation stand in headers that anybody can write."""
    await desk.ask()
    await desk.simulator.settle()
    sent = desk.simulator.deliveries.invocations[0]
    headers, body = dict(sent.attempts[0].headers), sent.body
    if what == "unsigned":
        del headers["X-Zendesk-Webhook-Signature"]
    elif what == "boundary":  # no separator: the same bytes are signed, and they say something else
        headers["X-Zendesk-Webhook-Signature-Timestamp"] = headers["X-Zendesk-Webhook-Signature-Timestamp"][:-1]
        body = b"Z" + body
    else:
        desk.secrets["zendesk"] += (ZENDESK_TEST_SECRET,)
        timestamp = headers["X-Zendesk-Webhook-Signature-Timestamp"]
        headers["X-Zendesk-Webhook-Signature"] = signature(ZENDESK_TEST_SECRET, timestamp=timestamp, body=body)
    before = await desk.inbox.waiting()

    answer = await desk.web.post(f"{URL}/zendesk", content=body, headers=headers)

    assert answer.status_code == 401
    assert await desk.inbox.waiting() == before


async def test_a_signature_is_good_for_five_minutes(database: Database, data_dir: Path) -> None:
    """Each attempt is signed anew, so an old signature is a copy."""
    async with zendesk(database, data_dir, behind_s=360) as desk:
        await desk.ask()
        await desk.simulator.settle()

        assert outcomes(desk) == [[401], [401]]
        assert await desk.inbox.waiting() == 0


async def test_an_event_that_was_held_back_for_eight_minutes_is_welcome(database: Database, data_dir: Path) -> None:
    """Flood protection: the event's own time is old, its signature is not."""
    async with zendesk(database, data_dir, behind_s=480) as desk:
        desk.simulator.faults.throttle_s = 480
        ticket_id = await desk.ask()
        await desk.simulator.settle()
        assert await desk.inbox.waiting() == 0
        desk.clock.advance(480)
        async with desk.working():
            await desk.settled(ticket_id)

        assert desk.notes(ticket_id) == [False]


async def test_while_nothing_can_be_stored_zendesk_is_asked_in_time_to_send_again(
    database: Database, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 with a short Retry-After; a 500 loses the event, and so do too many time-outs."""
    async with zendesk(database, data_dir, options=Options(delivery_timeout_s=3)) as desk:
        with monkeypatch.context() as soon:
            soon.setattr(inbox, "STORE_TIMEOUT_S", 0.3)
            async with desk.nothing_stored():
                ticket_id = await desk.ask()
                await desk.simulator.settle()
        desk.clock.advance(5)
        async with desk.working():
            await desk.settled(ticket_id)

        assert outcomes(desk)[:EVENTS_OF_A_NEW_TICKET] == [[503, 200], [503, 200]]
        assert desk.notes(ticket_id) == [False]


async def test_an_event_that_comes_twice_and_once_more_later_is_one_note(desk: Desk) -> None:
    """Best effort, says the vendor: duplicates are part of it."""
    desk.simulator.faults.duplicate = EVENTS_OF_A_NEW_TICKET
    ticket_id = await desk.ask()
    async with desk.working():
        await desk.settled(ticket_id)
        desk.simulator.deliveries.pending.append(desk.simulator.deliveries.invocations[0])
        await desk.settled(ticket_id)

    assert desk.notes(ticket_id) == [False]
    assert len(desk.writes) == 1


async def test_a_lost_event_is_made_good_by_the_next_one_whoever_causes_it(desk: Desk) -> None:
    """An agent's remark is no question, but it makes us look, and there the question is."""
    async with desk.working():
        ticket_id = await unheard(desk)
        desk.simulator.state.ticket(ticket_id).status = "open"  # or its change would be an event, too
        await desk.simulator.agent_message(ticket_id, text="Do we know this one?", public=False)
        await desk.until(lambda: noted(desk, ticket_id))
        await desk.settled(ticket_id)

    assert desk.notes(ticket_id) == [False]


async def test_events_in_the_wrong_order_do_not_make_us_answer_what_is_answered(desk: Desk) -> None:
    """The last thing that we hear is the question; what counts is how the ticket stands."""
    ticket_id = await unheard(desk)
    desk.simulator.faults.out_of_order = True
    await desk.simulator.customer_message(ticket_id, text="Is my parcel lost?")
    await desk.simulator.agent_message(ticket_id, text="No, it left on Monday.", public=True)
    async with desk.working():
        await desk.settled(ticket_id)

    assert desk.notes(ticket_id) == []
    assert await desk.reasons(ticket_id) == ["an agent has answered already"]


async def test_events_that_are_not_for_us_do_not_open_the_breaker(desk: Desk) -> None:
    """Seven errors in ten answers, and Zendesk drops everything."""
    (webhook,) = desk.simulator.state.webhooks.values()
    webhook.subscriptions = [
        *webhook.subscriptions,
        "zen:event-type:ticket.tags_changed",
        "zen:event-type:article.read",
    ]
    for number in range(20):
        event = {"reader_id": str(number)}
        desk.simulator.changes.publish("article.read", subject="zen:article:1", detail={"id": "1"}, event=event)
    await desk.simulator.settle()
    await desk.ask()
    await desk.simulator.settle()

    assert {one.status for one in desk.simulator.deliveries.invocations} == {"success"}
    assert await desk.inbox.waiting() == EVENTS_OF_A_NEW_TICKET


async def test_a_trigger_whose_body_breaks_makes_us_look_at_what_changed(desk: Desk) -> None:
    """A quotation mark in a subject: that ticket gets its note, and so does one whose events were lost before."""
    desk.connect(kind="trigger", body=CHATTY)
    desk.simulator.faults.raw_quotes = True
    desk.simulator.faults.lose = EVENTS_OF_A_NEW_TICKET + 1  # and the trigger's
    lost = await desk.ask()
    desk.simulator.faults.lose = EVENTS_OF_A_NEW_TICKET
    broken = await desk.ask(subject='Where is my "blue" kettle?')
    async with desk.working():
        for ticket_id in (lost, broken):
            await desk.until(lambda one=ticket_id: noted(desk, one))  # type: ignore[misc]  # bound to this one
            await desk.settled(ticket_id)

    assert (desk.notes(lost), desk.notes(broken)) == ([False], [False])
    assert outcomes(desk)[EVENTS_OF_A_NEW_TICKET * 2 + 1] == [200]


async def test_a_search_that_does_not_know_yet_is_asked_again(
    database: Database, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index of a busy account is minutes behind."""
    monkeypatch.setattr(jobs, "_POLL_TURNS_S", (0, 1, 1))
    async with zendesk(database, data_dir, options=Options(search_lag_s=60)) as desk:
        desk.connect(kind="trigger", body=CHATTY)
        desk.simulator.faults.raw_quotes = True
        desk.simulator.faults.lose = EVENTS_OF_A_NEW_TICKET
        ticket_id = await desk.ask(subject='Where is my "blue" kettle?')
        async with desk.working():
            await desk.until(lambda: answered(desk, "/api/v2/search/export"))
            desk.clock.advance(60)
            await desk.until(lambda: noted(desk, ticket_id))

        assert desk.notes(ticket_id) == [False]


# -- writing: what others do to the ticket meanwhile ------------------------------------------------------------------


async def test_what_happens_within_one_second_keeps_its_order(desk: Desk) -> None:
    """Zendesk's times have no fractions: an answer in the second of its question is an answer."""
    ticket_id = await unheard(desk)
    await desk.simulator.agent_message(ticket_id, text="It left on Monday.", public=True)
    assert await desk.look(ticket_id) == "nothing: an agent has answered already"

    await desk.simulator.customer_message(ticket_id, text="Which Monday? Is my parcel lost?")
    await desk.look(ticket_id)
    assert desk.notes(ticket_id) == [False]


async def test_a_message_that_the_stamp_cannot_tell_from_ours_gets_its_own_note(desk: Desk) -> None:
    """In the second of our write: the guard is blind, so the message's own event has to be heard beside our echo."""
    ticket_id = await unheard(desk)
    desk.network.before_writes = [lambda: desk.simulator.customer_message(ticket_id, text="Do I get a new kettle?")]
    await desk.look(ticket_id)
    await desk.simulator.settle()
    assert len(desk.notes(ticket_id)) == 1
    async with desk.working():
        await desk.settled(ticket_id)

    assert desk.notes(ticket_id) == [False, False]


async def test_an_agent_who_answers_just_before_our_write_stops_it(desk: Desk) -> None:
    """409 UpdateConflict: read again, and nothing is left to do."""
    ticket_id = await unheard(desk)

    async def answers() -> None:
        desk.clock.advance(1)
        await desk.simulator.agent_message(ticket_id, text="It left on Monday.", public=True)

    desk.network.before_writes = [answers]

    assert await desk.look(ticket_id) == "nothing: an agent has answered already"
    assert desk.notes(ticket_id) == []
    assert [write.status for write in desk.writes] == [409]


async def test_a_rule_that_moves_the_ticket_just_before_our_write_costs_a_look(desk: Desk) -> None:
    """409 again, but the question stands: the same draft is written at once, with the new stamp."""
    ticket_id = await unheard(desk)
    desk.network.before_writes = [moved(desk, ticket_id, 1)]

    await desk.look(ticket_id)

    assert desk.notes(ticket_id) == [False]
    assert [write.status for write in desk.writes] == [409, 200]


async def test_a_ticket_that_moves_before_every_write_is_put_off(desk: Desk) -> None:
    """Thirty updates in ten minutes are all there are: nobody fights with a rule."""
    ticket_id = await unheard(desk)
    desk.network.before_writes = [moved(desk, ticket_id, number) for number in range(10)]

    with pytest.raises(ConflictError):
        await desk.look(ticket_id)
    assert [write.status for write in desk.writes] == [409, 409, 409]


async def test_a_collision_in_the_database_puts_the_job_off_and_keeps_the_draft(desk: Desk) -> None:
    """The other 409: the same note a little later."""
    desk.simulator.faults.database_conflicts = 1
    ticket_id = await unheard(desk)
    await desk.jobs.enqueue("zendesk", ticket_id)
    async with desk.working():
        await desk.put_off(2)
        assert [write.status for write in desk.writes] == [409]
        await desk.time_passes()
        await desk.settled(ticket_id)

    assert desk.notes(ticket_id) == [False]
    first, second = (write.body["ticket"]["comment"] for write in desk.writes)
    assert first == second


async def test_a_ticket_that_is_closed_just_before_our_write_ends_with_the_reason(desk: Desk) -> None:
    """422: nothing waits, nothing is tried again."""
    ticket_id = await unheard(desk)
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
        await desk.until(lambda: noted(desk, ticket_id, 2))
        await desk.settled(ticket_id)

    assert desk.notes(ticket_id) == [False, False]


async def test_our_own_note_that_comes_back_as_an_event_is_not_looked_at(desk: Desk) -> None:
    """`comment_added` fires for us too."""
    ticket_id = await unheard(desk)
    await desk.look(ticket_id)
    async with desk.working():
        await desk.settled(ticket_id)

    assert outcomes(desk)[-1] == [200]  # it came
    assert (desk.simulator.requests[-1].method, desk.notes(ticket_id)) == ("PUT", [False])


# -- limits and credentials -------------------------------------------------------------------------------------------


async def test_a_ticket_with_too_many_updates_waits_as_long_as_zendesk_says(database: Database, data_dir: Path) -> None:
    """30 in ten minutes by one user, here one: the second note comes when it may, from the same draft."""
    async with zendesk(database, data_dir, options=Options(updates_per_ticket=1)) as desk:
        ticket_id = await unheard(desk)
        await desk.look(ticket_id)
        desk.clock.advance(100)
        async with desk.working():
            await desk.simulator.customer_message(ticket_id, text="And do I get a new kettle?")
            assert 490 < await desk.put_off(2) <= 500
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
            assert 50 < await desk.put_off(2) <= 60


async def test_an_account_that_is_down_is_asked_again_when_it_says(desk: Desk) -> None:
    """503, as a web page; it is the token that is asked for first."""
    desk.simulator.faults.html_errors = True
    desk.simulator.faults.unavailable, desk.simulator.faults.retry_after_s = 1, 40
    ticket_id = await desk.ask()
    async with desk.working():
        assert 30 < await desk.put_off(2) <= 40
        await desk.time_passes()
        await desk.settled(ticket_id)

    assert desk.notes(ticket_id) == [False]


async def test_a_follow_up_that_waits_does_not_go_ahead_of_the_wait(desk: Desk) -> None:
    """An event that came during a refused look would make the next call far too early."""
    ticket_id = await unheard(desk)

    async def refused() -> None:
        desk.simulator.faults.unavailable, desk.simulator.faults.retry_after_s = 1, 40
        await desk.jobs.enqueue("zendesk", ticket_id)

    await desk.look(await unheard(desk))  # so that we are known and have a token
    desk.network.before_reads = [refused]
    await desk.jobs.enqueue("zendesk", ticket_id)
    async with desk.working():
        assert 30 < await desk.put_off(2) <= 40
        assert desk.notes(ticket_id) == []
        await desk.time_passes()
        await desk.settled(ticket_id)

    assert desk.notes(ticket_id) == [False]


async def test_credentials_that_ended_make_the_jobs_wait_and_cost_no_attempt(desk: Desk) -> None:
    """Over a weekend, too: whoever puts the new secret in finds every ticket still there."""
    secret, desk.simulator.gatekeeper.client_secret = desk.simulator.gatekeeper.client_secret, "rotated"
    ticket_id = await desk.ask()
    async with desk.working():
        assert await desk.put_off(1) > 200
        desk.simulator.gatekeeper.client_secret = secret
        await desk.time_passes()
        await desk.settled(ticket_id)

    assert desk.notes(ticket_id) == [False]


async def test_tokens_that_end_all_the_time_cost_nobody_a_note(desk: Desk) -> None:
    """Every third call finds its token dead, in the middle of a look."""
    desk.simulator.faults.token_uses = 2
    ticket_id = await unheard(desk)

    await desk.look(ticket_id)

    assert desk.notes(ticket_id) == [False]


def moved(desk: Desk, ticket_id: str, number: int) -> Callable[[], Awaitable[None]]:
    """Something that changes the ticket without a word to or from the customer."""

    async def move() -> None:
        desk.clock.advance(1)
        await desk.simulator.add_tag(ticket_id, f"counted_{number}")

    return move


async def noted(desk: Desk, ticket_id: str, count: int = 1) -> bool:
    """Whether the ticket has so many notes of ours."""
    return len(desk.notes(ticket_id)) >= count


async def answered(desk: Desk, path: str) -> bool:
    """Whether the account has answered this."""
    return f"answer {path}" in desk.network.story
