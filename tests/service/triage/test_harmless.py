"""What people ask every day, in two languages: nothing of it may call for a person."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.triage.cues import heard

SENTENCES = [
    line
    for path in sorted(Path(__file__).parent.glob("harmless_*.txt"))
    for line in path.read_text(encoding="utf-8").splitlines()
]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_an_everyday_sentence_speaks_for_nobody(sentence: str) -> None:
    """At most it hints: durations, counts, loyalty, relatives, jobs and jokes are no reason."""
    assert not {name: one.words for name, one in heard(sentence).items() if one.sure}
