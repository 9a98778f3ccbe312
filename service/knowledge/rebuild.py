"""A new index beside the old one, when the model, the splitting or what is stored of a passage changed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import structlog

from service.embeddings import Embeddings, EmbeddingsRejectedError, EmbeddingsUnavailableError
from service.knowledge.chunks import SPLITTING
from service.knowledge.encoding import Encoder
from service.knowledge.sync import SyncReport
from service.vectors import Beside, Entry, ShelvedVectors, Vectors
from service.vectors.payload import SCHEME

log = structlog.get_logger()

Crawl = Callable[[Vectors, Embeddings | None], Awaitable[list[SyncReport]]]
"""Reads every source and brings this index up to date, with these embeddings."""

SOURCE = "new index"
"""Whose report tells how far the new index is, beside those of the sources."""

MACROS = " macros"
"""Ends the name of a source of macros. Where they cannot be read now, those of the old index do: nobody waits for them."""

_BATCH = 20
"""Articles that are carried over at once; an interruption loses no more than this."""

_ROUNDS = 5
"""Looks at what changed in the old index while its rest was carried over; each is shorter than the one before."""


async def renewed(vectors: ShelvedVectors, embeddings: Embeddings | None, crawl: Crawl) -> list[SyncReport]:
    """Crawl into the index in use, or into a new one beside it where that was made otherwise than one is made now.

    The old one is searched until the new one is complete; then they are swapped at once. What no crawl brings back
    (pushed articles, solved tickets, what fails today) is carried over as the old one has it. A source that
    is not read to its end, or an endpoint that does not answer, leaves the old one in use, and the next sync goes on.
    Raises VectorsUnavailableError; what was built until then stays.
    """
    crawled: list[SyncReport] = []
    if not await _outdated(vectors, embeddings):
        await vectors.discard()
        crawled = await crawl(vectors, embeddings)
        if not await _outdated(vectors, embeddings):  # its first answer may have shown vectors of another size
            return crawled
    old = await vectors.meta()
    try:
        dimension = len((await embeddings.embed([SOURCE]))[0]) if embeddings else 0
    except EmbeddingsUnavailableError as error:
        if crawled:  # into an index of words, which says so
            return crawled
        same = embeddings if embeddings and embeddings.model == old.model else None
        return [*await crawl(vectors, same), await _kept(vectors, str(error))]
    model = embeddings.model if embeddings else ""
    new = await vectors.beside(model=model, dimension=dimension, splitting=SPLITTING)
    reports = await crawl(new, embeddings)
    return [*reports, await _completed(vectors, new, embeddings, reports)]


async def _outdated(vectors: ShelvedVectors, embeddings: Embeddings | None) -> bool:
    """Whether the passages in use were made otherwise than they are made now; an index without any is made anew.

    A model that is switched off is no change: its embeddings lie there unused until it is switched on again.
    """
    meta = await vectors.meta()
    other_model = embeddings is not None and (
        meta.model != embeddings.model or embeddings.dimension not in (0, meta.dimension)
    )
    other_cut = (meta.splitting, meta.scheme) != (SPLITTING, SCHEME)
    if not other_model and not other_cut:
        return False
    if (await vectors.status()).passages:
        return True
    if meta.model or other_cut:  # else it takes the model of the first answer
        await vectors.begin(model="", dimension=0, splitting=SPLITTING)
    return False


async def _completed(
    vectors: ShelvedVectors, new: Beside, embeddings: Embeddings | None, reports: Sequence[SyncReport]
) -> SyncReport:
    """Carry over what no crawl brought, and swap; or say why not."""
    unread = [report.source for report in reports if not report.complete and not report.source.endswith(MACROS)]
    if unread:
        return await _kept(vectors, f"{', '.join(unread)} was not read to the end")
    try:
        report = await _carried_over(new, embeddings)
    except EmbeddingsUnavailableError as error:
        return await _kept(vectors, str(error))
    if not report.complete:
        return await _kept(vectors, "articles change faster than they can be carried over")
    await new.refit()
    await new.optimise()
    await vectors.swap()
    return replace(report, passages=(await vectors.status()).passages)


async def _carried_over(new: Beside, embeddings: Embeddings | None) -> SyncReport:
    """Bring what the new index lacks from the old one, until nothing is lacking.

    Embeddings are tried once more for what somebody wrote by its words meanwhile.
    """
    report, encoder = SyncReport(SOURCE), Encoder()
    for number in range(_ROUNDS):
        lacking = await new.lacking(model="" if number or not embeddings else embeddings.model)
        if not lacking:
            return report
        for (source, account), articles in lacking.items():
            for start in range(0, len(articles), _BATCH):
                batch = articles[start : start + _BATCH]
                entries, refused = await _embedded(
                    await new.old_entries(batch, source=source, account=account), embeddings, encoder
                )
                await new.carry(entries, source=source, account=account)
                report = replace(
                    report,
                    changed=report.changed + len(entries),
                    failed=report.failed + len(refused),
                    problems=(*report.problems, *refused),
                )
    return replace(report, complete=False)


async def _embedded(
    entries: Sequence[Entry], embeddings: Embeddings | None, encoder: Encoder
) -> tuple[list[Entry], list[str]]:
    """The articles with their embeddings; one that the endpoint refuses without any, and a sentence about it."""
    passages = [passage for entry in entries for passage in entry.passages]
    if embeddings is None or not passages:
        return list(entries), []
    try:
        dense = iter(await encoder.encode(embeddings, passages))
    except EmbeddingsRejectedError as error:
        if len(entries) == 1:
            return list(entries), [f"{entries[0].mark.article} is found by its words alone: {error}"]
        each = [await _embedded([entry], embeddings, encoder) for entry in entries]
        return [entry for some, _ in each for entry in some], [reason for _, some in each for reason in some]
    return [
        replace(entry, mark=replace(entry.mark, model=embeddings.model), dense=[next(dense) for _ in entry.passages])
        for entry in entries
    ], []


async def _kept(vectors: ShelvedVectors, reason: str) -> SyncReport:
    """The report of an index that is not in use yet."""
    status, old = await vectors.status(), await vectors.meta()
    beside = f", with {status.building} passages in the new one so far" if status.building else ""
    made = f"made with {old.model}" if old.model else "by words alone"
    problem = f"the old index ({made}) stays in use{beside}: {reason}; the next sync goes on"
    log.warning("the new index is not in use yet", reason=reason)
    return SyncReport(SOURCE, passages=status.building, problems=(problem,), complete=False)
