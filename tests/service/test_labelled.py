"""What files that people label by hand have in common: how they are read, and how a mistake in one is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.labelled import LabelledError, Place, text_of, wrong


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    """Some editors write one."""
    file = tmp_path / "tickets.yaml"
    file.write_bytes("\N{ZERO WIDTH NO-BREAK SPACE}- id: ä\n".encode())

    assert text_of(file) == "- id: ä\n"


def test_a_file_beyond_the_limit_is_refused_unread(tmp_path: Path) -> None:
    """It says what to do; without a limit it is read."""
    file = tmp_path / "tickets.yaml"
    file.write_text("x" * 1_001)

    with pytest.raises(LabelledError, match="is larger than 1,000 bytes: split it"):
        text_of(file, largest=1_000)
    assert len(text_of(file, largest=None)) == 1_001


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("- id: a\n- id: b\n", (1, "id"), "line 2, 1.id: twice"),
        ("- id: a\n- id: b\n", (1, "tier", "name"), "line 2, 1.tier.name: twice"),
        ('{\n\t"queries": [\n\t\t{"id": "a"}]}', ("queries", 0, "id"), "line 3, queries.0.id: twice"),
        ("- id: a\n", (), "line 1, the whole file: twice"),
        ("", ("id",), "line 1, id: twice"),
    ],
)
def test_a_mistake_is_named_by_the_nearest_line_that_exists(text: str, place: Place, says: str) -> None:
    """In YAML and in JSON that is indented with tabs."""
    assert str(wrong(Path("f"), text, place, "twice")) == f"f, {says}"
    assert str(wrong(Path("f"), text, place, "twice", more=2)) == f"f, {says} (and 2 more problems)"
