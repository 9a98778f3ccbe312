"""What the worker asks of the story beside its tickets: to read and forget, to give up, to stop."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import structlog

from service.budgets import Budgets
from service.errors import ServiceError
from service.experiments.store import Experiments
from service.incidents.store import Incidents
from service.judge import Judge
from service.knowledge.sources import Library, refresh
from service.learning.teaching import Teaching
from service.ledger import Ledger, TicketKey
from service.llm import LLM
from service.merits import Merits
from service.outages import Outages, leak_of
from service.outcomes.labelling import Labelling
from service.outcomes.observing import Observer
from service.pilot import Pilots
from service.reconcile import Reconciler
from service.retention import Retention
from service.spending import Spending
from service.syncs import Syncs
from service.triage.store import Triages
from service.votes import Votes

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Tools:
    """What the story works with; made and closed by the composition root."""

    library: Library
    ledger: Ledger
    llm: LLM | None
    outages: Outages
    pilots: Pilots
    budgets: Budgets
    spending: Spending
    reconciler: Reconciler
    votes: Votes
    retention: Retention
    syncs: Syncs
    judge: Judge
    triages: Triages
    incidents: Incidents
    merits: Merits
    observer: Observer
    labelling: Labelling
    teaching: Teaching
    experiments: Experiments


class Upkeep:
    """Holds nothing but its tools."""

    def __init__(self, tools: Tools) -> None:
        self._ledger, self._library, self._outages = tools.ledger, tools.library, tools.outages
        self._reconciler, self._retention, self._votes = tools.reconciler, tools.retention, tools.votes
        self._budgets, self._spending, self._syncs = tools.budgets, tools.spending, tools.syncs
        self._judge, self._desks = tools.judge, tools.library.helpdesks

    async def reconcile(self, helpdesk: str, *, since: datetime | None = None) -> int:
        """Put what changed since the last time (or since then) into the inbox; how many tickets."""
        return await self._reconciler.read(self._desks[helpdesk], since=since)

    async def give_up(self, helpdesk: str, ticket_id: str, *, reason: str, attempts: int = 0) -> None:
        """Record why a ticket gets nothing; with `attempts`, park it for a person."""
        desk = self._desks.get(helpdesk)
        key = TicketKey(helpdesk, desk.account if desk else "", ticket_id)
        await self._ledger.silent(key, "", reason)
        if attempts:
            await self._ledger.park(key, attempts=attempts, error=reason)

    async def forget_old(self) -> None:
        """Forget what nobody will ask about any more."""
        await self._budgets.forget_old()
        await self._spending.forget_old()
        await self._votes.renew()
        await self._retention.forget_old()

    async def sync(self) -> str:
        """Bring the knowledge up to date; returns what was done, for the log."""
        reports = await self._syncs.run(self._library, changes_only=True)
        counts = (
            f"{one.source}: {one.added} added, {one.changed} changed, {one.removed} removed"
            + f" ({one.read} read)" * bool(one.read)
            for one in reports
        )
        return "; ".join(counts) or "no source is set"

    async def read_articles(self, helpdesk: str, ids: Collection[str]) -> bool:
        """Bring these articles up to date. False: not all could be, ask again later."""
        report = await refresh(self._library, helpdesk, ids)
        return report.complete and report.settled

    async def first_sync(self) -> None:
        """Learn the policy's examples, and read the knowledge where the index is empty; what cannot be read now is read by the next sync."""
        await self._judge.learn()
        try:
            if not (await self._library.vectors.status()).passages:
                await self.sync()
        except ServiceError as error:
            log.warning("the knowledge could not be read before the first ticket", reason=str(error))

    async def are_notes(self, helpdesk: str, message_ids: Collection[str]) -> bool:
        """Whether all of these messages are notes of ours."""
        return await self._ledger.are_notes(helpdesk, message_ids)

    async def halt(self, helpdesk: str, *, reason: str) -> None:
        """Write nothing more there until a person allows it again."""
        log.critical("writing is stopped", helpdesk=helpdesk, reason=reason)
        await self._outages.failed(leak_of(helpdesk), reason)
