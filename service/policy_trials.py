"""`deskpilot policy explain` and `deskpilot policy test`: what the policy does with a ticket, and how often that is right."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Protocol

import httpx
import typer
from rich.console import Console

from connectors.base import Helpdesk, Ticket
from service.assembly import helpdesks
from service.budgets import Budgets
from service.context.customers import Customers
from service.conversation import read_conversation
from service.database import open_database
from service.entities import Entities
from service.errors import ServiceError
from service.judge import WEEK, about_the_same
from service.labelled import LabelledError
from service.ledger import TicketKey
from service.llm import LLM
from service.masking import Masker, everybody
from service.occasions import Occasion, newest_of_requester, occasion_for
from service.outages import Outages
from service.policy.deciding import InForce, decide
from service.policy.document import Policy
from service.policy.explaining import Explanation, explain
from service.policy.labelled import read_tickets
from service.policy.scores import Judge, scores, tried
from service.policy_tables import explanation_table, scores_table
from service.settings import Settings, SettingsProblem
from service.spending import Spending
from service.triage.judged import NOBODY, Customer
from service.triage.store import Triages
from service.writers import Writers

Run = Callable[..., None]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Share = Annotated[float | None, typer.Option(min=0, max=1, help="Exit 1 below it; a share, as in 0.95.")]


class Known(Protocol):
    """What is known of customers, as service/context has it."""

    async def of(self, ticket: Ticket, policy: Policy) -> Customer:
        """Of the requester of this ticket. Never raises."""
        ...


@dataclass(frozen=True, slots=True)
class Bench:
    """What it takes to judge a ticket outside of the story."""

    in_force: InForce
    judge: Judge
    customers: Known | None = None


Opened = Callable[[Settings], AbstractAsyncContextManager[Bench]]
"""Opens the policy in force and the triage, as the settings say."""


def add_policy_commands(app: typer.Typer, run: Run, opened: Opened) -> None:
    """Put them into `deskpilot policy`."""

    @app.command("explain")
    def explain_(
        ticket: Annotated[str, typer.Argument(help="As in zendesk:123, or 123 where one helpdesk is connected.")],
        *,
        helpdesk: Annotated[str, typer.Option(help="zendesk or freshdesk, where both are connected.")] = "",
        model: Annotated[bool, typer.Option("--model", help="Also ask the language model, as a note would.")] = False,
        as_json: Json = False,
    ) -> None:
        """What is found in a ticket, which rules fire and which nearly do, and what follows. Writes nothing."""
        run(explain_ticket, ticket, opened=opened, helpdesk=helpdesk, model=model, as_json=as_json)

    @app.command("test")
    def test(
        file: Annotated[Path, typer.Argument(help="Labelled tickets, YAML or JSON: deploy/policy-tests.md.")],
        *,
        min_recall: Share = None,
        min_precision: Share = None,
        as_json: Json = False,
    ) -> None:
        """How often the policy is right about labelled tickets; without a model. Exits 1 below a threshold."""
        least = {"tier3_recall": min_recall, "tier3_precision": min_precision}
        run(try_policy, file, opened=opened, least=least, as_json=as_json)


async def explain_ticket(
    settings: Settings, ticket: str, *, opened: Opened, helpdesk: str, model: bool, as_json: bool
) -> int:
    """Read a ticket, judge it, and print why. Only reads."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx.AsyncClient())
        database = await stack.enter_async_context(open_database(settings))
        bench = await stack.enter_async_context(opened(settings))
        if bench.customers is None:
            known = await stack.enter_async_context(Customers.opened(database, settings.lookup, keeps=False))
            bench = replace(bench, customers=known)
        llm = await stack.enter_async_context(LLM.opened(settings.llm)) if model else None
        if model and llm is None:
            raise SettingsProblem(["No model is set: set DESKPILOT_LLM__API_KEY, or leave --model out."])
        name, number = _named(settings, ticket, helpdesk)
        desk = helpdesks(settings, http, Budgets(database))[name]
        outages = Outages(database)
        writers = Writers(llm, outages, Spending(database, settings.llm), settings=settings)
        found = await _explained(
            settings, desk, number, bench=bench, writers=writers, outages=outages, triages=Triages(database)
        )
    if as_json:
        print(json.dumps(found.as_json(), indent=2, ensure_ascii=False, default=list))  # noqa: T201 - the command's output
    else:
        Console().print(explanation_table(found, settings.team.language), highlight=False)
    return 0


def _named(settings: Settings, ticket: str, helpdesk: str) -> tuple[str, str]:
    """Which helpdesk, and which number there."""
    before, colon, after = ticket.rpartition(":")
    name = before if colon else helpdesk or next(iter(settings.helpdesks), "")
    if name not in settings.helpdesks or (not colon and not helpdesk and len(settings.helpdesks) > 1):
        connected = ", ".join(settings.helpdesks) or "none"
        raise ServiceError(f"say which helpdesk {ticket} is in, as in zendesk:123; connected are: {connected}")
    return name, after


async def _explained(
    settings: Settings,
    desk: Helpdesk,
    number: str,
    *,
    bench: Bench,
    writers: Writers,
    outages: Outages,
    triages: Triages,
) -> Explanation:
    ticket = await desk.ticket(number)
    answer = newest_of_requester(ticket)
    if answer is None:
        raise ServiceError(f"the customer of {desk.name}:{number} has not written anything yet")
    occasion = occasion_for(ticket, me=await desk.whoami(), when="every", tickets=settings.tickets)
    entities = await Entities.opened(settings.masking.entities)
    masker = Masker(everybody(ticket), ticket.organization, entities)
    conversation = await asyncio.to_thread(read_conversation, ticket, (), answer=answer, masker=masker)
    attempt = writers.attempt(ticket, await outages.standing(), patient=True)
    now, policy = datetime.now(UTC), bench.in_force.policy
    analysis = await attempt.analyse(conversation, policy)
    if attempt.spent:
        raise ServiceError("the budget for the model is used up: leave --model out, or try again later")
    key = TicketKey(desk.name, ticket.account, ticket.id)
    past = await triages.known(key, answer.id, requester=ticket.requester.id, since=now - WEEK)
    triage = await bench.judge.judge(ticket, conversation, analysis, policy=policy, contacts=past.contacts, now=now)
    past, triage = await about_the_same(triages, past, triage, key, requester=ticket.requester.id, now=now)
    customer = await bench.customers.of(ticket, policy) if bench.customers else NOBODY
    language = settings.team.language
    seen: dict[str, Any] = {
        "ticket": ticket,
        "conversation": conversation,
        "triage": triage,
        "customer": customer,
        "past": past,
        "language": language,
    }
    told = occasion.tier if isinstance(occasion, Occasion) else None
    return explain(bench.in_force, decide(bench.in_force, **seen, now=now, told=told), **seen)


async def try_policy(
    settings: Settings, file: Path, *, opened: Opened, least: dict[str, float | None], as_json: bool
) -> int:
    """Judge labelled tickets and print how often that was right. 1: below a threshold; 2: the file cannot be read."""
    try:
        labelled = await asyncio.to_thread(read_tickets, file)
    except LabelledError as error:
        raise SettingsProblem([str(error)]) from error
    now, language = datetime.now(UTC), settings.team.language
    async with opened(settings) as bench:
        judged = [
            await tried(one, in_force=bench.in_force, judge=bench.judge, now=now, language=language) for one in labelled
        ]
        found = scores(judged, bench.in_force.policy)
    missed = [_missed(name, getattr(found, name), share) for name, share in least.items() if share is not None]
    missed = [one for one in missed if one]
    if as_json:
        print(json.dumps({**found.as_json(), "missed": missed}, indent=2, ensure_ascii=False))  # noqa: T201
    else:
        Console().print(scores_table(found), *missed, sep="\n", highlight=False)
    return 1 if missed else 0


def _missed(name: str, share: float | None, least: float) -> str:
    """Why a threshold is not reached; empty where it is."""
    if share is None:
        return f"{name} cannot be told: no ticket counts for it, and at least {least:.0%} was asked for"
    return f"{name} is {share:.1%}, at least {least:.1%} was asked for" if share < least else ""
