"""Passages in Qdrant, embedded or on a server: four signals, one score, fences inside the query."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from service.settings import Settings
from service.vectors.aliases import ServerVectors, connect
from service.vectors.base import (
    Cursor,
    Dense,
    Entry,
    Fence,
    Found,
    IndexInUseError,
    Label,
    Mark,
    Meta,
    Passage,
    Question,
    Status,
    Vectors,
    VectorsUnavailableError,
    passage_id,
)
from service.vectors.beside import Beside
from service.vectors.directory import EmbeddedVectors
from service.vectors.shelf import ShelvedVectors

__all__ = [
    "Beside",
    "Cursor",
    "Dense",
    "EmbeddedVectors",
    "Entry",
    "Fence",
    "Found",
    "IndexInUseError",
    "Label",
    "Mark",
    "Meta",
    "Passage",
    "Question",
    "ServerVectors",
    "ShelvedVectors",
    "Status",
    "Vectors",
    "VectorsUnavailableError",
    "open_vectors",
    "passage_id",
]


@asynccontextmanager
async def open_vectors(settings: Settings, *, of: str = "") -> AsyncIterator[ShelvedVectors]:
    """The index that the settings ask for, closed at the end. of: another than that of the passages, by its name.

    The embedded one of the passages is opened at once and raises IndexInUseError, others at their first use; a server may be
    down and come back.
    """
    if settings.qdrant.url:
        key = settings.qdrant.api_key.get_secret_value()
        collection = f"{settings.qdrant.collection}_{of}" if of else settings.qdrant.collection
        vectors: ShelvedVectors = connect(settings.qdrant.url, api_key=key, collection=collection)
    else:
        vectors = EmbeddedVectors(settings.data_dir / (of or "qdrant"))
        if not of:
            await vectors.open()
    try:
        yield vectors
    finally:
        await vectors.close()
