"""Every article that the index holds, with what a report compares of it: its word triples and its amounts."""

from __future__ import annotations

import asyncio
import re
import zlib
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from service.knowledge.amounts import Statement, statements
from service.vectors import Passage, Vectors
from service.vectors.base import ANY
from service.vectors.words import spaced

Key = tuple[str, str]
"""(account, article): how the ledger names an article, too."""

_WORD = re.compile(r"\w+")
_LOCALE = re.compile(r":[a-z]{2,3}(?:-[a-z0-9]{2,8})*$")
_MASK = 0xFFFFFFFF


@dataclass(slots=True)
class Holding:
    """An article in the index. triples: hashes of its runs of three words, sorted, each once."""

    account: str
    article: str
    title: str
    url: str
    source: str
    language: str
    audience: str
    brand: str
    organization: str
    updated_at: datetime | None  # None: unknown
    triples: array[int] = field(default_factory=lambda: array("L"))
    statements: list[Statement] = field(default_factory=list)

    @property
    def key(self) -> Key:
        """As the ledger names it."""
        return self.account, self.article

    @property
    def work(self) -> Key:
        """What its translations share: Zendesk keys each of them "zendesk:123:en-gb"."""
        return self.account, _LOCALE.sub("", self.article)


async def take_inventory(vectors: Vectors) -> list[Holding]:
    """Read the whole index once, each page in a thread. By title. Raises VectorsUnavailableError.

    About a millisecond of a core a passage. Keeps 8 bytes a word, and two kilobytes a sentence with an amount.
    """
    found: dict[Key, Holding] = {}
    async for page in vectors.passages():
        await asyncio.to_thread(_add, page, found)
    return sorted(found.values(), key=lambda holding: (holding.title.casefold(), holding.key))


def inventory_of(passages: Iterable[Passage]) -> list[Holding]:
    """The same for passages that are at hand."""
    found: dict[Key, Holding] = {}
    _add(passages, found)
    return sorted(found.values(), key=lambda holding: (holding.title.casefold(), holding.key))


def can_meet(one: Holding, other: Holding) -> bool:
    """Whether one search can find both: nobody compares what two brands, or two customers' companies, are told."""
    return one.language == other.language and all(
        mine == theirs or ANY in (mine, theirs)
        for mine, theirs in (
            (one.account, other.account),
            (one.brand, other.brand),
            (one.organization, other.organization),
        )
    )


def _add(page: Iterable[Passage], found: dict[Key, Holding]) -> None:
    for passage in page:
        if passage.pool != "article":
            continue
        holding = found.setdefault((passage.account, passage.article), _holding(passage))
        triples = set(holding.triples) | set(triples_of(passage.text))
        holding.triples = array("L", sorted(triples))
        holding.statements += statements(passage)


def _holding(passage: Passage) -> Holding:
    return Holding(
        account=passage.account,
        article=passage.article,
        title=passage.title or passage.text[:80],
        url=passage.url,
        source=passage.source,
        language=passage.language,
        audience=passage.audience,
        brand=passage.brand,
        organization=passage.organization,
        updated_at=_moment(passage.updated_at),
    )


def _moment(written: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def triples_of(text: str) -> list[int]:
    """Hashes of the runs of three words, in order; the words of a script without spaces are pairs of characters."""
    hashes = [zlib.crc32(word.encode("utf-8", "replace")) for word in _WORD.findall(spaced(text).casefold())]
    return [
        (one * 0x9E3779B1 + two * 0x85EBCA77 + three * 0xC2B2AE3D) & _MASK
        for one, two, three in zip(hashes, hashes[1:], hashes[2:], strict=False)
    ]
