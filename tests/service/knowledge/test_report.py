"""The knowledge report, from a real index and a real ledger."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from connectors.folder import folder_articles
from service.database import Database
from service.errors import DatabaseUnavailableError
from service.knowledge.findings import ENOUGH_NOTES, KnowledgeReport, Listed, read_report
from service.knowledge.page import report_page
from service.knowledge.report import LISTED, knowledge_report
from service.ledger import Ledger
from service.merits import Merits
from service.vectors import EmbeddedVectors, Vectors, VectorsUnavailableError
from service.vectors.aliases import connect
from tests.service.knowledge.planted import ARTICLES, GIFTS, NOW, article, note, plant, write_notes

DEMO = Path(__file__).parents[3] / "deploy" / "demo" / "articles"


@pytest.fixture
async def vectors(tmp_path: Path) -> AsyncIterator[Vectors]:
    """An empty index."""
    index = EmbeddedVectors(tmp_path / "qdrant")
    yield index
    await index.close()


async def made(vectors: Vectors, database: Database, *, days: int = 90) -> KnowledgeReport:
    """The report of the planted day."""
    ledger, merits = Ledger(database), Merits(database)
    return await knowledge_report(vectors, ledger, days=days, kept_days=90, now=NOW, merits=merits)


def titles(listed: Sequence[Listed]) -> list[str]:
    """What a list names."""
    return [one.title for one in listed]


async def test_one_of_everything_is_found(vectors: Vectors, database: Database) -> None:
    """What is planted is found, and nothing else."""
    await plant(vectors)
    await write_notes(database)

    report = await made(vectors, database)

    assert (report.articles, report.notes, report.uncovered, report.cited_articles) == (10, 60, 6, 4)
    assert [(one.count, one.nearest and one.nearest.title, one.changed) for one in report.gaps.topics] == [
        (4, "Deleting your account", False),
        (1, "Descaling your kettle", False),
        (1, "Buying for resale", True),
    ]
    assert report.gaps.topics[0].question in GIFTS
    assert [{one.one.title, one.other.title} for one in report.contradictions.pairs] == [
        {"Returning an order", "Refunds and returns"}
    ]
    assert [(one.title, one.cited) for one in report.stale.articles] == [
        ("When a parcel does not arrive", 20),
        ("How to get rid of limescale", 0),
        ("Goodwill for lost parcels", 0),
    ]
    assert [titles(one.articles) for one in report.near_duplicates.groups] == [
        ["Descaling your kettle", "How to get rid of limescale"]
    ]
    assert titles(report.never_cited.articles) == [
        "How to get rid of limescale",
        "Goodwill for lost parcels",
        "Descaling your kettle (UK)",
        "Deleting your account",
    ]
    assert (report.never_cited.too_new, report.never_cited.unheard, report.stale.unknown) == (1, 1, 1)
    assert [sentence.partition(":")[0] for sentence in report.first] == ["Settle", "Write", "Review", "Merge"]


async def test_the_report_survives_its_way_as_json(vectors: Vectors, database: Database) -> None:
    """A command reads what the running serve sends; a program reads the documented names."""
    await plant(vectors)
    await write_notes(database)
    report = await made(vectors, database)

    assert read_report(report.as_json()) == report
    assert list(json.loads(report.as_json())) == [
        "at",
        "days",
        "kept_days",
        "since",
        "notes",
        "uncovered",
        "articles",
        "cited_articles",
        "enough_notes",
        "first",
        "gaps",
        "contradictions",
        "stale",
        "near_duplicates",
        "never_cited",
        "misleading",
    ]


async def test_what_misleads_is_told_with_why_the_worst_first(vectors: Vectors, database: Database) -> None:
    """Only what stands lower; an article by its title, what is no article or gone by its id. A long list is cut and counted."""
    await plant(vectors)
    refunds = next(one for one in ARTICLES if one.title == "Refunds and returns")
    rows: list[dict[str, Any]] = [
        {"account": refunds.account, "article": f"{refunds.source}:{refunds.id}", "cited": 12, "wrong": 4, "fidelity": 0.21, "factor": 0.7},
        {"account": "*", "article": "lesson:7", "cited": 8, "wrong": 8, "fidelity": None, "factor": 0.6},
        {"account": "*", "article": "folder:good.md", "cited": 30, "wrong": 0, "fidelity": 0.95, "factor": 1.0},
        *({"account": "*", "article": f"folder:{n}.md", "cited": 9, "wrong": 3, "fidelity": 0.5, "factor": 0.9} for n in range(LISTED)),
    ]  # fmt: skip
    statement = """INSERT INTO merits (account, article, cited, votes_right, votes_wrong, fidelity, factor)
        VALUES (:account, :article, :cited, 1, :wrong, :fidelity, :factor)"""
    async with database.engine.connect() as connection:
        await connection.execute(sa.text(statement), rows)
    report = await made(vectors, database)
    worst, next_worst, *_ = told = report.misleading.articles

    assert (worst.article.title, worst.judged, worst.right, worst.wrong) == ("lesson:7", 8, 1, 8)
    assert (worst.fidelity, worst.factor) == (None, 0.6)
    assert (next_worst.article.title, next_worst.fidelity, next_worst.factor) == ("Refunds and returns", 0.21, 0.7)
    assert (report.misleading.count, len(told)) == (LISTED + 2, LISTED)
    assert not [one for one in told if one.factor == 1.0]
    assert "Mend: “lesson:7” misleads: 8 notes with it were judged, 8 called wrong." in report.first
    assert "Refunds and returns" in report_page(report)


async def test_nothing_is_claimed_of_few_notes(vectors: Vectors, database: Database) -> None:
    """Ten notes cannot cite a hundred articles."""
    await plant(vectors)
    for number in range(ENOUGH_NOTES - 1):
        await note(database, number, cited=["parcels"])

    report = await made(vectors, database)
    assert (report.enough_notes, report.never_cited.count, report.never_cited.unheard) == (False, 0, 9)
    assert any(f"fewer than {ENOUGH_NOTES}" in remark for remark in report.remarks)


async def test_an_article_is_judged_by_the_notes_that_could_have_cited_it(vectors: Vectors, database: Database) -> None:
    """In its own language, and its own account."""
    others = [article("de", "Rückgabe", "<p>Sie können alles zurückgeben.</p>", language="de")]
    await plant(vectors, [*ARTICLES[:2], *others])
    for number in range(ENOUGH_NOTES):
        await note(database, number, cited=["parcels"])
    assert titles((await made(vectors, database)).never_cited.articles) == ["Returning an order"]

    for number in range(100, 100 + ENOUGH_NOTES):
        await note(database, number, language="de")
    assert "Rückgabe" in titles((await made(vectors, database)).never_cited.articles)


async def test_only_the_window_counts(vectors: Vectors, database: Database) -> None:
    """What was asked or cited before it, or is not in a ticket, is not told."""
    await plant(vectors)
    await note(database, 1, days=50, cited=["returns"])
    await note(database, 2, days=50, asked="engraving")
    await note(database, 3, days=5, cited=["parcels"])
    await note(database, 4, days=5, asked="wrapping", posted=False)

    short, long = await made(vectors, database, days=30), await made(vectors, database, days=60)
    assert (short.notes, short.cited_articles, short.gaps.questions) == (1, 1, 0)
    assert (long.notes, long.cited_articles, long.gaps.questions) == (3, 2, 1)


async def test_older_questions_are_not_told_even_before_they_are_forgotten(
    vectors: Vectors, database: Database
) -> None:
    """Ninety days are ninety days, and the report says so."""
    await note(database, 1, days=100, asked="engraving")

    report = await made(vectors, database, days=365)
    assert report.gaps.questions == 0
    assert any("Questions are kept for 90 days" in remark for remark in report.remarks)


async def test_an_empty_index_and_an_empty_ledger_are_said_to_be_empty(vectors: Vectors, database: Database) -> None:
    """A page of zeros looks like a perfect knowledge base."""
    report = await made(vectors, database)

    assert report.articles == report.notes == report.gaps.count == report.never_cited.count == 0
    assert report.remarks == (
        "The index holds no articles: deskpilot sync reads them.",
        "Nothing can be said of citations and gaps until notes are written.",
    )


async def test_the_demos_articles_are_clean(vectors: Vectors, database: Database) -> None:
    """Forty articles, written with care, with hundreds of numbers: nothing is found that is not there."""
    articles = list(folder_articles(DEMO, base_url="", problems=[]))
    await plant(vectors, articles)

    report = await made(vectors, database)
    assert report.articles == len(articles) >= 40
    assert (report.contradictions.count, report.near_duplicates.count) == (0, 0)


async def test_a_contradiction_planted_among_the_demos_articles_is_found(vectors: Vectors, database: Database) -> None:
    """As an editor makes one: an old page is forgotten while a new one is written."""
    articles = list(folder_articles(DEMO, base_url="", problems=[]))
    late = next(one for one in articles if "refund-times" in one.id and one.language == "en")
    old = replace(
        late,
        id="old.md",
        title="Refunds after a return",
        html="<p>After your return has reached our warehouse in Rotterdam, we check it and refund it within ten working days.</p>",
    )
    await plant(vectors, [*articles, old])

    (pair,) = (await made(vectors, database)).contradictions.pairs
    assert {pair.one.title, pair.other.title} == {late.title, "Refunds after a return"}


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,hi",
        "https://user@evil.example/",
        "//evil.example",
        "https://",
        "https://a b",
        "https://[",
        "",
    ],
)
async def test_only_web_addresses_are_linked(url: str, vectors: Vectors, database: Database) -> None:
    """What an author, or a vendor, put there."""
    await plant(vectors, [article("a", "Old", "<p>Some words about it.</p>", url=url, days=900)])

    assert [one.url for one in (await made(vectors, database)).stale.articles] == [""]


@pytest.mark.parametrize("title", ["", "\x1b[31mred", "<b>bold</b>", "x" * 5_000, "\u202eevil", "[link=x]y[/link]"])
async def test_odd_titles_are_told_in_one_line(title: str, vectors: Vectors, database: Database) -> None:
    """A terminal shows what stands there and obeys none of it."""
    await plant(vectors, [article("a", title, "<p>Some words about it.</p>", days=900)])

    (listed,) = (await made(vectors, database)).stale.articles
    assert 0 < len(listed.title) <= 150
    assert listed.title.isprintable()


async def test_an_index_that_does_not_answer_is_said_so(database: Database) -> None:
    """With what to do."""
    vectors = connect("http://127.0.0.1:1", api_key="", collection="x")
    with pytest.raises(VectorsUnavailableError, match="DESKPILOT_QDRANT__URL"):
        await made(vectors, database)
    await vectors.close()


async def test_a_database_that_is_gone_is_said_so(vectors: Vectors) -> None:
    """Not a traceback of a driver."""
    engine = create_async_engine("postgresql+psycopg://127.0.0.1:1/desk")
    with pytest.raises(DatabaseUnavailableError, match="PostgreSQL stopped answering"):
        await made(vectors, Database(engine=engine, transactions=engine, conninfo=""))
    await engine.dispose()
