"""The policies that our pages show are good ones."""

from __future__ import annotations

import re
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from service.policy.document import Condition, Effect, Policy
from service.policy.reading import builtin, understood
from service.policy.schema import schema

ROOT = Path(__file__).parents[3]
PAGES = {"README.md": ROOT / "README.md", "policy.md": ROOT / "deploy" / "policy.md"}

_SHOWN = re.compile(r"```yaml\n(version: 1\n.*?)```", re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_the_policy_that_a_page_shows_may_come_into_force(page: str) -> None:
    """Nobody copies one that is refused."""
    (text,) = _SHOWN.findall(PAGES[page].read_text())

    policy = understood(text.encode(), source=page, secrets=()).policy

    assert policy.rules[0].name == "expensive refund"
    assert len(policy.categories) == len(builtin().policy.categories)
    jsonschema_rs.validator_for(schema()).validate(yaml.safe_load(text))


def test_the_readme_shows_about_ten_lines() -> None:
    """It is read in a minute."""
    (text,) = _SHOWN.findall(PAGES["README.md"].read_text())
    assert len(text.splitlines()) <= 10


def test_the_readme_counts_the_kinds_of_tickets() -> None:
    """As many as there are."""
    assert f"knows {len(builtin().policy.categories)} kinds of tickets" in PAGES["README.md"].read_text()


def test_every_key_stands_on_the_page_of_the_policy() -> None:
    """What is not described is not found."""
    text = PAGES["policy.md"].read_text()
    missing = [
        name
        for model in (Policy, Condition, Effect)
        for name in model.model_fields
        if f"`{name}`" not in text and name != "name"
    ]
    assert missing == []
