"""A lesson to hand over proposes a rule that the policy's own reader takes, whatever the question was."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from service.learning.lesson import Lesson
from service.learning.proposing import proposal
from service.policy.reading import builtin, understood
from tests.service.learning.lessons import CANDIDATE

LESSON = Lesson(
    id=12, key=CANDIDATE.key, message_id="m1", kind="hand_over", origin="corrected", state="waiting",
    question="Can you waive the penalty of my lease?", reply="", changed="", language="en", category="billing", brand="",
    organization="o1", requester="1", everyone=False, owner="", by="", seen=1, created_at=datetime(2026, 11, 20, tzinfo=UTC),
)  # fmt: skip


def test_the_rule_is_for_its_category_and_words() -> None:
    """And sends to a person."""
    told = proposal(LESSON, builtin().policy)

    assert told.problems == ()
    policy = understood(f"version: 1\nextends: builtin\n{told.yaml}".encode(), source="a file").policy
    rule = policy.rules[0]
    assert (rule.name, rule.when.category, rule.then.tier) == ("hand over, lesson 12", ("billing",), 3)
    assert rule.when.words == ("penalty", "waive", "lease")


@pytest.mark.parametrize(
    "question",
    [
        'Say "no": yes # {all} [of] it \\ & * now?',
        "なぜ動きませんか",
        "a\nb: c\n- d penalty clause",
        "[name] [e-mail] why, why?",
    ],
)
def test_no_question_makes_another_file_of_it(question: str) -> None:
    """One rule, however the question is written; a rule without a condition is said to be refused, or holds for all."""
    told = proposal(replace(LESSON, question=question, category="unknown to all"), builtin().policy)

    if not told.problems:
        policy = understood(f"version: 1\nextends: builtin\n{told.yaml}".encode(), source="a file").policy
        assert len(policy.rules) == len(builtin().policy.rules) + 1
    assert "no category is known" in told.yaml
