"""A file whose shape is wrong somewhere is judged by sense elsewhere, and of nothing that would be right when it is mended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from service.policy import reading
from service.policy.document import Policy
from service.policy.problems import Finding, Place, PolicyError, key_of
from service.policy.reading import understood
from service.policy.sense import nonsense

GOOD = """version: 1
languages: [en, de]
categories:
  money: {tier: 2, group: cash, title: {en: Money, de: Geld}}
  cards: {parent: money, stakes: 3, examples: [my card is lost]}
  lost: {parent: cards, answer: wait}
groups: {cash: {title: Cash, zendesk: 7}, seniors: {title: {en: Seniors}, first_answer: 1h}}
targets: {urgent: 15m, high: 2h}
segments:
  vip: {when: {tag: vip, none_of: [{tag: left}]}, signals: 1}
  big: {when: {any_of: [{segment: vip}, {customer: {plan: gold}}]}}
escalation: {signals: 2, group: seniors, sure: 0.4}
answers: {wait: {title: {en: Wait}, texts: {en: Please wait., de: Bitte warten.}, approved_by: legal}}
acknowledgement: {en: "I answer within {time}.", de: "Antwort in {time}."}
playbooks: {theft: {title: Theft, steps: [{en: Call}, Write], texts: {en: Hello., de: Hallo.}}}
incidents: {window: 20m, start: true, lasts: 3h, texts: {en: We know., de: Wir wissen es.}}
write: {group: true, tags: [ai_*], fields: {intent: "360"}}
rules:
  - name: narrow
    when: {tag: [a], stakes: {over: 3}, none_of: [{language: fr}]}
    then: {group: seniors, tier: 3, checks: [Look]}
  - {name: wide, when: {tag: a}, then: {group: cash, playbook: theft}}
  - {name: of a kind, when: {category: cards, any_of: [{sentiment: angry}, {category: lost}]}, then: {tier: 3}}
  - {name: for some, when: {segment: big, amount: {over: 5, under: 9}}, then: {answer: wait, first_answer: 30m}}
lookups:
  - {name: crm, url: "https://x.example/{email}", fields: {plan: data.plan}, headers: {Authorization: "Bearer {secret:CRM}"}}
  - {name: pay, kind: stripe, keep: 5m}
outreach:
  - {name: o, signal: s, data: {x: y}, playbook: theft, subject: {en: A, de: B}, texts: {en: Hello., de: Hallo.}, expires: 2d}
"""


def told(text: str) -> list[str]:
    """What is wrong with a file: where, and what."""
    try:
        understood(text.encode(), source="f", secrets=["CRM"])
    except PolicyError as error:
        return [f"{one.line}: {one.key} {one.said}" for one in error.problems]
    return []


def test_mistakes_of_shape_and_of_sense_are_told_at_once() -> None:
    """In the file's order, in the same entry and in others."""
    text = """version: 1
nmae: Ours
languages: [en, de]
groups: {cash: {title: Cash}}
answers: {wait: {texts: {en: Please wait.}}, odd: {texts: {DE: Bitte.}}}
incidents: {start: yes, texts: {en: 'see https://x.example', de: x}, window: 0m, factor: many}
rules:
  - {name: a, when: {tag: x, stakes: {over: 5}}, then: {tier: 3}}
  - {name: b, when: {tag: y}, then: {tier: 4, group: caash}}
  - {name: c, when: {tag: z}, then: {group: cash, tags: one}}
  - {name: c, when: {tag: [z], language: de}, then: {tags: one}}
"""
    assert told(text) == [
        "2: nmae is no key that is known here",
        "5: answers.odd.texts.DE says 'DE'",
        "5: answers.wait.texts lacks a text in de, which `languages` asks for",
        "6: incidents.factor is 'many'",
        "6: incidents.texts.en holds a link, which an approved text must not",
        "6: incidents.window is no time at all",
        "8: rules[0].when asks for stakes over 5 and under 6, which no number is: the rule can never fire",
        "9: rules[1].then.tier says '4'",
        "9: rules[1].then.group names 'caash', which is not among groups",
        "11: rules[3].name is also the name of rules[2]",
        "11: rules[3].then changes nothing: rule 'c' (rules[2]) fires on the same tickets and says all of it",
    ]


def test_entries_keep_their_numbers_when_one_before_them_cannot_be_read() -> None:
    """A rule without a condition, a look-up that is a word."""
    text = """version: 1
rules:
  - {name: a, then: {tier: 3}}
  - 7
  - {name: b, when: {tag: x}, then: {}}
lookups: [crm, {name: n0, kind: stripe}, {name: n0, kind: stripe}]
"""
    assert told(text) == [
        "3: rules[0].when is missing",
        "4: rules[1] is '7'",
        "5: rules[2].then says nothing: the rule changes no ticket",
        "6: lookups[0] is 'crm'",
        "6: lookups[2].name is also the name of lookups[1]",
    ]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("catgories: {money: {tier: 2}}\nrules: [{name: a, when: {category: money}, then: {tier: 3}}]", "catgories"),
        ("groups: [cash]\nescalation: {group: cash}", "groups"),
        ("groups: {cash: {}}\nescalation: {group: cash}", "groups.cash.title"),
        ("extends: built-in\nrules: [{name: a, when: {category: refund}, then: {tier: 3}}]", "extends"),
        ("extend: builtin\nrules: [{name: a, when: {category: refund}, then: {tier: 3}}]", "extend"),
        ("langauges: [de]\nanswers: {a: {texts: {de: x}}}", "langauges"),
        ("languages: [de, Englisch]\nanswers: {a: {texts: {de: x}}}", "languages[1]"),
        ("answers: {a: {texts: {}, en: Hello.}}", "answers.a.en"),
        ("lookups: [{name: a, fields: {a: b}, url: 'ftp:x'}]", "lookups[0].url"),
        ("lookups: [{name: a, kind: Stripe}]", "lookups[0].kind"),
        ("incidents: {start: yes, text: {en: x}}", "incidents.text"),
        ("incidents: {start: yes}\ntexts: {en: x}", "texts"),
        ("rules: [{name: a, when: {tag: x}, then: {tire: 3}}]", "rules[0].then.tire"),
        ("rules: [{name: a, when: {tga: x}, then: {tier: 3}}, {name: b, when: {tag: y}, then: {tier: 2}}]", "rules[0].when.tga"),
        ("rules: [{name: a, when: {}, then: {tier: 3}}, {name: b, when: {tag: y}, then: {tier: 2}}]\nnone_of: [{tag: z}]", "none_of"),
        ("categories: {a: {parnet: b}, b: {}}\nrules: [{name: r, when: {category: a, any_of: [{category: b}]}, then: {tier: 3}}]", "categories.a.parnet"),
    ],
)  # fmt: skip
def test_what_is_wrong_on_account_of_another_mistake_alone_is_not_told(text: str, key: str) -> None:
    """Whoever mends the one has mended the other."""
    (only,) = told(f"version: 1\n{text}\n")
    assert only.partition(": ")[2].startswith(f"{key} ")


def test_a_part_that_stands_twice_is_not_judged_by_its_first_half() -> None:
    """The other half was not read."""
    text = "version: 1\ngroups: {a: {title: A}}\ngroups: {b: {title: B}}\nescalation: {group: b}\n"
    assert told(text) == ["3: groups stands twice, here and in line 2"]


def _places(value: Any, place: Place = ()) -> Iterator[Place]:
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*place, key)
        yield from _places(inner, (*place, key))


def _at(value: Any, place: Place) -> Any:
    for step in place:
        value = value[step]
    return value


def _broken(place: Place) -> Iterator[dict[str, Any]]:
    """The good file with one mistake at this place: another kind of value, a misspelt key, a line that slipped."""
    others: tuple[object, ...] = (None, [[]], "?")
    for bad in others:
        value = yaml.safe_load(GOOD)
        _at(value, place[:-1])[place[-1]] = bad
        yield value
    if not isinstance(place[-1], str):
        return
    for end in range(len(place)):
        value = yaml.safe_load(GOOD)
        moved = _at(value, place[:-1]).pop(place[-1])
        target = _at(value, place[:end])
        if isinstance(target, dict):
            target[f"{place[-1]}x" if end == len(place) - 1 else place[-1]] = moved
            yield value


@pytest.mark.parametrize("place", list(_places(yaml.safe_load(GOOD))), ids=key_of)
def test_a_good_file_with_one_mistake_of_shape_has_no_mistake_of_sense(
    monkeypatch: pytest.MonkeyPatch, place: Place
) -> None:
    """Wherever it is: mended, nothing would be wrong. What is as well shaped as before may have lost its sense, of course."""
    found: list[Finding] = []

    def listened(policy: Policy, **more: Any) -> Iterator[Finding]:
        found.extend(nonsense(policy, **more))
        return iter(found)

    monkeypatch.setattr(reading, "nonsense", listened)
    assert told(GOOD) == []
    for value in _broken(place):
        found.clear()
        all_of_it = told(yaml.safe_dump(value, sort_keys=False, allow_unicode=True))

        assert not found or len(all_of_it) == len(set(found)), all_of_it
