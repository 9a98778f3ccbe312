"""What follows for a customer message: tiers, escalation, what an agent says, and until when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Ticket
from service.phrases import LANGUAGES
from service.policy.deciding import Past, decide, without_a_question
from service.policy.decision import Decision
from service.policy.document import Policy, Tier
from service.triage.judged import NOBODY, Amount, Customer, Judged, Signal, SignalName, Triage
from tests.service.policy.cases import Standing, conversation, policy, triage
from tests.service.tickets import START, agent, customer, ticket

ASKED = ticket(customer("Where is my parcel?"))


def decided(
    told: Policy,
    found: Triage | None = None,
    *,
    of: Ticket = ASKED,
    known: Customer = NOBODY,
    past: Past | None = None,
    said: Tier | None = None,
    language: str = "en",
) -> Decision:
    """The decision on a ticket; without a triage, on a calm question."""
    return decide(
        Standing(told),
        ticket=of,
        conversation=conversation(of),
        triage=found or triage(),
        customer=known,
        past=past or Past(),
        now=START,
        language=language,
        told=said,
    )


def test_what_nothing_speaks_against_is_drafted() -> None:
    """Tier 1, without reasons; the ledger keeps the version."""
    assert decided(policy()) == Decision(version="v1")


def test_a_rule_asks_for_checks() -> None:
    """Tier 2: the rule, why, and what to check, in the team's language."""
    told = policy("""
        rules:
          - name: refunds
            when: {words: [refund, Erstattung]}
            then: {tier: 2, why: {en: about money, de: es geht um Geld}, checks: [{en: the amount, de: den Betrag}]}
    """)
    of = ticket(customer("I would like a refund"))
    found = decided(told, of=of, language="de")

    assert (found.tier, found.rules, found.reasons, found.checks) == (
        2,
        ("refunds",),
        ("es geht um Geld",),
        ("den Betrag",),
    )


def test_a_category_goes_before_the_rules_and_takes_over_what_it_does_not_say() -> None:
    """Its own word, then its parent's, then the rules'; checks and promises of all are kept."""
    told = policy("""
        categories:
          money: {tier: 3, group: billing, playbook: money, dont_promise: [refunds]}
          invoice: {parent: money, tier: 1, title: Invoices, checks: [the address], priority: low}
        rules:
          - {name: eu, when: {language: en}, then: {tier: 2, group: europe, checks: [the date, the address], answer: eu}}
    """)
    found = decided(told, triage(category="invoice"))

    assert (found.tier, found.rules, found.reasons) == (2, ("category invoice", "eu"), ("eu",))
    assert (found.group, found.playbook, found.answer, found.priority) == ("billing", "money", "eu", "low")
    assert (found.checks, found.dont_promise) == (("the address", "the date"), ("refunds",))
    assert decided(told, triage(category="money", language="de")).tier == 3


@pytest.mark.parametrize(("sure", "tier", "answer"), [(0.8, 3, "privacy"), (0.81, 2, "")])
def test_a_category_that_is_a_guess_asks_for_a_check_at_most(sure: float, tier: Tier, answer: str) -> None:
    """No person, no approved text, no group for what may be another matter; checks stay. Triage is sure of it by 0.8."""
    told = policy(f"""
        escalation: {{sure: {sure}}}
        categories: {{privacy: {{tier: 3, title: Personal data, answer: privacy, group: legal, checks: [whose data]}}}}
    """)
    found = decided(told, triage(category="privacy"))

    assert (found.tier, found.answer, found.group) == (tier, answer, "legal" if answer else "")
    assert (found.reasons, found.checks, found.rules) == (("Personal data",), ("whose data",), ("category privacy",))


def test_ties_go_up_and_the_rest_is_the_first_rules() -> None:
    """Of two tiers the higher, wherever it stands; of two groups, answers and fields the first in the file."""
    told = policy("""
        rules:
          - {name: one, when: {}, then: {tier: 1, group: a, answer: x, fields: {f: "1"}, tags: [t, u]}}
          - {name: two, when: {}, then: {tier: 3, group: b, answer: y, fields: {f: "2", g: "3"}, tags: [u, v]}}
          - {name: three, when: {}, then: {tier: 2}}
          - {name: four, when: {tag: never}, then: {tier: 3}}
    """)
    found = decided(told)

    assert (found.tier, found.rules, found.group, found.answer) == (3, ("one", "two", "three"), "a", "x")
    assert (found.fields, found.tags) == ((("f", "1"), ("g", "3")), ("t", "u", "v"))


@pytest.mark.parametrize(
    ("found", "tier"),
    [
        (triage("angry"), 1),
        (triage("angry", "cancel"), 3),
        (triage("third_contact", "unsolved"), 3),
        (triage("long_thread", "amount", "deadline_close"), 1),
        (triage(Signal("angry"), Signal("angry")), 1),
        (triage(Signal("legal", alone=True)), 3),
        (triage("person"), 3),
        (triage(wants_person=True), 3),
    ],
    ids=[
        "one",
        "two that agree",
        "two others",
        "how things stand",
        "one twice",
        "one that is enough",
        "a wish",
        "a wish without words",
    ],
)
def test_two_signals_one_that_is_enough_or_a_wish_bring_a_person(found: Triage, tier: Tier) -> None:
    """Each path by which a ticket escalates; one signal alone does not."""
    decision = decided(policy("escalation: {group: senior}"), found)

    assert decision.tier == tier
    assert (decision.group, decision.rules) == (("senior", ("escalation",)) if tier == 3 else ("", ()))


@pytest.mark.parametrize(
    ("signals", "more", "reasons"),
    [
        ((), {}, ()),
        (("angry",), {"sentiment": "angry"}, ()),
        ((Signal("person", alone=True),), {}, ("person",)),
        ((Signal("safety", alone=True),), {}, ("safety",)),
        ((Signal("legal", alone=True),), {}, ("legal",)),
        (("cancel",), {}, ()),
        (("cancel", "angry"), {}, ("cancel", "angry")),
        ((Signal("person", alone=True), "cancel", "angry"), {}, ("person", "cancel", "angry")),
    ],
)
def test_without_a_policy_a_person_takes_over_for_what_they_always_did(
    signals: Sequence[SignalName | Signal], more: dict[str, Any], reasons: tuple[str, ...]
) -> None:
    """The same tickets as before there was a policy: danger, wishes, legal threats, and cancelling in anger."""
    found = decided(policy(), triage(*signals, **more))

    assert (found.tier == 3, found.reasons) == (bool(reasons), reasons)


def test_a_segment_lowers_how_much_it_takes() -> None:
    """The lowest of the segments that hold, and never more than for everybody."""
    told = policy("""
        escalation: {signals: 3, questions: 2}
        segments:
          valuable: {when: {customer: {plan: gold}}, signals: 2}
          new: {when: {customer: {age: new}}, signals: 1, questions: 0}
          patient: {when: {}, signals: 5, questions: 2}
    """)
    one, two = triage("angry"), triage("angry", "unsolved")
    gold, both = Customer({"plan": "gold"}), Customer({"plan": "gold", "age": "new"})

    assert [decided(told, two, known=known).tier for known in (NOBODY, gold)] == [1, 3]
    assert [decided(told, one, known=known).tier for known in (gold, both)] == [1, 3]
    assert decided(told, one, known=both).segments == ("new", "patient", "valuable")
    assert [decided(told, known=known).may_ask for known in (gold, both)] == [True, False]


def test_after_two_questions_back_a_person_answers_instead_of_a_third() -> None:
    """The draft may still be an answer; where it would be a question, a person takes over."""
    told = policy("escalation: {group: senior}")

    assert decided(told, past=Past(asked_back=1)).may_ask
    found = decided(told, past=Past(asked_back=2))
    assert (found.tier, found.may_ask) == (1, False)
    turned = without_a_question(found, told)
    assert (turned.tier, turned.reasons, turned.rules, turned.group) == (3, ("questions",), ("escalation",), "senior")


def test_a_tier_never_falls_by_itself() -> None:
    """A ticket that a person had to take stays theirs however friendly the next message is."""
    found = decided(policy(), past=Past(tier=3))

    assert (found.tier, found.reasons, found.lowered) == (3, ("before",), False)


def test_every_message_is_judged_anew_and_a_ticket_only_climbs() -> None:
    """A conversation drifts: calm, money, anger, and thanks."""
    told = policy("rules: [{name: money, when: {words: refund}, then: {tier: 2}}]")
    messages = ["Where is it?", "Then I want a refund", "Unacceptable, I cancel everything!", "Thanks"]
    found = [triage(), triage(), triage("angry", "cancel"), triage()]
    past, tiers = Past(), list[Tier]()
    for number, judged in enumerate(found, start=1):
        of = ticket(*(part for text in messages[:number] for part in (customer(text), agent("We look into it."))))
        decision = decided(told, judged, of=of, past=past)
        past = Past(tier=decision.tier)
        tiers.append(decision.tier)

    assert tiers == [1, 2, 3, 3]


@pytest.mark.parametrize(("tag", "tier"), [("deskpilot_tier_1", 1), ("deskpilot_tier_2", 2)])
def test_an_agents_tag_lowers_a_tier(tag: str, tier: Tier) -> None:
    """What rules, agreeing signals and the past said, the agent has read."""
    told = policy("rules: [{name: money, when: {}, then: {tier: 3}}]")
    found = decided(told, triage("angry", "cancel"), of=ticket(customer("Hm"), tags=(tag,)), past=Past(tier=3))

    assert (found.tier, found.lowered, found.tagged) == (tier, True, tier)


def test_a_tag_does_not_stand_against_what_speaks_for_a_person_by_itself() -> None:
    """It may be older than the message, or come from a form that the customer filled in."""
    of = ticket(customer("My lawyer will call"), tags=("deskpilot_tier_1",))

    assert decided(policy(), triage(Signal("legal", alone=True)), of=of).tier == 3
    assert decided(policy(), triage(wants_person=True), of=of).tier == 3


def test_a_tag_does_not_take_back_what_the_ticket_reached_in_spite_of_it() -> None:
    """The agent set it before the threat; the next message is calm, and nobody has said anything new."""
    of = ticket(customer("Any news?"), tags=("deskpilot_tier_1",))

    assert decided(policy(), of=of, past=Past(tier=3, tagged=1)).tier == 3
    assert decided(policy(), of=of, past=Past(tier=3, tagged=2)).tier == 1
    assert decided(policy(), of=of, past=Past(tier=1, tagged=1)).tier == 1


@pytest.mark.parametrize("tags", [("deskpilot_tier_1x",), ("DESKPILOT_TIER_1",), ("deskpilot tier 1",), ("tier_1",)])
def test_a_tag_is_read_to_the_letter(tags: tuple[str, ...]) -> None:
    """Nothing that only looks like it lowers anything."""
    assert decided(policy(), of=ticket(customer("Hm"), tags=tags), past=Past(tier=3)).tier == 3


def test_an_agent_raises_a_tier_by_tag_and_of_two_tags_the_higher_counts() -> None:
    """Whoever is careful wins."""
    of = ticket(customer("Hm"), tags=("deskpilot_tier_1", "deskpilot_tier_3"))
    found = decided(policy(), of=of)

    assert (found.tier, found.reasons, found.lowered) == (3, ("by_hand",), False)


@pytest.mark.parametrize("tier", [1, 2, 3])
def test_an_agents_command_says_which_tier_this_message_has(tier: Tier) -> None:
    """It stands behind the message, so that whoever wrote it has read it, whatever else speaks for a person."""
    found = decided(policy(), triage(Signal("legal", alone=True)), past=Past(tier=2), said=tier)

    assert (found.tier, found.lowered) == (tier, tier < 3)


def test_what_customers_write_does_not_lower_the_decision() -> None:
    """Whatever stands in their message or subject."""
    of = ticket(customer("deskpilot_tier_1 @deskpilot tier 1"), subject="@deskpilot tier 1 deskpilot_tier_1")

    assert decided(policy(), triage("angry", "cancel"), of=of, past=Past(tier=3)).tier == 3


def test_the_first_answer_is_due_at_the_earliest_of_all_that_is_said() -> None:
    """Rules, category, group, priorities and the helpdesk, counted from the customer's message, not from now."""
    told = policy("""
        categories: {billing: {first_answer: 8h, group: money}}
        groups: {money: {title: Money, first_answer: 6h}}
        targets: {high: 4h, normal: 9h}
        rules:
          - {name: vip, when: {tag: vip}, then: {first_answer: 30m}}
          - {name: high, when: {tag: high}, then: {priority: high}}
    """)
    at = START + timedelta(minutes=1)

    def due(**more: Any) -> timedelta | None:
        found = decided(told, triage(category=more.pop("category", "")), of=ticket(customer("Hm"), **more)).due
        return found - at if found else None

    assert due() == timedelta(hours=9)
    assert due(category="billing") == timedelta(hours=6)
    assert due(tags=("high",)) == timedelta(hours=4)
    assert due(priority="High") == timedelta(hours=4)
    assert due(tags=("vip", "high"), category="billing") == timedelta(minutes=30)
    assert due(due_at=at - timedelta(hours=1), category="billing") == timedelta(hours=-1)
    assert decided(policy()).due is None


def test_all_reasons_are_listed_strongest_first() -> None:
    """What is enough by itself, the policy's, what else was found; in a rule's own words where it names the signal."""
    told = policy("""
        categories: {privacy: {tier: 3, title: Personal data}}
        rules:
          - {name: hot, when: {signal: [safety]}, then: {tier: 3, why: stop using the kettle}}
          - {name: big, when: {amount: {over: 1000}, signal: [amount]}, then: {tier: 3}}
          - {name: mild, when: {}, then: {tier: 2, why: not said at tier 3}}
    """)
    found = decided(
        told,
        triage(
            "angry",
            "amount",
            Signal("legal", alone=True),
            Signal("safety", alone=True),
            category="privacy",
            amounts=(Amount(2000, "EUR"),),
        ),
    )

    assert found.reasons == ("stop using the kettle", "legal", "Personal data", "amount", "angry")


def test_what_a_rule_explains_is_not_said_again_in_other_words() -> None:
    """Not the signal it rests on, also not by another rule without words, by an amount or a mood; nor its category."""
    told = policy("""
        categories: {legal: {tier: 3, title: A legal matter}, refund: {tier: 2, title: Refund}}
        rules:
          - {name: court, when: {signal: legal}, then: {tier: 3, group: law}}
          - {name: law, when: {signal: legal}, then: {tier: 3, why: legal steps are named}}
          - {name: leaving, when: {any_of: [{signal: cancel}], sentiment: angry}, then: {tier: 3, why: leaves in anger}}
          - {name: dear, when: {amount: {over: 200}}, then: {tier: 3, why: more than 200}}
    """)
    legal = Signal("legal", alone=True)
    angry = triage("angry", Signal("cancel", alone=True), sentiment="angry")
    dear = triage("amount", category="refund", amounts=(Amount(450, "EUR"),))

    assert decided(told, triage(legal, category="legal")).reasons == ("legal steps are named",)
    assert decided(told, angry).reasons == ("leaves in anger",)
    assert decided(told, dear).reasons == ("more than 200",)


def test_that_a_lot_is_at_stake_is_said_where_nothing_else_is() -> None:
    """It follows from the reasons beside it."""
    told = policy("""
        rules:
          - {name: weighty, when: {stakes: {over: 4}}, then: {tier: 3, why: a lot is at stake}}
          - {name: law, when: {signal: legal}, then: {tier: 3, why: legal steps are named}}
    """)

    assert decided(told, triage("legal", stakes=5)).reasons == ("legal steps are named",)
    assert decided(told, triage(stakes=5)).reasons == ("a lot is at stake",)


def test_every_signal_and_every_reason_of_ours_is_said_in_every_language_of_a_team() -> None:
    """A key in a note would be a riddle."""
    from_signals = set(SignalName.__args__)  # type: ignore[attr-defined]

    for words in LANGUAGES.values():
        assert from_signals | {"questions", "before", "by_hand"} <= set(words.reasons)
        assert all(words.reasons.values())


SIGNALS = st.lists(st.sampled_from(SignalName.__args__), max_size=4, unique=True)  # type: ignore[attr-defined]
TIERS = st.sampled_from([None, 1, 2, 3])
CONDITIONS = st.fixed_dictionaries(
    {},
    optional={
        "signal": st.lists(st.sampled_from(SignalName.__args__), max_size=2),  # type: ignore[attr-defined]
        "words": st.lists(st.sampled_from(["parcel", "gold", "où", "款"]), max_size=2),
        "tag": st.lists(st.sampled_from(["vip", "new"]), max_size=2),
        "segment": st.sampled_from(["a", "b", "nowhere"]),
        "contacts": st.fixed_dictionaries({"over": st.integers(0, 4)}),
        "category": st.sampled_from(["x", "y", "z"]),
    },
)
EFFECTS = st.fixed_dictionaries(
    {}, optional={"tier": TIERS, "group": st.sampled_from(["g", "gone"]), "first_answer": st.just("30m")}
)
POLICIES = st.builds(
    lambda rules, categories, segments, signals: Policy.model_validate(
        {
            "version": 1,
            "rules": [{"name": f"r{n}", "when": when, "then": then} for n, (when, then) in enumerate(rules)],
            "categories": {
                name: {**effect, "parent": parent} for name, (effect, parent) in zip("xyz", categories, strict=False)
            },
            "segments": {name: {"when": when, "signals": 1} for name, when in zip("ab", segments, strict=False)},
            "groups": {"g": {"title": "G", "first_answer": "1h"}},
            "escalation": {"signals": signals},
        }
    ),
    st.lists(st.tuples(CONDITIONS, EFFECTS), max_size=5),
    st.lists(st.tuples(EFFECTS, st.sampled_from(["", "x", "y", "z", "gone"])), max_size=3),
    st.lists(CONDITIONS, max_size=2),
    st.integers(1, 5),
)


@given(told=POLICIES, signals=SIGNALS, more=SIGNALS, tags=st.lists(st.sampled_from(["vip", "new"])), past=TIERS)
def test_what_is_found_beside_never_lowers_the_tier(
    told: Policy, signals: list[SignalName], more: list[SignalName], tags: list[str], past: Tier | None
) -> None:
    """A signal, a tag, a contact more may only fire further rules; and no policy makes it raise."""
    of, richer = ticket(customer("My parcel")), ticket(customer("My parcel is gold"), tags=tuple(tags))
    before = Past(tier=past or 1)
    fewer = decided(told, triage(*signals, category="y"), of=of, past=before)
    further = decided(told, triage(*signals, *more, category="y", contacts=3), of=richer, past=before)

    assert further.tier >= fewer.tier >= (past or 1)


@pytest.mark.parametrize(
    ("own", "sure", "expected"), [(1, 0.9, 2), (2, 0.9, 3), (3, 0.9, 3), (1, 0.1, 2), (2, 0.1, 2), (3, 0.1, 2)]
)
def test_a_category_that_has_drifted_stands_a_tier_higher(own: int, sure: float, expected: int) -> None:
    """And says so; where the category is only a guess, a person checks, and no more follows."""
    told = policy(f"{{categories: {{invoice: {{tier: {own}}}}}, escalation: {{sure: 0.5}}}}")
    found = replace(triage(), category=Judged("invoice", sure))
    decision = decided(told, found, past=Past(drifted=frozenset({"invoice"})))

    assert decision.tier == expected
    assert "drift" in decision.rules
    assert "drift" in decision.reasons
    assert "drift" not in decided(told, found, past=Past(drifted=frozenset({"parcel"}))).rules


def test_an_agent_lowers_a_ticket_of_a_category_that_has_drifted() -> None:
    """By a command, as any other."""
    told = policy("categories: {invoice: {tier: 2}}")
    found = replace(triage(), category=Judged("invoice", 0.9))
    assert decided(told, found, past=Past(drifted=frozenset({"invoice"})), said=1).tier == 1
