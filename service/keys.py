"""The keys that sign what we hand out: in the database, so that nothing has to be set, all replicas agree and a restart keeps them."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping

import sqlalchemy as sa

from service.database import Database
from service.errors import DatabaseUnavailableError
from service.feedback import VALID_FOR
from service.tables import feedback_keys

_KEY_BYTES = 32
_SIGNS_DAYS = 30  # then a new key signs; the old one is good for as long as a link that it signed
_GOOD_DAYS = _SIGNS_DAYS + VALID_FOR.days + 1
_ASKED_AGAIN_S = 1.0  # after a key that is not known: another replica may just have made it, or a stranger made it up

_MAKE = sa.text("""
    INSERT INTO feedback_keys (key) SELECT :key
    WHERE NOT EXISTS (SELECT FROM feedback_keys WHERE made_at > now() - make_interval(days => :days))
""")
_FORGET = sa.text("DELETE FROM feedback_keys WHERE made_at < now() - make_interval(days => :days)")
_KEYS = sa.select(feedback_keys.c.id, feedback_keys.c.key)


class Keys:
    """Those of votes and of the admin page's sessions. `renew` first."""

    def __init__(self, database: Database) -> None:
        self._engine = database.engine
        self.known: Mapping[int, bytes] = {}
        self._asked_at = 0.0

    @property
    def newest(self) -> tuple[int, bytes] | None:
        """(number, key) of the one that signs; None before there is one."""
        return max(self.known.items(), default=None)

    async def renew(self) -> None:
        """Make a new key where the newest is old, forget those that signed nothing that is still good, and read them."""
        async with self._engine.connect() as connection:
            await connection.execute(_FORGET, {"days": _GOOD_DAYS})
            await connection.execute(_MAKE, {"key": secrets.token_bytes(_KEY_BYTES), "days": _SIGNS_DAYS})
        await self._read()

    async def look_for(self, key_id: int | None) -> None:
        """Read the keys again where this one is not known, at most once a second. Raises DatabaseUnavailableError."""
        if key_id is not None and key_id not in self.known and time.monotonic() - self._asked_at > _ASKED_AGAIN_S:
            try:
                await self._read()
            except (sa.exc.SQLAlchemyError, OSError) as error:
                raise DatabaseUnavailableError("the keys that sign cannot be read") from error

    async def _read(self) -> None:
        self._asked_at = time.monotonic()
        async with self._engine.connect() as connection:
            self.known = {number: bytes(key) for number, key in await connection.execute(_KEYS)}
