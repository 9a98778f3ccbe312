"""What Freshdesk allows per minute, for the whole account and for some kinds of calls.

https://support.freshdesk.com/support/solutions/articles/225439
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from connectors.budget import Bucket

_SMALLEST_PLAN = 50
"""Calls a minute of a trial; every answer says how many it really are."""

_PER_HOUR = 1000
"""Accounts from before the limits per minute have 3,000 to 5,000 calls an hour; no plan has as many a minute."""

_UPDATES, _LISTS = "ticket updates", "ticket lists"
_PARTS = {_UPDATES: 0.4, _LISTS: 0.1}
"""Of all calls: two fifths in every plan, and a tenth in the smallest (a fourth in larger ones)."""

_TICKET = re.compile(r"/api/v2/tickets/[0-9]+")
_NOTE = re.compile(r"/api/v2/tickets/[0-9]+/notes")
_TAKEN_BACK = re.compile(r"/api/v2/conversations/[0-9]+")


def buckets_of(method: str, path: str, params: Mapping[str, str | int]) -> Sequence[Bucket]:
    """What a call counts against, the account's own first.

    Taking back a note that came out public counts too, but must never wait.
    """
    if method == "DELETE" and _TAKEN_BACK.fullmatch(path):
        return ()
    calls = Bucket("calls", _SMALLEST_PLAN, cost=_cost(path, params))
    note = method == "POST" and _NOTE.fullmatch(path)  # whether that is an update is not documented
    if note or (method == "PUT" and _TICKET.fullmatch(path)):
        return (calls, _part(_UPDATES, _SMALLEST_PLAN))
    if method == "GET" and path == "/api/v2/tickets":
        return (calls, _part(_LISTS, _SMALLEST_PLAN))
    return (calls,)


def told(headers: Mapping[str, str], buckets: Sequence[Bucket]) -> dict[str, int]:
    """The account's true limit, which is said, and what follows from it for its parts."""
    total = calls_a_minute(headers)
    if total is None:
        return {}
    return {buckets[0].name: total} | {one.name: _part(one.name, total).limit for one in buckets[1:]}


def spent(headers: Mapping[str, str], buckets: Sequence[Bucket], *, known: Mapping[str, int]) -> Bucket:
    """Which bucket is empty: a smaller one where the 429 names a limit below the account's, else the account's."""
    total = calls_a_minute(headers)
    smaller = total is not None and total < known.get(buckets[0].name, 0)
    return buckets[-1] if smaller else buckets[0]


def _part(name: str, total: int) -> Bucket:
    return Bucket(name, int(total * _PARTS[name]))


def _cost(path: str, params: Mapping[str, str | int]) -> int:
    """Credits of a call: every `include` is one more for a ticket, two more for a list."""
    included = [name for name in str(params.get("include", "")).split(",") if name]
    return 1 + len(included) * (1 if _TICKET.fullmatch(path) else 2)


def calls_a_minute(headers: Mapping[str, str]) -> int | None:
    """What an answer says the account allows; None where it does not."""
    total = _told(headers)
    return total if total is None or total <= _PER_HOUR else total // 60


def of_a_trial(headers: Mapping[str, str]) -> bool:
    """Whether an answer tells a trial's limit; what old accounts have by the hour may come to the same."""
    total = _told(headers)
    return total is not None and 0 < total <= _SMALLEST_PLAN


def _told(headers: Mapping[str, str]) -> int | None:
    """The limit as it stands there. It has been seen as a float."""
    try:
        return int(float(headers.get("x-ratelimit-total", "")))
    except (ValueError, OverflowError):
        return None
