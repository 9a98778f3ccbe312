"""The whole service with its database, and somebody at a browser that runs no scripts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from service.assembly import Service, assembled
from service.settings import Settings
from service.web.app import create_app
from tests.service.web.console.visitor import ADMIN, Browser

Opened = Callable[..., Awaitable[Browser]]


@pytest.fixture
async def service(database_url: str, data_dir: Path) -> AsyncIterator[Service]:
    """With an admin token, and no helpdesk."""
    settings = Settings(database_url=SecretStr(database_url), data_dir=data_dir, admin_token=SecretStr(ADMIN))
    async with assembled(settings) as opened:
        yield opened


@pytest.fixture
async def browse(service: Service) -> AsyncIterator[Opened]:
    """Opens a browser of its own, signed in or not; more settings make another replica of the same service."""
    async with AsyncExitStack() as stack:

        async def opened(*, peer: str = "192.0.2.7", **more: Any) -> Browser:
            changed = service.settings.model_copy(update=more)
            replica = replace(service, settings=changed)
            transport = httpx.ASGITransport(create_app(replica), client=(peer, 50_000))
            http = httpx.AsyncClient(transport=transport, base_url="https://desk.example")
            return Browser(await stack.enter_async_context(http))

        yield opened
