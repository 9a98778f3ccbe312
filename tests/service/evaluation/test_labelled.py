"""A file of labelled questions is read whole, or refused with line and key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from service.evaluation.labelled import read_labelled
from service.labelled import LabelledError

GOOD: dict[str, Any] = {
    "corpus": [{"id": "d1", "title": "Returns", "text": "Within 30 days."}, {"id": "d2", "title": "", "text": ""}],
    "queries": [{"id": "q1", "text": "Can I send it back?"}],
    "qrels": {"q1": {"d1": 1, "d2": 0}},
    "unanswerable": [{"id": "u1", "text": "Do you sell cars?"}],
}


def written(folder: Path, content: object) -> Path:
    """A file with this content, one key a line."""
    path = folder / "labelled.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content, indent=1))
    return path


def test_documents_questions_and_labels_are_read(tmp_path: Path) -> None:
    """A gain of 0 is no label."""
    labelled = read_labelled(written(tmp_path, GOOD))

    assert [one.id for one in labelled.documents] == ["d1", "d2"]
    assert (labelled.queries[0].text, labelled.unanswerable[0].id) == ("Can I send it back?", "u1")
    assert labelled.relevant == {"q1": ["d1"]}


def test_unanswerable_questions_may_be_left_out(tmp_path: Path) -> None:
    """Then there is no figure for them."""
    assert read_labelled(written(tmp_path, {**GOOD, "unanswerable": []})).unanswerable == []
    del (given := dict(GOOD))["unanswerable"]
    assert read_labelled(written(tmp_path, given)).unanswerable == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"corpus": []}, r"line 2, corpus: .*at least 1"),
        ({"corpus": [{"id": "d1"}]}, r"line 3, corpus\.0\.text: Field required"),
        ({"corpus": [{"id": 7, "text": "x"}]}, r"line 4, corpus\.0\.id: .*string"),
        ({"queries": [{"id": "q1", "text": ""}]}, r"queries\.0\.text: .*at least 1"),
        ({"queries": GOOD["queries"] * 2}, r"queries\.1\.id: the id 'q1' comes twice"),
        ({"unanswerable": [{"id": "q1", "text": "x"}]}, r"unanswerable\.0\.id: the id 'q1' comes twice"),
        ({"qrels": {"q9": {"d1": 1}, "q1": {"d1": 1}}}, r"qrels\.q9: no such query"),
        ({"qrels": {"q1": {"d9": 1}}}, r"qrels\.q1\.d9: no such document"),
        ({"qrels": {"q1": {"d1": "yes"}}}, r"qrels\.q1\.d1: .*integer"),
        ({"qrels": {}}, r"queries\.0: `qrels` names no document for 'q1'"),
        ({"qrels": {"q1": {"d1": 0}}}, r"queries\.0: `qrels` names no document for 'q1'"),
    ],
)
def test_what_is_wrong_is_named_with_line_and_key(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    """Nobody looks for it in a megabyte of JSON."""
    with pytest.raises(LabelledError, match=said):
        read_labelled(written(tmp_path, {**GOOD, **change}))


def test_the_line_is_the_one_where_the_value_stands(tmp_path: Path) -> None:
    """Counted from 1, as an editor does."""
    path = written(tmp_path, {**GOOD, "qrels": {"q1": {"d9": 1}}})
    line = next(number for number, text in enumerate(path.read_text().split("\n"), 1) if '"d9"' in text)

    with pytest.raises(LabelledError, match=rf"line {line}, "):
        read_labelled(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"corpus": [', r"line 1, column 13: no JSON"),
        ("[]", r"line 1, the whole file"),
        ("", r"line 1, column 1: no JSON"),
        ("[" * 200_000, r"nested too deeply|no JSON"),
    ],
)
def test_what_is_no_such_file_at_all_is_said(tmp_path: Path, content: str, said: str) -> None:
    """Each in a sentence."""
    with pytest.raises(LabelledError, match=said):
        read_labelled(written(tmp_path, content))


def test_a_file_that_is_missing_or_binary_is_said(tmp_path: Path) -> None:
    """With its path."""
    with pytest.raises(LabelledError, match=r"nowhere\.json cannot be read: No such file"):
        read_labelled(tmp_path / "nowhere.json")
    binary = tmp_path / "binary.json"
    binary.write_bytes(b'{"corpus": "\xff\xfe"}')
    with pytest.raises(LabelledError, match=r"is not UTF-8 text \(byte 12\)"):
        read_labelled(binary)
