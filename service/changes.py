"""Who switched what, and when: pauses, the pilot's scope, incidents, lessons, experiments, drifts; and which spikes raised an alarm. Kept for as long as the database is, but for the reason of a pause (service/retention.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from service.database import Database, storable
from service.tables import changes

What = Literal["pause", "resume", "pilot", "incident", "spike", "lesson", "experiment", "drift"]

SWITCHES: tuple[What, ...] = ("pause", "resume", "pilot")
"""What a pilot's page tells of."""

_NAME_CHARS = 80


@dataclass(frozen=True, slots=True)
class Change:
    """One switch. details: of a pause `why`, of a pilot its new scope, of an incident, a lesson, an experiment or a drift which, and what was done."""

    at: datetime
    by: str
    what: What
    helpdesk: str  # "*": all
    details: Mapping[str, Any]


def change(what: What, helpdesk: str, *, by: str, details: Mapping[str, Any] | None = None) -> sa.Insert:
    """The statement that records it; run it in the transaction that does it."""
    return sa.insert(changes).values(what=what, helpdesk=helpdesk, by_whom=named(by), details=dict(details or {}))


def named(by: str) -> str:
    """Who, as it is stored: one short line."""
    return " ".join(storable(by).split())[:_NAME_CHARS] or "somebody"


async def newest_changes(database: Database, *, limit: int = 20, of: Sequence[What] = ()) -> list[Change]:
    """The newest first. of: only these; none: all."""
    wanted = sa.select(changes).where(changes.c.what.in_(of)) if of else sa.select(changes)
    async with database.engine.connect() as connection:
        rows = await connection.execute(wanted.order_by(changes.c.id.desc()).limit(limit))
        return [Change(row.at, row.by_whom, row.what, row.helpdesk, row.details) for row in rows]
