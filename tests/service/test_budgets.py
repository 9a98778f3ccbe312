"""Rate limits shared by everybody on one database: never more than our share, live tickets before the rest."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from pydantic import SecretStr

from connectors import Account, connect
from connectors.base import SpentError
from connectors.budget import Bucket
from connectors.freshdesk.simulator import FreshdeskSimulator
from connectors.freshdesk.simulator import options as freshdesk_options
from connectors.zendesk.simulator import ZendeskSimulator
from connectors.zendesk.simulator import options as zendesk_options
from service.budgets import BACKGROUND_SHARE, SLOTS, Budgets, ShareOfAccount
from service.database import Database, open_database
from service.settings import Settings
from tests.connectors.network import network

CALLS = Bucket("calls", 100)

SLOT_S = 3600
SLOWLY = Bucket("calls", 100, window_s=SLOTS * SLOT_S)
"""For tests that let time pass: in slots of an hour, which no test sees the end of by chance."""


@pytest.fixture
def ours(database: Database) -> ShareOfAccount:
    """What live tickets may take of one account."""
    return Budgets(database).of("zendesk acme")


@pytest.fixture
async def another(database_url: str) -> AsyncIterator[ShareOfAccount]:
    """The same, in another replica."""
    async with open_database(Settings(database_url=SecretStr(database_url))) as opened:
        yield Budgets(opened).of("zendesk acme")


async def taken(*shares: ShareOfAccount, bucket: Bucket = CALLS) -> int:
    """Take all that there is, in turn; how many calls that was."""
    number = 0
    while await allowed(shares[number % len(shares)], bucket):
        number += 1
    return number


async def allowed(share: ShareOfAccount, bucket: Bucket) -> bool:
    """Take one call, if there is room."""
    try:
        await share.take(bucket)
    except SpentError:
        return False
    return True


async def refusal(share: ShareOfAccount, bucket: Bucket = CALLS) -> float:
    """When a refused call may come again."""
    with pytest.raises(SpentError) as caught:
        await share.take(bucket)
    assert caught.value.after_s is not None
    return caught.value.after_s


async def pass_by(database: Database, seconds: float) -> None:
    """Let time pass for every bucket: what was, was earlier."""
    async with database.engine.begin() as connection:
        await connection.execute(
            sa.text("UPDATE budgets SET newest = newest - :by, blocked_until = blocked_until - :by"),
            {"by": timedelta(seconds=seconds)},
        )


async def test_nine_tenths_of_the_limit_are_ours(ours: ShareOfAccount) -> None:
    """The rest is for whoever else calls the account."""
    assert await taken(ours) == 90


async def test_replicas_share_one_budget(ours: ShareOfAccount, another: ShareOfAccount) -> None:
    """Two processes, one account, one limit."""
    assert await taken(ours, another) == 90
    assert await taken(another) == 0


async def test_calls_at_the_same_time_are_all_counted(ours: ShareOfAccount, another: ShareOfAccount) -> None:
    """Nothing is read, changed and written back while somebody else does the same."""
    every = await asyncio.gather(
        *(share.take(CALLS) for share in (ours, another) for _ in range(60)), return_exceptions=True
    )

    assert [type(one) for one in every].count(SpentError) == 30


async def test_accounts_and_buckets_do_not_touch_each_other(database: Database, ours: ShareOfAccount) -> None:
    """A full ticket leaves every other ticket its own."""
    assert await taken(ours, bucket=Bucket("updates of ticket 1", 30, 600)) == 27
    assert await taken(ours, bucket=Bucket("updates of ticket 2", 30, 600)) == 27
    assert await taken(Budgets(database).of("freshdesk acme")) == 90
    assert await taken(ours) == 90


async def test_a_call_may_cost_more_than_one(ours: ShareOfAccount) -> None:
    """Freshdesk counts what is included."""
    assert await taken(ours, bucket=Bucket("calls", 100, cost=4)) == 22


async def test_a_call_that_costs_more_than_there_is_goes_out_alone(database: Database, ours: ShareOfAccount) -> None:
    """Once in a window; else it would wait for ever."""
    dear = Bucket("calls", 2, window_s=SLOTS * SLOT_S, cost=3)
    assert await taken(ours, bucket=dear) == 1
    assert SLOTS * SLOT_S < await refusal(ours, dear) <= (SLOTS + 1) * SLOT_S
    await pass_by(database, (SLOTS + 1) * SLOT_S)
    assert await taken(ours, bucket=dear) == 1


async def test_the_window_slides(database: Database, ours: ShareOfAccount) -> None:
    """What a window of the vendor sees never exceeds our share, wherever that window begins."""
    asked = (0, 60, 0, 0, 25, 0, 90, 0, 0, 90, 0, 90, 0, 90, 90, 0, 0, 90, 0, 0, 0, 90, 90, 0, 90, 0, 90, 90)
    got = []
    for most in asked:
        got.append(0)
        while got[-1] < most and await allowed(ours, SLOWLY):
            got[-1] += 1
        await pass_by(database, SLOT_S)

    assert max(sum(got[start : start + SLOTS]) for start in range(len(got))) == 90
    assert got[1:7] == [60, 0, 0, 25, 0, 5]
    assert sum(got) >= 180  # what has left the window may be taken again


async def test_a_refusal_says_when_there_is_room(database: Database, ours: ShareOfAccount) -> None:
    """Not a moment before, and no more than a slot later."""
    await taken(ours, bucket=SLOWLY)
    assert SLOTS * SLOT_S < await refusal(ours, SLOWLY) <= (SLOTS + 1) * SLOT_S

    await pass_by(database, SLOTS * SLOT_S)
    assert 0 < await refusal(ours, SLOWLY) <= SLOT_S
    await pass_by(database, SLOT_S)
    await ours.take(SLOWLY)


async def test_reading_articles_stops_where_tickets_go_on(database: Database, ours: ShareOfAccount) -> None:
    """Half of the limit is all that a sync may bring the account to; the other four tenths are the tickets'."""
    sync = Budgets(database).of("zendesk acme", share=BACKGROUND_SHARE)
    assert await taken(sync) == 50
    assert await taken(ours) == 40
    assert await taken(sync) == 0


async def test_reading_articles_waits_for_its_turn(
    database: Database, ours: ShareOfAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sync is in no hurry and has nobody who would put it back."""
    await taken(ours, bucket=SLOWLY)
    waited: list[float] = []

    async def passes(seconds: float) -> None:
        waited.append(seconds)
        await pass_by(database, math.ceil(seconds / SLOT_S) * SLOT_S)  # slots begin at whole hours

    monkeypatch.setattr(asyncio, "sleep", passes)
    await Budgets(database).of("zendesk acme", share=BACKGROUND_SHARE, waits=True).take(SLOWLY)

    assert SLOTS * SLOT_S < sum(waited) <= (SLOTS + 1) * SLOT_S


async def test_what_the_vendor_asks_for_is_kept_by_everybody(
    database: Database, ours: ShareOfAccount, another: ShareOfAccount
) -> None:
    """429 with Retry-After to one replica: no other calls before."""
    await ours.blocked(CALLS, after_s=3000)
    await another.blocked(CALLS, after_s=5)  # a shorter wait does not lift a longer one

    assert 2900 < await refusal(another) <= 3000
    await pass_by(database, 2800)
    assert 100 < await refusal(another) <= 200
    await pass_by(database, 200)
    await another.take(CALLS)


async def test_the_true_limit_counts_once_it_is_known(ours: ShareOfAccount, another: ShareOfAccount) -> None:
    """Larger or smaller than was thought, for every replica."""
    await ours.learned("calls", 200)
    assert await taken(another) == 180
    await ours.learned("calls", 20)
    assert await taken(another) == 0


@pytest.mark.parametrize("seconds", [3600, -3600])
async def test_a_clock_that_is_moved_blocks_nobody_for_long(
    database: Database, ours: ShareOfAccount, seconds: float
) -> None:
    """Then nothing is known of the last minute, and counting begins anew."""
    await taken(ours)
    await pass_by(database, seconds)

    assert await taken(ours) == 90


async def test_a_block_from_another_time_is_none(database: Database, ours: ShareOfAccount) -> None:
    """No vendor asks for more than an hour; whoever seems to was heard before the clock was set back."""
    await ours.blocked(CALLS, after_s=3600)
    assert await refusal(ours) > 3590
    await pass_by(database, -3600)

    await ours.take(CALLS)


async def test_what_nobody_uses_is_forgotten(database: Database, ours: ShareOfAccount) -> None:
    """One row per ticket would stay for ever; what the vendor said of its limits stays."""
    await ours.take(Bucket("updates of ticket 1", 30, 600))
    await ours.take(CALLS)
    await ours.learned("calls", 700)
    await pass_by(database, 25 * 3600)
    await ours.take(Bucket("updates of ticket 2", 30, 600))
    await Budgets(database).forget_old()

    async with database.engine.connect() as connection:
        names = (await connection.execute(sa.text("SELECT name FROM budgets ORDER BY name"))).scalars().all()
    assert names == ["zendesk acme: calls", "zendesk acme: updates of ticket 2"]


async def test_nothing_else_is_written_as_carelessly(database: Database, ours: ShareOfAccount) -> None:
    """A lost count is no harm, so it does not wait for the disk; on the same connection, a note's draft does again."""
    await ours.take(CALLS)

    async with database.engine.connect() as connection:
        assert await connection.scalar(sa.text("SHOW synchronous_commit")) == "on"


def freshdesk() -> tuple[FastAPI, Account]:
    """An account with fifty calls a minute."""
    desk = FreshdeskSimulator(options=freshdesk_options.Options(plan="Trial"))
    return desk.app, Account(desk.settings["url"], token=desk.settings["api_key"])


def zendesk() -> tuple[FastAPI, Account]:
    """An account with five."""
    desk = ZendeskSimulator(options=zendesk_options.Options(per_minute=5))
    return desk.app, Account(**desk.token_settings)


@pytest.mark.parametrize(("vendor", "opened", "most"), [("freshdesk", freshdesk, 45), ("zendesk", zendesk, 4)])
async def test_a_small_account_is_never_asked_for_more_than_it_gives(
    database: Database, vendor: str, opened: Callable[[], tuple[FastAPI, Account]], most: int
) -> None:
    """Its first answer says how small it is; then two clients at once stay below that, and nobody hears a 429."""
    app, account = opened()
    async with network(app) as (carrier, http):
        share = Budgets(database).of(vendor)
        one, two = connect(vendor, account, http, share), connect(vendor, account, http, share)
        await one.whoami()
        asked = await asyncio.gather(*(desk.whoami() for _ in range(40) for desk in (one, two)), return_exceptions=True)

    assert [answer.status_code for answer in carrier.answers] == [200] * most
    assert {type(answer) for answer in asked if isinstance(answer, BaseException)} == {SpentError}
