"""Every vendor's simulated account and our connection to it. A new helpdesk joins the contract by one entry in `VENDORS`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from connectors.base import Helpdesk, Message
from connectors.freshdesk import simulator as freshdesk
from connectors.freshdesk.auth import ApiKey
from connectors.freshdesk.client import FreshdeskClient
from connectors.zendesk import simulator as zendesk
from connectors.zendesk.auth import ClientCredentials
from connectors.zendesk.client import ZendeskClient

Simulator = freshdesk.FreshdeskSimulator | zendesk.ZendeskSimulator


@dataclass(frozen=True, slots=True)
class Vendor:
    """How to make one vendor's simulator and connect to it."""

    simulator: Callable[[], Simulator]
    small: Callable[[], Simulator]  # an account whose rate limit is soon used up, and whose API user is no admin
    connect: Callable[[httpx.AsyncClient, Mapping[str, str]], Helpdesk]  # by the simulator's settings
    key: str  # which of the settings is the secret


def connect_freshdesk(http: httpx.AsyncClient, settings: Mapping[str, str]) -> Helpdesk:
    """Connect with an API key."""
    return FreshdeskClient(http, base_url=settings["url"], auth=ApiKey(settings["api_key"]))


def connect_zendesk(http: httpx.AsyncClient, settings: Mapping[str, str]) -> Helpdesk:
    """Connect with OAuth client credentials."""
    url = settings["url"]
    auth = ClientCredentials(base_url=url, client_id=settings["client_id"], client_secret=settings["client_secret"])
    return ZendeskClient(http, base_url=url, auth=auth)


VENDORS = {
    "freshdesk": Vendor(
        simulator=freshdesk.FreshdeskSimulator,
        small=lambda: freshdesk.FreshdeskSimulator(options=freshdesk.Options(plan="Trial")),
        connect=connect_freshdesk,
        key="api_key",
    ),
    "zendesk": Vendor(
        simulator=zendesk.ZendeskSimulator,
        small=lambda: zendesk.ZendeskSimulator(options=zendesk.Options(per_minute=5, api_role="agent")),
        connect=connect_zendesk,
        key="client_secret",
    ),
}


@dataclass(frozen=True, slots=True)
class Account:
    """A simulated account and our connection to it."""

    simulator: Simulator
    helpdesk: Helpdesk
    intruder: Helpdesk  # the same account, with a wrong key

    async def ticket(self) -> str:
        """A customer's first message; returns the ticket's id."""
        return await self.simulator.open_ticket(
            name="Ana Sol", email="ana@example.com", subject="Parcel to Spain", text="Where is my parcel?"
        )

    async def messages(self, ticket_id: str) -> tuple[Message, ...]:
        """The conversation as the connector reads it."""
        return (await self.helpdesk.ticket(ticket_id)).messages


@asynccontextmanager
async def connected(vendor: Vendor, simulator: Simulator) -> AsyncIterator[Account]:
    """The real client, whose network is the simulator's app."""
    settings = simulator.settings
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=simulator.app)) as http:
        yield Account(
            simulator=simulator,
            helpdesk=vendor.connect(http, settings),
            intruder=vendor.connect(http, {**settings, vendor.key: "wrong-key"}),
        )
