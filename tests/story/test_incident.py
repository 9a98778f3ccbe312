"""An incident from its rehearsal to its report, in the whole story."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.database import Database
from service.incidents.history import History
from service.incidents.plan import Plan
from service.incidents.rehearsal import Rehearsal
from service.incidents.store import Incidents
from tests import dump
from tests.service.incidents.holding import shifted
from tests.story.one_desk import freshdesk, zendesk
from tests.story.team import Team, team

LOST = "The tracking of my parcel has not moved for nine days. Is it lost?"
STATUS = {
    "en": "Our carrier is on strike. Parcels move again on Monday.",
    "de": "Unser Paketdienst streikt. Ab Montag geht es weiter.",
}
PLAN = Plan.model_validate({
    "name": "carrier-strike",
    "title": "The carrier is on strike",
    "match": {"words": ["parcel", "Paket"]},
    "texts": {"investigating": STATUS},
    "expires": "4h",
})  # fmt: skip


@pytest.fixture(params=[zendesk, freshdesk])
async def here(request: pytest.FixtureRequest, database: Database, data_dir: Path) -> AsyncIterator[Team]:
    """A team at one account of either kind."""
    async with team(request.param, database, data_dir) as opened:
        yield opened


async def test_an_incident_is_rehearsed_started_expired_and_reported(here: Team, database: Database) -> None:
    """While it runs, its tickets get the status text and no troubleshooting; whom only a person may answer still gets one."""
    before = await here.told(LOST, who="ana")
    policy, desks = here.desk.policies.current().policy, here.desk.library.helpdesks
    assert before.details["writer"] == "model"
    rows, writes = await dump.tables(database.conninfo), len(here.desk.writes)
    done = await Rehearsal(History(database), policy, desks).run(PLAN, days=7)
    assert [hit.ticket for hit in done.hits] == [f"{here.desk.name}:{before.key.ticket_id}"]
    assert (await dump.tables(database.conninfo), len(here.desk.writes)) == (rows, writes)

    incidents = Incidents(database)
    await incidents.start(PLAN, by="Kim", languages=policy.languages)
    here.heard["Paket"] = {"language": "de"}
    here.calls()
    english = await here.told(f"{LOST} Who pays for the tea that spoils meanwhile?", who="bea")
    german = await here.told("Guten Tag, mein Paket kommt seit neun Tagen nicht. Ist es verloren?", who="cem")
    for draft, text in ((english, STATUS["en"]), (german, STATUS["de"])):
        assert (draft.verdict, draft.details["writer"], draft.details["incident"]) == ("ready", "approved", PLAN.title)
        assert text in draft.html
        assert "new kettle" not in draft.html
    assert here.calls() == ["fast", "fast"]

    person = await here.told("My parcel is not here. I want to speak to a real person.", who="dea")
    assert (person.verdict, person.details["incident"]) == ("person", PLAN.title)
    assert PLAN.title in person.html
    assert STATUS["en"] not in person.html
    other = await here.told("Which kettle is the one that whistles?", who="eli")
    assert (other.details["writer"], other.details["incident"]) == ("model", "")

    await shifted(database, 5, PLAN.name)
    after = await here.told(LOST, who="fay")
    assert (after.details["writer"], after.details["incident"]) == ("model", "")
    report = await History(database).report(await incidents.one(PLAN.name), policy)
    assert (report.incident.state, report.tickets, report.for_people) == ("expired", 3, 1)
    assert sorted(report.texts) == [("investigating", "de", 1), ("investigating", "en", 1)]
    assert any("tea that spoils" in one.question for one in report.questions)
