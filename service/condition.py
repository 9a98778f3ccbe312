"""How it goes with each helpdesk, as the database knows it: what came, what was written, what waits, who works."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from service.database import Database
from service.inbox import FOUND

ALIVE_S = 10
"""So long after its last word a worker lives; it says that it does every two seconds."""

_DESKS = sa.text("""
    SELECT desk.name,
           (SELECT received_at FROM deliveries WHERE helpdesk = desk.name AND what <> ALL (:found) ORDER BY id DESC LIMIT 1) AS webhook_at,
           (SELECT posted_at FROM drafts WHERE helpdesk = desk.name AND posted_at IS NOT NULL ORDER BY id DESC LIMIT 1) AS note_at,
           (SELECT count(*) FROM drafts WHERE helpdesk = desk.name AND created_at > :today AND posted_at > :today) AS notes_today,
           (SELECT count(*) FROM deliveries WHERE helpdesk = desk.name AND forwarded_at IS NULL)
           + (SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'look' AND queue_name = desk.name AND status = 'todo') AS waiting,
           (SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'look' AND queue_name = desk.name AND status = 'doing') AS running,
           (SELECT count(*) FROM parked WHERE helpdesk = desk.name) AS parked,
           (SELECT min(received_at) FROM deliveries WHERE helpdesk = desk.name AND forwarded_at IS NULL) AS oldest_at
    FROM unnest(CAST(:desks AS text[])) AS desk (name)
""").bindparams(sa.bindparam("desks", type_=sa.ARRAY(sa.Text)), sa.bindparam("found", type_=sa.ARRAY(sa.Text)))

_REASON = sa.text("""
    SELECT DISTINCT ON (queue_name) queue_name AS name, args ->> 'reason' AS reason FROM procrastinate_jobs
    WHERE task_name = 'look' AND status = 'todo' AND args ->> 'reason' <> '' ORDER BY queue_name, id DESC
""")

WORKERS = sa.text(
    f"SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > clock_timestamp() - interval '{ALIVE_S} s'"  # noqa: S608 - a constant of this file
)
"""How many live."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Of one helpdesk. webhook_at, note_at: the newest; None: none that is still known. waiting, running, parked: tickets.

    oldest_at: since when the oldest webhook waits to be handed on. reason: why the newest of those that were put off was.
    """

    webhook_at: datetime | None = None
    note_at: datetime | None = None
    notes_today: int = 0
    waiting: int = 0
    running: int = 0
    parked: int = 0
    oldest_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Conditions:
    """Of all. workers: 0, nobody works on tickets."""

    of: Mapping[str, Condition] = field(default_factory=dict)
    workers: int = 0


async def conditions(database: Database, desks: Sequence[str], *, today: datetime) -> Conditions:
    """Look. today: when the team's day began."""
    async with database.engine.connect() as connection:
        given = {"desks": list(desks), "found": list(FOUND), "today": today}
        rows = (await connection.execute(_DESKS, given)).mappings().all()
        reasons = {row.name: row.reason for row in await connection.execute(_REASON)}
        workers = await connection.scalar(WORKERS) or 0
    found = {
        row["name"]: Condition(
            **{name: row[name] for name in row if name != "name"}, reason=reasons.get(row["name"], "")
        )
        for row in rows
    }
    return Conditions(found, workers)
