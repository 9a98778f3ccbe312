"""Judged tickets, made up, and an audit of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from service.audit.findings import Audit, audited
from service.audit.past import Seen

SINCE, UNTIL = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 8, 31, tzinfo=UTC)
TITLES = {"delivery": "Delivery", "fault": "Fault", "legal": "Legal"}


def seen(kind: str, count: int, **more: object) -> list[Seen]:
    """So many of a kind, all on one day unless said otherwise."""
    one = Seen(
        id="1", kind=kind, complexity=1, stakes=2, tier=1, language="en", channel="email",
        opened_at=datetime(2026, 7, 1, 9, tzinfo=UTC), replies=1, first_contact=True, first_reply_hours=1.0, hours=4.0,
        example="Where is it?",
    )  # fmt: skip
    return [replace(one, id=f"{kind}{number}", **more) for number in range(count)]  # type: ignore[arg-type]


def audit(*groups: list[Seen], timezone: str = "UTC", problems: Sequence[str] = ()) -> Audit:
    """Of all these."""
    tickets = [one for group in groups for one in group]
    return audited(
        tickets, left_out={"spam": 2}, titles=TITLES, helpdesks=["zendesk"], since=SINCE, until=UNTIL,
        timezone=timezone, problems=problems,
    )  # fmt: skip
