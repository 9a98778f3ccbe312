"""The account's API budget: calls per minute by plan, with smaller ones for some endpoints.

Source: https://support.freshdesk.com/support/solutions/articles/225439
"""

from __future__ import annotations

import re

from fastapi import Request

from connectors.freshdesk.simulator.options import PLANS, Options
from connectors.simulated.clock import Clock
from connectors.simulated.limits import Bucket, Taken

_TICKET = re.compile(r"/api/v2/tickets/\d+")
_NOTE = re.compile(r"/api/v2/(?:tickets/\d+/(?:notes|reply)|conversations/\d+)")


class Budget:
    """One account's budget. What is refused costs nothing; what is invalid costs as much as what is valid."""

    def __init__(self, options: Options, *, clock: Clock) -> None:
        plan = PLANS[options.plan]
        self._notes_count = options.notes_count_as_updates
        self.account = Bucket(plan.calls, plan.window_s, clock=clock)
        limits = {
            "ticket create": plan.ticket_create,
            "ticket update": plan.ticket_update,
            "ticket list": plan.ticket_list,
            "contact list": plan.contact_list,
        }
        self._endpoints = {
            name: Bucket(limit, plan.window_s, clock=clock) for name, limit in limits.items() if limit is not None
        }

    def take(self, request: Request, *, cost: int) -> Taken:
        """Pay for a request. The answer is that of the endpoint's own limit where that one refuses."""
        endpoint = self._endpoints.get(self._endpoint(request))
        if endpoint is not None and not endpoint.look().allowed:
            return endpoint.take()
        taken = self.account.take(cost)
        if endpoint is not None and taken.allowed:
            endpoint.take()
        return taken

    def _endpoint(self, request: Request) -> str:
        method, path = request.method, request.url.path.rstrip("/")
        if path == "/api/v2/tickets":
            return {"POST": "ticket create", "GET": "ticket list"}.get(method, "")
        if path == "/api/v2/contacts" and method == "GET":
            return "contact list"
        if method in ("PUT", "DELETE") and _TICKET.fullmatch(path):
            return "ticket update"
        if self._notes_count and method in ("POST", "PUT", "DELETE") and _NOTE.fullmatch(path):
            return "ticket update"
        return ""


def cost_of(request: Request) -> int:
    """Credits of a request: one, and for every `include` one more on a ticket, two more on a list."""
    included = [name for name in request.query_params.get("include", "").split(",") if name]
    each = 1 if _TICKET.fullmatch(request.url.path) else 2
    return 1 + each * len(included)


def rate_headers(taken: Taken, *, cost: int, as_floats: bool) -> dict[str, str]:
    """Headers of every answer."""
    numbers = {
        "X-RateLimit-Total": taken.limit,
        "X-RateLimit-Remaining": taken.remaining,
        "X-RateLimit-Used-CurrentRequest": cost if taken.allowed else 0,
    }
    return {name: f"{value:.1f}" if as_floats else str(value) for name, value in numbers.items()}
