"""The way in for the customer's own product: what it knows of people, and what happened to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.security import HTTPBearer

from service.assembly import Service
from service.context import pushed
from service.context.pushed import LARGEST_BYTES, SentContext, SentSignal, UnfitError
from service.context.store import Contexts
from service.outreach.store import Outreaches
from service.policy.document import Policy
from service.queue import AWAY
from service.web.bodies import body_of

PATHS = ("/api/context", "/api/signals")
"""What DESKPILOT_SIGNALS_TOKEN opens, and nothing else: it lies with a product, on many machines."""

_TOLD = HTTPBearer(auto_error=False, description="DESKPILOT_SIGNALS_TOKEN, or the admin token")


def router(service: Service, *, policy: Callable[[], Policy] | None = None) -> APIRouter:
    """Routes under /api, behind service/web/admin.py. policy: another than the one in force."""
    routes = APIRouter(prefix="/api", tags=["context"], dependencies=[Depends(_TOLD)])
    contexts, days = Contexts(service.database), service.settings.retention_days
    in_force = policy or (lambda: service.policies.current().policy)
    outreaches = Outreaches(service.database, team_language=service.settings.team.language)

    @routes.post("/context", openapi_extra=_body(SentContext))
    async def context(request: Request) -> dict[str, Any]:
        """Facts of a customer, or a list of them: they replace those sent before. `known`: a ticket of theirs was seen lately."""
        with _refusing():
            given = pushed.contexts(await body_of(request, largest=LARGEST_BYTES), now=datetime.now(UTC), days=days)
            await contexts.put(given)
            known = await contexts.known([one.customer for one in given])
        return {"accepted": [{"known": seen} for seen in known]}

    @routes.post("/signals", openapi_extra=_body(SentSignal))
    async def signals(request: Request) -> dict[str, Any]:
        """Something that happened, or a list of it. `new`: false where this was told before. `outreach`: what was drafted, or why not.

        A draft is looked for again when a signal is told again: whoever was cut off sends it once more.
        """
        now = datetime.now(UTC)
        with _refusing():
            given = pushed.signals(await body_of(request, largest=LARGEST_BYTES), now=now, days=days)
            new = await contexts.happened(given)
            known = await contexts.known([one.customer for one in given])
            outcomes = [await outreaches.happened(one, in_force(), now=now) for one in given]
        return {
            "accepted": [
                {"known": seen, "new": first, "outreach": [asdict(one) for one in drafted]}
                for seen, first, drafted in zip(known, new, outcomes, strict=True)
            ]
        }

    return routes


def _body(kind: type[SentContext | SentSignal]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": pushed.schema(kind)}}}}


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except UnfitError as error:
        raise HTTPException(422, [asdict(one) for one in error.problems]) from error
    except AWAY as error:
        raise HTTPException(503, "PostgreSQL does not answer", {"Retry-After": "30"}) from error
