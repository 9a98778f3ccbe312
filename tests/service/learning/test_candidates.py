"""What a ticket teaches, and what it does not; nothing of anybody is left in it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from service.learning.candidates import Judged, candidates_of, corrected_of, retold
from service.learning.wording import parts
from service.outcomes.outcome import Outcome
from tests.service.learning.lessons import CANDIDATE, QUESTION, REPLY, answered, outcome
from tests.service.tickets import ME, START, agent, customer, note, said, ticket


def test_an_edited_draft_is_a_candidate() -> None:
    """Question, reply, and what changed, without greeting and sign-off."""
    (found,) = candidates_of(answered(), [outcome()])

    assert (found.question, found.reply) == (QUESTION, REPLY)
    assert (found.kind, found.origin, found.language, found.category) == ("reply", "edited", "en", "fault")
    assert (found.organization, found.requester, found.message_id) == ("o1", "1", "m1")
    assert [(part.what, part.text) for part in parts(found.changed) if part.what != "same"] == [
        ("out", "lemon juice and"),
        ("in", "vinegar,"),
        ("out", "once."),
        ("in", "once, and press the lid until it clicks."),
    ]


@pytest.mark.parametrize(
    "changes",
    [{"use": "as_is"}, {"fidelity": 0.97}, {"excluded": "merged"}, {"reply_id": ""}, {"use": "unused"}],
    ids=["as it was", "a comma", "in no figure", "no reply", "unused, and not solved"],
)
def test_what_teaches_nothing_is_none(changes: dict[str, Any]) -> None:
    """A draft that was right needs no lesson; a ticket that is open has not ended well."""
    assert candidates_of(answered(), [outcome(**changes)]) == []


@pytest.mark.parametrize(
    "more",
    [{"satisfaction": "bad"}, {"spam": True}, {"tags": ("deskpilot_off",)}],
    ids=["rated badly", "spam", "switched off"],
)
def test_a_ticket_that_went_wrong_teaches_nothing(more: dict[str, Any]) -> None:
    """Whatever became of the draft."""
    assert candidates_of(answered(**more), [outcome()]) == []


def test_a_solved_ticket_without_our_draft_is_a_candidate() -> None:
    """Its first question and the answer that ended it."""
    (found,) = candidates_of(answered(status="solved"), [outcome(use="unused", fidelity=0.1)])

    assert (found.origin, found.changed) == ("solved", "")
    assert (found.question.lower(), found.reply.lower()) == (QUESTION.lower(), REPLY.lower())


@pytest.mark.parametrize("more", [{"status": "open"}, {"reopened_at": START}], ids=["open", "was reopened"])
def test_a_ticket_that_was_reopened_did_not_end_well(more: dict[str, Any]) -> None:
    """As far as its helpdesk says so."""
    stands = answered(**{"status": "solved", **more})
    assert candidates_of(stands, [outcome(use="", fidelity=None, reference="")]) == []


LEAKY = (
    "I am Ana Lind of Lindholm Ltd, 12 Mill Lane, SW1A 1AA London, ana@customer.example, +44 20 7946 0958. "
    "My card is 4111 1111 1111 1111, see https://shop.example/orders/ana-lind. The kettle leaks, what can I do?"
)


def test_nobodys_data_is_left() -> None:
    """Names, companies, e-mail and street addresses, phones, cards and links: of the question, the reply and the difference."""
    told = f"{REPLY} We send it to Hauptstraße 5, 10115 Berlin, dear Ana. Robin wrote to ana@customer.example."
    stands = answered(reply=told)
    asked = replace(stands.messages[0], text=LEAKY)
    stands = replace(stands, messages=(asked, *stands.messages[1:]))
    (found,) = candidates_of(stands, [outcome()])

    whole = f"{found.question}\n{found.reply}\n{found.changed}"
    for gone in (
        "Ana",
        "Lind",
        "Robin",
        "Mill Lane",
        "SW1A",
        "Hauptstra",
        "10115",
        "@",
        "7946",
        "4111",
        "https",
        "<",
        "shop.example",
    ):
        assert gone not in whole, gone
    for word in ("[name]", "[address]", "[e-mail]", "[card]", "[link]"):
        assert word in whole


def judged(**changes: Any) -> Judged:
    """A vote on the note of that ticket."""
    return replace(Judged(CANDIDATE.key, "m1", "outdated", f"Hi Ana, {REPLY} Write to <EMAIL_1>."), **changes)


def test_a_vote_that_says_what_is_right_is_a_candidate() -> None:
    """Its placeholders are filled by nobody."""
    found = corrected_of(answered(), judged())

    assert found is not None
    assert (found.origin, found.kind, found.question) == ("corrected", "reply", QUESTION)
    assert found.reply == f"{REPLY} Write to [e-mail]."
    assert "{+" in found.changed


def test_a_vote_for_a_person_proposes_to_hand_over() -> None:
    """Also where it says nothing else."""
    found = corrected_of(answered(), judged(reason="hand_over", answer=""))

    assert found is not None
    assert (found.kind, found.reply, found.changed) == ("hand_over", "", "")


def test_a_vote_on_a_note_that_an_agent_asked_for_is_about_the_message_before_it() -> None:
    """The ledger names the agent's note."""
    stands = ticket(customer(QUESTION), note("@deskpilot try again"), said("internal note", "DP-7K2QX", author=ME))
    found = corrected_of(stands, judged(message_id="m2"))

    assert found is not None
    assert (found.message_id, found.question) == ("m1", QUESTION)


def test_a_vote_without_an_answer_or_on_a_message_that_is_gone_teaches_nothing() -> None:
    """Nor one whose answer nobody could use."""
    assert corrected_of(answered(), judged(answer="no!")) is None
    assert corrected_of(answered(), judged(message_id="m99")) is None


def test_what_a_person_writes_into_the_queue_is_masked_as_well() -> None:
    """What has a form of its own."""
    told = retold(
        "Hello,\n\nwrite to ana@customer.example, see www.shop.example/x, or 12 Mill Lane.\n\nRegards", limit=500
    )

    assert told == "write to [e-mail], see [link] or [address]."


def test_what_is_said_in_a_row_is_one_letter() -> None:
    """A question in two messages, and a reply in two; our note stands between them."""
    stands = ticket(
        customer("Hello, here is Ana"), customer(QUESTION), note("for us"), agent(f"Hi Ana,\n\n{REPLY}"), agent("It has to be cold first."),
        customer("Thanks!"), agent("You are welcome."),
    )  # fmt: skip
    (found,) = candidates_of(stands, [outcome(message_id="m1", reply_id="m4")])

    assert (found.question.split("\n")[-1], found.parts) == (QUESTION, 2)
    assert found.reply == f"{REPLY}\nIt has to be cold first."
    corrected = corrected_of(stands, judged(message_id="m2"))
    assert corrected is not None
    assert corrected.message_id == found.message_id == "m1"


def test_what_only_a_person_answers_is_no_text_to_learn() -> None:
    """Its policy says so."""
    assert candidates_of(answered(status="solved"), [outcome(use="", tier=3)]) == []


def test_two_messages_teach_two_lessons() -> None:
    """Each with its own reply."""
    stands = ticket(
        customer(QUESTION), agent(REPLY), customer("And how do I clean the lid of the kettle?"), agent("Wash the lid by hand, it is no plastic.")
    )  # fmt: skip
    outcomes: list[Outcome] = [outcome(reply_id="m2"), outcome(message_id="m3", reply_id="m4")]

    assert [one.message_id for one in candidates_of(stands, outcomes)] == ["m1", "m3"]
