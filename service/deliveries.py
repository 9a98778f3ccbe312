"""What became of each webhook: the newest first, with the note it led to, or why it led to none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, get_args

import sqlalchemy as sa

from service.database import Database

Fate = Literal["note", "silence", "unchanged", "own", "waiting", "running", "failed", "other"]
"""note, silence: what it led to. unchanged: what was said before still stands. own: it told of a note of ours. other: it named no ticket."""

Wanted = Literal["", "note", "silence", "waiting", "failed"]
WANTED: tuple[Wanted, ...] = get_args(Wanted)

_FATES: Mapping[Wanted, Sequence[Fate]] = {
    "note": ("note",),
    "silence": ("silence", "unchanged", "own"),
    "waiting": ("waiting", "running"),
    "failed": ("failed",),
}

_LOOKED_THROUGH = 2_000
"""Deliveries of which one page's are chosen at most: a rare kind of them is looked for page by page, each in bounded time."""

_HIGHEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Filter:
    """Which deliveries. helpdesk, ticket_id, fate: empty, all of them. before: only those with a lower number."""

    helpdesk: str = ""
    ticket_id: str = ""
    fate: Wanted = ""
    before: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """One delivery and what became of it.

    verdict, reference: of the note that it led to, or that stands. reason: of a silence, a wait or a failure, in words. at: when that was
    said. attempts: so far, of one that waits or failed. due_at: when a waiting one is looked at again; None: at once. later: the ticket was
    looked at again since, for another delivery.
    """

    number: int
    helpdesk: str
    ticket_id: str
    kind: str
    what: str
    received_at: datetime
    fate: Fate
    verdict: str = ""
    reference: str = ""
    reason: str = ""
    at: datetime | None = None
    attempts: int = 0
    due_at: datetime | None = None
    later: bool = False

    @property
    def ticket(self) -> str:
        """As commands name it; empty where it tells of none."""
        return f"{self.helpdesk}:{self.ticket_id}" if self.kind == "ticket" else ""


@dataclass(frozen=True, slots=True)
class Page:
    """Some deliveries. older: `before` of the next page; 0 where there is none. upto: when the oldest that was looked at came."""

    told: Sequence[Told]
    older: int = 0
    upto: datetime | None = None


class Deliveries:
    """Reads the inbox, the ledger and the queue together, in one statement."""

    def __init__(self, database: Database, *, accounts: Sequence[str]) -> None:
        """accounts: those of the connected helpdesks; the ledger's rows are found by them."""
        self._engine = database.engine
        self._accounts = ["", *accounts]

    async def page(self, wanted: Filter, *, rows: int = 50) -> Page:
        """The newest that are wanted."""
        most = _LOOKED_THROUGH if wanted.fate else rows + 1
        given = {
            "helpdesk": wanted.helpdesk,
            "ticket_id": wanted.ticket_id,
            "fates": list(_FATES.get(wanted.fate, ())),
            "before": wanted.before or _HIGHEST,
            "accounts": self._accounts,
            "most": most,
            "rows": rows + 1,
        }
        async with self._engine.connect() as connection:
            found = (await connection.execute(_PAGE, given)).all()
        told = [_told(row) for row in found[:rows] if row.id is not None]
        if len(found) > rows:
            return Page(told, older=told[-1].number, upto=told[-1].received_at)
        last = found[0] if found else None  # every row says where the looking ended
        more = bool(last and last.looked == most)
        return Page(told, older=last.lowest if last and more else 0, upto=last.earliest if last and more else None)


def _said(when: str, order: str) -> str:
    """The first or last thing that was said of the ticket of `d`. when: of {at}."""
    mine = "helpdesk = d.helpdesk AND account = ANY(:accounts) AND ticket_id = d.ticket_id"
    return f"""
        (SELECT 'note' AS kind, posted_at AS at, verdict AS words, reference FROM drafts
         WHERE {mine} AND {when.format(at="posted_at")} ORDER BY posted_at {order} LIMIT 1)
        UNION ALL
        (SELECT 'silence', at, reason, '' FROM silences WHERE {mine} AND {when.format(at="at")} ORDER BY at {order} LIMIT 1)
        ORDER BY at {order} LIMIT 1"""  # noqa: S608 - our own words


_TOGETHER_S = 120
"""Deliveries of a ticket that were handed on so shortly after each other may have been one look's."""

# A delivery led to the first thing that was said of its ticket before the next look; where nothing was, what stood before still does.
_STATEMENT = f"""
    WITH looked AS MATERIALIZED (
        SELECT * FROM deliveries
        WHERE id < :before AND (:helpdesk = '' OR helpdesk = :helpdesk) AND (:ticket_id = '' OR (ticket_id = :ticket_id AND kind = 'ticket'))
        ORDER BY id DESC LIMIT :most
    ), bounds AS (SELECT min(id) AS lowest, min(received_at) AS earliest, count(*) AS looked FROM looked),
    fates AS (
        SELECT d.id, d.helpdesk, d.ticket_id, d.kind, d.what, d.received_at, d.result, next.at IS NOT NULL AS later,
               coalesce(said.kind, stood.kind) AS said, coalesce(said.at, stood.at) AS at, coalesce(said.words, stood.words) AS words,
               coalesce(said.reference, stood.reference) AS reference,
               job.reason AS job_reason, job.attempts AS job_attempts, job.due_at, given_up.attempts, given_up.error,
               CASE WHEN d.forwarded_at IS NULL THEN 'waiting'
                    WHEN d.kind <> 'ticket' THEN 'other'
                    WHEN d.result <> 'job' THEN 'own'
                    WHEN said.kind = 'note' THEN 'note'
                    WHEN given_up.at >= d.received_at AND next.at IS NULL THEN 'failed'
                    WHEN said.kind = 'silence' THEN 'silence'
                    WHEN job.status = 'doing' THEN 'running'
                    WHEN job.status = 'todo' THEN 'waiting'
                    ELSE 'unchanged' END AS fate
        FROM looked d
        LEFT JOIN LATERAL (
            SELECT min(n.forwarded_at) AS at FROM deliveries n
            WHERE n.helpdesk = d.helpdesk AND n.ticket_id = d.ticket_id AND n.id > d.id AND n.kind = 'ticket' AND n.result = 'job'
              AND n.forwarded_at > d.forwarded_at + interval '{_TOGETHER_S} s'
        ) next ON d.result = 'job'
        LEFT JOIN LATERAL ({_said("{at} >= d.received_at AND {at} < coalesce(next.at, 'infinity')", "ASC")}) said ON d.result = 'job'
        LEFT JOIN LATERAL ({_said("{at} < d.received_at", "DESC")}) stood ON d.result = 'job' AND said.at IS NULL
        LEFT JOIN LATERAL (
            SELECT attempts, error, at FROM parked
            WHERE helpdesk = d.helpdesk AND account = ANY(:accounts) AND ticket_id = d.ticket_id ORDER BY at DESC LIMIT 1
        ) given_up ON d.result = 'job'
        LEFT JOIN LATERAL (
            (SELECT status::text AS status, NULL::timestamptz AS due_at, COALESCE((args ->> 'attempt')::int, 1) AS attempts,
                    COALESCE(args ->> 'reason', '') AS reason
             FROM procrastinate_jobs WHERE status = 'doing' AND lock = d.helpdesk || ':' || d.ticket_id LIMIT 1)
            UNION ALL
            (SELECT status::text, scheduled_at, COALESCE((args ->> 'attempt')::int, 1), COALESCE(args ->> 'reason', '')
             FROM procrastinate_jobs WHERE status = 'todo' AND queueing_lock = d.helpdesk || ':' || d.ticket_id LIMIT 1)
            LIMIT 1
        ) job ON d.result = 'job' AND next.at IS NULL
    )
    SELECT fates.*, bounds.* FROM bounds
    LEFT JOIN fates ON cardinality(CAST(:fates AS text[])) = 0 OR fates.fate = ANY(CAST(:fates AS text[]))
    ORDER BY fates.id DESC NULLS LAST LIMIT :rows
"""  # noqa: S608 - our own words

_PAGE = sa.text(_STATEMENT).bindparams(
    sa.bindparam("accounts", type_=sa.ARRAY(sa.Text)), sa.bindparam("fates", type_=sa.ARRAY(sa.Text))
)


def _told(row: sa.Row[Any]) -> Told:
    told = Told(row.id, row.helpdesk, row.ticket_id, row.kind, row.what, row.received_at, row.fate)
    shown: dict[str, Any] = {"at": row.at, "later": bool(row.later)}
    match row.fate:
        case "note":
            shown |= {"verdict": row.words, "reference": row.reference}
        case "silence":
            shown |= {"reason": row.words}
        case "unchanged" if row.said == "note":
            shown |= {"verdict": row.words, "reference": row.reference}
        case "unchanged":
            shown |= {"reason": row.words or ""}
        case "failed":
            shown |= {"reason": row.error, "attempts": row.attempts}
        case "waiting" | "running":
            shown = {"reason": row.job_reason or "", "attempts": row.job_attempts or 0, "due_at": row.due_at}
        case _:
            shown = {"reason": row.result}
    return replace(told, **shown)
