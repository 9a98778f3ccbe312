"""What was changed in a text is told in a few words, as <del> and <ins> can show it."""

from __future__ import annotations

from service.learning.wording import Part, changed, parts


def test_a_change_stands_among_a_few_words() -> None:
    """What is far from it is left out."""
    before = "one two three four five six seven refunded within 10 days by the shop and so on and so on for ever"
    told = changed(before, before.replace("10", "14"))

    assert told == "… six seven refunded within [-10-] {+14+} days by the shop …"
    assert list(parts(told))[1:4] == [Part("out", "10"), Part("same", " "), Part("in", "14")]


def test_the_same_words_are_no_change() -> None:
    """However they are spaced."""
    assert changed("we refund you", "we  refund\nyou") == ""


def test_words_that_look_like_marks_are_no_change() -> None:
    """Somebody's text draws nothing on the page."""
    told = changed("a [-b-] c", "a {+b+} c d")

    assert list(parts(told)) == [Part("same", "a b c "), Part("in", "d")]


def test_a_long_change_is_cut_between_changes() -> None:
    """Never within one."""
    told = changed(" ".join(f"a{n} same" for n in range(600)), " ".join(f"b{n} same" for n in range(600)))

    assert len(told) < 1_510
    assert told.endswith("…")
    assert {part.what for part in parts(told)} == {"same", "out", "in"}
    assert "[-" not in "".join(part.text for part in parts(told))
