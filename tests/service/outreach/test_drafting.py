"""Which signal makes a draft, and in which words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.context.store import Signal
from service.outreach.drafting import Drafted, Undrafted, drafts
from service.policy.document import Policy
from tests.service.outreach.policies import policy, signal

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def made(told: Signal, written: Policy, facts: Mapping[str, str] | None = None) -> list[Drafted | Undrafted]:
    """What follows."""
    return list(drafts(told, written, facts=facts or {}, now=NOW, team_language="en"))


def test_a_draft_names_the_specific_situation() -> None:
    """Approved words, with what the signal says filled in; the playbook's steps in the team's language."""
    (draft,) = made(signal(), policy())

    assert isinstance(draft, Drafted)
    assert draft.text == "Hello,\n\nyour import Orders stopped on 22 Nov. We are looking into it."
    assert draft.subject == "Your import Orders"
    assert draft.situation == "sync failed (job: Orders, date: 22 Nov, severity: high)"
    assert draft.help == {
        "title": "A sync that failed",
        "steps": ["Look at the job's log", "Start it again"],
        "call": "the integrations team",
    }
    assert draft.expires_at == NOW + timedelta(days=3)


@pytest.mark.parametrize(
    ("language", "written"), [("de", "de"), ("de-AT", "de"), ("DE_ch", "de"), ("fr", "en"), ("", "en")]
)
def test_the_customers_language_where_it_is_approved(language: str, written: str) -> None:
    """Else the policy's first."""
    (draft,) = made(signal(), policy(), {"language": language})

    assert isinstance(draft, Drafted)
    assert draft.language == written


def test_a_value_that_is_missing_makes_no_draft() -> None:
    """Nobody is told that their import  stopped on ."""
    (told,) = made(signal(job=" ", date=""), policy())

    assert told == Undrafted("sync failed", "the signal does not say date, job")


def test_only_what_the_policy_asks_for() -> None:
    """Another kind, other data, another customer: nothing."""
    asked: dict[str, Any] = {"customer": {"plan": ["Team", "Enterprise"]}}

    assert made(signal(kind="usage_dropped"), policy()) == []
    assert made(signal(severity="low"), policy()) == []
    assert made(signal(), policy(**asked)) == []
    assert made(signal(), policy(**asked), {"plan": "free"}) == []
    assert len(made(signal(), policy(**asked), {"plan": "team"})) == 1


def test_values_are_one_short_line_and_link_nowhere() -> None:
    """A job may be called anything: by the customer, or by whoever wants to be clicked."""
    (draft,) = made(signal(job="see\nhttps://evil.example/x {date} \u202e" + "y" * 300), policy())

    assert isinstance(draft, Drafted)
    assert "https://evil.example" not in draft.text + draft.subject
    assert "{date}" in draft.text  # what stands in a value is not filled in again
    assert "\u202e" not in draft.text
    assert len(draft.subject) < 140
