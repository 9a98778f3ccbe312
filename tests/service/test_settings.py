"""Settings that are missing or contradict each other prevent the start, in sentences that say what to set."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from service.settings import Settings, SettingsProblem, load


def problems(monkeypatch: pytest.MonkeyPatch, **environment: str) -> list[str]:
    """What `load` has to say about an environment; names without DESKPILOT_."""
    for name, value in environment.items():
        monkeypatch.setenv(f"DESKPILOT_{name}", value)
    try:
        load()
    except SettingsProblem as error:
        return error.problems
    return []


ZENDESK = {
    "ZENDESK__URL": "https://acme.zendesk.com",
    "ZENDESK__TOKEN": "tok-1",
    "ZENDESK__WEBHOOK_SECRETS": "a-long-enough-secret",
}


def test_an_empty_environment_is_a_working_one() -> None:
    """Everything is off, nothing is wrong: embedded engines, extractive writer."""
    settings = load()

    assert settings.helpdesks == {}
    assert not settings.llm.on


def test_a_complete_helpdesk_is_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three settings connect Zendesk."""
    assert problems(monkeypatch, **ZENDESK) == []
    assert list(load().helpdesks) == ["zendesk"]


def test_several_webhook_secrets_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rotation has two at once."""
    assert problems(monkeypatch, **{**ZENDESK, "ZENDESK__WEBHOOK_SECRETS": "old-secret-value, new-secret-value"}) == []
    assert load().zendesk.secrets == ("old-secret-value", "new-secret-value")


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"ZENDESK__URL": "https://acme.zendesk.com"}, "DESKPILOT_ZENDESK__TOKEN"),
        ({**ZENDESK, "ZENDESK__WEBHOOK_SECRETS": ""}, "DESKPILOT_ZENDESK__WEBHOOK_SECRETS"),
        (
            {**ZENDESK, "ZENDESK__CLIENT_ID": "x"},
            "both DESKPILOT_ZENDESK__CLIENT_ID and DESKPILOT_ZENDESK__CLIENT_SECRET",
        ),
        ({**ZENDESK, "ZENDESK__CLIENT_ID": "x", "ZENDESK__CLIENT_SECRET": "y"}, "two kinds of credentials"),
        ({"FRESHDESK__URL": "https://acme.freshdesk.com"}, "DESKPILOT_FRESHDESK__API_KEY"),
        ({"LLM__API_KEY": "sk-1"}, "DESKPILOT_LLM__MODEL"),
        ({"LLM__MODEL": "m"}, "DESKPILOT_LLM__BASE_URL"),
        ({"EMBEDDINGS__BASE_URL": "http://127.0.0.1:1/v1"}, "DESKPILOT_EMBEDDINGS__MODEL"),
        ({"LLM__API_KEY": "changeme"}, "DESKPILOT_LLM__API_KEY is a placeholder"),
        ({"ADMIN_TOKEN": "secret"}, "DESKPILOT_ADMIN_TOKEN is a placeholder"),
        ({"ZENDESK__URL": "acme.zendesk.com"}, "DESKPILOT_ZENDESK__URL is not an address"),
        ({"ZENDESK__URL": "https://me:pw@acme.zendesk.com"}, "carries a name or password"),
        ({"TEAM__TIMEZONE": "Mars"}, "DESKPILOT_TEAM__TIMEZONE is not a time zone"),
        ({"TEAM__LANGUAGE": "xx"}, "DESKPILOT_TEAM__LANGUAGE"),
        ({"NOTES": "sometimes"}, "DESKPILOT_NOTES"),
        ({"DEBOUNCE_S": "20"}, "DESKPILOT_DEBOUNCE_MAX_S"),
        ({"DEBOUNCE_S": "soon"}, "DESKPILOT_DEBOUNCE_S"),
        ({"KNOWLEDGE__FOLDER": "/nowhere"}, "DESKPILOT_KNOWLEDGE__FOLDER is not a folder"),
        ({"POLICY_FILE": "/nowhere"}, "DESKPILOT_POLICY_FILE is not a file"),
    ],
)
def test_each_problem_is_one_sentence_that_names_what_to_set(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], says: str
) -> None:
    """The operator reads it once and knows."""
    found = problems(monkeypatch, **environment)

    assert any(says in problem for problem in found), found
    assert all(problem.endswith(".") and "\n" not in problem for problem in found)


def test_two_problems_are_two_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not one at a time, start after start."""
    found = problems(monkeypatch, ZENDESK__URL="https://a.zendesk.com", FRESHDESK__URL="https://a.freshdesk.com")

    assert len(found) == 4


def test_no_secret_stands_in_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    """Problems end up in logs and tickets."""
    found = problems(monkeypatch, LLM__API_KEY="sk-hunter2", LLM__TIMEOUT_S="soon", ADMIN_TOKEN="hunter2-token")

    assert found
    assert "hunter2" not in " ".join(found)


def test_no_secret_stands_in_printed_settings() -> None:
    """Somebody will log the settings one day."""
    settings = Settings(admin_token=SecretStr("hunter2-token"), database_url=SecretStr("postgresql://x:hunter2@h/d"))

    assert "hunter2" not in repr(settings)


def test_a_dotenv_file_is_read(tmp_path: Path) -> None:
    """What a person writes beside the compose file counts; `clean_environment` runs the test in tmp_path."""
    (tmp_path / ".env").write_text("DESKPILOT_NOTES=every\n")

    assert load().notes == "every"
