"""One attempt's calls: never more than two, paid for before they are made, settled by what became of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from service.calls import Calls
from service.database import Database
from service.errors import LLMRefusedError, OutageError, OverspentError
from service.groups import LLMSettings
from service.llm import LLM
from service.outages import Outages
from service.spending import Payer, Spending
from tests import fake_llm
from tests.fake_llm import FakeLLM

ASKED = [{"role": "system", "content": "Answer."}, {"role": "user", "content": "Why does my kettle leak?"}]
PAYER = Payer("zendesk:acme", requester="1")
MOST = (len("Answer.") + len("Why does my kettle leak?") + 32, 300)  # tokens in and out


@pytest.fixture
def server() -> Iterator[FakeLLM]:
    """A model."""
    with fake_llm.serving() as served:
        yield served


@asynccontextmanager
async def calling(database: Database, settings: LLMSettings) -> AsyncIterator[Calls]:
    """One attempt at a message."""
    outages = Outages(database)
    async with LLM.opened(settings) as llm:
        assert llm is not None
        spending = Spending(database, settings)
        yield Calls(llm, outages=outages, standing=await outages.standing(), spending=spending, payer=PAYER)


async def ask(calls: Calls) -> None:
    """Ask once."""
    await calls.complete(ASKED, model="main", schema={}, max_tokens=300)


async def used(database: Database) -> tuple[int, int]:
    """Tokens of the account's day."""
    (today,) = await Spending(database, LLMSettings()).today()
    return today.tokens_in, today.tokens_out


async def test_the_third_call_is_never_made(database: Database, server: FakeLLM) -> None:
    """Whatever a step does with a bad answer: the step goes on without the model."""
    server.always("x")
    async with calling(database, server.settings()) as calls:
        await ask(calls)
        await ask(calls)
        with pytest.raises(LLMRefusedError):
            await ask(calls)

    assert len(server.requests) == 2


async def test_a_call_that_is_not_paid_for_is_not_made(database: Database, server: FakeLLM) -> None:
    """The first leaves too little for the most that the second could cost."""
    server.always("x")
    async with calling(database, server.settings(tokens_per_requester_hour=sum(MOST) + 100)) as calls:
        await ask(calls)
        with pytest.raises(OverspentError):
            await ask(calls)

    assert len(server.requests) == 1
    assert await used(database) == (100, 20)


async def test_a_server_that_does_not_count_is_taken_to_have_used_the_most(database: Database, server: FakeLLM) -> None:
    """Or it would be free."""
    server.reply("x", usage=False)
    async with calling(database, server.settings()) as calls:
        await ask(calls)

    assert await used(database) == MOST


@pytest.mark.parametrize("status", [401, 404, 429, 500, 503])
async def test_a_call_that_was_turned_away_costs_nothing(database: Database, server: FakeLLM, status: int) -> None:
    """A model that is down for an hour must not use up the hour's budgets."""
    server.fail(status, body="no")
    async with calling(database, server.settings()) as calls:
        with pytest.raises(OutageError):
            await ask(calls)

    assert await used(database) == (0, 0)


async def test_a_call_that_may_be_on_the_bill_costs_the_most(database: Database, server: FakeLLM) -> None:
    """Timed out, cut off in the middle, refused by a filter: the tokens may have been used."""
    server.drip()
    server.cut()
    server.reply("", finish="content_filter")
    async with calling(database, server.settings(timeout_s=0.2)) as calls:
        for _ in range(2):
            with pytest.raises(OutageError):
                await ask(calls)
    await Outages(database).over("llm")
    async with calling(database, server.settings()) as calls:
        with pytest.raises(LLMRefusedError):
            await ask(calls)

    assert await used(database) == (3 * MOST[0], 3 * MOST[1])


async def test_a_model_that_nobody_asks_while_it_is_down_costs_nothing(database: Database, server: FakeLLM) -> None:
    """The breaker is open."""
    server.fail(503)
    server.fail(503)
    for _ in range(3):
        async with calling(database, server.settings()) as calls:
            with pytest.raises(OutageError):
                await ask(calls)

    assert len(server.requests) == 2
    assert await used(database) == (0, 0)


async def test_a_long_prompt_is_counted_as_what_it_may_fill(database: Database, server: FakeLLM) -> None:
    """No prompt is longer than the setting says, however many bytes its letters take."""
    server.reply("x", usage=False)
    async with calling(database, server.settings(context_tokens=2_000)) as calls:
        await calls.complete([{"role": "user", "content": "ö" * 9_000}], model="main", schema={}, max_tokens=300)

    assert await used(database) == (2_000, 300)
