"""`deskpilot knowledge report`: through the running serve, or by itself."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from rich.console import Console

from service.control import Control, announced
from service.database import Database, open_database
from service.errors import ServiceError
from service.groups import QdrantSettings
from service.knowledge.findings import KnowledgeReport, read_report
from service.knowledge.report import knowledge_report
from service.ledger import Ledger
from service.reporting import report, tables
from service.settings import Settings
from service.tables import drafts
from service.vectors import EmbeddedVectors
from tests.service.knowledge.planted import NOW, note, plant, write_notes
from tests.service.knowledge.test_page import EMPTY, HOSTILE, filled
from tests.service.served import served


@pytest.fixture
def settings(database_url: str, data_dir: Path) -> Settings:
    """An embedded index."""
    return Settings(database_url=SecretStr(database_url), data_dir=data_dir)


async def planted(settings: Settings, database: Database) -> None:
    """One of everything, in these engines."""
    vectors = EmbeddedVectors(settings.data_dir / "qdrant")
    await plant(vectors)
    await vectors.close()
    await write_notes(database)


async def said(settings: Settings, capsys: pytest.CaptureFixture[str], **more: Any) -> str:
    """What the command prints."""
    capsys.readouterr()
    assert await report(settings, **{"days": 3_000, "as_json": True, "html": None, **more}) == 0
    return capsys.readouterr().out


def shown(made: KnowledgeReport, *, width: int = 100) -> str:
    """The tables on a terminal of this width."""
    out = io.StringIO()
    Console(file=out, width=width, highlight=False).print(tables(made))
    return out.getvalue()


async def test_by_itself_it_reads_index_and_ledger(
    settings: Settings, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody serves here: the index is free."""
    await planted(settings, database)

    made = json.loads(await said(settings, capsys))
    assert (made["articles"], made["notes"], made["contradictions"]["count"]) == (10, 60, 1)


async def test_it_goes_through_the_serve_that_has_the_index(
    settings: Settings, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    """The embedded index belongs to one process."""
    await planted(settings, database)
    async with served(settings) as running:
        with announced(settings.data_dir, running):
            made = read_report(await said(settings, capsys))

    assert (made.articles, made.notes, made.contradictions.count) == (10, 60, 1)


async def test_after_a_serve_that_was_killed_it_does_the_work_itself(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its word is still there; nobody answers at that address."""
    with announced(settings.data_dir, Control(url="http://127.0.0.1:1", token="of a dead one")):
        assert json.loads(await said(settings, capsys))["articles"] == 0


async def test_a_serve_whose_index_is_down_says_so(settings: Settings, data_dir: Path) -> None:
    """In the same sentence, and not as a status."""
    down = settings.model_copy(update={"qdrant": QdrantSettings(url="http://127.0.0.1:1")})
    async with served(down) as running:
        with announced(data_dir, running), pytest.raises(ServiceError, match="DESKPILOT_QDRANT__URL"):
            await report(down, days=90, as_json=True, html=None)


async def test_a_page_is_written_into_the_file(
    settings: Settings, database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """To pass on to whoever writes the articles; the terminal says where it is."""
    await planted(settings, database)
    file = tmp_path / "report.html"

    assert await said(settings, capsys, html=file, as_json=False) == ""
    assert "Returning an order" in file.read_text()


async def test_without_a_database_nothing_is_made_up(settings: Settings) -> None:
    """It says which one, and what to do."""
    gone = settings.model_copy(update={"database_url": SecretStr("postgresql://127.0.0.1:1/desk")})
    with pytest.raises(ServiceError, match="PostgreSQL does not answer at"):
        await report(gone, days=90, as_json=False, html=None)


async def test_the_tables_fit_a_terminal(settings: Settings, database: Database) -> None:
    """A hundred columns, and eighty; no table is cut at its right."""
    await planted(settings, database)
    vectors = EmbeddedVectors(settings.data_dir / "qdrant")
    async with open_database(settings) as opened:
        made = await knowledge_report(vectors, Ledger(opened), days=90, kept_days=30, now=NOW)
    await vectors.close()

    for width in (80, 100):
        lines = shown(made, width=width).splitlines()
        assert max(map(len, lines)) <= width
        assert any(line.startswith("1.  Settle: ") for line in lines)
        assert sum("Returning an order" in line for line in lines) == 2


def test_an_empty_report_is_sentences() -> None:
    """And no empty table."""
    told = shown(EMPTY)

    assert "The index holds no articles: deskpilot sync reads them." in told
    assert "No note yet." in told
    assert "last touched" not in told


def test_what_an_article_says_is_no_markup() -> None:
    """Neither of Rich nor of the terminal."""
    told = shown(filled("[bold]x[/bold] [link=https://evil.example]y[/link]"), width=200)

    assert "[bold]x[/bold] [link=https://evil.example]y[/link]" in told
    assert HOSTILE[:20] in shown(filled(HOSTILE), width=200)
    assert "7 more: --json lists them." in shown(filled("Words", rows=17))


async def test_no_personal_data_comes_out(
    settings: Settings, database: Database, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A note's own text, with the customer's values put back in, lies in the same row: none of it is read."""
    await note(database, 1, days=1, asked="Can … engrave a name?")
    canary = "ana.canary@customer.example"
    async with database.engine.connect() as connection:
        await connection.execute(sa.update(drafts).values(html=f"<p>{canary}</p>"))
    file = tmp_path / "report.html"

    told = await said(settings, capsys)
    await report(settings, days=3_000, as_json=False, html=file)
    assert "engrave" in told
    assert canary not in told + file.read_text() + shown(read_report(told))
