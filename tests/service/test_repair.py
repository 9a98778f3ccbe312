"""JSON as models break it."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from pydantic import BaseModel

from service.repair import line, lines, read_object, schema_of

KEYS = ("reply", "covered", "citations")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"reply": "Hi", "covered": true}', {"reply": "Hi", "covered": True}),
        ('```json\n{"reply": "Hi"}\n```', {"reply": "Hi"}),
        ('Sure {here} you go:\n{"reply": "Hi"}\nI hope this helps!', {"reply": "Hi"}),
        ('{"reply": "Hi", "citations": [1, 2,],}', {"reply": "Hi", "citations": [1, 2]}),
        ("{'reply': 'It\\'s here', 'covered': True, 'citations': None}", {"reply": "It's here", "covered": True, "citations": None}),
        ("{'reply': 'It's here'}", {"reply": "It's here"}),
        ('{"reply": "Click "Save", then wait"}', {"reply": 'Click "Save", then wait'}),
        ('{"reply": "one\ntwo"}', {"reply": "one\ntwo"}),
        ('{reply: "Hi", covered: false}', {"reply": "Hi", "covered": False}),
        ("{“reply”: “Hallo”, “covered”: true}", {"reply": "Hallo", "covered": True}),
        ('{"reply": "Hi" "covered": true}', {"reply": "Hi", "covered": True}),
        ('{"reply": "Hi,\n "covered": true}', {"reply": "Hi", "covered": True}),
        ('{"reply": "cut in the mid', {"reply": "cut in the mid"}),
        ('{"reply": "Hi", "citations": [{"number": 1, "supports": "the da', {"reply": "Hi", "citations": [{"number": 1, "supports": "the da"}]}),
        ('{"reply": "Hi", "citations": [1, 2}', {"reply": "Hi", "citations": [1, 2]}),
        ('{"reply": "Hi", /* why */ "covered": true} // done', {"reply": "Hi", "covered": True}),
        ('[{"reply": "Hi"}]', {"reply": "Hi"}),
        ('{"answer": {"reply": "Hi"}}', {"reply": "Hi"}),
        ('{"Reply": "Hi", "Covered": true}', {"reply": "Hi", "covered": True}),
        ('{"reply": "caf\\u00e9 \\ud83d\\ude00 \\ud83d"', {"reply": "café 😀 �"}),
        ('{"reply": "Hi <NAME_1>,\\n\\n1. Open \\"Settings\\"", "extra": {"a": 01.50}}', {"reply": 'Hi <NAME_1>,\n\n1. Open "Settings"', "extra": {"a": 1.5}}),
    ],
)  # fmt: skip
def test_a_broken_answer_is_read(text: str, expected: dict[str, Any]) -> None:
    """Each of these was written by some model."""
    assert read_object(text, keys=KEYS) == expected


@pytest.mark.parametrize(
    "text", ["", "I cannot help with that.", "{}", "[]", "null", '{"something": 1}', "{" * 200, '"reply"']
)
def test_what_holds_no_answer_is_none(text: str) -> None:
    """Then the step says so instead of guessing."""
    assert read_object(text, keys=KEYS) is None


@pytest.mark.parametrize("end", range(12, 75, 7))
def test_an_answer_cut_anywhere_gives_what_was_written(end: int) -> None:
    """The limit of tokens ends an answer at any place."""
    whole = json.dumps({"reply": "Parcels take three days.", "citations": [{"number": 1}], "covered": True})

    found = read_object(whole[:end], keys=KEYS)

    assert found is not None
    assert "Parcels take three days.".startswith(found["reply"])


@pytest.mark.timeout(20)  # linear time takes one second, quadratic time half a minute and more
def test_hostile_output_takes_no_longer_than_its_length() -> None:
    """A stranger may word what a model writes; a slow reader would hang the worker."""
    dice = random.Random(5)
    pieces = [
        "{",
        "}",
        "[",
        "]",
        '"',
        "'",
        "\\",
        ":",
        ",",
        "a",
        "\n",
        " ",
        "```",
        "//",
        "/*",
        "1",
        '"reply":',
        "“",
        "\\u",
        " ,",
    ]
    hostile = ["".join(dice.choices(pieces, k=dice.randint(1, 8))) * 4_000 for _ in range(60)]
    hostile += ['[" reply", ") ' * 2_000, '{"reply": "' + "\n" * 40_000, '{"reply": "' + '" ' * 20_000, "{" * 40_000]

    for text in hostile:
        read_object(text, keys=KEYS)
        read_object('{"reply": "Hello ' + text, keys=KEYS)


def test_odd_values_become_lines() -> None:
    """Numbers, nested lists and list marks are read as text; what is no text vanishes."""
    assert line(["a", 1, None, True]) == "a 1"
    assert lines("- one\n- two\n") == ("one", "two")
    assert lines({"a": "one", "b": ["two", "three"]}) == ("one", "two three")
    assert lines(None) == ()


def test_a_schema_is_strict() -> None:
    """Servers in strict mode want every field required and no others."""

    class Inner(BaseModel):
        number: int = 0

    class Outer(BaseModel):
        inner: list[Inner] = []
        text: str = ""

    schema = schema_of(Outer)

    assert schema["required"] == ["inner", "text"]
    assert schema["additionalProperties"] is False
    assert schema["$defs"]["Inner"]["required"] == ["number"]
    assert "default" not in schema["properties"]["text"]


def test_a_line_can_be_stored() -> None:
    """A model that a stranger leads writes NUL and half characters, and a ticket must not fail for it."""
    assert line("ja\x00va\ud83d sc\x1bript") == "java script"
