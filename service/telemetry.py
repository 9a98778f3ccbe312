"""Where spans go: to a collector where one is set, and nowhere else. OpenTelemetry is loaded only then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from service.groups import TelemetrySettings
from service.spans import Sink


@asynccontextmanager
async def collecting(settings: TelemetrySettings) -> AsyncIterator[Sink | None]:
    """The way to the collector, closed at the end: what is left is sent then, for at most some seconds. None: none is set."""
    if not settings.otlp_endpoint:
        yield None
        return
    from service.otlp import Collector  # noqa: PLC0415 - a tenth of a second, and a thread, which only a collector needs

    collector = Collector(settings)
    try:
        yield collector.take
    finally:
        await asyncio.to_thread(collector.close)
