"""Fields that the policy allows to be written, in the whole story: once, with the note, and never over a person's choice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from service.database import Database
from tests.story.one_desk import freshdesk, zendesk
from tests.story.team import POLICY, Team, team
from tests.writes import is_ours_to_send

LOST = "The tracking of my parcel has not moved for nine days. Is it lost?"
THEN = {"group": "warehouse", "priority": "high", "tags": ["ai_parcel", "vip"]}


def that_writes(simulator: Any) -> dict[str, Any]:
    """A policy by which group, priority, some tags and two custom fields are written."""
    number, intent, shelf = (
        simulator.add_group("Warehouse"),
        simulator.add_field("Intent"),
        simulator.add_field("Shelf"),
    )
    groups = {**POLICY["groups"], "warehouse": {"title": {"en": "Warehouse"}, "zendesk": number, "freshdesk": number}}
    return {
        "groups": groups,
        "rules": [{"name": "parcels", "when": {"words": "parcel"}, "then": {**THEN, "fields": {shelf: "B7"}}}],
        "write": {"group": True, "priority": True, "tags": "ai_*", "fields": {"intent": intent}, "values": shelf},
    }


@pytest.fixture(params=[zendesk, freshdesk])
async def here(request: pytest.FixtureRequest, database: Database, data_dir: Path) -> AsyncIterator[Team]:
    """A team whose policy writes fields, at one account of either kind."""
    async with team(request.param, database, data_dir, policy=that_writes) as opened:
        yield opened


async def test_what_the_policy_allows_is_set_once_and_a_persons_choice_stands(here: Team) -> None:
    """One update with the note; what an agent makes of it afterwards, or chose before, is theirs."""
    simulator = here.desk.simulator
    number, (intent, shelf) = simulator.add_group("Warehouse"), own_fields(here)
    ticket_id = await here.ask(LOST, who="ana")
    await here.looked(ticket_id)
    found = simulator.fields_of(ticket_id)
    assert (found.group, found.priority, found.tags) == (number, "high", ("ai_parcel",))  # "vip" is not allowed
    assert found.custom == {intent: "parcel lost", shelf: "B7"}
    assert len(here.desk.writes) == (1 if here.desk.name == "zendesk" else 2)  # Freshdesk's notes carry no fields

    await simulator.agent_sets(ticket_id, priority="low", custom={shelf: "C1", intent: ""})
    await here.again(ticket_id, "So is my parcel really lost, or does it come?")
    found = simulator.fields_of(ticket_id)
    assert (found.group, found.priority, found.custom) == (number, "low", {shelf: "C1"})

    chosen = await here.ask(LOST, who="bea")
    await simulator.move(chosen, group="Billing")
    await simulator.agent_sets(chosen, priority="urgent", custom={shelf: "A1"})
    await here.looked(chosen)
    found = simulator.fields_of(chosen)
    assert (found.group, found.priority, found.tags) == (simulator.add_group("Billing"), "urgent", ("ai_parcel",))
    assert found.custom == {intent: "parcel lost", shelf: "A1"}
    assert all(is_ours_to_send(one.method, one.path, one.body) for one in here.desk.writes)


async def test_without_permission_the_note_suggests_and_nothing_is_set(here: Team) -> None:
    """The policy allows nothing by default."""
    policy = that_writes(here.desk.simulator)
    await here.rewrite(groups=policy["groups"], rules=policy["rules"])
    ticket_id = await here.ask(LOST)
    before = here.desk.simulator.fields_of(ticket_id)
    draft = await here.looked(ticket_id)

    assert here.desk.simulator.fields_of(ticket_id) == before
    assert len(here.desk.writes) == 1
    (shelf,) = policy["rules"][0]["then"]["fields"]
    for said in ("Warehouse", "high", "ai_parcel, vip", f"field {shelf} B7"):
        assert said in draft.html


def own_fields(here: Team) -> list[str]:
    """The custom fields of the policy: intent and shelf."""
    write = here.desk.policies.current().policy.write
    return [write.fields["intent"], *write.values]
