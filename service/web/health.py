"""Is it alive, is it able, what has it counted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

CHECK_TIMEOUT_S = 2.0

Check = Callable[[], Awaitable[str]]
"""Returns "" when all is well, else one sentence."""


def router(checks: Mapping[str, Check], *, figures: Callable[[float], Awaitable[None]] | None = None) -> APIRouter:
    """Routes for probes and scrapers.

    checks: what this process cannot work without, by name. figures: brings those up to date that all replicas share, in so
    many seconds.
    """
    routes = APIRouter(tags=["health"])

    @routes.get("/healthz")
    async def alive() -> dict[str, str]:
        """The process answers; nothing outside is asked."""
        return {"status": "alive"}

    @routes.get("/readyz")
    async def able() -> JSONResponse:
        """Every part this process cannot work without answers. Spends no model tokens."""
        names = list(checks)
        problems = dict(zip(names, await asyncio.gather(*(_checked(checks[name]) for name in names)), strict=True))
        ready = not any(problems.values())
        return JSONResponse(
            {"ready": ready, "checks": {name: problem or "ok" for name, problem in problems.items()}},
            status_code=200 if ready else 503,
        )

    @routes.get("/metrics")
    async def metrics() -> Response:
        """Counters in Prometheus' text format."""
        if figures:
            await figures(CHECK_TIMEOUT_S)
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return routes


async def _checked(check: Check) -> str:
    try:
        return await asyncio.wait_for(check(), CHECK_TIMEOUT_S)
    except TimeoutError:
        return f"no answer in {CHECK_TIMEOUT_S:g} s"
