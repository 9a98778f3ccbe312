"""Keeps the index true to the queue: in with what is in force, out with what is not. And nothing is believed of the index alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from service.knowledge.encoding import single
from service.knowledge.sources import Library
from service.learning.lesson import Lesson, passage_of, stamp_of
from service.learning.store import LessonStore
from service.masking import blanked
from service.passages import Retrieval
from service.vectors import Entry, Fence, Found, Mark, Passage
from service.vectors.base import LESSONS, lesson_article
from service.vectors.reach import allowed

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Published:
    """What a turn changed in the index."""

    put: int = 0
    removed: int = 0


class Publishing:
    """Writes lessons to the index. Every verb may raise VectorsUnavailableError; a second time it changes nothing."""

    def __init__(self, library: Library, store: LessonStore) -> None:
        self._library, self._store = library, store

    async def follow(self, lesson: Lesson) -> None:
        """Bring one lesson in the index to where its row stands."""
        account, article = lesson.key.account, lesson_article(lesson.id)
        marks = await self._library.vectors.marks(source=LESSONS, account=account, articles=(article,))
        standing = await self._store.of([lesson.id], in_force=True)
        await self._settle(account, list(standing.values()), marks)

    async def settle(self) -> Published:
        """Bring all of them there: after an index was lost, a lesson expired, or somebody's change could not reach it."""
        by_account: dict[str, list[Lesson]] = {desk.account: [] for desk in self._library.helpdesks.values()}
        # marks first: what somebody approves meanwhile is then put once more, not taken out
        marks = {account: await self._library.vectors.marks(source=LESSONS, account=account) for account in by_account}
        for lesson in await self._store.in_force():
            by_account.setdefault(lesson.key.account, []).append(lesson)
        done = Published()
        for account, lessons in by_account.items():
            turn = await self._settle(account, lessons, marks.get(account, {}))
            done = Published(done.put + turn.put, done.removed + turn.removed)
        return done

    async def _settle(self, account: str, lessons: Sequence[Lesson], marks: dict[str, Mark]) -> Published:
        wanted = {passage.article: passage for one in lessons if (passage := passage_of(one))}
        if gone := sorted(marks.keys() - wanted.keys()):
            await self._library.vectors.remove(gone, source=LESSONS, account=account)
            log.info("lessons are found no more", lessons=gone)
        put = 0
        for article, passage in wanted.items():
            put += await self._put(account, passage, marks.get(article))
        return Published(put, len(gone))

    async def _put(self, account: str, passage: Passage, known: Mark | None) -> int:
        embeddings, stamp = self._library.embeddings, stamp_of(passage)
        same = known is not None and known.same_article(Mark(passage.article, stamp))  # no splitting cuts a lesson
        if known and same and (embeddings is None or known.model == embeddings.model):
            return 0
        dense = await single(passage, vectors=self._library.vectors, embeddings=embeddings)
        mark = Mark(passage.article, stamp, embeddings.model if embeddings and dense else "")
        if mark == known:
            return 0
        await self._library.vectors.put([Entry(mark, (passage,), dense)], source=LESSONS, account=account)
        log.info("a lesson is found from now on", lesson=passage.article)
        return 1


async def vouched(retrieval: Retrieval, fence: Fence, store: LessonStore | None) -> Retrieval:
    """What was found, with each lesson as its row says it is at this moment, and without those that are not in force.

    So a lesson is revoked, narrowed to its organization or rewritten at once, whether or not the index answered whoever did it.
    Without a store, no lesson is in force.
    """
    numbers = {int(one.passage.lesson) for one in retrieval.beside if one.passage.lesson}
    if not numbers:
        return retrieval
    standing = await store.of(numbers, in_force=True) if store else {}
    kept: list[Found] = []
    for one in retrieval.beside:
        if not one.passage.lesson:
            kept.append(one)
            continue
        lesson = standing.get(int(one.passage.lesson))
        passage = passage_of(lesson) if lesson else None
        if passage and _within(passage, fence):
            kept.append(
                replace(one, passage=replace(passage, title=blanked(passage.title), text=blanked(passage.text)))
            )
    return replace(retrieval, beside=tuple(kept))


def _within(passage: Passage, fence: Fence) -> bool:
    return (
        passage.account in allowed(fence.account)
        and passage.brand in allowed(fence.brand)
        and passage.organization in allowed(fence.organization)
        and passage.requester in allowed(fence.requester)
    )
