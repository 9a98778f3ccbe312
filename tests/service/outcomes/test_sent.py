"""What agents really sent, against what was drafted: every way in which a reply can come."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connectors.base import Message, Person, Ticket
from service.ledger import SavedDraft, TicketKey
from service.occasions import HELD_OUT, LOT
from service.outcomes.ended import resolution_of
from service.outcomes.outcome import Outcome, Resolution
from service.outcomes.sent import Judged, Known, Prices, draft_in, outcomes_of
from tests.service.tickets import ANA, ME, ROBIN, START, agent, customer, note, said, ticket

KEY = TicketKey("zendesk", "acme.zendesk.test", "7")
ANSWER = "Please press the button for ten seconds. The light then turns green."
NOTE = f"<h3>Ready</h3>\n<hr>\n<p>Hi Ana,</p>\n<p>{ANSWER}</p>\n<hr>\n<p><strong>Check:</strong> nothing</p>\n<p>DP-7K2QX</p>"
OURS = note("DP-7K2QX", author=ME, id="n1")
QUESTION = customer("My kettle shows E3 and does not heat. What can I do?")
PRICES = Prices(1.0, 4.0)


def draft(message_id: str = "m1", note_id: str = "n1", **more: Any) -> SavedDraft:
    """Posted a minute after the question."""
    details = {"tier": 1, "category": "fault", "language": "en", "writer": "model", "model": "small", "prompt_version": "draft 4",
               "certainty": 0.8, "tokens_in": 1_000, "tokens_out": 250}  # fmt: skip
    made = SavedDraft(
        KEY, message_id, "DP-7K2QX", "ready", NOTE, details, note_id=note_id, posted_at=START + timedelta(minutes=2)
    )
    return replace(made, **more)


def seen(of: Ticket, known: Known | None = None) -> list[Outcome]:
    """What is measured."""
    return list(outcomes_of(of, known or Known(drafts=[draft()]), prices=PRICES))


def only(of: Ticket, known: Known | None = None) -> Outcome:
    """Of a ticket with one turn."""
    (outcome,) = seen(of, known)
    return outcome


def ended(of: Ticket, known: Known | None = None) -> Resolution:
    """What became of the ticket."""
    before = known or Known(drafts=[draft()])
    found = resolution_of(of, seen(of, before), before)
    assert found is not None
    return found


def test_the_draft_is_what_stands_between_the_rules_of_a_note() -> None:
    """Nothing else of the note is compared; a packet without one has none."""
    assert draft_in(NOTE) == f"Hi Ana,\n\n{ANSWER}"
    assert draft_in("<p>DP-7K2QX</p>") == ""


def test_a_draft_that_was_sent_as_it_is() -> None:
    """With all that the ledger knows of it: 1,000 tokens at 1 and 250 at 4 of a million cost .002."""
    found = only(ticket(QUESTION, OURS, agent(f"Hello Ana,\n{ANSWER}\nBest, Robin")))

    assert (found.arm, found.use, found.fidelity, found.excluded) == ("note", "as_is", 1.0, "")
    assert (found.message_id, found.reply_id, found.reference) == ("m1", "m3", "DP-7K2QX")
    assert (found.tier, found.category, found.model, found.prompt_version) == (1, "fault", "small", "draft 4")
    assert (found.tokens_in, found.tokens_out, found.cost, found.confidence) == (1_000, 250, 0.002, 0.8)
    assert found.replied_at is not None
    assert found.noted_at is not None
    assert (found.replied_at - found.noted_at) == timedelta(minutes=1)


@pytest.mark.parametrize(
    ("reply", "use"),
    [
        (agent(ANSWER.replace("ten", "twenty")), "edited"),
        (agent("We send you a new one today."), "unused"),
        (agent("Bitte halten Sie die Taste zehn Sekunden lang gedrückt, danach leuchtet es grün."), "unused"),
        (agent("Thank you for contacting us! A colleague will write to you soon.", channel="api"), "unused"),  # a macro
        (agent(ANSWER, author=Person(id="3", name="Kim Ode", role="agent")), "as_is"),  # a second agent
    ],
)
def test_what_a_reply_made_of_the_draft(reply: Message, use: str) -> None:
    """Whoever wrote it, in whatever language, by macro or by hand."""
    assert only(ticket(QUESTION, OURS, reply)).use == use


def test_a_reply_in_another_language_says_so() -> None:
    """So that a figure of unused drafts can be read."""
    german = agent("Bitte halten Sie die Taste zehn Sekunden lang gedrückt, danach leuchtet es grün.")

    assert only(ticket(QUESTION, OURS, german)).details["other_language"] is True
    assert "other_language" not in only(ticket(QUESTION, OURS, agent(ANSWER))).details


def test_a_reply_that_is_split_over_two_messages_is_one() -> None:
    """Within half an hour of each other; the parts that are nearest to the draft count, so a mere addition costs nothing."""
    first, rest = ANSWER.split(". ", 1)
    split = only(ticket(QUESTION, OURS, agent(first + "."), agent(rest)))
    added = only(ticket(QUESTION, OURS, agent(ANSWER), agent("And here is your invoice.")))

    assert (split.use, split.fidelity, split.details["parts"]) == ("as_is", 1.0, 2)
    assert (added.use, added.fidelity) == ("as_is", 1.0)


def test_what_follows_hours_later_is_no_part_of_the_reply() -> None:
    """It may be about anything."""
    of = ticket(QUESTION, OURS, agent("We look into it."), agent(ANSWER))
    late = replace(of.messages[3], at=of.messages[2].at + timedelta(hours=3))

    assert only(replace(of, messages=(*of.messages[:3], late))).use == "unused"


def test_a_reply_that_was_sent_before_the_note_says_nothing_about_it() -> None:
    """By place, as clocks tick in seconds; it is counted as left out."""
    found = only(ticket(QUESTION, agent(ANSWER), OURS))

    assert (found.arm, found.use, found.fidelity, found.excluded) == ("note", "", None, "before_note")


def test_a_note_that_an_agent_deleted_is_told_by_its_time() -> None:
    """It stood there when the ledger says that it was posted."""
    of = ticket(QUESTION, agent(ANSWER))
    early, late = (draft(posted_at=START + timedelta(minutes=minute)) for minute in (1, 5))

    assert only(of, Known(drafts=[early])).use == "as_is"
    assert only(of, Known(drafts=[late])).excluded == "before_note"


def test_a_call_has_no_text_to_compare() -> None:
    """It is an answer, and left out of the comparison."""
    found = only(ticket(QUESTION, OURS, agent("", channel="voice")))

    assert (found.use, found.excluded, found.reply_id) == ("", "phone", "m3")


@pytest.mark.parametrize(
    "entry",
    [
        agent("I am out of office until Monday.", automatic=True),
        said("system message", "Request #12 was merged into this one."),
        said("public reply", "How may I help?", author=Person(id="8", name="Bot", role="bot")),
        note("I call her tomorrow."),
    ],
)
def test_what_a_machine_wrote_or_only_agents_see_is_no_reply(entry: Message) -> None:
    """The answer is still to come."""
    assert only(ticket(QUESTION, OURS, entry)).reply_id == ""
    assert only(ticket(QUESTION, OURS, entry, agent(ANSWER))).use == "as_is"


def test_an_automatic_message_of_a_customer_is_no_turn() -> None:
    """Nor is a mere thanks."""
    bounce = customer("Out of office", automatic=True)
    of = ticket(QUESTION, OURS, agent(ANSWER), bounce, customer("Thank you so much!"))

    assert [one.message_id for one in seen(of)] == ["m1"]


def test_consecutive_messages_are_one_turn_and_the_newest_note_counts() -> None:
    """The first note answered half of what was asked."""
    older = draft("m1", "n1", html=NOTE.replace(ANSWER, "Which kettle is it that you have bought?"))
    newer = draft("m3", "n2", reference="DP-8A1BC")
    second = note("DP-8A1BC", author=ME, id="n2")
    of = ticket(QUESTION, OURS, customer("It is the red one."), second, agent(ANSWER))
    found = only(of, Known(drafts=[older, newer]))

    assert (found.message_id, found.reference, found.use) == ("m1", "DP-8A1BC", "as_is")


def test_each_turn_has_its_own_outcome() -> None:
    """A conversation of two questions."""
    second = draft("m4", "n2", reference="DP-8A1BC")
    of = ticket(
        QUESTION, OURS, agent("We send you a new one today."), customer("And how do I reset it?"),
        note("DP-8A1BC", author=ME, id="n2"), agent(ANSWER),
    )  # fmt: skip
    found = seen(of, Known(drafts=[draft(), second]))

    assert [(one.message_id, one.reference, one.use) for one in found] == [
        ("m1", "DP-7K2QX", "unused"),
        ("m4", "DP-8A1BC", "as_is"),
    ]


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"tags": ("closed_by_merge",)}, "merged"),
        ({"spam": True}, "spam"),
        ({"status": "deleted"}, "deleted"),
        ({"requester": ROBIN}, "team"),
    ],
)
def test_what_is_no_question_of_a_customer_is_left_out_with_a_word(more: dict[str, Any], word: str) -> None:
    """It is counted, and in no figure."""
    assert only(ticket(QUESTION, OURS, agent(ANSWER), **more)).excluded == word


def test_a_packet_has_no_draft_to_compare() -> None:
    """A person answered, as it should be: that is no unused draft."""
    found = only(ticket(QUESTION, OURS, agent(ANSWER)), Known(drafts=[draft(verdict="person")]))

    assert (found.arm, found.use) == ("note", "")


def test_a_ticket_without_a_note_is_measured_too() -> None:
    """With what triage said of it; the hold-out is told by its silence, and stays one when that is forgotten."""
    of, triages = ticket(QUESTION, agent(ANSWER)), {"m1": Judged(2, "billing", "de")}
    silent = only(of, Known(triages=triages))
    held = only(of, Known(triages=triages, silences={"m1": [HELD_OUT]}))
    all_the_same = draft(details={"tier": 3, LOT: True})  # a person was needed
    assert only(ticket(QUESTION, OURS, agent(ANSWER)), Known(drafts=[all_the_same])).arm == "holdout"
    later = only(of, Known(outcomes={"m1": held}))

    assert (silent.arm, silent.tier, silent.category, silent.language) == ("silent", 2, "billing", "de")
    assert (held.arm, later.arm) == ("holdout", "holdout")
    assert ended(of, Known(silences={"m1": [HELD_OUT]})).label == "human_only"


def test_a_reply_that_is_edited_or_deleted_later_stays_what_was_sent() -> None:
    """The customer has read it."""
    of = ticket(QUESTION, OURS, agent(ANSWER))
    first = only(of)
    known = Known(drafts=[draft()], outcomes={"m1": first})
    edited = replace(of, messages=(*of.messages[:2], replace(of.messages[2], text="Sorry, wrong ticket.")))
    deleted = replace(of, messages=of.messages[:2])

    assert only(edited, known) == first
    gone = only(deleted, known)
    assert (gone.use, gone.reply_id, gone.details["gone"]) == ("as_is", "m3", True)


def test_a_reply_that_becomes_known_late_corrects_the_figure() -> None:
    """Both vendors' lists can lag; and the second part of a reply comes after the first."""
    of = ticket(QUESTION, OURS, agent("We send you a new one today."))
    known = Known(drafts=[draft()], outcomes={"m1": only(of)})
    earlier = replace(agent(ANSWER), id="m2b", at=of.messages[1].at + timedelta(seconds=20))
    assert only(replace(of, messages=(*of.messages[:2], earlier, of.messages[2])), known).use == "as_is"

    half = ticket(QUESTION, OURS, agent(ANSWER.split(". ", maxsplit=1)[0]))
    known = Known(drafts=[draft()], outcomes={"m1": only(half)})
    assert known.outcomes["m1"].use == "edited"
    whole = ticket(QUESTION, OURS, agent(ANSWER.split(". ", maxsplit=1)[0]), agent(ANSWER.split(". ")[1]))
    assert only(whole, known).use == "as_is"


def test_every_draft_that_was_written_for_a_message_is_on_its_bill() -> None:
    """One that a newer one replaced, and one that never became a note; what the reply is compared with is the newest that stood there."""
    replaced, unposted = draft(note_id="n0", posted_at=START + timedelta(minutes=1)), draft(note_id="", posted_at=None)
    found = only(ticket(QUESTION, OURS, agent(ANSWER)), Known(drafts=[replaced, unposted, draft()]))
    assert (found.use, found.tokens_in, found.tokens_out, found.cost) == ("as_is", 3_000, 750, 0.006)
    silent = only(ticket(QUESTION, agent(ANSWER)), Known(drafts=[unposted]))
    assert (silent.arm, silent.use, silent.cost) == ("silent", "", 0.002)


def test_without_prices_nothing_is_said_to_have_cost_anything() -> None:
    """No cost is not a cost of nothing."""
    (found,) = outcomes_of(ticket(QUESTION, OURS), Known(drafts=[draft()]), prices=Prices())

    assert found.cost is None


def solved(*messages: Message, **more: Any) -> Ticket:
    """Solved ten minutes after it came."""
    return ticket(*messages, **{"status": "solved", "solved_at": START + timedelta(minutes=10), **more})


def test_a_ticket_has_its_exchanges_until_it_was_first_solved() -> None:
    """Replies after it are of another matter."""
    of = solved(QUESTION, OURS, agent("Which one is it?"), customer("The red one."), agent(ANSWER))
    late = replace(agent("You are welcome."), id="m9", at=START + timedelta(hours=2))
    found = ended(replace(of, messages=(*of.messages, late)))

    assert (found.exchanges, found.solved_at) == (2, START + timedelta(minutes=10))
    assert found.first_reply_at == START + timedelta(minutes=3)
    assert ended(ticket(QUESTION, OURS, agent(ANSWER))).exchanges is None


@pytest.mark.parametrize(
    ("text", "after", "reopened"),
    [
        ("It shows E3 again, what now?", timedelta(days=2), True),
        ("It shows E3 again, what now?", timedelta(days=7), True),
        ("It shows E3 again, what now?", timedelta(days=7, seconds=1), False),
        ("Thank you, it works!", timedelta(days=1), False),
    ],
)
def test_a_ticket_is_reopened_by_a_customer_who_comes_back_within_a_week(
    text: str, after: timedelta, *, reopened: bool
) -> None:
    """With more than thanks."""
    of = solved(QUESTION, OURS, agent(ANSWER))
    assert of.solved_at is not None
    again = replace(customer(text), id="m9", at=of.solved_at + after)
    found = ended(replace(of, messages=(*of.messages, again)))

    assert (found.reopened_at is not None) == reopened


def test_the_first_solution_stays_when_it_is_solved_again() -> None:
    """The helpdesk tells the newest one, or none at all."""
    of = solved(QUESTION, OURS, agent(ANSWER))
    before = ended(of)
    again = replace(of, solved_at=START + timedelta(days=3))

    assert ended(again, Known(drafts=[draft()], resolution=before)).solved_at == before.solved_at
    seen_solved = ended(replace(of, solved_at=None))
    assert seen_solved.solved_at == of.updated_at


def test_a_rating_comes_with_the_ticket_where_the_helpdesk_says_it() -> None:
    """And what came by another way stays, where the ticket is silent."""
    of = solved(QUESTION, OURS, agent(ANSWER))
    good, bad = ended(replace(of, satisfaction="good")), ended(replace(of, satisfaction="bad"))

    assert (good.csat, bad.csat) == (1, -1)
    assert ended(of, Known(drafts=[draft()], resolution=good)).csat == 1
    assert ended(of).csat is None


@pytest.mark.parametrize(
    ("replies", "label"),
    [
        ([ANSWER], "ai_as_is"),
        ([ANSWER.replace("ten", "twenty")], "ai_assisted"),
        (["We send you a new one today."], "human_only"),
        ([ANSWER, "We send you a new one today."], "ai_assisted"),
        ([], ""),
    ],
)
def test_a_ticket_is_labelled_by_what_became_of_its_drafts(replies: list[str], label: str) -> None:
    """As is only where every one went out so."""
    messages: list[Message] = []
    drafts = []
    for number, text in enumerate(replies or [""]):
        messages += [customer("What can I do about E3?", id=f"q{number}"), note("DP-7K2QX", author=ME, id=f"n{number}")]
        drafts.append(draft(f"q{number}", f"n{number}"))
        messages += [agent(text)] if text else []
    assert ended(ticket(*messages), Known(drafts=drafts)).label == label


def test_a_ticket_that_no_customer_wrote_in_is_none() -> None:
    """An agent's own."""
    assert resolution_of(ticket(agent("Hello Ana, your order is here."), requester=ANA), (), Known()) is None
