"""How the index stands: what it was made with, what is in it, when each source was last read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from service.knowledge.sources import Library, sources_of
from service.vectors.payload import SCHEME


@dataclass(frozen=True, slots=True)
class Standing:
    """The index in use.

    passages: by source. model: whose embeddings; empty: none. splitting: how articles were cut. outdated: what is stored of a
    passage is not what this version stores. building: passages so far in the index beside this one. read: when each source was
    last read to its end, in ISO 8601; empty: not since that is written down.
    """

    passages: Mapping[str, int]
    model: str
    splitting: int
    outdated: bool
    building: int
    read: Mapping[str, str]


async def standing(library: Library) -> Standing:
    """Read through the index: some milliseconds for each thousand passages. Raises VectorsUnavailableError."""
    vectors = library.vectors
    meta, status = await vectors.meta(), await vectors.status()
    cursors = {name: await vectors.cursor(source=name, account=of) for name, of in sources_of(library)}
    return Standing(
        passages=await vectors.sources(),
        model=meta.model,
        splitting=meta.splitting,
        outdated=meta.scheme != SCHEME,
        building=status.building,
        read={source: cursor.read_at if cursor else "" for source, cursor in cursors.items()},
    )
