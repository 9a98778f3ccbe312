"""Which questions a status text leaves open."""

from __future__ import annotations

from service.incidents.unanswered import unanswered

TEXT = "We know that signing in fails, and work on it. Nothing of your data is lost. Payments go through as always."


def test_what_the_text_says_is_answered_and_the_rest_is_kept() -> None:
    """By the words that tell what a question is about."""
    message = "Hello, is my data lost? How long will this take? And will you refund September?"

    assert unanswered(message, TEXT, language="en") == (
        "How long will this take?",
        "And will you refund September?",
    )


def test_what_is_kept_names_nobody() -> None:
    """Masked words become dots, long numbers go."""
    kept = unanswered("Where is order 4071 88312 of <PERSON_1>?", TEXT, language="en")

    assert kept == ("Where is order … of …?",)


def test_a_message_that_asks_nothing_leaves_nothing_open() -> None:
    """A report is answered by the text."""
    assert unanswered("I cannot sign in.", TEXT, language="en") == ()
    assert unanswered("", TEXT, language="en") == ()


def test_a_long_message_keeps_few_questions() -> None:
    """Five of one message tell enough."""
    message = " ".join(f"Will you refund month{number}?" for number in range(30))

    assert len(unanswered(message, TEXT, language="en")) == 5
