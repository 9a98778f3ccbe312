"""An incident's life: started, matched, staged, prolonged, expired, stopped."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from service.changes import newest_changes
from service.database import Database
from service.incidents.plan import IncidentError
from service.incidents.store import Incidents
from service.pilot import change_in_words
from tests.service.incidents.holding import KEY, TEXTS, facts, plan, shifted, started
from tests.service.tickets import customer, ticket

HERE = ticket(customer("My login fails"))
LOGIN = facts("My login fails")


async def test_a_ticket_that_matches_gets_the_stages_text_in_its_language(database: Database) -> None:
    """Another replica sees it at once, and in the policy's first language where the customer's is missing."""
    await started(database)
    running = await Incidents(database).matching(HERE, LOGIN)

    assert running
    assert (running.name, running.title, running.stage) == ("sign-in-down", "Nobody can sign in", "investigating")
    assert running.text("de") == ("Wir wissen davon.", "de")
    assert running.text("fr") == ("We know of it.", "en")
    assert await Incidents(database).matching(HERE, facts("My parcel is late")) is None


async def test_of_several_the_newest_counts(database: Database) -> None:
    """Whoever started it knew of the others."""
    incidents = await started(database)
    await started(database, "phones-down", match={"words": ["login", "phone"]})

    for text, name in ((LOGIN, "phones-down"), (facts("my phone"), "phones-down")):
        found = await incidents.matching(HERE, text)
        assert found
        assert found.name == name
    await incidents.stop("phones-down", by="Kim")
    found = await incidents.matching(HERE, LOGIN)
    assert found
    assert found.name == "sign-in-down"


async def test_the_databases_clock_ends_it(database: Database) -> None:
    """Nobody has to stop what has expired, and it says so."""
    incidents = await started(database)
    await shifted(database, 3.99)
    assert await incidents.matching(HERE, LOGIN)
    await shifted(database, 0.02)

    assert await incidents.matching(HERE, LOGIN) is None
    one = await incidents.one("sign-in-down")
    assert (one.state, one.ended_at) == ("expired", one.expires_at)
    assert one.age_s == pytest.approx(4 * 3600, abs=1)
    with pytest.raises(IncidentError, match=r"expired at .* UTC: prolong it first"):
        await incidents.stop("sign-in-down", by="Kim")


async def test_one_that_is_prolonged_goes_on_and_one_that_has_expired_runs_again(database: Database) -> None:
    """From now on; never shorter than it was, and seven days at most."""
    incidents = await started(database)
    await shifted(database, 5)
    prolonged = await incidents.prolong("sign-in-down", timedelta(hours=2), by="Robin")
    assert prolonged.state == "running"
    assert await incidents.matching(HERE, LOGIN)

    assert (
        await incidents.prolong("sign-in-down", timedelta(minutes=5), by="Robin")
    ).expires_at == prolonged.expires_at
    for lasts, says in ((timedelta(days=7, seconds=1), "7d at most"), (timedelta(), "over at once")):
        with pytest.raises(IncidentError, match=says):
            await incidents.prolong("sign-in-down", lasts, by="Robin")


async def test_what_is_stopped_stays_so(database: Database) -> None:
    """Its name is its report's; another one takes another."""
    incidents = await started(database)
    stopped = await incidents.stop("sign-in-down", by="Robin")

    assert (stopped.state, stopped.stopped_by) == ("stopped", "Robin")
    assert await incidents.matching(HERE, LOGIN) is None
    for again in (
        incidents.stop("sign-in-down", by="Kim"),
        incidents.prolong("sign-in-down", timedelta(hours=1), by="Kim"),
        incidents.stage("sign-in-down", "resolved", by="Kim"),
    ):
        with pytest.raises(IncidentError, match="was stopped"):
            await again
    with pytest.raises(IncidentError, match="so that its report stays"):
        await started(database)


async def test_a_name_is_started_once_however_many_try(database: Database) -> None:
    """Two people who were woken, two replicas."""
    tries = await asyncio.gather(*(started(database) for _ in range(4)), return_exceptions=True)

    assert sum(isinstance(one, IncidentError) for one in tries) == 3
    assert len(await Incidents(database).all()) == 1
    assert next(str(one) for one in tries if isinstance(one, IncidentError)).startswith(
        "name: sign-in-down runs already"
    )


async def test_a_stage_takes_its_own_texts_or_those_that_come_with_it(database: Database) -> None:
    """One without texts is refused: nobody would be told anything."""
    incidents = await started(database)
    with pytest.raises(IncidentError, match="no texts for identified: give them with it, or choose investigating"):
        await incidents.stage("sign-in-down", "identified", by="Kim")
    with pytest.raises(IncidentError, match="no text in de"):
        await incidents.stage("sign-in-down", "identified", by="Kim", texts={"en": "It is a certificate."})
    found = {"en": "It is a certificate.", "de": "Ein Zertifikat ist abgelaufen."}
    await incidents.stage("sign-in-down", "identified", by="Kim", texts=found)
    one = await incidents.stage("sign-in-down", "resolved", by="Kim")

    assert one.texts == {**TEXTS, "identified": found}
    assert [stage for stage, _ in one.stages] == ["investigating", "identified", "resolved"]
    running = await incidents.matching(HERE, LOGIN)
    assert running
    assert running.text("en") == ("All works again.", "en")


async def test_who_did_what_is_recorded(database: Database) -> None:
    """In the words that the admin page shows."""
    incidents = await started(database)
    await incidents.stage("sign-in-down", "resolved", by="Robin")
    await incidents.prolong("sign-in-down", timedelta(hours=9), by="Kim")
    await incidents.stop("sign-in-down", by="Robin")

    told = [f"{one.by} {change_in_words(one)}" for one in await newest_changes(database, of=("incident",))]
    assert told[0] == "Robin stopped the incident sign-in-down"
    assert told[1].startswith("Kim prolonged the incident sign-in-down until ")
    assert told[2:] == [
        "Robin took the incident sign-in-down to resolved",
        "Kim started the incident sign-in-down: Nobody can sign in",
    ]


async def test_a_message_is_recorded_once_with_what_was_said_last(database: Database) -> None:
    """A job that died records again; another message of the ticket is another row."""
    incidents = await started(database)
    running = await incidents.matching(HERE, LOGIN)
    assert running
    for stage, message in (("investigating", "m1"), ("resolved", "m1"), ("resolved", "m2")):
        await incidents.record(
            running, KEY, message, requester="1", language="en", stage=stage, asked=("How long?",), segments=("vip",)
        )

    async with database.engine.connect() as connection:
        rows = (
            await connection.execute(sa.text("SELECT message_id, stage, asked FROM incident_tickets ORDER BY 1"))
        ).all()
    assert [tuple(row) for row in rows] == [("m1", "resolved", "How long?"), ("m2", "resolved", "How long?")]
    assert (await incidents.one("sign-in-down")).tickets == 1


async def test_what_a_newer_version_wrote_matches_nothing_and_hides_no_other(database: Database) -> None:
    """While an update rolls, two versions work side by side."""
    incidents = await started(database)
    await started(database, "newer")
    async with database.engine.connect() as connection:
        await connection.execute(sa.text("""UPDATE incidents SET match = '{"moon": "full"}' WHERE name = 'newer'"""))

    found = await incidents.matching(HERE, LOGIN)
    assert found
    assert found.name == "sign-in-down"
    assert [one.match is None for one in await incidents.all()] == [True, False]


async def test_those_that_run_are_listed_first(database: Database) -> None:
    """Then the newest of the others."""
    incidents = await started(database)
    for name in ("a", "b"):
        await started(database, name)
        await incidents.stop(name, by="Kim")
    with pytest.raises(IncidentError, match="deskpilot incident list"):
        await incidents.one("c")

    assert [one.name for one in await incidents.all()] == ["sign-in-down", "b", "a"]
    assert plan().match.words == ("login",)
