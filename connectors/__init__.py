"""A library that speaks to helpdesks and does not know that there is a co-pilot. The registry is here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from connectors.base import Helpdesk, MisconfiguredError, Webhooks
from connectors.budget import Budget
from connectors.freshdesk import webhook as freshdesk_webhook
from connectors.freshdesk.auth import ApiKey
from connectors.freshdesk.client import FreshdeskClient
from connectors.freshdesk.setup import FreshdeskSetup
from connectors.http import Door
from connectors.setup import Call, Send, Setup
from connectors.zendesk import webhook as zendesk_webhook
from connectors.zendesk.auth import ApiToken, Bearer, ClientCredentials
from connectors.zendesk.client import ZendeskClient
from connectors.zendesk.setup import ZendeskSetup


@dataclass(frozen=True, slots=True)
class Account:
    """Where a helpdesk is and how we sign in; empty strings are ways that are not used."""

    url: str
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    # Zendesk: OAuth token, or an API token when `email` is set; Freshdesk: the API key
    token: str = field(default="", repr=False)
    email: str = ""


def connect(
    name: str,
    account: Account,
    http: httpx.AsyncClient,
    budget: Budget | None = None,
    background: Budget | None = None,
) -> Helpdesk:
    """The client of one helpdesk account; borrows `http`.

    budget: what its calls may take of the account's rate limits; background: the same for reading articles, which can
    wait. None: nobody counts.
    """
    return _CLIENTS[name](account, http, budget, background)


def setup_of(name: str, account: Account, http: httpx.AsyncClient, *, events: bool = True) -> Setup:
    """What connects, looks at and disconnects one helpdesk account; borrows `http`.

    events: False has a Zendesk webhook be called by triggers, without asking for events first. Raises MisconfiguredError.
    """
    if name not in _SETUPS:
        raise MisconfiguredError(f"{name} is connected by hand: README.md says how")
    return _SETUPS[name](account, http, events)


def sender_of(name: str, account: Account, http: httpx.AsyncClient) -> Send:
    """Makes the calls that a set-up asks for, in earnest. Every failure leaves as a ConnectorError."""
    door = Door(http, base_url=account.url, auth=_AUTHS[name](account))

    async def send(call: Call) -> Mapping[str, Any]:
        body = (await door.call(call.method, call.path, json=None if call.body is None else dict(call.body))).body
        return body if isinstance(body, dict) else {}

    return send


def _zendesk_auth(account: Account) -> httpx.Auth:
    if account.client_id:
        return ClientCredentials(account.url, client_id=account.client_id, client_secret=account.client_secret)
    if account.email:
        return ApiToken(email=account.email, token=account.token)
    if account.token:
        return Bearer(account.token)
    raise MisconfiguredError("Zendesk has no credentials: set a client id and secret, or a token")


def _freshdesk_auth(account: Account) -> httpx.Auth:
    return ApiKey(account.token)


def _zendesk(account: Account, http: httpx.AsyncClient, budget: Budget | None, background: Budget | None) -> Helpdesk:
    auth = _zendesk_auth(account)
    return ZendeskClient(http, base_url=account.url, auth=auth, budget=budget, background=background)


def _freshdesk(account: Account, http: httpx.AsyncClient, budget: Budget | None, background: Budget | None) -> Helpdesk:
    auth = _freshdesk_auth(account)
    return FreshdeskClient(http, base_url=account.url, auth=auth, budget=budget, background=background)


def _zendesk_setup(account: Account, http: httpx.AsyncClient, events: bool) -> Setup:  # noqa: FBT001 - a row of a table
    return ZendeskSetup(http, base_url=account.url, auth=_zendesk_auth(account), events=events)


def _freshdesk_setup(account: Account, http: httpx.AsyncClient, events: bool) -> Setup:  # noqa: ARG001, FBT001 - the same
    return FreshdeskSetup(http, base_url=account.url, auth=_freshdesk_auth(account))


_CLIENTS: Mapping[str, Callable[[Account, httpx.AsyncClient, Budget | None, Budget | None], Helpdesk]] = {
    "zendesk": _zendesk,
    "freshdesk": _freshdesk,
}

_AUTHS: Mapping[str, Callable[[Account], httpx.Auth]] = {"zendesk": _zendesk_auth, "freshdesk": _freshdesk_auth}

_SETUPS: Mapping[str, Callable[[Account, httpx.AsyncClient, bool], Setup]] = {
    "zendesk": _zendesk_setup,
    "freshdesk": _freshdesk_setup,
}

WEBHOOKS: Mapping[str, Webhooks] = {"zendesk": zendesk_webhook, "freshdesk": freshdesk_webhook}
"""How each helpdesk's webhooks are checked and read."""
