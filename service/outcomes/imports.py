"""How far something of a helpdesk was read: so that what was interrupted goes on, and a round begins where the last one ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from service.database import Database

What = Literal["baseline", "ratings"]


@dataclass(frozen=True, slots=True)
class Read:
    """upto: by the helpdesk's clock; None: nothing yet. done: to its end. tickets: so many so far."""

    since: datetime
    upto: datetime | None = None
    done: bool = False
    tickets: int = 0


class Imports:
    """Reads and writes the table `imports`."""

    def __init__(self, database: Database) -> None:
        self._engine = database.engine

    async def read(self, helpdesk: str, account: str, what: What) -> Read | None:
        """How far it is; None where it never began."""
        async with self._engine.connect() as connection:
            row = (await connection.execute(_READ, {"helpdesk": helpdesk, "account": account, "what": what})).first()
        return Read(row.since, row.upto, row.done_at is not None, row.tickets) if row else None

    async def keep(self, helpdesk: str, account: str, what: What, read: Read) -> None:
        """Write down how far it is."""
        given = {"helpdesk": helpdesk, "account": account, "what": what, "since": read.since, "upto": read.upto}
        async with self._engine.connect() as connection:
            await connection.execute(_KEEP, given | {"done": read.done, "tickets": read.tickets})


_READ = sa.text("SELECT * FROM imports WHERE (helpdesk, account, what) = (:helpdesk, :account, :what)")
_KEEP = sa.text("""
    INSERT INTO imports (helpdesk, account, what, since, upto, done_at, tickets)
    VALUES (:helpdesk, :account, :what, :since, :upto, CASE WHEN :done THEN now() END, :tickets)
    ON CONFLICT (helpdesk, account, what) DO UPDATE SET since = excluded.since, upto = excluded.upto,
        done_at = excluded.done_at, tickets = excluded.tickets
""")
