"""A helpdesk that asks to slow down in the middle of a long list: nothing is lost, nothing comes twice, and it is waited for as told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from connectors.base import RetryableError
from connectors.freshdesk import simulator as freshdesk
from connectors.simulated.clock import ManualClock
from connectors.zendesk import simulator as zendesk
from tests.connectors.accounts import VENDORS, Account, Simulator, connected
from tests.connectors.test_history import MONTH, NOW

COUNT = 60


def limited(kind: str, clock: ManualClock) -> Simulator:
    """An account whose limit is used up several times on the way through a list of COUNT pages."""
    if kind == "freshdesk":
        return freshdesk.FreshdeskSimulator(clock=clock, options=freshdesk.Options(plan="Trial"))  # 50 a minute
    options = zendesk.Options(
        per_minute=25,
        csat="survey" if kind == "zendesk surveys" else "rating",
        api_role="agent" if kind == "zendesk search" else "admin",
    )
    return zendesk.ZendeskSimulator(clock=clock, options=options)


@pytest.fixture
def waited() -> list[float]:
    """Seconds that were waited, each time."""
    return []


@pytest.fixture
async def account(
    request: pytest.FixtureRequest, waited: list[float], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Account]:
    """Pages hold one entry each, and to wait moves the account's clock."""
    clock = ManualClock(NOW)

    async def pause(seconds: float) -> None:
        waited.append(seconds)
        clock.advance(seconds)

    monkeypatch.setattr("connectors.patience.pause", pause)
    for page in ("freshdesk.history._PAGE", "freshdesk.ratings._PAGE", "zendesk.history._PAGE"):
        monkeypatch.setattr(f"connectors.{page}", 1)
    monkeypatch.setattr("connectors.zendesk.paging.PAGE_SIZE", 1)
    async with connected(VENDORS[request.param.partition(" ")[0]], limited(request.param, clock)) as made:
        yield made


async def tickets(account: Account) -> list[str]:
    """So many of the last weeks, a minute apart, oldest first, each rated the day after."""
    simulator, made = account.simulator, []
    for number in range(COUNT):
        at = NOW - timedelta(days=20) + timedelta(minutes=number)
        with simulator.back_then(at) as later:
            made.append(
                await simulator.open_ticket(
                    name="Ana Sol", email="ana@example.com", subject="Parcel", text="Where is it?"
                )
            )
            later(at + timedelta(days=1))
            await simulator.rate(made[-1], "good" if number % 2 else "bad")
    return made


def refusals(account: Account) -> int:
    """How often it said 429."""
    return sum(record.status == 429 for record in account.simulator.requests)


@pytest.mark.parametrize("account", ["freshdesk", "zendesk", "zendesk search"], indirect=True)
async def test_the_past_is_read_to_its_end_through_a_rate_limit(account: Account, waited: list[float]) -> None:
    """Each ticket once, in order; one wait for each refusal, as long as the rest of the minute."""
    made = await tickets(account)
    found = [past.id async for past in account.helpdesk.history(MONTH)]

    assert found == made
    assert len(waited) == refusals(account) >= 1
    assert all(0 < seconds <= 60 for seconds in waited)


@pytest.mark.parametrize("account", ["freshdesk", "zendesk ratings", "zendesk surveys"], indirect=True)
async def test_ratings_are_read_to_their_end_through_a_rate_limit(account: Account, waited: list[float]) -> None:
    """Each once, with its score."""
    made = await tickets(account)
    found = [(one.ticket_id, one.score) async for one in account.helpdesk.ratings_since(MONTH)]

    assert sorted(found) == sorted((id_, 1 if number % 2 else -1) for number, id_ in enumerate(made))
    assert len(waited) == refusals(account) >= 1
    assert all(0 < seconds <= 60 for seconds in waited)


@pytest.mark.parametrize("account", ["freshdesk"], indirect=True)
async def test_who_never_lets_us_in_is_not_asked_for_ever(account: Account, waited: list[float]) -> None:
    """The next run begins there."""
    await tickets(account)
    assert isinstance(account.simulator, freshdesk.FreshdeskSimulator)
    account.simulator.faults.refused = 100
    with pytest.raises(RetryableError):
        _ = [past async for past in account.helpdesk.history(MONTH)]

    assert len(waited) == 5


@pytest.mark.parametrize("account", ["zendesk"], indirect=True)
async def test_who_asks_for_an_hour_is_not_waited_for(account: Account, waited: list[float]) -> None:
    """Nobody watches a command that stands still."""
    await tickets(account)
    assert isinstance(account.simulator, zendesk.ZendeskSimulator)
    account.simulator.faults.unavailable = 1
    account.simulator.faults.retry_after_s = 3_600
    with pytest.raises(RetryableError):
        _ = [past async for past in account.helpdesk.history(MONTH)]

    assert waited == []
