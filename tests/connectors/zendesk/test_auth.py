"""Ways into a Zendesk account, against an account that hands out tokens and refuses old ones."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import dataclass, field

import httpx
import pytest

from connectors.base import ConnectorError, MisconfiguredError, RetryableError
from connectors.http import JSON, TIMEOUT, Door
from connectors.zendesk.auth import ApiToken, Bearer, ClientCredentials
from tests.connectors.zendesk.recorded import URL, client_for

HOUR = 3600


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: float = 1000.0

    def __call__(self) -> float:
        """Seconds, as of time.monotonic."""
        return self.now


@dataclass
class Account:
    """One token is good at a time; a new one ends the one before."""

    expires_in: object = 2 * HOUR
    refresh: bool = False
    refusal: httpx.Response | None = None  # what the token endpoint answers instead
    good: str = ""
    refresh_good: str = ""
    token_requests: list[JSON] = field(default_factory=list)
    carried: list[str] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    timeouts: list[object] = field(default_factory=list)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        if request.url.path == "/oauth/tokens":
            self.timeouts.append(request.extensions.get("timeout"))
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            await asyncio.sleep(0)  # others may run while the token is on its way
            self.at_once -= 1
            return self.hand_out(json.loads(request.content))
        await asyncio.sleep(0)
        token = request.headers["authorization"].removeprefix("Bearer ")
        self.carried.append(token)
        return httpx.Response(200 if token == self.good else 401, json={})

    def hand_out(self, body: JSON) -> httpx.Response:
        """Answer one request for a token."""
        self.token_requests.append(body)
        if self.refusal is not None:
            return self.refusal
        if body["grant_type"] == "refresh_token" and body["refresh_token"] != self.refresh_good:
            return httpx.Response(400, json={"error": "invalid_grant"})
        number = len(self.token_requests)
        self.good = f"token-{number}"
        answer: JSON = {"access_token": self.good, "token_type": "bearer", "scope": "read write"}
        if self.expires_in is not None:
            answer["expires_in"] = self.expires_in
        if self.refresh:
            self.refresh_good = answer["refresh_token"] = f"refresh-{number}"
        return httpx.Response(200, json=answer)

    @property
    def grants(self) -> list[str]:
        """By which right each token was asked for."""
        return [body["grant_type"] for body in self.token_requests]


def credentials(clock: Clock) -> ClientCredentials:
    """The class under test, for the account."""
    return ClientCredentials(f"{URL}/", client_id="desk", client_secret="s3cret", clock=clock)


@pytest.fixture
def clock() -> Clock:
    """One clock per test."""
    return Clock()


async def calls(account: Account, auth: httpx.Auth, *, times: int = 1) -> list[object]:
    """So many calls at once: the answer or the error of each."""
    async with httpx.AsyncClient(transport=httpx.MockTransport(account)) as http:
        door = Door(http, base_url=URL, auth=auth)
        return list(await asyncio.gather(*(door.call("GET", "/x") for _ in range(times)), return_exceptions=True))


def failures(answers: list[object]) -> list[object]:
    """Those that are errors."""
    return [answer for answer in answers if isinstance(answer, BaseException)]


async def test_a_token_is_fetched_once_and_used_again(clock: Clock) -> None:
    """Client credentials with the scope that notes and articles need, within the time that every call has."""
    account, auth = Account(), credentials(clock)

    assert not failures(await calls(account, auth) + await calls(account, auth))
    assert account.token_requests == [
        {"grant_type": "client_credentials", "scope": "read write", "client_id": "desk", "client_secret": "s3cret"}
    ]
    assert account.timeouts == [TIMEOUT.as_dict()]


async def test_the_first_calls_share_one_token(clock: Clock) -> None:
    """However many begin at once."""
    account = Account()

    assert not failures(await calls(account, credentials(clock), times=20))
    assert len(account.token_requests) == 1


@pytest.mark.parametrize("refresh", [False, True])
async def test_twenty_refused_calls_bring_one_refresh(clock: Clock, refresh: bool) -> None:  # noqa: FBT001
    """A second refresh beside the first would end the token that the first has just brought."""
    account, auth = Account(refresh=refresh), credentials(clock)
    await calls(account, auth)
    account.good = "revoked by somebody"

    assert not failures(await calls(account, auth, times=20))
    assert account.grants == ["client_credentials", "refresh_token" if refresh else "client_credentials"]
    assert account.most_at_once == 1


async def test_a_token_is_renewed_shortly_before_it_ends(clock: Clock) -> None:
    """A minute early, so that no call is under way when it ends; once, however many calls are made."""
    account, auth = Account(), credentials(clock)
    await calls(account, auth)
    clock.now += 2 * HOUR - 61
    await calls(account, auth)
    assert len(account.token_requests) == 1

    clock.now += 1
    assert not failures(await calls(account, auth, times=20))
    assert len(account.token_requests) == 2
    assert set(account.carried) == {"token-1", "token-2"}


async def test_a_token_of_a_short_life_is_used_for_half_of_it(clock: Clock) -> None:
    """Else every call would fetch one."""
    account, auth = Account(expires_in=30), credentials(clock)
    await calls(account, auth)
    clock.now += 14
    await calls(account, auth)

    assert len(account.token_requests) == 1


@pytest.mark.parametrize("unknown", [None, "soon", []])
async def test_a_token_of_unknown_life_is_used_until_it_is_refused(clock: Clock, unknown: object) -> None:
    """Zendesk's default is a token without an end."""
    account, auth = Account(expires_in=unknown), credentials(clock)
    await calls(account, auth)
    clock.now += 1000 * HOUR
    await calls(account, auth)

    assert len(account.token_requests) == 1


async def test_a_refresh_token_is_used_where_there_is_one(clock: Clock) -> None:
    """And the new one the next time: using it has deleted the old pair."""
    account, auth = Account(refresh=True), credentials(clock)
    for _ in range(3):
        assert not failures(await calls(account, auth))
        clock.now += 3 * HOUR

    assert account.grants == ["client_credentials", "refresh_token", "refresh_token"]
    assert [body.get("refresh_token") for body in account.token_requests] == [None, "refresh-1", "refresh-2"]


async def test_a_spent_refresh_token_is_no_end(clock: Clock) -> None:
    """A refresh whose answer was lost has deleted the pair: the client itself is still good."""
    account, auth = Account(refresh=True), credentials(clock)
    await calls(account, auth)
    account.good = account.refresh_good = "deleted by a refresh that we never heard of"

    assert not failures(await calls(account, auth))
    assert account.grants == ["client_credentials", "refresh_token", "client_credentials"]


async def test_a_call_that_is_given_up_during_a_refresh_blocks_nobody(clock: Clock) -> None:
    """The lock is free again, and the next call fetches a token."""
    account, auth = Account(), credentials(clock)
    asked = asyncio.Event()

    async def slow(request: httpx.Request) -> httpx.Response:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError(request)

    async with httpx.AsyncClient(transport=httpx.MockTransport(slow)) as http:
        given_up = asyncio.create_task(Door(http, base_url=URL, auth=auth).call("GET", "/x"))
        await asked.wait()
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up

    assert not failures(await calls(account, auth))


async def test_a_new_token_that_is_refused_as_well_is_a_mistake_of_settings(clock: Clock) -> None:
    """One refresh per call, no more."""
    account, auth = Account(), credentials(clock)
    await calls(account, auth)

    def spoil(body: JSON) -> httpx.Response:
        account.token_requests.append(body)
        return httpx.Response(200, json={"access_token": "never good"})

    account.good, account.hand_out = "other", spoil  # type: ignore[method-assign]
    (answer,) = await calls(account, auth)

    assert isinstance(answer, MisconfiguredError)
    assert len(account.token_requests) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 302])
async def test_a_refused_client_says_what_to_set(clock: Clock, status: int) -> None:
    """No job works until a person has changed something; the secret is not repeated."""
    account = Account(refusal=httpx.Response(status, json={"error": "invalid_client"}))
    (answer,) = await calls(account, credentials(clock))

    assert isinstance(answer, MisconfiguredError)
    assert "client id and the client secret" in str(answer)
    assert "s3cret" not in str(answer)


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"access_token": null}', b'{"access_token": ""}'])
async def test_an_answer_without_a_token_says_what_to_set(clock: Clock, body: bytes) -> None:
    """Something answers at that address, but it is not Zendesk."""
    (answer,) = await calls(Account(refusal=httpx.Response(200, content=body)), credentials(clock))

    assert isinstance(answer, MisconfiguredError)


@pytest.mark.parametrize("status", [408, 429, 500, 503])
async def test_a_token_endpoint_that_is_down_is_tried_again_later(clock: Clock, status: int) -> None:
    """As long as it asks for."""
    account = Account(refusal=httpx.Response(status, headers={"retry-after": "7"}))
    (answer,) = await calls(account, credentials(clock))

    assert isinstance(answer, RetryableError)
    assert answer.after_s == 7


async def test_a_maintenance_page_is_tried_again_later(clock: Clock) -> None:
    """HTML with 200 is JSON again later."""
    (answer,) = await calls(Account(refusal=httpx.Response(200, text="<html>")), credentials(clock))

    assert isinstance(answer, RetryableError)


async def test_a_token_endpoint_that_cannot_be_reached_is_tried_again_later(clock: Clock) -> None:
    """Every failure leaves as a ConnectorError."""

    def unreachable(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route", request=request)

    async with client_for(unreachable) as http:
        with pytest.raises(ConnectorError) as caught:
            await Door(http, base_url=URL, auth=credentials(clock)).call("GET", "/x")
    assert isinstance(caught.value, RetryableError)


async def test_a_ready_token_is_carried_as_it_is() -> None:
    """It cannot be renewed: a 401 is for a person."""
    account = Account(good="ready")

    assert not failures(await calls(account, Bearer("ready")))
    (answer,) = await calls(account, Bearer("old"))
    assert isinstance(answer, MisconfiguredError)
    assert account.token_requests == []


async def test_a_legacy_token_is_the_password_of_its_agent() -> None:
    """`email/token` and the token, as basic authentication."""
    seen: list[str] = []

    def account(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        return httpx.Response(200)

    async with client_for(account) as http:
        await Door(http, base_url=URL, auth=ApiToken("ben@acme.example", "abc")).call("GET", "/x")
    assert base64.b64decode(seen[0].removeprefix("Basic ")) == b"ben@acme.example/token:abc"


def test_without_asyncio_the_client_credentials_do_not_work(clock: Clock) -> None:
    """They would race for the refresh."""
    http = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200)))

    with http, pytest.raises(RuntimeError, match="AsyncClient"):
        http.get(URL, auth=credentials(clock))
