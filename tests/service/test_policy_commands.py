"""`deskpilot policy` and what stands below it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from service.cli import app
from service.policy.schema import as_text
from service.policy_commands import check_policy, show_policy
from service.settings import Settings


def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    """The JSON that a command wrote."""
    return json.loads(capsys.readouterr().out)


async def test_the_policy_is_printed(database_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """As JSON, and as a table."""
    settings = Settings(database_url=SecretStr(database_url))
    await show_policy(settings, as_json=True)
    told = printed(capsys)
    assert told["notes"]["a note for"] == {
        "value": "every message that asks or reports something",
        "setting": "DESKPILOT_NOTES",
    }
    assert told["policy"]["name"]["value"] == "Built-in policy"
    assert "Danger" in told["policy"]["tier 3, only a person"]["value"]
    assert told["rules of the policy"]["danger"]["value"] == "signal safety → tier 3 · priority urgent"
    await show_policy(settings, as_json=False)
    assert "DESKPILOT_RETENTION_DAYS" in capsys.readouterr().out


async def test_a_bad_file_is_said_not_to_be_in_force(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The rest is shown all the same."""
    file = tmp_path / "policy.yaml"
    file.write_text("version: 1\nnmae: x\n")
    await show_policy(Settings(database_url=SecretStr(database_url), policy_file=file), as_json=True)

    told = printed(capsys)
    assert told["policy"]["not in force"]["value"] == [
        f"{file}:2: nmae is no key that is known here: did you mean name?"
    ]
    assert "notes" in told


async def test_a_good_file_is_told_in_a_few_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What only a person answers, how many rules, what may be written."""
    file = tmp_path / "policy.yaml"
    file.write_text("version: 1\nextends: builtin\nname: Ours\nwrite: {priority: yes, tags: 'ai_*'}\n")

    assert await check_policy(Settings(), file, as_json=False) == 0
    shown = capsys.readouterr().out
    assert f"✓ {file} is good: version " in shown
    assert "Tier 3, only a person: Security, Personal data, Legal, Danger, Press, Fraud, Somebody in distress" in shown
    assert "Written beside the note: priority, tag ai_*" in shown
    assert await check_policy(Settings(policy_file=file), None, as_json=True) == 0
    told = printed(capsys)
    assert (told["good"], told["name"], told["written"]) == (True, "Ours", ["priority", "tag ai_*"])


async def test_a_bad_file_is_told_line_by_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As a table, and for programs; brackets in it are nobody's markup."""
    file = tmp_path / "policy.yaml"
    file.write_text("version: 1\nname: [/b]\nlanguages: [de]\nacknowledgement: {en: Hi}\n")

    assert await check_policy(Settings(), file, as_json=True) == 2
    one, two = printed(capsys)["problems"]
    assert one == {"file": str(file), "line": 2, "key": "name", "problem": "is a list", "remedy": "write a text"}
    assert (two["line"], two["key"]) == (4, "acknowledgement")
    assert two["problem"] == "lacks a text in de, which `languages` asks for"
    assert await check_policy(Settings(), file, as_json=False) == 2
    shown = capsys.readouterr().err
    assert "has 2 problems, and must not come into force" in " ".join(shown.split())
    assert "write a text" in shown


def test_the_commands_stand_below_policy(tmp_path: Path) -> None:
    """With their exit codes; the schema needs no settings."""
    file = tmp_path / "policy.yaml"
    file.write_text("version: 3\n")
    run = CliRunner().invoke

    assert run(app, ["policy", "check", str(file)]).exit_code == 2
    assert run(app, ["policy", "check"]).exit_code == 0
    assert run(app, ["policy", "schema"]).output == as_text()
    assert "check" in run(app, ["policy", "--help"]).output


def test_a_service_does_not_start_with_a_bad_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong with the other settings is said at once, too."""
    file = tmp_path / "policy.yaml"
    file.write_text("version: 1\nnmae: x\n")
    monkeypatch.chdir(tmp_path)
    env = {"DESKPILOT_POLICY_FILE": str(file), "DESKPILOT_DEBOUNCE_MAX_S": "1"}

    for command in ("serve", "work"):
        told = CliRunner().invoke(app, [command], env=env)
        assert told.exit_code == 2
        assert "nmae is no key that is known here: did you mean name?" in told.output
        assert "DESKPILOT_DEBOUNCE_MAX_S is below DESKPILOT_DEBOUNCE_S" in told.output
