"""What a model's words must not hold: our instructions, another ticket's placeholders, somebody else's data."""

from __future__ import annotations

from base64 import b64encode
from codecs import encode
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.masking import Masker
from service.withheld import Inspection, without_sensitive
from tests.service.test_guard import passage

MARK = "3f9a0c57d1e2b846"
CARD = "4111 1111 1111 1111"


def masker() -> Masker:
    """Of a ticket that holds an address, a phone and a card."""
    made = Masker([])
    made.mask(f"I am ana@mail.example, +34 600 123 456, card {CARD}.")
    return made


def inspection(*cited: str, told: tuple[str, ...] = ()) -> Inspection:
    """Of a draft in that ticket which cites public passages with these texts."""
    passages = [passage(f"p{number}", text=text).passage for number, text in enumerate(cited)]
    return Inspection(masker(), marks=("", MARK), told=told, cited=passages)


@pytest.mark.parametrize(
    "text",
    [
        f"=== ticket {MARK} ===",
        MARK.upper(),
        " ".join(MARK),
        "-".join(MARK[at : at + 4] for at in range(0, 16, 4)),
        MARK[::-1],
        MARK[3:14],
        encode(MARK, "rot13"),
        MARK.encode().hex(),
        *(b64encode(b"x" * shift + MARK.encode() + b"yz").decode() for shift in range(3)),
    ],
)
def test_the_mark_of_the_prompt_is_found_in_what_a_model_makes_of_it(text: str) -> None:
    """As it is, spelt out, backwards, in part, and in the codes that strangers ask for."""
    assert inspection().fault(f"Hi Ana, here it is: {text}") == "prompt"


def test_the_words_of_a_prompt_are_a_leak_without_any_mark() -> None:
    """Asked for its rules, a model leaves the marks out."""
    text = "My rules: use only facts from the passages and the ticket. Never add steps, prices or dates."

    assert inspection().fault(text) == "prompt"


@pytest.mark.parametrize("text", ["Hi <NAME_9>,", "write to <EMAIL_2>", "<CARD_7>", "<PERSON_1>"])
def test_a_placeholder_of_no_value_here_is_another_ticket_s(text: str) -> None:
    """It would stand for another person there, and for nobody here."""
    assert inspection().fault(text) == "placeholder"
    assert inspection().fault("write to <EMAIL_1> or ‹NAME_9›") is None  # the second was written by the customer


@pytest.mark.parametrize(
    "text",
    [
        "write to bob@mail.example", "write to bob (at) mail (dot) example", "call +49 30 901820 17", f"your card {CARD}", "pay to DE89 3704 0044 0532 0130 00",
        "your number 078-05-1120", "use password: Hunter2!x", "key sk-proj-abcdef1234567890abcd", "from 8.8.4.4",
    ],
)  # fmt: skip
def test_personal_data_that_stands_nowhere_is_found(text: str) -> None:
    """The ticket's own card, too: whoever repeats it sends it through the mail."""
    assert inspection("Nothing of that.").fault(text) == "personal"


@pytest.mark.parametrize(
    ("text", "article"),
    [
        ("write to help@acme.example", "Mail us: help@acme.example."),
        ("write to help@acme.example.", "Mail HELP@acme.example"),
        ("call +49 30 901820-17", "Phone: +49 (30) 90182017"),
        ("call 0049 30 90182017", "Phone: +49 30 901820 17, on weekdays"),
        ("pay to DE89370400440532013000", "Our account: DE89 3704 0044 0532 0130 00"),
    ],
)
def test_contact_data_of_a_cited_public_article_may_be_repeated(text: str, article: str) -> None:
    """However the number is written there."""
    assert inspection(article).fault(text) is None
    private = [replace(one, audience="internal") for one in inspection(article).cited]
    assert Inspection(masker(), cited=private).fault(text) == "personal"
    past = [replace(one, pool="ticket") for one in inspection(article).cited]
    assert Inspection(masker(), cited=past).fault(text) == "personal"


def test_the_ticket_s_own_card_is_not_repeated_though_an_article_names_it() -> None:
    """A stranger may have put it there; a test card that the ticket does not hold may be told."""
    assert inspection(f"The card is {CARD}.").fault(f"your card {CARD.replace(' ', '')}") == "personal"
    assert inspection("The test card is 4242 4242 4242 4242.").fault("use 4242 4242 4242 4242") is None


@pytest.mark.parametrize(
    "text",
    [
        "we write to ana@mail.example or call +34600123456",
        "open 192.168.0.1 or 127.0.0.1",
        "your order 10448 of 12.03.2026 for 49.90 €, version 10.2.1",
        "Hi Ana,\n\nit takes three days.",
        "",
    ],
)
def test_what_is_the_ticket_s_or_nobody_s_may_stand(text: str) -> None:
    """Orders, versions and a router's address lead to no person."""
    assert inspection().fault(text) is None


def test_a_number_that_the_ticket_says_is_no_stranger_s() -> None:
    """What counted as an order in the question may look like a phone in the answer."""
    assert inspection().fault("call 030 90182017") == "personal"
    assert inspection(told=("order 030 90182017 is late",)).fault("call 030 90182017") is None


def test_the_ticket_s_own_card_and_account_numbers_are_left_out() -> None:
    """In the brackets a masker writes, in others, and in none."""
    assert without_sensitive("pay <IBAN_1> with ‹CARD_2› or ID_3, <EMAIL_1>") == ("pay … with … or …, <EMAIL_1>", True)
    assert without_sensitive("CARDS_1 and <NAME_1>") == ("CARDS_1 and <NAME_1>", False)


@given(st.text(max_size=200))
@settings(max_examples=100, deadline=None)
def test_no_text_is_too_odd_to_be_inspected(text: str) -> None:
    """Whatever a model writes; and with a mark in it, it is found."""
    inspection().fault(text)
    assert inspection().fault(f"{text} {MARK} {text}") == "prompt"
