"""Cursor paging of Zendesk lists: only the cursor is taken from an answer, never an address.

https://developer.zendesk.com/api-reference/introduction/pagination/
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping

from connectors.base import RejectedError
from connectors.http import JSON, Door
from connectors.patience import patiently
from connectors.zendesk.wire import documented_shape

PAGE_SIZE = 100
"""The most that Zendesk gives at once."""

_MOST_PAGES = 1000
"""A list that goes on beyond this is not one of ours: a ticket holds at most 5000 comments, 50 pages."""


async def pages(
    door: Door, path: str, *, params: Mapping[str, str | int], patient: bool = False
) -> AsyncGenerator[JSON, None]:
    """Pages of the list at `path`, one call each. Raises RejectedError where the list does not come to an end.

    patient: waits where it is asked to, for who reads months.
    """
    cursor, seen = "", set[str]()
    for _ in range(_MOST_PAGES):
        query = {**params, "page[size]": PAGE_SIZE, **({"page[after]": cursor} if cursor else {})}
        answer = await (patiently(door, path, params=query) if patient else door.call("GET", path, params=query))
        page = answer.body
        with documented_shape(f"page of {path}"):
            cursor = _next_cursor(page, door=door)
        yield page
        if not cursor:
            return
        if cursor in seen:
            raise RejectedError(f"{door.host} repeats a page of {path}: its list does not come to an end")
        seen.add(cursor)
    raise RejectedError(f"{door.host} gives more than {_MOST_PAGES} pages of {path}: its list does not come to an end")


def _next_cursor(page: JSON, *, door: Door) -> str:
    """Where the next page begins; empty after the last one, which has a cursor and a link too."""
    meta = page["meta"]
    if not meta["has_more"]:
        return ""
    return str(meta.get("after_cursor") or door.rebase(page["links"]["next"])["page[after]"])
