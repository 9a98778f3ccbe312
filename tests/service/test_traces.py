"""What a note leaves behind for the knowledge report."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.analysis import Analysis, Summary
from service.content import Written
from service.conversation import Conversation
from service.drafting import Citation, Draft
from service.passages import Retrieval
from service.policy.decision import Decision
from service.retention import KEPT
from service.traces import ASKED_CHARS, asked, details_of, traces_of
from service.vectors import Found, Passage

ANALYSIS = Analysis(Summary("leaks"), intent="", sentiment="neutral", urgency="normal", language="en", query="it leaks")
PASSAGE = Passage(
    id="1",
    article="folder:leaking.md",
    source="folder",
    title="Leaking",
    breadcrumb="",
    text="Dry the lid.",
    url="",
    language="en",
    audience="public",
)
FOUND = (
    Found(PASSAGE, 2.0),
    Found(replace(PASSAGE, id="2"), 1.5),
    Found(replace(PASSAGE, id="3", article="zendesk:4:en", account="acme.zendesk.test"), 1.0),
)
ANSWERED = Draft("Dry it.", "en", covered=True, citations=(Citation(3), Citation(1), Citation(2)))
OPEN = Draft("", "en", covered=False)


def traces(draft: Draft, **more: Any) -> dict[str, Any]:
    """What is kept of a note with this draft."""
    given: dict[str, Any] = {"analysis": ANALYSIS, "passages": Retrieval(FOUND), **more}
    return traces_of(Written(Conversation("", ()), draft=draft, **given))


def test_an_answered_question_leaves_what_it_cites_and_not_itself() -> None:
    """Each article once, by the key the index knows it by; no word of the ticket."""
    assert traces(ANSWERED) == {"cited": [["acme.zendesk.test", "zendesk:4:en"], ["*", "folder:leaking.md"]]}


def test_a_macro_that_is_cited_is_kept_like_an_article() -> None:
    """Its number counts on behind the articles."""
    macro = Found(replace(PASSAGE, id="9", article="zendesk macros:9", pool="macro"), 1.0)
    cites = replace(ANSWERED, citations=(Citation(4),))

    assert traces(cites, passages=Retrieval(FOUND, beside=(macro,))) == {"cited": [["*", "zendesk macros:9"]]}


def test_an_open_question_is_kept_with_the_nearest_article() -> None:
    """What an article should be written about, and which one came close."""
    assert traces(OPEN) == {"cited": [], "asked": "it leaks", "nearest": ["*", "folder:leaking.md"]}
    assert traces(OPEN, passages=Retrieval())["nearest"] == []


def test_a_ticket_for_a_person_asks_no_article() -> None:
    """It counts neither for an article nor against one."""
    assert traces(OPEN, person_reasons=("cancel",)) == {}


def test_an_open_question_while_the_model_is_down_is_no_gap() -> None:
    """Rules find fewer answers than a model: that no article has one is not known."""
    assert traces(OPEN, down_since=datetime(2026, 11, 22, tzinfo=UTC)) == {"cited": []}
    assert traces(OPEN, no_key=True)["asked"] == "it leaks"


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("can <NAME_1> use <EMAIL_2> again", "can … use … again"),
        ("can NAME_1 use EMAIL_2 again", "can … use … again"),
        ("reset for ana@customer.example please", "reset for … please"),
        ("call me on +49 170 1234567 about E-204", "call me on … about E-204"),
        ("order KW-20417 and 4711 0815 not there", "order KW-… and … not there"),
        ("error E-204 after 30 days", "error E-204 after 30 days"),
        ("two\nlines\0 and a\u200b gap", "two lines and a gap"),
        ("", ""),
    ],
)
def test_a_kept_question_says_what_is_missing_and_not_who_asked(query: str, kept: str) -> None:
    """Masked before; looked through once more, for a model can put together what was apart."""
    assert asked(query) == kept


@given(st.text(max_size=3_000))
def test_any_text_can_be_kept(text: str) -> None:
    """Short, on one line, and in a shape that the database takes."""
    kept = asked(text)

    assert len(kept) <= ASKED_CHARS
    assert "\n" not in kept
    assert "\\u0000" not in json.dumps(kept)
    kept.encode()


def test_what_the_policy_decided_is_kept_by_its_own_names() -> None:
    """Also once the text has gone: so the policy can be judged later. None of its reasons, which may quote a ticket."""
    decision = Decision(
        tier=2,
        reasons=("said “x”",),
        rules=("refunds", "escalation"),
        version="v7",
        category="billing",
        segments=("vip",),
    )
    kept = details_of(
        Written(Conversation("", ()), ANALYSIS, Retrieval(), OPEN, decision=decision, incident="Sign-in is down")
    )

    decided = {
        "tier": 2, "rules": ["refunds", "escalation"], "policy": "v7", "category": "billing", "segments": ["vip"],
        "incident": "Sign-in is down",
    }  # fmt: skip
    assert {name: kept[name] for name in decided} == decided
    assert decided.keys() | {"variant"} <= set(KEPT)
    assert "said" not in json.dumps(kept)
