"""Secrets from files, as containers are handed them: the value is the file's, and every problem is one sentence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from service.errors import ServiceError
from service.files import LARGEST_BYTES, refuse_unwritable
from service.settings import Settings, SettingsProblem, load
from tests.security.canaries import secret_settings

KEY = "DESKPILOT_LLM__API_KEY"


def problems() -> list[str]:
    """What `load` has to say."""
    try:
        load()
    except SettingsProblem as error:
        return error.problems
    return []


@pytest.fixture(autouse=True)
def a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key alone is a contradiction. Where the tests' own corpora lie is no setting of the product."""
    monkeypatch.delenv("DESKPILOT_SHARED", raising=False)
    monkeypatch.setenv("DESKPILOT_LLM__MODEL", "m")


@pytest.fixture
def secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that the key of the model is to be read from."""
    monkeypatch.setenv(f"{KEY}_FILE", str(tmp_path / "llm_key"))
    return tmp_path / "llm_key"


@pytest.mark.parametrize("name", sorted(secret_settings()))
def test_every_secret_can_come_from_a_file(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nested ones, lists and the database's address, too; the log strikes it out as any other."""
    value = "postgresql://u:hunter2@h/d" if name == "DESKPILOT_DATABASE_URL" else "canary-of-a-file"
    (tmp_path / "secret").write_text(f"{value}\n")
    monkeypatch.setenv(f"{name}_FILE", str(tmp_path / "secret"))
    alone = {"DESKPILOT_LLM__API_KEY", "DESKPILOT_ADMIN_TOKEN", "DESKPILOT_DATABASE_URL"}

    said = problems()
    assert not any("_FILE" in problem for problem in said)
    if name in alone and not said:
        assert value in load().secrets


def test_any_other_setting_can_come_from_a_file(secret: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has its type, beside what the environment says of its group."""
    secret.write_text("sk-of-a-file")
    (tmp_path / "patience").write_text("90\n")
    monkeypatch.setenv("DESKPILOT_LLM__TIMEOUT_S_FILE", str(tmp_path / "patience"))
    llm = load().llm

    assert (llm.api_key.get_secret_value(), llm.timeout_s, llm.model) == ("sk-of-a-file", 90.0, "m")


@pytest.mark.parametrize("content", [b"sk-one", b"sk-one\n", b"sk-one\r\n", b"sk-one\n\n", b"\xef\xbb\xbfsk-one\n"])
def test_line_breaks_at_the_end_are_no_part_of_a_secret(secret: Path, content: bytes) -> None:
    """Editors and `echo` put them there."""
    secret.write_bytes(content)

    assert load().llm.api_key.get_secret_value() == "sk-one"


def test_a_dotenv_file_names_files_too(tmp_path: Path) -> None:
    """As the environment does."""
    (tmp_path / "key").write_text("sk-one")
    (tmp_path / ".env").write_text(f"{KEY}_FILE={tmp_path / 'key'}\n")

    assert load().llm.api_key.get_secret_value() == "sk-one"


def test_what_is_set_to_nothing_is_not_set(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compose files pass on what is empty."""
    secret.write_text("sk-one")
    monkeypatch.setenv(KEY, "")
    monkeypatch.setenv("DESKPILOT_ADMIN_TOKEN_FILE", "")

    assert load().llm.api_key.get_secret_value() == "sk-one"


def test_changes_win_over_files(secret: Path) -> None:
    """As they do over the environment."""
    secret.write_text("sk-one")

    assert load(llm=Settings().llm.model_copy(update={"base_url": "http://m/v1"})).llm.api_key.get_secret_value() == ""


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "names a file that cannot be read (No such file or directory): correct its path or its rights."),
        (b"", "names an empty file: put the value into it, or remove the setting."),
        (b" \n", "names an empty file: put the value into it, or remove the setting."),
        ("schlüssel".encode("latin-1"), "names a file that is not text in UTF-8: save it as that."),
        ("key".encode("utf-16-le"), "names a file that is not text in UTF-8: save it as that."),
        (b"one\ntwo\n", "names a file of several lines: put the value alone into it."),
        (b"x" * (LARGEST_BYTES + 1), "names a file of more than 64 KB: put the value alone into it."),
    ],
)
def test_what_cannot_be_read_is_one_sentence(secret: Path, content: bytes | None, says: str) -> None:
    """And nothing is said of the setting's default besides."""
    if content is not None:
        secret.write_bytes(content)

    assert problems() == [f"{KEY}_FILE {says}"]


def test_a_pipe_is_not_waited_for(secret: Path) -> None:
    """Nobody might ever write into it."""
    os.mkfifo(secret)

    assert problems() == [f"{KEY}_FILE names no file: put the path of a text file there."]


def test_both_set_is_one_sentence(secret: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to guess which one counts."""
    secret.write_text("sk-one")
    monkeypatch.setenv(KEY, "sk-two")

    assert problems() == [f"{KEY} and {KEY}_FILE are both set: remove one of them."]


def test_a_secret_in_place_of_its_path_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """A frequent mistake."""
    monkeypatch.setenv(f"{KEY}_FILE", "sk-hunter2")

    (problem,) = problems()
    assert "hunter2" not in problem


def test_a_misspelt_name_of_a_file_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told from the setting itself."""
    monkeypatch.setenv("DESKPILOT_ADMIN_TOKN_FILE", "/run/secrets/x")
    monkeypatch.delenv("DESKPILOT_LLM__MODEL")

    assert problems() == ["DESKPILOT_ADMIN_TOKN_FILE is not a setting: did you mean DESKPILOT_ADMIN_TOKEN_FILE?"]


def test_a_file_that_cannot_be_written_is_told_before_anything_is_read(tmp_path: Path) -> None:
    """And one that can, or is not wanted, is no matter."""
    refuse_unwritable(None, tmp_path / "report.html")
    with pytest.raises(ServiceError, match="there is no folder"):
        refuse_unwritable(tmp_path / "nowhere" / "report.html")
    with pytest.raises(ServiceError, match="it is a folder"):
        refuse_unwritable(None, tmp_path)
    assert list(tmp_path.iterdir()) == []
