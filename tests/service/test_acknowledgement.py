"""What a person who takes over may send at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from service.acknowledgement import acknowledge
from service.analysis import Analysis, Summary
from service.conversation import Conversation, Turn
from service.languages import greeting
from tests.service.tickets import START


def conversation(messages: int = 1, *, author: str = "<PERSON_1>") -> Conversation:
    """A customer who writes as often as that."""
    turns = tuple(Turn("requester", START + timedelta(minutes=number), "Cancel it!") for number in range(messages))
    return Conversation(subject="Cancel", turns=turns, author=author)


def analysis(language: str = "en") -> Analysis:
    """A wish for a person."""
    summary = Summary(problem="Wants to cancel.")
    return Analysis(
        summary=summary, intent="cancel", sentiment="angry", urgency="high", language=language, query="cancel"
    )


@pytest.mark.parametrize("language", ["de", "en", "es", "fr", "it", "nl", "pt"])
def test_it_greets_in_the_customers_language_and_says_one_thing(language: str) -> None:
    """A greeting, a paragraph, and no placeholder but the name."""
    draft = acknowledge(conversation(), analysis(language))
    first, said = draft.text.split("\n\n")

    assert draft.language == language
    assert first == greeting(language, author="<PERSON_1>")
    assert "<" not in said


def test_each_language_has_words_of_its_own() -> None:
    """Nobody is sent the English text in a Spanish greeting."""
    said = {
        acknowledge(conversation(), analysis(language)).text.split("\n\n")[1] for language in ("de", "en", "es", "fr")
    }

    assert len(said) == 4


def test_a_language_without_words_gets_english_ones_as_a_whole() -> None:
    """Greeting and text belong together."""
    draft = acknowledge(conversation(author=""), analysis("fi"))

    assert draft.text.startswith(f"{greeting('en')}\n\n")
    assert draft.language == "en"


def test_it_answers_nothing() -> None:
    """No source, no solution: the guard must not take it for an answer."""
    draft = acknowledge(conversation(), analysis())

    assert (draft.covered, draft.citations, draft.checks, draft.writer) == (False, (), (), "extractive")


def test_the_problem_stands_in_the_note_once() -> None:
    """As the reason, until the thread is long enough for a summary, which says it."""
    assert acknowledge(conversation(2), analysis()).reason == "Wants to cancel."
    assert acknowledge(conversation(3), analysis()).reason == ""


APPROVED = {
    "en": "I have it. You will hear from me before {time}.",
    "fr": "Réponse avant {time}.",
    "nl": "Tot {time}.",
    "it": "Ho letto.",
}
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "hours", "said"),
    [
        ("en", 2, "I have it. You will hear from me before 13:00."),
        ("en", 26, "I have it. You will hear from me before 21 November, 13:00."),
        ("fr", 26, "Réponse avant le 21 novembre, 13:00."),
        ("nl", 26, "Tot 2026-11-21, 13:00."),
        ("it", 2, "Ho letto."),
    ],
)
def test_the_policys_text_goes_out_with_the_time_of_the_target(language: str, hours: int, said: str) -> None:
    """By the team's clock, with the date where that is another day."""
    draft = acknowledge(
        conversation(),
        analysis(language),
        APPROVED,
        due=NOW + timedelta(hours=hours),
        now=NOW,
        timezone="Europe/Berlin",
    )

    assert draft.text == f"{greeting(language, author='<PERSON_1>')}\n\n{said}"
    assert (draft.writer, draft.reason) == ("approved", "")


@pytest.mark.parametrize("due", [None, NOW - timedelta(hours=1), NOW + timedelta(minutes=14)])
def test_no_time_is_named_that_could_be_over_when_the_text_is_sent(due: datetime | None) -> None:
    """Then the text of ours, which promises none."""
    draft = acknowledge(conversation(), analysis(), APPROVED, due=due, now=NOW)

    assert draft.text == acknowledge(conversation(), analysis()).text
    assert "{" not in draft.text


def test_a_text_without_a_time_needs_no_target_and_another_language_gets_ours() -> None:
    """No approved text is translated by us."""
    assert acknowledge(conversation(), analysis("it"), APPROVED).text.endswith("Ho letto.")
    assert (
        acknowledge(conversation(), analysis("de"), APPROVED).text == acknowledge(conversation(), analysis("de")).text
    )
