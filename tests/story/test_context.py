"""What is known about a customer beside the ticket, in the whole story."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from service.context.store import Context, Contexts, Signal
from service.database import Database
from service.groups import LookupSettings
from tests.service.context.crm import Crm, crm, hangs, says
from tests.story.one_desk import freshdesk, zendesk
from tests.story.team import Team, team

WISH = "Where is my parcel? I want to speak to a real person."
ONE_SIGN = "I am writing again because nobody answered: which tracking number does my parcel have?"


@pytest.fixture
async def known() -> AsyncIterator[Crm]:
    """The team's customers, in a system of its own."""
    async with crm() as opened:
        yield opened


@pytest.fixture(params=[zendesk, freshdesk])
async def here(request: pytest.FixtureRequest, database: Database, data_dir: Path, known: Crm) -> AsyncIterator[Team]:
    """A team that asks that system, at one account of either kind."""
    lookup = {
        "name": "crm",
        "url": f"{known.url}/people?email={{email}}",
        "headers": {"Authorization": "Bearer {secret:CRM}"},
        "fields": {"plan": "person.plan", "account_health": "person.health"},
    }
    settings = LookupSettings(secrets=SecretStr("CRM=token-of-the-crm"))
    async with team(
        request.param, database, data_dir, policy=lambda _: {"lookups": [lookup]}, lookup=settings
    ) as opened:
        yield opened


async def test_what_is_known_stands_in_the_packet_and_decides(here: Team, known: Crm, database: Database) -> None:
    """A look-up's answer and what the product pushed; a plan that counts more lowers what is needed for a person."""
    known.answer = says({"person": {"plan": "enterprise", "health": "poor"}})
    now = datetime.now(UTC)
    contexts, soon = Contexts(database), now + timedelta(hours=1)
    await contexts.put([Context("ana@customer.example", {"page": "/checkout"}, soon)])
    await contexts.happened([Signal("s1", "ana@customer.example", "sync_failed", {}, soon)])
    packet = (await here.told(WISH, who="ana")).html
    for said in ("plan enterprise", "account health poor", "page /checkout", "sync failed"):
        assert said in packet
    (asked,) = known.asked
    assert "/people?email=ana%40customer.example" in asked
    assert "Bearer token-of-the-crm" in asked

    valued = await here.told(ONE_SIGN, who="bea")
    assert (valued.verdict, valued.details["segments"]) == ("person", ["high_value"])
    prompts = "".join(one.text for one in here.model.requests)
    assert "token-of-the-crm" not in prompts
    known.answer = says({"person": {"plan": "free"}})
    assert (await here.told(ONE_SIGN, who="cem")).verdict == "ready"


async def test_a_look_up_that_hangs_costs_little_and_the_packet_says_unknown(here: Team, known: Crm) -> None:
    """The note comes all the same, though the answer never does."""
    known.answer = hangs
    packet = (await here.told(WISH, who="ana")).html
    assert "plan unknown" in packet
    assert "account health unknown" in packet
    assert len(known.asked) == 1
