"""An account's past, and what requesters thought of it: the same words from every vendor."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from connectors.base import ForbiddenError, PastTicket, Rating
from connectors.freshdesk import simulator as freshdesk
from connectors.zendesk import simulator as zendesk
from tests.connectors.accounts import VENDORS, Account, Simulator, connected

NOW = datetime.now(UTC).replace(microsecond=0)
MONTH = NOW - timedelta(days=30)


def simulated(kind: str) -> Simulator:
    """An account whose requesters are asked in this way."""
    if kind == "freshdesk":
        return freshdesk.FreshdeskSimulator()
    if kind == "zendesk ratings":
        return zendesk.ZendeskSimulator()
    return zendesk.ZendeskSimulator(options=zendesk.Options(csat="survey"))


@pytest.fixture(params=["freshdesk", "zendesk ratings", "zendesk surveys"])
async def account(request: pytest.FixtureRequest) -> AsyncIterator[Account]:
    """Both vendors, and both kinds of Zendesk's surveys."""
    async with connected(VENDORS[request.param.partition(" ")[0]], simulated(request.param)) as made:
        yield made


async def long_ago(account: Account, *, days: int, subject: str = "Parcel") -> str:
    """A ticket that was answered after an hour and solved after three, so many days ago."""
    simulator, at = account.simulator, NOW - timedelta(days=days)
    with simulator.back_then(at) as later:
        ticket_id = await simulator.open_ticket(
            name="Ana Sol", email="ana@example.com", subject=subject, text="Where is my parcel?", tags=["vip"]
        )
        later(at + timedelta(hours=1))
        await simulator.agent_message(ticket_id, text="On its way.", public=True)
        later(at + timedelta(hours=3))
        await simulator.set_status(ticket_id, "solved")
    return ticket_id


async def read(account: Account, since: datetime) -> dict[str, PastTicket]:
    """The history, by id."""
    return {past.id: past async for past in account.helpdesk.history(since)}


async def test_the_past_is_told_with_its_times_in_few_calls(account: Account) -> None:
    """No call per ticket."""
    ids = [await long_ago(account, days=days) for days in range(1, 21)]
    before = len(account.simulator.requests)
    found = await read(account, MONTH)

    assert list(found) == list(reversed(ids)) or set(found) == set(ids)
    past = found[ids[9]]
    assert (past.subject, past.status, past.channel) == ("Parcel", "solved", "email")
    assert "Where is my parcel?" in past.text
    assert past.opened_at == NOW - timedelta(days=10)
    assert past.first_reply_at == past.opened_at + timedelta(hours=1)
    assert past.solved_at == past.opened_at + timedelta(hours=3)
    assert past.reopens == 0
    assert past.replies == (None if account.helpdesk.name == "freshdesk" else 1)
    assert past.tags == ("vip",)
    assert past.requester
    assert len(account.simulator.requests) - before <= 3


async def test_only_what_changed_since_then_is_told(account: Account) -> None:
    """And what was reopened says so."""
    old, young = await long_ago(account, days=40), await long_ago(account, days=5)
    simulator = account.simulator
    with simulator.back_then(NOW - timedelta(days=2)):
        await simulator.customer_message(young, text="It still is not here.")
    found = await read(account, MONTH)

    assert old not in found
    assert found[young].reopens == 1
    assert found[young].status == "open"


async def test_a_ticket_that_is_read_alone_says_when_it_was_solved_where_that_costs_nothing(account: Account) -> None:
    """In the same call as everything else; at Freshdesk it would cost a call of the account's limit, for each look."""
    ticket = await account.helpdesk.ticket(await long_ago(account, days=3))
    solved = NOW - timedelta(days=3) + timedelta(hours=3)

    assert ticket.solved_at == (None if account.helpdesk.name == "freshdesk" else solved)


async def test_nobody_outside_hears_of_the_past(account: Account) -> None:
    """A history that is made up for a test calls no webhook."""
    simulator = account.simulator
    simulator.connect_webhook("http://listener.test/hook")
    await long_ago(account, days=3)
    await simulator.settle()
    told = simulator.deliveries

    assert not (told if isinstance(told, list) else [*told.pending, *told.invocations])


async def rated(account: Account, since: datetime = MONTH) -> dict[str, Rating]:
    """The newest of each ticket."""
    newest: dict[str, Rating] = {}
    async for one in account.helpdesk.ratings_since(since):
        if one.ticket_id not in newest or one.at >= newest[one.ticket_id].at:
            newest[one.ticket_id] = one
    return newest


async def test_a_rating_is_told_changed_and_taken_back(account: Account) -> None:
    """The newest word counts."""
    good, changed, withdrawn = [await long_ago(account, days=9) for _ in range(3)]
    simulator = account.simulator
    with simulator.back_then(NOW - timedelta(days=8)) as later:
        for one in (good, changed, withdrawn):
            await simulator.rate(one, "good")
        later(NOW - timedelta(days=7))
        await simulator.rate(changed, "bad")
        await simulator.unrate(withdrawn)
    found = await rated(account)

    assert {one: found[one].score for one in (good, changed, withdrawn)} == {good: 1, changed: -1, withdrawn: None}
    assert found[changed].at == NOW - timedelta(days=7)


async def test_an_old_rating_that_changes_is_told_again(account: Account) -> None:
    """Though the older lists go by when a rating was made."""
    ticket_id = await long_ago(account, days=25)
    simulator = account.simulator
    with simulator.back_then(NOW - timedelta(days=20)) as later:
        await simulator.rate(ticket_id, "bad")
        later(NOW - timedelta(days=1))
        await simulator.rate(ticket_id, "good")

    assert (await rated(account, NOW - timedelta(days=2)))[ticket_id].score == 1
    assert await rated(account, NOW - timedelta(hours=12)) == {}


async def test_an_account_without_surveys_says_that_there_are_none() -> None:
    """Not that everybody is silent."""
    without: dict[str, Simulator] = {
        "zendesk": zendesk.ZendeskSimulator(options=zendesk.Options(csat="none")),
        "freshdesk": freshdesk.FreshdeskSimulator(options=freshdesk.Options(surveys=False)),
    }
    for name, simulator in without.items():
        async with connected(VENDORS[name], simulator) as account:
            with pytest.raises(ForbiddenError):
                await rated(account)


async def test_without_the_rights_of_an_admin_zendesks_past_is_searched() -> None:
    """Then nobody tells how many replies there were."""
    simulator = zendesk.ZendeskSimulator(options=zendesk.Options(api_role="agent"))
    async with connected(VENDORS["zendesk"], simulator) as account:
        ticket_id = await long_ago(account, days=3)
        past = (await read(account, MONTH))[ticket_id]

    assert (past.status, past.replies, past.solved_at) == ("solved", None, None)
