"""Traps of Zendesk's webhooks, switched on one by one around the whole service: none costs a note, none brings two."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from connectors.signing import ZENDESK_TEST_SECRET
from connectors.zendesk.simulator import Options, ZendeskSimulator
from connectors.zendesk.simulator.deliveries import signature
from service import chores, inbox
from service.database import Database
from tests.story.one_desk import EVENTS_OF_A_NEW_TICKET, URL, OneDesk, zendesk

Desk = OneDesk[ZendeskSimulator]

CHATTY = '{"v":1,"ticket_id":"{{ticket.id}}","title":"{{ticket.title}}"}'
"""A trigger's body by somebody who did not read our instructions: the customer's words may break it."""


@pytest.fixture
async def desk(database: Database, data_dir: Path) -> AsyncIterator[Desk]:
    """An account with its usual limits."""
    async with zendesk(database, data_dir) as opened:
        yield opened


def outcomes(desk: Desk) -> list[list[int | None]]:
    """What each event was answered, try by try."""
    return [[attempt.status_code for attempt in one.attempts] for one in desk.simulator.deliveries.invocations]


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
        ticket_id = await desk.unheard()
        desk.simulator.state.ticket(ticket_id).status = "open"  # or its change would be an event, too
        await desk.simulator.agent_message(ticket_id, text="Do we know this one?", public=False)
        await desk.until(lambda: desk.noted(ticket_id))
        await desk.settled(ticket_id)

    assert desk.notes(ticket_id) == [False]


async def test_events_in_the_wrong_order_do_not_make_us_answer_what_is_answered(desk: Desk) -> None:
    """The last thing that we hear is the question; what counts is how the ticket stands."""
    ticket_id = await desk.unheard()
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
        "zen:event-type:article.vote_created",
    ]
    for number in range(20):
        event = {"reader_id": str(number)}
        desk.simulator.changes.publish("article.vote_created", subject="zen:article:1", detail={"id": "1"}, event=event)
    await desk.simulator.settle()
    await desk.ask()
    await desk.simulator.settle()

    assert {one.status for one in desk.simulator.deliveries.invocations} == {"success"}
    assert await desk.inbox.waiting() == EVENTS_OF_A_NEW_TICKET


async def test_a_trigger_whose_body_breaks_makes_us_look_at_what_changed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A quotation mark in a subject: that ticket gets its note, and so does one whose events were lost before."""
    monkeypatch.setattr(chores, "_POLLS_S", (0, 1))
    desk.connect(kind="trigger", body=CHATTY)
    desk.simulator.faults.raw_quotes = True
    desk.simulator.faults.lose = EVENTS_OF_A_NEW_TICKET + 1  # and the trigger's
    lost = await desk.ask()
    desk.simulator.faults.lose = EVENTS_OF_A_NEW_TICKET
    broken = await desk.ask(subject='Where is my "blue" kettle?')
    async with desk.working():
        await desk.until(lambda: answered(desk, "/api/v2/incremental/tickets/cursor"))
        desk.clock.advance(61)  # the export withholds its newest minute
        for ticket_id in (lost, broken):
            await desk.until(lambda one=ticket_id: desk.noted(one))  # type: ignore[misc]  # bound to this one
            await desk.settled(ticket_id)

    assert (desk.notes(lost), desk.notes(broken)) == ([False], [False])
    assert outcomes(desk)[EVENTS_OF_A_NEW_TICKET * 2 + 1] == [200]


async def test_a_search_that_does_not_know_yet_is_asked_again(
    database: Database, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index of a busy account is minutes behind; where our user is no admin, it is all we have."""
    monkeypatch.setattr(chores, "_POLLS_S", (0, 1, 2))
    async with zendesk(database, data_dir, options=Options(api_role="agent", search_lag_s=60)) as desk:
        desk.connect(kind="trigger", body=CHATTY)
        desk.simulator.faults.raw_quotes = True
        desk.simulator.faults.lose = EVENTS_OF_A_NEW_TICKET
        ticket_id = await desk.ask(subject='Where is my "blue" kettle?')
        async with desk.working():
            await desk.until(lambda: answered(desk, "/api/v2/search/export"))
            desk.clock.advance(60)
            await desk.until(lambda: desk.noted(ticket_id))

        assert desk.notes(ticket_id) == [False]


async def test_an_hour_in_which_every_webhook_is_lost_loses_nobody(desk: Desk) -> None:
    """The reconciler finds what nobody told us of: every ticket gets its one note."""
    await desk.pipeline.reconcile("zendesk", since=desk.clock())
    desk.simulator.faults.lose = 10_000
    tickets = []
    for _ in range(12):
        tickets.append(await desk.ask())
        desk.clock.advance(300)
    async with desk.working():
        assert await desk.pipeline.reconcile("zendesk") == len(tickets)
        for ticket_id in tickets:
            await desk.until(lambda one=ticket_id: desk.noted(one))  # type: ignore[misc]  # bound to this one
        desk.clock.advance(300)
        await desk.pipeline.reconcile("zendesk")  # with its overlap, and our own notes as changes
        for ticket_id in tickets:
            await desk.settled(ticket_id)

    assert [desk.notes(ticket_id) for ticket_id in tickets] == [[False]] * len(tickets)


async def answered(desk: Desk, path: str) -> bool:
    """Whether the account has answered this."""
    return f"answer {path}" in desk.network.story
