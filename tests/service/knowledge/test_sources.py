"""All sources brought into one index: what one of them cannot read stays as it was."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.groups import KnowledgeSettings
from service.knowledge.sources import Library, sync_all
from service.knowledge.sync import SyncReport
from service.settings import Settings
from service.vectors import EmbeddedVectors, Fence, Question


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two articles."""
    articles = tmp_path / "articles"
    articles.mkdir()
    (articles / "refunds.md").write_text("# Refunds\n\nMoney comes back within ten days.\n")
    (articles / "parcels.md").write_text("# Parcels\n\nLost parcels are searched for a week.\n")
    return articles


@pytest.fixture
async def library(tmp_path: Path, folder: Path) -> AsyncIterator[Library]:
    """An empty index beside that folder."""
    vectors = EmbeddedVectors(tmp_path / "qdrant")
    settings = Settings(knowledge=KnowledgeSettings(folder=folder))
    yield Library(settings=settings, helpdesks={}, vectors=vectors, embeddings=None)
    await vectors.close()


async def synced(library: Library) -> SyncReport:
    """Sync the folder."""
    (report,) = await sync_all(library, progress=lambda *_: None)
    return report


async def texts(library: Library, words: str) -> list[str]:
    """What is found by words."""
    hits = await library.vectors.search(Question(words, "en"), fence=Fence(account="a"), limit=10)
    return [hit.passage.text for hit in hits]


@pytest.mark.parametrize("broken", [b"\xff\xfe not UTF-8", b"\0\0", b"---\nno end of the front matter", b""])
async def test_a_file_that_cannot_be_read_keeps_its_older_state(library: Library, folder: Path, broken: bytes) -> None:
    """Somebody saved it wrongly: customers still get the answer of yesterday, and the report names the file."""
    await synced(library)
    (folder / "refunds.md").write_bytes(broken)

    report = await synced(library)

    assert (report.failed, report.removed, report.unchanged) == (1, 0, 1)
    assert report.problems[0].startswith("refunds.md:")
    assert any("ten days" in text for text in await texts(library, "refunds money back"))


async def test_while_a_file_cannot_be_read_no_other_is_removed(library: Library, folder: Path) -> None:
    """A folder that is half there may be a disk that is half there; when all is readable again, what is gone goes."""
    await synced(library)
    (folder / "refunds.md").write_bytes(b"\xff")
    (folder / "parcels.md").unlink()

    assert (await synced(library)).removed == 0
    assert await texts(library, "lost parcels") != []

    (folder / "refunds.md").write_text("# Refunds\n\nMoney comes back within five days.\n")
    mended = await synced(library)

    assert (mended.changed, mended.removed, mended.failed) == (1, 1, 0)
    assert any("five days" in text for text in await texts(library, "refunds money back"))
