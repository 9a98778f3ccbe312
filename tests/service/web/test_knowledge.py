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
from service.groups import KnowledgeSettings, QdrantSettings
from service.settings import Settings
from tests.fake_embeddings import fake_embeddings
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


REFUNDS = {"title": "Refunds", "text": "Money comes back within five days.", "audience": "public"}
AS_ADMIN = {"Authorization": f"Bearer {ADMIN}"}


async def put(control: Control, path: str = "wiki/refunds", body: object = None, **more: Any) -> httpx.Response:
    """Somebody pushes an article."""
    content = more.pop("content", None) or json.dumps(body or REFUNDS).encode()
    async with httpx.AsyncClient(timeout=30) as http:
        url = f"{control.url}/api/knowledge/{path}"
        return await http.put(url, content=content, headers=more.pop("headers", AS_ADMIN))


async def deleted(control: Control, path: str = "wiki/refunds", headers: dict[str, str] = AS_ADMIN) -> httpx.Response:
    """Somebody takes an article out."""
    async with httpx.AsyncClient() as http:
        return await http.delete(f"{control.url}/api/knowledge/{path}", headers=headers)


async def test_an_article_is_pushed_replaced_and_taken_out(running: Control) -> None:
    """201, then 200 whether it changed or not, then 204 as often as one likes."""
    first, again = await put(running), await put(running)
    changed = await put(running, body=REFUNDS | {"text": "Six days."})
    gone, still = await deleted(running), await deleted(running)

    assert (first.status_code, again.status_code, changed.status_code) == (201, 200, 200)
    assert first.json() == {"article": "wiki:refunds", "passages": 1, "notes": []}
    assert (gone.status_code, gone.content, still.status_code) == (204, b"", 204)
    assert (await put(running)).status_code == 201


async def test_a_sync_removes_nothing_that_was_pushed(running: Control, settings: Settings) -> None:
    """Nor does pushing touch what a sync brought; an id may have slashes."""
    await posted(running, **AS_ADMIN)
    await put(running, "wiki/shop/refunds")
    assert settings.knowledge.folder
    for file in settings.knowledge.folder.iterdir():
        file.unlink()

    report = lines(await posted(running, **AS_ADMIN))[-1]["report"]

    assert (report["removed"], report["passages"]) == (len(ARTICLES), 1)
    assert (await put(running, "wiki/shop/refunds")).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": ADMIN[:-1]}])
async def test_without_the_token_nothing_is_pushed_or_taken_out(running: Control, headers: dict[str, str]) -> None:
    """Whoever writes into the knowledge writes into the drafts."""
    assert (await put(running, headers=headers)).status_code == 401
    assert (await deleted(running, headers=headers)).status_code == 401


async def test_what_is_wrong_is_said_by_key(running: Control) -> None:
    """For a program, and for whoever reads its log."""
    answer = await put(running, "folder/1", body={"title": "", "text": "x", "audience": "all"})

    assert answer.status_code == 422
    assert {one["key"]: one["problem"] for one in answer.json()["detail"]}.keys() == {"source", "title", "audience"}
    assert (await deleted(running, "zendesk/1")).status_code == 422
    assert (await put(running, body=REFUNDS | {"text": " "})).status_code == 422  # it says nothing


async def test_a_body_beyond_the_limit_is_not_read(running: Control) -> None:
    """Told by its length, and where it tells none, when it is reached."""

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b" " * 512 * 1024

    assert (await put(running, content=b" " * (5 * 1024 * 1024 + 1))).status_code == 413
    assert (await put(running, content=endless())).status_code == 413


async def test_an_article_of_five_megabytes_is_taken_and_cut(running: Control) -> None:
    """Whoever sent it hears that its end is missing."""
    answer = await put(running, body=REFUNDS | {"text": "word " * 1_000_000})

    assert answer.status_code == 201
    assert "only its beginning" in answer.json()["notes"][0]


async def test_an_index_that_does_not_answer_asks_to_come_back(settings: Settings) -> None:
    """503 with the time to wait: nothing was stored."""
    async with served(settings.model_copy(update={"qdrant": QdrantSettings(url="http://127.0.0.1:1")})) as control:
        answers = [await put(control), await deleted(control)]

    assert [(one.status_code, one.headers["retry-after"]) for one in answers] == [(503, "30")] * 2


async def test_an_endpoint_that_is_down_asks_to_come_back(settings: Settings) -> None:
    """No sync repairs what was pushed, so whoever pushed it tries again."""
    with fake_embeddings() as fake:
        async with served(settings.model_copy(update={"embeddings": fake.settings()})) as control:
            assert (await put(control)).status_code == 201
            fake.down = True
            answer = await put(control, body=REFUNDS | {"text": "Six days.", "audience": "internal"})
            fake.down = False
            again = await put(control, body=REFUNDS | {"text": "Six days.", "audience": "internal"})

    assert (answer.status_code, answer.headers["retry-after"], again.status_code) == (503, "30", 200)
    assert "send it again" in answer.json()["detail"]


@pytest.mark.parametrize(
    "path", ["wiki/", "wiki/a%0Ab", "wiki/%00", "WIKI/x", "a%3Ab/x", "zendesk%20macros/1", "wiki/%FF%0D"]
)
async def test_a_path_that_names_no_article_of_theirs_is_refused(running: Control, path: str) -> None:
    """Whatever a path can hold: for pushing and for taking out."""
    assert {(await put(running, path)).status_code, (await deleted(running, path)).status_code} <= {404, 422}
