"""Whether a lesson states another amount than an article that the same ticket would find."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from service.knowledge.comparison import disagreements
from service.knowledge.inventory import Holding, inventory_of
from service.learning.lesson import Lesson, passage_of
from service.learning.store import LessonStore
from service.vectors import Fence, Passage, Question, Vectors

_COMPARED: Final = 30  # passages of articles that suit it best
_TITLE_CHARS: Final = 120


async def contradictions(lesson: Lesson, vectors: Vectors) -> list[Mapping[str, str]]:
    """Articles and what they say, as the queue shows it. Raises VectorsUnavailableError."""
    passage = passage_of(lesson)
    if passage is None:
        return []
    fence = Fence(
        account=lesson.key.account,
        brand=lesson.brand,
        organization=lesson.organization,
        languages=(lesson.language,) if lesson.language else (),
    )
    found = await vectors.search(Question(passage.text, lesson.language), fence=fence, limit=_COMPARED)
    return await asyncio.to_thread(_against, _holding(passage, lesson), [one.passage for one in found])


async def to_compare(store: LessonStore) -> list[Holding]:
    """Waiting and approved lessons, as the knowledge report compares them with articles."""
    return await asyncio.to_thread(_holdings, await store.to_compare())


def _holdings(lessons: Iterable[Lesson]) -> list[Holding]:
    holdings = []
    for lesson in lessons:
        if passage := passage_of(lesson):
            holding = _holding(passage, lesson)
            holding.title = f"Lesson {lesson.id} ({lesson.state}): {passage.title}"[:_TITLE_CHARS]
            holdings.append(holding)
    return holdings


def _holding(passage: Passage, lesson: Lesson) -> Holding:
    """As if its reply were an article with the question for a title: what customers ask states nothing."""
    (holding,) = inventory_of([replace(passage, pool="article", text=lesson.reply)])
    return holding


def _against(own: Holding, articles: Sequence[Passage]) -> list[Mapping[str, str]]:
    told: list[Mapping[str, str]] = []
    for found in disagreements([own, *inventory_of(articles)]):
        if own.key not in (found.one.key, found.other.key):
            continue
        here, said, other = (
            (found.said, found.other_said, found.other)
            if found.one.key == own.key
            else (found.other_said, found.said, found.one)
        )
        told.append({"title": other.title[:_TITLE_CHARS], "url": other.url, "said": here, "other": said})
    return told
