"""Answered messages and samples made in a line."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from service.database import Database
from service.ledger import TicketKey
from service.quality.sample import Chosen
from service.quality.store import Samples
from service.tables import outcomes

MONDAY = date(2026, 11, 16)
TEXT = {"before": [[True, "Hello?"]], "asked": "Where is my kettle?", "answer": "It comes on Friday.", "waited_s": 7200}


async def answered(database: Database, numbers: range, *, at: datetime, **more: Any) -> None:
    """One message of each ticket, asked an hour before it was answered."""
    given = {
        "helpdesk": "zendesk",
        "account": "acme",
        "message_id": "m1",
        "arm": "note",
        "reply_id": "r1",
        "use": "as_is",
    }
    rows = [
        {**given, "ticket_id": str(number), "asked_at": at - timedelta(hours=1), "replied_at": at, **more}
        for number in numbers
    ]
    async with database.engine.connect() as connection:
        await connection.execute(sa.insert(outcomes), rows)


async def drawn(samples: Samples, *numbers: int, week: date = MONDAY, text: Any = TEXT) -> None:
    """Samples of these tickets."""
    for number in numbers:
        await samples.draw(Chosen(TicketKey("zendesk", "acme", str(number)), "m1", "billing", "900"), week, text)
