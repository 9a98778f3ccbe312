"""What a product may send about its customers, and what is said of what it may not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.context.pushed import LASTS, MOST_AT_ONCE, UnfitError, contexts, signals

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
GOOD = {"customer": "Ana@Acme.example", "facts": {"plan": "gold", "seats": 12, "trial": False, "score": 0.5}}
SIGNAL = {"customer": "zendesk:4711", "kind": "sync_failed", "data": {"job": "Orders"}, "id": "evt-1"}


def refused(given: object, *, signal: bool = False) -> list[tuple[int, str, str]]:
    """Index, key and problem of each."""
    body = given if isinstance(given, bytes) else json.dumps(given).encode()
    with pytest.raises(UnfitError) as error:
        (signals if signal else contexts)(body, now=NOW, days=30)
    return [(one.index, one.key, one.problem) for one in error.value.problems]


def test_facts_are_kept_as_text_until_they_expire() -> None:
    """A day where nobody says until when; the address in lower case."""
    (one,) = contexts(json.dumps(GOOD).encode(), now=NOW, days=30)

    assert one.customer == "ana@acme.example"
    assert one.facts == {"plan": "gold", "seats": "12", "trial": "false", "score": "0.5"}
    assert one.expires_at == NOW + LASTS


def test_a_signal_without_an_id_is_known_by_what_it_says() -> None:
    """Sent again it is the same one; of another customer another."""
    bare = {key: value for key, value in SIGNAL.items() if key != "id"}
    first, second, other = (
        signals(json.dumps(one).encode(), now=NOW, days=30)[0].delivery_id
        for one in (bare, bare, {**bare, "customer": "zendesk:4712"})
    )

    assert first == second != other
    assert signals(json.dumps(SIGNAL).encode(), now=NOW, days=30)[0].delivery_id == "evt-1"


@pytest.mark.parametrize(
    ("change", "key", "said"),
    [
        ({"customer": "Ana"}, "customer", "write an e-mail address"),
        ({"customer": "shop:1"}, "customer", "write an e-mail address"),
        ({"customer": 7}, "customer", "valid string"),
        ({"facts": {}}, "facts", "at least 1"),
        ({"facts": {f"f{n}": "x" for n in range(51)}}, "facts", "at most 50"),
        ({"facts": {"plan": "x" * 101}}, "facts.plan", "one line of at most 100"),
        ({"facts": {"plan": "a\nb"}}, "facts.plan", "one line of at most 100"),
        ({"facts": {"plan": " "}}, "facts.plan", "says nothing"),
        ({"facts": {"plan": ["gold"]}}, "facts.plan", "valid string"),
        ({"facts": {"1 plan": "x"}}, "facts.1 plan", "match pattern"),
        ({"plan": "gold"}, "plan", "not permitted"),
        ({"expires_at": "2026-11-22T11:00:00Z"}, "expires_at", "not in the next 30 days"),
        ({"expires_at": "2027-11-22T11:00:00Z"}, "expires_at", "not in the next 30 days"),
        ({"expires_at": "2026-11-23T11:00:00"}, "expires_at", "timezone"),
        ({"expires_at": "9999-12-31T23:59:59-14:00"}, "expires_at", "not in the next 30 days"),
        ({"expires_at": "tomorrow"}, "expires_at", "valid datetime"),
    ],
)
def test_what_is_wrong_is_said_with_its_index_and_key(change: dict[str, Any], key: str, said: str) -> None:
    """The second of three is bad: none is taken."""
    problems = refused([GOOD, {**GOOD, **change}, GOOD])

    assert {(index, where) for index, where, _ in problems} == {(1, key)}
    assert said in problems[0][2]
    assert "xxxxx" not in str(problems)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "is not JSON"),
        (b"\xff", "is not JSON"),
        (b"[" * 20_000 + b"]" * 20_000, "is not JSON"),
        ([], "send 1 to 100"),
        ([SIGNAL] * (MOST_AT_ONCE + 1), "send 1 to 100"),
        ("sync_failed", "valid dictionary"),
        (None, "valid dictionary"),
    ],
    ids=["nothing", "no utf-8", "nested deep", "none", "too many", "a text", "null"],
)
def test_what_is_no_signal_at_all(body: object, said: str) -> None:
    """Said of the whole."""
    ((index, key, problem),) = refused(body, signal=True)

    assert (index, key) == (0, "body")
    assert said in problem


def test_longest_times_are_the_retentions() -> None:
    """Exactly so many days are allowed."""
    until = (NOW + timedelta(days=30)).isoformat()

    assert contexts(json.dumps({**GOOD, "expires_at": until}).encode(), now=NOW, days=30)[
        0
    ].expires_at == NOW + timedelta(days=30)
