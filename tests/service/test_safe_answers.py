"""Approved texts as drafts: word for word, through the guard and into the note."""

from __future__ import annotations

from dataclasses import replace

import pytest

from service.analysis import Analysis, Summary
from service.content import Written, content_of
from service.conversation import Conversation, Turn
from service.drafting import Draft
from service.languages import greeting
from service.markup import words_beside
from service.masking import Masker
from service.notes import compose
from service.passages import Retrieval
from service.policy.decision import Decision
from service.review import review
from service.safe_answers import incident_draft, safe_answer
from service.settings import Settings
from service.vectors import Found, Passage
from tests.service.policies import POLICY
from tests.service.tickets import ANA, START

ASKED = Conversation(subject="Refund", turns=(Turn("requester", START, "I want my money back."),), author="<PERSON_1>")
ANALYSIS = Analysis(
    summary=Summary(problem="Wants a refund."),
    intent="refund",
    sentiment="neutral",
    urgency="normal",
    language="en",
    query="refund",
    writer="model",
)
ARTICLE = Passage(
    id="p1", article="folder:a.md", source="folder", title="Goodwill", breadcrumb="", url="", language="en",
    text="A refund needs the approval of our finance team. They answer on working days.", audience="internal",
)  # fmt: skip
REFUNDS = Decision(tier=1, answer="refunds")


def drafted(language: str = "en", *, team: str = "en") -> Draft:
    """The approved text on refunds for a customer of this language."""
    draft = safe_answer(POLICY, REFUNDS, ASKED, replace(ANALYSIS, language=language), team_language=team)
    assert draft is not None
    return draft


def noted(written: Written, *, team: str = "en") -> str:
    """The note behind the guard."""
    masker = Masker([ANA])
    masker.placeholder_for(ANA)
    seen = review(written, masker=masker, settings=Settings())
    content = content_of(seen, reference="DP-7K2QX", restore=masker.shown, timezone="UTC")
    return compose(content, language=team)


def test_the_draft_is_the_approved_text_word_for_word_behind_a_greeting() -> None:
    """No model is asked, and nothing is added to what somebody has approved."""
    draft = drafted()

    assert draft.text == f"{greeting('en', author='<PERSON_1>')}\n\n{POLICY.answers['refunds'].texts['en']}"
    assert (draft.writer, draft.citations, draft.checks) == ("approved", (), ())


def test_it_is_in_the_customers_language_where_that_is_approved() -> None:
    """And a team of another language reads what it is."""
    draft = drafted("de")

    assert draft.text.endswith(POLICY.answers["refunds"].texts["de"])
    assert draft.gloss == "Refunds"


def test_a_language_without_an_approved_text_gets_the_policys_first_and_a_check_says_so() -> None:
    """A translation that nobody approved would not be the approved text."""
    draft = drafted("fr", team="de")

    assert draft.text.startswith("Hi <PERSON_1>,\n\nA refund needs")
    assert draft.checks == ("für Französisch ist kein Text freigegeben: dieser ist auf Englisch",)


@pytest.mark.parametrize("answer", ["", "gone"])
def test_a_decision_that_names_no_answer_of_this_policy_has_none(answer: str) -> None:
    """The writer answers then, as ever."""
    assert safe_answer(POLICY, Decision(answer=answer), ASKED, ANALYSIS, team_language="en") is None


def test_the_guard_leaves_an_approved_text_alone() -> None:
    """Not even what would go from a model's draft does: what looks like a citation, an internal article's words, a phone number."""
    passages = Retrieval(found=(Found(ARTICLE, 1.0),))
    written = Written(ASKED, ANALYSIS, passages, drafted(), decision=REFUNDS)
    seen = review(written, masker=Masker([ANA]), settings=Settings())

    assert seen.draft.text == drafted().text
    assert seen.verdict == "ready"


def test_the_note_says_that_the_text_is_approved_and_nothing_of_how_sure_anything_is() -> None:
    """There is nothing to be sure of; no passages are shown that might say something else."""
    passages = Retrieval(found=(Found(replace(ARTICLE, audience="public"), 1.0),), confidence=0.9)
    html = noted(Written(ASKED, ANALYSIS, passages, drafted(), decision=REFUNDS))

    assert "<h3>✅ Ready to send</h3>" in html
    assert "Why:</strong> approved text “Refunds”, verbatim<" in html
    assert "supported" not in html
    assert "Goodwill" not in html
    assert "<p>Hi Ana,</p>\n<p>A refund needs" in html


def test_no_model_is_missed_where_none_was_asked() -> None:
    """Without a key, or while it is down, an approved text is as ready as ever."""
    written = Written(ASKED, ANALYSIS, Retrieval(), drafted(), no_key=True, down_since=START, decision=REFUNDS)

    assert "Ready to send" in noted(written)


def test_what_a_model_said_beside_an_approved_text_is_still_looked_through() -> None:
    """Its summary stands in the same note."""
    told = replace(ANALYSIS, summary=Summary(problem="Wants <CARD_9> back, says evil.example"))
    turns = tuple(Turn("requester", START, "I want my money back.") for _ in range(3))
    html = noted(Written(replace(ASKED, turns=turns), told, Retrieval(), drafted(), decision=REFUNDS))

    assert "CARD_9" not in html
    assert "evil.example" not in html


def test_an_incidents_status_text_is_the_draft_and_the_verdict_names_the_incident() -> None:
    """No troubleshooting while it runs."""
    draft = incident_draft(
        "We know that signing in fails. Our next message follows at noon.",
        language="en", title="Sign-in is down", conversation=ASKED, analysis=ANALYSIS, team_language="en",
    )  # fmt: skip
    passages = Retrieval(found=(Found(replace(ARTICLE, audience="public"), 1.0),))
    html = noted(Written(ASKED, ANALYSIS, passages, draft, incident="Sign-in is down", no_key=True))

    assert "<h3>📢 Known incident: Sign-in is down · ready to send</h3>" in html
    assert "no troubleshooting while the incident runs" in html
    assert "Goodwill" not in html


@pytest.mark.parametrize(("language", "asked"), [("en", "Do you ship to Malta?"), ("de", "")])
def test_what_the_status_text_does_not_answer_is_a_check(language: str, asked: str) -> None:
    """A second question would be lost behind a text that is ready to send; of a text in another language nobody can tell."""
    draft = incident_draft(
        "We know that signing in fails.", language=language, title="Sign-in is down", conversation=ASKED,
        analysis=ANALYSIS, team_language="en", asked=("Do you ship to Malta?",),
    )  # fmt: skip
    html = noted(Written(ASKED, ANALYSIS, Retrieval(), draft, incident="Sign-in is down"))

    assert "ready to send after 1 check" in html
    assert ("Not answered: “Do you ship to Malta?”" in html) == bool(asked)


def test_where_a_person_takes_over_the_approved_text_stands_in_place_of_the_acknowledgement() -> None:
    """As with a request about personal data: what may be said first is agreed."""
    decision = replace(REFUNDS, tier=3, reasons=("a request about personal data",))
    html = noted(Written(ASKED, ANALYSIS, Retrieval(), drafted(), decision=decision))

    assert "<h3>🧑 A person is needed: a request about personal data</h3>" in html
    assert "<p>A refund needs the approval of our finance team.</p>" in html


def test_a_status_text_that_is_much_too_long_leaves_a_note_that_holds_its_promises() -> None:
    """Whatever a policy says."""
    draft = incident_draft(
        "Down. " * 9_000, language="en", title="x " * 900, conversation=ASKED, analysis=ANALYSIS, team_language="en"
    )
    html = noted(Written(ASKED, ANALYSIS, Retrieval(), draft, incident="x " * 900))

    assert words_beside(html) <= 150
    assert len(html.encode()) <= 32 * 1024
