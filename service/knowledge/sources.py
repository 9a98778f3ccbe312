"""Where knowledge comes from: help centre and macros of each helpdesk that is on, and a folder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from connectors.base import Article, ConnectorError, ForbiddenError, GoneError, Helpdesk, RejectedError
from connectors.folder import folder_articles
from service.embeddings import Embeddings
from service.entities import Entities
from service.knowledge.chunks import SPLITTING
from service.knowledge.rebuild import MACROS, renewed
from service.knowledge.sync import SyncReport, sync, sync_pages
from service.settings import Settings
from service.vectors import Cursor, ShelvedVectors, Vectors
from service.vectors.base import ANY

log = structlog.get_logger()

Told = Callable[[str, int, int | None], None]
"""Called with (source, articles done, articles in all or None while unknown)."""

_FOLDER = "folder"

OURS = ("zendesk", "freshdesk", _FOLDER)
"""Names of the sources that are read here; nobody else writes under them."""

_SWEEP_EVERY = timedelta(hours=24)
"""No list of changes names what was archived or deleted: so often all is read and compared."""

_OVERLAP = timedelta(minutes=10)
"""What changed so shortly before is read again: clocks differ, and a list may be behind."""


@dataclass(frozen=True, slots=True)
class Library:
    """What knowledge needs: helpdesks to read from, the index, the embeddings (None: BM25 only).

    entities: the plug-in that finds names, for what is kept of solved tickets and for what a model reads; None: there is none.
    syncing: held by whoever brings our own sources up to date; what was read earlier must not be written later.
    """

    settings: Settings
    helpdesks: Mapping[str, Helpdesk]
    vectors: ShelvedVectors
    embeddings: Embeddings | None
    entities: Entities | None = None
    syncing: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True, slots=True)
class _Into:
    """Which index a sync writes to, with whose embeddings."""

    vectors: Vectors
    embeddings: Embeddings | None


async def sync_all(library: Library, *, progress: Told, changes_only: bool = False) -> list[SyncReport]:
    """Bring the index up to date with every source, one after the other; a source that fails leaves its passages as they are.

    changes_only: ask the helpdesks what changed, as far as they tell, and read all of it once a day only.
    Where the model or the splitting changed, a new index is built beside the old one: see `renewed`.
    """

    async def crawl(vectors: Vectors, embeddings: Embeddings | None) -> list[SyncReport]:
        return await _sync_each(library, _Into(vectors, embeddings), progress=progress, changes_only=changes_only)

    async with library.syncing:
        reports = await renewed(library.vectors, library.embeddings, crawl)
        await library.vectors.refit()  # for what was pushed since the last time
        await library.vectors.optimise()
    return reports


def sources_of(library: Library) -> list[tuple[str, str]]:
    """(source, account) of all that is read here."""
    desks = list(library.helpdesks.values())
    found = [(desk.name, desk.account) for desk in desks] + [(f"{desk.name}{MACROS}", desk.account) for desk in desks]
    return [*found, (_FOLDER, ANY)] if library.settings.knowledge.folder else found


async def _sync_each(library: Library, into: _Into, *, progress: Told, changes_only: bool) -> list[SyncReport]:
    reports = [
        await _sync_desk(into, desk, progress=partial(progress, desk.name), changes_only=changes_only)
        for desk in library.helpdesks.values()
    ]
    for desk in library.helpdesks.values():
        reports += await _sync_macros(into, desk, progress=partial(progress, f"{desk.name}{MACROS}"))
    if folder := library.settings.knowledge.folder:
        problems: list[str] = []
        reports.append(
            await sync(
                folder_articles(folder, base_url=library.settings.knowledge.folder_url, problems=problems),
                vectors=into.vectors,
                embeddings=into.embeddings,
                source=_FOLDER,
                account=ANY,
                progress=partial(progress, "folder"),
                gaps=problems,
            )
        )
        await _read_whole(into, reports[-1], source=_FOLDER, account=ANY)
    return reports


async def _read_whole(into: _Into, report: SyncReport, *, source: str, account: str) -> None:
    """Remember when a source without a list of changes was read to its end: how fresh its articles are."""
    if report.complete and report.settled:
        now = datetime.now(UTC).isoformat()
        await into.vectors.remember(
            Cursor(upto=now, swept_at=now, made_with="", read_at=now), source=source, account=account
        )


async def _sync_macros(into: _Into, desk: Helpdesk, *, progress: Callable[[int, int | None], None]) -> list[SyncReport]:
    """A report where there are macros or something is to be said; an account that has none for us is no failure."""
    refused: list[str] = []
    report = await sync(
        _allowed(desk, refused),
        vectors=into.vectors,
        embeddings=into.embeddings,
        source=f"{desk.name}{MACROS}",
        account=desk.account,
        progress=progress,
    )
    await _read_whole(into, report, source=f"{desk.name}{MACROS}", account=desk.account)
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


async def refresh(library: Library, helpdesk: str, ids: Collection[str]) -> SyncReport:
    """Bring these pages of a help centre up to date: each is read in all its languages, or taken out where it is gone."""
    desk = library.helpdesks.get(helpdesk)
    if desk is None:
        raise RejectedError(f"{helpdesk} was switched off")
    async with library.syncing:
        into = _Into(library.vectors, library.embeddings)
        return await _sync_pages(into, desk, tuple(ids), progress=lambda _done, _total: None)


async def _sync_desk(
    into: _Into, desk: Helpdesk, *, progress: Callable[[int, int | None], None], changes_only: bool
) -> SyncReport:
    began = datetime.now(UTC)
    model = into.embeddings.model if into.embeddings else ""
    now = began.isoformat()
    cursor = Cursor(upto=now, swept_at=now, made_with=f"{SPLITTING} {model}", read_at=now)
    source = {"source": desk.name, "account": desk.account}
    last = await into.vectors.cursor(**source) if changes_only and await _made_so(into, model) else None
    changed = None
    if last and last.made_with == cursor.made_with and _since(last.swept_at, now=began) < _SWEEP_EVERY:
        try:
            changed = await desk.changed_articles(datetime.fromisoformat(last.upto) - _OVERLAP)
        except ConnectorError as error:
            problem = f"{desk.name} does not tell what changed: {error}"
            return SyncReport(desk.name, problems=(problem,), complete=False, read="changes")
    if last and changed:
        cursor = replace(last, upto=max(changed.upto.isoformat(), last.upto), read_at=now)
        report = await _sync_pages(into, desk, changed.ids, progress=progress)
    else:
        unread: dict[str, str] = {}
        report = await sync(
            desk.articles(unread),
            vectors=into.vectors,
            embeddings=into.embeddings,
            **source,
            progress=progress,
            unread=unread,
        )
        report = replace(report, read="all")
    if report.complete and report.settled:
        await into.vectors.remember(cursor, **source)
    return report


async def _sync_pages(
    into: _Into, desk: Helpdesk, ids: tuple[str, ...], *, progress: Callable[[int, int | None], None]
) -> SyncReport:
    report = await sync_pages(
        desk.read_articles(ids),
        vectors=into.vectors,
        embeddings=into.embeddings,
        source=desk.name,
        account=desk.account,
        progress=progress,
    )
    return replace(report, read="changes")


async def _made_so(into: _Into, model: str) -> bool:
    """Whether what lies in the index was made as it would be now; else all of a source is read."""
    meta = await into.vectors.meta()
    return meta.splitting == SPLITTING and model in ("", meta.model)


def _since(moment: str, *, now: datetime) -> timedelta:
    """How long ago; also where our clock was set back meanwhile."""
    return abs(now - datetime.fromisoformat(moment))
