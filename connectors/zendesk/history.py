"""An account's tickets of the past, many in one call: from the incremental export, or from the search without an admin's rights.

https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/
https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_metrics/
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from connectors.base import ForbiddenError, PastTicket
from connectors.http import JSON, Door
from connectors.patience import patiently
from connectors.zendesk import wire
from connectors.zendesk.channels import channel_of
from connectors.zendesk.paging import pages

_PAGE = 1000
_EXPORT = "/api/v2/incremental/tickets/cursor"
_SCORES = {"good": 1, "bad": -1}


async def history(door: Door, since: datetime) -> AsyncIterator[PastTicket]:
    """The tickets that changed since then, with their metrics; the search tells no metrics, so replies are unknown there.

    The search gives them in order of creation, so all are read before the first is told: some kilobytes each.
    """
    try:
        async for past in _exported(door, since):
            yield past
    except ForbiddenError:  # not an admin's: said before the first page
        query = {"query": f"updated>={wire.to_stamp(since)}", "filter[type]": "ticket"}
        found: list[PastTicket] = []
        async for page in pages(door, "/api/v2/search/export", params=query, patient=True):
            with wire.documented_shape("page of a search"):
                found += [_past(ticket, {}) for ticket in page["results"]]
        for past in sorted(found, key=lambda one: one.updated_at):
            yield past


async def _exported(door: Door, since: datetime) -> AsyncIterator[PastTicket]:
    params: dict[str, Any] = {"start_time": int(since.timestamp()), "per_page": _PAGE, "include": "metric_sets"}
    while True:
        page = (await patiently(door, _EXPORT, params=params)).body
        with wire.documented_shape("page of the export"):
            metrics = {one["ticket_id"]: one for one in page.get("metric_sets") or ()}
            found = [_past(ticket, metrics.get(ticket["id"]) or {}) for ticket in page["tickets"]]
        for past in found:
            yield past
        if page.get("end_of_stream") is not False or not page.get("after_cursor"):
            return
        params = {"cursor": page["after_cursor"], "per_page": _PAGE, "include": "metric_sets"}


def _past(ticket: JSON, metrics: Mapping[str, Any]) -> PastTicket:
    opened = datetime.fromisoformat(ticket["created_at"])
    tags = tuple(ticket.get("tags") or ())
    status = wire.to_status(ticket["status"])
    return PastTicket(
        id=str(ticket["id"]),
        subject=ticket.get("subject") or ticket.get("raw_subject") or "",
        text=ticket.get("description") or "",
        status=status,
        channel=channel_of(ticket.get("via")),
        requester=str(ticket.get("requester_id") or ""),
        opened_at=opened,
        updated_at=datetime.fromisoformat(ticket["updated_at"]),
        first_reply_at=_after(opened, metrics.get("reply_time_in_minutes")),
        solved_at=_after(opened, metrics.get("first_resolution_time_in_minutes")) or solved_at(metrics),
        replies=metrics.get("replies"),
        reopens=metrics.get("reopens"),
        organization=str(ticket.get("organization_id") or ""),
        brand=str(ticket.get("brand_id") or ""),
        group=str(ticket.get("group_id") or ""),
        form=str(ticket.get("ticket_form_id") or ""),
        priority=(ticket.get("priority") or "").lower(),
        tags=tags,
        spam="spam" in tags,
        rated=_SCORES.get(wire.score_of(ticket)),
        fields=wire.fields(ticket),
    )


def solved_at(metrics: Mapping[str, Any]) -> datetime | None:
    """When it was last solved."""
    return datetime.fromisoformat(metrics["solved_at"]) if metrics.get("solved_at") else None


def _after(opened: datetime, minutes: Mapping[str, Any] | None) -> datetime | None:
    """Minutes by the calendar, not by business hours."""
    calendar = (minutes or {}).get("calendar")
    return opened + timedelta(minutes=calendar) if calendar is not None else None
