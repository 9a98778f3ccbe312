"""The text of every policy that was in force, by version: what a row of the ledger was decided by can be read later."""

from __future__ import annotations

from sqlalchemy.dialects.postgresql import insert

from service.database import Database, storable
from service.tables import policies


class PolicyTexts:
    """Table `policies`: a text is written once, and never changed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, version: str, text: str) -> None:
        """Keep a text under its version, unless it is there."""
        row = insert(policies).values(version=version, text=storable(text))
        async with self._database.engine.begin() as connection:
            await connection.execute(row.on_conflict_do_nothing())
