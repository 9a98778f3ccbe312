"""What every API request passes before and after its endpoint: faults, key, budget, headers."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable

from fastapi import Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from connectors.freshdesk.simulator.limits import Budget, cost_of, rate_headers
from connectors.freshdesk.simulator.refusals import Refusal, logged_out
from connectors.freshdesk.simulator.state import State

_API = "/api/"
_WRITES = ("POST", "PUT", "DELETE")
_ERROR_PAGE = "<!DOCTYPE html><html><head><title>{status}</title></head><body><h1>{what}</h1></body></html>"

Next = Callable[[Request], Awaitable[Response]]


class Gate:
    """HTTP middleware of the app; leaves everything outside the API alone."""

    def __init__(self, state: State, budget: Budget) -> None:
        self._state = state
        self._budget = budget

    async def __call__(self, request: Request, answer: Next) -> Response:
        """Answer a request, or refuse it."""
        if not request.url.path.startswith(_API):
            return await answer(request)
        faults = self._state.faults
        if faults.spend("html_errors"):
            return _page(502, "Bad Gateway")
        if faults.spend("server_errors"):
            return JSONResponse({"code": "internal_error", "message": "We're sorry, but something went wrong."}, 500)
        if not self._key_fits(request):
            return logged_out().response()
        cost = cost_of(request)
        taken = self._budget.take(request, cost=cost)
        headers = rate_headers(taken, cost=cost, as_floats=faults.float_headers)
        headers["X-Freshdesk-API-Version"] = "latest=v2; requested=v2"
        if faults.spend("refused") or not taken.allowed:
            response = _too_many(taken.reset_s)
        elif not _takes_json(request):
            response = Refusal(406).response()
        else:
            response = await answer(request)
            if request.method in _WRITES and response.status_code < 300 and faults.spend("lost_answers"):
                return _page(504, "Gateway Time-out")
        response.headers.update(headers)
        return response

    def _key_fits(self, request: Request) -> bool:
        """True for `Authorization: Basic base64("{key}:anything")`."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        try:
            key, _, _password = base64.b64decode(given, validate=True).partition(b":")
        except binascii.Error:
            return False
        return scheme.lower() == "basic" and hmac.compare_digest(key, self._state.options.api_key.encode())


def _takes_json(request: Request) -> bool:
    accept = request.headers.get("accept", "*/*")
    return any(part in accept for part in ("*/*", "application/*", "application/json"))


def _too_many(wait_s: int) -> Response:
    message = "You have exceeded the limit of requests per minute"
    return Refusal(429, {"message": message}, headers={"Retry-After": str(wait_s)}).response()


def _page(status: int, what: str) -> HTMLResponse:
    return HTMLResponse(_ERROR_PAGE.format(status=status, what=what), status)
