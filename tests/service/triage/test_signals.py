"""What speaks for a person in a thread, without a model."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from service.conversation import Conversation
from service.triage.judged import Amount, Signal, SignalName
from service.triage.mood import mood_over
from service.triage.signals import amounts_of, heard_in, said_by_customer, signals_of
from tests.service.triage.threads import AT, thread, ticket


def found(conversation: Conversation, *, contacts: int = 1, **of_ticket: Any) -> dict[SignalName, Signal]:
    """The signals of a conversation, by name."""
    mood = mood_over(said_by_customer(conversation))
    made = signals_of(
        ticket(**of_ticket), conversation, words=heard_in(conversation), mood=mood, contacts=contacts, now=AT
    )
    assert len({one.name for one in made}) == len(made)
    return {one.name: one for one in made}


def test_a_plain_question_has_no_signal() -> None:
    """Most tickets."""
    assert found(thread("Where can I download the invoice for May?")) == {}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("I want to speak to a manager.", "person"),
        ("The charger caught fire.", "safety"),
        ("My lawyer will contact you.", "legal"),
        ("Quiero hablar con una persona", "person"),
        ("Je vais porter plainte", "legal"),
        ("Voglio la disdetta, è una vergogna", "cancel"),
        ("Het apparaat is ontploft", "safety"),
    ],
)
def test_a_plain_wish_is_enough_by_itself_in_every_language_there_are_words_for(text: str, name: SignalName) -> None:
    """English and German have phrases here, the others those of moods.py."""
    signals = found(thread(text))

    assert name in signals
    assert signals[name].alone or name == "cancel"


def test_a_calm_cancellation_is_not_a_persons_by_itself() -> None:
    """It is a form; an angry one is not."""
    assert not found(thread("Please cancel my subscription at the end of the month."))["cancel"].alone
    assert found(thread("Cancel my subscription. You are a disgrace."))["cancel"].alone
    assert found(thread("Kündigung meines Vertrags, ich gehe zur Konkurrenz."))["cancel"].alone


def test_what_was_said_earlier_in_the_thread_still_counts() -> None:
    """An accident stays one when the customer only asks for news."""
    assert found(thread("The battery exploded.", "> We look into it.", "Any news?"))["safety"].alone


def test_what_an_agent_said_does_not_count() -> None:
    """They may well write of lawyers and managers."""
    assert found(thread("How does it work?", "> My manager and our lawyer say hello.", "Thanks, and where?")) == {}


def test_the_same_question_again_is_noticed() -> None:
    """By its words; stop words do not make two questions one."""
    asked = "Where is the export button of the new invoice page?"
    again = thread(asked, "> Have you seen our help?", "I asked where the export button of the invoice page is!")

    assert "repeated_question" in found(again)
    assert "repeated_question" not in found(thread(asked, "> Top right.", "And who may change the colours of my logo?"))
    assert "repeated_question" not in found(thread("Ok", "> Fine.", "Ok"))


def test_three_contacts_in_seven_days_are_a_signal() -> None:
    """Two are not."""
    asked = thread("Where can I download the invoice for May?")

    assert found(asked, contacts=3)["third_contact"].words == ("3 tickets in seven days",)
    assert "third_contact" not in found(asked, contacts=2)


def test_four_messages_of_the_customer_are_a_long_thread() -> None:
    """What agents wrote between them is not counted."""
    assert "long_thread" in found(thread("one", "> a", "two", "> b", "three", "> c", "four"))
    assert "long_thread" not in found(thread("one", "> a", "two", "> b", "three"))


def test_an_amount_from_two_hundred_is_a_signal() -> None:
    """With how it was written; every amount is told."""
    large = thread("It was € 1.234,50, then 20 EUR.")

    assert found(large)["amount"].words == ("€ 1.234,50",)
    assert amounts_of(large) == (Amount(1234.5, "EUR"), Amount(20, "EUR"))
    assert "amount" not in found(thread("It was 199 EUR, order 4711."))


def test_an_answer_that_is_due_within_an_hour_is_a_signal() -> None:
    """By the helpdesk's clock, passed in."""
    asked = thread("Where can I download the invoice?")

    assert "deadline_close" in found(asked, due_at=AT + timedelta(minutes=50))
    assert "deadline_close" in found(asked, due_at=AT - timedelta(days=1))
    assert "deadline_close" not in found(asked, due_at=AT + timedelta(hours=2))


def test_a_message_that_the_vendor_doubts_is_a_signal() -> None:
    """Whoever it claims to be from."""
    asked = thread("Where can I download the invoice?")

    assert "untrusted" in found(asked, untrusted=True)
    assert "untrusted" not in found(asked)


def test_a_mood_that_fell_is_a_signal() -> None:
    """By two levels, or to anger."""
    assert "mood_fell" in found(thread("Great service, thanks!", "> ?", "Where is it?", "> ?", "You are a disgrace."))
    assert "mood_fell" not in found(thread("Where is it?", "> Here.", "And the other one?"))


def test_the_newest_words_are_read_however_long_the_thread_is() -> None:
    """A flood of earlier text does not hide them."""
    flood = "word " * 30_000

    assert found(thread(flood, "> yes", "Now I call my lawyer."))["legal"].alone
