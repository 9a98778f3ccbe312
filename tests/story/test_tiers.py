"""The three tiers in the whole story: a draft, a draft that a person must check, and a person."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.database import Database
from tests.story.one_desk import freshdesk, zendesk
from tests.story.team import Team, team


@pytest.fixture(params=[zendesk, freshdesk])
async def here(request: pytest.FixtureRequest, database: Database, data_dir: Path) -> AsyncIterator[Team]:
    """A team at one account of either kind."""
    async with team(request.param, database, data_dir) as opened:
        yield opened


async def test_each_tier_gets_what_the_policy_grants_it(here: Team) -> None:
    """A draft; a draft with its checks; and for a person a packet, for which nobody asks the model to draft."""
    first = await here.told("The tracking of my parcel has not moved for nine days. Is it lost?", who="ana")
    assert (first.verdict, first.details["tier"], first.details["writer"]) == ("ready", 1, "model")
    assert "new kettle free of charge" in first.html
    assert here.calls() == ["fast", "main"]

    second = await here.told("The tracking of my samovar has not moved for nine days. Is it lost?", who="bea")
    assert (second.verdict, second.details["tier"], second.details["writer"]) == ("ready", 2, "model")
    assert "Is it the copper one?" in second.html
    assert "A samovar is not a kettle" in second.html
    assert "new kettle free of charge" in second.html
    assert here.calls() == ["fast", "main"]

    third = await here.told("How much citric acid do I take for my kettle?", who="cem")
    assert (third.verdict, third.details["tier"]) == ("person", 3)
    for said in ("Chemicals are for the laboratory", "Warehouse", "that it is harmless", "I have read what you wrote"):
        assert said in third.html
    assert "new kettle" not in third.html
    assert here.calls() == ["fast"]
    assert third.details["rules"] == ["descaler is for the laboratory"]
