"""What `deskpilot knowledge report` says: tables for people, JSON for programs, a page to pass on."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.style import Style
from rich.table import Table
from rich.text import Text

from service.assembly import opened_library
from service.control import Control, asked, find
from service.database import open_database
from service.files import refuse_unwritable
from service.knowledge.findings import ADVICE, KnowledgeReport, Listed, counted, read_report
from service.knowledge.page import report_page
from service.knowledge.report import knowledge_report
from service.learning.contradicting import to_compare
from service.learning.store import LessonStore
from service.ledger import Ledger
from service.merits import Merits
from service.settings import Settings

_ROWS = 10
_WIDTH = 100


async def report(settings: Settings, *, days: int, as_json: bool, html: Path | None) -> int:
    """Make the report, by the running `serve` where there is one, and print or write it."""
    refuse_unwritable(html)
    with Console(stderr=True).status("Reading the index and the ledger ..."):
        running = find(settings.data_dir)
        made = await _reported_by(running, days=days) if running else None
        if made is None:
            made = await _made(settings, days=days)
    if html:
        await asyncio.to_thread(html.write_text, report_page(made), encoding="utf-8")
        Console(stderr=True).print(f"Written to {html}", highlight=False, soft_wrap=True)
    if as_json:
        print(made.as_json())  # noqa: T201 - the command's output
    elif not html:
        console = Console(highlight=False)
        console.print(tables(made), width=min(console.width, _WIDTH))
    return 0


async def _made(settings: Settings, *, days: int) -> KnowledgeReport:
    async with AsyncExitStack() as stack:
        library = await stack.enter_async_context(opened_library(settings))
        database = await stack.enter_async_context(open_database(settings))
        kept_days = settings.retention_days
        return await knowledge_report(
            library.vectors,
            Ledger(database),
            days=days,
            kept_days=kept_days,
            now=datetime.now(UTC),
            lessons=await to_compare(LessonStore(database)),
            merits=Merits(database),
        )


async def _reported_by(control: Control, *, days: int) -> KnowledgeReport | None:
    """The report of the running `serve`. None where nobody answers any more. Raises ServiceError where it cannot."""
    answer = await asked(control, "GET", "/api/knowledge/report", cannot="report", params={"days": days})
    return read_report(answer.content) if answer is not None else None


def tables(made: KnowledgeReport) -> RenderableType:
    """The report for a terminal: what to do first, then a table of each kind, ten rows at most. Fits 100 columns."""
    parts: list[RenderableType] = [
        Text.assemble(
            (f"Knowledge report of {made.at:%Y-%m-%d}", "bold"),
            f": {counted(made.articles, 'article')}; {made.window}.",
        ),
        *(Text(f"! {remark}", style="yellow") for remark in made.remarks),
    ]
    if made.first:
        first = Table(box=None, show_header=False, pad_edge=False)
        for number, told in enumerate(made.first, start=1):
            first.add_row(f"{number}.", Text(told))
        parts += [_heading("Do first"), first]
    made_of = {
        "gaps": (_gaps, made.gaps.count),
        "contradictions": (_contradictions, made.contradictions.count),
        "misleading": (_misleading, made.misleading.count),
        "stale": (_stale, made.stale.count),
        "near_duplicates": (_duplicates, made.near_duplicates.count),
        "never_cited": (_never_cited, made.never_cited.count),
    }
    for key, (rows, count) in made_of.items():
        title, advice = ADVICE[key]
        parts.append(_heading(f"{title}: {count:,}" if count else title, advice if count else ""))
        parts.append(rows(made) if count else Text(made.nothing[key], style="dim"))
        if count > _ROWS:
            parts.append(Text(f"{count - _ROWS:,} more: --json lists them.", style="dim"))
        if beside := made.beside[key]:
            parts.append(Text(beside, style="dim"))
    return Group(*parts)


def _gaps(made: KnowledgeReport) -> Table:
    table = _table("tickets", "question", "nearest article", "last")
    for gap in made.gaps.topics[:_ROWS]:
        nearest = _named(gap.nearest) if gap.nearest else Text("none", style="dim")
        if gap.changed:
            nearest.append(" (changed since)", style="dim")
        table.add_row(str(gap.count), Text(gap.question), nearest, f"{gap.last:%Y-%m-%d}")
    return table


def _contradictions(made: KnowledgeReport) -> Table:
    table = _table("one says", "the other says")
    for pair in made.contradictions.pairs[:_ROWS]:
        table.add_row(
            *(
                Text.assemble(said, "\n", _named(one))
                for one, said in ((pair.one, pair.said), (pair.other, pair.other_said))
            )
        )
    return table


def _misleading(made: KnowledgeReport) -> Table:
    table = _table("judged", "wrong", "fidelity", "article", "factor")
    for one in made.misleading.articles[:_ROWS]:
        fidelity = "" if one.fidelity is None else f"{one.fidelity:.2f}"
        table.add_row(f"{one.judged:,}", f"{one.wrong:,}", fidelity, _named(one.article), f"{one.factor:.2f}")
    return table


def _stale(made: KnowledgeReport) -> Table:
    table = _table("cited", "article", "language", "last touched")
    for one in made.stale.articles[:_ROWS]:
        table.add_row(f"{one.cited:,}", _named(one), one.language, _day(one))
    return table


def _duplicates(made: KnowledgeReport) -> Table:
    table = _table("alike", "articles")
    for group in made.near_duplicates.groups[:_ROWS]:
        table.add_row(f"{100 * group.share:.0f} %", Text("\n").join(map(_named, group.articles[:_ROWS])))
    return table


def _never_cited(made: KnowledgeReport) -> Table:
    table = _table("article", "language", "last touched")
    for one in made.never_cited.articles[:_ROWS]:
        table.add_row(_named(one), one.language, _day(one))
    return table


def _heading(title: str, advice: str = "") -> Text:
    return Text.assemble("\n", (title, "bold"), (f"  {advice}" if advice else "", "dim"))


def _table(*columns: str) -> Table:
    """Narrow columns are as wide as they must be; texts share the rest."""
    table = Table(box=None, pad_edge=False, expand=True)
    for name in columns:
        if name in ("tickets", "cited", "alike", "judged", "wrong", "fidelity", "factor"):
            table.add_column(name, justify="right", no_wrap=True)
        elif name in ("last", "last touched", "language"):
            table.add_column(name, no_wrap=True)
        else:
            table.add_column(name, ratio=2 if name == "question" else 1, overflow="fold")
    return table


def _named(one: Listed) -> Text:
    title = Text(one.title, style=Style(link=one.url or None))
    return title.append(" (internal)", style="dim") if one.internal else title


def _day(one: Listed) -> str:
    return f"{one.updated_at:%Y-%m-%d}" if one.updated_at else "no date"
