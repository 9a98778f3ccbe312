"""The door and a budget: asked before every call, told what the answer says."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx
import pytest

from connectors import Account, connect
from connectors.base import LeakError, RetryableError, SpentError
from connectors.budget import Bucket
from connectors.http import Door
from connectors.zendesk import limits
from connectors.zendesk.auth import Bearer
from connectors.zendesk.client import ZendeskClient
from connectors.zendesk.simulator import ZendeskSimulator
from tests.connectors.zendesk.recorded import URL, recorded


@pytest.fixture(autouse=True)
def _nothing_is_said(forbidden_writes: list[str]) -> Iterator[None]:
    """Here calls are only counted: they have no body."""
    yield
    forbidden_writes.clear()


@dataclass
class Purse:
    """A budget that writes down what it is asked and told. `empty`: the bucket that has nothing left."""

    empty: str = ""
    taken: list[str] = field(default_factory=list)
    learned_limits: dict[str, int] = field(default_factory=dict)
    told: int = 0
    blocks: list[tuple[str, float]] = field(default_factory=list)

    async def take(self, bucket: Bucket) -> None:
        """Give, unless it is empty."""
        if bucket.name == self.empty:
            raise SpentError("nothing left", after_s=7)
        self.taken.append(bucket.name)

    async def learned(self, bucket: str, limit: int) -> None:
        """Remember."""
        self.told += 1
        self.learned_limits[bucket] = limit

    async def blocked(self, bucket: Bucket, *, after_s: float) -> None:
        """Remember."""
        self.blocks.append((bucket.name, after_s))


class Vendor:
    """Gives one answer to every request and keeps the requests."""

    def __init__(self, answer: httpx.Response | Callable[[httpx.Request], httpx.Response]) -> None:
        self.answer = answer
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        self.requests.append(request)
        return self.answer if isinstance(self.answer, httpx.Response) else self.answer(request)


async def call(
    vendor: Vendor, purse: Purse, *, times: int = 1, method: str = "GET", path: str = "/api/v2/tickets/1"
) -> None:
    """Make calls through one door."""
    async with httpx.AsyncClient(transport=httpx.MockTransport(vendor)) as http:
        door = Door(http, base_url=URL, auth=Bearer("t"), limits=limits, budget=purse)
        for _ in range(times):
            await door.call(method, path)


async def test_every_bucket_is_asked_before_a_call() -> None:
    """The account's first."""
    purse, vendor = Purse(), Vendor(httpx.Response(200, json={}))
    await call(vendor, purse, method="PUT", path="/api/v2/tickets/1.json")

    assert purse.taken == ["calls", "ticket updates", "updates of ticket 1"]
    assert len(vendor.requests) == 1


@pytest.mark.parametrize("empty", ["calls", "ticket updates", "updates of ticket 1"])
async def test_where_one_is_empty_nothing_is_sent(empty: str) -> None:
    """The job is put back for later, as after a 429, which the vendor never had to say."""
    vendor = Vendor(httpx.Response(200, json={}))
    with pytest.raises(SpentError) as caught:
        await call(vendor, Purse(empty=empty), method="PUT", path="/api/v2/tickets/1.json")

    assert isinstance(caught.value, RetryableError)
    assert caught.value.after_s == 7
    assert vendor.requests == []


async def test_a_429_is_told_with_the_time_to_wait() -> None:
    """And stays an error of this call."""
    purse = Purse()
    with pytest.raises(RetryableError, match="429") as caught:
        await call(Vendor(httpx.Response(429, headers={"Retry-After": "93"})), purse)

    assert purse.blocks == [("calls", 93.0)]
    assert caught.value.after_s == 93


@pytest.mark.parametrize(
    "answer", [httpx.Response(429), httpx.Response(503, headers={"Retry-After": "93"}), httpx.Response(200, json={})]
)
async def test_what_is_no_limit_blocks_nobody(answer: httpx.Response) -> None:
    """A 429 that names no time, and an account that is down."""
    purse = Purse()
    with contextlib.suppress(RetryableError):
        await call(Vendor(answer), purse)

    assert purse.blocks == []


async def test_a_true_limit_is_told_once() -> None:
    """Every answer repeats it; one that has changed is told again, and a 429 may speak of another limit."""
    purse = Purse()
    given = iter(["700", "700", "400", "400"])
    await call(Vendor(lambda _: httpx.Response(200, json={}, headers={"X-Rate-Limit": next(given)})), purse, times=4)
    with pytest.raises(RetryableError):
        await call(Vendor(httpx.Response(429, headers={"X-Rate-Limit": "20"})), purse)

    assert (purse.told, purse.learned_limits) == (2, {"calls": 400})


async def test_a_note_that_came_out_public_is_hidden_whatever_the_budget_says() -> None:
    """A customer reads it every second that we wait."""

    def careless(request: httpx.Request) -> httpx.Response:
        if request.method == "PUT" and request.url.path.endswith(".json"):
            purse.empty = "calls"  # with this note the budget is used up
            answer = recorded("note_stored.json")
            for event in answer["audit"]["events"]:
                event["public"] = True
            return httpx.Response(200, json=answer)
        if request.url.path.endswith("/comments"):
            return httpx.Response(200, json=recorded("comments_last.json"))
        return httpx.Response(200, json=recorded("ticket.json"))

    purse, vendor = Purse(), Vendor(careless)
    async with httpx.AsyncClient(transport=httpx.MockTransport(vendor)) as http:
        client = ZendeskClient(http, base_url=URL, auth=Bearer("t"), budget=purse)
        with pytest.raises(LeakError, match="it is private now"):
            await client.add_note(await client.ticket("5158"), "<p>Draft</p>", run="01J")

    assert vendor.requests[-1].url.path.endswith("/make_private")


async def test_articles_are_read_on_the_other_budget() -> None:
    """The two are one account's, but tickets come first."""
    live, background, desk = Purse(), Purse(), ZendeskSimulator()
    account = Account(**desk.token_settings)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=desk.app)) as http:
        helpdesk = connect("zendesk", account, http, budget=live, background=background)
        await helpdesk.whoami()
        assert [article async for article in helpdesk.articles()] == []

    assert live.taken == ["calls"]
    assert set(background.taken) == {"help center calls", "calls"}
    assert background.learned_limits == {"help center calls": 700, "calls": 700}
