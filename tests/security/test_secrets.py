"""No secret leaves through a log, a traceback, a note, a table, an answer or a command (S10)."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.settings import Settings
from tests.security.canaries import bars, canary, run, secret_settings
from tests.security.echoing import forms


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_no_secret_is_in_anything_that_leaves_the_service(database_url: str, data_dir: Path) -> None:
    """Through success, refusals that repeat the key, defects and refused starts. Its cases are of this repository."""
    (bar,) = bars(*await run(database_url, data_dir))

    assert bar.met, bar.what


def test_every_setting_whose_name_says_secret_is_one() -> None:
    """A plain text in their place would be printed with the settings."""
    named = {
        name
        for name in secret_settings()
        if any(word in name for word in ("KEY", "SECRET", "TOKEN", "PASSWORD", "DATABASE_URL"))
    }
    assert named == set(secret_settings())
    assert len(named) >= 9


def test_the_settings_show_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither as they are printed nor as they are serialised."""
    for name in secret_settings():
        monkeypatch.setenv(name, canary(name))
    settings = Settings()

    shown = f"{settings!r} {settings!s} {settings.model_dump_json()}"

    assert [name for name in secret_settings() if canary(name) in shown] == []


def test_the_log_knows_every_secret_and_the_password_of_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """It strikes them out; what is too short to be told from a part of a word stays."""
    for name in secret_settings():
        monkeypatch.setenv(name, canary(name))
    monkeypatch.setenv("DESKPILOT_DATABASE_URL", "postgresql://desk:hunter2@db/desk")
    monkeypatch.setenv("DESKPILOT_ADMIN_TOKEN", "short")
    changed = {canary("DESKPILOT_DATABASE_URL"), canary("DESKPILOT_ADMIN_TOKEN")}

    values = set(Settings().secrets)
    assert {"hunter2", "postgresql://desk:hunter2@db/desk"} <= values
    assert values >= {canary(name) for name in secret_settings()} - changed
    assert "short" not in values


def test_a_secret_is_also_found_as_basic_sends_it() -> None:
    """A header in a log is as good as the key."""
    assert "a2V5Olg" in forms("key")
