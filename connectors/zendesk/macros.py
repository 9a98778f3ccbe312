"""Macros of Zendesk: the comment that a macro would write is a text the team answers with.

https://developer.zendesk.com/api-reference/ticketing/business-rules/macros/ , the values of actions:
https://developer.zendesk.com/documentation/ticketing/reference-guides/actions-reference/
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

from connectors.base import Article, Audience
from connectors.http import JSON, Door
from connectors.macros import reply_html, without_placeholders
from connectors.mail import html_to_text
from connectors.zendesk.paging import pages
from connectors.zendesk.wire import documented_shape


async def macros(door: Door) -> AsyncIterator[Article]:
    """Every active macro with a comment that more people than one may use, page by page."""
    async for page in pages(door, "/api/v2/macros/active", params={}):
        for macro in to_macros(page, account=door.host):
            yield macro


def to_macros(page: JSON, *, account: str) -> list[Article]:
    """Read one page of macros; personal ones, and those that write no comment, are left out.

    Nothing binds a macro to a brand. Dynamic content (`{{dc.…}}`) is not looked up: what stands in it is missing.
    """
    with documented_shape("page of macros"):
        read = [_macro(macro, account=account) for macro in page["macros"] if not _personal(macro)]
        return [macro for macro in read if macro.html]


def _macro(macro: JSON, *, account: str) -> Article:
    """A title such as "Refunds::After return" is a path: agents see folders."""
    actions = {str(action["field"]): action.get("value") for action in reversed(macro["actions"])}  # the first counts
    *above, title = (without_placeholders(part) for part in str(macro.get("title") or "").split("::"))
    return Article(
        source="zendesk macros",
        id=str(macro["id"]),
        title=title,
        html=reply_html(_comment(actions)),
        audience=_audience(macro, actions),
        account=account,
        breadcrumb=" › ".join(part for part in above if part),
        updated_at=datetime.fromisoformat(macro["updated_at"]) if macro.get("updated_at") else None,
        pool="macro",
    )


def _personal(macro: JSON) -> bool:
    return (macro.get("restriction") or {}).get("type") == "User"


def _comment(actions: Mapping[str, Any]) -> str:
    """The text of the comment. Plain text comes by itself or as [channel, text]; one for a single channel counts too."""
    if html := actions.get("comment_value_html"):
        return html_to_text(str(html))
    plain = actions.get("comment_value") or ""
    return str(plain[-1] if isinstance(plain, list) and plain else plain)


def _audience(macro: JSON, actions: Mapping[str, Any]) -> Audience:
    """Public only where every agent may send it to a customer. "false" has been seen as text and is documented as a boolean.

    A macro that does not say leaves the comment as the ticket has it, which is public on most.
    """
    private = str(actions.get("comment_mode_is_public", "true")).lower() == "false"
    return "internal" if private or macro.get("restriction") else "public"
