"""Word for word: what must not be repeated is found however it is parted."""

from __future__ import annotations

import pytest

from prompts.catalog import wordings
from service.verbatim import repeats_prompt, sentences

LEAK = "Rules for the reply: use only facts from the passages and the ticket. Never add steps, prices, dates."


@pytest.mark.parametrize(
    "text",
    [
        f"Hi Ana,\n\n{LEAK}",
        LEAK.upper(),
        LEAK.replace(" ", "\n"),
        LEAK.replace(" ", "_"),
        "- " + LEAK.replace(" ", " *").replace("only", "**only**"),
        "You read support tickets for a support team and describe them. You never answer the customer.",
    ],
)
def test_ten_words_of_a_prompt_in_a_row_are_a_leak(text: str) -> None:
    """Case, line ends, marks and bullets between the words do not matter."""
    assert repeats_prompt(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The passages do not answer the newest customer message.",
        "Hi Ana,\n\nparcels to Spain take three to five working days. Write to us if it has not arrived by then.",
        "The customer asks for a refund; a person must check the order before sending.",
    ],
)
def test_what_a_model_says_by_itself_is_none(text: str) -> None:
    """A reason may use a prompt's words without repeating it."""
    assert not repeats_prompt(text)


def test_every_prompt_is_known_by_its_words() -> None:
    """A template is cut where something is filled in, so that what is filled in does not hide the rest."""
    assert all("{{" not in words and "{%" not in words for words in wordings())
    assert sum(len(words.split()) for words in wordings()) > 400


def test_sentences_are_read_without_their_bullets() -> None:
    """Items of a list count each."""
    assert sentences("Hi Ana,\n\n1. Open it. Close it!\n- Wait") == ["Hi Ana,", "Open it.", "Close it!", "Wait"]
