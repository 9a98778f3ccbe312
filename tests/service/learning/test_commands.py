"""`deskpilot lessons`: the queue without a browser."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from typer.testing import CliRunner

from service.cli import app
from service.database import Database, open_database
from service.errors import ServiceError
from service.learning import commands
from service.learning.lesson import Lesson
from service.learning.store import LessonStore
from service.rounds import Round, Rounds
from service.settings import Settings
from tests.service.learning.lessons import CANDIDATE, QUESTION, added


@pytest.fixture
def settings(database_url: str) -> Settings:
    """Of a queue."""
    return Settings(database_url=SecretStr(database_url))


@pytest.fixture
async def lesson(settings: Settings) -> AsyncIterator[Lesson]:
    """One that waits; with a bracket that no terminal must take for its own."""
    async with open_database(settings) as database:
        yield await added(LessonStore(database), replace(CANDIDATE, changed="[-bold-] [name]"))


def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    """The JSON that a command wrote."""
    return json.loads(capsys.readouterr().out)


async def test_the_queue_is_printed(settings: Settings, lesson: Lesson, capsys: pytest.CaptureFixture[str]) -> None:
    """For programs, and for people; nobody's id is in it."""
    await commands.show(settings, state="waiting", as_json=True)
    told = printed(capsys)
    assert (told["counts"]["waiting"], [one["id"] for one in told["lessons"]]) == (1, [lesson.id])
    assert told["lessons"][0]["ticket"] == "zendesk:7"
    assert "requester" not in told["lessons"][0]

    await commands.show(settings, state="waiting", as_json=False)
    said = capsys.readouterr().out
    assert QUESTION[:30] in said
    assert "[-bold-] [name]" in said
    with pytest.raises(ServiceError, match="no state"):
        await commands.show(settings, state="open", as_json=False)


async def test_one_is_approved_and_revoked(
    settings: Settings, lesson: Lesson, capsys: pytest.CaptureFixture[str]
) -> None:
    """And whoever keeps the index is told to look at once."""
    given = {"stamp": lesson.stamp, "for_": "everyone", "owner": "billing", "days": 30, "by": "Kim", "as_json": True}
    async with open_database(settings) as database:
        await _gone(database)
        capsys.readouterr()
        await commands.put_in_force(settings, lesson.id, **given)  # type: ignore[arg-type]
        assert await _due(database)
    told = printed(capsys)
    assert (told["state"], told["everyone"], told["owner"], told["by"]) == ("approved", True, "billing", "Kim")

    await commands.take_back(settings, lesson.id, by="Kim", as_json=True)
    assert printed(capsys)["state"] == "revoked"
    with pytest.raises(ServiceError, match="does not stand so"):
        await commands.take_back(settings, lesson.id, by="Kim", as_json=True)


async def test_what_is_wrong_is_said(settings: Settings, lesson: Lesson) -> None:
    """Before anything is changed."""
    given = {"stamp": lesson.stamp, "for_": "everyone", "owner": "billing", "days": 30, "by": "", "as_json": False}
    wrong = (
        ({"for_": "all"}, "for whom"),
        ({"owner": " "}, "who answers"),
        ({"stamp": "5f0e9c1a7b2d4e88"}, "not as you have read it"),
    )
    for changes, said in wrong:
        with pytest.raises(ServiceError, match=said):
            await commands.put_in_force(settings, lesson.id, **{**given, **changes})  # type: ignore[arg-type]
    with pytest.raises(ServiceError, match="there is no lesson"):
        await commands.turn_down(settings, 999, by="", as_json=False)
    assert await commands.turn_down(settings, lesson.id, by="", as_json=False) == 0


def test_the_commands_explain_themselves() -> None:
    """As all of ours do."""
    told = CliRunner().invoke(app, ["lessons", "approve", "--help"], env={"COLUMNS": "100", "TERM": "dumb"})
    assert told.exit_code == 0
    assert "everyone" in told.output


async def _gone(database: Database) -> None:
    async def nothing() -> str:
        return "nothing"

    await Rounds(database, [Round("lessons", 600, nothing)]).go()
    assert not await _due(database)


async def _due(database: Database) -> bool:
    async with database.engine.connect() as connection:
        return bool(await connection.scalar(sa.text("SELECT begun_at < now() - interval '1 hour' FROM rounds")))
