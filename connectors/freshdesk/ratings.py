"""What the requester thought of a ticket's answer: Freshdesk keeps it beside the ticket.

The scale is unconfirmed: 103 is the best, 100 neutral, -103 the worst.
https://developers.freshdesk.com/api/#view_ticket_satisfaction_ratings
"""

from __future__ import annotations

from connectors.base import Satisfaction
from connectors.freshdesk import wire

_QUESTION = "default_question"
_NEUTRAL = 100


def to_satisfaction(body: object) -> Satisfaction:
    """The newest rating of a ticket's list of them; a customer may think again. Raises RejectedError."""
    with wire.documented_shape("satisfaction rating"):
        rated = wire.listed(body, what="satisfaction ratings")
        newest = max(rated, key=lambda one: (str(one["created_at"]), int(one["id"])), default=None)
        value = int(newest["ratings"][_QUESTION]) if newest else _NEUTRAL
    return "bad" if value < 0 else "good" if value > _NEUTRAL else ""
