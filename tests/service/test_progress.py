"""How a sync looks while it runs, here or in the `serve` that owns the index."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr
from rich.console import Console

from service.control import Control
from service.errors import ServiceError
from service.groups import KnowledgeSettings, QdrantSettings
from service.knowledge.sync import SyncReport
from service.progress import report_table, shown_progress, synced_by
from service.settings import Settings
from tests.service.served import served
from tests.story.articles import ARTICLES, write_articles

REPORT = SyncReport("folder", added=3, changed=1, unchanged=40, removed=2, failed=0, passages=97)


@pytest.fixture
def settings(database_url: str, data_dir: Path, tmp_path: Path) -> Settings:
    """A folder of articles and no helpdesk."""
    folder = write_articles(tmp_path / "articles")
    return Settings(database_url=SecretStr(database_url), data_dir=data_dir, knowledge=KnowledgeSettings(folder=folder))


def shown(*reports: SyncReport) -> str:
    """The table as a terminal of 100 columns shows it."""
    file = io.StringIO()
    Console(file=file, width=100).print(report_table(reports))
    return file.getvalue()


@asynccontextmanager
async def answering(words: bytes) -> AsyncIterator[Control]:
    """Something that is no deskpilot listens where one was: it says these words and hangs up."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(words)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield Control(url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", token="token")


async def test_the_running_serve_syncs_and_is_followed(settings: Settings) -> None:
    """The same progress and the same report as if the command had done it by itself."""
    told: list[tuple[str, int, int | None]] = []
    async with served(settings) as control:
        reports = await synced_by(control, progress=lambda *step: told.append(step))
        again = await synced_by(control, progress=lambda *_: None)

    assert reports
    assert reports == [SyncReport("folder", added=len(ARTICLES), passages=reports[0].passages)]
    assert told[-1] == ("folder", len(ARTICLES), len(ARTICLES))
    assert again == [SyncReport("folder", unchanged=len(ARTICLES), passages=reports[0].passages)]


async def test_nobody_there_is_no_error(settings: Settings) -> None:
    """A killed serve leaves its word behind; the command then does the work."""
    async with served(settings) as control:
        pass

    assert await synced_by(control, progress=lambda *_: None) is None


async def test_a_serve_of_another_run_is_not_ours(settings: Settings) -> None:
    """Ours was killed and another one took its port: it does not know our token, so the command does the work."""
    async with served(settings) as control:
        assert await synced_by(replace(control, token="of another run"), progress=lambda *_: None) is None


async def test_what_the_serve_cannot_do_is_said_in_its_own_words(settings: Settings) -> None:
    """As if the command had met the problem itself."""
    async with served(settings.model_copy(update={"qdrant": QdrantSettings(url="http://127.0.0.1:1")})) as control:
        with pytest.raises(ServiceError, match="DESKPILOT_QDRANT__URL"):
            await synced_by(control, progress=lambda *_: None)


@pytest.mark.parametrize(
    "words",
    [b"", b"SSH-2.0-OpenSSH\r\n", b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2c\r\n{"source": "folder", '],
    ids=["hangs up", "speaks another language", "dies in the middle"],
)
async def test_a_serve_that_breaks_off_is_a_sentence(words: bytes) -> None:
    """Killed in the middle, or its port went to something else."""
    async with answering(words) as control:
        with pytest.raises(ServiceError, match="broke off"):
            await synced_by(control, progress=lambda *_: None)


def test_the_table_has_a_line_per_source() -> None:
    """Numbers under their names."""
    head, line = shown(REPORT).splitlines()

    assert head.split() == ["source", "added", "changed", "unchanged", "removed", "failed", "passages"]
    assert line.split() == ["folder", "3", "1", "40", "2", "0", "97"]


def test_a_source_that_broke_off_is_marked_incomplete() -> None:
    """Its numbers are not the whole truth."""
    assert "zendesk (incomplete)" in shown(replace(REPORT, source="zendesk", complete=False))


def test_a_source_of_which_only_the_changes_were_read_says_so() -> None:
    """Nothing unchanged is counted then."""
    assert "zendesk (changes)" in shown(replace(REPORT, source="zendesk", read="changes"))
    assert "(" not in shown(replace(REPORT, source="zendesk", read="all"))


def test_the_table_shows_the_problems_of_every_source_word_for_word() -> None:
    """What a person has to mend stands below the numbers; brackets in a file's name are part of it."""
    first = replace(REPORT, failed=1, problems=("folder:[draft] refunds.md: is empty", "b.md: [/] is no text"))
    second = replace(REPORT, source="zendesk", problems=("zendesk broke off after 3 articles",))
    problems = [line.rstrip() for line in shown(first, second).splitlines() if line.startswith("!")]

    assert problems == [
        "! folder:[draft] refunds.md: is empty",
        "! b.md: [/] is no text",
        "! zendesk broke off after 3 articles",
    ]


def test_on_a_terminal_every_source_has_its_line_of_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """Told again and again, a source stays one line."""
    monkeypatch.setenv("TERM", "xterm")
    terminal = io.StringIO()
    with shown_progress(Console(file=terminal, force_terminal=True, width=100)) as progress:
        progress("zendesk", 5, None)
        progress("zendesk", 7, 7)
        progress("folder", 2, 4)
    last_picture = re.sub(r"\x1b\[[?\d;]*\w", "", terminal.getvalue().rpartition("\r")[2])

    assert re.findall(r"(zendesk|folder) .* (\S+/\S+) ", last_picture) == [("zendesk", "7/7"), ("folder", "2/4")]


def test_a_program_that_reads_gets_no_progress() -> None:
    """`deskpilot sync 2>log` is not full of bars."""
    file = io.StringIO()
    with shown_progress(Console(file=file, force_terminal=False)) as progress:
        progress("folder", 2, 4)

    assert file.getvalue() == ""
