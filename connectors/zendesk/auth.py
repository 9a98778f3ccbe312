"""The three ways into a Zendesk account, as httpx auth classes. Async only.

API tokens end on 2027-04-30 and none can be made after 2026-10-27, so OAuth client credentials are the main path:
https://developer.zendesk.com/documentation/api-basics/authentication/oauth-migration/
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Generator
from dataclasses import dataclass, field
from typing import Any

import httpx

from connectors.base import MisconfiguredError, RetryableError
from connectors.http import JSON, TIMEOUT, error_for

_EARLY_S = 60.0
"""A token is renewed this long before it ends: longer than any one call takes."""

_REFUSALS = (400, 401, 403)

_ADVICE = (
    "Set the client id and the client secret of a confidential OAuth client of this account "
    "(Admin Center, Apps and integrations, APIs, OAuth clients) and its own address, https://….zendesk.com."
)


class Bearer(httpx.Auth):
    """A ready OAuth access token. It cannot be renewed: a 401 means that somebody has to make a new one."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the request with the token, once."""
        _carry(request, self._token)
        yield request


class ApiToken(httpx.BasicAuth):
    """The legacy API token of one agent, sent as password of `email/token`."""

    def __init__(self, email: str, token: str) -> None:
        super().__init__(f"{email}/token", token)


@dataclass(frozen=True, slots=True)
class _Grant:
    """What the token endpoint gave. `until` is on the given clock; None: it did not say how long the token lives."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    until: float | None

    def ended(self, now: float) -> bool:
        return self.until is not None and now >= self.until


class ClientCredentials(httpx.Auth):
    """An OAuth client of the account: fetches a token when there is none, shortly before it ends, and once after a 401.

    One refresh at a time: using a refresh token deletes the old pair at once, so a second refresh beside the first
    would kill the token that the first has just brought. The new grant is kept before anything is sent with it.
    Raises MisconfiguredError where the client is refused, RetryableError where the token endpoint is down.
    Source: https://developer.zendesk.com/api-reference/introduction/security-and-auth/
    """

    def __init__(
        self,
        base_url: str,
        *,
        client_id: str,
        client_secret: str,
        scope: str = "read write",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = f"{base_url.rstrip('/')}/oauth/tokens"
        self._client: JSON = {"client_id": client_id, "client_secret": client_secret}
        self._scope = scope
        self._clock = clock
        self._grant: _Grant | None = None
        self._refreshing = asyncio.Lock()

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Send the request with a token that is good; after a 401 once more with a new one."""
        refused: _Grant | None = None  # what a 401 has spoken against
        for _ in range(2):
            async with self._refreshing:  # whoever waited here finds the grant that another call has fetched
                grant = self._grant
                if grant is None or grant is refused or grant.ended(self._clock()):
                    for body in self._requests(grant):
                        answer = yield self._to_token_endpoint(request, body)
                        await answer.aread()
                        if answer.status_code not in _REFUSALS:
                            break  # a refused refresh token is not the end: the client itself may still be good
                    grant = self._grant = _read_grant(answer, now=self._clock())
            _carry(request, grant.access)
            response = yield request
            if response.status_code != 401:
                return
            refused = grant

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Refuse: the one refresh at a time is kept by a lock of asyncio."""
        raise RuntimeError(f"{type(self).__name__} works with httpx.AsyncClient only: {request.url.host}")

    def _requests(self, grant: _Grant | None) -> list[JSON]:
        """Bodies to try, in turn."""
        afresh = {"grant_type": "client_credentials", "scope": self._scope, **self._client}
        if grant is None or not grant.refresh:
            return [afresh]
        return [{"grant_type": "refresh_token", "refresh_token": grant.refresh, **self._client}, afresh]

    def _to_token_endpoint(self, request: httpx.Request, body: JSON) -> httpx.Request:
        # A request made inside an auth flow inherits nothing of the client, not even its time-out.
        headers = {"accept": "application/json", "user-agent": request.headers.get("user-agent", "")}
        return httpx.Request("POST", self._url, json=body, headers=headers, extensions={"timeout": TIMEOUT.as_dict()})


def _carry(request: httpx.Request, token: str) -> None:
    request.headers["authorization"] = f"Bearer {token}"


def _read_grant(answer: httpx.Response, *, now: float) -> _Grant:
    what = f"{answer.url.host} answered the request for an access token"
    if not answer.is_success:
        error = error_for(answer, what=what)
        if isinstance(error, RetryableError):
            raise error
        raise MisconfiguredError(f"{error}. {_ADVICE}") from error
    try:
        body: Any = answer.json()
    except (ValueError, RecursionError) as error:  # a maintenance page: later it is JSON again
        raise RetryableError(f"{what} with something that is not JSON") from error
    token = body.get("access_token") if isinstance(body, dict) else None
    if not isinstance(token, str) or not token:
        raise MisconfiguredError(f"{what} without one. {_ADVICE}")
    refresh, lasts_s = body.get("refresh_token"), body.get("expires_in")
    return _Grant(
        access=token,
        refresh=refresh if isinstance(refresh, str) else "",
        # half its life for a token that lives shorter than two minutes, else every call would ask for a new one
        until=now + lasts_s - min(_EARLY_S, lasts_s / 2) if isinstance(lasts_s, int | float) else None,
    )
