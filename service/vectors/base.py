"""What is searched, by whom, and the verbs of an index. Both engines speak these words and no others.

ServiceError
  VectorsUnavailableError   the engine or the server does not answer, or refuses: later may work.
    IndexInUseError         another process has the embedded index open: nothing works until it lets go.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID, uuid5

from connectors.base import Audience, Pool
from service.errors import ServiceError

ANY = "*"
"""In account, brand, organization and requester of a passage: open to all of them."""

LESSONS = "lessons"
"""The source of lessons that a person has approved: see service/learning."""

_CARRIED = re.compile(r"^carried \d+ ")
_LESSON = "lesson:"

_IDS = UUID("5f0c4e0e-3d5b-5d61-9a44-0c6b1c5b7d10")


class VectorsUnavailableError(ServiceError):
    """The index cannot be read or written now."""


class IndexInUseError(VectorsUnavailableError):
    """The embedded index belongs to one process, and that is another one."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of an article, macro or solved ticket: what is retrieved and cited.

    `account`, `brand`, `organization` and `requester` say whose tickets may find it, all four of them together; "*" is
    everybody's, an empty one nobody's. A solved ticket is bound to its organization, or where it has none to its requester.
    """

    id: str  # uuid5, see passage_id
    article: str  # source and id: "folder:refunds.md"
    source: str  # "zendesk", "freshdesk", "folder"
    title: str
    breadcrumb: str  # "Category › Section › Heading"
    text: str
    url: str
    language: str  # primary subtag, lower case; empty: unknown
    audience: Audience
    account: str = ANY
    brand: str = ANY
    organization: str = ANY
    requester: str = ANY
    pool: Pool = "article"
    position: int = 0  # within the article, from 0
    updated_at: str = ""  # ISO 8601; empty: unknown
    links: tuple[str, ...] = ()  # of the whole article: where what a reader sees of it leads, http(s) only
    by: str = ""  # requester of a solved ticket, so that it can be forgotten; no fence reads it

    @property
    def ticket(self) -> str:
        """The vendor's number of a solved ticket; empty for all else."""
        number = self.article.rpartition(":")[2]
        return number if self.pool == "ticket" and not self.lesson and number.isdecimal() else ""

    @property
    def lesson(self) -> str:
        """The number of an approved lesson; empty for all else."""
        number = self.article.removeprefix(_LESSON)
        return number if self.source == LESSONS and self.pool == "ticket" and number.isdecimal() else ""


@dataclass(frozen=True, slots=True)
class Found:
    """A passage that was found. `signals`: names of those that its score was added up from."""

    passage: Passage
    score: float
    signals: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Fence:
    """What a ticket may see. Becomes a filter inside the query.

    An empty brand, organization or requester matches only passages that are open to all. `languages`: the ticket's first, then
    the fallbacks; passages in these (and of unknown language) are preferred, others are found as well.
    """

    account: str
    brand: str = ""
    organization: str = ""
    requester: str = ""
    languages: tuple[str, ...] = ()
    audiences: tuple[Audience, ...] = ("public", "internal")
    pools: tuple[Pool, ...] = ("article",)


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for. `dense`: the embedding of `text` by `model`; empty: words alone decide."""

    text: str
    language: str = ""  # empty: unknown
    model: str = ""
    dense: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Dense:
    """The two embeddings of a passage, of one model."""

    body: Sequence[float]
    title: Sequence[float]


@dataclass(frozen=True, slots=True)
class Mark:
    """What the index holds of one article: enough to see that it is unchanged.

    stamp: hash of the article; of one that may be relabelled two halves, "text.label". model: whose embeddings it has, empty
    for none.
    """

    article: str
    stamp: str
    model: str = ""

    def carried(self, splitting: int) -> Mark:
        """The mark of the same article, left as an older splitting cut it: known, and not the one of today."""
        return (
            self
            if not self.stamp or _CARRIED.match(self.stamp)
            else replace(self, stamp=f"carried {splitting} {self.stamp}")
        )

    def relabelled(self, stamp: str) -> Mark:
        """The mark after the article got the label of this stamp; what is known of its text stays."""
        _, two, label = stamp.rpartition(".")
        return replace(self, stamp=f"{self.stamp.partition('.')[0]}.{label}" if two else stamp)

    def same_article(self, other: Mark) -> bool:
        """Whether both were made of the same state of the article, however it was cut."""
        return _CARRIED.sub("", self.stamp) == _CARRIED.sub("", other.stamp)


@dataclass(frozen=True, slots=True)
class Entry:
    """One article on its way into the index. `dense`: one per passage, or none at all."""

    mark: Mark
    passages: Sequence[Passage]
    dense: Sequence[Dense] = ()


@dataclass(frozen=True, slots=True)
class Label:
    """Who may find an article that is in the index, and where they read it.

    stamp: of the article as it is now; its second half goes into the mark, see Mark.relabelled.
    """

    article: str
    stamp: str
    audience: Audience
    brand: str
    organization: str
    url: str


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a source was read. It lies in the index that was filled, so that an empty one is filled from the beginning.

    upto: changes until then are in the index. swept_at: when all of the source was last read. Both in ISO 8601.
    made_with: how articles were split and embedded; where that has changed, all of them are read again.
    read_at: when the source was last read to its end, all of it or what had changed; empty: before that was written down.
    """

    upto: str
    swept_at: str
    made_with: str
    read_at: str = ""


@dataclass(frozen=True, slots=True)
class Meta:
    """What the index as a whole was made with; lies in the index itself.

    body_len, title_len: mean length in BM25 tokens. languages: how its passages were stemmed ("" for not at all).
    splitting, scheme: versions of the way articles are cut, and of what is stored of them; 1 where none is written.
    number: of the index among those that stand side by side; 0 while it is being built.
    """

    model: str = ""
    dimension: int = 0
    body_len: float = 0.0
    title_len: float = 0.0
    languages: tuple[str, ...] = ()
    splitting: int = 1
    scheme: int = 1
    number: int = 0


@dataclass(frozen=True, slots=True)
class Status:
    """For health pages: how many passages there are, and whose embeddings (empty: words alone).

    building: passages so far in the index that is being built beside this one.
    """

    passages: int
    model: str
    building: int = 0


class Vectors(Protocol):
    """An index of passages. Every verb may raise VectorsUnavailableError."""

    async def open(self) -> None:
        """Make sure that the index is there. The other verbs do it themselves; raises IndexInUseError."""
        ...

    async def search(self, question: Question, *, fence: Fence, limit: int) -> list[Found]:
        """The passages within `fence` that suit the question, best first."""
        ...

    async def status(self) -> Status:
        """How much there is: for health pages."""
        ...

    async def meta(self) -> Meta:
        """What the index was made with."""
        ...

    async def sources(self) -> dict[str, int]:
        """Passages by source. Reads through the index: for a person who asks, never for a probe."""
        ...

    async def marks(self, *, source: str, account: str, articles: Sequence[str] = ()) -> dict[str, Mark]:
        """What is completely in the index, by article. articles: of these alone; none: of all."""
        ...

    async def articles_by(self, requester: str, *, source: str) -> set[tuple[str, str]]:
        """(account, article) of what this requester left in a source; nothing for one without an id."""
        ...

    def passages(self) -> AsyncIterator[list[Passage]]:
        """Every passage of every pool and account, page by page, in no order: for reports, never for a ticket."""
        ...

    async def begin(self, *, model: str, dimension: int, splitting: int = 1) -> None:
        """Make an index without passages for this model and splitting, and forget its cursors. One with passages stays as it is."""
        ...

    async def put(self, entries: Sequence[Entry], *, source: str, account: str) -> None:
        """Add articles, or replace what was there of them. Done twice, it changes nothing.

        Embeddings of another model than the index was made for are left out: those articles are found by their words.
        """
        ...

    async def relabel(self, labels: Sequence[Label], *, source: str, account: str) -> None:
        """Say anew who may find these articles; their texts and embeddings stay. One that is not there stays away."""
        ...

    async def remove(self, articles: Sequence[str], *, source: str, account: str) -> None:
        """Take articles out."""
        ...

    async def cursor(self, *, source: str, account: str) -> Cursor | None:
        """How far this source was read into this index; None where it never was."""
        ...

    async def remember(self, cursor: Cursor, *, source: str, account: str) -> None:
        """How far this source has been read by now."""
        ...

    async def refit(self) -> None:
        """Bring the lengths that BM25 is scaled with up to date: after a sync that changed something."""
        ...

    async def optimise(self) -> None:
        """Build what makes searching fast. May take a minute; readers go on meanwhile."""
        ...

    async def close(self) -> None:
        """Let go of the index. Nothing works afterwards."""
        ...


def lesson_article(number: int) -> str:
    """How passages and marks name a lesson."""
    return f"{_LESSON}{number}"


def passage_id(*, account: str, source: str, article: str, position: int) -> str:
    """The same place always has the same id, so that a second sync replaces instead of adding."""
    return str(uuid5(_IDS, "\n".join((account, source, article, str(position)))))
