"""Where articles come from: the help centre of each helpdesk that is on, and a folder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.base import Article, Helpdesk
from connectors.folder import folder_articles
from service.embeddings import Embeddings
from service.knowledge.rebuild import renewed
from service.knowledge.sync import SyncReport, sync
from service.settings import Settings
from service.vectors import ShelvedVectors, Vectors

Told = Callable[[str, int, int | None], None]
"""Called with (source, articles done, articles in all or None while unknown)."""


@dataclass(frozen=True, slots=True)
class Library:
    """What knowledge needs: helpdesks to read from, the index, the embeddings (None: BM25 only)."""

    settings: Settings
    helpdesks: Mapping[str, Helpdesk]
    vectors: ShelvedVectors
    embeddings: Embeddings | None
    syncing: asyncio.Lock = field(default_factory=asyncio.Lock)  # one at a time: two would embed everything twice


async def sync_all(library: Library, *, progress: Told) -> list[SyncReport]:
    """Bring the index up to date with every source, one after the other; a source that fails leaves its passages as they are.

    Where the model or the splitting changed, a new index is built beside the old one: see `renewed`.
    """

    async def crawl(vectors: Vectors, embeddings: Embeddings | None) -> list[SyncReport]:
        return await _sync_each(library, vectors, embeddings, progress=progress)

    async with library.syncing:
        return await renewed(library.vectors, library.embeddings, crawl)


async def _sync_each(
    library: Library, vectors: Vectors, embeddings: Embeddings | None, *, progress: Told
) -> list[SyncReport]:
    into = _Into(vectors, embeddings, progress)
    reports = [
        await _sync_one(into, desk.articles(), source=desk.name, account=desk.account)
        for desk in library.helpdesks.values()
    ]
    if folder := library.settings.knowledge.folder:
        problems: list[str] = []
        articles = folder_articles(folder, base_url=library.settings.knowledge.folder_url, problems=problems)
        reports.append(await _sync_one(into, articles, source="folder", account="*", gaps=problems))
    return reports


@dataclass(frozen=True, slots=True)
class _Into:
    """Which index a sync writes to, with whose embeddings, and who is told."""

    vectors: Vectors
    embeddings: Embeddings | None
    progress: Told


async def _sync_one(
    into: _Into,
    articles: AsyncIterator[Article] | Iterable[Article],
    *,
    source: str,
    account: str,
    gaps: Sequence[str] = (),
) -> SyncReport:
    return await sync(
        articles,
        vectors=into.vectors,
        embeddings=into.embeddings,
        source=source,
        account=account,
        progress=lambda done, total: into.progress(source, done, total),
        gaps=gaps,
    )
