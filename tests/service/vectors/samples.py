"""Six passages of an invented shop, and short ways to put and find them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from service.vectors import (
    Dense,
    Entry,
    Fence,
    Found,
    Mark,
    Passage,
    Question,
    Vectors,
    passage_id,
)
from service.vectors.ranking import plan
from service.vectors.shelf import ShelvedVectors

ACCOUNT = "acme.zendesk.test"
FENCE = Fence(account=ACCOUNT, languages=("en",))

TEXTS = (
    ("Refunds", "We refund an order within five working days of receiving the goods."),
    ("Refund to a gift card", "A gift card gets its money back the same day."),
    ("Delivery times", "Parcels to Spain take three to five working days, others longer."),
    ("Export", "Error 504 while exporting to CSV means that the file is larger than 2 GB."),
    ("Passwords", "Reset your password in the settings; a mail with a link arrives within minutes."),
    ("Invoices", "Invoices are sent on the first working day of a month, orders are listed by day."),
)


def passage(number: int, **changes: object) -> Passage:
    """The passage `number` of TEXTS, open to all, in English."""
    title, text = TEXTS[number % len(TEXTS)]
    plain = Passage(
        id=passage_id(account="*", source="folder", article=f"folder:{number}.md", position=0),
        article=f"folder:{number}.md",
        source="folder",
        title=title,
        breadcrumb="",
        text=text,
        url="",
        language="en",
        audience="public",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def entry(*passages: Passage, stamp: str = "1", model: str = "", dense: Sequence[Dense] = ()) -> Entry:
    """An article made of these passages."""
    return Entry(Mark(passages[0].article, f"{stamp} {passages[0].article}", model), passages, dense)


def parts(count: int) -> list[Passage]:
    """One article in this many passages."""
    return [
        passage(0, id=passage_id(account="*", source="folder", article="folder:0.md", position=n), position=n)
        for n in range(count)
    ]


def embedding(text: str) -> tuple[float, ...]:
    """Four numbers that differ by text; nothing in them means anything."""
    return tuple(1.0 + (sum(map(ord, text)) * factor) % 17 for factor in (3, 5, 7, 11))


def hybrid(text: str) -> Question:
    """A question with its embedding by the model "small"."""
    return Question(text, "en", "small", embedding(text))


async def put(vectors: Vectors, *entries: Entry) -> None:
    """Put articles of the folder."""
    await vectors.put(entries, source="folder", account="*")


async def put_with_embeddings(vectors: Vectors) -> None:
    """All TEXTS, with embeddings of the model "small"."""
    await vectors.begin(model="small", dimension=4)
    for number, (title, text) in enumerate(TEXTS):
        await put(vectors, entry(passage(number), model="small", dense=[Dense(embedding(text), embedding(title))]))


async def ask(vectors: Vectors, text: str, fence: Fence = FENCE, language: str = "en") -> list[Found]:
    """Search by words."""
    return await vectors.search(Question(text, language), fence=fence, limit=10)


async def signals(vectors: Vectors, question: Question) -> dict[str, dict[str, float]]:
    """What each signal says by itself: raw scores by id of the passage, by name of the signal."""
    assert isinstance(vectors, ShelvedVectors)
    async with vectors._shelf.in_use() as (engine, meta):
        whole = plan(
            question, fence=FENCE, indexed=meta.languages, dense=bool(question.dense), scheme=meta.scheme, limit=99
        )
        assert whole
        alone = {one.using: replace(whole, signals=(replace(one, weight=1.0),), preferred=()) for one in whole.signals}
        return {name: {point.id: point.score for point in await engine.rank(one)} for name, one in alone.items()}


def titles(found: Sequence[Found]) -> list[str]:
    """Titles, in the order found."""
    return [one.passage.title for one in found]


async def marks(vectors: Vectors) -> dict[str, Mark]:
    """Marks of the folder."""
    return await vectors.marks(source="folder", account="*")
