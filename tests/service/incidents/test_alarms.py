"""Spikes, told once, by one replica, and answered where the policy says so."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from structlog.testing import capture_logs

from service.changes import newest_changes
from service.database import Database
from service.incidents.alarms import Alarms, standing_alarms
from service.incidents.store import Incidents
from service.pilot import change_in_words
from service.policy.document import Policy
from tests.service.incidents.holding import KEY, facts, plan
from tests.service.tickets import customer, ticket

TEXTS = {"en": "We know of it and work on it."}


def policy(**incidents: Any) -> Policy:
    """One with these limits."""
    return Policy.model_validate(
        {"version": 1, "categories": {"sign_in": {"title": "Signing in"}, "parcel": {}}, "incidents": incidents}
    )


async def tickets(
    database: Database, category: str, count: int, *, ago_min: float = 5, first: int = 1, told: str = ""
) -> None:
    """So many tickets that came so long ago, one message each."""
    async with database.engine.connect() as connection:
        given = {"c": category, "n": count, "min": ago_min, "first": first, "told": told}
        await connection.execute(_TICKETS, given)
        if told:
            await connection.execute(_DRAFTS, given)


_TICKETS = sa.text("""
    INSERT INTO triages (helpdesk, account, ticket_id, message_id, tier, category, language, at)
    SELECT 'zendesk', 'acme.zendesk.test', :c || n, 'm' || n || :min, 1, :c, 'en', now() - make_interval(secs => 60 * :min)
    FROM generate_series(CAST(:first AS int), CAST(:first + :n - 1 AS int)) n
""")
_DRAFTS = sa.text("""
    INSERT INTO drafts (helpdesk, account, ticket_id, message_id, reference, verdict, html, details)
    SELECT 'zendesk', 'acme.zendesk.test', :c || n, 'm' || n || :min, 'DP-' || n, 'ready', '',
        jsonb_build_object('intent', CAST(:told AS text), 'language', 'en')
    FROM generate_series(CAST(:first AS int), CAST(:first + :n - 1 AS int)) n
""")


async def test_a_spike_is_told_once_in_its_window(database: Database) -> None:
    """In the log, in the record and as standing; the same minute's next look is silent."""
    alarms = Alarms(database, policy)
    await tickets(database, "sign_in", 5)
    assert await alarms.watch() == []
    await tickets(database, "sign_in", 1, first=6)
    with capture_logs() as logs:
        (alarm,) = await alarms.watch()
        assert await alarms.watch() == []

    assert (alarm.category, alarm.label, alarm.tickets, alarm.usual, alarm.incident) == (
        "sign_in",
        "Signing in",
        6,
        0.0,
        "",
    )
    assert [(one["event"], one["category"], one["tickets"]) for one in logs] == [
        ("many similar tickets", "Signing in", 6)
    ]
    (change,) = await newest_changes(database, of=("spike",))
    assert change_in_words(change) == "raised an alarm: 6 tickets of Signing in"
    assert await standing_alarms(database) == [alarm]
    assert await Incidents(database).all() == []  # the policy does not say start


async def test_an_alarm_is_over_after_its_window_and_told_again_while_it_lasts(database: Database) -> None:
    """By the database's clock."""
    alarms = Alarms(database, policy)
    await tickets(database, "sign_in", 6)
    assert await alarms.watch()
    async with database.engine.connect() as connection:
        await connection.execute(sa.text("UPDATE changes SET at = at - interval '33 minutes'"))
    assert await standing_alarms(database) == []
    assert await alarms.watch()


async def test_what_is_usual_is_no_alarm(database: Database) -> None:
    """Two hours with two in each half: eight are four times that, seven are not."""
    await tickets(database, "sign_in", 8, ago_min=149, first=100)
    await tickets(database, "parcel", 1, ago_min=150, first=100)  # how long anything is known
    await tickets(database, "sign_in", 7)
    assert await Alarms(database, policy).watch() == []
    await tickets(database, "sign_in", 1, first=8)

    (alarm,) = await Alarms(database, policy).watch()
    assert (alarm.tickets, round(alarm.usual, 2)) == (8, 2.0)


async def test_a_long_thread_is_no_wave(database: Database) -> None:
    """A ticket counts once, when it first shows its category."""
    await tickets(database, "sign_in", 6, ago_min=90)
    await tickets(database, "sign_in", 6, ago_min=3)  # the same tickets again
    for minute in (1, 2, 4, 6, 7, 8):
        await tickets(database, "parcel", 1, ago_min=minute)

    assert await Alarms(database, policy).watch() == []


async def test_it_starts_an_incident_only_where_the_policy_says_so(database: Database) -> None:
    """Marked as a spike's, for as long as the policy lasts it, and its tickets get the policy's text."""
    given = policy(start=True, texts=TEXTS, lasts="2h")
    await tickets(database, "sign_in", 6)
    (alarm,) = await Alarms(database, lambda: given).watch()
    (one,) = await Incidents(database).all()

    assert alarm.incident == one.name
    assert one.name.startswith("spike-sign-in-")
    assert (one.spike, one.by, one.title, one.stage) == (
        "sign_in",
        "deskpilot, by a spike",
        "Many tickets: Signing in",
        "investigating",
    )
    assert one.expires_at - one.started_at == timedelta(hours=2)
    running = await Incidents(database).matching(ticket(customer("?")), facts("?", "sign_in"))
    assert running
    assert running.text("de") == (TEXTS["en"], "en")


async def test_while_one_runs_for_a_category_no_other_is_started(database: Database) -> None:
    """Nor told; one that a person started counts, and so do tickets that its text has answered."""
    given = policy(start=True, texts=TEXTS)
    incidents = Incidents(database)
    await incidents.start(plan(match={"category": ["sign_in"]}), by="Kim", languages=("en",))
    await tickets(database, "sign_in", 9)
    assert await Alarms(database, lambda: given).watch() == []
    await incidents.start(plan("parcels", match={"words": "parcel"}), by="Kim", languages=("en",))
    running = (await incidents.one("parcels")).as_running
    await tickets(database, "parcel", 6)
    for number in range(1, 7):
        key = type(KEY)(KEY.helpdesk, KEY.account, f"parcel{number}")
        await incidents.record(running, key, "m", requester="", language="en", stage="investigating", asked=())
    assert await Alarms(database, lambda: given).watch() == []

    await incidents.stop("parcels", by="Kim")
    assert [one.category for one in await Alarms(database, lambda: given).watch()] == ["parcel"]


async def test_several_replicas_tell_a_spike_once(database: Database) -> None:
    """And start one incident."""
    given = policy(start=True, texts=TEXTS)
    await tickets(database, "sign_in", 6)
    told = await asyncio.gather(*(Alarms(database, lambda: given).watch() for _ in range(4)))

    assert sum(map(len, told)) == 1
    assert len(await Incidents(database).all()) == 1


async def test_a_policy_that_cannot_start_one_still_raises_the_alarm(database: Database) -> None:
    """A text that lacks a language is nobody's reason to sleep on."""
    given = policy(start=True, texts=TEXTS).model_copy(update={"languages": ("en", "de")})
    await tickets(database, "sign_in", 6)
    with capture_logs() as logs:
        (alarm,) = await Alarms(database, lambda: given).watch()

    assert alarm.incident == ""
    assert logs[0]["event"] == "a spike could not start an incident"
    assert "no text in de" in logs[0]["reason"]


async def test_tickets_without_a_category_raise_an_alarm_by_their_words(database: Database) -> None:
    """They start nothing: a few words do not tell a ticket well enough; and no log repeats them."""
    given = policy(start=True, texts=TEXTS)
    await tickets(database, "", 6, told="cannot sign in to the app")
    with capture_logs() as logs:
        (alarm,) = await Alarms(database, lambda: given).watch()

    assert (alarm.category, alarm.label, alarm.tickets, alarm.incident) == ("", "no category", 6, "")
    assert "sign" in alarm.words
    assert "sign" not in str(logs)
    assert (await standing_alarms(database))[0].words == alarm.words
    assert await Incidents(database).all() == []
