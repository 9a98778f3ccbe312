"""The way in for the customer's own product, behind a real port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from service.assembly import assembled
from service.outreach.store import Outreaches
from service.settings import Settings
from service.web import context
from tests.service.outreach.policies import policy
from tests.service.served import served

ADMIN, PUSHES = "admin-token-of-this-test", "token-of-the-product"
CONTEXT = {"customer": "ana@acme.example", "facts": {"plan": "gold"}}
SIGNAL = {"customer": "zendesk:4711", "kind": "sync_failed", "data": {"job": "Orders"}, "id": "evt-1"}


@pytest.fixture
def settings(database_url: str, data_dir: Path) -> Settings:
    """No helpdesk is needed to take what a product knows."""
    return Settings(
        database_url=SecretStr(database_url),
        data_dir=data_dir,
        admin_token=SecretStr(ADMIN),
        signals_token=SecretStr(PUSHES),
    )


@pytest.fixture
async def http(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """The product."""
    async with (
        served(settings) as control,
        httpx.AsyncClient(base_url=control.url, headers={"Authorization": f"Bearer {PUSHES}"}) as client,
    ):
        yield client


def rows(database_url: str, query: str) -> list[Any]:
    """What a table holds."""
    with psycopg.connect(database_url) as connection:
        return connection.execute(query).fetchall()


async def test_the_products_token_opens_two_paths_and_no_other(http: httpx.AsyncClient) -> None:
    """It lies on the product's machines: whoever takes it from there forgets nobody and reads nothing."""
    opened = {
        path: (await http.post(path, json=body)).status_code
        for path, body in (("/api/context", CONTEXT), ("/api/signals", SIGNAL))
    }
    shut = [
        (await http.request(method, path)).status_code
        for method, path in [("GET", "/api/knowledge"), ("DELETE", "/api/requesters/zendesk/1"), ("POST", "/api/sync"),
                             ("GET", "/api/openapi.json"), ("POST", "/api/context/"), ("GET", "/api/signals/x")]
    ]  # fmt: skip
    by_admin = await http.post("/api/context", json=CONTEXT, headers={"Authorization": f"Bearer {ADMIN}"})
    nobody = await http.post("/api/context", json=CONTEXT, headers={"Authorization": ""})

    assert opened == {"/api/context": 200, "/api/signals": 200}
    assert set(shut) == {401}
    assert (by_admin.status_code, nobody.status_code) == (200, 401)
    assert "DESKPILOT_SIGNALS_TOKEN" in nobody.json()["detail"]


async def test_a_customer_whom_nobody_knows_yet_may_write_tomorrow(http: httpx.AsyncClient, database_url: str) -> None:
    """It is taken, and the answer says that no ticket of theirs was seen."""
    answer = await http.post("/api/signals", json=SIGNAL)

    assert answer.json() == {"accepted": [{"known": False, "new": True, "outreach": []}]}
    assert rows(database_url, "SELECT customer, kind, data FROM signals") == [
        ("zendesk:4711", "sync_failed", {"job": "Orders"})
    ]


async def test_the_same_delivery_changes_nothing(http: httpx.AsyncClient, database_url: str) -> None:
    """Also ten at once."""
    answers = await asyncio.gather(
        *(http.post("/api/signals", json=[SIGNAL, {**SIGNAL, "id": "evt-2"}]) for _ in range(10))
    )

    told = [one["new"] for answer in answers for one in answer.json()["accepted"]]
    assert told.count(True) == 2
    assert rows(database_url, "SELECT count(*) FROM signals") == [(2,)]


async def test_facts_replace_those_before(http: httpx.AsyncClient, database_url: str) -> None:
    """A customer's page of yesterday is not today's."""
    await http.post("/api/context", json={**CONTEXT, "facts": {"page": "/billing", "plan": "free"}})
    await http.post("/api/context", json=CONTEXT)

    assert rows(database_url, "SELECT customer, facts FROM contexts") == [("ana@acme.example", {"plan": "gold"})]


async def test_a_batch_is_taken_whole_or_not_at_all(http: httpx.AsyncClient, database_url: str) -> None:
    """What is wrong is named by index and key."""
    answer = await http.post("/api/signals", json=[SIGNAL, {**SIGNAL, "id": "evt-2", "kind": "sync failed"}])

    assert answer.status_code == 422
    assert [(one["index"], one["key"]) for one in answer.json()["detail"]] == [(1, "kind")]
    assert rows(database_url, "SELECT count(*) FROM signals") == [(0,)]


async def test_more_than_64_kb_is_not_read(http: httpx.AsyncClient) -> None:
    """Nobody's facts are that long."""
    answer = await http.post("/api/context", content=b" " * (64 * 1024 + 1))

    assert answer.status_code == 413


async def test_nothing_of_it_is_logged(http: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]) -> None:
    """An e-mail address in an error or an answer would end in somebody's log."""
    answer = await http.post(
        "/api/context", json=[CONTEXT, {"customer": "ana@acme.example", "facts": {"plan": "geheim" * 30}}]
    )

    said = answer.text + "".join(capsys.readouterr())
    assert answer.status_code == 422
    assert not [word for word in ("ana@", "geheim") if word in said]


async def test_a_signal_that_the_policy_waits_for_becomes_a_draft(settings: Settings) -> None:
    """The answer says what was drafted, and of what was not, why; told again it is no second one."""
    async with assembled(settings) as service:
        app = FastAPI()
        app.include_router(context.router(service, policy=policy))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk.test") as http:
            told = {**SIGNAL, "data": {"job": "Orders", "date": "22 Nov", "severity": "high"}}
            first, again = [(await http.post("/api/signals", json=told)).json()["accepted"][0] for _ in range(2)]
            short = await http.post("/api/signals", json={**SIGNAL, "id": "evt-3", "data": {"severity": "high"}})
        waiting = await Outreaches(service.database).newest()

    assert (first["new"], first["outreach"]) == (True, [{"cause": "sync failed", "drafted": True, "why": ""}])
    assert (again["new"], again["outreach"][0]["drafted"]) == (False, False)
    assert short.json()["accepted"][0]["outreach"][0]["why"] == "the signal does not say date, job"
    assert [one.customer for one in waiting] == ["zendesk:4711"]
