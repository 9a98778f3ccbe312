"""Spikes in the database: looked for every minute by one of the replicas, told once in a window, and answered where the policy says so."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from service.changes import change
from service.database import Database
from service.incidents.plan import IncidentError, read_plan
from service.incidents.spike import PAST, Spike, Uncategorised, Wave, spike_of_words, spikes
from service.incidents.store import Incidents
from service.ledger import Unanswered
from service.policy.document import Policy
from service.policy.values import said

NOBODY = "deskpilot"
"""Who raised an alarm, or started an incident, that no person did."""

NO_CATEGORY = "no category"

_LOCK = 0x7370696B  # "spik": one replica looks at a time
_KNOWN = 2_000  # tickets without a category that are compared
_STANDS_S = 120  # beyond its window, so that one that lasts is not over for the minute until it is told anew

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Alarm:
    """A spike that was told. incident: the one that it started; "" none. words: as in Spike."""

    category: str
    label: str
    tickets: int
    usual: float
    at: datetime
    incident: str = ""
    words: str = ""

    @property
    def usually(self) -> str:
        """How many come at other times."""
        return f"about {self.usual:.0f}" if self.usual >= 1 else "fewer than one"


class Alarms:
    """Looks for spikes. policy: the one in force."""

    def __init__(self, database: Database, policy: Callable[[], Policy]) -> None:
        self._database, self._policy = database, policy
        self._incidents = Incidents(database)

    async def watch(self) -> list[Alarm]:
        """Tell new spikes: in the log, in `changes`, and by an incident where the policy says so. [] also where another replica looks."""
        policy = self._policy()
        async with self._database.transactions.begin() as connection:
            if not await connection.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(_LOCK))):
                return []
            found = await self._found(connection, policy)
            known = await self._known(connection, policy) if found else set()
            told = [await self._told(connection, one, policy) for one in found if one.category not in known]
        for alarm in told:
            log.warning(
                "many similar tickets",
                category=alarm.label,
                tickets=alarm.tickets,
                usual=round(alarm.usual, 2),
                window_s=policy.incidents.window.total_seconds(),
                incident=alarm.incident,
            )
        return told

    async def _found(self, connection: AsyncConnection, policy: Policy) -> Sequence[Spike]:
        limits = policy.incidents
        given = {"window": limits.window, "past": PAST + limits.window, "least": limits.at_least}
        waves = [_wave(row) for row in await connection.execute(_WAVES, given)]
        found = spikes(waves, limits)
        bare = next((wave for wave in waves if not wave.category), None)
        if bare:
            rows = await connection.execute(_UNCATEGORISED, given | {"most": _KNOWN})
            told = [_uncategorised(row) for row in rows]
            of_words = await asyncio.to_thread(spike_of_words, told, past=bare.past, limits=limits)
            found += [of_words] if of_words else []
        return found

    async def _known(self, connection: AsyncConnection, policy: Policy) -> set[str]:
        """Categories that need no alarm: told of within the window, or an incident runs for them."""
        told = await connection.execute(_TOLD, {"window": policy.incidents.window})
        running = await connection.execute(_COVERED)
        return {*told.scalars(), *running.scalars()}

    async def _told(self, connection: AsyncConnection, spike: Spike, policy: Policy) -> Alarm:
        category = policy.categories.get(spike.category)
        label = (said(category.title, "en") if category else "") or spike.category or NO_CATEGORY
        incident = await self._started(connection, spike, policy, title=label)
        window_s = policy.incidents.window.total_seconds()
        now = await connection.scalar(sa.select(sa.func.now()))
        words = ", ".join(spike.words)
        details = {"category": spike.category, "label": label, "tickets": spike.tickets, "usual": round(spike.usual, 3)}
        # words of tickets go with the other reasons: see service/retention.py
        also = {"window_s": window_s, "incident": incident} | ({"why": words} if words else {})
        await connection.execute(change("spike", "*", by=NOBODY, details=details | also))
        return Alarm(spike.category, label, spike.tickets, spike.usual, now or datetime.now(UTC), incident, words)

    async def _started(self, connection: AsyncConnection, spike: Spike, policy: Policy, *, title: str) -> str:
        """The name of the incident that it starts; only a category tells its tickets well enough."""
        limits = policy.incidents
        if not (limits.start and limits.texts and spike.category):
            return ""
        now = await connection.scalar(sa.select(sa.func.now())) or datetime.now(UTC)
        slug = re.sub(r"[^a-z0-9]+", "-", spike.category.lower()).strip("-")[:36] or "category"
        given = {
            "name": f"spike-{slug}-{now.astimezone(UTC):%Y%m%d-%H%M}",
            "title": f"Many tickets: {title}"[:200],
            "match": {"category": spike.category},
            "texts": {"investigating": limits.texts},
            "expires": limits.lasts,
        }
        try:
            plan = read_plan(given, policy=policy)
            started = await self._incidents.start_in(
                connection, plan, by=f"{NOBODY}, by a spike", languages=policy.languages, spike=spike.category
            )
        except IncidentError as error:
            log.warning("a spike could not start an incident", category=spike.category, reason=str(error))
            return ""
        return started.name


async def standing_alarms(database: Database) -> list[Alarm]:
    """Those that were told within their window, the newest of each category, newest first."""
    async with database.engine.connect() as connection:
        rows = await connection.execute(_STANDING, {"more": timedelta(seconds=_STANDS_S)})
        found: dict[str, Alarm] = {}
        for row in rows:
            details = row.details
            alarm = Alarm(
                category=details["category"],
                label=details["label"],
                tickets=details["tickets"],
                usual=details["usual"],
                at=row.at,
                incident=details.get("incident", ""),
                words=details.get("why", ""),
            )
            found.setdefault(alarm.category, alarm)
        return list(found.values())


def _wave(row: Any) -> Wave:  # noqa: ANN401 - a row's columns have no types
    return Wave(row.category, row.within, row.before, max(row.past or timedelta(), timedelta()))


def _uncategorised(row: Any) -> Uncategorised:  # noqa: ANN401 - as above
    ticket = f"{row.helpdesk}:{row.ticket_id}"
    return Uncategorised(Unanswered(row.told, row.language, ticket, row.at), row.within)


_RUNS = "i.stopped_at IS NULL AND i.expires_at > now()"

_FIRST = f"""
    SELECT category, helpdesk, account, ticket_id, min(at) AS at FROM triages t
    WHERE at > now() - :past AND NOT EXISTS (
        SELECT FROM incident_tickets n JOIN incidents i ON i.id = n.incident
        WHERE (n.helpdesk, n.account, n.ticket_id) = (t.helpdesk, t.account, t.ticket_id) AND {_RUNS})
"""  # noqa: S608 - constants of this file
"""When a ticket first showed its category; what belongs to a running incident is explained."""

_WAVES = sa.text(f"""
    WITH busy AS (SELECT category FROM triages WHERE at > now() - :window GROUP BY 1 HAVING count(*) >= :least),
    first AS ({_FIRST} AND category IN (SELECT category FROM busy) GROUP BY 1, 2, 3, 4)
    SELECT category, count(*) FILTER (WHERE at > now() - :window) AS within, count(*) FILTER (WHERE at <= now() - :window) AS before,
        now() - :window - (SELECT min(at) FROM triages WHERE at > now() - :past) AS past
    FROM first GROUP BY 1 HAVING count(*) FILTER (WHERE at > now() - :window) >= :least
""")  # noqa: S608 - as above
"""A quiet minute reads a window; only a busy category has its past counted."""

_UNCATEGORISED = sa.text(f"""
    WITH first AS ({_FIRST} AND category = '' GROUP BY 1, 2, 3, 4 ORDER BY at DESC LIMIT :most)
    SELECT f.helpdesk, f.ticket_id, f.at, f.at > now() - :window AS within, d.told, d.language FROM first f
    CROSS JOIN LATERAL (
        SELECT coalesce(nullif(details ->> 'asked', ''), nullif(details ->> 'intent', '')) AS told,
            coalesce(details ->> 'language', '') AS language
        FROM drafts d WHERE (d.helpdesk, d.account, d.ticket_id) = (f.helpdesk, f.account, f.ticket_id) ORDER BY d.id LIMIT 1) d
    WHERE d.told IS NOT NULL
""")  # noqa: S608 - as above

_TOLD = sa.text("SELECT details ->> 'category' FROM changes WHERE what = 'spike' AND at > now() - :window")

_COVERED = sa.text(f"""
    SELECT coalesce(i.details ->> 'spike', '') FROM incidents i WHERE {_RUNS} AND jsonb_exists(i.details, 'spike')
    UNION SELECT jsonb_array_elements_text(i.match -> 'category') FROM incidents i
    WHERE {_RUNS} AND jsonb_typeof(i.match -> 'category') = 'array'
""")  # noqa: S608 - as above

_STANDING = sa.text("""
    SELECT at, details FROM changes
    WHERE what = 'spike' AND at > now() - make_interval(secs => (details ->> 'window_s')::float8) - :more ORDER BY id DESC
""")
