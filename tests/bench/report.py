"""How long the knowledge report takes: `python -m tests.bench.report [--passages 5000 20000] [--json]`.

Invented articles of 400 words in 2.5 passages, of which one in a hundred is nearly another's twin; 20,000 notes, 3,000 of
them with a question that no article answers. The report runs in a process of its own, which has opened index and ledger:
`seconds` and of these `cpu_s` of a core, `memory_mb` (its peak, above what it had before), and `stall_ms`, the longest time in which its loop did nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from service.database import Database, open_database
from service.knowledge.report import knowledge_report
from service.ledger import Ledger
from service.settings import Settings
from service.vectors import EmbeddedVectors, Entry, Mark, Passage, Vectors, passage_id

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ACCOUNT = "acme.zendesk.test"
NOTES, QUESTIONS = 20_000, 3_000
PER_ARTICLE = (2, 3)
WORDS = 160
BEAT_S = 0.005


class Author:
    """Writes texts of invented words that come as often as words do."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        syllables = [c + v for c in "bcdfghklmnprstvz" for v in "aeiou"]
        self._words = ["".join(self._random.choices(syllables, k=self._random.randint(2, 4))) for _ in range(20_000)]
        self._weights = list(itertools.accumulate(1 / (rank + 10) for rank in range(len(self._words))))

    def words(self, count: int) -> list[str]:
        """So many of them."""
        return self._random.choices(self._words, cum_weights=self._weights, k=count)

    def passage(self) -> str:
        """Sentences of a dozen words; every fourth states an amount."""
        said = []
        for start in range(0, WORDS, 12):
            middle = f"within {self._random.randint(1, 90)} days of" if start % 48 == 0 else "of the"
            first, last = self.words(5), self.words(5)
            said.append(f"{' '.join(first).capitalize()} {middle} {' '.join(last)}.")
        return " ".join(said)

    def entries(self, passages: int) -> Iterator[Entry]:
        """Articles until there are so many passages."""
        before: list[str] = []
        number = 0
        while passages > 0:
            texts = [self.passage() for _ in range(min(self._random.choice(PER_ARTICLE), passages))]
            if number % 100 == 50:
                texts = [text.replace("within", "inside", 1) for text in before]
            passages -= len(texts)
            before, number = texts, number + 1
            key = f"zendesk:{number}:en"
            at = NOW - timedelta(days=self._random.randint(1, 1_000))
            title = " ".join(self.words(5)).capitalize()
            made = [_passage(key, title, text, position, at) for position, text in enumerate(texts)]
            yield Entry(Mark(key, stamp="1"), made)


def _passage(key: str, title: str, text: str, position: int, at: datetime) -> Passage:
    return Passage(
        id=passage_id(account=ACCOUNT, source="zendesk", article=key, position=position),
        article=key,
        source="zendesk",
        title=title,
        breadcrumb="",
        text=text,
        url=f"https://acme.zendesk.test/{key}",
        language="en",
        audience="public",
        account=ACCOUNT,
        position=position,
        updated_at=at.isoformat(),
    )


async def fill(folder: Path, passages: int) -> None:
    """An index and a ledger in this folder."""
    author = Author(1)
    vectors = EmbeddedVectors(folder / "qdrant")
    entries = list(author.entries(passages))
    for start in range(0, len(entries), 200):
        await vectors.put(entries[start : start + 200], source="zendesk", account=ACCOUNT)
    await vectors.optimise()
    await vectors.close()
    async with open_database(Settings(data_dir=folder)) as database:
        await _write_notes(database, author, articles=len(entries))


async def _write_notes(database: Database, author: Author, *, articles: int) -> None:
    rows = []
    for number in range(NOTES):
        details: dict[str, Any] = {"language": "en", "cited": [[ACCOUNT, f"zendesk:{(number * number) % articles}:en"]]}
        if number < QUESTIONS:
            details |= {"cited": [], "asked": " ".join(author.words(12)), "nearest": [ACCOUNT, f"zendesk:{number}:en"]}
        at = NOW - timedelta(minutes=6 * number)
        rows.append({"ticket": str(number), "details": json.dumps(details), "at": at, "open": number < QUESTIONS})
    async with database.transactions.begin() as connection:
        await connection.execute(_NOTE, rows)


_NOTE = sa.text(f"""
    INSERT INTO drafts (helpdesk, account, ticket_id, message_id, reference, verdict, html, details, created_at, note_id, posted_at)
    VALUES ('zendesk', '{ACCOUNT}', :ticket, 'm', 'DP', CASE WHEN :open THEN 'uncovered' ELSE 'ready' END, '', CAST(:details AS jsonb), :at, :ticket, :at)
""")  # noqa: S608 - our own constant


async def measure(folder: Path) -> dict[str, float]:
    """One report of what is in the folder."""
    vectors: Vectors = EmbeddedVectors(folder / "qdrant")
    async with open_database(Settings(data_dir=folder)) as database:
        await vectors.status()
        before = _peak_mb()
        stalls = [0.0]
        beating = asyncio.create_task(_beat(stalls))
        begun, used = time.perf_counter(), time.process_time()
        report = await knowledge_report(vectors, Ledger(database), days=90, kept_days=30, now=NOW)
        took, cpu = time.perf_counter() - begun, time.process_time() - used
        beating.cancel()
    await vectors.close()
    return {
        "articles": report.articles,
        "near_duplicates": report.near_duplicates.count,
        "contradictions": report.contradictions.count,
        "gaps": report.gaps.count,
        "seconds": round(took, 2),
        "cpu_s": round(cpu, 2),
        "memory_mb": round(_peak_mb() - before, 1),
        "stall_ms": round(1_000 * max(stalls), 1),
    }


async def _beat(stalls: list[float]) -> None:
    while True:
        before = time.perf_counter()
        await asyncio.sleep(BEAT_S)
        stalls.append(time.perf_counter() - before - BEAT_S)


def _peak_mb() -> float:
    """Of this process alone: what the system counts for it otherwise includes the one that started it."""
    told = Path("/proc/self/status").read_text().partition("VmHWM:")[2]
    return int(told.split()[0]) / 1024


def main(given: Sequence[str] | None = None) -> int:
    """Fill, measure in a process of its own, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, nargs="+", default=[5_000, 20_000])
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)  # the process that is measured
    arguments = parser.parse_args(given)
    if arguments.folder:
        print(json.dumps(asyncio.run(measure(arguments.folder))))
        return 0
    figures: dict[str, dict[str, float]] = {}
    for passages in arguments.passages:
        with tempfile.TemporaryDirectory(prefix="deskpilot-bench-") as name:
            asyncio.run(fill(Path(name), passages))
            told = subprocess.run(  # noqa: S603 - our own
                [sys.executable, "-m", "tests.bench.report", "--folder", name],
                check=True,
                capture_output=True,
                text=True,
            )
        figures[str(passages)] = json.loads(told.stdout)
    if arguments.json:
        print(json.dumps(figures))
    else:
        table = Table("passages", *next(iter(figures.values())), box=None)
        for count, row in figures.items():
            table.add_row(count, *(f"{value:g}" for value in row.values()))
        Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
