"""Pages of a list, by cursor or by offset.

`after_cursor` and `links.next` are filled on the last page too: only `has_more` says whether there is more.
Source: https://developer.zendesk.com/api-reference/introduction/pagination/
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from fastapi import Request

from connectors.zendesk.simulator.problems import invalid_page
from connectors.zendesk.simulator.records import JSON
from connectors.zendesk.simulator.state import State

Row = TypeVar("Row")
SortKey = tuple[int | str, ...]

_DEEPEST = 10_000


def page_of(
    request: Request,
    state: State,
    rows: Sequence[Row],
    *,
    name: str,
    key: Callable[[Row], SortKey],
    shape: Callable[[Row], Any],
    descending: bool = False,
    most: int = 100,
) -> JSON:
    """One page of `rows` under `name`. key: unique, sortable. Raises ApiProblem 400."""
    ordered = sorted(rows, key=key, reverse=descending)
    query = request.query_params
    if any(word in query for word in ("page[size]", "page[after]", "page[before]")):
        return _cursor_page(request, state, ordered, name=name, key=key, shape=shape, descending=descending, most=most)
    number, size = _whole(query.get("page", "1"), "page"), min(_whole(query.get("per_page", "100"), "per_page"), most)
    start = (number - 1) * size
    if start >= _DEEPEST:
        raise invalid_page("InvalidPaginationDepth", "Use cursor pagination to go beyond 10,000 records")
    more = start + size < len(ordered)
    return {
        name: [shape(row) for row in ordered[start : start + size]],
        "count": len(ordered),
        "next_page": link(request, state, page=str(number + 1)) if more else None,
        "previous_page": link(request, state, page=str(number - 1)) if number > 1 else None,
    }


def link(request: Request, state: State, **changed: str) -> str:
    """The request's own address with some of its query changed, on the host that the switches ask for."""
    query = {name: value for name, value in request.query_params.items() if name not in changed} | changed
    host = state.faults.links_host
    base = f"https://{host}" if host else state.url
    return f"{base}{urlsplit(str(request.url)).path}.json?{urlencode(query)}"


def encoded(value: object) -> str:
    """A cursor."""
    return base64.b64encode(json.dumps(value, separators=(",", ":")).encode()).decode()


def decoded(cursor: str) -> Any:  # noqa: ANN401, whatever was encoded
    """What a cursor says. Raises ApiProblem 400."""
    try:
        return json.loads(base64.b64decode(cursor, validate=True))
    except (binascii.Error, ValueError) as error:
        raise invalid_page("InvalidPaginationParameter", "The cursor cannot be read") from error


def _cursor_page(
    request: Request,
    state: State,
    ordered: list[Row],
    *,
    name: str,
    key: Callable[[Row], SortKey],
    shape: Callable[[Row], Any],
    descending: bool,
    most: int,
) -> JSON:
    query = request.query_params
    size = _whole(query.get("page[size]", "100"), "page[size]")
    if size > most:
        raise invalid_page("InvalidPaginationParameter", f"page[size] must be at most {most}")
    before = query.get("page[before]")
    after = query.get("page[after]")
    if before:
        edge = tuple(decoded(before)["v"])
        earlier = [row for row in ordered if (key(row) > edge if descending else key(row) < edge)]
        shown, more = earlier[-size:], len(earlier) > size
    else:
        if after:
            edge = tuple(decoded(after)["v"])
            ordered = [row for row in ordered if (key(row) < edge if descending else key(row) > edge)]
        shown, more = ordered[:size], len(ordered) > size
    body: JSON = {
        name: [shape(row) for row in shown],
        "meta": {"has_more": more, "after_cursor": None, "before_cursor": None},
    }
    body["links"] = {"prev": None, "next": None}
    if shown:
        first, last = (encoded({"o": "-id" if descending else "id", "v": key(row)}) for row in (shown[0], shown[-1]))
        body["meta"] |= {"after_cursor": last, "before_cursor": first}
        clean = {"page[size]": str(size)}
        body["links"]["next"] = _only(link(request, state, **clean, **{"page[after]": last}), "page[before]")
        body["links"]["prev"] = _only(link(request, state, **clean, **{"page[before]": first}), "page[after]")
    return body


def _only(address: str, dropped: str) -> str:
    """Drop the other direction's cursor from an address."""
    base, _, query = address.partition("?")
    wanted = [part for part in query.split("&") if not part.startswith(urlencode({dropped: ""}))]
    return f"{base}?{'&'.join(wanted)}"


def _whole(value: str, name: str) -> int:
    if not value.isdecimal() or int(value) < 1:
        raise invalid_page("InvalidPaginationParameter", f"{name} must be a positive number")
    return int(value)
