"""Lists of Freshdesk, page by page: bare arrays, and no word about how many there are.

https://developers.freshdesk.com/api/#pagination
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from connectors.base import RejectedError
from connectors.freshdesk import wire
from connectors.http import JSON, Door

_PAGE = 100
_MOST_PAGES = 300  # beyond it Freshdesk answers 400


async def listed(door: Door, path: str, *, what: str) -> AsyncIterator[JSON]:
    """A list page by page, until one is short or brings nothing new (a list that ignores `page` repeats itself)."""
    seen: set[Any] = set()
    for page in range(1, _MOST_PAGES + 1):
        answer = await door.call("GET", path, params={"per_page": _PAGE, "page": page})
        items = wire.listed(answer.body, what=what)
        fresh = [item for item in items if item.get("id") not in seen]
        for item in fresh:
            seen.add(item.get("id"))
            yield item
        if len(items) < _PAGE or not fresh:
            return
    raise RejectedError(f"{door.host} {path} has more than {_MOST_PAGES} pages: Freshdesk gives no more")
