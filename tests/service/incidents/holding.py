"""Incidents in tests: what they match is looked for in a text."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from service.database import Database
from service.incidents.plan import Plan
from service.incidents.store import Incidents
from service.ledger import TicketKey
from service.policy.document import Condition

KEY = TicketKey("zendesk", "acme.zendesk.test", "7")
TEXTS = {
    "investigating": {"en": "We know of it.", "de": "Wir wissen davon."},
    "resolved": {"en": "All works again.", "de": "Alles geht wieder."},
}


def holds(condition: Condition, text: Any) -> bool:
    """By words alone."""
    return any(word in text for word in condition.words)


def plan(name: str = "sign-in-down", **more: Any) -> Plan:
    """One that matches what speaks of a login."""
    given: dict[str, Any] = {
        "name": name,
        "title": "Nobody can sign in",
        "match": {"words": "login"},
        "texts": TEXTS,
        "expires": "4h",
    }
    return Plan.model_validate(given | more)


async def started(database: Database, name: str = "sign-in-down", **more: Any) -> Incidents:
    """With one that runs."""
    incidents = Incidents(database, holds)
    await incidents.start(plan(name, **more), by="Kim", languages=("en", "de"))
    return incidents


async def shifted(database: Database, hours: float, name: str = "sign-in-down") -> None:
    """As though it had been started so many hours earlier: the database's clock cannot be set."""
    statement = sa.text("""UPDATE incidents SET started_at = started_at - :h * interval '1 hour',
        expires_at = expires_at - :h * interval '1 hour' WHERE name = :name""")
    async with database.engine.connect() as connection:
        await connection.execute(statement, {"h": hours, "name": name})
