"""The other configuration: a file of settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.backtest.overlay import alike, overlay
from service.backtest.replay import configuration_of
from service.groups import LLMSettings, TeamSettings
from service.settings import Settings, SettingsProblem
from tests.service.backtest.account import Account


async def test_a_file_that_changes_nothing_is_refused_before_anything_is_paid(account: Account, tmp_path: Path) -> None:
    """Both sides would be the same, and the second be paid for nothing."""
    await account.solved(1)
    file = tmp_path / "same.env"
    file.write_text("DESKPILOT_LLM__MODEL=main\n")
    await account.run(tickets=1)
    asked = len(account.model.requests)
    with pytest.raises(SettingsProblem, match="changes nothing"):
        await account.run(tickets=1, against=file)
    assert len(account.model.requests) == asked


def test_a_misspelt_setting_of_the_other_configuration_is_refused(tmp_path: Path) -> None:
    """Both sides would be the same, and be paid twice."""
    file = tmp_path / "other.env"
    file.write_text("DESKPILOT_LLM__MODLE=small\n", encoding="utf-8")
    with pytest.raises(SettingsProblem, match="did you mean DESKPILOT_LLM__MODEL"):
        overlay(file)


@pytest.mark.parametrize("text", ["LLM__MODEL=x", "DESKPILOT_LLM__MODEL", "= = ="])
def test_a_file_that_is_no_settings_is_refused_by_its_line(tmp_path: Path, text: str) -> None:
    """Before anything is paid."""
    file = tmp_path / "other.env"
    file.write_text(f"# what differs\n{text}\n")
    if text == "DESKPILOT_LLM__MODEL":
        assert overlay(file) == {"llm": {"model": None}}
        return

    with pytest.raises(SettingsProblem, match="Line 2"):
        overlay(file)


def test_what_no_draft_depends_on_is_no_difference() -> None:
    """How much is logged, say; a language of the team is one, though no result names it."""
    settings = Settings()
    assert alike(settings, settings.model_copy(update={"log_level": "DEBUG", "retention_days": 3}))
    assert not alike(settings, settings.model_copy(update={"team": TeamSettings(language="de")}))
    assert not alike(
        settings, settings.model_copy(update={"llm": LLMSettings(base_url="http://127.0.0.1:1/v1", model="larger")})
    )


def test_another_index_is_another_configuration(tmp_path: Path) -> None:
    """Articles that were cut or embedded otherwise: their results must not mix. No path is told."""
    here, there = (configuration_of(Settings(data_dir=tmp_path / name)) for name in ("here", "there"))
    assert [name for name in here if here[name] != there[name]] == ["index"]
    assert str(tmp_path) not in str(here)
