"""Alive, able, and what was counted: asked by probes and scrapers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import create_async_engine
from starlette.types import ASGIApp

from service.assembly import Service, assembled
from service.database import Database
from service.groups import LLMSettings, QdrantSettings
from service.metrics import SILENCES
from service.settings import Settings
from service.spending import Payer, Spending
from service.web import health
from service.web.app import create_app, create_probes

NOBODY = "127.0.0.1:1"


@asynccontextmanager
async def asking(app: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    """A probe of this application."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://deskpilot.test") as http:
        yield http


async def fine() -> str:
    """A part that answers."""
    return ""


async def hanging() -> str:
    """A part that never answers."""
    await asyncio.Event().wait()
    raise AssertionError


def application(**checks: Callable[[], Any]) -> FastAPI:
    """Nothing but the health routes."""
    app = FastAPI()
    app.include_router(health.router(checks))
    return app


@pytest.fixture
def settings(database_url: str, data_dir: Path) -> Settings:
    """A service without helpdesks."""
    return Settings(database_url=SecretStr(database_url), data_dir=data_dir)


@pytest.fixture
async def service(settings: Settings) -> AsyncIterator[Service]:
    """All its parts, open."""
    async with assembled(settings) as opened:
        yield opened


async def test_a_service_whose_parts_answer_is_ready(service: Service) -> None:
    """Each part is named, so that a reader sees what was asked."""
    async with asking(create_app(service)) as probe:
        answer = await probe.get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "checks": {"database": "ok", "knowledge": "ok"}}


async def test_a_database_that_is_gone_makes_it_unready_and_is_named(service: Service) -> None:
    """Traffic goes to another replica, and whoever looks knows why."""
    engine = create_async_engine(f"postgresql+psycopg://{NOBODY}/desk")
    broken = replace(service, database=Database(engine=engine, transactions=engine, conninfo=""))
    async with asking(create_app(broken)) as probe:
        answer = await probe.get("/readyz")
    await engine.dispose()

    assert answer.status_code == 503
    assert answer.json()["ready"] is False
    assert answer.json()["checks"]["database"].startswith("PostgreSQL does not answer")
    assert answer.json()["checks"]["knowledge"] == "ok"


async def test_an_index_that_is_gone_makes_what_works_on_tickets_unready_and_is_named(settings: Settings) -> None:
    """The service starts without its Qdrant server, and says so until it is there. Who only takes webhooks goes on taking them."""
    async with (
        assembled(settings.model_copy(update={"qdrant": QdrantSettings(url=f"http://{NOBODY}")})) as service,
        asking(create_app(service)) as both,
        asking(create_probes(service)) as worker,
        asking(create_app(service, works=False)) as web,
    ):
        answers = [await probe.get("/readyz") for probe in (both, worker)]
        other = await web.get("/readyz")

    for answer in answers:
        assert answer.status_code == 503
        assert "DESKPILOT_QDRANT__URL" in answer.json()["checks"]["knowledge"]
        assert answer.json()["checks"]["database"] == "ok"
    assert other.status_code == 200
    assert other.json() == {"ready": True, "checks": {"database": "ok"}}


async def test_a_worker_answers_probes_and_scrapes_and_nothing_else(service: Service) -> None:
    """No webhook, no vote, no document of its routes."""
    async with asking(create_probes(service)) as probe:
        assert {path: (await probe.get(path)).status_code for path in ("/healthz", "/readyz", "/metrics")} == {
            "/healthz": 200,
            "/readyz": 200,
            "/metrics": 200,
        }
        refused = [
            await probe.get(path) for path in ("/", "/api/openapi.json", "/openapi.json", "/docs", "/feedback/a")
        ]
        refused.append(await probe.post("/webhooks/zendesk"))

    assert {answer.status_code for answer in refused} == {404}


async def test_alive_asks_nobody(service: Service) -> None:
    """A database that is gone must not get the process restarted."""
    engine = create_async_engine(f"postgresql+psycopg://{NOBODY}/x")
    broken = replace(service, database=Database(engine=engine, transactions=engine, conninfo=""))
    async with asking(create_app(broken)) as probe:
        answer = await probe.get("/healthz")

    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


async def test_a_part_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A probe has a time-out of its own and would see nothing at all."""
    monkeypatch.setattr(health, "CHECK_TIMEOUT_S", 0.01)
    async with asking(application(database=fine, knowledge=hanging)) as probe:
        answer = await probe.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["checks"] == {"database": "ok", "knowledge": "no answer in 0.01 s"}


async def test_parts_are_asked_at_the_same_time() -> None:
    """Two that are slow take as long as one. Asked in turn, the first would never answer."""
    asked = asyncio.Event()

    async def first() -> str:
        await asked.wait()
        return ""

    async def second() -> str:
        asked.set()
        return ""

    async with asking(application(first=first, second=second)) as probe:
        assert (await probe.get("/readyz")).status_code == 200


async def test_what_was_counted_is_told_in_the_format_of_prometheus() -> None:
    """By name and label, as a scraper reads it."""
    SILENCES.labels("a helpdesk of this test").inc()
    async with asking(application()) as probe:
        answer = await probe.get("/metrics")

    assert answer.headers["content-type"].startswith("text/plain")
    assert 'deskpilot_silences_total{helpdesk="a helpdesk of this test"} 1.0' in answer.text


async def test_what_the_model_has_cost_is_read_from_the_database_of_all_replicas(service: Service) -> None:
    """Whichever of them is scraped; and what was counted is told even where the database is gone."""
    another = Spending(service.database, LLMSettings(price_in=1_000, price_out=1_000, daily_cap=5.0))
    await another.take(Payer("zendesk:acme of this test", requester="1"), tokens_in=1_000, tokens_out=500)
    engine = create_async_engine(f"postgresql+psycopg://{NOBODY}/x")
    gone = Spending(Database(engine=engine, transactions=engine, conninfo=""), LLMSettings())
    broken = replace(service, tools=replace(service.tools, spending=gone))
    async with asking(create_app(service)) as one, asking(create_app(broken)) as other:
        answers = [await one.get("/metrics"), await other.get("/metrics")]
    await engine.dispose()

    for answer in answers:
        assert answer.status_code == 200
        assert 'deskpilot_spent_today{account="zendesk:acme of this test"} 1.5' in answer.text


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json"])
async def test_no_pages_about_the_routes_are_served(service: Service, path: str) -> None:
    """They load scripts from elsewhere; the document itself is the administrators' (/api/openapi.json)."""
    async with asking(create_app(service)) as probe:
        assert (await probe.get(path)).status_code == 404
        assert (await probe.get("/api/openapi.json")).status_code == 401
