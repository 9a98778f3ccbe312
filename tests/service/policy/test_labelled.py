"""Labelled tickets are read, or refused with the line that is wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.labelled import LabelledError
from service.policy.labelled import Answered, read_tickets

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

TICKETS = """
- id: a1
  language: en
  tier: 3
  category: refund
  subject: "Invoice"
  tags: [vip]
  contacts_7d: 3
  messages:
  - "Where is it?"
  - agent: "On its way."
  - "I want my money back"
- {id: 7, tier: 1, messages: [Hello]}
"""


def file(tmp_path: Path, text: str) -> Path:
    """With this text."""
    path = tmp_path / "tickets.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_ticket_is_replayed_as_it_stood_after_each_message_of_its_customer(tmp_path: Path) -> None:
    """Oldest first; an agent's answer stands between; the newest message is from now."""
    first, second = read_tickets(file(tmp_path, TICKETS))
    stood = list(first.tickets(NOW))

    assert [[(one.kind, one.text) for one in of.messages] for of in stood] == [
        [("requester message", "Where is it?")],
        [
            ("requester message", "Where is it?"),
            ("public reply", "On its way."),
            ("requester message", "I want my money back"),
        ],
    ]
    assert (stood[1].updated_at, stood[1].tags, first.contacts_7d, second.id) == (NOW, ("vip",), 3, "7")


def test_json_is_read_too(tmp_path: Path) -> None:
    """What a program exports."""
    given = [{"id": "a", "tier": 2, "messages": ["Hm", {"agent": "Yes?"}, "No"]}]

    assert read_tickets(file(tmp_path, json.dumps(given)))[0].messages == ("Hm", Answered(agent="Yes?"), "No")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "- {id: a, tier: 1, messages: [x]}\n- {id: a, tier: 1, messages: [x]}\n",
            "line 2, 1.id: the id 'a' comes twice",
        ),
        ("- id: a\n  tier: 4\n  messages: [x]\n", "line 2, 0.tier"),
        ("- id: a\n  tier: 1\n  messages: [x]\n  colour: red\n", "line 4, 0.colour"),
        ("- id: a\n  tier: 1\n  messages:\n  - x\n  - {agent: y}\n", "the last message must be the customer's"),
        ("- id: a\n  tier: 1\n  messages: [\n", "line 4: no YAML"),
        ("tickets: []\n", "line 1, the whole file"),
        ("", "the whole file"),
        ("- id: a\n  tier: 1\n  messages: []\n", "line 3, 0.messages"),
        ("\x00", "no YAML"),
        ("- " * 5000, "YAML|nested too deeply|whole file|0"),
    ],
    ids=["twice", "tier", "unknown key", "answered", "no yaml", "no list", "empty", "no message", "binary", "deep"],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    """Nobody searches a thousand tickets."""
    with pytest.raises(LabelledError, match=says):
        read_tickets(file(tmp_path, text))


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    """Not there, or no text."""
    with pytest.raises(LabelledError, match="cannot be read: No such file"):
        read_tickets(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes("- id: é".encode("latin-1"))
    with pytest.raises(LabelledError, match="not UTF-8 text"):
        read_tickets(tmp_path / "latin.yaml")
