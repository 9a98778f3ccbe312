"""Why a ticket is decided as it is."""

from __future__ import annotations

import json

from service.policy.deciding import Limits, Past, decide
from service.policy.explaining import Explanation, Looked, explain
from service.triage.judged import Amount, Customer, Signal, Triage
from tests.service.policy.cases import Standing, conversation, policy, triage
from tests.service.tickets import START, customer, ticket

TOLD = policy("""
categories: {refund: {tier: 2, first_answer: 1h}}
segments: {gold: {when: {customer: {plan: gold}}, signals: 1}}
rules:
  - {name: big, when: {category: refund, amount: {over: 400}}, then: {tier: 3}}
  - {name: bigger, when: {category: refund, amount: {over: 4000}, currency: [EUR]}, then: {tier: 3}}
  - {name: dollars, when: {words: money, amount: {over: 1}, currency: [USD], language: en}, then: {tier: 2}}
  - {name: often, when: {contacts: {over: 1}, none_of: [{words: money}]}, then: {tier: 2}}
  - {name: far, when: {tag: [vip, big]}, then: {tier: 2}}
""")
MONEY = triage(Signal("angry", words=("useless",)), category="refund", amounts=(Amount(450, "EUR"),))


def explained(found: Triage = MONEY) -> Explanation:
    """Of a ticket about money."""
    of = ticket(customer("I want my money back"))
    past, known = Past(contacts=2), Customer({"plan": "gold"}, {"health": "the CRM did not answer"})
    seen = {
        "ticket": of,
        "conversation": conversation(of),
        "triage": found,
        "customer": known,
        "past": past,
        "language": "en",
    }
    return explain(Standing(TOLD), decide(Standing(TOLD), **seen, now=START), **seen)  # type: ignore[arg-type]


def test_rules_that_fired_say_what_they_rest_on() -> None:
    """The category first, then rules of the file."""
    assert explained().fired == (
        Looked("category refund", 2, ("category refund (0.80)",)),
        Looked("big", 3, ("category refund (0.80)", "amount 450 EUR")),
    )


def test_rules_that_nearly_fired_say_what_failed_first() -> None:
    """Those of which something holds, the nearest first; a rule of which nothing holds is no near miss."""
    assert explained().nearly == (
        Looked("dollars", 2, ("language en (0.80)", "words “money”"), "amount is 450 EUR, asked for is over 1 USD"),
        Looked("bigger", 3, ("category refund (0.80)",), "amount is 450 EUR, asked for is over 4,000 EUR"),
        Looked("often", 2, ("contacts 2",), "none_of, for there is words “money”"),
    )


def test_signals_limits_and_the_customer_are_told() -> None:
    """What the decision was made of; JSON for programs."""
    found = explained()

    assert (found.limits, found.decision.tier, found.decision.rules) == (
        Limits(1, 2),
        3,
        ("category refund", "big", "escalation"),
    )
    told = json.loads(json.dumps(found.as_json()))
    assert told["signals"] == [{"name": "angry", "alone": False, "words": ["useless"]}]
    assert told["values"]["category"] == ["refund", 0.8, []]
    assert (told["known"], told["unknown"]) == ({"plan": "gold"}, {"health": "the CRM did not answer"})
    assert told["decision"]["due"] == "2026-11-20T10:01:00+00:00"
