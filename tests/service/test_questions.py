"""The sentences of a message, and which of them ask."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.questions import apart, head_and_tail, questions, sentences

MESSAGES = st.text(max_size=400) | st.text(alphabet="ab ?.!\n-*1)>。？", max_size=200)


@pytest.mark.parametrize("text", ["", " ", "\n\n\n", "\t \n "])
def test_an_empty_message_has_no_sentences(text: str) -> None:
    """And asks nothing."""
    assert sentences(text) == []
    assert questions([]) == []
    assert apart([]) == []


def test_sentences_end_at_marks_and_at_lines() -> None:
    """A full stop inside a number is no end."""
    assert sentences("The pump is new. It costs 4.90 euros!\nWhy does it hum? Thanks") == [
        "The pump is new.",
        "It costs 4.90 euros!",
        "Why does it hum?",
        "Thanks",
    ]


def test_sentences_need_no_space_where_the_script_has_none() -> None:
    """Japanese and Chinese end theirs with marks of their own."""
    assert sentences("ポンプを買いました。音がしますか？はい。") == ["ポンプを買いました。", "音がしますか？", "はい。"]


def test_lines_that_a_mail_program_broke_are_one_sentence() -> None:
    """Its lines are long; the break is nobody's choice."""
    text = "I bought the garden pump in your shop at the beginning of the summer and\nnow it hums. What can I do?"

    assert sentences(text) == [
        "I bought the garden pump in your shop at the beginning of the summer and now it hums.",
        "What can I do?",
    ]


@pytest.mark.parametrize("mark", ["-", "*", "•", ">", "1.", "2)"])
def test_an_item_of_a_list_is_a_line_of_its_own(mark: str) -> None:
    """However long the line above it is."""
    lead = "I bought the garden pump in your shop at the beginning of the summer and"

    assert sentences(f"{lead}\n{mark} it hums")[0] == lead


def test_short_lines_stay_apart() -> None:
    """Their writer broke them: a greeting, an address."""
    assert sentences("Hello\nthe pump hums\nBest regards") == ["Hello", "the pump hums", "Best regards"]


def test_a_long_line_that_ends_with_a_mark_stays_apart() -> None:
    """A colon too: what follows is no part of it."""
    lead = "I bought the garden pump in your shop at the beginning of the summer:"

    assert sentences(f"{lead}\nit hums") == [lead, "it hums"]


def test_of_a_very_long_message_head_and_tail_are_read() -> None:
    """People say what they want at its start or at its end."""
    told = "We moved house in spring. " * 8_000
    read = sentences(f"Where is the manual? {told} What does a seal cost?")

    assert (read[0], read[-1]) == ("Where is the manual?", "What does a seal cost?")
    assert sum(map(len, read)) < 5_000


def test_a_message_of_usual_length_is_read_whole() -> None:
    """Nothing is lost in the middle."""
    text = "a" * 2_400 + "middle" + "b" * 1_500

    assert head_and_tail(text) == text


def test_questions_are_the_sentences_with_the_mark() -> None:
    """Also where a quotation mark or a bracket stands behind it; the others that begin like one are told, not asked."""
    told = ["How it hums!", "Can it be mended?", "He said “why?”", "How can I say this.", "(Is it old?)"]

    assert questions(told) == ["Can it be mended?", "He said “why?”", "(Is it old?)"]


@pytest.mark.parametrize(
    "asked",
    [
        "how can I mend the pump",
        "I would like to know what a seal costs",
        "Wie kann ich die Pumpe reparieren",
        "Ich möchte wissen, was eine Dichtung kostet",
        "Comment réparer la pompe",
        "Je voudrais savoir combien coûte un joint",
        "Cómo reparo la bomba",
        "Quisiera saber cuánto cuesta una junta",
    ],
)
def test_without_any_mark_a_question_is_known_by_how_it_begins(asked: str) -> None:
    """Many people leave the mark out."""
    assert questions(["The pump hums", asked, "Thanks"]) == [asked]


def test_a_message_without_a_question_has_none() -> None:
    """A report is not made one."""
    assert questions(["The pump hums.", "Die Pumpe brummt.", "La pompe fuit.", "La bomba gotea."]) == []


@pytest.mark.parametrize(
    ("asked", "parts"),
    [
        ("How long does it take, and what does it cost?", ["How long does it take", "what does it cost?"]),
        ("Wie lange dauert das und was kostet es?", ["Wie lange dauert das", "was kostet es?"]),
        ("Combien ça coûte et quand arrive-t-il ?", ["Combien ça coûte", "quand arrive-t-il ?"]),
        ("¿Cuánto cuesta y cuándo llega?", ["¿Cuánto cuesta", "cuándo llega?"]),
    ],
)
def test_two_questions_in_one_sentence_come_apart(asked: str, parts: list[str]) -> None:
    """Each finds its own answer."""
    assert apart([asked]) == parts


@pytest.mark.parametrize("asked", ["Do you sell seals and filters?", "Haben Sie Dichtungen und Filter?"])
def test_two_things_in_one_question_stay_together(asked: str) -> None:
    """Only a word that asks parts a sentence."""
    assert apart([asked]) == [asked]


@given(MESSAGES)
def test_no_message_is_too_odd_and_no_word_is_lost(text: str) -> None:
    """All that is neither a space nor a break is there, in its order."""
    told = sentences(text)

    assert re.sub(r"\s", "", "".join(told)) == re.sub(r"\s", "", text)
    assert all(one == one.strip() != "" for one in told)
    assert set(questions(told)) <= set(told)
    assert all(any(part in one for one in told) for part in apart(told))
