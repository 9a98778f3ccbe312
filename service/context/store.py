"""What is kept about customers for a while: what the product pushed, what happened, what look-ups answered.

A customer is an e-mail address in lower case, or helpdesk:id. That both are one person is known from their tickets, and kept as
a row of `lookups` named SEEN: the id, and a digest of the address, not the address.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from service.database import Database
from service.tables import contexts, lookups, signals

SEEN: Final = "seen"

_SEEN_FOR = timedelta(days=30)
_MOST_SIGNALS = 20


@dataclass(frozen=True, slots=True)
class Pushed:
    """What is kept about one customer. lookups: the answers that are still good, by the look-up's name."""

    facts: Mapping[str, str] = field(default_factory=dict)
    happened: tuple[str, ...] = ()
    lookups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Context:
    """Facts of a customer that a product pushes. They replace those before."""

    customer: str = field(repr=False)
    facts: Mapping[str, str]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that happened to a customer in the product."""

    delivery_id: str
    customer: str = field(repr=False)
    kind: str
    data: Mapping[str, str]
    expires_at: datetime


class Contexts:
    """Reads and writes it. Raises what SQLAlchemy does where PostgreSQL is away: see AWAY in service/queue.py."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, customers: Sequence[str], *, email: str, lookups: Mapping[str, str]) -> Pushed:
        """What is known of one customer, who has these names. lookups: key of a look-up's kept answers, by its name."""
        if not customers:
            return Pushed()
        own = customers[-1]  # helpdesk:id, unless the helpdesk has no id
        given = {"customers": list(customers), "own": own, "keys": list(lookups.values()), "most": _MOST_SIGNALS}
        async with self._database.engine.connect() as connection:
            rows = (await connection.execute(_KNOWN, given)).all()
            if email and own != email.strip().lower():
                await connection.execute(_seen(own, email))
        told = [(source, name, told) for source, name, told in rows]
        merged: dict[str, str] = {}
        for _, _, said in [
            row for row in told if row[0] == "context"
        ]:  # the helpdesk's id last: it is surely this person
            merged |= said
        happened = dict.fromkeys(name for source, name, _ in told if source == "signal")
        kept = {name: said for source, name, said in told if source == "lookup"}
        answers = {name: kept[key] for name, key in lookups.items() if key in kept}
        return Pushed(merged, tuple(happened), answers)

    async def keep(self, key: str, customer: str, told: Mapping[str, str], *, lasts: timedelta) -> None:
        """Keep what a look-up answered about a customer."""
        async with self._database.engine.connect() as connection:
            await connection.execute(_kept(key, customer, told, lasts))

    async def put(self, given: Sequence[Context]) -> None:
        """All of it, or nothing."""
        async with self._database.transactions.begin() as connection:
            for one in sorted(given, key=lambda one: one.customer):  # two who send the same ones wait in turn
                values = {"facts": dict(one.facts), "at": sa.func.now(), "expires_at": one.expires_at}
                row = insert(contexts).values(customer=one.customer, **values)
                await connection.execute(row.on_conflict_do_update(index_elements=["customer"], set_=values))

    async def happened(self, given: Sequence[Signal]) -> list[bool]:
        """All of them, or nothing. Answers which were not told before."""
        new = [False] * len(given)
        async with self._database.transactions.begin() as connection:
            for index, one in sorted(enumerate(given), key=lambda numbered: (numbered[1].delivery_id, numbered[0])):
                row = insert(signals).values(
                    delivery_id=one.delivery_id,
                    customer=one.customer,
                    kind=one.kind,
                    data=dict(one.data),
                    expires_at=one.expires_at,
                )
                row = row.on_conflict_do_nothing(index_elements=["delivery_id"])
                new[index] = await connection.scalar(row.returning(signals.c.id)) is not None
        return new

    async def known(self, customers: Sequence[str]) -> list[bool]:
        """Of each, whether a ticket of theirs was looked at within our memory."""
        async with self._database.engine.connect() as connection:
            asked = {"customers": list(customers), "digests": [digest(one) for one in customers]}
            found = set((await connection.execute(_SEEN, asked)).scalars())
        return [one in found or digest(one) in found for one in customers]


def digest(email: str) -> str:
    """Of an e-mail address, as it is kept in place of the address."""
    return hashlib.sha256(email.strip().lower().encode(errors="replace")).hexdigest()


def _kept(name: str, customer: str, told: Mapping[str, str], lasts: timedelta) -> sa.sql.dml.Insert:
    values: dict[str, Any] = {"facts": dict(told), "at": sa.func.now(), "expires_at": sa.func.now() + lasts}
    row = insert(lookups).values(name=name, customer=customer, **values)
    return row.on_conflict_do_update(index_elements=["name", "customer"], set_=values)


def _seen(customer: str, email: str) -> sa.sql.dml.Insert:
    return _kept(SEEN, customer, {"email": digest(email)}, _SEEN_FOR)


_KNOWN = sa.text("""
    (SELECT 'context' AS source, customer AS name, facts AS told FROM contexts
     WHERE customer = ANY (CAST(:customers AS text[])) AND expires_at > now()
     ORDER BY array_position(CAST(:customers AS text[]), customer))
    UNION ALL
    (SELECT 'signal', kind, '{}' FROM (
         SELECT kind, max(at) AS newest FROM signals
         WHERE customer = ANY (CAST(:customers AS text[])) AND expires_at > now()
         GROUP BY kind ORDER BY newest DESC LIMIT :most) AS newest_kinds)
    UNION ALL
    (SELECT 'lookup', name, facts FROM lookups
     WHERE customer = :own AND name = ANY (CAST(:keys AS text[])) AND expires_at > now())
""")

_SEEN = sa.text("""
    SELECT customer FROM lookups WHERE customer = ANY (CAST(:customers AS text[])) AND name = 'seen'
    UNION SELECT facts ->> 'email' FROM lookups WHERE name = 'seen' AND facts ->> 'email' = ANY (CAST(:digests AS text[]))
""")
