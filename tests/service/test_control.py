"""How a command finds the running `serve` of the same data directory."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from service.control import Control, announced, find, new_token

CONTROL = Control(url="http://127.0.0.1:8400", token="token-of-this-run")


def test_a_serve_that_runs_is_found_and_one_that_ended_is_not(tmp_path: Path) -> None:
    """It says so while it runs, also in a directory that is not there yet."""
    with announced(tmp_path / "new" / "data", CONTROL):
        assert find(tmp_path / "new" / "data") == CONTROL

    assert find(tmp_path / "new" / "data") is None


def test_a_serve_that_breaks_takes_its_word_back(tmp_path: Path) -> None:
    """Only a killed one cannot."""
    with pytest.raises(RuntimeError), announced(tmp_path, CONTROL):
        raise RuntimeError

    assert list(tmp_path.iterdir()) == []


def test_a_data_directory_that_takes_nothing_is_told_with_the_setting(tmp_path: Path) -> None:
    """A full disk, another user's volume, a file in its place: the operator reads where, why, and what to set."""
    (tmp_path / "serve.json").mkdir()
    said = re.escape(f"{tmp_path / 'serve.json'} cannot be written (Is a directory): ") + ".*DESKPILOT_DATA_DIR"

    with pytest.raises(OSError, match=said), announced(tmp_path, CONTROL):
        pass


def test_the_word_of_a_killed_one_is_replaced(tmp_path: Path) -> None:
    """The next run has another token."""
    (tmp_path / "serve.json").write_text('{"url": "http://127.0.0.1:1", "token": "old, and longer than the new one"}')

    with announced(tmp_path, CONTROL):
        assert find(tmp_path) == CONTROL


def test_no_other_user_can_read_the_token(tmp_path: Path) -> None:
    """It lets in to all that `serve` can do."""
    with announced(tmp_path, CONTROL):
        assert (tmp_path / "serve.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("text", ["", "{", "[]", '{"url": "http://127.0.0.1:1"}', '{"pid": 7}'])
def test_a_file_that_says_nothing_is_nobody(tmp_path: Path, text: str) -> None:
    """Cut off in the middle, or of another version: the command goes on by itself."""
    (tmp_path / "serve.json").write_text(text)

    assert find(tmp_path) is None


def test_every_run_has_a_token_that_cannot_be_guessed() -> None:
    """256 bits."""
    assert len({new_token() for _ in range(100)}) == 100
    assert len(new_token()) >= 43
