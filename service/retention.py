"""How long our tables keep text of tickets: so many days, then it goes. Never twice a note for the same message all the same.

A posted draft leaves a skeleton without text: which message it answered, its reference, the note's id and when it was
posted. That is what the story looks at before it writes. A draft that was never posted, and a silence, leave nothing: a look
at the ticket would write them anew, and finds the reference in the ticket where a note stands there after all.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
import structlog

from service.database import Database

log = structlog.get_logger()

KEPT: Final = (
    *("certainty", "cited", "confidence", "dropped_citations", "language", "model", "prompt_version"),
    *("tokens_in", "tokens_out", "variant", "writer"),
    *("tier", "rules", "policy", "category", "segments", "incident"),
)
"""Of a draft's details: numbers, and names of ours, of the policy or of articles. Whatever else a version puts there goes with the text."""

_NAMES = ", ".join(repr(name) for name in KEPT)

BLANKED: Final = f"""html = '', requester = '', details = (
    SELECT coalesce(jsonb_object_agg(key, value), '{{}}') FROM jsonb_each(details) WHERE key IN ({_NAMES}))"""  # noqa: S608 - our own names
"""What is set in a draft to leave its skeleton."""

_BATCH = 500
"""Rows per statement, each of which commits by itself: some 20 ms, for which a ticket waits at most."""


class Retention:
    """Deletes what is older than `days`, by the database's clock."""

    def __init__(self, database: Database, *, days: int) -> None:
        self._engine = database.engine
        self._days = days

    async def forget_old(self) -> None:
        """Let all text go that is too old, in batches. Done twice, or by two at once, it changes nothing more."""
        gone = {name: await self._in_batches(statement) for name, statement in _OLD.items()}
        if any(gone.values()):
            log.info("text of tickets that was kept long enough is removed", days=self._days, **gone)

    async def _in_batches(self, statement: sa.TextClause) -> int:
        count, last = 0, _BATCH
        while last == _BATCH:
            async with self._engine.connect() as connection:
                done = await connection.execute(statement, {"days": self._days, "batch": _BATCH})
            count, last = count + done.rowcount, done.rowcount
        return count


def _old(deed: str, table: str, *, key: str = "id", when: str) -> sa.TextClause:
    """One batch of a deed; a row that somebody else holds is left to the next round, an hour later."""
    return sa.text(
        f"{deed} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE {when} LIMIT :batch FOR UPDATE SKIP LOCKED)"  # noqa: S608 - constants of this file
    )


_LIMIT = "now() - make_interval(days => :days)"

_OLD = {
    "notes": _old(
        f"UPDATE drafts SET {BLANKED}",  # noqa: S608 - constants of this file
        "drafts",
        when=f"html <> '' AND posted_at IS NOT NULL AND created_at < {_LIMIT}",
    ),
    "drafts": _old(
        "DELETE FROM drafts", "drafts", when=f"html <> '' AND posted_at IS NULL AND created_at < {_LIMIT}"
    ),
    # a reason may repeat what a vendor or a model answered
    "silences": _old("DELETE FROM silences", "silences", when=f"at < {_LIMIT}"),
    "parked": _old(
        "UPDATE parked SET error = ''",
        "parked",
        key="helpdesk, account, ticket_id",
        when=f"error <> '' AND at < {_LIMIT}",
    ),
    "votes": _old(
        "UPDATE feedback SET comment = '', answer = ''",
        "feedback",
        key="helpdesk, account, ticket_id, reference",
        when=f"(comment <> '' OR answer <> '') AND at < {_LIMIT}",
    ),
    "outages": _old("UPDATE outages SET reason = ''", "outages", key="name", when=f"reason <> '' AND probe_at < {_LIMIT}"),
    # why somebody paused may name a customer; who did, and when, stays
    "changes": _old(
        "UPDATE changes SET details = details - 'why'",
        "changes",
        when=f"jsonb_exists(details, 'why') AND at < {_LIMIT}",
    ),
    "triages": _old("UPDATE triages SET requester = ''", "triages", when=f"requester <> '' AND at < {_LIMIT}"),
    "incident_tickets": _old(
        "UPDATE incident_tickets SET requester = '', asked = ''",
        "incident_tickets",
        key="incident, helpdesk, account, ticket_id, message_id",
        when=f"(requester <> '' OR asked <> '') AND at < {_LIMIT}",
    ),
    # what is known of customers has a time of its own, and never a longer one
    "contexts": _old("DELETE FROM contexts", "contexts", key="customer", when=f"expires_at < now() OR at < {_LIMIT}"),
    "signals": _old("DELETE FROM signals", "signals", when=f"expires_at < now() OR at < {_LIMIT}"),
    "lookups": _old("DELETE FROM lookups", "lookups", key="name, customer", when=f"expires_at < now() OR at < {_LIMIT}"),
    # the row stays: nobody is written to twice for one cause
    "outreach": _old(
        "UPDATE outreach SET customer = 'forgotten ' || id, situation = '', subject = '', text = '', details = '{}'",
        "outreach",
        when=f"customer NOT LIKE 'forgotten %' AND created_at < {_LIMIT}",
    ),
    # figures stay; whose they were does not
    "outcomes": _old("UPDATE outcomes SET requester = ''", "outcomes", when=f"requester <> '' AND asked_at < {_LIMIT}"),
    "resolutions": _old(
        "UPDATE resolutions SET requester = ''", "resolutions", when=f"requester <> '' AND opened_at < {_LIMIT}"
    ),
    # what a person approved is knowledge of the team, without anybody's data, and has an expiry of its own
    "lessons": _old(
        "DELETE FROM lessons",
        "lessons",
        when=f"state <> 'approved' AND CASE state WHEN 'expired' THEN expires_at ELSE coalesce(decided_at, created_at) END < {_LIMIT}",
    ),
    # what nobody but its requester may find is over when nobody knows any more who that is
    "approved": _old(
        """UPDATE lessons SET requester = '', changed = '',
            state = CASE WHEN everyone OR organization <> '' THEN state ELSE 'expired' END,
            expires_at = CASE WHEN everyone OR organization <> '' THEN expires_at ELSE now() END""",
        "lessons",
        when=f"(requester <> '' OR changed <> '') AND state = 'approved' AND created_at < {_LIMIT}",
    ),
    "samples": _old(
        "UPDATE samples SET requester = '', text = '{}'",
        "samples",
        when=f"(requester <> '' OR text <> '{{}}') AND drawn_at < {_LIMIT}",
    ),
    "reviews": _old(
        "UPDATE reviews SET remark = ''", "reviews", key="sample, reviewer", when=f"remark <> '' AND at < {_LIMIT}"
    ),
    "syncs": _old("DELETE FROM syncs", "syncs", when=f"asked_at < {_LIMIT}"),
    # one that waits so long is nobody's: its helpdesk was switched off. It stays, and says no more why it waits
    "jobs": _old(
        "UPDATE procrastinate_jobs SET args = args || '{\"reason\": \"\"}'",
        "procrastinate_jobs AS job",
        when=f"""args ->> 'reason' <> '' AND NOT EXISTS (
            SELECT FROM procrastinate_events AS event WHERE event.job_id = job.id AND event.at >= {_LIMIT})""",
    ),
}  # fmt: skip
