"""What a note says triage rests on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from service.conversation import Conversation, Turn
from service.evidence import MOST, evidence
from service.packet_words import packet_words
from service.triage.judged import Amount, Judged, Signal, SignalName, Triage
from tests.service.policies import CALM, triaged
from tests.service.tickets import START

TALK = Conversation(
    subject="My plan",
    turns=(
        Turn("requester", START, "It is slow."),
        Turn("agent", START + timedelta(hours=1), "Please be patient, lawyer."),
        Turn("requester", START + timedelta(hours=2), "Now I  CANCEL it. See https://evil.example/x today."),
    ),
)


def found(triage: Triage, *, language: str = "en") -> tuple[str, ...]:
    """The lines for a team of this language."""
    return evidence(triage, TALK, packet_words(language))


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("I cancel", "“I CANCEL it” in the last message"),
        ("now i", "“Now I CANCEL it” in the last message"),
        ("see https", "“See https” in the last message"),
        ("plan", "“plan” in the subject"),
        ("slow", "“slow” in an earlier message"),
    ],
)
def test_the_customers_own_words_are_quoted_and_where_they_stand(words: str, line: str) -> None:
    """As they wrote them, to the end of a clause that ends soon: an agent finds them with one look. Case and spaces do not matter."""
    assert found(triaged(Signal("cancel", words=(words,)))) == (line,)


@pytest.mark.parametrize("words", ["sue you", "lawyer", ""])
def test_words_that_the_customer_did_not_write_are_not_quoted(words: str) -> None:
    """A model may make them up, and what an agent said is no evidence; the verdict names the signal anyway."""
    assert found(triaged(Signal("legal", words=(words,)))) == ()


def test_a_quotation_holds_no_number_of_a_card_or_an_account() -> None:
    """It would be filled in, and a note is mailed."""
    talk = replace(TALK, turns=(Turn("requester", START, "Cancel the card <CARD_1> of <PERSON_1>, now"),))
    triage = triaged(Signal("fraud", words=("the card <CARD_1> of <PERSON_1>",)))

    assert evidence(triage, talk, packet_words("en")) == ("“the card … of <PERSON_1>” in the last message",)


def test_a_quotation_holds_nothing_live() -> None:
    """It comes from a stranger."""
    (line,) = found(triaged(Signal("cancel", words=("See https://evil.example/x",))))

    assert line == "“See https[:]//evil[.]example/x today” in the last message"


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("mood_fell", "mood fell over two messages"),
        ("third_contact", "fourth contact in seven days about the same thing"),
        ("long_thread", "three messages in this ticket"),
        ("amount", "names 1480.50 EUR"),
        ("unsolved", "what was tried did not help"),
    ],
)
def test_what_was_counted_is_said_in_our_words(name: SignalName, line: str) -> None:
    """Numbers in words, as people say them."""
    amounts = (Amount(12.0, "EUR"), Amount(1480.5, "EUR"))

    assert found(triaged(Signal(name, words=("4 tickets in seven days",)), contacts=4, amounts=amounts)) == (line,)


def test_an_amount_that_nobody_read_is_not_named() -> None:
    """There is nothing to say of it."""
    assert found(triaged(Signal("amount"))) == ()


def test_what_is_enough_by_itself_comes_first_and_nothing_is_said_twice() -> None:
    """The most of them are six."""
    slow, cancel = Signal("churn", words=("slow",)), Signal("cancel", alone=True, words=("CANCEL", "today"))
    wish = replace(
        CALM,
        signals=(slow, cancel),
        wants_person=Judged(value=True, words=("CANCEL",)),
        category=Judged("billing", words=("slow", "plan")),
    )

    assert found(wish) == (
        "“CANCEL it”, “today” in the last message",
        "“slow” in an earlier message",
        "“plan” in the subject",
    )
    names: list[SignalName] = ["mood_fell", "third_contact", "long_thread", "unsolved", "untrusted", "churn", "deadline_close"]  # fmt: skip
    assert len(found(triaged(*map(Signal, names)))) == MOST


def test_a_quotation_that_another_one_holds_is_not_said_again() -> None:
    """Two lists of phrases find the same words, in one case or another."""
    signals = triaged(Signal("cancel", words=("i cancel it",)), Signal("person", words=("CANCEL",)), Signal("churn", words=("Cancel it",)))  # fmt: skip

    assert found(signals) == ("“I CANCEL it” in the last message",)


def test_an_apostrophe_of_either_kind_is_the_same() -> None:
    """Phones write the curly one."""
    talk = replace(TALK, turns=(Turn("requester", START, "It won’t work, I’m done"),))

    assert evidence(triaged(Signal("churn", words=("i'm done",))), talk, packet_words("en")) == ("“I'm done” in the last message",)  # fmt: skip


def test_a_team_reads_it_in_its_own_language() -> None:
    """Ordinals and numbers, too."""
    signals = triaged(Signal("third_contact"), Signal("mood_fell"), contacts=3)

    assert found(signals, language="de") == (
        "dritter Kontakt in sieben Tagen zum selben Thema",
        "Stimmung über zwei Nachrichten gesunken",
    )
