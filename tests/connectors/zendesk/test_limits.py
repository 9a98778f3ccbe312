"""What a call to Zendesk counts against, and what its headers say about that."""

from __future__ import annotations

import pytest

from connectors.budget import Bucket
from connectors.zendesk import limits

CALLS = Bucket("calls", 200)
UPDATES = Bucket("ticket updates", 100)
OF_ONE = Bucket("updates of ticket 5158", 30, window_s=600)
UPDATE = (CALLS, UPDATES, OF_ONE)


@pytest.mark.parametrize(
    ("method", "path", "buckets"),
    [
        ("GET", "/api/v2/tickets/5158", (CALLS,)),
        ("GET", "/api/v2/tickets/5158/comments", (CALLS,)),
        ("PUT", "/api/v2/tickets/5158.json", UPDATE),
        ("PUT", "/api/v2/tickets/5158", UPDATE),
        ("GET", "/api/v2/help_center/en-us/articles", (Bucket("help center calls", 200),)),
        ("GET", "/api/v2/incremental/tickets/cursor", (CALLS, Bucket("incremental exports", 10))),
        ("GET", "/api/v2/search/export", (CALLS, Bucket("search exports", 100))),
        ("PUT", "/api/v2/tickets/5158/comments/7/make_private", ()),  # a note that came out public: at once
    ],
)
def test_a_call_counts_against_its_buckets(method: str, path: str, buckets: tuple[Bucket, ...]) -> None:
    """The help centre's are its own."""
    assert tuple(limits.buckets_of(method, path, {})) == buckets


@pytest.mark.parametrize("name", ["x-rate-limit", "ratelimit-limit", "rate-limit"])
def test_the_account_says_how_large_it_is(name: str) -> None:
    """In any of three spellings."""
    assert limits.told({name: "700"}, [CALLS]) == {"calls": 700}
    assert limits.told({name: "many"}, [CALLS]) == {}


@pytest.mark.parametrize("name", ["zendesk-rate-limit-tickets-update", "Zendesk-RateLimit-Tickets-Update"])
def test_an_endpoint_says_how_large_it_is(name: str) -> None:
    """A trial has 20 updates a minute, a high-volume account 300; of one ticket it is 30 everywhere."""
    headers = {name: "total=20; remaining=19; resets=59", "zendesk-ratelimit-per-ticket-updates": "total=30"}

    assert limits.told(headers, UPDATE) == {"ticket updates": 20}
    assert limits.told(headers, [CALLS]) == {}


@pytest.mark.parametrize(
    ("headers", "bucket"),
    [
        ({}, CALLS),
        ({"x-rate-limit-remaining": "0"}, CALLS),
        ({"zendesk-rate-limit-tickets-update": "total=100; remaining=0; resets=9"}, UPDATES),
        ({"zendesk-ratelimit-per-ticket-updates": "total=30; remaining=0; resets=468"}, OF_ONE),
        ({"zendesk-ratelimit-per-ticket-updates": "total=30; remaining=2; resets=468"}, CALLS),
        ({"zendesk-ratelimit-tickets-index": "total=100; remaining=0; resets=9"}, CALLS),
    ],
)
def test_a_429_is_about_the_account_unless_an_endpoint_is_empty(headers: dict[str, str], bucket: Bucket) -> None:
    """A ticket that is full for eight minutes does not keep the others waiting; in doubt nobody calls that account."""
    assert limits.spent(headers, UPDATE, known={}) == bucket
