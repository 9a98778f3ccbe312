"""What all processes share, as /metrics tells it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from prometheus_client import REGISTRY
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import create_async_engine

from connectors.base import Event
from connectors.budget import Bucket
from service.assembly import Service, assembled
from service.changes import change
from service.database import Database
from service.groups import KnowledgeSettings, ZendeskSettings
from service.incidents.store import Incidents
from service.knowledge.sources import sync_all
from service.ledger import TicketKey
from service.outages import MODEL, OPENS_AFTER, leak_of
from service.queue import Look
from service.settings import Settings
from tests.service.incidents.holding import plan

ZENDESK = ZendeskSettings(url="http://127.0.0.1:1", token=SecretStr("t"), webhook_secrets=[SecretStr("s" * 20)])


def figure(name: str, /, **labels: str) -> float | None:
    """A gauge as a scraper reads it; None where it has no such sample."""
    return REGISTRY.get_sample_value(f"deskpilot_{name}", labels)


@pytest.fixture
async def service(database_url: str, data_dir: Path, tmp_path: Path) -> AsyncIterator[Service]:
    """A service with one helpdesk, which is not there, and a folder."""
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "kettle.md").write_text("# Kettle\n\nDry the lid of the kettle before you close it.")
    knowledge = KnowledgeSettings(folder=tmp_path / "articles")
    given: dict[str, Any] = {"database_url": SecretStr(database_url), "data_dir": data_dir}
    async with assembled(Settings(**given, zendesk=ZENDESK, knowledge=knowledge)) as opened:
        yield opened


async def test_every_ticket_is_counted_where_it_stands_with_the_age_of_its_webhook(service: Service) -> None:
    """Of a backfill's there is no webhook, so nobody is alarmed by how long they wait."""
    queue = service.queue
    async with service.database.engine.connect() as connection:
        now = (await connection.execute(sa.text("SELECT clock_timestamp() - interval '90 seconds'"))).scalar_one()
    await queue.put(Look("zendesk", "1", told_at=now.isoformat()))
    await queue.put(Look("zendesk", "2"))
    await queue.put(Look("zendesk", "3", found=True))
    await queue.put(Look("zendesk", "4"), after_s=600)
    await service.tools.ledger.park(TicketKey("zendesk", "a", "5"), attempts=3, error="defect")
    await service.inbox.put("zendesk", Event(kind="ticket", ticket_id="6"))
    await service.figures.tell(10)

    states = {state: figure("backlog", helpdesk="zendesk", state=state) for state in ("inbox", "waiting", "put_off")}
    assert states == {"inbox": 1, "waiting": 3, "put_off": 1}
    assert figure("backlog", helpdesk="zendesk", state="parked") == 1
    assert figure("backlog", helpdesk="zendesk", state="running") == 0
    oldest = figure("backlog_oldest_seconds", helpdesk="zendesk", state="waiting")
    assert oldest is not None
    assert 90 <= oldest < 200
    assert figure("backlog_oldest_seconds", helpdesk="zendesk", state="put_off") == 0
    assert figure("database_up") == 1


async def test_what_is_out_and_where_nothing_is_written_is_told_and_so_is_what_is_well(service: Service) -> None:
    """An alarm asks for 1; a sample that is missing would alarm nobody."""
    await service.tools.outages.failed(leak_of("zendesk"), "public")
    for _ in range(OPENS_AFTER):
        await service.tools.outages.failed(MODEL, "refused")
    await service.figures.tell(10)

    open_ = {name: figure("breaker_open", name=name) for name in ("llm", "index", "zendesk")}
    assert open_ == {"llm": 1, "index": 0, "zendesk": 0}
    assert figure("writing_stopped", helpdesk="zendesk") == 1
    await service.tools.outages.over(leak_of("zendesk"))
    await service.figures.tell(10)
    assert figure("writing_stopped", helpdesk="zendesk") == 0


async def test_what_is_left_of_a_vendors_limit_is_our_share_without_the_last_minutes_calls(service: Service) -> None:
    """As the vendor told it; nothing is left while it wants no call, and a ticket's own limit is no label."""
    budget, calls = service.tools.budgets.of("zendesk acme.zendesk.test"), Bucket("calls", 200)
    for _ in range(4):
        await budget.take(calls)
    await budget.take(Bucket("updates of ticket 5", 30, window_s=600))
    await budget.learned("calls", 100)
    await service.figures.tell(10)
    known = {"account": "zendesk:acme.zendesk.test", "bucket": "calls"}

    assert (figure("vendor_budget_left", **known), figure("vendor_budget_limit", **known)) == (86, 90)
    assert figure("vendor_budget_left", account="zendesk:acme.zendesk.test", bucket="updates of ticket 5") is None
    await budget.blocked(calls, after_s=30)
    await service.figures.tell(10)
    assert figure("vendor_budget_left", **known) == 0


async def test_a_source_is_as_old_as_its_last_complete_reading(service: Service) -> None:
    """One that broke off stays as old as it was; one that was never read has no age."""
    await sync_all(service.tools.library, progress=lambda *_: None)  # the helpdesk is not there
    await service.figures.tell(10)

    age = figure("knowledge_age_seconds", source="folder")
    assert age is not None
    assert 0 <= age < 100
    assert figure("knowledge_age_seconds", source="zendesk") is None
    assert figure("knowledge_passages") == 1


async def test_a_database_that_is_gone_is_a_figure_and_the_others_stay(service: Service) -> None:
    """Whoever is scraped answers all the same."""
    await service.queue.put(Look("zendesk", "1"))
    await service.figures.tell(10)
    engine = create_async_engine("postgresql+psycopg://127.0.0.1:1/x")
    gone = replace(service.figures, database=Database(engine=engine, transactions=engine, conninfo=""))
    await gone.tell(10)
    await engine.dispose()

    assert figure("database_up") == 0
    assert figure("backlog", helpdesk="zendesk", state="waiting") == 1


async def test_spikes_and_running_incidents_are_figures(service: Service) -> None:
    """A category of the policy is a label; what tickets without one have in common is none."""
    await service.figures.tell(10)
    assert (figure("incidents_running"), figure("spike", category="sign_in")) == (0, None)
    async with service.database.engine.connect() as connection:
        for category, words in (("sign_in", ""), ("", "quokka")):
            told = {
                "category": category,
                "label": "Signing in",
                "tickets": 9,
                "usual": 0.5,
                "window_s": 1800,
                "why": words,
            }
            await connection.execute(change("spike", "*", by="deskpilot", details=told))
    await Incidents(service.database).start(plan(), by="Kim", languages=("en",))
    await service.figures.tell(10)

    assert (figure("incidents_running"), figure("spike", category="sign_in")) == (1, 9)
    assert figure("spike", category="no category") == 9
    async with service.database.engine.connect() as connection:
        await connection.execute(sa.text("UPDATE changes SET at = at - interval '33 minutes'"))
    await service.figures.tell(10)
    assert figure("spike", category="sign_in") is None
