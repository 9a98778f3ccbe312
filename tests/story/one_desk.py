"""One simulated helpdesk with the whole service around it, in one process and without a socket: for its traps."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Generic, TypeVar

import httpx
import sqlalchemy as sa
from fastapi import FastAPI
from procrastinate.jobs import Job

from connectors import Account, connect
from connectors.freshdesk.simulator import FreshdeskSimulator
from connectors.freshdesk.simulator import options as freshdesk_options
from connectors.simulated.clock import ManualClock
from connectors.simulated.record import RequestRecord
from connectors.zendesk.simulator import ZendeskSimulator
from connectors.zendesk.simulator import options as zendesk_options
from service.assembly import judging, observing
from service.budgets import Budgets
from service.database import Database
from service.embeddings import Embeddings
from service.experiments.store import Experiments
from service.groups import KnowledgeSettings
from service.inbox import Inbox
from service.incidents.store import Incidents
from service.jobs import Jobs
from service.knowledge.sources import Library
from service.learning.teaching import Teaching
from service.ledger import Ledger, TicketKey
from service.llm import LLM
from service.merits import Merits
from service.outages import Outages
from service.outcomes.labelling import Labelling
from service.outcomes.store import Outcomes
from service.pilot import Pilots
from service.pipeline import Pipeline
from service.policy.standing import Policies
from service.queue import Queue
from service.reconcile import Reconciler
from service.retention import Retention
from service.settings import Settings
from service.spending import Spending
from service.syncs import Syncs
from service.triage.store import Triages
from service.upkeep import Tools
from service.vectors import EmbeddedVectors
from service.votes import Votes
from service.web.webhooks import Webhooks
from tests.connectors.network import Network

Twin = TypeVar("Twin", ZendeskSimulator, FreshdeskSimulator)

Changes = Callable[[Twin], Mapping[str, Any]]
"""Settings by field, which may name what the account holds."""

URL = "http://deskpilot.test/webhooks"

EVENTS_OF_A_NEW_TICKET = 2
"""Of Zendesk: created, comment_added."""

QUESTION = "Hello, the tracking of my parcel has not moved for nine days. Is it lost?"


@dataclass
class OneDesk(Generic[Twin]):
    """The account and the parts of the service; the worker runs inside `working` only."""

    name: str
    simulator: Twin
    clock: ManualClock  # of the account
    web: httpx.AsyncClient  # whoever sends us webhooks
    network: Network  # between us and the account
    secrets: dict[str, tuple[str, ...]]  # of webhooks, by helpdesk
    inbox: Inbox
    queue: Queue
    jobs: Jobs
    pipeline: Pipeline
    library: Library
    database: Database
    policies: Policies

    def connect(self, **webhook: Any) -> None:
        """Have the account call us, in one more way."""
        secret = self.simulator.connect_webhook(f"{URL}/{self.name}", **webhook)
        self.secrets[self.name] = (*self.secrets[self.name], secret)

    async def ask(self, text: str = QUESTION, **more: Any) -> str:
        """Ana asks; returns the ticket's id."""
        given = {"name": "Ana Lind", "email": "ana.lind@customer.example", "subject": "Where is my parcel?"}
        return await self.simulator.open_ticket(**{**given, "text": text, **more})

    async def unheard(self) -> str:
        """Ana asks, and its webhooks are lost; returns the ticket's id."""
        if isinstance(self.simulator, ZendeskSimulator):
            self.simulator.faults.lose = EVENTS_OF_A_NEW_TICKET
        else:
            self.simulator.faults.lost_deliveries = 1
        return await self.ask()

    async def noted(self, ticket_id: str, count: int = 1) -> bool:
        """Whether the ticket has so many notes of ours."""
        return len(self.notes(ticket_id)) >= count

    async def look(self, ticket_id: str) -> str:
        """Do for the ticket what is missing, without webhook, queue and worker."""
        return await self.pipeline.look(self.name, ticket_id)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """A worker in this process."""
        worker = asyncio.create_task(self.jobs.run())
        try:
            yield
        finally:
            worker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await worker

    async def settled(self, ticket_id: str) -> None:
        """Wait until every webhook that is due has come, and nothing about this ticket waits or runs any more."""
        while True:
            await self.simulator.settle()
            if not await self.inbox.waiting() and not await self.jobs.busy(self.name, ticket_id):
                return
            await asyncio.sleep(0.02)

    async def until(self, condition: Callable[[], Awaitable[object]]) -> None:
        """Wait until `condition` holds; the test's own time-out is the limit."""
        while not await condition():
            await asyncio.sleep(0.02)

    async def waiting(self) -> list[Job]:
        """Jobs that wait, for their time or for a worker."""
        return list(await self.queue.app.job_manager.list_jobs_async(status="todo"))

    async def put_off(self) -> float:
        """Wait until a job waits for its time; in how many seconds it may begin."""

        async def for_its_time() -> list[Job]:
            return [job for job in await self.waiting() if job.scheduled_at]

        await self.until(for_its_time)
        (job,) = await for_its_time()
        async with self.database.engine.connect() as connection:
            now: datetime = (await connection.execute(sa.select(sa.func.now()))).scalar_one()
        assert job.scheduled_at is not None
        return (job.scheduled_at - now).total_seconds()

    async def time_passes(self) -> None:
        """Whatever waits for its time may begin."""
        async with self.database.engine.begin() as connection:
            await connection.execute(
                sa.text("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'")
            )

    @asynccontextmanager
    async def nothing_stored(self) -> AsyncIterator[None]:
        """While this is open, nobody can write into the inbox."""
        async with self.database.transactions.begin() as connection:
            await connection.execute(sa.text("LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE"))
            yield

    def notes(self, ticket_id: str) -> list[bool]:
        """What we wrote into the ticket: of each note, whether it is public."""
        return [note.public for note in self.simulator.notes(ticket_id)]

    @property
    def writes(self) -> list[RequestRecord]:
        """Requests of ours that change a ticket, as the account saw them."""
        return [one for one in self.simulator.requests if one.method != "GET" and "/tickets/" in one.path]

    async def reasons(self, ticket_id: str) -> list[str]:
        """Why nothing was written, oldest first."""
        key = TicketKey(self.name, self.library.helpdesks[self.name].account, ticket_id)
        return [reason for _, reason in await self.ledger.silences(key)]

    @property
    def ledger(self) -> Ledger:
        """What was drafted, posted and left unsaid."""
        return Ledger(self.database)


@asynccontextmanager
async def zendesk(
    database: Database,
    folder: Path,
    *,
    options: zendesk_options.Options | None = None,
    behind_s: float = 0,
    settings: Changes[ZendeskSimulator] = lambda _: {},
) -> AsyncIterator[OneDesk[ZendeskSimulator]]:
    """A Zendesk account that sends us its events. behind_s: so late is it there, in seconds. settings: that differ."""
    clock = ManualClock(datetime.now(UTC) - timedelta(seconds=behind_s))
    async with _http() as (http, app):
        simulator = ZendeskSimulator(http=http, clock=clock, options=options)
        given = simulator.oauth_settings
        account = Account(url=given["url"], client_id=given["client_id"], client_secret=given["client_secret"])
        async with _surrounded(
            "zendesk",
            simulator,
            clock=clock,
            http=http,
            app=app,
            account=account,
            database=database,
            folder=folder,
            changes=settings(simulator),
        ) as desk:
            desk.connect()
            yield desk
        await simulator.close()


@asynccontextmanager
async def freshdesk(
    database: Database,
    folder: Path,
    *,
    options: freshdesk_options.Options | None = None,
    settings: Changes[FreshdeskSimulator] = lambda _: {},
    **webhook: Any,
) -> AsyncIterator[OneDesk[FreshdeskSimulator]]:
    """A Freshdesk account that calls our webhook. webhook: how, see `connect_webhook`. settings: that differ."""
    clock = ManualClock(datetime.now(UTC))
    async with _http() as (http, app):
        simulator = FreshdeskSimulator(http=http, clock=clock, options=options)
        account = Account(url=simulator.settings["url"], token=simulator.settings["api_key"])
        async with _surrounded(
            "freshdesk",
            simulator,
            clock=clock,
            http=http,
            app=app,
            account=account,
            database=database,
            folder=folder,
            changes=settings(simulator),
        ) as desk:
            desk.connect(**webhook)
            yield desk


@asynccontextmanager
async def _http() -> AsyncIterator[tuple[httpx.AsyncClient, FastAPI]]:
    """Our web application, empty yet, and whoever calls it."""
    app = FastAPI()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as http:
        yield http, app


@asynccontextmanager
async def _surrounded(
    name: str,
    simulator: Twin,
    *,
    clock: ManualClock,
    http: httpx.AsyncClient,
    app: FastAPI,
    account: Account,
    database: Database,
    folder: Path,
    changes: Mapping[str, Any],
) -> AsyncIterator[OneDesk[Twin]]:
    """The service around an account, put together as service/assembly.py does it."""
    at_once = {"debounce_s": 0, "debounce_max_s": 0, "reconcile_every_s": 0}
    settings = Settings(**{**at_once, "data_dir": folder, "knowledge": KnowledgeSettings(sync_every_s=0), **changes})
    inbox, vectors, carrier = Inbox(database), EmbeddedVectors(folder / "qdrant"), Network(simulator.app)
    secrets: dict[str, tuple[str, ...]] = {name: ()}
    app.add_middleware(Webhooks, inbox=inbox, secrets=secrets)
    async with AsyncExitStack() as stack:
        out = await stack.enter_async_context(httpx.AsyncClient(transport=carrier))
        helpdesk = connect(name, account, out)
        embeddings = await stack.enter_async_context(Embeddings.opened(settings.embeddings))
        library = Library(settings=settings, helpdesks={name: helpdesk}, vectors=vectors, embeddings=embeddings)
        stack.push_async_callback(vectors.close)
        ledger = Ledger(database)
        outages, reconciler = Outages(database), Reconciler(database, inbox=inbox)
        policies = await stack.enter_async_context(Policies.opened(settings.policy_file, database))
        tools = Tools(
            library=library,
            ledger=ledger,
            llm=await stack.enter_async_context(LLM.opened(settings.llm)),
            outages=outages,
            pilots=Pilots(database),
            budgets=Budgets(database),
            spending=Spending(database, settings.llm),
            reconciler=reconciler,
            votes=Votes(database),
            retention=Retention(database, days=settings.retention_days),
            syncs=Syncs(database),
            judge=await stack.enter_async_context(judging(policies, library, database)),
            triages=Triages(database),
            incidents=Incidents(database),
            merits=Merits(database),
            observer=observing(settings, database),
            labelling=Labelling(Outcomes(database)),
            teaching=Teaching(database, library),
            experiments=Experiments(database),
        )
        pipeline = Pipeline(tools)
        queue = Queue(database)
        jobs = Jobs(queue, inbox=inbox, outages=outages, story=pipeline, settings=settings, helpdesks=[name])
        await stack.enter_async_context(inbox.receiving())
        await stack.enter_async_context(queue.app.open_async())
        yield OneDesk(
            name=name,
            simulator=simulator,
            clock=clock,
            secrets=secrets,
            web=http,
            network=carrier,
            inbox=inbox,
            queue=queue,
            jobs=jobs,
            pipeline=pipeline,
            library=library,
            database=database,
            policies=policies,
        )
