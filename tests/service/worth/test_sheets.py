"""Tables as people, spreadsheets and Markdown take them."""

from __future__ import annotations

import csv
from io import StringIO

import pytest

from service.worth import wording
from service.worth.definitions import BY_NAME, DEFINITIONS
from service.worth.figure import share
from service.worth.intervals import Interval, wilson
from service.worth.score import WEIGHTS
from service.worth.sheets import Column, Measure, Sheet, aside, csv_of, markdown_of, text

PLAIN = Column("Value")


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx"])
def test_no_cell_of_an_export_is_a_formula(cell: str) -> None:
    """A question of a customer may begin as one; it is text in every spreadsheet."""
    sheet = Sheet("gaps", "Gaps", (Column("Question"), Column("Tickets")), [(cell, 3)])
    (_, (question, tickets)) = csv.reader(StringIO(csv_of(sheet)))
    assert (question, tickets) == (f"'{cell}", "3")


def test_a_figure_is_exported_with_both_ends_and_its_denominator() -> None:
    """What rests on too few has no value, but its counts."""
    sheet = Sheet(
        "x",
        "X",
        (Column("Name"), Column("Acceptance")),
        [("a", share("acceptance", 50, 100)), ("b", share("acceptance", 5, 10)), ("c", None)],
    )
    heading, a, b, c = csv.reader(StringIO(csv_of(sheet)))
    assert heading == [
        "name",
        "acceptance",
        "acceptance: low",
        "acceptance: high",
        "acceptance: hits",
        "acceptance: of",
    ]
    assert a == ["a", "0.5", "0.403832", "0.596168", "50", "100"]
    assert b == ["b", "", "", "", "5", "10"]
    assert c == ["c", "", "", "", "", ""]


def test_a_cell_says_its_denominator_and_a_difference_its_interval() -> None:
    """Under thirty it says how many there are instead."""
    assert (text(share("acceptance", 40, 80), PLAIN), aside(share("acceptance", 40, 80))) == ("50.0 %", "40 of 80")
    assert (text(share("acceptance", 4, 8), PLAIN), aside(share("acceptance", 4, 8))) == (
        "too few (8 of 30)",
        "4 so far",
    )
    assert (text(share("acceptance", 0, 0), PLAIN), aside(share("acceptance", 0, 0))) == ("too few (0 of 30)", "")
    moved = Measure(Interval(-0.05, 0.15, 0.05, 40), "share", difference=True)
    assert (text(moved, PLAIN), aside(moved)) == ("+5.0 points", "−5.0 points to +15.0 points")
    few = Measure(wilson(3, 9), "share")
    assert (text(few, PLAIN), aside(few)) == ("too few (9 of 30)", "")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.0123, "12 ms"),
        (9, "9.0 s"),
        (119, "119.0 s"),
        (600, "10 min"),
        (3 * 3600 + 300, "3 h 05 min"),
        (50 * 3600, "2.1 days"),
    ],
)
def test_times_are_told_as_people_say_them(seconds: float, said: str) -> None:
    """In the largest unit that tells enough."""
    assert wording.value(seconds, "seconds") == said
    assert wording.value(-seconds / 60, "minutes", signed=True) == f"−{said}"


def test_nothing_in_a_cell_ends_a_table_of_markdown() -> None:
    """Neither a bar, nor a line break, nor HTML."""
    sheet = Sheet("x", "X", (Column("Question", number=False), Column("Tickets")), [("a|b\n<script>", 2)])
    assert markdown_of(sheet).splitlines() == ["| Question | Tickets |", "| --- | ---: |", "| a\\|b &lt;script> | 2 |"]


def test_every_definition_has_a_name_of_its_own_and_every_part_of_the_score_a_direction() -> None:
    """Or a link would lead to the wrong one."""
    assert len(BY_NAME) == len(DEFINITIONS)
    assert all(BY_NAME[name].better for name in WEIGHTS)
