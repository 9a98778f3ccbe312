"""What was found of each customer message, kept: the past of a ticket, and how often somebody has written lately."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from service.database import Database
from service.ledger import TicketKey
from service.policy.deciding import Contact, Past
from service.policy.decision import Decision
from service.policy.document import Tier
from service.tables import triages
from service.triage.judged import Triage

_MONTH = timedelta(days=30)
PERSON = 3
"""The tier of what only a person answers."""

_TIERS: Final[Mapping[int, Tier]] = {1: 1, 2: 2, 3: 3}


class Triages:
    """Reads and writes the table `triages`; every statement stands alone. No word of a ticket is kept."""

    def __init__(self, database: Database) -> None:
        self._engine = database.engine

    async def save(
        self, key: TicketKey, message_id: str, *, triage: Triage, decision: Decision, requester: str = ""
    ) -> None:
        """Keep what was found and decided; of a message that is judged again, the newest. message_id: as in drafts."""
        given = {
            "requester": requester,
            "tier": decision.tier,
            "category": triage.category.value,
            "language": triage.language.value,
            "policy": decision.version,
            "rules": list(decision.rules),
            "details": _details(triage, decision),
        }
        async with self._engine.connect() as connection:
            await connection.execute(_SAVE, _named(key) | {"message_id": message_id} | given)

    async def asked_back(self, key: TicketKey, message_id: str) -> None:
        """The draft for this message is a clarifying question."""
        async with self._engine.connect() as connection:
            await connection.execute(_ASKED, _named(key) | {"message_id": message_id})

    async def past(self, key: TicketKey, message_id: str = "") -> Past:
        """What was before. message_id: which is judged now; a question that an earlier attempt drafted for it is not counted."""
        async with self._engine.connect() as connection:
            row = (await connection.execute(_PAST, _named(key) | {"message_id": message_id})).one()
        return Past(
            tier=_TIERS[row.tier],
            asked_back=row.asked_back,
            tagged=_TIERS.get(row.tagged or 0),
            drifted=frozenset(row.drifted),
        )

    async def contacts(self, key: TicketKey, requester: str, *, since: datetime, category: str = "") -> int:
        """Tickets of this requester in which a message was judged since then; this one included, kept or not.

        category: only those of the same one; "": all. An unknown requester ("") has no other.
        """
        if not requester:
            return 1
        given = {"requester": requester, "since": since, "category": category}
        async with self._engine.connect() as connection:
            others: int = (await connection.execute(_CONTACTS, _named(key) | given)).scalar_one()
        return 1 + others

    async def known(self, key: TicketKey, message_id: str, *, requester: str, since: datetime) -> Past:
        """The past with the contacts since then, whatever they were about, and the escalations of the last thirty days."""
        past = await self.past(key, message_id)
        if not requester:
            return past
        given = {"requester": requester, "since": since, "month": min(since, datetime.now(UTC) - _MONTH)}
        async with self._engine.connect() as connection:
            rows = (await connection.execute(_LATELY, _named(key) | given)).all()
        tickets = tuple(Contact(row.ticket_id, row.at, row.category) for row in rows if row.at >= since)
        escalations = sum(row.tier == PERSON for row in rows)
        return replace(past, contacts=1 + len(tickets), escalations=escalations, tickets=tickets)


def _details(triage: Triage, decision: Decision) -> dict[str, Any]:
    """Values and names; what they rest on stands in the note."""
    judged = {
        name: [getattr(triage, name).value, round(getattr(triage, name).sure, 3)]
        for name in ("category", "complexity", "stakes", "sentiment", "urgency", "language", "wants_person")
    }
    return {
        **judged,
        "shift": triage.shift,
        "contacts": triage.contacts,
        "signals": sorted({one.name for one in triage.signals}),
        "segments": list(decision.segments),
        **({"lowered": True} if decision.lowered else {}),
        **({"tagged": decision.tagged} if decision.tagged else {}),
    }


def _named(key: TicketKey) -> dict[str, Any]:
    return {"helpdesk": key.helpdesk, "account": key.account, "ticket_id": key.ticket_id}


# composed once, as in service/ledger.py
_NAMES = ("helpdesk", "account", "ticket_id", "message_id")
_SAID = ("requester", "tier", "category", "language", "policy", "rules", "details")
_NEW = insert(triages).values({name: sa.bindparam(name) for name in (*_NAMES, *_SAID)})
_SAVE = _NEW.on_conflict_do_update(
    constraint="triages_one_per_message",
    # what is judged again is drafted again, too
    set_={**{name: _NEW.excluded[name] for name in _SAID}, "asked_back": sa.false()},
)
_ASKED = sa.text("""
    UPDATE triages SET asked_back = true
    WHERE (helpdesk, account, ticket_id, message_id) = (:helpdesk, :account, :ticket_id, :message_id)
""")
_PAST = sa.text("""
    WITH own AS (
        SELECT id, message_id, tier, asked_back, details FROM triages
        WHERE (helpdesk, account, ticket_id) = (:helpdesk, :account, :ticket_id)
    ), lowered AS (SELECT coalesce(max(id), 0) AS id FROM own WHERE jsonb_exists(details, 'lowered'))
    SELECT
        coalesce(max(tier) FILTER (WHERE own.id >= lowered.id), 1) AS tier,
        count(*) FILTER (WHERE asked_back AND message_id <> :message_id) AS asked_back,
        (SELECT (details ->> 'tagged')::integer FROM own ORDER BY id DESC LIMIT 1) AS tagged,
        ARRAY(SELECT DISTINCT category FROM drifts WHERE raises AND lowered_at IS NULL) AS drifted
    FROM lowered LEFT JOIN own ON true
""")
_LATELY = sa.text("""
    SELECT ticket_id, max(at) AS at, max(tier) AS tier,
        coalesce((array_agg(category ORDER BY id DESC) FILTER (WHERE category <> ''))[1], '') AS category
    FROM triages
    WHERE (helpdesk, account, requester) = (:helpdesk, :account, :requester) AND requester <> '' AND at >= :month
        AND ticket_id <> :ticket_id
    GROUP BY ticket_id ORDER BY 2 DESC
""")
_CONTACTS = sa.text("""
    SELECT count(DISTINCT ticket_id) FROM triages
    WHERE (helpdesk, account, requester) = (:helpdesk, :account, :requester) AND requester <> '' AND at >= :since
        AND ticket_id <> :ticket_id AND (:category = '' OR category = :category)
""")
