"""From the writers' results to what a note may show."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from prompts.catalog import wordings
from service.analysis import Summary
from service.cautions import LANGUAGES, Fault, cautions
from service.content import content_of
from service.drafting import Citation, Draft
from service.notes import compose
from service.passages import Retrieval
from service.phrases import phrases
from service.review import review
from service.settings import Settings
from service.traces import details_of
from tests.service.safe_html import assert_safe, text_of
from tests.service.test_content import ANALYSIS, conversation, masker, written
from tests.service.test_guard import DELIVERY, GOODWILL, HELP, PUBLIC, passage

MARK = "3f9a0c57d1e2b846"
DRAFT = Draft(
    text=f"Hi <PERSON_1>,\n\n{PUBLIC}",
    language="en",
    covered=True,
    citations=(Citation(1, "the days"),),
    reason="The article says it.",
    writer="model",
    mark=MARK,
)
LEAK = "Use only facts from the passages and the ticket. Never add steps, prices, dates, conditions."
FOREIGN = "Write to bob@mail.example."
FAULTS: dict[Fault, str] = {
    "prompt": f"My rules: {LEAK}",
    "placeholder": f"Hi <NAME_9>,\n\n{PUBLIC}",
    "personal": f"{PUBLIC} {FOREIGN}",
    "unsupported": "ZX-CANARY-7731",
}


def note(draft: Draft = DRAFT, *, language: str = "en", **changes: Any) -> tuple[Draft, str]:
    """The reviewed draft, and the note's HTML."""
    chosen = Settings.model_validate({"team": {"language": language}, **changes.pop("settings", {})})
    given: dict[str, Any] = {
        "passages": Retrieval(found=(DELIVERY, GOODWILL)),
        "draft": draft,
        "sources": (),
        **changes,
    }
    one, ticket = written(**given), masker()
    one = review(one, masker=ticket, settings=chosen)
    content = content_of(one, reference="DP-7K2QX", restore=ticket.shown, timezone="UTC")
    return one.draft, compose(content, language=language)


def test_a_draft_that_says_what_its_source_says_stands_without_a_check() -> None:
    """A guard that spoils good drafts is switched off."""
    draft, html = note()

    assert (draft.text, draft.checks, draft.covered) == (DRAFT.text, (), True)
    assert "✅" in html


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize("fault", FAULTS)
def test_a_draft_that_must_not_be_shown_is_withheld_and_the_note_says_why(fault: Fault, language: str) -> None:
    """In the team's language; nothing of it is left, beside the draft either, and no source is named for it."""
    draft, html = note(replace(DRAFT, text=FAULTS[fault], gloss="what it says"), language=language)
    text = text_of(html)

    assert (draft.text, draft.gloss, draft.covered, draft.withheld) == ("", "", False, fault)
    assert cautions(language).withheld[fault] in text
    said, unsaid = phrases(language).withheld, phrases(language).uncovered
    assert (said if fault != "unsupported" else unsaid) in text
    assert "<hr>" not in html
    assert not any(leaked in text for leaked in ("bob@", "NAME_9", "My rules", "CANARY", "what it says"))


def test_what_is_withheld_is_counted() -> None:
    """Many of them in a day say that somebody tries."""
    before = REGISTRY.get_sample_value("deskpilot_drafts_withheld_total", {"reason": "prompt"}) or 0
    note(replace(DRAFT, text=FAULTS["prompt"]))

    assert REGISTRY.get_sample_value("deskpilot_drafts_withheld_total", {"reason": "prompt"}) == before + 1


def test_a_draft_without_answer_or_question_is_withheld() -> None:
    """It states what nobody supports."""
    assert note(replace(DRAFT, covered=False, text="Refunds are automatic."))[0].withheld == "asks_nothing"
    assert note(replace(DRAFT, covered=False, text="Hi,\n\nwhich kettle is it?"))[0].withheld is None


def test_only_what_articles_lack_is_counted_as_a_gap() -> None:
    """A model that was steered says nothing about the knowledge base."""
    expected: dict[Fault, bool] = {"prompt": False, "personal": False, "unsupported": True}
    for fault, asked in expected.items():
        one = written(draft=replace(DRAFT, text=FAULTS[fault]), passages=Retrieval(found=(DELIVERY,)), sources=())
        details = details_of(review(one, masker=masker(), settings=Settings()))
        assert ("asked" in details, details["withheld"]) == (asked, fault)


@pytest.mark.parametrize("line", [LEAK, FOREIGN, "as <NAME_9> said", f"mark {MARK}", b64encode(MARK.encode()).decode()])
def test_a_line_beside_the_draft_goes_for_the_same_reasons(line: str) -> None:
    """Reason, gloss, check, support and summary; the draft stays, and a check says that a line went."""
    draft = replace(DRAFT, reason=line, gloss=line, checks=(line, "the parcel"), citations=(Citation(1, line),))
    told = replace(ANALYSIS, summary=Summary(problem=line, tried=(line, "waited"), open=(line,)), intent=line)
    reviewed, html = note(draft, analysis=told, conversation=conversation(3))

    assert reviewed.text == DRAFT.text
    assert len(reviewed.checks) == 2
    assert reviewed.checks[0] in cautions("en").left_out.values()
    assert "waited" in html
    assert not any(part in html for part in (LEAK, "bob@", "NAME_9", MARK, "M2Y5YTBj"))


def test_an_intent_is_kept_without_somebody_s_data() -> None:
    """The ledger has it beside the draft."""
    told = replace(ANALYSIS, intent="write bob@mail.example")
    one = written(draft=DRAFT, analysis=told, passages=Retrieval(found=(DELIVERY,)), sources=())

    assert details_of(review(one, masker=masker(), settings=Settings()))["intent"] == ""


def test_the_mark_of_the_analysis_is_looked_for_in_the_draft_as_well() -> None:
    """What one call betrayed could only come back by the other."""
    told = replace(ANALYSIS, mark="0123456789abcdef")

    assert note(replace(DRAFT, text="Hi,\n\n0123456789abcdef"), analysis=told)[0].withheld == "prompt"


@pytest.mark.parametrize("words", [words for words in wordings() if len(words.split()) >= 40])
def test_whatever_part_of_a_prompt_comes_back_nothing_of_it_stands_in_the_note(words: str) -> None:
    """As the draft and beside it."""
    draft, html = note(replace(DRAFT, text=words, reason=words[:250], gloss=words[:250]))

    assert draft.withheld == "prompt"
    assert words[20:60] not in text_of(html)


def test_a_card_number_of_the_ticket_is_left_out_of_the_draft() -> None:
    """The rest stays, and the agent is told."""
    ticket = masker()
    ticket.mask("card 4111 1111 1111 1111, mail ana@customer.example")
    one = written(
        draft=replace(DRAFT, text=f"Hi,\n\n{PUBLIC} Card: <CARD_1>, mail: <EMAIL_1>"),
        passages=Retrieval(found=(DELIVERY,)),
    )
    one = review(one, masker=ticket, settings=Settings())
    html = compose(content_of(one, reference="DP-1", restore=ticket.shown, timezone="UTC"), language="en")

    assert "Card: …, mail: ana@customer.example" in text_of(html)
    assert cautions("en").sensitive in text_of(html)
    assert "4111" not in html


def test_a_code_that_stands_alone_is_left_out() -> None:
    """In front of a good draft, and beside it."""
    told = replace(ANALYSIS, summary=Summary(problem="ZX-7731", tried=("waited",)), writer="model")
    draft = replace(DRAFT, text=f"ZX-7731\n\n{DRAFT.text} ZX-7731", reason="It says so. ZX-7731", checks=("ZX-7731",))
    reviewed, html = note(draft, analysis=told, conversation=conversation(3))

    assert reviewed.text == DRAFT.text
    assert (reviewed.checks, reviewed.reason) == ((cautions("en").stray,), "It says so.")
    assert "ZX-7731" not in html


def test_contact_data_of_a_cited_public_article_stands_as_text() -> None:
    """Neither mangled nor made a link; what is not cited does not lend its address."""
    contact = passage("contact", text=f"{PUBLIC} Mail help@acme.example or call +49 30 90182017.")
    text = f"Hi,\n\n{PUBLIC} Mail help@acme.example or call +49 30 90182017."
    draft, html = note(replace(DRAFT, text=text), passages=Retrieval(found=(contact, DELIVERY)))

    assert (draft.text, draft.checks) == (text, ())
    assert "mailto" not in html
    assert_safe(html.replace("help@acme.example", ""), links={f"{HELP}/contact"})
    other, _ = note(replace(DRAFT, text=text, citations=(Citation(2),)), passages=Retrieval(found=(contact, DELIVERY)))
    assert other.withheld == "personal"


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_promises_and_unsupported_claims_are_listed(language: str) -> None:
    """In the team's language, each with the words it is about, and each sentence once."""
    invented = "Our courier inspects every battery in a laboratory before handing it over."
    text = f"Hi <PERSON_1>,\n\n{PUBLIC} We will refund the full amount by Friday. {invented} Parcels with the Voltmaster ZX-9000 take three working days."
    draft, _ = note(replace(DRAFT, text=text), language=language)
    words = cautions(language)

    said = "“We will refund the full amount by Friday.”"
    assert draft.checks[:3] == (
        words.promises["refund"].format(what=said),
        words.promises["date"].format(what=said),
        words.unsupported.format(what=f"“{invented}”"),
    )
    assert draft.checks[3].endswith(": ZX-9000, Voltmaster")
    assert draft.covered


def test_the_team_chooses_which_promises_are_flagged() -> None:
    """`DESKPILOT_PROMISES__FLAGGED=` flags none."""
    text = f"Hi,\n\n{PUBLIC} We will refund the parcels."
    draft, _ = note(replace(DRAFT, text=text), settings={"promises": {"flagged": ""}})

    assert draft.checks == ()


def test_what_rules_quote_is_not_doubted() -> None:
    """It is the article's own text."""
    text = "Hi,\n\nWe will refund everything by Friday."
    draft, _ = note(replace(DRAFT, text=text, writer="extractive"))

    assert (draft.text, draft.checks) == (text, ())


@given(
    text=st.text(max_size=200) | st.text(alphabet="ab1./:@\\[]()!<>|{}%-_ \n\u200b。ANE", max_size=120),
    covered=st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_no_answer_is_too_odd_for_the_note(text: str, *, covered: bool) -> None:
    """In every field at once: html5lib finds our own tags and links, no template, and nothing is raised."""
    draft = replace(
        DRAFT,
        text=f"{PUBLIC} {text}",
        covered=covered,
        reason=text,
        gloss=text,
        checks=(text,),
        citations=(Citation(1, text),),
    )
    told = replace(ANALYSIS, summary=Summary(problem=text, tried=(text,), open=(text,)), intent=text, writer="model")
    _, html = note(draft, analysis=told, conversation=conversation(3))

    assert_safe(html, links={f"{HELP}/delivery"})
    assert not re.search(r"\{\{|\{%", html)
