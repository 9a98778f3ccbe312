"""A policy whose parts do not fit together is refused, and each mistake is named."""

from __future__ import annotations

import pytest

from service.policy.problems import PolicyError
from service.policy.reading import understood

HEAD = """version: 1
categories:
  money: {tier: 2, group: cash}
  refund: {parent: money, answer: wait}
  fault: {}
groups: {cash: {title: Cash}, seniors: {title: Seniors}}
answers: {wait: {texts: {en: Please wait.}}, other: {texts: {en: Something else.}}}
playbooks: {p: {title: P}, q: {title: Q}}
segments: {vip: {when: {tag: vip}}}
"""


def said(text: str, *, head: str = HEAD) -> list[str]:
    """What is wrong with a file of this content, without its name and lines."""
    try:
        understood((head + text).encode(), source="f", secrets=["CRM"])
    except PolicyError as error:
        return [str(one).partition(": ")[2] for one in error.problems]
    return []


def rules(*written: str) -> str:
    """Rules a, b, … of which each is "when → then"."""
    lines = [
        f"  - {{name: {name}, when: {{{when.strip()}}}, then: {{{then.strip()}}}}}"
        for name, (when, _, then) in zip("abcdef", (one.partition("→") for one in written), strict=False)
    ]
    return "rules:\n" + "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (rules("category: refnd → tier: 3"), "rules[0].when.category names 'refnd', which is not among categories: did you mean refund?"),
        (rules("none_of: [{segment: vp}] → tier: 3"), "rules[0].when.none_of[0].segment names 'vp', which is not among segments: did you mean vip?"),
        (rules("tag: x → group: caash"), "rules[0].then.group names 'caash', which is not among groups: did you mean cash?"),
        (rules("tag: x → answer: wiat"), "rules[0].then.answer names 'wiat', which is not among answers: did you mean wait?"),
        (rules("tag: x → playbook: zz"), "rules[0].then.playbook names 'zz', which is not among playbooks: write one of p, q."),
        ("escalation: {group: x}", "escalation.group names 'x', which is not among groups: write one of cash, seniors."),
        ("outreach: [{name: o, signal: s, playbook: x, texts: {en: a}}]", "outreach[0].playbook names 'x'"),
        ("incidents: {start: yes}", "incidents.start lets an incident start by itself without a text: add incidents.texts"),
        ("targets: {high: 0m}", "targets.high is no time at all: write a longer one"),
        ("languages: []", "languages is empty: write the languages"),
        ("languages: [en, de]", "answers.wait.texts lacks a text in de, which `languages` asks for: add the approved text under de"),
        ("acknowledgement: {de: Hallo}", "acknowledgement lacks a text in en"),
        ("incidents: {texts: {de: Hallo}}", "incidents.texts lacks a text in en"),
        ("acknowledgement: {en: 'see https://x.example'}", "acknowledgement.en holds a link, which an approved text must not"),
        ("acknowledgement: {en: 'see [here](x)'}", "acknowledgement.en holds a link"),
        ("acknowledgement: {en: 'pay at pay-acme.example/now'}", "acknowledgement.en holds a link"),
        ("acknowledgement: {en: 'Dear {name}'}", "acknowledgement.en holds a placeholder that nobody fills in: write the words themselves, or {time}."),
        ("acknowledgement: {en: ' '}", "acknowledgement.en is an empty text"),
        ("incidents: {texts: {en: 'back at {time}'}}", "incidents.texts.en holds a placeholder that nobody fills in: write the words themselves."),
        ("lookups: [{name: crm, fields: {a: b}}]", "lookups[0].url is missing"),
        ("lookups: [{name: crm, url: 'https://x.example'}]", "lookups[0].fields are missing"),
        ("lookups: [{name: crm, url: 'http://x.example', fields: {a: b}}]", "lookups[0].url is http: to another host"),
        ("lookups: [{name: crm, url: 'https://u:p@x.example', fields: {a: b}}]", "lookups[0].url carries a name or password"),
        ("lookups: [{name: crm, url: 'https://x.example/{mail}', fields: {a: b}}]", "lookups[0].url holds {mail}, which nobody fills in"),
        ("lookups: [{name: crm, url: 'https://x.example', fields: {a: b}, headers: {Authorization: Bearer x}}]", "lookups[0].headers.Authorization holds a secret in the open: write {secret:NAME}"),
        ("lookups: [{name: crm, url: 'https://x.example', fields: {a: b}, headers: {X-Key: '{secret:CMR}'}}]", "lookups[0].headers.X-Key names the secret 'CMR', which is not set: set CMR in DESKPILOT_LOOKUP__SECRETS."),
        ("lookups: [{name: crm, url: 'https://x.example', fields: {a: b}, headers: {'X Y': z}}]", "lookups[0].headers.X Y is no header"),
        ("lookups: [{name: a, kind: stripe}, {name: a, kind: stripe}]", "lookups[1].name is also the name of lookups[0]"),
        ("rules: [{name: escalation, when: {tag: a}, then: {tier: 2}}]", "rules[0].name is a name that deskpilot itself writes"),
        ("rules: [{name: a, when: {tag: a}, then: {tier: 2}}, {name: a, when: {tag: b}, then: {tier: 2}}]", "rules[1].name is also the name of rules[0]"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_named(text: str, sentence: str) -> None:
    """One problem, and it alone."""
    found = said(text)
    assert len(found) == 1 or "languages: [en, de]" in text
    assert found[0].startswith(sentence)


def test_circles_are_found_once_each() -> None:
    """Among the parents of categories, and among segments, through conditions in conditions."""
    text = """version: 1
categories: {a: {parent: b}, b: {parent: c}, c: {parent: a}, d: {parent: d}}
segments:
  x: {when: {tag: t, segment: y}}
  y: {when: {none_of: [{any_of: [{segment: x}]}]}}
  z: {when: {segment: x}}
"""
    assert said(text, head="") == [
        "categories.a.parent closes a circle: a → b → c → a: take one of them out.",
        "categories.d.parent closes a circle: d → d: take one of them out.",
        "segments.x.when closes a circle: x → y → x: take one of them out.",
    ]


def test_a_good_policy_is_not_complained_of() -> None:
    """What looks odd and still has its sense."""
    text = """acknowledgement: {en: "I answer within {time}.Or write to privacy@x.example.", pl: Dzień dobry}
outreach: [{name: o, signal: sync_failed, subject: {en: "{app} stopped"}, texts: {en: "Hello, {app} has stopped."}}]
lookups:
  - {name: crm, url: "https://x.example/{email}?o={organization}", fields: {plan: a.0.b}, headers: {Authorization: "Bearer {secret:crm}"}}
  - {name: near, url: "http://127.0.0.1:9/{id}", fields: {plan: a}}
  - {name: pay, kind: stripe}
"""
    odd = rules(
        "category: fault, amount: {over: 5} → tier: 3, group: seniors",
        "category: fault → group: cash",  # the wider one, later
        "category: refund, sentiment: angry → tier: 3, group: cash",
        "sentiment: angry, none_of: [{category: fault}] → tier: 2, priority: high",
        "amount: {over: 5, under: 9}, none_of: [{amount: {over: 100}}] → tier: 2",  # of several amounts
        "group: [one], none_of: [{group: two}], any_of: [{group: three}] → tier: 2",  # id and name
    )
    assert said(text + odd) == []


@pytest.mark.parametrize(
    ("when", "why"),
    [
        ("amount: {over: 200, under: 200}", "asks for an amount over 200 and under 200 at once"),
        ("stakes: {over: 5}", "asks for stakes over 5 and under 6, which no number is"),
        ("complexity: {over: 3, under: 4}", "asks for complexity over 3 and under 4, which no number is"),
        ("stakes: {over: 3}, any_of: [{stakes: {under: 4}}]", "leaves nothing of any_of that could hold"),
        ("category: fault, none_of: [{category: [fault, refund]}]", "asks for what its none_of rules out"),
        ("category: refund, none_of: [{category: money}]", "asks for what its none_of rules out"),  # its parent
        ("tag: a, none_of: [{}]", "asks for what its none_of rules out"),
        ("amount: {over: 50}, none_of: [{amount: {over: 5}}]", "asks for what its none_of rules out"),
        ("category: fault, any_of: [{category: refund}, {category: money}]", "leaves nothing of any_of that could hold"),
        ("language: de-AT, any_of: [{language: en, tag: x}]", "leaves nothing of any_of that could hold"),
        ("sentiment: angry, any_of: [{sentiment: [happy, content]}]", "leaves nothing of any_of that could hold"),
    ],
)  # fmt: skip
def test_a_rule_that_can_never_fire_is_named_with_the_reason(when: str, why: str) -> None:
    """And so is a segment in which nobody can be."""
    assert said(rules(f"{when} → tier: 3")) == [f"rules[0].when {why}: the rule can never fire: change one of the two."]
    alone = HEAD.replace("when: {tag: vip}", f"when: {{{when}}}")
    assert said("", head=alone) == [f"segments.vip.when {why}: no customer is ever in it: change one of the two."]


@pytest.mark.parametrize(
    ("effect", "sentence"),
    [
        ("", "rules[0].then says nothing: the rule changes no ticket"),
        ("why: x", "rules[0].then says nothing: the rule changes no ticket"),
        ("tier: 1, tags: a", "rules[0].then.tier is 1, which every ticket has"),
        ("group: seniors", "rules[0].then.group is 'seniors', but refund says another, and a category comes before every rule"),
        ("answer: other", "rules[0].then.answer is 'other', but refund says another"),
    ],
)  # fmt: skip
def test_an_effect_that_never_matters_is_named(effect: str, sentence: str) -> None:
    """Of a rule for refunds, which have a tier, a group and an answer already."""
    found = said(rules(f"category: refund → {effect}"))
    assert len(found) == 1
    assert found[0].startswith(sentence)


def test_a_tier_below_the_categorys_is_named() -> None:
    """The higher one wins."""
    head = HEAD.replace("money: {tier: 2,", "money: {tier: 3,")
    assert said(rules("category: [refund, money] → tier: 2"), head=head) == [
        "rules[0].then.tier is 2, but refund, money has 3 already: of two tiers the higher wins: raise it, or remove it."
    ]
    assert said(rules("category: [refund, fault] → tier: 2"), head=head) == []


@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [
        ("tag: [a, b] → group: cash", "tag: a, stakes: {over: 3} → group: seniors", "rules[1].then.group is 'seniors', but rule 'a' (rules[0]) fires on the same tickets and says 'cash', which wins: move 'b' before it, or narrow the condition of 'a'."),
        ("tag: A → priority: low", "tag: a → priority: high", "rules[1].then.priority is 'high', but rule 'a' (rules[0]) fires on the same tickets and says 'low', which wins: make 'b' and 'a' one rule."),
        ("category: money → answer: wait", "category: money, amount: {over: 9} → answer: other", "rules[1].then.answer is 'other', but rule 'a'"),
        ("→ playbook: p", "words: [x] → playbook: q", "rules[1].then.playbook is 'q', but rule 'a'"),
        ("amount: {over: 10} → tier: 3", "amount: {over: 50} → tier: 2", "rules[1].then.tier is 2, but rule 'a' (rules[0]) fires on the same tickets and says 3"),
        ("any_of: [{tag: a}, {tag: b}] → tier: 3, tags: [x, y]", "tag: b → tags: x", "rules[1].then changes nothing: rule 'a' (rules[0]) fires on the same tickets and says all of it: remove 'b'."),
        ("none_of: [{tag: a}] → tier: 3", "none_of: [{tag: [a, b]}], language: de → tier: 3", "rules[1].then changes nothing"),
        ("field: {x: [1, 2]} → tier: 3", "field: {x: 1, y: 2}, customer: {z: 3} → tier: 2", "rules[1].then.tier is 2, but rule 'a'"),
    ],
)  # fmt: skip
def test_rules_of_which_one_always_wins_are_named_both(first: str, second: str, sentence: str) -> None:
    """Which would win, and how to mend it; the other way round there is nothing to say."""
    head = HEAD.replace(", group: cash}", "}").replace(", answer: wait}", "}")
    found = said(rules(first, second), head=head)
    assert len(found) == 1
    assert found[0].startswith(sentence)


def test_rules_that_meet_on_some_tickets_are_left_to_their_order() -> None:
    """Neither holds whenever the other does; what is of one amount may not be of another."""
    head = HEAD.replace(", group: cash}", "}")
    assert said(rules("tag: a → group: cash", "tag: [a, b] → group: seniors"), head=head) == []
    assert said(rules("tag: a → group: cash", "language: de → group: seniors"), head=head) == []
    assert (
        said(rules("amount: {over: 9}, currency: EUR → group: cash", "amount: {over: 9} → group: seniors"), head=head)
        == []
    )
    assert said(rules("none_of: [{tag: a}] → group: cash", "language: de → group: seniors"), head=head) == []
    assert said(rules("tag: a → tier: 2, why: one", "tag: a, language: de → tier: 2, why: two"), head=head) == []


def test_of_the_built_in_rules_nothing_is_said() -> None:
    """A file's rule may take over what one of them says: that is what it is for."""
    assert (
        said("extends: builtin\nrules: [{name: all, when: {}, then: {tier: 3, priority: low}}]", head="version: 1\n")
        == []
    )
