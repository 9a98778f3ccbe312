"""Outcomes and resolutions in PostgreSQL. What comes late corrects what stood there; what is unchanged writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from service.database import Database
from service.ledger import Ledger, TicketKey
from service.outcomes.ended import AGAIN
from service.outcomes.outcome import Outcome, Resolution
from service.outcomes.sent import Judged, Known
from service.tables import outcomes, resolutions


class Outcomes:
    """Reads and writes both tables; every statement stands alone."""

    def __init__(self, database: Database) -> None:
        self._engine, self._ledger = database.engine, Ledger(database)

    async def known(self, key: TicketKey) -> Known:
        """What the ledger has of a ticket: two statements."""
        drafts = await self._ledger.drafts(key)
        async with self._engine.connect() as connection:
            row = (await connection.execute(_KNOWN, _named(key))).one()
        return Known(
            drafts=drafts,
            triages={one["message_id"]: Judged(one["tier"], one["category"], one["language"]) for one in row.triages},
            silences=_by_message(row.silences),
            outcomes={one["message_id"]: _outcome(key, one) for one in row.outcomes},
            resolution=_resolution(key, row.resolution) if row.resolution else None,
        )

    async def keep(self, made: Sequence[Outcome], resolution: Resolution | None, *, known: Known) -> bool:
        """Write down what differs from what is known; whether anything did."""
        changed = [one for one in made if known.outcomes.get(one.message_id) != one]
        ended = resolution if resolution != known.resolution else None
        async with self._engine.connect() as connection:
            if changed:
                await connection.execute(_KEEP_OUTCOMES, [_row(one) for one in changed])
            if ended:
                await connection.execute(_KEEP_RESOLUTION, _row(ended))
                if ended.requester and ended.category:
                    statement = _NOT_AGAIN if ended.excluded else _AGAIN
                    await connection.execute(statement, _row(ended) | {"days": AGAIN.days})
        return bool(changed or ended)

    async def tagged(self, key: TicketKey, tag: str) -> None:
        """The ticket's label stands in it as this tag."""
        async with self._engine.connect() as connection:
            await connection.execute(_TAGGED, _named(key) | {"tag": tag})


def _by_message(rows: Sequence[dict[str, str]]) -> dict[str, list[str]]:
    reasons: dict[str, list[str]] = {}
    for row in rows:
        reasons.setdefault(row["message_id"], []).append(row["reason"])
    return reasons


def _named(key: TicketKey) -> dict[str, Any]:
    return {"helpdesk": key.helpdesk, "account": key.account, "ticket_id": key.ticket_id}


def _row(one: Outcome | Resolution) -> dict[str, Any]:
    values = asdict(one)
    key, group = values.pop("key"), values.pop("group")
    return {**key, **values, "group_id": group, "details": dict(one.details)}


_MOMENTS = (
    "asked_at",
    "noted_at",
    "replied_at",
    "opened_at",
    "first_reply_at",
    "solved_at",
    "reopened_at",
    "again_at",
    "csat_at",
)


def _values(row: dict[str, Any]) -> dict[str, Any]:
    """A row as JSON, without what is not ours to compare."""
    left = {"id", "seen_at", "helpdesk", "account", "ticket_id", "group_id"}
    values = {name: value for name, value in row.items() if name not in left}
    for name in _MOMENTS:
        if values.get(name):
            values[name] = datetime.fromisoformat(values[name])
    return values | {"group": row["group_id"]}


def _outcome(key: TicketKey, row: dict[str, Any]) -> Outcome:
    return Outcome(key=key, **_values(row))


def _resolution(key: TicketKey, row: dict[str, Any]) -> Resolution:
    return Resolution(key=key, **_values(row))


_OWN = "(helpdesk, account, ticket_id) = (:helpdesk, :account, :ticket_id)"
_KNOWN = sa.text(f"""
    SELECT
        (SELECT coalesce(jsonb_agg(jsonb_build_object('message_id', message_id, 'tier', tier, 'category', category, 'language', language)), '[]')
            FROM triages WHERE {_OWN}) AS triages,
        (SELECT coalesce(jsonb_agg(jsonb_build_object('message_id', message_id, 'reason', reason)), '[]')
            FROM silences WHERE {_OWN}) AS silences,
        (SELECT coalesce(jsonb_agg(to_jsonb(outcomes)), '[]') FROM outcomes WHERE {_OWN}) AS outcomes,
        (SELECT to_jsonb(resolutions) FROM resolutions WHERE {_OWN}) AS resolution
""")  # noqa: S608 - a constant of this file


def _keep(table: sa.Table, constraint: str) -> sa.Executable:
    """Insert, or write over all but what others write: whoever looked before a rating came does not know of it."""
    keys = {"helpdesk", "account", "ticket_id", "message_id", "again_at"}
    names = [column.name for column in table.columns if column.name not in ("id", "seen_at")]
    new = insert(table).values({name: sa.bindparam(name) for name in names})
    written: dict[str, Any] = {name: new.excluded[name] for name in names if name not in keys}
    if "csat" in written:
        newer = new.excluded["csat_at"] >= sa.func.coalesce(table.c["csat_at"], sa.text("'-infinity'"))
        written |= {name: sa.case((newer, new.excluded[name]), else_=table.c[name]) for name in ("csat", "csat_at")}
    return new.on_conflict_do_update(constraint=constraint, set_=written | {"seen_at": sa.func.now()})


_KEEP_OUTCOMES = _keep(outcomes, "outcomes_one_per_message")
_KEEP_RESOLUTION = _keep(resolutions, "resolutions_one_per_ticket")
_NOT_AGAIN = sa.text("""
    UPDATE resolutions SET again_at = NULL
    WHERE (helpdesk, account, requester, category) = (:helpdesk, :account, :requester, :category) AND ticket_id <> :ticket_id
        AND again_at = :opened_at
""")
_TAGGED = sa.text(f"""
    UPDATE resolutions SET details = details || jsonb_build_object('tagged', CAST(:tag AS text)) WHERE {_OWN}
""")  # noqa: S608 - a constant of this file
_AGAIN = sa.text("""
    UPDATE resolutions SET again_at = :opened_at
    WHERE (helpdesk, account, requester, category) = (:helpdesk, :account, :requester, :category) AND ticket_id <> :ticket_id
        AND again_at IS NULL AND solved_at <= :opened_at AND solved_at >= CAST(:opened_at AS timestamptz) - make_interval(days => :days)
""")
