"""Incidents in tests, and what tickets say."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from service.database import Database
from service.incidents.plan import Plan
from service.incidents.store import Incidents
from service.ledger import TicketKey
from service.policy.matching import Facts
from service.triage.judged import Judged, Triage
from tests.service.tickets import customer, ticket

KEY = TicketKey("zendesk", "acme.zendesk.test", "7")
TEXTS = {
    "investigating": {"en": "We know of it.", "de": "Wir wissen davon."},
    "resolved": {"en": "All works again.", "de": "Alles geht wieder."},
}


def facts(text: str, category: str = "") -> Facts:
    """Of a message that says this."""
    triage = Triage(
        category=Judged(category),
        intent=Judged(""),
        complexity=Judged(1),
        stakes=Judged(1),
        sentiment=Judged("neutral"),
        shift=0,
        urgency=Judged("normal"),
        language=Judged("en"),
        wants_person=Judged(value=False),
    )
    return Facts(ticket(customer(text)), triage, text=text)


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
    incidents = Incidents(database)
    await incidents.start(plan(name, **more), by="Kim", languages=("en", "de"))
    return incidents


async def shifted(database: Database, hours: float, name: str = "sign-in-down") -> None:
    """As though it had been started so many hours earlier: the database's clock cannot be set."""
    statement = sa.text("""UPDATE incidents SET started_at = started_at - :h * interval '1 hour',
        expires_at = expires_at - :h * interval '1 hour' WHERE name = :name""")
    async with database.engine.connect() as connection:
        await connection.execute(statement, {"h": hours, "name": name})
