"""An admin who connects a simulated account: set-up, in earnest or as a rehearsal, and what it sent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from connectors import Account, sender_of, setup_of
from connectors.setup import Call, Check, Connected, Setup
from connectors.zendesk.simulator import Options
from tests.connectors.zendesk.twin import ENDPOINT, Twin, twin


@dataclass
class Admin:
    """Whoever runs set-up."""

    desk: Twin
    setup: Setup
    account: Account
    http: httpx.AsyncClient
    calls: list[Call] = field(default_factory=list)

    async def send(self, call: Call) -> Mapping[str, Any]:
        """Make a call, and write it down."""
        self.calls.append(call)
        return await sender_of("zendesk", self.account, self.http)(call)

    async def connect(self, endpoint: str = ENDPOINT) -> Connected:
        """Connect in earnest."""
        return await self.setup.connect(endpoint, send=self.send)

    async def disconnect(self, endpoint: str = ENDPOINT) -> Sequence[str]:
        """Undo it."""
        return await self.setup.disconnect(endpoint, send=self.send)

    async def examine(self, endpoint: str = ENDPOINT, *, secrets: Sequence[str] = ()) -> list[Check]:
        """Look, at the account's own time."""
        return list(await self.setup.examine(endpoint, secrets=secrets, now=self.desk.clock()))

    async def check(self, what: str, **more: Any) -> Check:
        """The one check of this name."""
        (found,) = [one for one in await self.examine(**more) if one.what == what]
        return found

    @property
    def webhooks(self) -> list[Any]:
        """Those of the account."""
        return list(self.desk.simulator.state.webhooks.values())

    @property
    def triggers(self) -> list[Any]:
        """Those of the account."""
        return list(self.desk.simulator.state.triggers.values())

    def forget(self) -> None:
        """Look only at what is sent from now on."""
        self.calls.clear()
        self.desk.simulator.requests.clear()

    @property
    def writes(self) -> list[str]:
        """What was changed in the account, as it saw it."""
        return [
            f"{one.method} {one.path}"
            for one in self.desk.simulator.requests
            if one.method != "GET" and not one.path.startswith("/oauth/")
        ]


@asynccontextmanager
async def admin(options: Options | None = None, *, events: bool = True, token: str = "") -> AsyncIterator[Admin]:
    """An admin before a fresh account. token: an access token of theirs, in place of the OAuth client."""
    async with twin(options) as desk:
        given = desk.simulator.oauth_settings
        account = Account(url=given["url"], token=token) if token else Account(**given)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=desk.simulator.app)) as http:
            yield Admin(desk, setup_of("zendesk", account, http, events=events), account, http)
