"""The index: what is in it, whether it fits, how fresh it is; through the `serve` that owns it, or by itself."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from qdrant_client import AsyncQdrantClient

from connectors.setup import Check
from service.assembly import opened_library
from service.control import Control, announced
from service.doctor import index
from service.groups import EmbeddingsSettings, KnowledgeSettings, MaskingSettings, QdrantSettings
from service.knowledge.chunks import SPLITTING
from service.knowledge.sources import sync_all
from service.knowledge.standing import Standing
from service.settings import Settings, SettingsProblem
from service.vectors import Cursor, VectorsUnavailableError, open_vectors
from service.web.server import serving
from tests import fake_qdrant
from tests.fake_embeddings import fake_embeddings
from tests.service.served import served
from tests.story.articles import write_articles

NOW = Standing(passages={"folder": 3}, model="", splitting=SPLITTING, outdated=False, building=0, read={})


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of articles and, beside it, its index."""
    directory = tmp_path_factory.mktemp("library")
    write_articles(directory / "articles")

    async def fill() -> None:
        async with opened_library(_settings(directory, directory)) as opened:
            await sync_all(opened, progress=lambda *_: None)

    asyncio.run(fill())
    return directory


def _settings(data_dir: Path, library: Path) -> Settings:
    return Settings(data_dir=data_dir, knowledge=KnowledgeSettings(folder=library / "articles"))


@pytest.fixture
def settings(data_dir: Path, library: Path) -> Settings:
    """A folder of articles; nothing is indexed yet."""
    return _settings(data_dir, library)


@pytest.fixture
def synced(settings: Settings, library: Path) -> Settings:
    """The same, indexed."""
    shutil.copytree(library / "qdrant", settings.data_dir / "qdrant")
    return settings


async def looked(settings: Settings) -> Mapping[str, Check]:
    """By what they are about."""
    return {check.what: check for check in await index.look(settings)}


async def test_an_index_that_was_filled_is_fine(synced: Settings) -> None:
    """How many passages each source has, and when it was last read to its end."""
    checks = await looked(synced)

    assert {check.state for check in checks.values()} == {"fine"}
    assert "passages: folder " in checks["index"].said
    assert checks["index and settings"].said == "They fit: words alone."
    assert re.fullmatch(r"They were last read to their end \d+ s ago\.", checks["folder articles"].said)


async def test_an_index_that_is_not_there_is_not_made_by_looking(settings: Settings) -> None:
    """The first sync makes it."""
    assert (await looked(settings))["index"].state == "doubtful"
    assert list(settings.data_dir.iterdir()) == []


async def test_an_empty_index_is_doubtful(settings: Settings) -> None:
    """No note can quote anything."""
    async with open_vectors(settings):
        pass
    checks = await looked(settings)

    assert "holds no passages" in checks["index"].said
    assert (checks["folder articles"].state, "deskpilot sync" in checks["folder articles"].remedy) == ("doubtful", True)


async def test_the_serve_that_owns_the_index_is_asked(synced: Settings, database_url: str) -> None:
    """It belongs to one process, and the answer is the same."""
    settings = synced.model_copy(update={"database_url": SecretStr(database_url)})
    async with served(settings) as control:
        with announced(settings.data_dir, control):
            checks = await looked(settings)
            async with httpx.AsyncClient() as http:
                stranger = await http.get(f"{control.url}/api/knowledge")

    assert [check.state for check in checks.values()] == ["fine"] * 3
    assert stranger.status_code == 401


async def test_the_word_of_a_killed_serve_keeps_nobody_away(synced: Settings) -> None:
    """Nobody listens there any more."""
    with announced(synced.data_dir, Control(url="http://127.0.0.1:1", token="t")):
        assert (await looked(synced))["index"].state == "fine"


async def test_an_index_in_another_process_that_does_not_speak_is_doubtful(synced: Settings) -> None:
    """A `deskpilot work` has one of its own, and no door to ask at."""
    async with open_vectors(synced):
        check = (await looked(synced))["index"]

    assert (check.state, "in another process" in check.said) == ("doubtful", True)


async def test_another_model_than_the_indexs_is_doubtful(synced: Settings) -> None:
    """Until the next sync, words alone decide."""
    other = EmbeddingsSettings(base_url="http://127.0.0.1:1/v1", model="large")
    check = (await looked(synced.model_copy(update={"embeddings": other})))["index and settings"]

    assert (check.state, check.said) == ("doubtful", "The index was made with embeddings of no model, not large.")
    assert "deskpilot sync" in check.remedy


async def test_embeddings_that_fit_are_named(settings: Settings) -> None:
    """The index knows whose they are."""
    with fake_embeddings() as encoder:
        settings = settings.model_copy(update={"embeddings": encoder.settings()})
        async with opened_library(settings) as library:
            await sync_all(library, progress=lambda *_: None)
        asked = len(encoder.requests)
        check = (await looked(settings))["index and settings"]

        assert len(encoder.requests) == asked
    assert (check.state, check.said) == ("fine", "They fit: embeddings of fake-small.")


@pytest.mark.parametrize("change", [{"splitting": SPLITTING - 1}, {"outdated": True}])
def test_an_index_of_an_older_version_is_doubtful_and_its_successor_is_told_of(change: dict[str, Any]) -> None:
    """With how far that one is."""
    check = index._fits(replace(NOW, **change, building=1200), Settings())

    assert (check.state, check.said) == (
        "doubtful",
        "The index was made with another way of cutting articles. A new one is being built beside it, 1,200 passages so far.",
    )


@pytest.mark.parametrize(("hours", "every_s", "state"), [(2, 3600, "fine"), (5, 3600, "doubtful"), (40, 0, "fine")])
def test_a_source_that_was_not_read_for_long_is_doubtful(hours: int, every_s: float, state: str) -> None:
    """Against what is set; 0 means by hand alone."""
    read = (datetime.now(UTC) - timedelta(hours=hours)).isoformat()
    settings = Settings(knowledge=KnowledgeSettings(sync_every_s=every_s))
    (check,) = index._fresh(replace(NOW, read={"zendesk": read}), settings)

    assert check.state == state
    assert f"{hours} hours ago" in check.said


async def test_when_a_source_was_read_is_unknown_of_an_older_versions_index(synced: Settings) -> None:
    """It is written down by the next sync."""
    async with open_vectors(synced) as vectors:
        await vectors.remember(Cursor("a", "b", "c"), source="folder", account="*")

    assert (await looked(synced))["folder articles"].state == "doubtful"


async def test_a_server_is_looked_at_without_making_a_collection(settings: Settings) -> None:
    """Empty as it is; filled, the same is said of it as of the embedded one."""
    memory = AsyncQdrantClient(":memory:")
    async with serving(fake_qdrant._app(memory), host="127.0.0.1", port=0) as url:
        settings = settings.model_copy(update={"qdrant": QdrantSettings(url=url)})
        empty = await looked(settings)
        assert (await memory.get_collections()).collections == []
        async with opened_library(settings) as library:
            await sync_all(library, progress=lambda *_: None)
        filled = await looked(settings)
    await memory.close()

    assert [check.state for check in empty.values()] == ["doubtful"]
    assert [check.state for check in filled.values()] == ["fine"] * 3


async def test_a_server_that_does_not_answer_is_a_failure(settings: Settings) -> None:
    """Its error names the setting."""
    settings = settings.model_copy(update={"qdrant": QdrantSettings(url="http://127.0.0.1:1")})
    with pytest.raises(VectorsUnavailableError):
        await index.look(settings)


async def test_a_plug_in_for_names_that_cannot_be_had_is_a_failure(synced: Settings) -> None:
    """Nothing would be sent to a model."""
    with pytest.raises(SettingsProblem):
        await index.look(synced.model_copy(update={"masking": MaskingSettings(entities="nobody")}))
