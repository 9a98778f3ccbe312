"""Whether a condition holds, and what that rests on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.policy.document import Condition
from service.policy.matching import Facts, facts_of, holds, line_of, parts, plain, segments_of, stands_in
from service.triage.judged import NOBODY, Amount, Customer
from tests.service.policy.cases import conversation, policy, triage
from tests.service.tickets import customer, ticket

ASKED = ticket(
    customer("I want my money back"),
    brand="360001",
    group="77",
    group_name="Billing EU",
    form="Refund",
    tags=("VIP", "beta"),
    fields={"cf_plan": "Pro", "360": "red, Blue"},
)


def facts(text: str = "", *, known: Customer = NOBODY, segments: frozenset[str] = frozenset(), **more: Any) -> Facts:
    """Of that ticket."""
    values: dict[str, Any] = {"category": "refund", "intent": "Get money back", "sentiment": "unhappy"}
    return Facts(ASKED, triage("legal", **{**values, **more}), known, segments, text)


def condition(**lines: Any) -> Condition:
    """As it is read from a file."""
    return Condition.model_validate(lines)


@pytest.mark.parametrize(
    "lines",
    [
        {},
        {"category": "REFUND"},
        {"category": ["other", "refund"]},
        {"intent": "money back"},
        {"signal": ["legal", "press"]},
        {"sentiment": ["unhappy", "angry"]},
        {"urgency": ["normal"]},
        {"language": "EN-gb"},
        {"channel": ["email"]},
        {"brand": "360001"},
        {"group": "billing eu"},
        {"group": "77"},
        {"form": "refund"},
        {"tag": "vip"},
        {"field": {"CF_Plan": "pro"}},
        {"field": {"plan": ["free", "pro"]}},
        {"field": {"360": "blue"}},
        {"customer": {"Plan": "gold"}},
        {"segment": "New"},
        {"amount": {"over": 400}},
        {"amount": {"over": 400, "under": 500}, "currency": "eur"},
        {"currency": ["USD", "GBP"]},
        {"stakes": {"over": 3}},
        {"complexity": {"under": 3}},
        {"contacts": {"over": 2}},
        {"escalations": {"under": 1}},
        {"none_of": [{"tag": "gold"}, {"language": "de"}]},
        {"any_of": [{"tag": "gold"}, {"tag": "beta", "none_of": [{"brand": "9"}]}]},
    ],
    ids=str,
)
def test_what_is_there_holds(lines: dict[str, Any]) -> None:
    """Of each line one value is enough; case does not matter; groups and fields by id or name."""
    assert holds(condition(**lines), everything())


@pytest.mark.parametrize(
    "lines",
    [
        {"category": "refunds"},
        {"intent": "oney"},
        {"signal": ["press"]},
        {"sentiment": ["angry"]},
        {"urgency": ["high"]},
        {"language": "de"},
        {"channel": ["chat"]},
        {"brand": "36000"},
        {"group": "Billing"},
        {"form": "Question"},
        {"tag": "vi"},
        {"field": {"plan": "free"}},
        {"field": {"colour": "blue"}},
        {"customer": {"plan": "pro"}},
        {"customer": {"health": "gold"}},
        {"segment": "old"},
        {"amount": {"over": 450}},
        {"amount": {"over": 400}, "currency": "USD"},
        {"amount": {"under": 25}, "currency": "EUR"},
        {"stakes": {"over": 4}},
        {"complexity": {"under": 2}},
        {"contacts": {"over": 3}},
        {"none_of": [{"tag": "gold"}, {"tag": "vip"}]},
        {"any_of": [{"tag": "gold"}, {"tag": "beta", "none_of": [{"brand": "360001"}]}]},
        {"category": "refund", "language": "de"},
    ],
    ids=str,
)
def test_what_is_not_there_does_not_hold(lines: dict[str, Any]) -> None:
    """All lines must hold, and a bound is exclusive."""
    assert not holds(condition(**lines), everything())


def everything() -> Facts:
    """A ticket of which something is known in every line."""
    amounts = (Amount(450, "EUR"), Amount(20, "GBP"))
    return facts(
        known=Customer({"plan": "Gold"}),
        segments=frozenset({"new"}),
        amounts=amounts,
        stakes=4,
        complexity=2,
        contacts=3,
    )


def test_an_amount_is_of_the_currency_that_is_written() -> None:
    """450 dollars are not 450 euros; an amount of an unknown currency is none of a known one, and counts where none is asked."""
    over = {"amount": {"over": 400}}

    assert not holds(condition(**over, currency="EUR"), facts(amounts=(Amount(450, "USD"), Amount(3, "EUR"))))
    assert not holds(condition(**over, currency="EUR"), facts(amounts=(Amount(450),)))
    assert holds(condition(**over), facts(amounts=(Amount(450),)))


@pytest.mark.parametrize(
    ("words", "text", "there"),
    [
        ("refund", "A REFUND, please", True),
        ("refund", "prerefunded", False),
        ("refund", "refunds", False),
        ("money back", "my money\n  back!", True),
        ("don't work", "they don’t work", True),
        ("straße", "in der STRASSE", True),
        ("C++", "I write C++ and C", True),
        ("a.c", "abc", False),
        ("(", "no brackets", False),
        ("", "anything", False),
        ("退款", "我想要退款谢谢", True),
        ("返金", "返金してください", True),
        ("возврат", "Хочу возврат денег", True),
        ("возврат", "возвратный", False),
        ("रिफ", "रिफंड", False),
        ("रिफंड", "मुझे रिफंड चाहिए", True),
        ("café", "cafe\u0301", True),
    ],
)
def test_words_are_whole_words_in_any_script(words: str, text: str, *, there: bool) -> None:
    """A phrase is looked for as it is, over line ends; where a script has no spaces, anywhere."""
    assert holds(condition(words=words), facts(text)) is there


@given(st.text(max_size=60), st.text(max_size=6))
def test_no_text_and_no_word_is_too_odd(text: str, word: str) -> None:
    """What is found stands there; nothing raises."""
    if stands_in(plain(word), plain(text)):
        assert plain(word) in plain(text)


def test_it_is_said_what_a_condition_rests_on() -> None:
    """In the order of the lines, with what there is instead where one does not hold."""
    asked = condition(category="refund", words=["gold", "money back"], amount={"over": 400}, tag="gold")
    found = parts(asked, facts("Money back!", amounts=(Amount(20, "GBP"), Amount(450, "EUR"))))

    assert [(part.name, part.holds, part.has, part.asks) for part in found] == [
        ("category", True, "refund (0.80)", "refund"),
        ("tag", False, "VIP, beta", "gold"),
        ("words", True, "“money back”", "gold or money back"),
        ("amount", True, "450 EUR", "over 400"),
    ]


def test_a_category_is_one_of_those_above_it_too() -> None:
    """A rule on billing covers refunds; a circle of categories ends."""
    told = policy("categories: {billing: {}, refund: {parent: billing}, a: {parent: b}, b: {parent: a}}")
    found = facts_of(told, ticket=ASKED, conversation=conversation(ASKED), triage=triage(category="refund"))

    assert holds(condition(category="billing"), found)
    assert line_of(told, "a") == ("a", "b")
    assert line_of(told, "gone") == ()


def test_segments_may_name_each_other_in_any_order() -> None:
    """Those that are named are settled first."""
    told = policy("""
        segments:
          worried: {when: {segment: valuable, contacts: {over: 2}}}
          calm: {when: {none_of: [{segment: worried}]}}
          valuable: {when: {customer: {plan: gold}}}
    """)
    gold = facts(known=Customer({"plan": "Gold"}), contacts=3)

    assert segments_of(told, gold) == {"worried", "valuable"}
    assert segments_of(told, facts(contacts=3)) == {"calm"}


def test_segments_that_name_each_other_in_a_circle_end() -> None:
    """Such a file is refused where it is read; here it must not hang."""
    told = policy("segments: {a: {when: {segment: b}}, b: {when: {segment: a}}, c: {when: {segment: c}}}")

    assert segments_of(told, facts()) == frozenset()


@pytest.mark.parametrize(
    ("since", "holding"),
    [("2026-01-10", True), ("2025-01-10", False), ("1768000000", True), ("", False), ("soon", False)],
)
def test_how_long_somebody_has_been_a_customer_is_told_from_a_day_or_from_seconds(since: str, *, holding: bool) -> None:
    """What nobody knows does not hold, in neither direction."""
    at = datetime(2026, 2, 1, tzinfo=UTC)
    asked = replace(facts(known=Customer({"since": since})), ticket=replace(ASKED, updated_at=at))

    assert holds(condition(known_days={"under": 61}), asked) is holding
    assert not (since in ("", "soon") and holds(condition(known_days={"over": 60}), asked))
