"""The mood of each message, and where it goes."""

from __future__ import annotations

import pytest

from service.triage.mood import mood_over


@pytest.mark.parametrize(
    ("text", "mood"),
    [
        ("This is ridiculous, what a joke.", "angry"),
        ("Mir reicht's, das ist eine Frechheit.", "angry"),
        ("I'm disappointed, it is still not here.", "unhappy"),
        ("Ich bin enttäuscht, es fehlt immer noch ein Teil.", "unhappy"),
        ("Where do I find the manual?", "neutral"),
        ("Wo finde ich die Anleitung?", "neutral"),
        ("Love it, works perfectly.", "happy"),
        ("Perfekt, ich bin begeistert.", "happy"),
    ],
)
def test_a_message_has_one_of_five_moods(text: str, mood: str) -> None:
    """By its words; those that say so are told."""
    found = mood_over([text])

    assert found.sentiment == mood
    assert bool(found.words) == (mood != "neutral")


def test_a_mood_that_falls_is_counted_in_levels() -> None:
    """From the best that it was."""
    assert mood_over(["Great service, thanks!", "Where is it?", "This is a disgrace."]).shift == -4


def test_a_mood_that_rises_is_counted_as_well() -> None:
    """Who was angry and is happy now needs nobody."""
    assert mood_over(["This is a disgrace.", "Perfect, I love it!"]).shift == 4


def test_nothing_said_is_neutral() -> None:
    """A ticket may hold a picture and no word."""
    assert mood_over([]).sentiment == "neutral"
    assert mood_over([""]).sentiment == "neutral"
