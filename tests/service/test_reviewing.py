"""`deskpilot drift` and `deskpilot reviews`: for people a table, for programs JSON."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from service import reviewing
from service.database import Database, open_database
from service.quality.store import Review, Samples
from service.quality.watching import DriftError, Drifts
from service.settings import Settings
from tests.service.quality.answers import answered, drawn

DAY = timedelta(days=1)


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    """Of the commands."""
    async with open_database(settings) as opened:
        yield opened


@pytest.fixture
def settings(database_url: str) -> Settings:
    """Of a team."""
    return Settings(database_url=SecretStr(database_url))


def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    """The JSON that a command wrote."""
    return json.loads(capsys.readouterr().out)


async def test_a_drift_is_listed_and_lowered(
    settings: Settings, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that does not stand is an error with what to do."""
    await reviewing.show_drifts(settings, as_json=False)
    assert "Nothing has drifted." in capsys.readouterr().out
    now = datetime.now(UTC)
    await answered(database, range(200), at=now - 14 * DAY, category="parcel")
    await answered(database, range(400, 450), at=now - DAY, category="parcel", use="unused")
    await Drifts(database).watch()
    capsys.readouterr()  # its log

    await reviewing.show_drifts(settings, as_json=True)
    (told,) = printed(capsys)
    assert (told["category"], told["kind"], told["raises"], told["before"], told["now"]) == (
        "parcel", "acceptance", True, 1.0, 0.0,
    )  # fmt: skip
    await reviewing.show_drifts(settings, as_json=False)
    assert "parcel, a tier higher" in capsys.readouterr().out

    await reviewing.lower_category(settings, "parcel", by="Kim")
    assert "parcel stands where the policy has it: acceptance" in capsys.readouterr().err
    with pytest.raises(DriftError, match="deskpilot drift list"):
        await reviewing.lower_category(settings, "parcel", by="Kim")


async def test_how_far_the_reviews_are_is_printed(
    settings: Settings, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody is in it: neither reviewers nor agents are compared."""
    await reviewing.show_reviews(settings, as_json=False)
    assert "No sample is drawn yet" in capsys.readouterr().out
    samples = Samples(database)
    await drawn(samples, *range(31))
    for name in ("Ana", "Bea"):
        while one := await samples.next_for(name):
            await samples.judge(one.id, Review(name, {"tone": one.id % 3, "intent": 2}))

    await reviewing.show_reviews(settings, as_json=True)
    told = printed(capsys)
    assert told["weeks"] == [{"monday": "2026-11-16", "of": 31, "once": 0, "twice": 31}]
    assert told["agreement"]["Tone"] == {"pairs": 31, "same": 31, "kappa": 1.0}
    assert told["agreement"]["Understood"]["kappa"] is None
    await reviewing.show_reviews(settings, as_json=False)
    said = capsys.readouterr().out
    assert "100 %" in said
    assert "Ana" not in said
