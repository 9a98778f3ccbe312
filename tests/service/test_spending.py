"""Budgets for the model: never beyond them, however many ask at once; what was not used comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa
from prometheus_client import REGISTRY
from pydantic import SecretStr

from connectors.base import Organization
from service.database import Database, open_database
from service.errors import OverspentError
from service.groups import LLMSettings
from service.settings import Settings
from service.spending import Payer, Spending, Taken, payer_of
from tests.service.tickets import customer, ticket

ANA = Payer("zendesk:acme", requester="1", organization="o1")
BEN = Payer("zendesk:acme", requester="2", organization="o1")
CLEO = Payer("zendesk:acme", requester="3")

PRICED = LLMSettings(price_in=1_000.0, price_out=2_000.0, daily_cap=1.0)  # 1,000 tokens in cost 1
TOKENS = LLMSettings(tokens_per_requester_hour=1_000, tokens_per_organization_hour=1_500)


@pytest.fixture
async def another(database_url: str) -> AsyncIterator[Database]:
    """The same database, in another process's connections."""
    async with open_database(Settings(database_url=SecretStr(database_url))) as opened:
        yield opened


async def taken(spending: Spending, payer: Payer = ANA, tokens_in: int = 100, tokens_out: int = 0) -> Taken | str:
    """What was taken; the budget that had no room."""
    try:
        return await spending.take(payer, tokens_in=tokens_in, tokens_out=tokens_out)
    except OverspentError as error:
        return error.budget


async def rows(database: Database) -> dict[tuple[str, str], tuple[int, int, float]]:
    """What stands in the database, by budget and subject."""
    async with database.engine.connect() as connection:
        found = await connection.execute(
            sa.text("SELECT budget, subject, tokens_in, tokens_out, cost FROM spending ORDER BY slot")
        )
        return {(row.budget, row.subject): (row.tokens_in, row.tokens_out, round(row.cost, 6)) for row in found}


async def an_hour_passes(database: Database, hours: int = 1) -> None:
    """Whatever was spent was spent so long ago."""
    async with database.engine.connect() as connection:
        await connection.execute(sa.text(f"UPDATE spending SET slot = slot - interval '{hours} h'"))  # noqa: S608


async def test_calls_that_begin_at_once_in_two_processes_stay_within_the_cap(
    database: Database, another: Database
) -> None:
    """Thirty calls that may cost .1 each, and a cap of 1: ten begin, not one more and not one less."""
    two = [Spending(database, PRICED), Spending(another, PRICED)]
    payers = [Payer("zendesk:acme", requester=str(number), organization="o1") for number in range(30)]

    answers = await asyncio.gather(
        *(taken(two[number % 2], payer, tokens_in=60, tokens_out=20) for number, payer in enumerate(payers))
    )

    assert sum(isinstance(answer, Taken) for answer in answers) == 10
    assert [answer for answer in answers if not isinstance(answer, Taken)] == ["account"] * 20
    assert (await rows(database))["account", ""] == (600, 200, 1.0)


@pytest.mark.parametrize("refused", ["requester", "organization"])
async def test_tokens_of_an_hour_are_a_requesters_and_an_organisations(
    database: Database, another: Database, refused: str
) -> None:
    """Thirty calls of a hundred tokens: ten of one requester, fifteen of one organisation."""
    two = [Spending(database, TOKENS), Spending(another, TOKENS)]
    one = refused == "requester"
    payers = [Payer("zendesk:acme", "1" if one else str(number), "" if one else "o1") for number in range(30)]

    answers = await asyncio.gather(*(taken(two[number % 2], payer) for number, payer in enumerate(payers)))

    assert sum(isinstance(answer, Taken) for answer in answers) == (10 if one else 15)
    assert {answer for answer in answers if isinstance(answer, str)} == {refused}


async def test_a_refused_call_takes_nothing_from_any_budget(database: Database) -> None:
    """Or a requester who is over the limit could use up the whole account's day."""
    spending = Spending(database, TOKENS)
    await taken(spending, tokens_in=900)
    before = await rows(database)

    assert [await taken(spending, tokens_in=101) for _ in range(5)] == ["requester"] * 5
    assert await rows(database) == before


async def test_one_requesters_budget_is_nobody_elses(database: Database) -> None:
    """A colleague goes on until the organisation's is used up, a stranger even then; and so does another account."""
    spending = Spending(database, TOKENS)

    assert isinstance(await taken(spending, ANA, tokens_in=1_000), Taken)
    assert await taken(spending, ANA, tokens_in=1) == "requester"
    assert isinstance(await taken(spending, BEN, tokens_in=500), Taken)
    assert await taken(spending, BEN, tokens_in=1) == "organization"
    assert isinstance(await taken(spending, CLEO, tokens_in=1_000), Taken)
    assert isinstance(await taken(spending, Payer("freshdesk:acme", "1", "o1"), tokens_in=1_000), Taken)


async def test_what_was_not_used_comes_back_and_what_was_used_beyond_it_counts(database: Database) -> None:
    """By the server's own count; a call that could not be paid for a moment ago can be now."""
    spending = Spending(database, PRICED)
    first = await taken(spending, tokens_in=500, tokens_out=200)
    assert isinstance(first, Taken)
    assert await taken(spending, tokens_in=200) == "account"
    await spending.settle(first, tokens_in=100, tokens_out=20)
    assert (await rows(database))["account", ""] == (100, 20, 0.14)

    second = await taken(spending, tokens_in=200)
    assert isinstance(second, Taken)
    await spending.settle(second, tokens_in=900, tokens_out=0)

    assert await rows(database) == {
        ("account", ""): (1000, 20, 1.04),
        ("organization", "o1"): (1000, 20, 1.04),
        ("requester", "1"): (1000, 20, 1.04),
    }
    assert await taken(spending, tokens_in=1) == "account"


async def test_settling_and_taking_at_once_lose_nothing(database: Database, another: Database) -> None:
    """Sums stay sums, and no two statements wait for each other."""
    two = [Spending(database, LLMSettings()), Spending(another, LLMSettings())]

    async def call(number: int) -> None:
        spending, payer = two[number % 2], (ANA, BEN, CLEO)[number % 3]
        await spending.settle(await spending.take(payer, tokens_in=50, tokens_out=50), tokens_in=number, tokens_out=1)

    await asyncio.gather(*(call(number) for number in range(60)))

    assert (await rows(database))["account", ""][:2] == (sum(range(60)), 60)
    assert (await rows(database))["organization", "o1"][1] == 40


async def test_hours_and_days_begin_anew(database: Database) -> None:
    """An hour ago is not now; a day's money is there again on the next day, and old rows go."""
    tokens, priced = Spending(database, TOKENS), Spending(database, PRICED)
    await taken(tokens, tokens_in=1_000)
    assert await taken(tokens) == "requester"
    await an_hour_passes(database)
    assert isinstance(await taken(tokens), Taken)
    await taken(priced, CLEO, tokens_in=900)
    assert await taken(priced, CLEO, tokens_in=200) == "account"
    await an_hour_passes(database, hours=24)
    assert isinstance(await taken(priced, CLEO, tokens_in=200), Taken)

    await an_hour_passes(database, hours=72)
    await tokens.forget_old()

    assert await rows(database) == {}


async def test_a_limit_of_nought_is_none(database: Database) -> None:
    """And then nobody's id is kept."""
    spending = Spending(database, LLMSettings(tokens_per_requester_hour=0, tokens_per_organization_hour=0))

    assert isinstance(await taken(spending, tokens_in=10_000_000), Taken)
    assert list(await rows(database)) == [("account", "")]


async def test_a_cap_of_nought_pays_for_nothing(database: Database) -> None:
    """What an operator sets who wants no model today."""
    assert await taken(Spending(database, PRICED.model_copy(update={"daily_cap": 0.0}))) == "account"


async def test_the_operator_reads_what_was_spent_and_what_is_left(database: Database) -> None:
    """Of today, by account, whichever process spent it."""
    spending = Spending(database, PRICED)
    await taken(spending, tokens_in=100, tokens_out=100)
    await spending.tell()

    def figure(name: str, **labels: str) -> float | None:
        return REGISTRY.get_sample_value(name, {"account": "zendesk:acme", **labels})

    assert figure("deskpilot_spent_today") == pytest.approx(0.3)
    assert figure("deskpilot_spent_left_today") == pytest.approx(0.7)
    assert figure("deskpilot_spent_tokens_today", direction="out") == 100
    await an_hour_passes(database, hours=24)
    await spending.tell()
    assert figure("deskpilot_spent_today") is None


async def test_a_usage_that_no_server_can_mean_is_not_believed(database: Database) -> None:
    """A number of thirty digits would not fit into the database, and stop the ticket."""
    spending = Spending(database, LLMSettings())
    first = await spending.take(CLEO, tokens_in=100, tokens_out=100)

    await spending.settle(first, tokens_in=10**30, tokens_out=0)

    assert (await rows(database))["account", ""][:2] == (10_000_000, 0)


def test_a_ticket_is_paid_for_by_its_requester_and_their_organisation() -> None:
    """By the helpdesk's ids: no name and no address is kept."""
    whole = ticket(customer("Why?"), organization=Organization("o1", "Lindholm Ltd"))

    assert payer_of(whole) == Payer("zendesk:acme.zendesk.test", requester="1", organization="o1")
