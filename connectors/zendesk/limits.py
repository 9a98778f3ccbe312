"""What Zendesk allows per minute, for the whole account and for some kinds of calls.

https://developer.zendesk.com/api-reference/introduction/rate-limits/
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from connectors.budget import Bucket

_SMALLEST_PLAN = 200
"""Calls a minute; every answer says how many it really are."""

_UPDATE = re.compile(r"/api/v2/tickets/([0-9]+)(?:\.json)?")
_OF_ONE_TICKET = "updates of ticket "

_ACCOUNT_HEADERS = ("x-rate-limit", "ratelimit-limit", "rate-limit")
_ENDPOINT_HEADER = re.compile(r"zendesk-rate-?limit-([a-z-]+)")
_PART = re.compile(r"(total|remaining)=([0-9]{1,9})")
_ENDPOINTS = {  # the end of a header's name -> how the name of our bucket begins
    "tickets-update": "ticket updates",
    "per-ticket-updates": _OF_ONE_TICKET,
    "incremental-exports": "incremental exports",
    "search-export-results": "search exports",
}


def buckets_of(method: str, path: str, params: Mapping[str, str | int]) -> Sequence[Bucket]:  # noqa: ARG001 (of no matter here)
    """What a call counts against, the account's own first. The help centre has a bucket of its own.

    Taking back a note that came out public counts too, but must never wait.
    """
    if path.endswith("/make_private"):
        return ()
    if path.startswith("/api/v2/help_center"):
        return (Bucket("help center calls", _SMALLEST_PLAN),)
    calls = Bucket("calls", _SMALLEST_PLAN)
    if method == "PUT" and (match := _UPDATE.fullmatch(path)):
        return (calls, Bucket("ticket updates", 100), Bucket(f"{_OF_ONE_TICKET}{match[1]}", 30, window_s=600))
    if path.startswith("/api/v2/incremental/"):
        return (calls, Bucket("incremental exports", 10))
    if path.startswith("/api/v2/search/export"):
        return (calls, Bucket("search exports", 100))
    return (calls,)


def told(headers: Mapping[str, str], buckets: Sequence[Bucket]) -> dict[str, int]:
    """True limits of these buckets. That of a single ticket is the same everywhere, so it is not remembered."""
    account = next((int(given) for name in _ACCOUNT_HEADERS if (given := headers.get(name, "")).isdecimal()), None)
    found = {} if account is None else {buckets[0].name: account}
    for name, parts in _endpoints(headers).items():
        found |= {one.name: parts["total"] for one in buckets[1:] if one.name == name and "total" in parts}
    return found


def spent(headers: Mapping[str, str], buckets: Sequence[Bucket], *, known: Mapping[str, int]) -> Bucket:  # noqa: ARG001 (the headers say it all)
    """Which bucket is empty: the one whose own header says so, else the whole account's."""
    empty = [name for name, parts in _endpoints(headers).items() if parts.get("remaining") == 0]
    return next((one for one in buckets[1:] if any(one.name.startswith(name) for name in empty)), buckets[0])


def _endpoints(headers: Mapping[str, str]) -> dict[str, dict[str, int]]:
    """Headers like `zendesk-rate-limit-tickets-update: total=100; remaining=99; resets=59`, by our name for the bucket."""
    found = {}
    for header, value in headers.items():
        match = _ENDPOINT_HEADER.fullmatch(header.lower())
        if match and match[1] in _ENDPOINTS:
            found[_ENDPOINTS[match[1]]] = {part: int(number) for part, number in _PART.findall(value)}
    return found
