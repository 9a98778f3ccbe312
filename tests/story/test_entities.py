"""A plug-in for names in the whole story: what it finds reaches no model, and while it fails nothing does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from service.groups import MaskingSettings
from tests.fake_llm import FakeLLM
from tests.plugin import installed
from tests.story.conftest import Play

FAILING = "failing"
PLUGIN = """
from pathlib import Path

class Gazetteer:
    def find(self, text):
        if Path("failing").exists():
            raise RuntimeError(text)
        place = text.find("Petronella")
        return [(place, place + 10, "PERSON")] if place >= 0 else []
"""
TEXT = "Hello, the tracking of my parcel for Petronella has not moved for nine days. Is it lost?"


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[MaskingSettings]:
    """That name the plug-in of an installed package."""
    with installed(tmp_path / "site", PLUGIN, ["Gazetteer"]):
        yield MaskingSettings(entities="gazetteer")


def _fails(*, really: bool) -> None:
    """Whether the plug-in fails from now on."""
    if really:
        Path(FAILING).touch()
    else:
        Path(FAILING).unlink()


async def waiting(play: Play) -> list[str]:
    """Why tickets wait."""
    jobs = await play.stage.service.queue.app.job_manager.list_jobs_async(status="todo")
    return [str(job.task_kwargs.get("reason", "")) for job in jobs]


async def test_nothing_leaves_while_the_plug_in_fails(
    open_play: Callable[..., Any], model: FakeLLM, settings: MaskingSettings
) -> None:
    """The ticket waits and says why; the next one, with the plug-in well again, is read without the name."""
    async with open_play(llm=model.settings(), masking=settings) as play:
        _fails(really=True)
        first = await play.ask(text=TEXT)

        async def waits() -> bool:
            return any("DESKPILOT_MASKING__ENTITIES" in reason for reason in await waiting(play))

        await play.until(waits)
        assert not [reason for reason in await waiting(play) if "Petronella" in reason]
        assert play.notes("zendesk", first) == []
        assert model.requests == []

        _fails(really=False)
        await play.note("zendesk", await play.ask(text=TEXT))
        assert "my parcel for <NAME_1> has not moved" in model.requests[-1].text
        assert not [request for request in model.requests if "Petronella" in request.text]
