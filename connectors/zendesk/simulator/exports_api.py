"""Finding tickets that changed: incremental exports (admins only) and search (behind by the index's lag).

Sources: https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/ and
https://developer.zendesk.com/api-reference/ticketing/ticket-management/search/
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from connectors.zendesk.simulator import shapes
from connectors.zendesk.simulator.bodies import admin, caller, epoch
from connectors.zendesk.simulator.paging import link, page_of
from connectors.zendesk.simulator.problems import ApiProblem, invalid_attribute
from connectors.zendesk.simulator.records import JSON, Ticket
from connectors.zendesk.simulator.state import State

_WITHHELD = timedelta(minutes=1)
_SEARCH_MOST = 1_000
_TERM = re.compile(r'(\w+)(:|<=|>=|<|>)("[^"]*"|\S+)|("[^"]*"|\S+)')


class ExportsApi:
    """Handlers below `/api/v2/incremental` and `/api/v2/search`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter(prefix="/api/v2")
        router.add_api_route("/incremental/tickets/cursor", self.by_cursor, methods=["GET"], response_model=None)
        router.add_api_route("/incremental/tickets", self.by_time, methods=["GET"], response_model=None)
        router.add_api_route("/search", self.search, methods=["GET"], response_model=None)
        router.add_api_route("/search/export", self.export, methods=["GET"], response_model=None)
        return router

    async def by_cursor(self, request: Request) -> Response:
        """Tickets by `generated_timestamp`, deleted ones included, the newest minute withheld."""
        admin(request)
        size = self._size(request)
        cursor = request.query_params.get("cursor")
        after = _read(cursor) if cursor else (self._start(request), 0)
        rows = [row for row in self._changed() if (int(row.generated_at.timestamp()), row.id) > after]
        shown = rows[:size]
        if shown:
            after = (int(shown[-1].generated_at.timestamp()), shown[-1].id)
        written = base64.b64encode(f"{after[0]}.0||{after[1]}|".encode()).decode()
        body: JSON = {
            "tickets": [shapes.ticket_json(row, self._state) for row in shown],
            "after_url": link(request, self._state, cursor=written, per_page=str(size)),
            "before_url": None,
            "after_cursor": written,
            "before_cursor": None,
            "end_of_stream": len(rows) <= size,
        }
        if "metric_sets" in request.query_params.get("include", "").split(","):
            body["metric_sets"] = [shapes.metric_set_json(row, self._state) for row in shown]
        return JSONResponse(body)

    async def by_time(self, request: Request) -> Response:
        """The older export: tickets from `start_time` on; the last second of a page comes again on the next."""
        admin(request)
        start, size = self._start(request), self._size(request)
        rows = [row for row in self._changed() if row.generated_at.timestamp() >= start]
        shown = rows[:size]
        end = int(shown[-1].generated_at.timestamp()) if shown else start
        body: JSON = {
            "count": len(shown),
            "end_of_stream": len(rows) <= size,
            "end_time": end,
            "next_page": link(request, self._state, start_time=str(end)),
            "tickets": [shapes.ticket_json(row, self._state) for row in shown],
        }
        return JSONResponse(body)

    async def search(self, request: Request) -> Response:
        """Offset paging, at most 1000 results."""
        caller(request)
        rows = self._matching(request.query_params.get("query", ""))
        body = page_of(
            request, self._state, rows, name="results", key=lambda row: (row.id,), shape=self._result, descending=True
        )
        size = int(request.query_params.get("per_page", "100"))
        if (int(request.query_params.get("page", "1")) - 1) * size >= _SEARCH_MOST:
            text = "Invalid search: Requested response size was greater than Search Response Limits"
            raise ApiProblem(422, {"error": "invalid", "description": text})
        return JSONResponse(body | {"facets": None})

    async def export(self, request: Request) -> Response:
        """Cursor paging over everything that matches, in order of creation; needs `filter[type]`."""
        caller(request)
        if request.query_params.get("filter[type]") != "ticket":
            raise invalid_attribute("filter[type]")
        rows = self._matching(request.query_params.get("query", ""))
        most = 1_000
        body = page_of(
            request, self._state, rows, name="results", key=lambda row: (row.id,), shape=self._result, most=most
        )
        return JSONResponse(body | {"facets": None})

    def _result(self, ticket: Ticket) -> JSON:
        return shapes.ticket_json(ticket, self._state) | {"result_type": "ticket"}

    def _changed(self) -> list[Ticket]:
        until = self._state.clock() - _WITHHELD
        rows = [row for row in self._state.tickets.values() if row.generated_at <= until]
        return sorted(rows, key=lambda row: (row.generated_at, row.id))

    def _start(self, request: Request) -> int:
        start = epoch(request, "start_time")
        if start > (self._state.clock() - _WITHHELD).timestamp():
            text = "Too recent start_time. Use a start_time older than 60 seconds"
            raise ApiProblem(422, {"error": "StartTimeTooRecent", "description": text})
        return start

    @staticmethod
    def _size(request: Request) -> int:
        value = request.query_params.get("per_page", "1000")
        if not value.isdecimal() or not 1 <= int(value) <= 1_000:
            raise invalid_attribute("per_page")
        return int(value)

    def _matching(self, query: str) -> list[Ticket]:
        """Tickets that fit every term of a query; what changed within the index's lag is not found yet."""
        until = self._state.clock() - timedelta(seconds=self._state.options.search_lag_s)
        tests = [_test(match) for match in _TERM.finditer(query)]
        rows = [row for row in self._state.tickets.values() if row.status != "deleted" and row.generated_at <= until]
        return [row for row in rows if all(test(row) for test in tests)]


def _test(match: re.Match[str]) -> Callable[[Ticket], bool]:
    name, sign, value = match[1], match[2], (match[3] or match[4]).strip('"')
    if not name:
        word = value.lower()
        return lambda row: word in row.subject.lower() or any(word in one.plain_body.lower() for one in row.comments)
    if name in ("updated", "created"):
        at = _date(value)
        return lambda row: _compared(row.updated_at if name == "updated" else row.created_at, sign, at)
    if name == "status":
        return lambda row: row.status == value if sign == ":" else False
    if name == "tags":
        return lambda row: value in row.tags
    if name == "type":
        return lambda _: value == "ticket"
    if name == "ticket_id":
        return lambda row: str(row.id) == value
    raise invalid_attribute("query")


def _compared(left: datetime, sign: str, right: datetime) -> bool:
    return {">": left > right, ">=": left >= right, "<": left < right, "<=": left <= right, ":": left == right}[sign]


def _date(value: str) -> datetime:
    try:
        at = datetime.fromisoformat(value)
    except ValueError as error:
        raise invalid_attribute("query") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _read(cursor: str) -> tuple[int, int]:
    try:
        seconds, _, rest = base64.b64decode(cursor, validate=True).decode().partition("||")
        return int(float(seconds)), int(rest.strip("|"))
    except (binascii.Error, ValueError) as error:
        raise invalid_attribute("cursor") from error
