"""What goes through the database: webhooks that came, tickets that wait or were given up, what is out, who works."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from connectors.setup import Check
from service.condition import ALIVE_S
from service.context import breakers
from service.database import Database
from service.doctor import stores
from service.doctor.durations import ago, span
from service.doctor.lookups import lookups_of, named
from service.inbox import FOUND
from service.outages import INDEX, MODEL, Outage, Outages, leak_of
from service.pauses import ALL, Pause, pauses_in
from service.settings import Settings

_LONG_S = 60.0  # that something due waits; the debounce is shorter
_TOO_LONG_S = 600.0

_LIST = "`deskpilot jobs list` says for what each waits"


async def look(settings: Settings) -> Sequence[Check]:
    """The database itself, and where it can be asked what stands in it."""
    async with stores.opened(settings) as (database, checks):
        if database is None:
            return checks
        try:
            return [*checks, *await _inside(database, settings)]
        except sa.exc.SQLAlchemyError as error:
            remedy = "See that it runs, and that its user may read our tables."
            return [*checks, Check("queue", "wrong", f"PostgreSQL does not answer: {type(error).__name__}.", remedy)]


async def _inside(database: Database, settings: Settings) -> list[Check]:
    async with database.engine.connect() as connection:
        row = (await connection.execute(_FIGURES, {"longest_s": settings.debounce_max_s})).one()
        came = await connection.execute(_DELIVERIES)
        deliveries = {one.helpdesk: (one.count, one.newest) for one in came}
    return [
        _work(row),
        *_given_up(row),
        *await _outages(database, settings),
        *(_delivered(name, *deliveries.get(name, (0, None))) for name in settings.helpdesks),
    ]


def _work(row: sa.Row[Any]) -> Check:
    """Whether what is due is worked on."""
    waiting, oldest = row.inbox + row.due, max(row.inbox_s or 0.0, row.due_s or 0.0)
    workers = f"{row.workers} worker{'s' if row.workers != 1 else ''}"
    later = f", {row.later} put off" if row.later else ""
    start = "Start `deskpilot serve`, or `deskpilot work` beside `serve --no-worker`."
    if not waiting:
        if not row.workers:
            return Check("queue", "doubtful", f"Nobody works on tickets, and nothing is due{later}.", start)
        return Check("queue", "fine", f"Nothing is due{later}; {workers}.")
    said = f"{waiting} {'are' if waiting != 1 else 'is'} due, the oldest for {span(oldest)}{later}; {workers}."
    if not row.workers and oldest > _LONG_S:
        return Check("queue", "wrong", said, start)
    if oldest > _LONG_S:
        more = f"{_LIST}; more come through with a higher DESKPILOT_JOBS_AT_ONCE or another `deskpilot work`."
        return Check("queue", "wrong" if oldest > _TOO_LONG_S else "doubtful", said, more)
    return Check("queue", "fine", said)


def _given_up(row: sa.Row[Any]) -> list[Check]:
    if not row.parked:
        return [Check("given up", "fine", "No ticket was given up.")]
    said = f"{row.parked} ticket{'s were' if row.parked != 1 else ' was'} given up, the last {ago(row.parked_at)}."
    return [
        Check(
            "given up", "doubtful", said, "`deskpilot jobs list` says why; `deskpilot jobs retry --parked` tries again."
        )
    ]


async def _outages(database: Database, settings: Settings) -> list[Check]:
    standing = await Outages(database).standing()
    leaks = {leak_of(name): name for name in settings.helpdesks}
    found = [
        _stopped(leaks[name], outage) if name in leaks else _out(outage)
        for name, outage in sorted(standing.items())
        if name in leaks or name in {MODEL, INDEX, *settings.helpdesks}
    ]
    for lookup in await lookups_of(settings):
        outage = standing.get(breakers.breaker_of(lookup.name))
        if outage and outage.failures >= breakers.OPENS_AFTER:
            found.append(_unasked(named(lookup), outage))
    found += [_paused(pause) for pause in pauses_in(standing) if pause.helpdesk in (ALL, *settings.helpdesks)]
    return found or [Check("breakers", "fine", "All are closed, and notes may be written.")]


def _stopped(helpdesk: str, outage: Outage) -> Check:
    said = f"Nothing is written to {helpdesk} since {ago(outage.since)}: a note came back public."
    remedy = f"Mend the rule of {helpdesk} that published it; then `deskpilot resume {helpdesk}`."
    return Check(f"{helpdesk} writing", "wrong", said, remedy)


def _paused(pause: Pause) -> Check:
    """Somebody's own wish, and easily forgotten: tickets wait as long as it lasts."""
    whose = "All notes" if pause.helpdesk == ALL else f"Notes for {pause.helpdesk}"
    why = f": {pause.why}" if pause.why else ""
    said = f"{whose} are paused by {pause.by} since {ago(pause.since)}{why}."
    every = "" if pause.helpdesk == ALL else f" --helpdesk {pause.helpdesk}"
    return Check("pause", "doubtful", said, f"Tickets wait. `deskpilot pilot resume{every}` lets them go on.")


def _out(outage: Outage) -> Check:
    """An open breaker keeps tickets waiting; only those of a model get a note all the same."""
    said = f"{outage.name} has failed {outage.failures} times in a row since {ago(outage.since)}: {outage.reason}."
    remedy = "See the line about it here. Tickets wait, and one of them tries every second."
    if not outage.open:
        return Check("breakers", "doubtful", said, "A single failure: the next call decides.")
    return Check("breakers", "doubtful" if outage.name == MODEL else "wrong", said, remedy)


def _unasked(what: str, outage: Outage) -> Check:
    """Of a look-up: unlike for a model nobody waits for it, and a note lacks its facts."""
    said = f"It is paused: it has failed {outage.failures} times in a row since {ago(outage.since)}: {outage.reason}."
    remedy = f"The other line about it says how it is now. One ticket in {breakers.PAUSE_S:g} s asks it, and an answer ends the pause."
    return Check(what, "doubtful", said, remedy)


def _delivered(helpdesk: str, count: int, newest: datetime | None) -> Check:
    what = f"{helpdesk} webhooks"
    if count and newest:
        return Check(what, "fine", f"{count:,} in the last day, the newest {ago(newest)}.")
    last = f"the newest came {ago(newest)}" if newest else "nor is an older one known"
    return Check(
        what,
        "doubtful",
        f"No webhook came in the last day; {last}.",
        f"Write a ticket, and look at the webhook's own log in {helpdesk}: it has to lead to /webhooks/{helpdesk} here.",
    )


# nothing is due before its ticket was quiet, or before the moment it was put off to
_FIGURES = sa.text(f"""
    WITH inbox AS (
        SELECT EXTRACT(EPOCH FROM clock_timestamp() - min(received_at))::float - :longest_s AS age_s
        FROM deliveries WHERE forwarded_at IS NULL GROUP BY helpdesk, kind, ticket_id
    ), jobs AS (
        SELECT id, scheduled_at IS NOT NULL AND scheduled_at > clock_timestamp() AS later,
            COALESCE(scheduled_at, (SELECT max(at) FROM procrastinate_events e WHERE e.job_id = j.id)) AS since
        FROM procrastinate_jobs j WHERE status = 'todo'
    )
    SELECT (SELECT count(*) FROM inbox WHERE age_s > 0) AS inbox, (SELECT max(age_s) FROM inbox) AS inbox_s,
        (SELECT count(*) FROM jobs WHERE NOT later) AS due,
        (SELECT EXTRACT(EPOCH FROM clock_timestamp() - min(since))::float FROM jobs WHERE NOT later) AS due_s,
        (SELECT count(*) FROM jobs WHERE later) AS later,
        (SELECT count(*) FROM parked) AS parked, (SELECT max(at) FROM parked) AS parked_at,
        (SELECT count(*) FROM procrastinate_workers
         WHERE last_heartbeat > clock_timestamp() - make_interval(secs => {ALIVE_S})) AS workers
""")  # noqa: S608 - a number of ours

_DELIVERIES = sa.text("""
    SELECT helpdesk, max(received_at) AS newest,
        count(*) FILTER (WHERE received_at > clock_timestamp() - interval '1 day') AS count
    FROM deliveries WHERE what <> ALL (:found) GROUP BY helpdesk
""").bindparams(sa.bindparam("found", list(FOUND), type_=sa.ARRAY(sa.Text)))
