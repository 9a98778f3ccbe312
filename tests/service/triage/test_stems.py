"""What a story tells that no phrase names: weights of the beginnings of words."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.triage.cues import heard
from service.triage.stems import learnt, score_of, stems_of, told_by

STORY = "He left the ladder on our stairs. My mother slipped, and now she lies in the clinic with a broken hip."


def test_a_word_counts_by_its_beginning_once_and_without_umlauts() -> None:
    """Endings go, and a number is as good as another of its length."""
    assert stems_of("Brüche, Brueche und brüchig. 1234, 99") == {
        "bruec": "brueche",
        "und": "und",
        "####": "1234",
        "##": "99",
    }


def test_a_score_is_the_sum_of_what_is_known_over_the_root_of_how_many() -> None:
    """A long text is not more suspicious for its length, and what was never learnt counts for nothing."""
    weights = {"": -1.0, "lawye": 3.0, "parce": -1.0}
    assert score_of({"lawye", "parce", "zzz"}, weights) == pytest.approx(-1 + 2 / 2**0.5)
    assert score_of((), weights) == -1


def test_a_story_that_names_nothing_speaks_with_its_words() -> None:
    """An agent sees what it rests on, and they are words of the ticket."""
    words = told_by(STORY)
    assert words
    assert all(word in STORY.casefold() for word in words)


@pytest.mark.parametrize(
    "text", ["", "Broken hip.", "Where is my parcel? It should have been here on Friday, thank you."]
)
def test_what_is_short_or_harmless_tells_nothing(text: str) -> None:
    """A few words are no story."""
    assert told_by(text) == ()


def test_everyday_sentences_tell_nothing() -> None:
    """None of them was learnt from; at most three in a hundred are taken for a story that no phrase takes them for."""
    lines = [
        line
        for path in Path(__file__).parent.glob("harmless_*.txt")
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    taken = [line for line in lines if told_by(line)]
    assert len(taken) <= 0.03 * len(lines), taken
    assert not [line for line in taken if any(one.sure for one in heard(line).values())]


def test_the_weights_are_numbers_with_one_of_none() -> None:
    """The file is small enough to be read, and holds what the score needs."""
    assert "" in learnt()
    assert len(learnt()) < 5_000
