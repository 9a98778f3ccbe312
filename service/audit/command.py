"""`deskpilot audit`: what the helpdesks' history says. Reads; the files that it writes are those it was asked for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import httpx
import typer
from rich.console import Console

from connectors.base import Helpdesk
from service.assembly import helpdesks
from service.audit.findings import Audit, audited
from service.audit.page import audit_page
from service.audit.proposal import opening, proposal, tiers_of
from service.audit.reading import Bench, Read, read_history, why_nothing
from service.audit.replacing import keep, refuse_replacing
from service.audit.terminal import complain, tables, tell
from service.budgets import Budgets
from service.database import open_database
from service.embeddings import Embeddings
from service.entities import Entities
from service.errors import ServiceError
from service.files import refuse_unwritable
from service.policy.document import Policy
from service.policy.standing import required
from service.policy.values import said
from service.settings import Settings, SettingsProblem
from service.triage.categories import Categories
from service.triage.triaging import Triager
from service.vectors import EmbeddedVectors

_DAYS_A_MONTH = 30.4375

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
        force: Annotated[bool, typer.Option("--force", help="Replace the policy file if it is there.")] = False,
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    ) -> None:
        """Before going live: kinds of tickets by number, work and stakes, and a policy to begin with. Writes nothing anywhere else."""
        run(audit_history, months=months, helpdesk=helpdesk, html=html, policy=policy, force=force, as_json=as_json)


async def audit_history(
    settings: Settings,
    *,
    months: int,
    helpdesk: str,
    html: Path | None,
    policy: Path | None,
    force: bool = False,
    as_json: bool,
) -> int:
    """Read, judge, print. 1: a helpdesk could not be read to its end; where there is no ticket at all, nothing is written."""
    refuse_unwritable(html, policy)
    until = datetime.now(UTC)
    since = until - timedelta(days=months * _DAYS_A_MONTH)
    await asyncio.to_thread(refuse_replacing, policy, opening(since, until), force=force)
    read, in_force = await _read(settings, helpdesk, since=since)
    if nothing := why_nothing(read, since=since):
        for sentence in nothing:
            complain(sentence)
        return 1
    titles = {name: said(one.title, "en") or name for name, one in in_force.categories.items()}
    made = audited(
        read.seen, left_out=read.left_out, titles=titles, helpdesks=read.answered, since=since, until=until,
        timezone=settings.team.timezone, problems=read.problems, embedded=settings.embeddings.on,
    )  # fmt: skip
    complete = await _written(made, in_force, html=html, policy=policy, force=force)
    if as_json:
        for problem in made.problems:
            complain(problem)
        print(json.dumps(made.as_json(), indent=2, ensure_ascii=False, allow_nan=False))  # noqa: T201 - the command's output
    else:
        Console(highlight=False).print(tables(made, tiers_of(made, in_force)))
    return 0 if complete and not made.problems else 1


async def _read(settings: Settings, helpdesk: str, *, since: datetime) -> tuple[Read, Policy]:
    """The history, and the policy that it was judged by."""
    async with AsyncExitStack() as stack:
        bench = await stack.enter_async_context(_opened(settings))
        http = await stack.enter_async_context(httpx.AsyncClient())
        database = await stack.enter_async_context(open_database(settings))
        desks = _wanted(helpdesks(settings, http, Budgets(database)), helpdesk)
        with Console(stderr=True).status("Reading the history ...") as status:
            told = lambda count: status.update(f"Reading the history ... {count:,} tickets")  # noqa: E731
            return await read_history(desks, bench, since=since, told=told), bench.in_force.policy


async def _written(made: Audit, in_force: Policy, *, html: Path | None, policy: Path | None, force: bool) -> bool:
    """Write the files that were asked for. False: the proposal stands in another one."""
    if html:
        await asyncio.to_thread(html.write_text, audit_page(made, in_force), encoding="utf-8")
        tell(f"Written to {html}")
    if policy is None:
        return True
    place = await asyncio.to_thread(keep, policy, proposal(made, in_force), force=force, at=made.until)
    if place != policy:
        complain(f"{policy} stays as it is: it differs from what is proposed now, which --force puts in its place")
    tell(f"Written to {place}")
    return place == policy


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


def _wanted(desks: Mapping[str, Helpdesk], helpdesk: str) -> Mapping[str, Helpdesk]:
    if not desks:
        raise SettingsProblem(["No helpdesk is connected: set DESKPILOT_ZENDESK__URL or DESKPILOT_FRESHDESK__URL."])
    if helpdesk and helpdesk not in desks:
        raise ServiceError(f"{helpdesk} is not connected; connected are {', '.join(desks)}")
    return {helpdesk: desks[helpdesk]} if helpdesk else desks
