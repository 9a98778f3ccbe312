"""The handoff packet: what a person should know before the first word."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.markup import words_beside
from service.masking import Masker
from service.notes import compose
from service.packet import Before, EarlierTicket, Packet, earlier_tickets, gather
from service.packet_words import PACKET_WORDS, PacketWords
from service.passages import Retrieval
from service.policy.deciding import Contact
from service.policy.document import Category
from service.triage.judged import NOBODY, Customer, Judged, Signal
from service.vectors import Found
from tests.service.golden_packets import (
    ANALYSIS,
    BEFORE,
    CUSTOMER,
    DECISION,
    DUE,
    LONG,
    NOW,
    SOLVED,
    TALK,
    TRIAGE,
    packet_note,
)  # fmt: skip
from tests.service.policies import POLICY
from tests.service.safe_html import text_of
from tests.service.tickets import ANA, START, agent, customer, ticket


def packet(**changes: Any) -> Packet:
    """That of Lea's ticket."""
    given: dict[str, Any] = {
        "triage": TRIAGE, "decision": DECISION, "customer": CUSTOMER, "passages": Retrieval(beside=(Found(SOLVED, 1.0),)),
        "before": BEFORE, "language": "en", "analysis": ANALYSIS, "policy": POLICY,
    } | changes  # fmt: skip
    triage, decision, who, analysis = (given.pop(name) for name in ("triage", "decision", "customer", "analysis"))
    return gather(TALK, analysis, triage, decision, who, timezone="Europe/Berlin", now=NOW, **given)


def test_the_note_has_its_parts_in_the_agreed_order() -> None:
    """Verdict, next, why, customer, tried, don't promise, the text to send, similar, reference."""
    text = text_of(compose(packet_note(), language="en"))

    parts = [
        "wants to cancel",
        "Next:",
        "Why:",
        "Customer:",
        "Tried:",
        "Don't promise:",
        "Hi Lea,",
        "Similar:",
        "DP-9C4",
    ]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    assert text.endswith("DP-9C4")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "retention team, first answer due 14:20"),
        ({"due": None}, "retention team"),
        ({"group": ""}, "take the ticket over, first answer due 14:20"),
        ({"group": "gone", "due": None}, ""),
        ({"due": DUE + timedelta(days=1)}, "retention team, first answer due 10 September, 14:20"),
        ({"due": NOW - timedelta(hours=1)}, "retention team, first answer was due 11:20"),
        ({"answer": "refunds"}, "retention team, first answer due 14:20; the text below is approved: send it as it is"),
    ],
)
def test_the_next_step_names_who_and_until_when_by_the_teams_clock(changes: dict[str, Any], said: str) -> None:
    """With the date where it is not today."""
    assert packet(decision=replace(DECISION, **changes)).next == said


def test_what_is_known_of_the_customer_and_what_is_not() -> None:
    """Facts by their names, days as one says them; a look-up that failed is unknown, never left out."""
    known = Customer(
        facts={"plan": "Pro", "renews": "2027-01-12T00:00:00Z", "since": "2026-13-45", "empty": ""},
        unknown={"account_health": "slow"},
        happened=("sync_failed", "usage_dropped", "sync_failed"),
    )
    found = packet(customer=known)

    assert found.customer == (
        "plan Pro",
        "renews 12 January 2027",
        "since 2026-13-45",
        "lately: sync failed, usage dropped",
    )
    assert found.unknown == ("account health unknown",)
    assert packet(customer=NOBODY).customer == ()


def test_facts_stand_beside_the_doubt_who_wrote() -> None:
    """Whoever forges a sender has that person's facts in the note; the agent must not tell them on. Strong evidence never hides it."""
    doubted = replace(TRIAGE, signals=(*TRIAGE.signals, Signal("untrusted")))
    known = Customer(facts={"plan": "Pro"}, unknown={"account_health": "slow"})

    assert packet(triage=doubted, customer=known).unknown == (
        "the helpdesk doubts who sent it",
        "account health unknown",
    )
    assert packet(triage=doubted, customer=NOBODY).unknown == ()


def test_what_was_tried_names_earlier_tickets_and_our_own_draft() -> None:
    """What became of that draft is not known, so it is only named."""
    old = EarlierTicket("7", "Use another browser.", NOW - timedelta(days=40))
    found = packet(before=replace(BEFORE, tickets=(*BEFORE.tickets, old)))

    assert found.tried == (
        "“Please reset your password” on Monday (ticket 481)",
        "“Use another browser” 31 July (ticket 7)",
        "our draft DP-4M8QX of 10:42",
    )
    assert packet(before=Before()).tried == ()


def test_of_an_earlier_ticket_the_teams_last_answer_is_told_without_names() -> None:
    """Else what it was about; newest first."""
    solved = ticket(
        customer("It leaks."), agent("Hi Ana,\n\nPlease write to ana@customer.example again.\n\nBest, Robin"), id="5"
    )
    silent = ticket(customer("Hello?"), id="4", subject="Ana cannot sign in", updated_at=START - timedelta(days=1))

    newest, oldest = earlier_tickets([silent, solved], masker=Masker([ANA]))

    assert (newest.number, oldest.number) == ("5", "4")
    assert newest.said.startswith("Please write to <EMAIL_1> again")
    assert "Ana" not in oldest.said
    assert "cannot sign in" in oldest.said


def test_other_tickets_about_the_same_are_named_with_what_they_were_about() -> None:
    """So that nobody asks again. Those of another kind, and those of which more is known, are not."""
    about = (Contact("481", NOW, "cancel"), Contact("7", NOW, "cancel"), Contact("8", NOW, "delivery"))
    known = Before(tickets=(EarlierTicket("7", "Sent today", NOW),), contacts=about)
    named = POLICY.model_copy(update={"categories": {"cancel": Category(title={"en": "Cancellation"})}})
    found = packet(before=known, triage=replace(TRIAGE, category=Judged("cancel", 0.9)), policy=named)
    unnamed = packet(before=replace(known, contacts=(Contact("9", NOW),)), triage=replace(TRIAGE, category=Judged("")))

    assert found.tried == ("“Sent today” today (ticket 7)", "Cancellation, today (ticket 481)")
    assert unnamed.tried == ("“Sent today” today (ticket 7)", "today (ticket 9)")


def test_an_earlier_answer_is_told_without_numbers_of_cards_and_accounts() -> None:
    """They would be filled in again."""
    found = packet(before=Before(tickets=(EarlierTicket("5", "Sent to <IBAN_1> today.", NOW),)))

    assert found.tried == ("“Sent to … today” today (ticket 5)",)


def test_a_solved_ticket_says_how_it_was_solved() -> None:
    """The first sentence of the answer that ended it."""
    (similar,) = packet().similar

    assert (similar.number, similar.how) == ("377", "A manual re-sync of the account opened it again")


def test_a_playbook_is_told_in_the_teams_language_and_its_text_in_the_customers() -> None:
    """The steps are for the agent, the text is to be sent."""
    found = packet(decision=replace(DECISION, playbook="deletion"), language="de").playbook

    assert found.title == "Löschung von Daten"
    assert found.steps == ("prüfen, wer fragt", "Antrag im Register anlegen")
    assert (found.call, found.text) == ("Datenschutzbeauftragte", "We have received your request.")
    assert packet(decision=replace(DECISION, playbook="gone")).playbook.title == ""


def test_the_acknowledgement_is_the_approved_text_with_the_targets_time() -> None:
    """It commits to nothing beyond the target."""
    sent = packet().acknowledgement

    assert sent is not None
    assert sent.text == (
        "Hi <PERSON_1>,\n\nI have read your messages and am taking this over myself. You will hear from me before 14:20."
    )


def test_a_team_of_another_language_reads_what_the_acknowledgement_says() -> None:
    """As for every draft in a language that is not the team's."""
    assert "Der Entwurf in Kürze" in compose(packet_note(language="de"), language="de")


def test_an_approved_answer_stands_in_place_of_the_acknowledgement() -> None:
    """Where the policy names one for what only a person may touch."""
    sent = packet(decision=replace(DECISION, answer="refunds")).acknowledgement

    assert sent is not None
    assert "A refund needs" in sent.text


def test_texts_that_can_be_looked_up_give_way_first_and_the_steps_of_a_playbook_late() -> None:
    """An approved text of the playbook, evidence beyond three, similar tickets beyond one; who, until when and what to do stay."""
    html = compose(LONG, language="en")

    assert words_beside(html) <= 150
    assert "Approved text:" not in html
    assert "names 1480.50 EUR" not in html
    assert "378" not in html
    for kept in ("retention team, first answer due 14:20", "1. a line", "2. a line", "Call: privacy", "377"):
        assert kept in html


def test_no_sentence_of_the_model_reaches_the_note_before_the_guard() -> None:
    """What the summary says was tried comes from the analysis that the guard has read, not from the packet."""
    assert all("browser" not in line for line in packet().tried)


def test_the_packet_speaks_every_language_of_a_team() -> None:
    """No word is missing, and each sentence fills in the same."""
    english = PACKET_WORDS["en"]
    for language, words in PACKET_WORDS.items():
        for one in fields(PacketWords):
            mine, theirs = getattr(words, one.name), getattr(english, one.name)
            assert mine, f"{language}: {one.name} is empty"
            if isinstance(theirs, str):
                assert [p for p in ("{due}", "{title}", "{name}", "{what}", "{how}", "{when}", "{number}", "{words}", "{language}", "{other}", "{reference}", "{n}", "{day}", "{month}") if (p in mine) != (p in theirs)] == []  # fmt: skip
            else:
                assert len(mine) == len(theirs), f"{language}: {one.name}"
        assert words.found.keys() == english.found.keys()
        assert words.clock(datetime(2026, 9, 8, 9, tzinfo=UTC), now=NOW).endswith(", 09:00")
        assert {words.ago(NOW - timedelta(days=days), now=NOW) for days in (0, 1)} == {words.today, words.yesterday}
