"""The published schema of a policy file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from service.policy.reading import BUILTIN
from service.policy.schema import DESCRIPTIONS, as_text, schema

PUBLISHED = Path(__file__).parents[3] / "deploy" / "policy.schema.json"


def test_the_published_schema_is_current() -> None:
    """Write it anew with `deskpilot policy schema > deploy/policy.schema.json`."""
    assert PUBLISHED.read_text() == as_text()


def test_every_key_is_described_and_nothing_else() -> None:
    """A key that is gone keeps no description."""
    made = schema()
    parts = {**made["$defs"], "Policy": made}

    assert {name: set(part["properties"]) for name, part in parts.items()} == {
        name: set(keys) for name, keys in DESCRIPTIONS.items()
    }


def test_the_built_in_policy_fits_the_schema() -> None:
    """As an editor would judge it."""
    jsonschema_rs.validator_for(schema()).validate(yaml.safe_load(BUILTIN.read_text()))


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        ({"rules": [{"name": "a", "when": {"tag": 7, "signal": "legal"}, "then": {"why": "x", "tier": 3}}]}, True),
        ({"rules": [{"name": "a", "when": {"signal": ["legal", "angry"]}, "then": {"why": {"de": "x"}}}]}, True),
        ({"groups": {"a": {"title": "A", "zendesk": 12, "freshdesk": "12"}}}, True),
        ({"lookups": [{"name": "a", "url": "https://x.example/{email}", "keep": "5m"}]}, True),
        ({"ruels": []}, False),
        ({"rules": [{"name": "a", "when": {"signal": "leagl"}, "then": {}}]}, False),
        ({"targets": {"high": "soon"}}, False),
        ({"acknowledgement": {"English": "x"}}, False),
        ({"categories": {"a": {"tier": 4}}}, False),
    ],
)  # fmt: skip
def test_what_the_reader_takes_fits_the_schema(value: dict[str, Any], fits: bool) -> None:  # noqa: FBT001
    """One value for a list, a number for an id, one text for all languages."""
    assert jsonschema_rs.validator_for(schema()).is_valid({"version": 1, **value}) is fits
