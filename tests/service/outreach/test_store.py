"""The queue: one draft per customer and cause, until a person decides."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from pydantic import SecretStr

from service.context.store import Context, Contexts
from service.database import Database
from service.errors import ServiceError
from service.outreach import command
from service.outreach.store import Outcome, Outreaches
from service.settings import Settings
from tests.service.outreach.policies import policy, signal

ANA = "ana@acme.example"


async def told(queue: Outreaches, customer: str = ANA, **more: str) -> Outcome:
    """A signal, now."""
    (outcome,) = await queue.happened(signal(customer, **more), policy(), now=datetime.now(UTC))
    return outcome


def later(database_url: str, days: int) -> None:
    """So many days pass for the queue."""
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE outreach SET created_at = created_at - make_interval(days => %(days)s), expires_at = expires_at - make_interval(days => %(days)s),"
            " decided_at = decided_at - make_interval(days => %(days)s)",
            {"days": days},
        )


@pytest.fixture
def queue(database: Database) -> Outreaches:
    """Empty."""
    return Outreaches(database)


async def test_one_per_customer_and_cause(queue: Outreaches) -> None:
    """However often it is told, also at once; another customer has their own."""
    outcomes = await asyncio.gather(*(told(queue, id_=f"evt-{number}") for number in range(8)))
    other = await told(queue, "ben@acme.example")

    assert sum(one.drafted for one in outcomes) == 1
    assert {one.why for one in outcomes if not one.drafted} == {"a draft for this customer and cause waits already"}
    assert other == Outcome("sync failed", drafted=True)
    assert [one.customer for one in await queue.newest()] == ["ben@acme.example", ANA]


@pytest.mark.parametrize("ending", ["copied", "discarded"])
async def test_nobody_is_written_to_again_while_the_cause_lasts(
    queue: Outreaches, database_url: str, ending: str
) -> None:
    """Three days after a person decided; then a new one, and how the first ended still counts."""
    await told(queue)
    (one,) = await queue.newest()
    assert await queue.decide(one.id, ending, by="Robin", why="they called")  # type: ignore[arg-type]
    assert not await queue.decide(one.id, "copied", by="Kim")

    assert await told(queue) == Outcome("sync failed", drafted=False, why=f"the last one was {ending} lately")
    later(database_url, 4)
    assert (await told(queue)).drafted
    assert await queue.counts() == {"waiting": 1, "copied": 0, "discarded": 0, "expired": 0, "wrote": 0} | {ending: 1}


async def test_what_is_no_longer_true_waits_no_longer(queue: Outreaches, database_url: str) -> None:
    """And nobody can copy it; the next signal makes a new one."""
    await told(queue)
    (one,) = await queue.newest()
    later(database_url, 4)

    assert await queue.newest() == []
    assert not await queue.decide(one.id, "copied", by="Robin")
    assert (await queue.counts())["expired"] == 1
    assert (await told(queue)).drafted
    assert (await queue.counts())["expired"] == 1


async def test_a_customer_with_two_names_is_one(queue: Outreaches, database: Database) -> None:
    """First only the address was known; a ticket has told the id since."""
    await told(queue)
    await Contexts(database).of((ANA, "zendesk:4711"), email=ANA, lookups={})

    assert not (await told(queue, "zendesk:4711")).drafted
    assert not (await told(queue, ANA)).drafted
    assert len(await queue.newest()) == 1


async def test_who_wrote_all_the_same_is_counted(queue: Outreaches, database: Database) -> None:
    """A ticket of theirs that was looked at afterwards; one from before is none."""
    contexts = Contexts(database)
    await contexts.of((ANA, "zendesk:4711"), email=ANA, lookups={})
    await told(queue, ANA)
    await told(queue, "ben@acme.example")
    assert (await queue.counts())["wrote"] == 0

    await contexts.of((ANA, "zendesk:4711"), email=ANA, lookups={})

    assert [(one.customer, one.wrote) for one in await queue.newest()] == [("ben@acme.example", False), (ANA, True)]
    assert (await queue.counts())["wrote"] == 1


async def test_the_customers_language_is_what_the_product_says(queue: Outreaches, database: Database) -> None:
    """Pushed as a fact."""
    await Contexts(database).put([Context(ANA, {"language": "de"}, datetime.now(UTC) + timedelta(hours=1))])

    await told(queue)

    assert (await queue.newest())[0].text.startswith("Guten Tag,\n\nIhr Import Orders")


async def test_the_commands_show_and_decide(
    queue: Outreaches, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the page does."""
    settings = Settings(database_url=SecretStr(database_url))
    await told(queue)
    assert await command.show(settings, every=False, as_json=True) == 0
    shown = json.loads(capsys.readouterr().out)
    number = shown["outreach"][0]["id"]

    assert await command.decide(settings, number, "discarded", by="Robin", why="they called") == 0
    with pytest.raises(ServiceError, match="no outreach"):
        await command.decide(settings, number, "copied", by="")
    await command.show(settings, every=True, as_json=False)

    assert shown["counts"]["waiting"] == 1
    assert "discarded" in capsys.readouterr().out
