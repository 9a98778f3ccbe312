"""A policy file is read, or every mistake in it is named with file, line, key and remedy."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from service.policy.document import Policy
from service.policy.problems import PolicyError, Problem
from service.policy.reading import BUILTIN, builtin, read, understood
from service.policy.tree import LONGEST_BYTES


def problems(text: str | bytes) -> tuple[Problem, ...]:
    """What is wrong with a file of this content; nothing where it may come into force."""
    try:
        understood(text.encode() if isinstance(text, str) else text, source="policy.yaml")
    except PolicyError as error:
        return error.problems
    return ()


def said(text: str | bytes) -> list[str]:
    """The same in sentences."""
    return [str(one) for one in problems(text)]


def test_a_file_becomes_a_policy(tmp_path: Path) -> None:
    """With a version that `sha256sum` prints, too."""
    file = tmp_path / "policy.yaml"
    file.write_text(
        "version: 1\nname: Ours\ntargets: {high: 2h}\nrules:\n- {name: a, when: {tag: 7}, then: {tier: 2}}\n"
    )

    found = read(file)

    assert found.policy.targets == {"high": timedelta(hours=2)}
    assert found.policy.rules[0].when.tag == ("7",)
    assert found.version == hashlib.sha256(file.read_bytes()).hexdigest()[:12]
    assert found.source == str(file)
    assert found.text == file.read_text()


def test_a_file_that_extends_the_built_in_policy_says_only_what_differs() -> None:
    """Its rules come first, and in place of their namesakes; its version names both."""
    text = """version: 1
extends: builtin
targets: {urgent: 15m}
categories:
  refund: {tier: 3}
rules:
  - {name: ours, when: {tag: vip}, then: {tier: 2}}
  - {name: press, when: {signal: press}, then: {tier: 3, priority: high}}
"""
    found = understood(text.encode(), source="policy.yaml")
    base = builtin().policy

    assert found.version.endswith(f"+{builtin().version}")
    assert found.policy.targets == {**base.targets, "urgent": timedelta(minutes=15)}
    assert found.policy.categories["refund"].tier == 3
    assert found.policy.categories["refund"].examples == base.categories["refund"].examples
    assert [rule.name for rule in found.policy.rules][:3] == ["ours", "press", "danger"]
    assert len(found.policy.rules) == len(base.rules) + 1


def test_words_of_yaml_are_read_as_people_mean_them() -> None:
    """`no` is a language or an answer, 0123 an id, a tick is true; a date stays a text."""
    policy = understood(
        b"version: 1\nname: 2026-11-22\nlanguages: [no]\nincidents: {start: no}\nrules:\n"
        b"- {name: a, when: {language: no, group: 0123, field: {vip: true, since: 2020}}, then: {tags: [on, 5]}}\n",
        source="policy.yaml",
    ).policy

    assert policy.name == "2026-11-22"
    assert policy.languages == ("no",)
    assert policy.incidents.start is False
    assert policy.rules[0].when.group == ("0123",)
    assert policy.rules[0].when.field == {"vip": ("true",), "since": ("2020",)}
    assert policy.rules[0].then.tags == ("on", "5")


def test_all_problems_are_told_at_once_with_file_line_key_and_remedy() -> None:
    """Nobody mends one, starts, and reads of the next."""
    text = """version: 1
ruels: []
rules:
  - name: first
    when: {sentiment: angy}
    then: {tier: 4, first_answer: soon}
    then: {}
targets:
  urgent:
  hihg: 3h
"""
    assert said(text) == [
        "policy.yaml:2: ruels is no key that is known here: did you mean rules?",
        "policy.yaml:5: rules[0].when.sentiment[0] says 'angy': did you mean angry?",
        "policy.yaml:6: rules[0].then.tier says '4': write one of 1, 2, 3.",
        "policy.yaml:6: rules[0].then.first_answer says 'soon': a duration is a number and s, m, h or d, as in 30m or 2h.",
        "policy.yaml:7: rules[0].then stands twice, here and in line 6: remove one, or make them one.",
        "policy.yaml:9: targets.urgent says nothing: write a value, or remove the key.",
        "policy.yaml:10: targets.hihg is no key that is known here: did you mean high?",
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"", "policy.yaml:1: the file is empty: begin it with version: 1."),
        (b"# nothing\n", "policy.yaml:1: the file is empty: begin it with version: 1."),
        (b"- 1", "policy.yaml:1: the file is no group of keys: begin it with version: 1."),
        (b"name: x", "policy.yaml:1: version is missing: add it."),
        (b"version: 2", "policy.yaml:1: version says '2': write one of 1."),
        (b"version: 1\nname: \xff", "policy.yaml:2: the file is not text in UTF-8: save it as UTF-8."),
        (b"version: 1\nname: &a x\nrules: *a", "policy.yaml:2: the file uses an anchor"),
        (b"a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]", "policy.yaml:1: the file uses an anchor"),
        (b"[" * 5000, "policy.yaml:1: the file is nested deeper than 30 levels"),
        (b"version: 1\nrules: [\n", "policy.yaml:3: the file is no YAML ("),
        (b"version: 1\n\tname: x\n", "policy.yaml:2: the file is no YAML ("),
        (b"version: 1\n---\nversion: 1\n", "policy.yaml:2: the file is no YAML ("),
        (b"extends: builtin", "policy.yaml:1: version is missing: add it."),
        (b"version: 1\ngroups:\n\ta: {}\n", "policy.yaml:3: the file is no YAML (found character that cannot start any token): a tab stands"),
        (b"version: 1\nname: a: b\n", "policy.yaml:2: the file is no YAML (mapping values are not allowed in this context): put a text"),
        ("version: 1\nanswers: {a: “x: y”, b: z}".encode(), "policy.yaml:2: the file is no YAML ("),
        ("version: 1\nname: [„x“: y: z]".encode(), "policy.yaml:2: the file is no YAML (did not find expected ',' or ']'): write straight quotes"),
        (b"version: 1\nrules:\n  - a: 1\n    b: 1\n   c: 1", "policy.yaml:5: the file is no YAML (did not find expected '-' indicator): begin each"),
        (b"version: 1\nescalation: [a]", "policy.yaml:2: escalation is a list: write a group of its keys: signals, questions, group, sure."),
        (b"version: 1\nname: !!python/object:os.system x", "policy.yaml:2: name has the tag"),
        (b'version: 1\nname: "\\0"', "policy.yaml:2: name holds a control character"),
        (b"version: 1\n? [a]\n: b", "policy.yaml:1: the file has a key in line 2 that is no word"),
        (b"version: 1\nname: {a: 1}", "policy.yaml:2: name is a group of keys: write a text."),
        (b"version: 1\nrules: {a: 1}", "policy.yaml:2: rules is a group of keys: write a list, whose entries begin with -."),
        (b"version: 1\ngroups: [a]", "policy.yaml:2: groups is a list: write a group of keys, as name: value without -."),
        (b"version: 1\nescalation: {signals: 9}", "policy.yaml:2: escalation.signals says '9': it should be less than"),
        (b"version: 1\nescalation: {signals: many}", "policy.yaml:2: escalation.signals is 'many': write a whole number."),
        (b"version: 1\nlanguages: [English]", "policy.yaml:2: languages[0] says 'English': write a language in two or"),
        (b"version: 1\nextends: built-in", "policy.yaml:2: extends says 'built-in': did you mean builtin?"),
        (b"version: 1\nrules:\n- {name: a, then: {}}", "policy.yaml:3: rules[0].when is missing: add it."),
        (b"version: 1\nlookups:\n- {name: CRM}", "policy.yaml:3: lookups[0].name says 'CRM': write small letters"),
        (b"version: 1\nlookups:\n- {name: crm, url: ftp:x}", "policy.yaml:3: lookups[0].url is 'ftp:x': write an addr"),
        (b"version: 1\nrules: [" + b"{name: a, when: {}, then: {}}," * 501 + b"]", "policy.yaml:2: rules has more than 500"),
    ],
)  # fmt: skip
def test_what_is_no_policy_says_where_and_how_to_mend_it(text: bytes, sentence: str) -> None:
    """One sentence, and never a traceback."""
    assert any(one.startswith(sentence) for one in said(text)), said(text)


def test_a_file_that_is_too_long_is_not_read(tmp_path: Path) -> None:
    """Nor one that is not there, or a folder."""
    (tmp_path / "long.yaml").write_bytes(b"version: 1\n" + b"# padding\n" * (LONGEST_BYTES // 10))
    for name, sentence in (
        ("long.yaml", "longer than 1,000,000 bytes"),
        ("none.yaml", "is not there"),
        (".", "not there"),
    ):
        with pytest.raises(PolicyError, match=sentence):
            read(tmp_path / name)


def test_a_thousand_mistakes_are_told_by_the_first_hundred() -> None:
    """Nobody reads more, and a log must hold them."""
    found = problems("version: 1\n" + "".join(f"key{number}: 1\n" for number in range(1000)))

    assert len(found) == 101
    assert found[-1].said == "holds 900 problems more"


_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.datetimes())
_KEYS = st.one_of(
    st.sampled_from(list(Policy.model_fields)), st.sampled_from(["when", "then", "none_of", "en"]), st.text(max_size=5)
)
_JUNK = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4), max_leaves=20
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(_KEYS, _JUNK, max_size=5))
def test_no_values_do_more_than_be_refused(value: dict[str, Any]) -> None:
    """Whatever stands under the keys we know."""
    assert problems(yaml.safe_dump({"version": 1, **value})) is not None


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=60) | st.text(alphabet="version: 1\n[]{}&*!|>-?'\"#%@`,\\u0Ué\t", max_size=60).map(str.encode)
)
def test_no_bytes_do_more_than_be_refused(content: bytes) -> None:
    """Whatever they are."""
    assert problems(content) is not None


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_broken_policy_does_no_more_than_be_refused(data: st.DataObject) -> None:
    """The built-in one, with a piece lost or doubled."""
    text = BUILTIN.read_bytes()[-7000:]
    start, end = sorted(data.draw(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))))
    cut = text[:start] + text[end:] if data.draw(st.booleans()) else text[:end] + text[start:]

    assert problems(b"version: 1\nextends: builtin\n" + cut) is not None
