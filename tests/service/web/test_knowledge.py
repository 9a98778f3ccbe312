"""The way in for `deskpilot sync`, behind a real port."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from service.control import Control
from service.settings import KnowledgeSettings, QdrantSettings, Settings
from tests.service.served import TOKEN, served
from tests.story.articles import ARTICLES, write_articles

ADMIN = "admin-token-of-this-test"


@pytest.fixture
def settings(database_url: str, data_dir: Path, tmp_path: Path) -> Settings:
    """A folder of articles and no helpdesk."""
    folder = write_articles(tmp_path / "articles")
    return Settings(
        database_url=SecretStr(database_url),
        data_dir=data_dir,
        admin_token=SecretStr(ADMIN),
        knowledge=KnowledgeSettings(folder=folder),
    )


@pytest.fixture
async def running(settings: Settings) -> AsyncIterator[Control]:
    """A `serve` that listens."""
    async with served(settings) as control:
        yield control


async def posted(control: Control, **headers: str) -> httpx.Response:
    """Somebody asks for a sync."""
    async with httpx.AsyncClient() as http:
        return await http.post(f"{control.url}/api/sync", headers=headers)


def lines(answer: httpx.Response) -> list[dict[str, Any]]:
    """The objects of an answer, one a line."""
    return [json.loads(line) for line in answer.text.splitlines()]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": f"Basic {TOKEN}"},
    ],
    ids=["nothing", "empty", "no token", "wrong", "a part of it", "another scheme"],
)
async def test_without_the_token_nobody_gets_in(running: Control, headers: dict[str, str]) -> None:
    """Whoever reaches the port must not be able to keep the index busy."""
    answer = await posted(running, **headers)

    assert answer.status_code == 401
    assert answer.json() == {"detail": "send the admin token as Authorization: Bearer"}


async def test_an_admin_token_that_is_not_set_lets_nobody_in(settings: Settings) -> None:
    """Nothing equals nothing, but it is no token."""
    async with served(settings.model_copy(update={"admin_token": SecretStr("")})) as control:
        assert (await posted(control)).status_code == 401


@pytest.mark.parametrize("token", [TOKEN, ADMIN], ids=["of this run", "of the admin"])
async def test_a_sync_tells_its_progress_and_then_reports(running: Control, token: str) -> None:
    """One JSON object a line: a command shows the first kind and prints the second."""
    answer = await posted(running, Authorization=f"Bearer {token}")
    *told, last = lines(answer)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert told[-1] == {"source": "folder", "done": len(ARTICLES), "total": len(ARTICLES)}
    assert [one["done"] for one in told] == sorted(one["done"] for one in told)
    assert (last["report"]["source"], last["report"]["added"]) == ("folder", len(ARTICLES))


async def test_an_index_that_cannot_be_written_ends_the_answer_with_the_problem(settings: Settings) -> None:
    """The status has gone out by then; a connection that just breaks would tell nobody what to do."""
    async with served(settings.model_copy(update={"qdrant": QdrantSettings(url="http://127.0.0.1:1")})) as control:
        answer = await posted(control, Authorization=f"Bearer {TOKEN}")

    assert "DESKPILOT_QDRANT__URL" in lines(answer)[-1]["problem"]


async def test_a_sync_ends_when_whoever_asked_goes_away(running: Control, settings: Settings) -> None:
    """Ctrl-C in the terminal stops it, here too; the next one goes on."""
    folder = settings.knowledge.folder
    assert folder
    for number in range(300):
        (folder / f"{number}.md").write_text(f"# Page {number}\n\nWords of page {number}.\n")
    async with httpx.AsyncClient() as http:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with http.stream("POST", f"{running.url}/api/sync", headers=headers) as answer:
            async for _ in answer.aiter_lines():
                break
    while syncing := [task for task in asyncio.all_tasks() if task.get_name() == "sync"]:
        await asyncio.wait(syncing)

    report = lines(await posted(running, **headers))[-1]["report"]
    assert report["added"] > 0
    assert report["added"] + report["unchanged"] == 300 + len(ARTICLES)


async def got(control: Control, path: str, **headers: str) -> httpx.Response:
    """Somebody asks for a report."""
    async with httpx.AsyncClient() as http:
        return await http.get(f"{control.url}/api/knowledge/{path}", headers=headers)


@pytest.mark.parametrize("path", ["report", "report.html"])
async def test_without_the_token_nobody_reads_the_report(running: Control, path: str) -> None:
    """It names internal articles and what customers ask."""
    assert (await got(running, path)).status_code == 401
    assert (await got(running, path, Authorization="Bearer wrong")).status_code == 401


@pytest.mark.parametrize("token", [TOKEN, ADMIN], ids=["of this run", "of the admin"])
async def test_the_report_comes_as_json_and_as_a_page(running: Control, token: str) -> None:
    """The same report; neither is kept by a cache on its way."""
    authorised = {"Authorization": f"Bearer {token}"}
    await posted(running, **authorised)

    told, page = await got(running, "report?days=30", **authorised), await got(running, "report.html", **authorised)
    assert (told.json()["articles"], told.json()["days"]) == (len(ARTICLES), 30)
    assert "<h1>Knowledge report</h1>" in page.text
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert {told.headers["cache-control"], page.headers["cache-control"]} == {"no-store"}


@pytest.mark.parametrize("days", ["0", "-1", "4000", "x"])
async def test_a_window_that_cannot_be_meant_is_refused(running: Control, days: str) -> None:
    """Instead of a report of nothing."""
    assert (await got(running, f"report?days={days}", Authorization=f"Bearer {TOKEN}")).status_code == 422


async def test_a_report_that_cannot_be_made_says_why(settings: Settings) -> None:
    """To a program and to a person."""
    async with served(settings.model_copy(update={"qdrant": QdrantSettings(url="http://127.0.0.1:1")})) as control:
        answer = await got(control, "report", Authorization=f"Bearer {TOKEN}")

    assert answer.status_code == 503
    assert "DESKPILOT_QDRANT__URL" in answer.json()["detail"]
