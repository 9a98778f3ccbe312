"""Drift in the database: told once, in force for every ticket, and lowered by a person alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from service.changes import newest_changes
from service.database import Database
from service.ledger import TicketKey
from service.pilot import change_in_words
from service.quality.watching import DriftError, Drifts
from service.triage.store import Triages
from tests.service.quality.answers import answered

DAY = timedelta(days=1)


@pytest.fixture
async def drifted(database: Database) -> Drifts:
    """Parcels whose drafts were sent two weeks ago, and are not any more; and billing, which is as it was."""
    now = datetime.now(UTC)
    await answered(database, range(200), at=now - 14 * DAY, category="parcel", confidence=0.7)
    await answered(database, range(200, 400), at=now - 14 * DAY, category="billing", confidence=0.7)
    await answered(database, range(400, 450), at=now - DAY, category="parcel", use="unused", confidence=0.7)
    await answered(database, range(450, 500), at=now - DAY, category="billing", confidence=0.7)
    return Drifts(database)


async def raised(database: Database) -> frozenset[str]:
    """What the next ticket is judged by."""
    return (await Triages(database).past(TicketKey("zendesk", "acme", "9"))).drifted


async def days_pass(database: Database, days: int) -> None:
    """For what was lowered."""
    async with database.engine.connect() as connection:
        await connection.execute(sa.text("UPDATE drifts SET lowered_at = lowered_at - make_interval(days => :d)"), {"d": days})  # fmt: skip


async def test_a_drift_is_told_once_and_raises_its_category(database: Database, drifted: Drifts) -> None:
    """In the log and the record of changes; every ticket is judged by it, whichever process judges."""
    assert await raised(database) == frozenset()
    with capture_logs() as logs:
        assert await drifted.watch() == "acceptance of parcel"
        assert await drifted.watch() == "nothing new"

    assert [(one["event"], one["category"], one["raised"]) for one in logs] == [
        ("drafts of a category have drifted", "parcel", True)
    ]
    (standing,) = await drifted.standing()
    assert (standing.category, standing.kind, standing.raises) == ("parcel", "acceptance", True)
    assert "0 %, before 100 %" in standing.in_words
    assert await raised(database) == {"parcel"}
    (change,) = await newest_changes(database, of=("drift",))
    assert change_in_words(change) == "found that parcel has drifted (acceptance), and raised it a tier"


async def test_a_person_lowers_it_and_new_messages_must_speak_before_it_is_raised_again(
    database: Database, drifted: Drifts
) -> None:
    """The same messages would raise it at the next look. After a week, what is still worse is told again."""
    await drifted.watch()
    assert await drifted.lower("parcel", by="Kim") == ["acceptance"]
    assert await raised(database) == frozenset()
    assert await drifted.standing() == []
    with pytest.raises(DriftError, match="no drift stands for 'parcel'"):
        await drifted.lower("parcel", by="Kim")
    newest, _ = await newest_changes(database, of=("drift",))
    assert change_in_words(newest) == "lowered parcel to where the policy has it (acceptance)"

    assert await drifted.watch() == "nothing new"
    await days_pass(database, 8)
    assert await drifted.watch() == "acceptance of parcel"


async def test_what_is_in_no_figure_has_not_drifted(database: Database) -> None:
    """Neither the past before go-live, nor merges, nor the hold-out, whose replies are nobody's draft."""
    now = datetime.now(UTC)
    await answered(database, range(200), at=now - 14 * DAY, category="parcel")
    await answered(database, range(200, 240), at=now - DAY, category="parcel")
    await answered(database, range(300, 400), at=now - DAY, category="parcel", use="unused", excluded="merged")
    await answered(database, range(400, 500), at=now - DAY, category="parcel", arm="baseline", use="unused")
    await answered(database, range(500, 600), at=now - DAY, category="parcel", arm="holdout", use="")
    assert await Drifts(database).watch() == "nothing new"


async def test_without_messages_nothing_has_drifted(database: Database) -> None:
    """The first day."""
    assert await Drifts(database).watch() == "nothing new"
