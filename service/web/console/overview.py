"""How it goes: the first page. Of everything that is not well it says what to do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from connectors.base import ConnectorError
from service.assembly import Service
from service.condition import Condition, Conditions, conditions
from service.incidents.alarms import Alarm, standing_alarms
from service.incidents.store import Incidents
from service.outages import INDEX, MODEL, Outage, leak_of
from service.pauses import ALL, pauses_in
from service.quality.watching import Drifts, Standing
from service.spending import Today
from service.syncs import Sync
from service.vectors import Status, VectorsUnavailableError
from service.web.console.layout import Layout, ago
from service.web.console.outcomes import Tone, sentence

_PATIENCE_S = 5.0  # for a helpdesk to say who we are; it is asked once
_LATE = timedelta(minutes=5)
_NAMES = {MODEL: "The model", INDEX: "The index of articles"}


@dataclass(frozen=True, slots=True)
class Matter:
    """Something that somebody should know. command: what to run, where there is one; link: where to look, as (path, words)."""

    tone: Tone
    said: str
    command: str = ""
    link: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What the page is made of. identities: who we are in each helpdesk, or "" and what it said instead."""

    identities: Mapping[str, tuple[str, str]]
    conditions: Conditions
    standing: Mapping[str, Outage]
    spent: Mapping[str, Today]
    status: Status | None
    synced: Sync | None
    synced_at: datetime | None
    alarms: Sequence[Alarm] = ()
    running: int = 0  # incidents
    drifted: Sequence[Standing] = ()
    refused: int = 0  # problems of the policy file, as this process has read it


def router(layout: Layout, service: Service) -> APIRouter:
    """One page."""
    routes = APIRouter(tags=["admin page"])

    @routes.get("/admin", response_class=HTMLResponse)
    async def overview(request: Request) -> HTMLResponse:
        """Of every helpdesk: is it connected, what comes, what waits; then the knowledge and the model."""
        now = datetime.now(UTC)
        seen = await _look(service, today=layout.midnight(now))
        desks = [(name, *seen.identities[name], seen.conditions.of[name]) for name in service.settings.helpdesks]
        return layout.page(
            request,
            "overview.html.j2",
            title="Overview",
            desks=desks,
            seen=seen,
            matters=sorted(matters(seen, now=now), key=lambda matter: matter.tone != "bad"),
            llm=service.settings.llm,
            every_s=service.settings.knowledge.sync_every_s,
        )

    return routes


def matters(seen: Seen, *, now: datetime) -> Iterator[Matter]:
    """What is not well."""
    if not seen.conditions.workers:
        yield Matter("bad", "Nobody works on tickets: webhooks are kept, and no note is written.", "deskpilot work")
    for name, condition in seen.conditions.of.items():
        yield from _of_desk(name, condition, seen, now=now)
    for name, outage in seen.standing.items():
        if outage.open and name in (*_NAMES, *seen.conditions.of):
            who = _NAMES.get(name, name.capitalize())
            yield Matter(
                "bad",
                f"{who} stopped answering {ago(outage.since, now=now)}: {sentence(outage.reason)} Tickets wait for it.",
            )
    yield from _paused(seen, now=now)
    yield from _broken(seen, now=now)
    for today in seen.spent.values():
        if today.left is not None and today.left <= 0:
            yield Matter(
                "warn",
                f"The model's budget for {today.account} is used up until midnight UTC: notes quote the articles.",
            )
    knowledge = ("/admin/knowledge", "Knowledge")
    if seen.status is None:
        yield Matter("bad", "The index of articles does not answer: notes are written without articles, or wait.")
    elif not seen.status.passages:
        yield Matter("warn", "No article is in the index, so no note can answer anything.", link=knowledge)
    if seen.synced and seen.synced.problem:
        yield Matter("warn", f"The last sync did not work: {sentence(seen.synced.problem)}", link=knowledge)


def _paused(seen: Seen, *, now: datetime) -> Iterator[Matter]:
    for pause in pauses_in(seen.standing):
        whose = "All notes" if pause.helpdesk == ALL else f"Notes for {pause.helpdesk.capitalize()}"
        why = f": {pause.why}" if pause.why else ""
        said = f"{whose} are paused by {pause.by}, {ago(pause.since, now=now)}{why}."
        yield Matter("warn", said, link=("/admin/pilot", "Pilot"))


def _broken(seen: Seen, *, now: datetime) -> Iterator[Matter]:
    if seen.refused:
        said = "The policy file has problems: tickets are judged by the last good one, and a process that starts now refuses to."
        yield Matter("bad", said, "deskpilot policy check", ("/admin/policy", "Policy"))
    incidents = ("/admin/incidents", "Incidents")
    for alarm in seen.alarms:
        said = f"{alarm.tickets} tickets about {alarm.label} came at once, {ago(alarm.at, now=now)}; usually it is {alarm.usually}."
        yield Matter("warn", f"{said} An incident was started." if alarm.incident else said, link=incidents)
    for drift in seen.drifted:
        raised = " It stands a tier higher until somebody lowers it." if drift.raises else ""
        said = f"{(drift.category or 'No category').capitalize()} has drifted. {sentence(drift.in_words)}{raised}"
        yield Matter("warn", said, link=("/admin/reviews", "Reviews"))
    if seen.running:
        one = seen.running == 1
        said = (
            f"{'An incident runs' if one else f'{seen.running} incidents run'}: matching tickets get the status text."
        )
        yield Matter("calm", said, link=incidents)


def _of_desk(name: str, condition: Condition, seen: Seen, *, now: datetime) -> Iterator[Matter]:
    desk = name.capitalize()
    if leak := seen.standing.get(leak_of(name)):
        said = f"A note in {desk} came back visible to the customer {ago(leak.since, now=now)}, so nothing more is written there. Mend its settings first."
        yield Matter("bad", said, f"deskpilot resume {name}")
    identity, problem = seen.identities[name]
    if not identity:
        yield Matter("bad", f"{desk} does not let us in: {sentence(problem)}")
    if condition.webhook_at is None:
        yield Matter("warn", f"No webhook has come from {desk} yet: check that its webhook leads here.")
    if condition.oldest_at and now - condition.oldest_at > _LATE:
        yield Matter(
            "warn",
            f"A webhook of {desk} came {ago(condition.oldest_at, now=now)} and still waits: is there a worker, and is it busy?",
        )
    if condition.parked:
        one = condition.parked == 1
        said = f"{condition.parked:,} {'ticket' if one else 'tickets'} of {desk} {'was' if one else 'were'} given up."
        yield Matter("warn", said, "deskpilot jobs retry --parked", ("/admin/deliveries?result=failed", "See why"))
    if condition.reason:
        yield Matter(
            "warn",
            f"Tickets of {desk} are put off: {sentence(condition.reason)}",
            link=("/admin/deliveries?result=waiting", "See which"),
        )


async def _look(service: Service, *, today: datetime) -> Seen:
    """Everything at once: a page waits for the slowest only."""
    tools, desks = service.tools, list(service.settings.helpdesks)
    identities, found, standing, spent, status, (newest, alarms, running, drifted) = await asyncio.gather(
        asyncio.gather(*(_identity(service, name) for name in desks)),
        conditions(service.database, desks, today=today),
        tools.outages.standing(),
        tools.spending.today(),
        _status(service),
        asyncio.gather(
            tools.syncs.newest(),
            standing_alarms(service.database),
            Incidents(service.database).running(),
            Drifts(service.database).standing(),
        ),
    )
    ended = [sync for sync in newest if sync.ended_at]
    return Seen(
        identities=dict(zip(desks, identities, strict=True)),
        conditions=found,
        standing=standing,
        spent={one.account: one for one in spent},
        status=status,
        synced=ended[0] if ended else None,
        synced_at=next((sync.ended_at for sync in ended if not sync.problem), None),
        alarms=alarms,
        running=running,
        drifted=drifted,
        refused=len(service.policies.problems),
    )


async def _identity(service: Service, helpdesk: str) -> tuple[str, str]:
    try:
        return (
            await asyncio.wait_for(service.pipeline.whoami(helpdesk), _PATIENCE_S)
        ).name or "an account without a name", ""
    except TimeoutError:
        return "", "it has not answered in time"
    except ConnectorError as error:
        return "", str(error)


async def _status(service: Service) -> Status | None:
    try:
        return await asyncio.wait_for(service.tools.library.vectors.status(), _PATIENCE_S)
    except (TimeoutError, VectorsUnavailableError):
        return None
