"""Both engines: the embedded one on disk, the server's class on its client's memory mode."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from qdrant_client import AsyncQdrantClient

from service.vectors import (
    EmbeddedVectors,
    ServerVectors,
    Vectors,
)


@pytest.fixture(params=["embedded", "server"])
async def vectors(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Vectors]:
    """An empty index on each engine."""
    index: Vectors
    index = (
        EmbeddedVectors(tmp_path / "qdrant")
        if request.param == "embedded"
        else ServerVectors(AsyncQdrantClient(":memory:"))
    )
    yield index
    await index.close()
