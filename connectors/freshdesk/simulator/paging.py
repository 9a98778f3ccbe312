"""Pages of a list: `page`, `per_page`, the vendor's caps and its `Link` header."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import JSONResponse

from connectors.freshdesk.simulator.records import JSON
from connectors.freshdesk.simulator.refusals import invalid
from connectors.freshdesk.simulator.state import State

LAST_PAGE = 300
_MOST_PER_PAGE = 100
_PER_PAGE = 30

Item = TypeVar("Item")


def page_of(state: State, request: Request, items: Sequence[Item], shape: Callable[[Item], JSON]) -> JSONResponse:
    """One page of `items` as a bare array. `Link: <...>; rel="next"` only while there is more. Raises Refusal 400."""
    page = number(request, "page", default=1, most=LAST_PAGE)
    per_page = number(request, "per_page", default=_PER_PAGE, most=_MOST_PER_PAGE)
    start = (page - 1) * per_page
    headers = {}
    if start + per_page < len(items):
        headers["Link"] = f'<{_next_url(state, request, page=page + 1)}>; rel="next"'
    return JSONResponse([shape(item) for item in items[start : start + per_page]], headers=headers)


def number(request: Request, name: str, *, default: int, most: int) -> int:
    """A query parameter between 1 and `most`. Raises Refusal 400."""
    given = request.query_params.get(name)
    if given is None:
        return default
    # isdecimal alone would let "²" pass and int() fail
    if not (given.isascii() and given.isdecimal() and 1 <= int(given) <= most):
        raise invalid(name, f"It should be a Positive Integer less than or equal to {most}")
    return int(given)


def _next_url(state: State, request: Request, *, page: int) -> str:
    host = state.faults.foreign_link_host
    base = f"https://{host}" if host else state.url
    return f"{base}{request.url.path}?{urlencode({**request.query_params, 'page': page})}"
