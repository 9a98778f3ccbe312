"""What may be quoted of a passage: sections, and in them what stays whole."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.quotations import Block, Section, sections
from service.vectors import Passage

ARTICLES = st.text(max_size=400) | st.text(alphabet="ab #|-:.1)\n", max_size=200)


def passage(text: str, *, position: int = 0, language: str = "en") -> Passage:
    """A passage of an article about a garden pump."""
    return Passage(
        id="1",
        article="folder:pump.md",
        source="folder",
        title="The garden pump",
        breadcrumb="",
        text=text,
        url="",
        language=language,
        audience="public",
        position=position,
    )


def blocks(text: str) -> list[str]:
    """What is quoted whole of a text without headings."""
    (section,) = sections(passage(text))
    return [block.text for block in section.blocks]


def block(text: str) -> Block:
    """One paragraph."""
    return Block(text, frozenset())


@pytest.mark.parametrize("text", ["", " \n\n ", "## Only a heading", "| --- | --- |", "---\n\n***", "#  "])
def test_what_holds_no_word_has_no_sections(text: str) -> None:
    """A heading alone says nothing."""
    assert sections(passage(text)) == []


def test_sections_begin_at_headings_and_keep_their_order() -> None:
    """What stands before the first has no heading; one without a text is left out."""
    made = sections(passage("It pumps.\n\n## Cleaning\n\nRinse it.\n\n## Empty\n\n### Winter\n\nKeep it dry."))

    assert [(section.heading, section.text) for section in made] == [
        ("", "It pumps."),
        ("Cleaning", "Cleaning:\nRinse it."),
        ("Winter", "Winter:\nKeep it dry."),
    ]
    assert made[1].named <= made[1].words
    assert made[1].named


@pytest.mark.parametrize("heading", ["How do I clean it?", "Comment la nettoyer ?", "掃除はどうしますか？"])
def test_a_heading_that_ends_with_a_mark_gets_no_colon(heading: str) -> None:
    """It leads in as it is."""
    (section,) = sections(passage(f"## {heading}\n\nRinse it."))

    assert section.text == f"{heading}\nRinse it."


def test_the_heading_that_a_later_passage_stands_under_is_given() -> None:
    """It was cut off with the passage before."""
    first, second = sections(passage("Rinse it.\n\n## Winter\n\nKeep it dry.", position=1), heading="Cleaning")

    assert (first.heading, second.heading) == ("Cleaning", "Winter")


def test_half_a_sentence_is_left_out_only_where_a_passage_was_cut() -> None:
    """A first passage that begins with a small letter is its writer's."""
    text = "and dry it. Then keep it in the house."

    assert sections(passage(text, position=1))[0].text == "Then keep it in the house."
    assert sections(passage(text))[0].text == text


def test_a_list_stays_with_the_line_that_leads_into_it() -> None:
    """Also over a blank line, and what comes behind it is a paragraph of its own."""
    assert blocks("You need:\n\n- a brush\n- warm water\n\nBoth are in the box.") == [
        "You need:\n- a brush\n- warm water",
        "Both are in the box.",
    ]


def test_a_paragraph_that_does_not_end_with_a_colon_leads_into_no_list() -> None:
    """It stands by itself."""
    assert blocks("The pump is quiet.\n- a brush\n- warm water") == ["The pump is quiet.", "- a brush\n- warm water"]


def test_an_item_that_ends_with_a_colon_leads_into_no_paragraph() -> None:
    """Into a list below it only."""
    assert blocks("- a brush:\nBoth are in the box.") == ["- a brush:", "Both are in the box."]


def test_a_nested_list_is_one_list() -> None:
    """Items below items, and lines that go on with an item."""
    text = "Do this:\n1. Open the lid:\n   - turn it left\n   - lift it\n2. Rinse the wheel\n   with warm water.\n\n3. Close it."

    assert blocks(text) == [
        "Do this:\n1. Open the lid:\n- turn it left\n- lift it\n2. Rinse the wheel with warm water.\n3. Close it."
    ]


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("1. Open it.\n2. Rinse it.", True),
        ("So geht es:\n1) Öffnen.\n2) Spülen.", True),
        ("- Open it.\n- Rinse it.", False),
        ("It costs 1. That is all.", False),
        ("", False),
    ],
)
def test_steps_are_a_list_with_numbers(text: str, steps: bool) -> None:  # noqa: FBT001
    """With or without a line that leads in."""
    assert block(text).steps is steps
    assert Section("", (block(text),), frozenset(), frozenset()).steps is steps


def test_a_table_of_two_columns_names_them_once() -> None:
    """Each row is an item."""
    assert blocks("| Country | Days |\n| --- | --- |\n| Spain | 3 |\n| Italy | 4 |") == [
        "Country – Days:\n- Spain: 3\n- Italy: 4"
    ]


def test_a_table_that_is_led_in_needs_no_names() -> None:
    """The line above tells what it holds."""
    assert blocks("It takes:\n\nCountry | Days\nSpain | 3") == ["It takes:\n- Spain: 3"]


def test_a_wide_table_names_each_cell() -> None:
    """With a corner, or without."""
    rows = "Height | 30 cm | 45 cm\nWeight | 1 kg | 2 kg"
    lines = ["- Height: Small 30 cm, Large 45 cm\n- Weight: Small 1 kg, Large 2 kg"]

    assert blocks(f"| | Small | Large |\n|---|---|---|\n{rows}") == lines
    assert blocks(f"Small | Large\n{rows}") == lines


def test_a_sentence_with_a_bar_is_no_table() -> None:
    """It is quoted as it stands; a table without rows is not quoted."""
    assert blocks("Press Menu | Start.") == ["Press Menu | Start."]
    assert sections(passage("| Country | Days |\n| --- | --- |")) == []


@pytest.mark.parametrize(
    "text",
    [
        "Then rinse it.",
        "This helps.",
        "It hums.",
        "Danach spülen Sie es.",
        "Dies hilft.",
        "Ensuite, rincez-la.",
        "Cela aide.",
        "Después, aclárela.",
        "Esto ayuda.",
    ],
)
def test_a_paragraph_that_points_back_leans_on_the_one_before(text: str) -> None:
    """Alone it cannot be understood."""
    assert block(text).leans


@pytest.mark.parametrize("text", ["", "Thencefort is a town.", "Rinse it.", "Italien", "Ethan", "Esther"])
def test_a_word_that_only_begins_like_one_that_points_back_does_not_lean(text: str) -> None:
    """Whole words count."""
    assert not block(text).leans


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("Set it back as described below.", True),
        ("Setzen Sie sie zurück, wie unten beschrieben.", True),
        ("Suivez les étapes ci-dessous.", True),
        ("Siga los pasos a continuación.", True),
        ("Keep it below 40 degrees.", False),
    ],
)
def test_a_section_may_need_what_stands_below_it(text: str, points: bool) -> None:  # noqa: FBT001
    """Then both are quoted."""
    (section,) = sections(passage(text))

    assert section.points_on is points


def test_lines_are_sentences_and_items() -> None:
    """An abbreviation within a sentence ends none."""
    (section,) = sections(passage("Use e.g. a brush. Rinse it!\n\n- warm water\n- a cloth"))

    assert section.lines == ["Use e.g. a brush.", "Rinse it!", "- warm water", "- a cloth"]
    assert section.size == 12  # the marks of the items as well


@given(ARTICLES, st.integers(0, 1))
def test_no_text_is_too_odd_and_nothing_is_made_up(text: str, position: int) -> None:
    """Every word that is quoted stands in the article, as often as there is reason to: names of columns repeat."""
    written = set(re.findall(r"\w+", text))

    for section in sections(passage(text, position=position)):
        assert set(re.findall(r"\w+", section.text)) <= written
        assert section.size
        assert all(one.text.strip() for one in section.blocks)


@given(st.lists(st.text(alphabet="abc .", min_size=1, max_size=40).filter(lambda line: "a" in line), max_size=8))
def test_plain_paragraphs_are_quoted_as_they_stand(lines: list[str]) -> None:
    """Nothing is lost, nothing changes its place."""
    made = sections(passage("\n\n".join(lines)))

    assert [one.text for section in made for one in section.blocks] == [line.strip() for line in lines]


@pytest.mark.parametrize(
    "text",
    [
        "a\n" * 50_000,
        "- a\n" * 40_000,
        "a|b\n" * 40_000,
        "|" * 150_000,
        "# a\na\n" * 2_000,
        "a. " * 60_000,
        " " * 200_000,
    ],
)
def test_a_very_long_passage_is_read_once(text: str) -> None:
    """What takes the square of a length would not end here in time."""
    assert sum(section.size for section in sections(passage(text))) <= 2 * len(text)
