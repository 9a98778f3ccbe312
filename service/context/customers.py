"""What is known about the customer of a ticket, within half a second and without ever failing a note."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Final

import httpx
import structlog

from connectors.base import Ticket
from service.context.breakers import Breakers
from service.context.facts import facts
from service.context.lookups import Found, look_up, missing
from service.context.requests import names
from service.context.store import Contexts, Pushed
from service.database import Database
from service.groups import LookupSettings
from service.metrics import LOOKUPS
from service.outages import Outages, Standing
from service.policy.document import Lookup, Policy
from service.queue import AWAY
from service.steps import stage
from service.triage.judged import Customer

BUDGET_S: Final = 0.5
"""For everything: what has not come by then is unknown."""

_GIVING_UP_S: Final = 0.02
"""Of it, for closing what hangs."""

_TELLING_S: Final = 0.06
"""Of it, for counting the look-ups that were too slow."""

ANSWER_S: Final = BUDGET_S - _GIVING_UP_S - _TELLING_S
"""Of it, until which a look-up has answered."""

_LATE = Found("slow", why=f"no answer within {BUDGET_S * 1000:.0f} ms")
_LIMITS = httpx.Limits(max_connections=50, max_keepalive_connections=10, keepalive_expiry=4)

log = structlog.get_logger()


class Customers:
    """Reads what was pushed and asks the policy's look-ups. Borrows `http`, which follows no redirects."""

    def __init__(
        self,
        contexts: Contexts,
        breakers: Breakers,
        http: httpx.AsyncClient,
        *,
        secrets: Mapping[str, str],
        keeps: bool = True,
    ) -> None:
        self._contexts, self._breakers, self._http = contexts, breakers, http
        self._secrets, self._keeps = secrets, keeps

    @classmethod
    @asynccontextmanager
    async def opened(
        cls, database: Database, settings: LookupSettings, *, keeps: bool = True
    ) -> AsyncIterator[Customers]:
        """With a client of its own, for the composition root. keeps: False, nothing of what is learnt is written down."""
        async with httpx.AsyncClient(timeout=2 * BUDGET_S, limits=_LIMITS, follow_redirects=False) as http:
            breakers = Breakers(Outages(database))
            yield cls(Contexts(database), breakers, http, secrets=settings.by_name, keeps=keeps)

    async def of(self, ticket: Ticket, policy: Policy) -> Customer:
        """Who asks. Takes at most BUDGET_S and never raises; what could not be learnt is in `unknown`, with the reason.

        Facts of look-ups win over what the product pushed, and that over the helpdesk's fields: a customer may fill in a form.
        """
        found: dict[str, Found] = {}
        with stage("customer"):
            pushed, unknown = Pushed(), {"context": _LATE.why}
            until = asyncio.get_running_loop().time() + BUDGET_S - _GIVING_UP_S
            try:
                async with asyncio.timeout_at(until):
                    try:
                        pushed, unknown = await self._pushed(ticket, policy), {}
                    except AWAY:
                        unknown = {"context": "the database does not answer"}
                    watched = self._keeps and policy.lookups and not unknown
                    out = await self._breakers.standing() if watched else None
                    by = until - _TELLING_S  # ANSWER_S after the beginning
                    await asyncio.gather(
                        *(self._ask(one, ticket, pushed, found, out=out, by=by) for one in policy.lookups)
                    )
            except TimeoutError:
                log.info(
                    "not all was learnt about a customer in time",
                    lookups=[one.name for one in policy.lookups if one.name not in found],
                )
        told: dict[str, str] = {}
        for lookup in policy.lookups:
            done = found.get(lookup.name, _LATE)
            LOOKUPS.labels(lookup.name, "kept" if self._kept(lookup, pushed) is not None else done.result).inc()
            told |= done.facts
            unknown |= missing(lookup, done)
        expected = {name for lookup in policy.lookups for name in names(lookup)}
        own = {name: value for name, value in _of_helpdesk(ticket).items() if name not in expected}
        known = {**own, **pushed.facts, **told}
        return Customer(known, {name: why for name, why in unknown.items() if name not in known}, pushed.happened)

    async def _pushed(self, ticket: Ticket, policy: Policy) -> Pushed:
        keys = {lookup.name: _key(lookup) for lookup in policy.lookups}
        email = ticket.requester.email if self._keeps else ""
        return await self._contexts.of(customer_keys(ticket), email=email, lookups=keys)

    async def _ask(
        self,
        lookup: Lookup,
        ticket: Ticket,
        pushed: Pushed,
        found: dict[str, Found],
        *,
        out: Standing | None,
        by: float,
    ) -> None:
        if (kept := self._kept(lookup, pushed)) is not None:
            found[lookup.name] = Found(
                "ok" if kept else "absent", kept, "" if kept else "says nothing of this customer"
            )
            return
        if (paused := await self._breakers.refuses(lookup, out)) is not None:
            found[lookup.name] = paused
            return
        done = _LATE
        with suppress(TimeoutError):
            async with asyncio.timeout_at(by):
                done = await look_up(lookup, ticket, http=self._http, secrets=self._secrets)
        found[lookup.name] = done
        await self._breakers.tell(lookup, done, out)
        if done.result == "misconfigured":
            log.warning("a look-up needs a person", lookup=lookup.name, problem=done.why)
        elif done.result in ("slow", "failed", "refused"):
            log.info("a look-up was not answered", lookup=lookup.name, problem=done.why)
        if done.keep and self._keeps and (own := _own_key(ticket)):
            with suppress(*AWAY):  # then it is asked again
                await self._contexts.keep(_key(lookup), own, done.facts, lasts=lookup.keep)

    @staticmethod
    def _kept(lookup: Lookup, pushed: Pushed) -> Mapping[str, str] | None:
        return pushed.lookups.get(lookup.name)


def customer_keys(ticket: Ticket) -> tuple[str, ...]:
    """Under which names a product may know a ticket's requester."""
    email = ticket.requester.email.strip().lower()
    return tuple(key for key in (email * email.isprintable(), _own_key(ticket)) if key)


def _own_key(ticket: Ticket) -> str:
    own = ticket.requester.id
    return f"{ticket.helpdesk}:{own}" if own and own.isprintable() else ""  # no table holds what is not


def _key(lookup: Lookup) -> str:
    """Of its kept answers: a look-up that is written otherwise today has none."""
    return f"{lookup.name}:{hashlib.sha256(lookup.model_dump_json().encode()).hexdigest()[:12]}"


def _of_helpdesk(ticket: Ticket) -> dict[str, str]:
    """What the ticket holds without another call."""
    said: dict[str, object] = {
        "organization": ticket.organization.name if ticket.organization else "",
        "language": ticket.requester.language,
        "tags": ", ".join(ticket.tags),
        "since": ticket.requester.since,
    }
    return facts({**said, **{name: value for name, value in ticket.fields.items() if name not in said}})
