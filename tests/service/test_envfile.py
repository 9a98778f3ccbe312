"""A file of settings gets new values: nothing else in it changes, and it is its owner's alone."""

from __future__ import annotations

import stat
from io import StringIO
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from service.envfile import refused, value_in, with_values, written
from service.errors import ServiceError

TEXT = "# who we are\nNAME='Kettle & Co'  # shown\n\nexport KEY=old\nLAST=1"


def test_other_lines_stay_as_they_are() -> None:
    """Comments, blank lines and quotes included; a new name comes last, on a line of its own."""
    assert with_values(TEXT, {"KEY": "new", "MORE": "a,b="}) == (
        "# who we are\nNAME='Kettle & Co'  # shown\n\nexport KEY=new\nLAST=1\nMORE=a,b=\n"
    )


def test_a_name_that_stands_twice_is_left_once() -> None:
    """The last one would win, and an old value would stand there for whoever reads the file."""
    assert with_values("A=1\nB=2\nA=3\n", {"A": "4"}) == "A=4\nB=2\n"


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters="$"), max_size=40))
def test_every_value_is_read_back_as_it_was_written(value: str) -> None:
    """Whatever signs a secret has. A dollar sign is read as the name of a variable, and no secret of ours has one."""
    text = with_values("A=1\n", {"SECRET": value})

    assert dotenv_values(stream=StringIO(text)) == {"A": "1", "SECRET": value}


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    """Also where it was open to all before; a link stays a link, and nothing is left beside it."""
    real, link = tmp_path / "real.env", tmp_path / ".env"
    real.write_text("A=1\n")
    real.chmod(0o644)
    link.symlink_to(real)
    written(link, {"B": "2"})

    assert (real.read_text(), stat.S_IMODE(real.stat().st_mode)) == ("A=1\nB=2\n", 0o600)
    assert link.is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".env", "real.env"]


def test_a_file_that_cannot_be_replaced_leaves_no_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mounted file is busy: the copy that was to take its place holds every secret."""

    def busy(*_: object) -> None:
        raise OSError(16, "Device or resource busy")

    (tmp_path / ".env").write_text("A=1\n")
    monkeypatch.setattr(Path, "replace", busy)
    with pytest.raises(ServiceError, match="busy"):
        written(tmp_path / ".env", {"B": "2"})

    assert [path.name for path in tmp_path.iterdir()] == [".env"]


def test_of_a_name_that_stands_twice_the_last_counts(tmp_path: Path) -> None:
    """As for the service, which would otherwise have another secret than set-up."""
    (tmp_path / ".env").write_text("A=1\nA=3\n")

    assert value_in(tmp_path / ".env", "A") == "3"


def test_a_new_file_is_made(tmp_path: Path) -> None:
    """Its owner's alone from the first byte."""
    written(tmp_path / "new.env", {"B": "2"})

    assert stat.S_IMODE((tmp_path / "new.env").stat().st_mode) == 0o600
    assert (value_in(tmp_path / "new.env", "B"), value_in(tmp_path / "new.env", "C")) == ("2", "")
    assert value_in(tmp_path / "none.env", "B") == ""


def test_a_file_that_cannot_be_written_is_told_before_it_matters(tmp_path: Path) -> None:
    """And as an error of ours where it is found out later."""
    assert "is a folder" in refused(tmp_path)
    assert "is not a folder" in refused(tmp_path / "no" / ".env")
    assert refused(tmp_path / ".env") == ""
    with pytest.raises(ServiceError, match="cannot be written"):
        written(tmp_path / "no" / ".env", {"A": "1"})
