"""Experiments in the database, what came of them, and the round that rolls back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from service.changes import newest_changes
from service.database import Database
from service.experimenting import promote_variant, show_experiment, start_experiment, stop_experiment
from service.experiments.experiment import Experiment, ExperimentError, Rules, Variant
from service.experiments.guardrails import Counts
from service.experiments.store import Experiments
from service.experiments.watching import BY_ITSELF, Watch
from service.groups import LLMSettings
from service.pilot import change_in_words
from service.settings import Settings
from tests import fake_llm

WARMER = Experiment(
    "warmer", (Variant("a", 50, "", "", 1.0, 2.0), Variant("b", 50, "", "warm", 1.0, 2.0)), Rules(least=30)
)


async def noted(
    database: Database, label: str, *, tickets: int, wrong: int = 0, reopened: int = 0, **more: Any
) -> None:
    """So many solved tickets of a variant, the first of them called wrong or reopened."""
    values = {
        "label": label,
        "tickets": tickets,
        "wrong": wrong,
        "reopened": reopened,
        "writer": "model",
        "excluded": "",
    }
    async with database.transactions.begin() as connection:
        for statement in _NOTED:
            await connection.execute(sa.text(statement), values | more)


_NOTED = (
    """INSERT INTO outcomes (helpdesk, account, ticket_id, message_id, arm, asked_at, reference, variant, writer, tokens_in, tokens_out)
       SELECT 'zendesk', 'acme.example', :label || n, message, 'note', now(), :label || n || message, :label, :writer, 1000, 500
       FROM generate_series(1, :tickets) AS n, unnest(ARRAY['1', '2']) AS message""",
    """INSERT INTO resolutions (helpdesk, account, ticket_id, arm, opened_at, solved_at, reopened_at, excluded, variant)
       SELECT 'zendesk', 'acme.example', :label || n, 'note', now(), now(), CASE WHEN n <= :reopened THEN now() END, :excluded, :label
       FROM generate_series(1, :tickets) AS n""",
    """INSERT INTO feedback (helpdesk, account, ticket_id, reference, judgement)
       SELECT 'zendesk', 'acme.example', :label || n, :label || n || '2', 'wrong' FROM generate_series(1, :wrong) AS n""",
)


async def test_one_runs_at_a_time_and_no_name_twice(database: Database) -> None:
    """Two would blur each other; a name used twice would mix their tickets."""
    experiments = Experiments(database)
    assert (await experiments.start(WARMER, by="Robin")).by == "Robin"
    with pytest.raises(ExperimentError, match="warmer is running"):
        await experiments.start(Experiment("other", WARMER.variants), by="Robin")
    assert await experiments.end("warmer", "stopped", by="Robin", details={})
    with pytest.raises(ExperimentError, match="already"):
        await experiments.start(WARMER, by="Robin")

    assert await experiments.running() is None
    assert not await experiments.end("warmer", "rolled_back", by="Robin", details={})
    words = [change_in_words(one) for one in await newest_changes(database)]
    assert words == ["stopped the experiment warmer", "started the experiment warmer"]


async def test_what_came_of_a_variant_is_counted_in_tickets(database: Database) -> None:
    """A ticket with two notes is one; what is in no figure is in none."""
    experiments = Experiments(database)
    await noted(database, "warmer:b", tickets=40, wrong=3, reopened=5)
    await noted(database, "warmer:a", tickets=40, excluded="spam")
    counts = await experiments.counts(WARMER)

    assert counts["a"] == Counts()
    found = counts["b"].as_json()
    assert found == {
        "tickets": 40, "wrong": 3, "solved": 40, "reopened": 5, "quoted": 0, "priced": 40, "cost": 0.004,
    }  # fmt: skip


async def test_a_variant_that_does_harm_is_rolled_back_by_itself(database: Database) -> None:
    """Not before the least sample; recorded, and nobody's ticket is in it any more."""
    experiments = Experiments(database)
    watch = Watch(experiments)
    assert await watch.judge() == "nothing is compared"
    await experiments.start(WARMER, by="Robin")
    await noted(database, "warmer:b", tickets=40, wrong=20)
    assert await watch.judge() == "warmer runs"  # of `a` nothing is known
    await noted(database, "warmer:a", tickets=40)
    assert await watch.judge() == "warmer rolled back"
    assert await watch.judge() == "nothing is compared"

    ended = await experiments.named("warmer")
    assert (ended.state, ended.ended_at is not None) == ("rolled_back", True)
    assert ended.details["why"].startswith("b: wrong +50.0 points")
    newest = (await newest_changes(database))[0]
    assert (newest.by, newest.details["deed"]) == (BY_ITSELF, "rolled_back")


@pytest.fixture
def settings(database_url: str, data_dir: Path) -> Settings:
    """With a model that has no address."""
    prices = {"price_in": 1.0, "price_out": 2.0}
    llm = LLMSettings.model_validate({"base_url": "http://127.0.0.1:1/v1", "model": "main", "api_key": "k"} | prices)
    return Settings(database_url=SecretStr(database_url), data_dir=data_dir, llm=llm)


async def test_a_person_promotes_and_is_told_what_to_set(
    settings: Settings, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is changed by itself."""
    tried = Variant("b", 20, "", "warm and brief")
    await start_experiment(settings, "warmer", tried, Rules(), by="Robin", as_json=True)
    await show_experiment(settings, "", as_json=False)
    assert "b (20 %): tone “warm and brief”: 0 tickets" in capsys.readouterr().out
    await promote_variant(settings, "warmer", "b", by="Kim", as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["settings"] == {"DESKPILOT_BRAND__TONE": "warm and brief"}

    promoted = await Experiments(database).named("warmer")
    assert (promoted.state, promoted.details["promoted_by"]) == ("promoted", "Kim")
    with pytest.raises(ExperimentError, match="promoted"):
        await stop_experiment(settings, "warmer", by="Kim")


async def test_what_does_harm_is_not_promoted(settings: Settings, database: Database) -> None:
    """Not by anybody: neither before the round has found it, nor after."""
    experiments = Experiments(database)
    await experiments.start(WARMER, by="Robin")
    await noted(database, "warmer:b", tickets=40, reopened=30)
    await noted(database, "warmer:a", tickets=40)
    with pytest.raises(ExperimentError, match="b does harm: reopened"):
        await promote_variant(settings, "warmer", "b", by="Kim", as_json=False)
    await Watch(experiments).judge()
    with pytest.raises(ExperimentError, match="rolled back"):
        await promote_variant(settings, "warmer", "b", by="Kim", as_json=False)


async def test_a_model_is_tried_before_a_ticket_is(settings: Settings, database: Database) -> None:
    """One that does not answer, costs nobody knows what, or is the standing one starts nothing."""
    rules, by = Rules(), "Robin"
    with pytest.raises(ExperimentError, match="--price-in"):
        await start_experiment(settings, "small", Variant("b", 50, "small"), rules, by=by, as_json=True)
    priced = Variant("b", 50, "small", "", 0.1, 0.2)
    with pytest.raises(ExperimentError, match="small cannot be tried"):
        await start_experiment(settings, "small", priced, rules, by=by, as_json=True)
    with pytest.raises(ExperimentError, match="already"):
        await start_experiment(settings, "small", Variant("b", 50, "main", "", 1, 1), rules, by=by, as_json=True)
    assert await Experiments(database).newest() == []
    with fake_llm.serving() as server:
        server.always("OK")
        answering = settings.model_copy(update={"llm": server.settings()})
        await start_experiment(answering, "small", priced, rules, by=by, as_json=True)
        assert [one.body["model"] for one in server.requests] == ["small"]


async def test_a_name_that_nobody_used_is_said_to_be_none(database: Database) -> None:
    """A typing error ends nothing."""
    with pytest.raises(ExperimentError, match="no experiment 'warmer'"):
        await Experiments(database).named("warmer")
