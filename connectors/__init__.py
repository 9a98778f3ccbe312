"""A library that speaks to helpdesks and does not know that there is a co-pilot. The registry is here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx

from connectors.base import Helpdesk, MisconfiguredError, Webhooks
from connectors.budget import Budget
from connectors.freshdesk import webhook as freshdesk_webhook
from connectors.freshdesk.auth import ApiKey
from connectors.freshdesk.client import FreshdeskClient
from connectors.zendesk import webhook as zendesk_webhook
from connectors.zendesk.auth import ApiToken, Bearer, ClientCredentials
from connectors.zendesk.client import ZendeskClient


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


def _zendesk(account: Account, http: httpx.AsyncClient, budget: Budget | None, background: Budget | None) -> Helpdesk:
    auth: httpx.Auth
    if account.client_id:
        auth = ClientCredentials(account.url, client_id=account.client_id, client_secret=account.client_secret)
    elif account.email:
        auth = ApiToken(email=account.email, token=account.token)
    elif account.token:
        auth = Bearer(account.token)
    else:
        raise MisconfiguredError("Zendesk has no credentials: set a client id and secret, or a token")
    return ZendeskClient(http, base_url=account.url, auth=auth, budget=budget, background=background)


def _freshdesk(account: Account, http: httpx.AsyncClient, budget: Budget | None, background: Budget | None) -> Helpdesk:
    auth = ApiKey(account.token)
    return FreshdeskClient(http, base_url=account.url, auth=auth, budget=budget, background=background)


_CLIENTS: Mapping[str, Callable[[Account, httpx.AsyncClient, Budget | None, Budget | None], Helpdesk]] = {
    "zendesk": _zendesk,
    "freshdesk": _freshdesk,
}

WEBHOOKS: Mapping[str, Webhooks] = {"zendesk": zendesk_webhook, "freshdesk": freshdesk_webhook}
"""How each helpdesk's webhooks are checked and read."""
