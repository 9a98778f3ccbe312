"""What is left of a macro's text when nobody fills in its placeholders."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.macros import reply_html, without_placeholders
from connectors.mail import html_to_text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Hi {{ticket.requester.first_name}},\n\nyou get it back.", "you get it back."),
        ("Guten Tag {{ticket.requester.name}}!\nDas Geld kommt.", "Das Geld kommt."),
        ("Hello {{name}}, thanks for writing.", "thanks for writing."),
        ("Dear Mr. {{ticket.requester.last_name}}:\nSee below.", "See below."),
        ("See below.\n\nBest regards,\n{{current_user.name}}\n{{ticket.brand.name}} Support", "See below."),
        ("Order {{ticket.id}} is on its way.", "Order … is on its way."),
        ("It takes {{dc.days}} {{dc.unit}} from today on.", "It takes … from today on."),
        ("Ticket: {{ticket.url}}", ""),
        ("{{dc.whole_text}}", ""),
        ("{% if vip %}Two{% else %}Ten{% endif %} days it takes for all.", "Two…Ten days it takes for all."),
        ("{%- assign x = 1 -%}It stays.", "It stays."),
        ("{% comment %}never say {{x}}{% endcomment %}It stays.", "It stays."),
        ("It stays, {{ broken.", "It stays, … broken."),
        ("{ plain braces } stay.", "{ plain braces } stay."),
        ("", ""),
    ],
)
def test_lines_that_say_nothing_without_a_placeholder_go(text: str, left: str) -> None:
    """A greeting or a signature is made anew for every ticket; a sentence keeps a gap that can be seen."""
    assert without_placeholders(text) == left


@given(st.text(alphabet="ab {}%-\n…,.", max_size=200))
def test_no_live_braces_are_ever_left(text: str) -> None:
    """The helpdesk would fill them in, with another ticket's values, when the draft is sent."""
    left = html_to_text(reply_html(text))

    assert not any(live in left for live in ("{{", "}}", "{%", "%}"))


def test_the_html_reads_as_the_text() -> None:
    """Paragraphs, lines and angle brackets."""
    text = "First <b> & more\nsecond line\n\n- one\n- two"

    assert html_to_text(reply_html(text)) == text
