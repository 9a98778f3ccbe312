"""What the note says, gathered from the steps of the story."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from service.acknowledgement import acknowledge
from service.analysis import Analysis, Summary
from service.content import Written, content_of
from service.conversation import Conversation, Turn
from service.drafting import Draft
from service.guard import Source
from service.masking import Masker
from service.notes import NoteContent, Verdict, compose
from service.packet import Packet
from service.passages import Retrieval
from service.policy.decision import Decision
from service.vectors import Found, Passage
from tests.service.tickets import ANA, START

ANALYSIS = Analysis(
    summary=Summary(
        problem="<PERSON_1>'s kettle leaks.", tried=("<PERSON_1> dried it",), open=("Is <EMAIL_1> right?",)
    ),
    intent="leak",
    sentiment="neutral",
    urgency="normal",
    language="en",
    query="leak",
)
DRAFT = Draft(
    text="Hi <PERSON_1>,\n\nwe write to <EMAIL_1>.",
    language="en",
    covered=True,
    checks=("whether <EMAIL_1> is hers",),
    reason="<PERSON_1> asks for it.",
    gloss="Tells <PERSON_1> so.",
)
SOURCE = Source(1, "Leaking", url="https://help.kettlewick.example/leaking", supports="what <PERSON_1> asks")
PASSAGE = Passage(
    id="p1",
    article="folder:leaking.md",
    source="folder",
    title="Leaking",
    breadcrumb="Faults",
    text="Dry the lid.",
    url="https://help.kettlewick.example/leaking",
    language="en",
    audience="public",
)


def masker() -> Masker:
    """Ana's ticket: her first name and her address."""
    made = Masker([ANA])
    made.placeholder_for(ANA)
    made.mask("ana@customer.example")
    return made


def conversation(messages: int = 1) -> Conversation:
    """So many turns."""
    turns = tuple(Turn("requester", START + timedelta(minutes=number), "It leaks.") for number in range(messages))
    return Conversation(subject="Leak", turns=turns, author="<PERSON_1>", unread=("1 file",))


def written(**changes: Any) -> Written:
    """An answer with a source, written by a model."""
    given: dict[str, Any] = {
        "conversation": conversation(),
        "analysis": ANALYSIS,
        "passages": Retrieval(found=(Found(PASSAGE, 1.0),), coverage=0.9),
        "draft": DRAFT,
        "sources": (SOURCE,),
    }
    return Written(**{**given, **changes})


def content(one: Written, *, timezone: str = "UTC") -> NoteContent:
    """Its note's content."""
    return content_of(one, reference="DP-7K2QX", restore=masker().shown, timezone=timezone)


@pytest.mark.parametrize("covered", [True, False])
def test_a_budget_that_is_used_up_is_said_and_a_person_comes_before_it(*, covered: bool) -> None:
    """As with a model that is down: what rules wrote is never ready."""
    one = written(draft=replace(DRAFT, covered=covered), spent="requester")

    assert (content(one).verdict, content(one).spent) == ("no_model", "requester")
    assert replace(one, person_reasons=("legal",)).verdict == "person"


@pytest.mark.parametrize(
    ("person", "down", "covered", "no_key", "verdict"),
    [
        (False, False, True, False, "ready"),
        (False, False, True, True, "no_model"),
        (False, False, False, False, "uncovered"),
        (False, False, False, True, "uncovered"),
        (False, True, True, False, "no_model"),
        (False, True, False, False, "no_model"),
        (True, False, True, False, "person"),
        (True, False, False, True, "person"),
        (True, True, False, False, "person"),
    ],
)
def test_the_verdict_is_the_one_an_agent_has_to_act_upon(
    *, person: bool, down: bool, covered: bool, no_key: bool, verdict: Verdict
) -> None:
    """A person before all else; a model that is down before what it could not write; quotes are never "ready"."""
    one = written(
        draft=replace(DRAFT, covered=covered),
        person_reasons=("legal",) if person else (),
        down_since=START if down else None,
        no_key=no_key,
    )

    assert one.verdict == verdict
    assert content(one).verdict == verdict


@pytest.mark.parametrize(("messages", "summarised"), [(1, False), (2, False), (3, True)])
def test_a_thread_is_summarised_from_three_messages_on(messages: int, *, summarised: bool) -> None:
    """A shorter one is read faster than its summary."""
    assert (content(written(conversation=conversation(messages))).summary is not None) is summarised


def test_every_text_comes_back_with_the_names_and_addresses_of_this_ticket() -> None:
    """An agent reads names, not placeholders."""
    made = content(written(conversation=conversation(3)))

    assert made.draft_text == "Hi Ana,\n\nwe write to ana@customer.example."
    assert made.gloss == "Tells Ana so."
    assert made.checks == ("whether ana@customer.example is hers",)
    assert made.reason == "Ana asks for it."
    assert made.sources[0].supports == "what Ana asks"
    assert made.summary == Summary("Ana's kettle leaks.", ("Ana dried it",), ("Is ana@customer.example right?",))


def test_a_placeholder_of_another_ticket_is_never_filled() -> None:
    """Whatever a model invents or was told to write, no other customer's data can come of it."""
    other = Masker([])
    other.mask("bo@elsewhere.example and cy@elsewhere.example")
    one = written(draft=replace(DRAFT, text="Hi <PERSON_1>, write to <EMAIL_2> or <CARD_1>."))

    assert content(one).draft_text == "Hi Ana, write to <EMAIL_2> or <CARD_1>."


def test_the_nearest_passages_are_shown_where_nothing_is_cited() -> None:
    """An agent who has to answer alone gets a place to begin."""
    made = content(written(sources=(), draft=replace(DRAFT, covered=False)))

    assert [source.title for source in made.nearest] == ["Leaking"]


@pytest.mark.parametrize("changes", [{}, {"sources": (), "person_reasons": ("legal",)}], ids=["cited", "for a person"])
def test_no_nearest_passages_beside_sources_or_for_a_person(changes: dict[str, Any]) -> None:
    """They would look like sources; and a person needs no article to take over."""
    assert content(written(**changes)).nearest == ()


def test_what_the_steps_know_reaches_the_note() -> None:
    """The reference, the attachments that nobody opened, the writer, and why a person is needed."""
    made = content(written(draft=replace(DRAFT, writer="extractive"), person_reasons=("cancel", "angry"), no_key=True))

    assert (made.reference, made.unread, made.writer) == ("DP-7K2QX", ("1 file",), "extractive")
    assert (made.person_reasons, made.no_key, made.down_since) == (("cancel", "angry"), True, "")


@pytest.mark.parametrize("timezone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu"])
def test_a_model_that_went_down_today_says_the_hour_of_the_teams_clock(timezone: str) -> None:
    """Twenty-five hours lie between the first two: at any moment one of them has another date than UTC."""
    midnight = datetime.now(ZoneInfo(timezone)).replace(hour=0, minute=0, second=0, microsecond=0)

    assert content(written(down_since=midnight.astimezone(UTC)), timezone=timezone).down_since == "00:00"


@pytest.mark.parametrize("timezone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu"])
def test_a_model_that_went_down_yesterday_says_the_date(timezone: str) -> None:
    """A minute before the team's midnight is not today any more."""
    midnight = datetime.now(ZoneInfo(timezone)).replace(hour=0, minute=0, second=0, microsecond=0)
    before = midnight - timedelta(minutes=1)

    made = content(written(down_since=before.astimezone(UTC)), timezone=timezone)

    assert made.down_since == f"{before:%Y-%m-%d} 23:59"


def test_an_acknowledgement_becomes_a_note_that_hands_over() -> None:
    """The two files together: the greeting by name, the words to send, and why."""
    one = written(draft=acknowledge(conversation(), ANALYSIS), sources=(), person_reasons=("legal",))
    html = compose(content(one), language="en")

    assert "A person is needed" in html
    assert "Hi Ana," in html.split("<hr>")[1]
    assert "am taking this over myself" in html.split("<hr>")[1]


MACRO = Found(replace(PASSAGE, id="m", article="zendesk macros:1", title="Leak", url="", pool="macro"), 1.0)
SOLVED = Found(replace(PASSAGE, id="t", article="zendesk tickets:377", title="Leak solved", pool="ticket"), 1.0)
THREE = Retrieval(found=(Found(PASSAGE, 1.0),), coverage=0.9, beside=(MACRO, SOLVED))


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({}, []),  # the model saw them and chose
        ({"draft": replace(DRAFT, writer="extractive"), "no_key": True}, [(2, "macro"), (3, "ticket")]),
        ({"draft": replace(DRAFT, covered=False), "sources": ()}, [(1, "article"), (2, "macro"), (3, "ticket")]),
        ({"person_reasons": ("legal",)}, [(1, "ticket")]),
    ],
)
def test_macros_and_solved_tickets_are_shown_where_they_help(
    changes: dict[str, Any], shown: list[tuple[int, str]]
) -> None:
    """Beside quotations of articles, where nothing is cited, and of solved tickets where a person takes over."""
    one = content(written(passages=THREE, **changes))

    assert [(source.number, source.pool) for source in one.nearest] == shown


def test_a_ticket_of_the_third_tier_is_a_persons_with_the_policys_reasons() -> None:
    """Whatever the writer made of it."""
    decision = Decision(tier=3, reasons=("a refund of more than 200 EUR",))

    assert written(decision=decision).verdict == "person"
    assert "A person is needed: a refund of more than 200 EUR" in compose(
        content(written(decision=decision)), language="en"
    )


@pytest.mark.parametrize("covered", [True, False])
def test_what_the_policy_wants_checked_stands_first_and_says_why(*, covered: bool) -> None:
    """Before what the writer doubts; the verdict counts it."""
    decision = Decision(tier=2, reasons=("legal", "an amount"), checks=("ask the team lead", "look at the invoice"))
    html = compose(content(written(decision=decision, draft=replace(DRAFT, covered=covered))), language="en")

    assert "• ask the team lead (mentions legal steps, an amount)<br>• look at the invoice<br>• whether" in html
    assert ("Ready to send after 5 checks" in html) is covered  # its file is unread, and it is thinly supported


def test_a_draft_of_the_second_tier_is_never_ready_without_a_check() -> None:
    """That a person must look is all the policy says then."""
    bare = replace(DRAFT, checks=())
    html = compose(content(written(decision=Decision(tier=2, reasons=("legal",)), draft=bare)), language="en")

    assert "a person must read this draft before it goes out (mentions legal steps)" in html
    assert "must read" not in compose(content(written(decision=Decision(tier=1), draft=bare)), language="en")


@pytest.mark.parametrize(
    "changes", [{}, {"draft": replace(DRAFT, covered=False)}, {"decision": Decision(tier=3)}, {"no_key": True}]
)
def test_where_the_ticket_belongs_stands_on_one_line_of_every_note(changes: dict[str, Any]) -> None:
    """In the team's words; nothing where there is nothing to suggest."""
    suggested = (("group", "Billing"), ("priority", "high"), ("tags", "a, b"))
    one = written(suggested=suggested, **changes)

    assert "<strong>Suggested:</strong> group Billing · priority high · tags a, b<" in compose(
        content(one), language="en"
    )
    assert "Vorschlag:</strong> Gruppe Billing · Priorität hoch" in compose(content(one), language="de")
    assert "Suggested" not in compose(content(replace(one, suggested=())), language="en")


def test_a_packet_is_shown_only_where_a_person_takes_over() -> None:
    """Beside a draft it would say what to do instead of sending it."""
    packet = Packet(next="retention team", tried=("<PERSON_1> was asked",))
    person = written(packet=packet, decision=Decision(tier=3))

    assert "retention team" not in compose(content(replace(person, decision=Decision())), language="en")
    html = compose(content(person), language="en")
    assert "<strong>Next:</strong> retention team<" in html
    assert "<strong>Tried:</strong> Ana dried it, Ana was asked<" in html
