"""Approved texts and a policy that changes while the service runs, in the whole story."""

from __future__ import annotations

from collections.abc import AsyncIterator
from html import escape
from pathlib import Path
from typing import Any

import pytest

from service.database import Database
from tests.story.one_desk import freshdesk, zendesk
from tests.story.team import POLICY, Team, team

TEXTS = {
    "en": "A refund needs the approval of our finance team [1].\n\nThey answer within 14 days, or call 0800 5550100.",
    "de": "Eine Erstattung muss unser Finanzteam freigeben.\n\nEs antwortet binnen 14 Tagen.",
}
RULE = {
    "name": "coupons are for finance",
    "when": {"words": ["coupon", "Gutschein"]},
    "then": {"tier": 2, "answer": "coupons"},
}
ANSWERS = {"coupons": {"title": {"en": "Coupons"}, "texts": TEXTS, "approved_by": "head of finance"}}


def with_answer(*_: Any) -> dict[str, Any]:
    """The policy with an approved text."""
    return {"answers": ANSWERS, "rules": [RULE, *POLICY["rules"]]}


@pytest.fixture(params=[zendesk, freshdesk])
async def here(request: pytest.FixtureRequest, database: Database, data_dir: Path) -> AsyncIterator[Team]:
    """A team with an approved text, at one account of either kind."""
    async with team(request.param, database, data_dir, policy=with_answer) as opened:
        yield opened


def paragraphs(text: str) -> str:
    """As a note shows them."""
    return "\n".join(f"<p>{escape(one)}</p>" for one in text.split("\n\n"))


async def test_an_approved_text_is_the_draft_word_for_word_in_the_customers_language(here: Team) -> None:
    """No model writes it, and the guard leaves it alone, whatever numbers or brackets it holds."""
    here.heard["Gutschein"] = {"language": "de"}
    english = await here.told("Do I get my money back for the coupon that I have not used?", who="ana")
    german = await here.told(
        "Guten Tag, bekomme ich das Geld für den Gutschein zurück, den ich nicht eingelöst habe?", who="bea"
    )

    for draft, language in ((english, "en"), (german, "de")):
        assert (draft.verdict, draft.details["tier"], draft.details["writer"]) == ("ready", 2, "approved")
        assert paragraphs(TEXTS[language]) in draft.html
        assert draft.details["withheld"] == ""
    assert here.calls() == ["fast", "fast"]


async def test_without_a_text_in_the_customers_language_the_note_says_so(here: Team) -> None:
    """Nobody translates what somebody has approved: it stands in the policy's first language, to be checked."""
    here.heard["Bonjour"] = {"language": "fr"}
    draft = await here.told("Bonjour, est-ce que le coupon est remboursé ? Je ne l'ai pas utilisé.")
    assert paragraphs(TEXTS["en"]) in draft.html
    assert "no text is approved in French: this one is in English" in draft.html


async def test_whom_only_a_person_may_answer_gets_the_approved_text_in_place_of_an_acknowledgement(here: Team) -> None:
    """It is the one thing that may go out at once, and no model is asked for more than the analysis."""
    draft = await here.told("My coupon is gone. I want to speak to a real person.")
    assert (draft.verdict, draft.details["writer"]) == ("person", "approved")
    assert paragraphs(TEXTS["en"]) in draft.html
    assert "I have read what you wrote" not in draft.html
    assert here.calls() == ["fast"]


async def test_a_policy_that_is_written_anew_decides_the_next_ticket(here: Team) -> None:
    """Without a restart; one that is wrong changes nothing, and every row says by which policy and which rules."""
    asked = "Do I get my money back for the coupon that I have not used?"
    first = await here.told(asked, who="ana")
    policies = here.desk.policies
    version = policies.current().version
    assert (first.details["tier"], first.details["policy"]) == (2, version)
    assert "coupons are for finance" in first.details["rules"]

    await here.rewrite(**with_answer() | {"rules": [RULE | {"then": {"tier": "four"}}]})
    assert (policies.current().version, len(policies.problems)) == (version, 1)
    assert (await here.told(asked, who="bea")).details["policy"] == version

    stricter = RULE | {"name": "coupons are for people", "then": {"tier": 3, "why": "Coupons are for people"}}
    await here.rewrite(**with_answer() | {"rules": [stricter]})
    third = await here.told(asked, who="cem")
    assert (third.verdict, third.details["tier"], policies.problems) == ("person", 3, ())
    assert third.details["policy"] == policies.current().version != version
    assert "coupons are for people" in third.details["rules"]
    assert "Coupons are for people" in third.html
