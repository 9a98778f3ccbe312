"""Canned responses of Freshdesk: folders, and the texts in them that the team answers with.

https://developers.freshdesk.com/api/#canned-responses
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from connectors.base import Article, GoneError
from connectors.freshdesk import wire
from connectors.freshdesk.paging import listed
from connectors.http import JSON, Door
from connectors.macros import reply_html, without_placeholders
from connectors.mail import html_to_text

_PERSONAL = 1  # of `visibility`


async def macros(door: Door) -> AsyncIterator[Article]:
    """Every canned response in a folder that is not somebody's own, folder by folder; empty ones are left out."""
    async for folder in listed(door, "/api/v2/canned_response_folders", what="folders"):
        if folder.get("personal") is True:
            continue
        path = f"/api/v2/canned_response_folders/{wire.number(folder.get('id'))}/responses"
        try:
            async for body in listed(door, path, what="canned responses"):
                macro = to_macro(body, account=door.host, breadcrumb=str(folder.get("name") or ""))
                if macro.html and body.get("visibility") != _PERSONAL:
                    yield macro
        except GoneError:  # deleted while we read
            continue


def to_macro(body: JSON, *, account: str, breadcrumb: str) -> Article:
    """Read one canned response.

    Unconfirmed: `visibility` (0 all agents, 1 personal, 2 groups) and `group_ids` are documented for writing; recorded
    answers lack them. Where they are missing the text is for every agent, who may send it to every customer.
    """
    with wire.documented_shape("canned response"):
        html = str(body.get("content_html") or "")
        restricted = body.get("visibility") not in (None, 0) or bool(body.get("group_ids"))
        return Article(
            source="freshdesk macros",
            id=wire.number(body["id"]),
            title=without_placeholders(str(body.get("title") or "")),
            html=reply_html(html_to_text(html) if html else str(body.get("content") or "")),
            audience="internal" if restricted else "public",
            account=account,
            breadcrumb=breadcrumb,
            updated_at=wire.time(body["updated_at"]) if body.get("updated_at") else None,
            pool="macro",
        )
