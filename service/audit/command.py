"""`deskpilot audit`: what the helpdesks' history says. Reads; the files that it writes are those it was asked for."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import httpx
import typer
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from connectors.base import ConnectorError, Helpdesk, PastTicket, RejectedError
from service.assembly import helpdesks
from service.audit.findings import Audit, audited
from service.audit.page import audit_page
from service.audit.past import Judges, Seen, left_out
from service.audit.proposal import proposal, tiers_of
from service.budgets import Budgets
from service.database import open_database
from service.embeddings import Embeddings
from service.entities import Entities
from service.errors import ServiceError
from service.files import refuse_unwritable
from service.policy.deciding import InForce
from service.policy.document import Tier
from service.policy.standing import required
from service.policy.values import said
from service.settings import Settings, SettingsProblem
from service.triage.categories import Categories
from service.triage.triaging import Triager
from service.vectors import EmbeddedVectors

_DAYS_A_MONTH = 30.4375
_BATCH = 100

Run = Callable[..., None]


def add_commands(app: typer.Typer, run: Run) -> None:
    """Put it into the command line."""

    @app.command("audit")
    def audit(
        months: Annotated[int, typer.Option(help="How far to look back.", min=1, max=36)] = 6,
        *,
        helpdesk: Annotated[str, typer.Option(help="zendesk or freshdesk; without it all that are connected.")] = "",
        html: Annotated[Path | None, typer.Option(help="Write the report into this file.", dir_okay=False)] = None,
        policy: Annotated[
            Path | None, typer.Option(help="Write the proposed policy into this file.", dir_okay=False)
        ] = None,
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    ) -> None:
        """Before going live: kinds of tickets by number, work and stakes, and a policy to begin with. Writes nothing anywhere else."""
        run(audit_history, months=months, helpdesk=helpdesk, html=html, policy=policy, as_json=as_json)


async def audit_history(
    settings: Settings, *, months: int, helpdesk: str, html: Path | None, policy: Path | None, as_json: bool
) -> int:
    """Read, judge, print. 1: a helpdesk could not be read to its end."""
    refuse_unwritable(html, policy)
    until = datetime.now(UTC)
    since = until - timedelta(days=months * _DAYS_A_MONTH)
    async with AsyncExitStack() as stack:
        bench = await stack.enter_async_context(_opened(settings))
        http = await stack.enter_async_context(httpx.AsyncClient())
        database = await stack.enter_async_context(open_database(settings))
        desks = _wanted(helpdesks(settings, http, Budgets(database)), helpdesk)
        with Console(stderr=True).status("Reading the history ...") as status:
            read = await read_history(
                desks,
                bench,
                since=since,
                told=lambda count: status.update(f"Reading the history ... {count:,} tickets"),
            )
    in_force = bench.in_force.policy
    titles = {name: said(one.title, "en") or name for name, one in in_force.categories.items()}
    made = audited(
        read.seen, left_out=read.left_out, titles=titles, helpdesks=desks, since=since, until=until,
        timezone=settings.team.timezone, problems=read.problems,
    )  # fmt: skip
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for file, text in ((html, audit_page(made, in_force)), (policy, proposal(made, in_force))):
        if file:
            await asyncio.to_thread(file.write_text, text, encoding="utf-8")
            console.print(f"Written to {file}")
    if as_json:
        print(json.dumps(made.as_json(), indent=2, ensure_ascii=False, default=str))  # noqa: T201 - the command's output
    else:
        Console(highlight=False).print(_tables(made, tiers_of(made, in_force)))
    return 1 if made.problems else 0


@dataclass(frozen=True, slots=True)
class Bench:
    """What judges tickets outside of the story."""

    in_force: InForce
    triager: Triager
    entities: Entities | None


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of all helpdesks. left_out: how many, by why. problems: what could not be read, a sentence each."""

    seen: tuple[Seen, ...]
    left_out: Mapping[str, int]
    problems: tuple[str, ...]


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Bench]:
    """Beside a running `serve`: with an index of examples of its own."""
    found = await asyncio.to_thread(required, settings.policy_file, secrets=settings.lookup.by_name)
    entities = await Entities.opened(settings.masking.entities)
    with TemporaryDirectory(prefix="deskpilot-") as folder:
        examples = EmbeddedVectors(Path(folder))
        try:
            async with Embeddings.opened(settings.embeddings) as embeddings:
                yield Bench(found, Triager(Categories(examples, embeddings)), entities)
        finally:
            await examples.close()


async def read_history(
    desks: Mapping[str, Helpdesk], bench: Bench, *, since: datetime, told: Callable[[int], None]
) -> Read:
    """Read and judge the tickets opened since then. told: how many so far. What a helpdesk refuses is a problem, not an end."""
    seen: list[Seen] = []
    out: Counter[str] = Counter()
    problems: list[str] = []
    for name, desk in desks.items():
        judges = Judges(bench.in_force, bench.triager, bench.entities, helpdesk=name, account=desk.account)
        try:
            async for batch in _batches(desk, since, out):
                seen += await judges.all(batch)
                told(len(seen))
        except RejectedError as error:
            problems.append(f"{name} was not read to its end: {error}")
        except ConnectorError as error:
            problems.append(f"{name} stopped answering, so its figures are too low: {error}")
    return Read(tuple(seen), dict(out.most_common()), tuple(problems))


async def _batches(desk: Helpdesk, since: datetime, out: Counter[str]) -> AsyncIterator[list[PastTicket]]:
    """The tickets that count, some at a time; the others are counted in `out`."""
    known: set[str] = set()  # a ticket that changes while we read comes twice
    batch: list[PastTicket] = []
    async for past in desk.history(since):
        if past.opened_at < since or past.id in known:
            continue
        known.add(past.id)
        if reason := left_out(past):
            out[reason] += 1
            continue
        batch.append(past)
        if len(batch) >= _BATCH:
            yield batch
            batch = []
    yield batch


def _wanted(desks: Mapping[str, Helpdesk], helpdesk: str) -> Mapping[str, Helpdesk]:
    if not desks:
        raise SettingsProblem(["No helpdesk is connected: set DESKPILOT_ZENDESK__URL or DESKPILOT_FRESHDESK__URL."])
    if helpdesk and helpdesk not in desks:
        raise ServiceError(f"{helpdesk} is not connected; connected are {', '.join(desks)}")
    return {helpdesk: desks[helpdesk]} if helpdesk else desks


def _tables(made: Audit, tiers: Mapping[str, Tier]) -> Group:
    """For a terminal: the kinds, what to begin with, what stands out."""
    head = Text.assemble(
        (f"{made.tickets:,} tickets", "bold"), f" since {made.since:%Y-%m-%d}, {made.replies:,} public replies to them"
    )
    kinds = Table(box=None, pad_edge=False)
    for title in ("kind", "tickets", "of replies", "hard", "stakes", "first contact", "tier"):
        kinds.add_column(title, justify="left" if title == "kind" else "right")
    for kind in made.kinds:
        ended = kind.first_contact
        kinds.add_row(
            Text(kind.title), f"{kind.tickets:,}", f"{kind.effort:.0%}", f"{kind.complexity:.1f}", f"{kind.stakes:.1f}",
            f"{ended.point:.0%} of {ended.n}" if ended else "too few", str(tiers.get(kind.name, "")),
        )  # fmt: skip
    first = [Text("Begin with: " + ", ".join(kind.title for kind in made.top), style="bold")] if made.top else []
    peaks = [Text(f"Week of {one.week}: {one.times} times the median week ({one.kind})") for one in made.peaks]
    warned = [Text(f"! {problem}", style="yellow") for problem in made.problems]
    return Group(head, *warned, kinds, *first, *peaks)
