"""The same question with the same reply is one lesson; another amount, product or language is another."""

from __future__ import annotations

import pytest

from service.learning.likeness import nearest, sketch
from tests.service.learning.lessons import QUESTION, REPLY

KNOWN = sketch(QUESTION, REPLY, language="en")


@pytest.mark.parametrize(
    ("question", "reply"),
    [
        (QUESTION, REPLY),
        ("After it has boiled my kettle does not switch off any more. What can I do?", REPLY),
        ("My kettle boils and boils: why does it not switch off?", REPLY),
        (QUESTION, "Please descale it with vinegar and boil it once, pressing the lid until it clicks."),
    ],
    ids=["itself", "another order", "a paraphrase", "a word less"],
)
def test_the_same_in_other_words_is_one(question: str, reply: str) -> None:
    """Order, endings and fillers do not count."""
    assert nearest(sketch(question, reply, language="en"), [(3, KNOWN)]) == 3


@pytest.mark.parametrize(
    ("question", "reply"),
    [
        (QUESTION, "please send it back to us for a repair within thirty days."),
        ("my toaster does not switch off any more and smells of smoke, is that dangerous?", REPLY),
        (QUESTION, REPLY.replace("once", "2 times")),
    ],
    ids=["another reply", "another question", "a number"],
)
def test_what_is_answered_otherwise_is_another(question: str, reply: str) -> None:
    """Both must be alike."""
    assert nearest(sketch(question, reply, language="en"), [(3, KNOWN)]) is None


def test_where_nothing_is_replied_questions_are_alike_in_more() -> None:
    """Of two matters for a person no reply tells them apart."""
    one, other = (
        sketch(text, "", language="en")
        for text in (QUESTION, "my kettle does not switch off or boil, the lid is broken")
    )

    assert nearest(one, [(1, other)]) is None
    assert nearest(one, [(1, one)]) == 1


def test_the_most_alike_of_several_is_taken() -> None:
    """Not the first."""
    near = sketch(QUESTION, f"{REPLY} Then rinse.", language="en")

    assert nearest(KNOWN, [(1, near), (2, KNOWN)]) == 2
