"""Where knowledge comes from: help centre and macros of each helpdesk that is on, and a folder."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from connectors.base import Article, ForbiddenError, GoneError, Helpdesk
from connectors.folder import folder_articles
from service.embeddings import Embeddings
from service.knowledge.sync import SyncReport, sync
from service.settings import Settings
from service.vectors import Vectors

log = structlog.get_logger()

Told = Callable[[str, int, int | None], None]
"""Called with (source, articles done, articles in all or None while unknown)."""


@dataclass(frozen=True, slots=True)
class Library:
    """What knowledge needs: helpdesks to read from, the index, the embeddings (None: BM25 only)."""

    settings: Settings
    helpdesks: Mapping[str, Helpdesk]
    vectors: Vectors
    embeddings: Embeddings | None


async def sync_all(library: Library, *, progress: Told) -> list[SyncReport]:
    """Bring the index up to date with every source, one after the other; a source that fails leaves its passages as they are."""
    reports = [
        await _sync_one(library, desk.articles(), source=desk.name, account=desk.account, progress=progress)
        for desk in library.helpdesks.values()
    ]
    for desk in library.helpdesks.values():
        reports += await _sync_macros(library, desk, progress=progress)
    if folder := library.settings.knowledge.folder:
        problems: list[str] = []
        articles = folder_articles(folder, base_url=library.settings.knowledge.folder_url, problems=problems)
        reports.append(
            await _sync_one(library, articles, source="folder", account="*", progress=progress, gaps=problems)
        )
    return reports


async def _sync_macros(library: Library, desk: Helpdesk, *, progress: Told) -> list[SyncReport]:
    """A report where there are macros or something is to be said; an account that has none for us is no failure."""
    refused: list[str] = []
    macros = _allowed(desk, refused)
    report = await _sync_one(library, macros, source=f"{desk.name} macros", account=desk.account, progress=progress)
    report = replace(report, problems=(*report.problems, *refused))
    read = report.added + report.changed + report.unchanged + report.removed + report.failed
    return [report] if read or report.problems else []


async def _allowed(desk: Helpdesk, refused: list[str]) -> AsyncIterator[Article]:
    try:
        async for macro in desk.macros():
            yield macro
    except (ForbiddenError, GoneError) as error:
        log.info("no macros are read", helpdesk=desk.name, reason=str(error))
        refused.append(f"no macros are read: {error}")


async def _sync_one(
    library: Library,
    articles: AsyncIterator[Article] | Iterable[Article],
    *,
    source: str,
    account: str,
    progress: Told,
    gaps: Sequence[str] = (),
) -> SyncReport:
    return await sync(
        articles,
        vectors=library.vectors,
        embeddings=library.embeddings,
        source=source,
        account=account,
        progress=lambda done, total: progress(source, done, total),
        gaps=gaps,
    )
