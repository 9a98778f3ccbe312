"""Freshdesk's traps, switched on one by one around the whole service: each costs nobody a note, and nobody gets two."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from connectors.freshdesk.simulator import FreshdeskSimulator, Options
from connectors.freshdesk.simulator.options import RetryMode
from connectors.freshdesk.simulator.payloads import CHATTY
from connectors.freshdesk.simulator.rules import BodyKind, SecretKind
from service import chores, inbox
from service.database import Database
from service.tables import deliveries
from tests.story.one_desk import URL, OneDesk, freshdesk

Desk = OneDesk[FreshdeskSimulator]

QUOTED = 'Where is my "blue" kettle?'


@pytest.fixture
async def desk(database: Database, data_dir: Path) -> AsyncIterator[Desk]:
    """An account with its usual limits and a webhook as we recommend it."""
    async with freshdesk(database, data_dir, kind="header") as opened:
        yield opened


# -- webhooks: unsigned, repeated for hours, late, lost ---------------------------------------------------------------


@pytest.mark.parametrize("body", ["simple", "advanced"])
@pytest.mark.parametrize("kind", ["basic", "header", "path"])
async def test_a_webhook_in_any_dress_is_known_by_its_secret_alone(
    database: Database, data_dir: Path, kind: SecretKind, body: BodyKind
) -> None:
    """Nothing is signed; without the secret nothing is stored."""
    async with freshdesk(database, data_dir, kind=kind, body=body) as desk:
        await desk.ask()
        await desk.simulator.settle()
        (sent,) = desk.simulator.deliveries
        stranger = await desk.web.post(f"{URL}/freshdesk", content=sent.body, headers={"User-Agent": "Freshdesk"})

        assert (sent.outcome, stranger.status_code) == ("delivered", 401)
        assert await desk.inbox.waiting() == 1


@pytest.mark.parametrize(("retries", "comes_after_s"), [("three_times", 300), ("half_hourly", 1800), ("next_hour", 0)])
async def test_what_cannot_be_stored_is_refused_and_comes_again_or_is_made_good(
    database: Database, data_dir: Path, monkeypatch: pytest.MonkeyPatch, retries: RetryMode, comes_after_s: float
) -> None:
    """Three official texts disagree; where nothing comes again, the customer's next message makes us look."""
    async with freshdesk(database, data_dir, options=Options(retries=retries)) as desk:
        with monkeypatch.context() as soon:
            soon.setattr(inbox, "STORE_TIMEOUT_S", 0.3)
            async with desk.nothing_stored():
                ticket_id = await desk.ask()
                await desk.simulator.settle()
        (sent,) = desk.simulator.deliveries
        assert sent.attempts[0].status == 503
        if comes_after_s:
            await desk.simulator.advance(comes_after_s)
            assert sent.outcome == "delivered"
        else:
            assert sent.outcome == "failed"
            await desk.simulator.customer_message(ticket_id, text="Is my parcel lost?")
        async with desk.working():
            await desk.until(lambda: desk.noted(ticket_id))
            await desk.settled(ticket_id)

        assert desk.notes(ticket_id) == [False]


async def test_a_webhook_that_comes_late_and_twice_and_again_hours_later_is_one_note(desk: Desk) -> None:
    """There is no event id to know it by: the ticket itself says that it has its note."""
    desk.simulator.faults.duplicated_deliveries = desk.simulator.faults.late_deliveries = 1
    ticket_id = await desk.ask()
    await desk.simulator.advance(60)
    sent, _ = desk.simulator.deliveries
    async with desk.working():
        await desk.settled(ticket_id)
        await desk.simulator.advance(47 * 1800)
        await desk.web.post(sent.url, content=sent.body, headers=sent.headers)
        await desk.settled(ticket_id)

    assert desk.notes(ticket_id) == [False]
    assert len(desk.writes) == 1


async def test_late_webhooks_do_not_make_us_answer_what_is_answered(desk: Desk) -> None:
    """The question is heard after the answer."""
    desk.simulator.faults.late_deliveries = 1
    ticket_id = await desk.ask()
    await desk.simulator.agent_message(ticket_id, text="It left on Monday.", public=True)
    await desk.simulator.advance(60)
    async with desk.working():
        await desk.settled(ticket_id)

    assert desk.notes(ticket_id) == []
    assert await desk.reasons(ticket_id) == ["an agent has answered already"]


async def test_our_own_note_that_fires_a_rule_is_one_note(database: Database, data_dir: Path) -> None:
    """A rule without "performer is requester" tells us of ourselves, and not that it was us."""
    async with freshdesk(database, data_dir, options=Options(fire_on_agents=True)) as desk:
        ticket_id = await desk.ask()
        async with desk.working():
            await desk.settled(ticket_id)

        assert len(desk.simulator.deliveries) == 2
        assert (desk.notes(ticket_id), len(desk.writes)) == ([False], 1)


@pytest.mark.parametrize("body", ["simple", "advanced"])
async def test_a_body_that_a_quotation_mark_breaks_makes_us_look_at_what_changed(
    database: Database, data_dir: Path, body: BodyKind
) -> None:
    """That ticket gets its note, and so does one whose webhook was lost before."""
    content = CHATTY if body == "advanced" else ""
    async with freshdesk(database, data_dir, body=body, content=content) as desk:
        lost = await desk.unheard()
        desk.simulator.faults.unescaped_quotes = True
        broken = await desk.ask(subject=QUOTED)
        async with desk.working():
            for ticket_id in (lost, broken):
                await desk.until(lambda one=ticket_id: desk.noted(one))  # type: ignore[misc]  # bound to this one
                await desk.settled(ticket_id)

        assert desk.simulator.deliveries[-1].outcome == "delivered"
        assert (desk.notes(lost), desk.notes(broken)) == ([False], [False])


async def test_a_poll_that_is_refused_waits_as_long_as_freshdesk_says_and_forgets_nothing(
    database: Database, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lists of tickets have twenty calls a minute: nothing but this poll knows of the ticket."""
    monkeypatch.setattr(chores, "_POLLS_S", (0,))
    monkeypatch.setattr(chores, "_PUT_OFF_S", (1, 1))
    async with freshdesk(database, data_dir, options=Options(plan="Growth"), content=CHATTY) as desk:
        for _ in range(20):
            assert [found async for found in desk.library.helpdesks["freshdesk"].changed_since(desk.clock())] == []
        desk.simulator.faults.unescaped_quotes = True
        ticket_id = await desk.ask(subject=QUOTED)
        async with desk.working():
            await desk.simulator.settle()
            assert 50 < await desk.put_off() <= 60
            await desk.simulator.advance(3600)  # far beyond any fixed number of minutes to look back
            await desk.time_passes()
            await desk.until(lambda: desk.noted(ticket_id))

        assert desk.notes(ticket_id) == [False]


async def test_a_refused_poll_is_not_replaced_by_one_that_looks_less_far_back(
    database: Database, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second broken body arrives meanwhile: what the first one told of may be older than what the second looks at."""
    monkeypatch.setattr(chores, "_POLLS_S", (0,))
    monkeypatch.setattr(chores, "_PUT_OFF_S", (1, 1))
    async with freshdesk(database, data_dir, options=Options(plan="Growth"), content=CHATTY) as desk:
        desk.simulator.faults.unescaped_quotes = True
        first = await desk.ask(subject=QUOTED)
        await desk.simulator.settle()

        async def again() -> None:
            desk.simulator.faults.refused = 1
            await desk.ask(subject=QUOTED)
            await desk.simulator.settle()
            await desk.until(desk.waiting)

        desk.network.before_reads = [again]
        async with desk.working():
            await desk.until(lambda: _put_off(desk))
            polls = [job for job in await desk.waiting() if job.task_name == "reconcile"]  # a look may wait beside them
            sinces = {datetime.fromisoformat(str(poll.task_kwargs["since"])) for poll in polls}
            await desk.time_passes()
            await desk.until(lambda: desk.noted(first))

    async with database.engine.connect() as connection:
        came = (await connection.execute(sa.select(sa.func.min(deliveries.c.received_at)))).scalar_one()
    assert came - timedelta(minutes=15) in sinces


async def _put_off(desk: Desk) -> bool:
    return any(job.scheduled_at for job in await desk.waiting() if job.task_name == "reconcile")


# -- tickets ----------------------------------------------------------------------------------------------------------


async def test_an_answer_beyond_the_tenth_entry_is_seen(desk: Desk) -> None:
    """A ticket carries ten at most; nobody needs a draft for what is answered."""
    ticket_id = await desk.unheard()
    desk.simulator.faults.lost_deliveries = 10
    for number in range(10):
        await desk.simulator.customer_message(ticket_id, text=f"Is it lost? I ask for the {number}th time.")
    await desk.simulator.agent_message(ticket_id, text="It left on Monday.", public=True)

    assert await desk.look(ticket_id) == "nothing: an agent has answered already"
    assert desk.notes(ticket_id) == []


async def test_a_ticket_that_is_gone_ends_with_the_reason(desk: Desk) -> None:
    """404 with nothing in it."""
    ticket_id = await desk.ask()
    await desk.simulator.settle()
    await desk.simulator.delete(ticket_id, forever=True)
    async with desk.working():
        await desk.settled(ticket_id)

    assert len(reasons := await desk.reasons(ticket_id)) == 1
    assert "404" in reasons[0]


async def test_a_note_that_an_app_made_public_is_taken_back_and_parks_the_ticket(desk: Desk) -> None:
    """`private` was sent and did not help: a person has to look, and nothing is tried again."""
    desk.simulator.faults.public_notes = True
    ticket_id = await desk.ask()
    async with desk.working():
        await desk.settled(ticket_id)

    assert desk.notes(ticket_id) == []
    assert [write.method for write in desk.writes] == ["POST"]
    assert [parked.key.ticket_id for parked in await desk.ledger.parked()] == [ticket_id]


# -- limits -----------------------------------------------------------------------------------------------------------


async def test_an_hour_in_which_every_webhook_is_lost_loses_nobody(desk: Desk) -> None:
    """The reconciler finds what nobody told us of: every ticket gets its one note."""
    await desk.pipeline.reconcile("freshdesk", since=desk.clock())
    desk.simulator.faults.lost_deliveries = 10_000
    tickets = []
    for _ in range(12):
        tickets.append(await desk.ask())
        desk.clock.advance(300)
    async with desk.working():
        assert await desk.pipeline.reconcile("freshdesk") == len(tickets)
        for ticket_id in tickets:
            await desk.until(lambda one=ticket_id: desk.noted(one))  # type: ignore[misc]  # bound to this one
        await desk.pipeline.reconcile("freshdesk")  # with its overlap, and our own notes as changes
        for ticket_id in tickets:
            await desk.settled(ticket_id)

    assert [desk.notes(ticket_id) for ticket_id in tickets] == [[False]] * len(tickets)


async def test_a_used_up_limit_for_updates_puts_the_job_off_as_long_as_freshdesk_says(
    database: Database, data_dir: Path
) -> None:
    """80 a minute, notes among them as far as anybody knows; the numbers come with a point."""
    async with freshdesk(database, data_dir, options=Options(plan="Growth")) as desk:
        desk.simulator.faults.float_headers = True
        desk.network.headers = {"retry-after": lambda value: f"{value}.0"}
        ticket_id = await desk.unheard()
        key, url = desk.simulator.options.api_key, desk.simulator.settings["url"]
        async with httpx.AsyncClient(transport=desk.network, base_url=url, auth=(key, "X")) as api:
            for number in range(80):
                answer = await api.put(f"/api/v2/tickets/{ticket_id}", json={"priority": 1 + number % 4})
                assert answer.status_code == 200
        await desk.jobs.enqueue("freshdesk", ticket_id)
        async with desk.working():
            assert 50 < await desk.put_off() <= 60
            await desk.simulator.advance(60)
            await desk.time_passes()
            await desk.settled(ticket_id)

        assert desk.notes(ticket_id) == [False]
