"""A file that is there already is not replaced unasked."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.audit.replacing import keep, refuse_replacing
from service.errors import ServiceError

OPENING = "# Proposed from here to there."
TEXT = f"{OPENING}\nversion: 1\n"
AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Not there yet."""
    return tmp_path / "policy.yaml"


@pytest.mark.parametrize("there", ["version: 1\n", "", "# Proposed from elsewhere.\n", "\0"])
def test_a_file_that_is_no_such_proposal_is_refused_before_anything_is_read(file: Path, there: str) -> None:
    """The sentence names it, and both ways out; it stays as it is."""
    file.write_text(there)
    with pytest.raises(ServiceError, match="name another file, or replace it with --force") as refused:
        refuse_replacing(file, OPENING, force=False)

    assert str(file) in str(refused.value)
    assert file.read_text() == there


def test_no_file_another_proposal_of_today_and_force_pass(file: Path) -> None:
    """What is in it is compared when the new one is known."""
    refuse_replacing(None, OPENING, force=False)
    refuse_replacing(file, OPENING, force=False)
    file.write_text("version: 1\n")
    refuse_replacing(file, OPENING, force=True)
    file.write_text(TEXT)
    refuse_replacing(file, OPENING, force=False)


def test_a_new_file_and_the_same_content_are_fine(file: Path) -> None:
    """Twice the same is written once."""
    assert keep(file, TEXT, force=False, at=AT) == file
    before = file.stat().st_mtime_ns
    assert keep(file, TEXT, force=False, at=AT) == file

    assert (file.read_text(), file.stat().st_mtime_ns) == (TEXT, before)


def test_what_was_changed_by_then_stays_and_no_work_is_lost(file: Path) -> None:
    """An hour of reading ends in a file beside it."""
    file.write_text(f"{TEXT}name: Mine\n")
    beside = keep(file, TEXT, force=False, at=AT)

    assert beside.name == "policy-20261123-120000.yaml"
    assert (beside.read_text(), file.read_text()) == (TEXT, f"{TEXT}name: Mine\n")


def test_force_replaces(file: Path) -> None:
    """As it was asked to."""
    file.write_text("version: 1\n")

    assert keep(file, TEXT, force=True, at=AT) == file
    assert file.read_text() == TEXT
