"""The service behind a real port, as `deskpilot serve` opens it but without a worker."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from service.assembly import assembled
from service.control import Control
from service.settings import Settings
from service.web.app import create_app
from service.web.server import serving

TOKEN = "token-of-this-run"


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[Control]:
    """Open everything, listen, and say where."""
    async with (
        assembled(settings) as service,
        serving(create_app(service, control_token=TOKEN), host="127.0.0.1", port=0) as url,
    ):
        yield Control(url=url, token=TOKEN)
