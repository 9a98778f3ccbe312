"""A helpdesk's past, made up: so many tickets of each kind, and what became of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from connectors.base import ConnectorError, PastTicket, RetryableError

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SINCE = NOW - timedelta(days=180)

ASKED = {
    "delivery": "Where is my parcel? The tracking has not moved for a week.",
    "fault": "The device shows E4 and stops. It does not switch on any more, I get an error message.",
    "legal": "My lawyer will take you to court if you do not answer this letter.",
}


def past(
    number: int, text: str, *, day: int = 1, hours: float = 5.0, replies: int | None = 1, **more: object
) -> PastTicket:
    """Solved `hours` after it came, `day` days ago."""
    opened = NOW - timedelta(days=day)
    made = PastTicket(
        id=str(number),
        subject=text.split(".", maxsplit=1)[0],
        text=text,
        status="solved",
        channel="email",
        requester=str(900 + number),
        opened_at=opened,
        updated_at=opened + timedelta(hours=hours),
        first_reply_at=opened + timedelta(hours=hours / 2),
        solved_at=opened + timedelta(hours=hours),
        replies=replies,
        reopens=0,
    )
    return replace(made, **more)  # type: ignore[arg-type]


class PastDesk:
    """A helpdesk that has nothing but a history; whatever else is asked of it fails the test."""

    account = "acme.zendesk.test"

    def __init__(
        self,
        tickets: Sequence[PastTicket],
        *,
        name: str = "zendesk",
        breaks_after: int | None = None,
        breaks_with: ConnectorError | None = None,
    ) -> None:
        self.name = name
        self._tickets, self._breaks_after = tickets, breaks_after
        self._error = breaks_with or RetryableError("GET /api/v2/incremental/tickets/cursor: the helpdesk answered 503")
        self.asked: list[datetime] = []

    async def history(self, since: datetime) -> AsyncIterator[PastTicket]:
        """All of them, or until it stops answering."""
        self.asked.append(since)
        for count, ticket in enumerate(self._tickets):
            if count == self._breaks_after:
                raise self._error
            yield ticket
