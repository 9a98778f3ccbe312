"""The commands of whoever runs a pilot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from service.cli import app
from service.control import announced
from service.database import Database
from service.errors import ServiceError
from service.groups import FreshdeskSettings, KnowledgeSettings
from service.outages import Outages, leak_of
from service.pauses import Pauses
from service.pilot import Pilots, Scope
from service.rehearsing import try_out
from service.settings import Settings
from service.steering import pause_writing, resume_writing, set_pilot, show_pilot
from tests.service.served import served
from tests.story.articles import HELP, write_articles


@pytest.fixture
def settings(database_url: str, data_dir: Path, tmp_path: Path) -> Settings:
    """One helpdesk that does not answer, and a folder of articles."""
    return Settings(
        database_url=SecretStr(database_url),
        data_dir=data_dir,
        freshdesk=FreshdeskSettings.model_validate(
            {"url": "http://127.0.0.1:1", "api_key": "a-key-of-this-test", "webhook_secrets": "a-secret-of-this-test"}
        ),
        knowledge=KnowledgeSettings(folder=write_articles(tmp_path / "articles"), sync_every_s=0),
    )


def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    """The JSON that a command wrote."""
    return json.loads(capsys.readouterr().out)


async def test_a_scope_is_set_and_shown(
    settings: Settings, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is not given stays as it is."""
    await set_pilot(settings, "", {"groups": "41, 42", "percent": "25"}, by="Kim", as_json=False)
    await set_pilot(settings, "freshdesk", {"percent": "50"}, by="Robin", as_json=True)

    scope = {"brands": [], "groups": ["41", "42"], "tags": [], "percent": 50, "holdout": 0}
    assert printed(capsys) == {"helpdesk": "freshdesk", **scope}
    assert await Pilots(database).scope("freshdesk") == Scope(groups=("41", "42"), percent=50)
    await show_pilot(settings, as_json=True)
    told = printed(capsys)
    assert told["pilot"] == {"freshdesk": scope}
    assert [(one["by"], one["percent"]) for one in told["changes"]] == [("Robin", 50), ("Kim", 25)]
    await show_pilot(settings, as_json=False)
    shown = capsys.readouterr().out
    assert "freshdesk: 50 % of tickets · groups 41, 42" in shown
    assert "Robin changed the pilot of Freshdesk: 50 % of tickets" in shown


async def test_brackets_in_somebodys_words_are_shown_as_they_are(
    settings: Settings, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not read as markup of the terminal, which would lose them or end the command."""
    await set_pilot(settings, "", {"tags": "[vip], [/beta]"}, by="Kim", as_json=False)
    await pause_writing(settings, "", why="see [/42]", by="Robin")
    capsys.readouterr()
    await show_pilot(settings, as_json=False)

    shown = capsys.readouterr().out
    assert "UTC: see [/42]" in shown
    assert "freshdesk: tickets · tags [vip], [/beta]" in shown
    assert "Robin paused all notes: see [/42]" in shown
    assert [one.why for one in await Pauses(database).standing()] == ["see [/42]"]


async def test_what_is_no_scope_is_refused_by_its_option(settings: Settings, database: Database) -> None:
    """And so is a helpdesk that is not connected."""
    with pytest.raises(ServiceError, match="--groups: 'Support' is no number"):
        await set_pilot(settings, "", {"groups": "Support"}, by="", as_json=False)
    with pytest.raises(ServiceError, match="connected \\(freshdesk\\)"):
        await set_pilot(settings, "zendesk", {}, by="", as_json=False)

    assert (await Pilots(database).scope("freshdesk")).everything


async def test_writing_is_paused_and_goes_on(
    settings: Settings, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a helpdesk all are paused, and whatever is paused goes on; a leak is another matter, and said."""
    assert await pause_writing(settings, "", why="moving", by="Kim") == 0
    assert await pause_writing(settings, "freshdesk", why="", by="Kim") == 0
    await Outages(database).failed(leak_of("freshdesk"), "public")
    await show_pilot(settings, as_json=False)
    assert "All notes are paused by Kim" in capsys.readouterr().out

    assert await resume_writing(settings, "", by="Kim") == 0
    assert "deskpilot resume freshdesk" in capsys.readouterr().err.replace("\n", " ")
    assert await Pauses(database).standing() == []
    assert await resume_writing(settings, "", by="Kim") == 1
    assert "Nothing was paused" in capsys.readouterr().err
    with pytest.raises(ServiceError, match="no helpdesk"):
        await pause_writing(settings, "jira", why="", by="")


async def test_one_that_was_paused_with_all_says_so(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """It would not go on."""
    await pause_writing(settings, "", why="", by="Kim")

    assert await resume_writing(settings, "freshdesk", by="Kim") == 1
    assert "leave --helpdesk out" in capsys.readouterr().err


async def test_a_question_is_tried_by_the_running_serve_and_without_one(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """The embedded index belongs to one process: where that runs, it does it."""
    given = {"question": "Is my parcel lost? The tracking has not moved for nine days."}
    async with served(settings) as control:
        with announced(settings.data_dir, control):
            await try_out(settings, given, as_json=True)
            by_serve = printed(capsys)
            with pytest.raises(ServiceError, match="question is empty"):
                await try_out(settings, {"question": " "}, as_json=True)
    await try_out(settings, given, as_json=False)

    assert by_serve["helpdesk"] == "freshdesk"
    assert by_serve["verdict"] == "uncovered"  # nothing is in the index yet
    shown = capsys.readouterr().out
    assert "DP-TRY00" in shown
    assert "Confidence: 0%" in shown
    assert HELP not in shown


def test_the_commands_explain_themselves() -> None:
    """Their names, and their options."""
    for command, says in (("pilot", "resume"), ("policy", "--json"), ("try", "--language")):
        told = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})
        assert told.exit_code == 0
        assert says in told.output
