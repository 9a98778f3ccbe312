"""How it was before, read from both helpdesks; and the ratings that come later."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.base import Helpdesk, RetryableError
from connectors.freshdesk.simulator import FreshdeskSimulator, Options
from connectors.zendesk.simulator import Options as ZendeskOptions
from connectors.zendesk.simulator import ZendeskSimulator
from service.database import Database
from service.outcomes.baseline import Baseline, Imported
from service.outcomes.ratings import Ratings
from service.policy.reading import builtin
from service.triage.categories import Categories
from service.vectors import EmbeddedVectors
from tests.connectors.accounts import VENDORS, Account, connected
from tests.connectors.test_history import NOW, long_ago

SINCE = NOW - timedelta(days=90)


@pytest.fixture(params=sorted(VENDORS))
async def account(request: pytest.FixtureRequest) -> AsyncIterator[Account]:
    """Every vendor in turn."""
    async with connected(VENDORS[request.param], VENDORS[request.param].simulator()) as made:
        yield made


@pytest.fixture
async def baseline(database: Database, tmp_path: Path) -> AsyncIterator[Baseline]:
    """With the built-in policy's examples."""
    examples = EmbeddedVectors(tmp_path / "examples")
    yield Baseline(database, Categories(examples), builtin().policy)
    await examples.close()


async def read(baseline: Baseline, desk: Helpdesk) -> Imported:
    """All of it."""
    return await baseline.read(desk, since=SINCE, told=lambda _: None)


async def kept(database: Database) -> dict[str, Any]:
    """By ticket."""
    async with database.engine.connect() as connection:
        return {row.ticket_id: row for row in await connection.execute(sa.text("SELECT * FROM resolutions"))}


async def test_the_past_is_kept_as_it_was(account: Account, baseline: Baseline, database: Database) -> None:
    """Times, language, rating; nobody's words."""
    ticket_id = await long_ago(account, days=10, subject="I would like to know where my parcel is and when it arrives")
    made = await read(baseline, account.helpdesk)
    row = (await kept(database))[ticket_id]

    assert (made.tickets, made.left_out) == (1, {})
    assert (row.arm, row.label, row.excluded, row.language) == ("baseline", "human_only", "", "en")
    assert row.solved_at - row.opened_at == timedelta(hours=3)
    assert row.first_reply_at - row.opened_at == timedelta(hours=1)
    assert row.exchanges == (None if account.helpdesk.name == "freshdesk" else 1)
    assert row.details == {}


async def test_read_twice_it_is_there_once_and_the_second_time_only_what_is_new(
    account: Account, baseline: Baseline, database: Database
) -> None:
    """It goes on where it stopped."""
    first = await long_ago(account, days=10)
    await read(baseline, account.helpdesk)
    second = await long_ago(account, days=2)
    made = await read(baseline, account.helpdesk)

    assert set(await kept(database)) == {first, second}
    assert made.resumed is not None


async def test_what_we_looked_at_ourselves_and_what_came_later_stays_as_it_is(
    account: Account, baseline: Baseline, database: Database
) -> None:
    """After the first note nothing is a baseline."""
    known, before, after = [await long_ago(account, days=days) for days in (20, 18, 3)]
    name, desk = account.helpdesk.name, account.helpdesk.account
    async with database.engine.connect() as connection:
        given = {"helpdesk": name, "account": desk, "ticket": known, "at": NOW - timedelta(days=5)}
        await connection.execute(
            sa.text("""
                INSERT INTO resolutions (helpdesk, account, ticket_id, arm, opened_at) VALUES (:helpdesk, :account, :ticket, 'silent', :at);
            """),
            given,
        )
        await connection.execute(
            sa.text("""
                INSERT INTO drafts (helpdesk, account, ticket_id, message_id, reference, verdict, html, details, posted_at)
                VALUES (:helpdesk, :account, '999', '1', 'DP-7K2QX', 'ready', '', '{}', :at)
            """),
            given,
        )
    await read(baseline, account.helpdesk)
    rows = await kept(database)

    assert set(rows) == {known, before}
    assert after not in rows
    assert (rows[known].arm, rows[before].arm) == ("silent", "baseline")


async def test_what_is_no_question_is_left_out_and_counted(account: Account, baseline: Baseline) -> None:
    """As everywhere."""
    await long_ago(account, days=10, subject="Automatic reply: away")

    assert (await read(baseline, account.helpdesk)).left_out == {"automatic": 1}


async def test_a_helpdesk_that_stops_answering_is_read_on_later(
    account: Account, baseline: Baseline, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that was read is lost."""
    for days in range(2, 12):
        await long_ago(account, days=days)
    monkeypatch.setattr("service.outcomes.baseline._BATCH", 4)
    real = account.helpdesk.history

    async def breaks(since: datetime) -> AsyncIterator[Any]:
        count = 0
        async for past in real(since):
            if count == 9:
                raise RetryableError("the helpdesk answered 503")
            count += 1
            yield past

    monkeypatch.setattr(account.helpdesk, "history", breaks)
    with pytest.raises(RetryableError):
        await read(baseline, account.helpdesk)
    assert len(await kept(database)) == 8
    monkeypatch.setattr(account.helpdesk, "history", real)
    made = await read(baseline, account.helpdesk)

    assert len(await kept(database)) == 10
    assert made.resumed is not None


async def test_ratings_that_come_later_change_and_go_are_kept_so(
    account: Account, baseline: Baseline, database: Database
) -> None:
    """By a round of their own; a ticket that nobody knows gets no row."""
    good, fickle = await long_ago(account, days=10), await long_ago(account, days=9)
    await read(baseline, account.helpdesk)
    simulator = account.simulator
    unknown = await long_ago(account, days=8)
    ratings = Ratings(database, {account.helpdesk.name: account.helpdesk})
    with simulator.back_then(NOW - timedelta(days=7)) as later:
        for one in (good, fickle, unknown):
            await simulator.rate(one, "good")
        assert await ratings.read() == f"{account.helpdesk.name}: 2"
        rows = await kept(database)
        assert (rows[good].csat, rows[fickle].csat, set(rows)) == (1, 1, {good, fickle})

        later(NOW - timedelta(days=5))
        await simulator.rate(fickle, "bad")
        await simulator.unrate(good)
    await ratings.read()
    rows = await kept(database)
    assert (rows[good].csat, rows[fickle].csat) == (None, -1)
    assert await ratings.read() == f"{account.helpdesk.name}: 0"
    assert rows[fickle].csat_at.astimezone(UTC) == NOW - timedelta(days=5)


async def test_an_account_without_surveys_costs_the_others_nothing(database: Database) -> None:
    """The round says so and goes on."""
    without = FreshdeskSimulator(options=Options(surveys=False))
    async with (
        connected(VENDORS["freshdesk"], without) as silent,
        connected(VENDORS["zendesk"], VENDORS["zendesk"].simulator()) as account,
    ):
        ratings = Ratings(database, {"freshdesk": silent.helpdesk, "zendesk": account.helpdesk})

        assert await ratings.read() == "freshdesk: none told, zendesk: 0"


async def test_a_rating_stays_when_the_past_is_read_again(
    account: Account, baseline: Baseline, database: Database
) -> None:
    """The list of tickets need not tell it: Freshdesk's never does."""
    ticket_id = await long_ago(account, days=10)
    await read(baseline, account.helpdesk)
    with account.simulator.back_then(NOW - timedelta(days=8)):
        await account.simulator.rate(ticket_id, "good")
    await Ratings(database, {account.helpdesk.name: account.helpdesk}).read()
    with account.simulator.back_then(NOW - timedelta(days=1)):
        await account.simulator.add_tag(ticket_id, "vip")
    await read(baseline, account.helpdesk)

    assert (await kept(database))[ticket_id].csat == 1


async def test_ratings_of_the_whole_past_come_with_it_whatever_the_round_has_read(
    account: Account, baseline: Baseline, database: Database
) -> None:
    """The round looks back thirty days, and passes over tickets that nobody knows yet."""
    old, young = await long_ago(account, days=65), await long_ago(account, days=10)
    with account.simulator.back_then(NOW - timedelta(days=60)) as later:
        await account.simulator.rate(old, "bad")
        later(NOW - timedelta(days=8))
        await account.simulator.rate(young, "good")
    await Ratings(database, {account.helpdesk.name: account.helpdesk}).read()
    await read(baseline, account.helpdesk)
    rows = await kept(database)

    assert (rows[old].csat, rows[young].csat) == (-1, 1)


async def test_a_search_that_was_interrupted_loses_no_ticket(
    baseline: Baseline, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It gives tickets by their creation, and it is gone on with by their last change."""
    simulator = ZendeskSimulator(options=ZendeskOptions(api_role="agent"))
    monkeypatch.setattr("service.outcomes.baseline._BATCH", 2)
    async with connected(VENDORS["zendesk"], simulator) as account:
        ids = [await long_ago(account, days=days) for days in range(20, 13, -1)]
        with simulator.back_then(NOW - timedelta(days=1)):
            await simulator.add_tag(ids[0], "changed late")
        real = account.helpdesk.history

        async def breaks(since: datetime) -> AsyncIterator[Any]:
            count = 0
            async for past in real(since):
                if count == 3:
                    raise RetryableError("the helpdesk answered 503")
                count += 1
                yield past

        monkeypatch.setattr(account.helpdesk, "history", breaks)
        with pytest.raises(RetryableError):
            await read(baseline, account.helpdesk)
        monkeypatch.setattr(account.helpdesk, "history", real)
        made = await read(baseline, account.helpdesk)

    assert set(await kept(database)) == set(ids)
    assert made.tickets == len(ids)
