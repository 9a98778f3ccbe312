"""Which tickets changed, and what the list says of each: https://developers.freshdesk.com/api/#list_all_tickets ."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

from connectors.base import PastTicket, RejectedError
from connectors.freshdesk import wire
from connectors.http import JSON, Door
from connectors.patience import patiently

_LIST = "/api/v2/tickets"
_PAGE = 100
_MOST_PAGES = 300  # beyond it Freshdesk answers 400


async def changed(door: Door, moment: datetime, *, include: str = "", patient: bool = False) -> AsyncIterator[JSON]:
    """Tickets that changed since then, oldest change first, each once. patient: waits where it is asked to, for who reads months.

    Each page begins where the last one ended in time, not in number: a ticket that changes while we read moves to
    the end and would pull another one over the edge of a page unseen; and beyond 300 pages nothing is given.
    """
    since, page, given = moment.astimezone(UTC), 1, set[str]()
    query: dict[str, str | int] = {"order_by": "updated_at", "order_type": "asc", "per_page": _PAGE}
    if include:
        query["include"] = include
    while page <= _MOST_PAGES:
        params = {**query, "updated_since": since.strftime("%Y-%m-%dT%H:%M:%SZ"), "page": page}
        answer = await (patiently(door, _LIST, params=params) if patient else door.call("GET", _LIST, params=params))
        tickets = wire.listed(answer.body, what="tickets")
        for ticket in tickets:
            id_ = wire.number(ticket.get("id"))
            if id_ not in given:
                given.add(id_)
                yield ticket
        if len(tickets) < _PAGE:
            return
        with wire.documented_shape("list of tickets"):
            newest = wire.time(tickets[-1]["updated_at"])
        since, page = (newest, 1) if newest > since else (since, page + 1)  # `updated_since` is inclusive
    raise RejectedError(f"{door.host} names more than {_MOST_PAGES} pages of tickets that changed at {since}")


def to_past(ticket: JSON) -> PastTicket:
    """A ticket of the list, read with stats and description. Raises RejectedError."""
    with wire.documented_shape("list of tickets"):
        stats = ticket.get("stats") or {}
        return PastTicket(
            id=wire.number(ticket["id"]),
            subject=ticket.get("subject") or "",
            text=ticket.get("description_text") or "",
            status=wire.status(ticket),
            channel=wire.CHANNELS.get(ticket.get("source") or 0, "other"),
            requester=str(ticket.get("requester_id") or ""),
            opened_at=wire.time(ticket["created_at"]),
            updated_at=wire.time(ticket["updated_at"]),
            first_reply_at=_time(stats.get("first_responded_at")),
            solved_at=_time(stats.get("resolved_at")),
            reopens=(1 if stats.get("reopened_at") else 0) if stats else None,  # at least
            organization=str(ticket.get("company_id") or ""),
            brand=str(ticket.get("product_id") or ""),
            group=str(ticket.get("group_id") or ""),
            form=ticket.get("type") or "",
            tags=tuple(ticket.get("tags") or ()),
            spam=bool(ticket.get("spam")),
            fields=wire.fields(ticket),
        )


def _time(value: object) -> datetime | None:
    return wire.time(value) if value else None
