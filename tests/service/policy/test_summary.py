"""A policy as people read it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from service.policy.document import Condition
from service.policy.reading import understood
from service.policy.summary import categories_of, condition_in_words, duration_in_words, rules_of, written_by

POLICY = understood(
    b"""version: 1
languages: [en]
groups: {cash: {title: {en: Accounts, de: Buchhaltung}}}
answers: {wait: {texts: {en: Please wait.}}}
playbooks: {p: {title: P}}
categories:
  how: {title: How to}
  money: {tier: 2, title: {en: Money, de: Geld}, group: cash, checks: [Who pays?]}
  refund: {parent: money, examples: [a, b], dont_promise: [a day]}
rules:
  - {name: r, when: {}, then: {tier: 3, answer: wait, playbook: p, first_answer: 90m, tags: [x], fields: {a: b}}}
  - {name: s, when: {tag: a}, then: {priority: high}}
write: {group: yes, tags: ["ai_*"], fields: {intent: "360"}, values: [a]}
""",
    source="policy.yaml",
).policy


def test_the_strictest_kinds_of_tickets_stand_first() -> None:
    """With the tier they take over from above, in the team's language."""
    told = [(line.name, line.tier, line.when, line.then) for line in categories_of(POLICY, language="de")]

    assert told == [
        ("Geld", 2, "0", "group Buchhaltung · check: Who pays?"),
        ("refund", 2, "2", "do not promise a day"),
        ("How to", 1, "0", ""),
    ]


def test_rules_are_told_with_what_follows() -> None:
    """One that names no tier has none."""
    told = [(line.name, line.tier, line.when, line.then) for line in rules_of(POLICY, language="en")]

    assert told == [
        ("r", 3, "every ticket", "first answer in 90m · approved text wait · playbook p · tags x · fields a"),
        ("s", 0, "tag a", "priority high"),
    ]


def test_a_condition_is_a_line() -> None:
    """Lists, fields, numbers, and conditions in it."""
    condition = Condition.model_validate(
        {
            "category": ["a", "b"],
            "field": {"plan": "pro"},
            "amount": {"over": 5, "under": 9.5},
            "none_of": [{"tag": "x"}, {"language": "de"}],
            "any_of": [{"stakes": {"over": 3}}, {}],
        }
    )

    assert condition_in_words(condition) == (
        "category a or b, plan is pro, amount over 5 under 9.5, not (tag x or language de), either (stakes over 3 or every ticket)"
    )


def test_what_may_be_written_is_listed() -> None:
    """Nothing else is."""
    assert written_by(POLICY) == ("group", "tag ai_*", "intent into 360", "field a")


@pytest.mark.parametrize(
    ("minutes", "words"), [(90, "90m"), (120, "2h"), (1440, "1d"), (2160, "36h"), (0, "0s"), (0.5, "30s")]
)
def test_a_duration_is_said_as_the_file_writes_it(minutes: float, words: str) -> None:
    """In the largest unit that fits."""
    assert duration_in_words(timedelta(minutes=minutes)) == words
