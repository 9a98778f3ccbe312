"""The share of each helpdesk account's rate limits that is ours, counted in PostgreSQL for all replicas together.

Vendors count per window, and nobody knows when theirs begin. So every window of ours is the last `window_s` seconds,
counted in slots: however a vendor's window lies, our calls in it are no more than our share. Two whole windows weighted
against each other (the usual shortcut) would let nearly twice as many through: a burst late in one, another early in
the next.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from connectors.base import SpentError
from connectors.budget import Bucket
from service.database import Database

LIVE_SHARE = 0.9
"""Of the vendor's limit: what others use beside us (apps, agents' browsers) has to fit in as well."""

BACKGROUND_SHARE = 0.5
"""What reading articles may bring the account up to. Above it, only tickets are served."""

SLOTS = 12

_LONGEST_BLOCK_S = 3600  # as connectors/http.py has it; a block beyond it means that the clock was moved
_NO_WAIT_S = 0.05  # there was no room a moment ago, and there is now

# The counts of the last SLOTS + 1 slots as they stand in the slot that begins at `excluded.newest`: shifted by those
# that have begun since. One slot back is a statement that waited for another one's lock; any other way back is a clock
# that was moved, and nothing is known.
_BEGUN = "round(extract(epoch FROM excluded.newest - b.newest) / :slot_s)"
_PASSED = (
    f"(CASE WHEN {_BEGUN} BETWEEN 0 AND {SLOTS} THEN {_BEGUN} WHEN {_BEGUN} = -1 THEN 0 ELSE {SLOTS + 1} END)::int"
)
_AGED = f"(b.counts || array_fill(0, ARRAY[{SLOTS + 1}]))[1 + {_PASSED} : {SLOTS + 1} + {_PASSED}]"
_USED = f"(SELECT sum(used) FROM unnest({_AGED}) AS used)"  # noqa: S608 (constants of this file only)
_BLOCKED = f"coalesce(b.blocked_until - clock_timestamp() BETWEEN '0' AND '{_LONGEST_BLOCK_S + 1} s', false)"

# The loss of a few counts in a crash of the database is no harm; waiting for its disk before every call would be.
_TAKE = sa.text(f"""
    INSERT INTO budgets AS b (name, newest, counts)
    SELECT :name, to_timestamp(floor(extract(epoch FROM clock_timestamp())::float8 / :slot_s) * :slot_s),
           array_fill(0, ARRAY[{SLOTS}]) || CAST(:cost AS int)
    FROM set_config('synchronous_commit', 'off', true)
    ON CONFLICT (name) DO UPDATE SET
        newest = CASE WHEN {_BEGUN} = -1 THEN b.newest ELSE excluded.newest END,
        counts = ({_AGED})[1:{SLOTS}] || ({_AGED})[{SLOTS + 1}] + CAST(:cost AS int)
    WHERE NOT {_BLOCKED}
      AND ({_USED} + CAST(:cost AS int) <= floor(coalesce(b.limit_seen, :limit) * CAST(:share AS float8)) OR {_USED} = 0)
    RETURNING true
""")  # noqa: S608 (constants of this file only)

_LOOK = sa.text("""
    SELECT extract(epoch FROM clock_timestamp() - newest)::float8 AS age_s, counts, limit_seen,
           extract(epoch FROM blocked_until - clock_timestamp())::float8 AS blocked_s
    FROM budgets WHERE name = :name
""")

_BLOCK = sa.text("""
    INSERT INTO budgets AS b (name, blocked_until) VALUES (:name, clock_timestamp() + make_interval(secs => :after_s))
    ON CONFLICT (name) DO UPDATE SET blocked_until = greatest(b.blocked_until, excluded.blocked_until)
""")

_LEARN = sa.text("""
    INSERT INTO budgets AS b (name, limit_seen) VALUES (:name, :limit)
    ON CONFLICT (name) DO UPDATE SET limit_seen = excluded.limit_seen
    WHERE b.limit_seen IS DISTINCT FROM excluded.limit_seen
""")

# Limits that the vendor has told are those of a whole account, per minute; that of a single ticket is not remembered.
_LEFT = sa.text("""
    SELECT name, floor(limit_seen * CAST(:share AS float8))::int AS most,
           CASE WHEN coalesce(blocked_until - clock_timestamp() BETWEEN '0' AND '1 hour', false) THEN NULL ELSE (
               SELECT coalesce(sum(used), 0) FROM unnest(counts) WITH ORDINALITY AS slot (used, place)
               WHERE place > extract(epoch FROM clock_timestamp() - newest) / :slot_s
           ) END AS used
    FROM budgets WHERE limit_seen IS NOT NULL
""")

_FORGET = sa.text("""
    DELETE FROM budgets
    WHERE limit_seen IS NULL AND newest < clock_timestamp() - interval '1 day'
      AND coalesce(blocked_until, '-infinity') < clock_timestamp()
""")


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of our share of one limit, in calls of the last minute; 0 while the vendor wants no call."""

    account: str  # "zendesk:acme.zendesk.com"
    bucket: str
    left: int
    most: int


class Budgets:
    """Every account's budget, shared by whoever opens the same database."""

    def __init__(self, database: Database) -> None:
        # One statement is one transaction: a row that every call of an account needs is locked as shortly as possible.
        self._engine = database.engine

    def of(self, account: str, *, share: float = LIVE_SHARE, waits: bool = False) -> ShareOfAccount:
        """The budget of one account: up to `share` of its limits. waits: sleep until there is room instead of raising."""
        return ShareOfAccount(self._engine, account, share=share, waits=waits)

    async def left(self) -> list[Left]:
        """Of every limit that a vendor has told, what tickets may still use."""
        async with self._engine.connect() as connection:
            rows = (await connection.execute(_LEFT, {"share": LIVE_SHARE, "slot_s": 60 / SLOTS})).all()
        return [_left(row.name, row.most, row.used) for row in rows]

    async def forget_old(self) -> None:
        """Drop what nobody has used for a day: there is one row for every ticket that got a note."""
        async with self._engine.connect() as connection:
            await connection.execute(_FORGET)


class ShareOfAccount:
    """A `connectors.base.Budget`. What PostgreSQL raises goes through: without it no ticket is served anyway."""

    def __init__(self, engine: AsyncEngine, account: str, *, share: float, waits: bool) -> None:
        self._engine = engine
        self._account = account
        self._share = share
        self._waits = waits

    async def take(self, bucket: Bucket) -> None:
        """Pay for a call. Raises SpentError, saying when to come again; or waits for that."""
        while (wait_s := await self._paid(bucket)) is not None:
            if not self._waits:
                raise SpentError(
                    f"our share of the rate limit {bucket.name!r} of {self._account} is used up: nothing was sent",
                    after_s=wait_s,
                )
            await asyncio.sleep(wait_s)

    async def learned(self, bucket: str, limit: int) -> None:
        """Count against the true limit from now on."""
        async with self._engine.connect() as connection:
            await connection.execute(_LEARN, {"name": self._name(bucket), "limit": limit})

    async def blocked(self, bucket: Bucket, *, after_s: float) -> None:
        """Let nobody call before the vendor wants to be called again."""
        async with self._engine.connect() as connection:
            await connection.execute(_BLOCK, {"name": self._name(bucket.name), "after_s": after_s})

    async def _paid(self, bucket: Bucket) -> float | None:
        """Seconds to wait until there may be room; None: it is paid for."""
        name, slot_s = self._name(bucket.name), bucket.window_s / SLOTS
        given = {"name": name, "slot_s": slot_s, "cost": bucket.cost, "limit": bucket.limit, "share": self._share}
        async with self._engine.connect() as connection:
            if (await connection.execute(_TAKE, given)).scalar():
                return None
            row = (await connection.execute(_LOOK, {"name": name})).one_or_none()
        if row is None:  # forgotten this moment
            return _NO_WAIT_S
        if row.blocked_s is not None and 0 < row.blocked_s <= _LONGEST_BLOCK_S + 1:
            return float(row.blocked_s)
        most = math.floor((bucket.limit if row.limit_seen is None else row.limit_seen) * self._share)
        return _room_in_s(row.counts, most - bucket.cost, age_s=row.age_s, slot_s=slot_s)

    def _name(self, bucket: str) -> str:
        return f"{self._account}: {bucket}"


def _left(name: str, most: int, used: int | None) -> Left:
    account, _, bucket = name.partition(": ")
    return Left(account.replace(" ", ":", 1), bucket, left=0 if used is None else max(most - int(used), 0), most=most)


def _room_in_s(counts: Sequence[int], most: int, *, age_s: float, slot_s: float) -> float:
    """Seconds until no more than `most` of these calls are left in the window; the newest slot began `age_s` ago."""
    left, slots = sum(counts), 0
    while left > max(most, 0):
        left -= counts[slots]
        slots += 1
    return max(slots * slot_s - age_s, _NO_WAIT_S)
