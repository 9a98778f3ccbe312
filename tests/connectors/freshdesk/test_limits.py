"""What a call to Freshdesk counts against, and what its headers say about that."""

from __future__ import annotations

import pytest

from connectors.budget import Bucket
from connectors.freshdesk import limits

TICKET = "/api/v2/tickets/42"
CALLS = Bucket("calls", 50)
NOTE = (CALLS, Bucket("ticket updates", 20))


@pytest.mark.parametrize(
    ("method", "path", "params", "buckets"),
    [
        ("GET", "/api/v2/agents/me", {}, (CALLS,)),
        ("GET", TICKET, {"include": "requester,company"}, (Bucket("calls", 50, cost=3),)),
        ("GET", f"{TICKET}/conversations", {"page": 1}, (CALLS,)),
        ("GET", "/api/v2/tickets", {"page": 1}, (CALLS, Bucket("ticket lists", 5))),
        ("GET", "/api/v2/tickets", {"include": "stats"}, (Bucket("calls", 50, cost=3), Bucket("ticket lists", 5))),
        ("POST", f"{TICKET}/notes", {}, NOTE),
        ("PUT", TICKET, {}, NOTE),  # fields beside the note
        ("DELETE", "/api/v2/conversations/7", {}, ()),  # a note that came out public is taken back at once
    ],
)
def test_a_call_counts_against_its_buckets(
    method: str, path: str, params: dict[str, str | int], buckets: tuple[Bucket, ...]
) -> None:
    """By method and path; what is included costs more."""
    assert tuple(limits.buckets_of(method, path, params)) == buckets


@pytest.mark.parametrize(
    ("total", "calls", "updates"),
    [("200", 200, 80), ("400", 400, 160), ("700", 700, 280), ("200.0", 200, 80), ("3000", 50, 20), ("5000", 83, 33)],
)
def test_the_account_says_how_large_it_is(total: str, calls: int, updates: int) -> None:
    """Also as a float; what is far beyond any plan is meant per hour."""
    assert limits.told({"x-ratelimit-total": total}, NOTE) == {"calls": calls, "ticket updates": updates}


@pytest.mark.parametrize(
    "headers", [{}, {"x-ratelimit-total": ""}, {"x-ratelimit-total": "many"}, {"x-ratelimit-total": "inf"}]
)
def test_what_cannot_be_read_says_nothing(headers: dict[str, str]) -> None:
    """Then the smallest plan is the best guess."""
    assert limits.told(headers, NOTE) == {}


@pytest.mark.parametrize(
    ("headers", "known", "bucket"),
    [
        ({"x-ratelimit-total": "80"}, {"calls": 200}, NOTE[1]),
        ({"x-ratelimit-total": "200"}, {"calls": 200}, CALLS),
        ({"x-ratelimit-total": "80"}, {}, CALLS),
        ({}, {"calls": 200}, CALLS),
    ],
)
def test_a_429_is_about_the_account_unless_it_names_a_smaller_limit(
    headers: dict[str, str], known: dict[str, int], bucket: Bucket
) -> None:
    """In doubt nobody calls that account."""
    assert limits.spent(headers, NOTE, known=known) == bucket
