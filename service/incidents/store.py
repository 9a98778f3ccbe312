"""Incidents in the database: started, staged, prolonged and stopped for all replicas at once, by the database's clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from pydantic import ValidationError
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from connectors.base import Ticket
from service.changes import change, named
from service.database import Database, storable
from service.incidents.plan import STAGES, IncidentError, Plan, Stage, expiry, wrong_texts
from service.incidents.running import Incident, Running
from service.ledger import TicketKey
from service.policy.document import Condition
from service.policy.matching import Facts, holds
from service.tables import incident_tickets, incidents

log = structlog.get_logger()


class Incidents:
    """Reads and changes them. No state but the database's: what one replica does, the others obey from the next ticket on."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def matching(self, ticket: Ticket, facts: Facts) -> Running | None:
        """The newest running incident that the ticket belongs to. One statement, over the few that run."""
        async with self._database.engine.connect() as connection:
            rows = await connection.execute(_RUNNING)
        for incident in map(_incident, rows):
            if incident.match is None:
                log.warning("an incident cannot be read: a newer version wrote it", incident=incident.name)
            elif holds(incident.match, facts):
                log.info(
                    "a ticket belongs to an incident", incident=incident.name, ticket=f"{ticket.helpdesk}:{ticket.id}"
                )
                return incident.as_running
        return None

    async def record(
        self,
        running: Running,
        key: TicketKey,
        message_id: str,
        *,
        requester: str,
        language: str,
        stage: str,
        asked: Sequence[str],
        segments: Sequence[str] = (),
    ) -> None:
        """Keep that this message got the incident's text as draft. Said again, the newest counts.

        language, stage: of the text. asked: what the text does not answer, masked. segments: of the customer, for the order.
        """
        values = {
            "requester": requester,
            "language": language,
            "stage": stage,
            "asked": storable("\n".join(asked)),
            "details": {"segments": list(segments)},
        }
        place = {"incident": running.id, "message_id": message_id}
        where = {"helpdesk": key.helpdesk, "account": key.account, "ticket_id": key.ticket_id}
        statement = insert(incident_tickets).values(**place, **where, **values)
        async with self._database.engine.connect() as connection:
            await connection.execute(statement.on_conflict_do_update(index_elements=_PLACE, set_=values))

    async def start(self, plan: Plan, *, by: str, languages: Sequence[str], spike: str | None = None) -> Incident:
        """Run it from now on. languages: the policy's. Raises IncidentError where the name is taken."""
        async with self._database.transactions.begin() as connection:
            return await self.start_in(connection, plan, by=by, languages=languages, spike=spike)

    async def start_in(
        self, connection: AsyncConnection, plan: Plan, *, by: str, languages: Sequence[str], spike: str | None
    ) -> Incident:
        """The same, within a transaction."""
        details = {"languages": list(languages), "order": list(plan.order)} | (
            {} if spike is None else {"spike": spike}
        )
        values = {
            "name": plan.name,
            "title": storable(plan.title),
            "match": plan.match.model_dump(mode="json", exclude_defaults=True),
            "texts": {stage: dict(approved) for stage, approved in plan.texts.items()},
            "stage": plan.begins,
            "expires_at": sa.func.now() + plan.expires,
            "by_whom": named(by),
            "details": sa.cast(details, JSONB).concat(_since(plan.begins)),
        }
        new = insert(incidents).values(values).on_conflict_do_nothing(index_elements=["name"]).returning(incidents.c.id)
        if await connection.scalar(new) is None:
            taken = await _one(connection, plan.name)
            raise IncidentError(
                {
                    "name": f"{plan.name} runs already: stop or prolong it, or take another name"
                    if taken.state == "running"
                    else f"{plan.name} is one of {taken.started_at:%Y-%m-%d}: take another name, so that its report stays"
                }
            )
        await connection.execute(_done(plan.name, "start", by=by, title=plan.title))
        return await _one(connection, plan.name)

    async def stop(self, name: str, *, by: str) -> Incident:
        """End it. Raises IncidentError where it does not run."""
        said = {"stopped_at": sa.func.now(), "details": incidents.c.details.concat({"stopped_by": named(by)})}
        return await self._changed(name, "stop", said, by=by)

    async def stage(self, name: str, stage: Stage, *, by: str, texts: Mapping[str, str] | None = None) -> Incident:
        """Go on to a stage. texts: its approved texts, where it has none yet, or others. Raises IncidentError."""
        before = await self.one(name)
        approved = texts or before.texts.get(stage)
        if not approved:
            raise IncidentError(
                {
                    "stage": f"{name} has no texts for {stage}: give them with it, or choose {', '.join(one for one in STAGES if one in before.texts)}"
                }
            )
        if problems := wrong_texts({stage: approved}, languages=before.languages):
            raise IncidentError(problems)
        said = {"stage": stage, "texts": incidents.c.texts.concat({stage: dict(approved)}), "details": _staged(stage)}
        return await self._changed(name, "stage", said, by=by, stage=stage)

    async def prolong(self, name: str, lasts: timedelta, *, by: str) -> Incident:
        """Let it run so long from now on; one that has expired runs again. Never shortens. Raises IncidentError."""
        if problem := expiry(lasts):
            raise IncidentError({"expires": problem})
        until = sa.func.greatest(incidents.c.expires_at, sa.func.now() + lasts)
        async with self._database.transactions.begin() as connection:
            longer = sa.update(incidents).where(incidents.c.name == name, incidents.c.stopped_at.is_(None))
            done = await connection.execute(longer.values(expires_at=until))
            incident = await _one(connection, name)
            if not done.rowcount:
                raise IncidentError({"name": f"{name} was stopped: start a new one under another name"})
            await connection.execute(
                _done(name, "prolong", by=by, until=incident.expires_at.isoformat(timespec="minutes"))
            )
            return incident

    async def one(self, name: str) -> Incident:
        """The incident of this name. Raises IncidentError where there is none."""
        async with self._database.engine.connect() as connection:
            return await _one(connection, name)

    async def all(self, *, limit: int = 100) -> list[Incident]:
        """Those that run, then the newest of the others."""
        ended = sa.case((_STATE == "running", 0), else_=1)
        async with self._database.engine.connect() as connection:
            rows = await connection.execute(_INCIDENTS.order_by(ended, incidents.c.id.desc()).limit(limit))
            return [_incident(row) for row in rows]

    async def running(self) -> int:
        """How many run."""
        async with self._database.engine.connect() as connection:
            return await connection.scalar(sa.select(sa.func.count()).select_from(incidents).where(_IS_RUNNING)) or 0

    async def _changed(self, name: str, deed: str, values: dict[str, Any], *, by: str, **told: str) -> Incident:
        """Change one that runs."""
        async with self._database.transactions.begin() as connection:
            changed = sa.update(incidents).where(incidents.c.name == name, _IS_RUNNING).values(**values)
            done = await connection.execute(changed)
            incident = await _one(connection, name)
            if not done.rowcount:
                raise IncidentError({"name": _ended(incident)})
            await connection.execute(_done(name, deed, by=by, **told))
            return incident


def _done(name: str, deed: str, *, by: str, **told: str) -> sa.Insert:
    return change("incident", "*", by=by, details={"incident": name, "deed": deed, **told})


def _ended(incident: Incident) -> str:
    """That it runs no more, and what to do."""
    at = f"{incident.ended_at or incident.expires_at:%Y-%m-%d %H:%M} UTC"
    if incident.state == "expired":
        return f"{incident.name} expired at {at}: prolong it first"
    return f"{incident.name} was stopped at {at}: start a new one under another name"


async def _one(connection: AsyncConnection, name: str) -> Incident:
    row = (await connection.execute(_INCIDENTS.where(incidents.c.name == name))).first()
    if row is None:
        raise IncidentError({"name": f"there is no incident {name!r}: `deskpilot incident list` shows which there are"})
    return _incident(row)


def _incident(row: Any) -> Incident:  # noqa: ANN401 - a row's columns have no types
    try:
        match = Condition.model_validate(row.match)
    except ValidationError:
        match = None
    details = row.details
    return Incident(
        id=row.id,
        name=row.name,
        title=row.title,
        match=match,
        texts=row.texts,
        stage=row.stage,
        state=row.state,
        started_at=row.started_at,
        expires_at=row.expires_at,
        stopped_at=row.stopped_at,
        by=row.by_whom,
        age_s=row.age_s,
        tickets=row.tickets,
        languages=tuple(details.get("languages", ())),
        order=tuple(details.get("order", ())),
        spike=details.get("spike"),
        stopped_by=details.get("stopped_by", ""),
        stages=tuple((stage, at) for stage, at in details.get("stages", ())),
    )


def _since(stage: Stage) -> sa.ColumnElement[Any]:
    """A stage, and that it begins now."""
    return sa.func.jsonb_build_object("stages", sa.func.jsonb_build_array(_began(stage)))


def _staged(stage: Stage) -> sa.ColumnElement[Any]:
    """The details, with one more stage."""
    stages = sa.func.coalesce(incidents.c.details["stages"], sa.cast([], JSONB))
    more = stages.concat(sa.func.jsonb_build_array(_began(stage)))
    return incidents.c.details.concat(sa.func.jsonb_build_object("stages", more))


def _began(stage: Stage) -> sa.ColumnElement[Any]:
    return sa.func.jsonb_build_array(sa.cast(stage, sa.Text), sa.func.now(), type_=JSONB)


_PLACE = ["incident", "helpdesk", "account", "ticket_id", "message_id"]
_IS_RUNNING = sa.and_(incidents.c.stopped_at.is_(None), incidents.c.expires_at > sa.func.now())
_STATE = sa.case(
    (incidents.c.stopped_at.is_not(None), "stopped"),
    (incidents.c.expires_at <= sa.func.now(), "expired"),
    else_="running",
)
_ENDED = sa.func.least(sa.func.coalesce(incidents.c.stopped_at, incidents.c.expires_at), sa.func.now())
_COUNTED = (
    sa.select(
        sa.func.count(
            sa.distinct(sa.tuple_(*(incident_tickets.c[name] for name in ("helpdesk", "account", "ticket_id"))))
        )
    )
    .where(incident_tickets.c.incident == incidents.c.id)
    .scalar_subquery()
)
_AGE = sa.extract("epoch", _ENDED - incidents.c.started_at).cast(sa.Double)
_BARE = (incidents, _STATE.label("state"), _AGE.label("age_s"))
_INCIDENTS = sa.select(*_BARE, _COUNTED.label("tickets"))
_RUNNING = sa.select(*_BARE, sa.literal(0).label("tickets")).where(_IS_RUNNING).order_by(incidents.c.id.desc())
"""Newest first; what a ticket waits for counts nothing."""
