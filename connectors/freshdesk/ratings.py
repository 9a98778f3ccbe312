"""What the requester thought of a ticket's answer: Freshdesk keeps it beside the ticket.

The scale is unconfirmed: 103 is the best, 100 neutral, -103 the worst.
https://developers.freshdesk.com/api/#view_ticket_satisfaction_ratings
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from connectors.base import Rating, RejectedError, Satisfaction
from connectors.freshdesk import wire
from connectors.http import JSON, Door
from connectors.patience import patiently

_QUESTION = "default_question"
_NEUTRAL = 100
_PAGE, _MOST_PAGES = 100, 300
_CHANGEABLE = timedelta(days=30)
"""The list is told by when a rating was made, and a customer may think again: so much earlier is read anew."""


def to_satisfaction(body: object) -> Satisfaction:
    """The newest rating of a ticket's list of them; a customer may think again. Raises RejectedError."""
    with wire.documented_shape("satisfaction rating"):
        rated = wire.listed(body, what="satisfaction ratings")
        newest = max(rated, key=lambda one: (str(one["created_at"]), int(one["id"])), default=None)
        value = int(newest["ratings"][_QUESTION]) if newest else _NEUTRAL
    return "bad" if value < 0 else "good" if value > _NEUTRAL else ""


async def since(door: Door, moment: datetime) -> AsyncIterator[Rating]:
    """Of all tickets, those made or changed since then, page by page. Raises ForbiddenError where the account has no surveys."""
    created = (moment - _CHANGEABLE).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for page in range(1, _MOST_PAGES + 1):
        params: dict[str, str | int] = {"created_since": created, "per_page": _PAGE, "page": page}
        answer = await patiently(door, "/api/v2/surveys/satisfaction_ratings", params=params)
        rated = wire.listed(answer.body, what="satisfaction ratings")
        with wire.documented_shape("satisfaction rating"):
            found = sorted(map(_rating, rated), key=lambda one: one.at)
        for rating in found:
            if rating.at >= moment:
                yield rating
        if len(rated) < _PAGE:
            return
    raise RejectedError(
        f"{door.host} has more than {_MOST_PAGES} pages of ratings since {created}: Freshdesk gives no more"
    )


def _rating(body: JSON) -> Rating:
    value = body["ratings"].get(_QUESTION)  # without it, it was withdrawn
    score = None if value is None else -1 if int(value) < 0 else 1 if int(value) > _NEUTRAL else 0
    return Rating(wire.number(body["ticket_id"]), score, wire.time(body.get("updated_at") or body["created_at"]))
