"""An agent judges a note of ours in a note of their own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.base import Message
from service.feedback import Remarks
from service.occasions import Occasion, Silence, occasion_for
from service.verdicts import verdicts_in
from tests.service.tickets import ANA, ME, agent, customer, note, said, ticket

QUESTION = customer("My kettle shows E3 and does not heat. What can I do?")
OURS = note("A draft … DP-7K2QX", author=ME)
LATER = note("Another draft … DP-8A1BC", author=ME)


@pytest.mark.parametrize(
    ("written", "judgement", "remarks"),
    [
        ("@deskpilot wrong: it is 14 days", "wrong", Remarks(answer="it is 14 days")),
        ("@deskpilot Wrong: You have 14 days.\nCount from delivery.", "wrong", Remarks(answer="You have 14 days.\nCount from delivery.")),
        ("@deskpilot: wrong", "wrong", Remarks()),
        ("@deskpilot wrong: outdated", "wrong", Remarks(reason="outdated")),
        ("@deskpilot falsch: veraltet.", "wrong", Remarks(reason="outdated")),
        ("@deskpilot wrong: hand over", "wrong", Remarks(reason="hand_over")),
        ("@deskpilot right", "right", Remarks()),
        ("@deskpilot richtig, so gesendet", "right", Remarks(comment="so gesendet")),
        ("Kim here.\n@deskpilot faux : 14 jours", "wrong", Remarks(answer="14 jours")),
    ],
)  # fmt: skip
def test_a_verdict_is_read_with_its_reason_or_the_right_answer(written: str, judgement: str, remarks: Remarks) -> None:
    """In the words of the four languages; all that stands behind the colon is the answer."""
    (verdict,) = verdicts_in(ticket(QUESTION, OURS, note(written)), me=ME)

    assert (verdict.reference, verdict.judgement, verdict.remarks) == ("DP-7K2QX", judgement, remarks)


def test_a_verdict_is_about_the_newest_note_above_it_unless_it_names_another() -> None:
    """A ticket has several notes over time."""
    judged = ticket(
        QUESTION, OURS, note("@deskpilot right"), customer("And now?"), LATER,
        note("@deskpilot wrong: no"), note("@deskpilot wrong dp-7k2qx: late thought"),
    )  # fmt: skip

    assert [(one.reference, one.judgement) for one in verdicts_in(judged, me=ME)] == [
        ("DP-7K2QX", "right"),
        ("DP-8A1BC", "wrong"),
        ("DP-7K2QX", "wrong"),
    ]


@pytest.mark.parametrize(
    "written",
    [
        note("@deskpilot right to cancel?"),
        note("@deskpilot wrong parcel came, say sorry"),
        note("The customer wrote: @deskpilot wrong: all of it"),
        replace(note("@deskpilot wrong: copied in"), channel="api"),
        replace(note("@deskpilot wrong: a mail that became a note"), untrusted=True),
        note("@deskpilot wrong: I wrote this myself", author=ANA),
        agent("@deskpilot wrong: by mistake in public"),
        customer("@deskpilot wrong: I am the customer"),
        said("internal note", "@deskpilot wrong: a macro", automatic=True),
    ],
    ids=lambda message: message.text[:30] + message.channel,
)
def test_what_is_a_hint_or_somebody_elses_word_is_no_verdict(written: Message) -> None:
    """A hint begins with the same word now and then; and only an agent's own note judges."""
    assert verdicts_in(ticket(QUESTION, OURS, written), me=ME) == ()


def test_a_verdict_without_a_note_to_judge_is_none() -> None:
    """Nothing of ours stands above it."""
    assert verdicts_in(ticket(QUESTION, note("@deskpilot wrong: it is 14 days")), me=ME) == ()


def test_a_verdict_asks_for_no_other_note() -> None:
    """A hint does: the two are told apart."""
    answered = (QUESTION, OURS, agent("Please descale it."))
    judged = occasion_for(ticket(*answered, note("@deskpilot wrong: no descaling")), me=ME, when="question")
    asked = occasion_for(ticket(*answered, note("@deskpilot shorter, please")), me=ME, when="question")

    assert isinstance(judged, Silence)
    assert isinstance(asked, Occasion)
