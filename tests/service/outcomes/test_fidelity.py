"""How much of a draft was sent, against figures that were computed by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.outcomes.fidelity import USED, compared, words_of

DRAFT = "Please press the button for ten seconds. The light then turns green."  # 12 words


@pytest.mark.parametrize(
    ("draft", "reply", "use", "fidelity"),
    [
        # the same words, whatever stands around them
        (DRAFT, DRAFT, "as_is", 1.0),
        (DRAFT, "Hi Ana,\n\n" + DRAFT + "\n\nKind regards\nRobin", "as_is", 1.0),
        ("Hi Ana,\n\n" + DRAFT, "Hello Ana Lind,\n\n" + DRAFT, "as_is", 1.0),
        (DRAFT, DRAFT.upper().replace(". ", "!\n\n"), "as_is", 1.0),
        ("It doesn't work", "It doesn’t work", "as_is", 1.0),
        ("Do this:\n1. Press it.\n2. Wait.\n- Then go.", "Do this:\nPress it.\nWait.\nThen go.", "as_is", 1.0),
        # a gap that an agent fills
        ("Your order [order number] left on Monday.", "Your order 4711 left on Monday.", "as_is", 1.0),
        ("Your order [order number] left on Monday.", "Your order 4711 left on Tuesday.", "edited", 0.7273),  # 2*4 / (5+6)
        # words added, left out, replaced: 2m / (a + b)
        (DRAFT, DRAFT + " Write to us if it does not.", "edited", 0.7742),  # 2*12 / (12+19)
        (DRAFT, "Please press the button for ten seconds.", "edited", 0.7368),  # 2*7 / (12+7)
        (DRAFT, DRAFT.replace("ten", "twenty"), "edited", 0.9167),  # 2*11 / 24
        (DRAFT, "The light then turns green. Please press the button for ten seconds.", "edited", 0.5833),  # 7 in order
        (DRAFT, "We are sorry. " + DRAFT, "edited", 0.8889),  # 2*12 / 27
        ("one two three four", "one two three", "edited", 0.8571),  # 2*3 / 7
        # single words in common are no use of the draft
        (DRAFT, "We have sent you a new device today, and the old one is for the bin.", "unused", 0.2143),  # the, for, the: 2*3 / 28
        (DRAFT, "Bitte halten Sie die Taste zehn Sekunden gedrückt.", "unused", 0.0),
        (DRAFT, "Solved on the phone.", "unused", 0.125),  # the: 2*1 / 16
        (DRAFT, "", "unused", 0.0),
        ("", DRAFT, "unused", 0.0),
        # three of twelve in a row are a quarter, and a quarter is enough; two in a row are nothing
        (DRAFT, "You must press the button", "edited", 0.3529),  # 2*3 / 17
        (DRAFT, "You must press the lever", "unused", 0.2353),  # 2*2 / 17
        # a draft of two words
        ("Yes, always.", "Yes, always.", "as_is", 1.0),
        ("Yes, always.", "No, never.", "unused", 0.0),
        # scripts without spaces: each sign is a word
        ("返品は十四日以内です", "返品は十四日以内です", "as_is", 1.0),
        ("返品は十四日以内です", "返品は三十日以内です", "edited", 0.9),  # 2*9 / 20
        ("Rückgabe binnen 14 Tagen, straße", "rückgabe binnen 14 tagen STRASSE", "as_is", 1.0),
    ],
)  # fmt: skip
def test_a_pair_of_texts_has_the_figure_computed_by_hand(draft: str, reply: str, use: str, fidelity: float) -> None:
    """Twice the words in common, in order, over the words of both."""
    found = compared(draft, reply)

    assert found.use == use
    assert found.fidelity == pytest.approx(fidelity, abs=0.00006)


WORD = st.sampled_from(["the", "parcel", "left", "on", "monday", "with", "us", "and", "will", "be", "there", "soon"])
TEXT = st.lists(WORD, min_size=1, max_size=40).map(" ".join)


@given(TEXT, TEXT)
def test_the_figure_does_not_depend_on_which_is_which_and_stays_within_its_bounds(one: str, other: str) -> None:
    """And 1 is the same words, nothing else."""
    there, back = compared(one, other), compared(other, one)

    assert there.fidelity == back.fidelity
    assert 0 <= there.fidelity <= 1
    assert (there.use == "as_is") == (words_of(one) == words_of(other))
    assert (there.use == "unused") == (there.reused < USED)


def test_two_texts_of_the_longest_length_are_compared_all_the_same() -> None:
    """A hostile reply holds no worker: what is beyond 5,000 words is not read."""
    long = " ".join(f"w{number % 97}" for number in range(50_000))

    assert compared(long, long + " x").use == "as_is"
    assert compared(long, "x " + long).use == "edited"
