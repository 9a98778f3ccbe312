"""The account's rate limits and their headers, which exist in two spellings.

Source: https://developer.zendesk.com/api-reference/introduction/rate-limits
"""

from __future__ import annotations

import re

from connectors.simulated.limits import Bucket, Taken
from connectors.zendesk.simulator.problems import ApiProblem
from connectors.zendesk.simulator.state import State

_TICKET_UPDATE = re.compile(r"/api/v2/tickets/(\d+)(?:/tags|/comments/\d+/\w+)?")

_MOST_BUCKETS = 5_000


class Limits:
    """Every bucket of the account."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._buckets: dict[str, Bucket] = {}

    def take(self, method: str, path: str, *, user_id: int) -> dict[str, str]:
        """Pay for a call and return the headers that tell what is left. Raises ApiProblem 429."""
        options = self._state.options
        headers = self._account(path)
        if method == "PUT" and (match := _TICKET_UPDATE.fullmatch(path)):
            self._endpoint(headers, "zendesk-rate-limit-tickets-update", options.updates_per_minute, 60)
            per_ticket = f"zendesk-ratelimit-per-ticket-updates#{user_id}#{match[1]}"
            self._endpoint(headers, per_ticket, options.updates_per_ticket, 600)
        elif path.startswith("/api/v2/incremental/"):
            self._endpoint(headers, "zendesk-ratelimit-incremental-exports", options.incremental_per_minute, 60)
        elif path.startswith("/api/v2/search/export"):
            self._endpoint(headers, "zendesk-ratelimit-search-export-results", options.search_export_per_minute, 60)
        return headers

    def _account(self, path: str) -> dict[str, str]:
        """The account's bucket; the Help Center has its own, and spells its headers the other way."""
        family = "help_center" if path.startswith("/api/v2/help_center") else "support"
        taken = self._bucket(family, self._state.options.per_minute, 60).take()
        words = ("limit", "remaining", "reset")
        values = dict(zip(words, (str(taken.limit), str(taken.remaining), str(taken.reset_s)), strict=True))
        if family == "help_center":
            headers = {"Rate-Limit": values["limit"]}
            headers |= {f"Rate-Limit-{word.capitalize()}": values[word] for word in words[1:]}
        else:
            headers = {f"ratelimit-{word}": values[word] for word in words}
            headers |= {"x-rate-limit": values["limit"], "x-rate-limit-remaining": values["remaining"]}
        if path.startswith("/api/v2/webhooks"):
            headers["x-rate-limit"] = "100"
        return self._checked(taken, headers)

    def _endpoint(self, headers: dict[str, str], name: str, limit: int, window_s: int) -> None:
        taken = self._bucket(name, limit, window_s).take()
        headers[name.partition("#")[0]] = f"total={taken.limit}; remaining={taken.remaining}; resets={taken.reset_s}"
        self._checked(taken, headers)

    def _checked(self, taken: Taken, headers: dict[str, str]) -> dict[str, str]:
        if not taken.allowed:
            text = "Number of allowed API requests per minute exceeded"
            raise ApiProblem(429, text, headers=headers | {"Retry-After": str(taken.reset_s)})
        return headers

    def _bucket(self, name: str, limit: int, window_s: int) -> Bucket:
        if len(self._buckets) > _MOST_BUCKETS:
            self._buckets = {key: bucket for key, bucket in self._buckets.items() if not bucket.idle}
        return self._buckets.setdefault(name, Bucket(limit, window_s, clock=self._state.clock))
