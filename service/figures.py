"""What all processes share, as figures for /metrics: read from PostgreSQL and the index when somebody asks, whoever is asked.

One statement for what waits, over what its index holds: with 100,000 tickets waiting it takes about a tenth of a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, get_args

import sqlalchemy as sa

from service import metrics
from service.budgets import Budgets, Left
from service.condition import WORKERS
from service.database import Database
from service.experiments.experiment import State
from service.experiments.store import Experiments
from service.incidents.alarms import NO_CATEGORY, Alarm, standing_alarms
from service.incidents.store import Incidents
from service.knowledge.sources import Library, sources_of
from service.learning.store import LessonStore
from service.outages import INDEX, MODEL, Outages, Standing, leak_of
from service.quality.watching import Drifts
from service.spending import Spending
from service.vectors import VectorsUnavailableError

STATES = ("inbox", "waiting", "put_off", "running", "parked")


@dataclass(frozen=True, slots=True)
class Figures:
    """Reads them and sets the gauges."""

    database: Database
    outages: Outages
    budgets: Budgets
    spending: Spending
    library: Library

    async def tell(self, within_s: float) -> None:
        """Bring the gauges up to date in so many seconds; what cannot be read in time stays as it was, and says so."""
        knowledge = asyncio.create_task(self._tell_knowledge(), name="knowledge figures")
        try:
            async with asyncio.timeout(within_s):
                await self._tell_shared()
                await asyncio.wait([knowledge])
        except (sa.exc.SQLAlchemyError, OSError, TimeoutError):
            metrics.DATABASE_UP.set(0)
        finally:
            knowledge.cancel()

    async def _tell_shared(self) -> None:
        async with self.database.engine.connect() as connection:
            backlog = (await connection.execute(_BACKLOG)).all()
            workers = await connection.scalar(WORKERS)
        alarms, running = await standing_alarms(self.database), await Incidents(self.database).running()
        lessons = await LessonStore(self.database).counts()
        newest = await Experiments(self.database).newest(limit=1)
        drifted = await Drifts(self.database).standing()
        standing, left = await self.outages.standing(), await self.budgets.left()
        await self.spending.tell()
        # from here on nobody waits: a scrape never sees half of it
        _tell_backlog(backlog, helpdesks=self.library.settings.helpdesks)
        _tell_outages(standing, helpdesks=self.library.settings.helpdesks)
        _tell_budgets(left)
        _tell_alarms(alarms)
        metrics.INCIDENTS.set(running)
        metrics.DRIFT.clear()
        for drift in drifted:
            metrics.DRIFT.labels(drift.category or NO_CATEGORY, drift.kind).set(1)
        for state in ("waiting", "approved"):
            metrics.LESSONS.labels(state).set(lessons[state])
        for state in get_args(State):  # no name is a label: it is somebody's words
            metrics.EXPERIMENT_STATE.labels(state).set(bool(newest) and newest[0].state == state)
        metrics.WORKERS.set(workers or 0)
        metrics.DATABASE_UP.set(1)

    async def _tell_knowledge(self) -> None:
        try:
            vectors = self.library.vectors
            read = {name: await vectors.cursor(source=name, account=of) for name, of in sources_of(self.library)}
            passages = (await vectors.status()).passages
        except VectorsUnavailableError:  # how old it is still counts on
            return
        now = datetime.now(UTC)
        metrics.KNOWLEDGE_SECONDS.clear()
        for source, cursor in read.items():
            if cursor:
                age_s = (now - datetime.fromisoformat(cursor.read_at or cursor.swept_at)).total_seconds()
                metrics.KNOWLEDGE_SECONDS.labels(source).set(max(age_s, 0.0))
        metrics.PASSAGES.set(passages)


def _tell_backlog(rows: Sequence[Any], *, helpdesks: Collection[str]) -> None:
    metrics.BACKLOG.clear()
    metrics.BACKLOG_SECONDS.clear()
    for helpdesk in helpdesks:  # nothing is a figure, too: what is missing alarms nobody
        for state in STATES:
            metrics.BACKLOG.labels(helpdesk, state).set(0)
            metrics.BACKLOG_SECONDS.labels(helpdesk, state).set(0)
    for row in rows:
        metrics.BACKLOG.labels(row.helpdesk, row.state).set(row.count)
        metrics.BACKLOG_SECONDS.labels(row.helpdesk, row.state).set(max(row.oldest_s or 0.0, 0.0))


def _tell_outages(standing: Standing, *, helpdesks: Collection[str]) -> None:
    metrics.BREAKER_OPEN.clear()
    for name in (MODEL, INDEX, *helpdesks):
        metrics.BREAKER_OPEN.labels(name).set(name in standing and standing[name].open)
    metrics.STOPPED.clear()
    for helpdesk in helpdesks:
        metrics.STOPPED.labels(helpdesk).set(leak_of(helpdesk) in standing)


def _tell_alarms(alarms: Sequence[Alarm]) -> None:
    """By category of the policy; what tickets without one have in common is no label."""
    metrics.SPIKE.clear()
    for alarm in alarms:
        metrics.SPIKE.labels(alarm.category or NO_CATEGORY).set(alarm.tickets)


def _tell_budgets(left: Sequence[Left]) -> None:
    metrics.VENDOR_LEFT.clear()
    metrics.VENDOR_LIMIT.clear()
    for one in left:
        metrics.VENDOR_LEFT.labels(one.account, one.bucket).set(one.left)
        metrics.VENDOR_LIMIT.labels(one.account, one.bucket).set(one.most)


_BACKLOG = sa.text("""
    SELECT queue_name AS helpdesk,
           CASE WHEN status = 'doing' THEN 'running' WHEN scheduled_at > clock_timestamp() THEN 'put_off' ELSE 'waiting' END AS state,
           count(*) AS count,
           extract(epoch FROM clock_timestamp() - min(NULLIF(args ->> 'told_at', ''))::timestamptz)::float8 AS oldest_s
    FROM procrastinate_jobs WHERE task_name = 'look' AND status IN ('todo', 'doing') GROUP BY 1, 2
    UNION ALL
    SELECT helpdesk, 'inbox', count(*), extract(epoch FROM clock_timestamp() - min(received_at))::float8
    FROM deliveries WHERE forwarded_at IS NULL AND kind = 'ticket' GROUP BY helpdesk
    UNION ALL
    SELECT helpdesk, 'parked', count(*), extract(epoch FROM clock_timestamp() - min(at))::float8 FROM parked GROUP BY helpdesk
""")
"""Moments in `told_at` are written in one form and zone, so that as texts they compare as moments. A backfill's tickets have none."""
