"""The composition root: every client of this process is made here, once, and closed here, in reverse order."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
import sqlalchemy as sa

from connectors import WEBHOOKS, Account, connect
from connectors.base import Helpdesk
from service import __version__
from service.budgets import BACKGROUND_SHARE, Budgets
from service.context.customers import Customers
from service.database import Database, open_database
from service.embeddings import Embeddings
from service.entities import Entities
from service.errors import EntitiesError
from service.experiments import watching
from service.experiments.store import Experiments
from service.figures import Figures
from service.groups import FreshdeskSettings, ZendeskSettings
from service.inbox import Inbox
from service.incidents.alarms import Alarms
from service.incidents.store import Incidents
from service.jobs import Jobs
from service.judge import Judge
from service.knowledge.sources import Library
from service.learning import teaching
from service.ledger import Ledger
from service.llm import LLM
from service.merits import Merits
from service.outages import Outages
from service.outcomes.labelling import Labelling
from service.outcomes.observing import Observer
from service.outcomes.ratings import EVERY_S, Ratings
from service.outcomes.sent import Prices
from service.outcomes.store import Outcomes
from service.pilot import Pilots
from service.pipeline import Pipeline
from service.policy.standing import Policies, required
from service.quality import drawing
from service.quality import watching as drifting
from service.quality.drawing import Drawing
from service.quality.watching import Drifts
from service.queue import Queue
from service.reconcile import Reconciler
from service.rehearsal import Rehearsal
from service.retention import Retention
from service.rounds import Round, Rounds
from service.settings import Settings, SettingsProblem
from service.spans import Tracer
from service.spending import Spending
from service.syncs import Syncs
from service.telemetry import collecting
from service.triage.categories import Categories
from service.triage.store import Triages
from service.triage.triaging import Triager
from service.upkeep import Tools
from service.vectors import VectorsUnavailableError, open_vectors
from service.vendors import MeasuredClient
from service.votes import Votes
from service.worth.delivery import LOOKED_EVERY_S, Delivery

_CONNECTIONS = httpx.Limits(max_connections=50, max_keepalive_connections=20, keepalive_expiry=4)
"""Idle ones are closed before the other side does it, which many servers do after five seconds."""


@dataclass(frozen=True, slots=True)
class Service:
    """All parts of a running process."""

    settings: Settings
    database: Database
    inbox: Inbox
    queue: Queue
    tools: Tools
    pipeline: Pipeline
    jobs: Jobs
    tracer: Tracer
    policies: Policies

    @property
    def rehearsal(self) -> Rehearsal:
        """The test box."""
        return Rehearsal(self.pipeline.author, self.tools.library, self.tools.outages)

    async def database_answers(self) -> str:
        """Empty when PostgreSQL answers."""
        try:
            async with self.database.engine.connect() as connection:
                await connection.execute(sa.select(1))
        except (sa.exc.SQLAlchemyError, OSError) as error:
            return f"PostgreSQL does not answer: {type(error).__name__}"
        return ""

    @property
    def figures(self) -> Figures:
        """What all processes share, for /metrics."""
        tools = self.tools
        return Figures(self.database, tools.outages, tools.budgets, tools.spending, tools.library)

    async def ask_to_sync(self) -> bool:
        """Have all articles read, beside whoever asks. False: a sync is under way, or asked for.

        An index that all share is written by a worker, one at a time; an embedded one only by its own process.
        """
        if not await self.tools.syncs.ask():
            return False
        if self.settings.qdrant.url:
            await self.queue.put_chore("sync", lock="sync", queueing_lock="sync")
        else:
            self.tools.syncs.start(self.pipeline.sync)
        return True

    async def index_answers(self) -> str:
        """Empty when the index of passages answers."""
        try:
            await self.tools.library.vectors.status()
        except VectorsUnavailableError as error:
            return str(error)
        return ""


@asynccontextmanager
async def assembled(settings: Settings) -> AsyncIterator[Service]:
    """Open everything the settings ask for. Raises SettingsProblem, DatabaseUnavailableError, or what a part cannot do."""
    refuse_unsafe(settings)
    await asyncio.to_thread(
        required, settings.policy_file, secrets=settings.lookup.by_name
    )  # before a database is started
    async with AsyncExitStack() as stack:
        tracer = Tracer(await stack.enter_async_context(collecting(settings.telemetry)))
        database = await stack.enter_async_context(open_database(settings))
        policies = await stack.enter_async_context(
            Policies.opened(settings.policy_file, database, secrets=settings.lookup.by_name)
        )
        inbox = Inbox(database)
        await stack.enter_async_context(inbox.receiving())
        outages, queue, budgets = Outages(database), Queue(database), Budgets(database)
        votes = Votes(database, public_url=settings.public_url)
        await votes.renew()
        library = await stack.enter_async_context(opened_library(settings, budgets))
        tools = Tools(
            library=library,
            ledger=Ledger(database),
            llm=await stack.enter_async_context(LLM.opened(settings.llm)),
            outages=outages,
            pilots=Pilots(database),
            budgets=budgets,
            spending=Spending(database, settings.llm),
            reconciler=Reconciler(database, inbox=inbox),
            votes=votes,
            retention=Retention(database, days=settings.retention_days),
            syncs=Syncs(database),
            judge=await stack.enter_async_context(judging(policies, library, database)),
            triages=Triages(database),
            incidents=Incidents(database),
            merits=Merits(database),
            observer=observing(settings, database),
            labelling=Labelling(Outcomes(database)),
            teaching=teaching.Teaching(database, library),
            experiments=Experiments(database),
        )
        await stack.enter_async_context(tools.syncs.open())
        pipeline = Pipeline(tools)
        jobs = Jobs(
            queue,
            inbox=inbox,
            outages=outages,
            story=pipeline,
            settings=settings,
            helpdesks=settings.helpdesks,
            tracer=tracer,
            alarms=Alarms(database, lambda: policies.current().policy),
            rounds=Rounds(database, rounds_of(tools, database)),
        )
        await stack.enter_async_context(queue.app.open_async())
        yield Service(settings, database, inbox, queue, tools, pipeline, jobs, tracer, policies)


def rounds_of(tools: Tools, database: Database) -> list[Round]:
    """What is done every so often beside the tickets."""
    ratings, settings = Ratings(database, tools.library.helpdesks), tools.library.settings
    report = Delivery(database, settings.report, zone=settings.team.timezone)
    return [
        Round("ratings", EVERY_S, ratings.read),
        Round("merits", 3600, tools.merits.count),
        Round("lessons", teaching.EVERY_S, tools.teaching.go),
        Round("weekly report", LOOKED_EVERY_S, report.go),
        Round("quality samples", drawing.EVERY_S, Drawing(database, tools.library).go),
        Round("drift", drifting.EVERY_S, Drifts(database).watch),
        Round("experiments", watching.EVERY_S, watching.Watch(tools.experiments).judge),
    ]


def observing(settings: Settings, database: Database) -> Observer:
    """Whoever measures what became of notes."""
    return Observer(Outcomes(database), Prices(settings.llm.price_in, settings.llm.price_out))


@asynccontextmanager
async def judging(policies: Policies, library: Library, database: Database) -> AsyncIterator[Judge]:
    """Whoever says what a ticket is."""
    settings = library.settings
    async with (
        Customers.opened(database, settings.lookup) as customers,
        open_vectors(settings, of="examples") as examples,
    ):
        triager = Triager(Categories(examples, library.embeddings))
        yield Judge(policies, triager, customers, Incidents(database), Triages(database))


@asynccontextmanager
async def opened_library(settings: Settings, budgets: Budgets | None = None) -> AsyncIterator[Library]:
    """Only what the knowledge needs: helpdesks to read from, the index, the embeddings. Without budgets nobody counts calls."""
    try:
        entities = await Entities.opened(settings.masking.entities)
    except EntitiesError as error:
        raise SettingsProblem([str(error)]) from error
    async with (
        MeasuredClient(_urls(settings), limits=_CONNECTIONS, headers={"User-Agent": _user_agent()}) as http,
        open_vectors(settings) as vectors,
        Embeddings.opened(settings.embeddings) as embeddings,
    ):
        yield Library(
            settings=settings,
            helpdesks=helpdesks(settings, http, budgets),
            vectors=vectors,
            embeddings=embeddings,
            entities=entities,
        )


@asynccontextmanager
async def working(service: Service) -> AsyncIterator[None]:
    """While this is open, the worker runs in this process; closing it drains."""
    worker = asyncio.create_task(service.jobs.run(), name="worker")
    try:
        yield
    finally:
        worker.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await worker


def _urls(settings: Settings) -> dict[str, str]:
    return {name: helpdesk.url for name, helpdesk in settings.helpdesks.items()}


def _user_agent() -> str:
    """Tells a helpdesk's log which of our processes called."""
    return f"deskpilot/{__version__} ({socket.gethostname()}; {os.getpid()})"


def refuse_unsafe(settings: Settings) -> None:
    """Raise SettingsProblem for webhook secrets that everybody knows or could guess."""
    problems = [
        problem for name, helpdesk in settings.helpdesks.items() for problem in WEBHOOKS[name].refuse(helpdesk.secrets)
    ]
    if problems:
        raise SettingsProblem(problems)


def helpdesks(settings: Settings, http: httpx.AsyncClient, budgets: Budgets | None = None) -> Mapping[str, Helpdesk]:
    """A client for each helpdesk that is on, within the account's rate limits where they are counted."""
    return {
        name: _connected(name, account_of(helpdesk), http, budgets) for name, helpdesk in settings.helpdesks.items()
    }


def _connected(name: str, account: Account, http: httpx.AsyncClient, budgets: Budgets | None) -> Helpdesk:
    if budgets is None:
        return connect(name, account, http)
    key = f"{name} {urlsplit(account.url).netloc}"
    articles = budgets.of(key, share=BACKGROUND_SHARE, waits=True)  # the knowledge gives way to tickets
    return connect(name, account, http, budgets.of(key), articles)


def account_of(helpdesk: object) -> Account:
    """How the settings of a helpdesk sign in there."""
    if isinstance(helpdesk, ZendeskSettings):
        return Account(
            url=helpdesk.url,
            client_id=helpdesk.client_id,
            client_secret=helpdesk.client_secret.get_secret_value(),
            token=helpdesk.token.get_secret_value(),
            email=helpdesk.email,
        )
    if isinstance(helpdesk, FreshdeskSettings):
        return Account(url=helpdesk.url, token=helpdesk.api_key.get_secret_value())
    raise TypeError(f"no connector knows {type(helpdesk).__name__}")
