"""The one door out: what every status, header and broken answer means."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from connectors import http as door_module
from connectors.base import (
    ConflictError,
    ConnectorError,
    ForbiddenError,
    GoneError,
    MisconfiguredError,
    RejectedError,
    RetryableError,
)
from connectors.http import TIMEOUT, Answer, Door, retry_after_s

NOW = datetime(2026, 10, 21, 7, 28, 0, tzinfo=UTC)

Handler = Callable[[httpx.Request], httpx.Response]


async def call(handler: Handler | httpx.Response, **arguments: Any) -> Answer:
    """Make one call through the door to a fake network."""
    respond = (lambda _request: handler) if isinstance(handler, httpx.Response) else handler
    async with httpx.AsyncClient(transport=httpx.MockTransport(respond)) as http:
        door = Door(http, base_url="https://acme.test/", auth=httpx.BasicAuth("user", "key"))
        return await door.call("GET", "/api/v2/tickets/1", **arguments)


async def failure(handler: Handler | httpx.Response) -> ConnectorError:
    """Make one call that must fail."""
    with pytest.raises(ConnectorError) as caught:
        await call(handler)
    return caught.value


def door() -> Door:
    """A door that is never opened."""
    return Door(httpx.AsyncClient(), base_url="https://acme.test", auth=httpx.BasicAuth("user", "key"))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (300, MisconfiguredError),
        (301, MisconfiguredError),
        (302, MisconfiguredError),
        (307, MisconfiguredError),
        (400, RejectedError),
        (401, MisconfiguredError),
        (402, RejectedError),
        (403, ForbiddenError),
        (404, GoneError),
        (405, RejectedError),
        (406, RejectedError),
        (408, RetryableError),
        (409, ConflictError),
        (410, GoneError),
        (413, RejectedError),
        (415, RejectedError),
        (422, RejectedError),
        (425, RetryableError),
        (429, RetryableError),
        (500, RetryableError),
        (502, RetryableError),
        (503, RetryableError),
        (504, RetryableError),
        (520, RetryableError),
        (599, RetryableError),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<html>Sorry</html>", b"[]", b'{"error":"x"}', b"\xff"])
async def test_a_failed_status_decides_what_becomes_of_the_job(
    status: int, kind: type[ConnectorError], body: bytes
) -> None:
    """The class follows from the status alone, whatever the body is."""
    error = await failure(httpx.Response(status, content=body))

    assert type(error) is kind
    assert f"acme.test answered GET /api/v2/tickets/1 with {status}" in str(error)


async def test_an_answer_is_parsed() -> None:
    """JSON and headers come back; an empty answer is None."""
    answer = await call(httpx.Response(200, json={"id": 1}, headers={"X-Limit": "5"}))

    assert answer.body == {"id": 1}
    assert answer.headers["x-limit"] == "5"
    assert (await call(httpx.Response(204))).body is None


async def test_a_request_carries_credentials_parameters_and_body() -> None:
    """What the caller gives arrives below the base address, once."""
    seen: list[httpx.Request] = []

    def note(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={})

    await call(note, params={"page": 2}, json={"body": "é"})

    (request,) = seen
    assert str(request.url) == "https://acme.test/api/v2/tickets/1?page=2"
    assert request.headers["authorization"].startswith("Basic ")
    assert request.content == '{"body":"é"}'.encode()


async def test_a_redirect_is_not_followed() -> None:
    """Credentials never travel to a host that an answer names."""
    seen: list[str] = []

    def elsewhere(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.host)
        return httpx.Response(302, headers={"Location": "https://evil.test/"})

    error = await failure(elsewhere)

    assert isinstance(error, MisconfiguredError)
    assert seen == ["acme.test"]


@pytest.mark.parametrize(
    "problem",
    [httpx.ReadTimeout("slow"), httpx.ConnectTimeout("slow"), httpx.WriteTimeout("slow"), httpx.PoolTimeout("full")],
)
async def test_a_time_out_is_tried_again_later(problem: httpx.TimeoutException) -> None:
    """Every kind of time-out, and the cause is kept."""

    def slow(_request: httpx.Request) -> httpx.Response:
        raise problem

    error = await failure(slow)

    assert type(error) is RetryableError
    assert "in time" in str(error)
    assert error.__cause__ is problem


@pytest.mark.parametrize(
    "problem",
    [httpx.ConnectError("refused"), httpx.RemoteProtocolError("hung up"), httpx.DecodingError("not gzip")],
)
async def test_an_unreachable_helpdesk_is_tried_again_later(problem: httpx.RequestError) -> None:
    """Whatever goes wrong on the way is not the job's fault."""

    def broken(_request: httpx.Request) -> httpx.Response:
        raise problem

    error = await failure(broken)

    assert type(error) is RetryableError
    assert "acme.test" in str(error)


async def test_every_call_has_a_time_out() -> None:
    """The door's own, whatever the client's is."""
    seen: list[Any] = []

    def note(request: httpx.Request) -> httpx.Response:
        seen.append(request.extensions["timeout"])
        return httpx.Response(200, json={})

    await call(note)

    assert seen == [TIMEOUT.as_dict()]


@asynccontextmanager
async def dripping(answer: bytes) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """The address of a server that begins with `answer` and goes on byte by byte, and when it has sent the second."""
    dripped, ended = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        try:
            for number in range(1000):
                writer.write(b" ")
                await writer.drain()  # ConnectionError: the caller has hung up
                if number:
                    dripped.set()
                await asyncio.sleep(0.01)  # what a drip is
        except ConnectionError:
            pass
        finally:
            writer.close()
            ended.set()

    server = await asyncio.start_server(serve, "127.0.0.1")
    async with server:
        host, port = server.sockets[0].getsockname()
        yield f"http://{host}:{port}", dripped
        await ended.wait()


async def test_a_call_ends_even_where_bytes_keep_dripping_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """A time-out of the client counts anew with every byte; the door's counts for the whole call."""
    monkeypatch.setattr(door_module, "DEADLINE_S", 0.2)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"
    async with dripping(head) as (url, dripped), httpx.AsyncClient() as http:
        with pytest.raises(RetryableError, match="in time"):
            await Door(http, base_url=url, auth=httpx.BasicAuth("", "")).call("GET", "/api/v2/tickets/1")

    assert dripped.is_set()


async def test_an_auth_flow_fails_in_its_own_words() -> None:
    """A token that cannot be had is not an unreachable helpdesk."""

    def no_token(_request: httpx.Request) -> httpx.Response:
        raise MisconfiguredError("no token")

    assert str(await failure(no_token)) == "no token"


@pytest.mark.parametrize(
    "body",
    [
        b"<html>Maintenance</html>",
        b"\xff\xfe\xff",
        b'{"a":',
        b"[" * 100_000,
        b"9" * 5000,
    ],
)
async def test_a_success_that_is_not_json_is_tried_again_later(body: bytes) -> None:
    """A maintenance page arrives with 200; so may anything that Python's parser refuses in its own ways."""
    error = await failure(httpx.Response(200, content=body))

    assert type(error) is RetryableError
    assert "not JSON" in str(error)


async def test_half_an_emoji_does_not_travel_on() -> None:
    """A vendor that cuts texts leaves half a surrogate pair, which no database or request could hold."""
    answer = await call(httpx.Response(200, content=rb'{"a":"cut \ud83d","b":"whole \ud83d\ude00","\udc00":"\\ud83d"}'))

    assert answer.body == {"a": "cut \ufffd", "b": "whole \U0001f600", "\ufffd": "\\ud83d"}


async def test_a_nul_does_not_travel_on() -> None:
    """PostgreSQL takes it in no text; an escaped backslash before four zeros is none."""
    answer = await call(httpx.Response(200, content=rb'{"a":"cut\u0000 here","b":"\\u0000"}'))

    assert answer.body == {"a": "cut\ufffd here", "b": "\\u0000"}


async def test_a_broken_byte_does_not_keep_a_ticket_from_being_read() -> None:
    """Nor does half a pair that was never escaped: a customer's text is not what the vendor's JSON stands or falls by."""
    answer = await call(httpx.Response(200, content=b'{"a":"\xff","b":"\xed\xa0\xbd","c":1}'))

    assert answer.body == {"a": "\ufffd", "b": "\ufffd\ufffd\ufffd", "c": 1}


@pytest.mark.parametrize(("letters", "thread"), [(100, "this"), (300_000, "another")])
async def test_a_large_answer_is_read_beside_other_tickets(
    monkeypatch: pytest.MonkeyPatch, letters: int, thread: str
) -> None:
    """In a thread, and object by object in Python: C code alone lets nobody else run until it is done."""
    threads: list[str] = []
    this = threading.get_ident()

    def watched(pairs: list[tuple[str, object]]) -> dict[str, object]:
        threads.append("this" if threading.get_ident() == this else "another")
        return dict(pairs)

    monkeypatch.setattr(door_module, "_object", watched)
    content = json.dumps({"comments": [{"body": "x" * letters}, {"body": "cut "}]}).encode()
    answer = await call(httpx.Response(200, content=content.replace(b"cut ", rb"cut \ud83d")))

    assert answer.body["comments"][1] == {"body": "cut \ufffd"}
    assert threads == [thread] * 3


async def test_no_reason_is_looked_for_in_a_flood() -> None:
    """A refusal of megabytes is a page, not a sentence."""
    flood = json.dumps({"error": "RecordInvalid", "rest": "x" * 300_000}).encode()

    assert "RecordInvalid" not in str(await failure(httpx.Response(422, content=flood)))


async def test_text_that_cannot_be_sent_is_rejected() -> None:
    """It would never work, and it never left."""
    with pytest.raises(RejectedError, match="cannot be sent"):
        await call(httpx.Response(200), json={"body": "\ud83d"})


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            {"error": "RecordInvalid", "description": "Record validation errors"},
            "(RecordInvalid Record validation errors)",
        ),
        ({"error": {"title": "Forbidden", "message": "No access"}}, "(Forbidden)"),
        ({"code": "access_denied", "message": "You are not authorized"}, "(access_denied You are not authorized)"),
        (
            {
                "description": "Validation failed",
                "errors": [{"field": "body", "message": "It should be set", "code": "missing_field"}],
            },
            "(Validation failed body: missing_field: It should be set)",
        ),
        ({"errors": [{"code": "InvalidPaginationDepth", "title": "Too deep"}]}, "(Too deep: InvalidPaginationDepth)"),
        ({"errors": ["odd"]}, "400:"),
        ({"error": None}, "400:"),
        ([1], "400:"),
        ({"error": "x" * 1000}, "(" + "x" * 200 + ")"),
    ],
)
async def test_the_vendors_reason_is_told(body: object, reason: str) -> None:
    """Both vendors' shapes, kept short."""
    assert reason in f"{await failure(httpx.Response(400, json=body))}:"


@pytest.mark.parametrize(
    ("value", "after_s"),
    [
        ("93", 93.0),
        ("0", 0.0),
        ("1.5", 1.5),
        (" 7 ", 7.0),
        ("-5", 0.0),
        ("999999", 3600.0),
        ("inf", 3600.0),
        ("nan", None),
        ("", None),
        ("soon", None),
        ("Wed, 21 Oct 2026 07:29:30 GMT", 90.0),
        ("Wed, 21 Oct 2026 09:29:30 +0200", 90.0),
        ("Wed, 21 Oct 2026 07:00:00 GMT", 0.0),
        ("Wed, 21 Oct 2099 07:00:00 GMT", 3600.0),
        ("Wed, 21 Oct 2026 07:29:30 -0000", None),  # names no zone
        ("Wed, 99 Oct 2026 07:29:30 GMT", None),
        ("Wed, 21 Oct 99999999999999999999 07:28:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, after_s: float | None) -> None:
    """Anything else says nothing; nobody makes us wait longer than an hour."""
    assert retry_after_s({"Retry-After": value}, now=NOW) == after_s


@pytest.mark.parametrize(
    ("headers", "after_s"),
    [
        ({"ratelimit-remaining": "0", "ratelimit-reset": "12"}, 12.0),
        ({"rate-limit-remaining": "0", "rate-limit-reset": "12"}, 12.0),
        ({"X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": "12"}, 12.0),
        ({"X-RateLimit-Remaining": "0.0", "X-RateLimit-Reset": "12"}, 12.0),
        ({"ratelimit-remaining": "5", "ratelimit-reset": "12"}, None),
        ({"ratelimit-remaining": "0"}, None),
        ({"ratelimit-remaining": "none", "ratelimit-reset": "12"}, None),
        ({"x-rate-limit-remaining": "0", "ratelimit-remaining": "0", "ratelimit-reset": "12"}, 12.0),
        ({"ratelimit-remaining": "0", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "9"}, 9.0),
        ({"retry-after": "3", "ratelimit-remaining": "0", "ratelimit-reset": "12"}, 3.0),
        ({"retry-after": "soon", "ratelimit-remaining": "0", "ratelimit-reset": "12"}, 12.0),
    ],
)
def test_an_exhausted_bucket_says_when_it_is_full_again(headers: dict[str, str], after_s: float | None) -> None:
    """Both spellings, either case; Retry-After counts first where it can be read."""
    assert retry_after_s(headers, now=NOW) == after_s


@pytest.mark.parametrize("status", [409, 429, 500, 503])
async def test_a_retryable_answer_says_when(status: int) -> None:
    """The header reaches the job."""
    error = await failure(httpx.Response(status, headers={"retry-after": "17"}))

    assert isinstance(error, RetryableError)
    assert error.after_s == 17


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.test/x?page%5Bafter%5D=abc%3D&b=2",
        "//evil.test/?page[after]=abc%3D&b=2",
        "?page[after]=abc%3D&b=2",
    ],
)
def test_only_the_query_of_a_link_is_taken(link: str) -> None:
    """A link that names another host is asked again at ours."""
    assert door().rebase(link) == {"page[after]": "abc=", "b": "2"}


@pytest.mark.parametrize("link", ["https://x:port/?a=1", "https://x/\x00?a=1", None, 5, "x" * 70_000])
def test_a_link_that_is_no_address_is_rejected(link: Any) -> None:
    """A hostile link fails as an unreadable answer does."""
    with pytest.raises(RejectedError):
        door().rebase(link)


def test_the_host_is_the_account() -> None:
    """With its port, so that two simulators of one machine are two accounts."""
    assert (
        Door(httpx.AsyncClient(), base_url="http://127.0.0.1:81/", auth=httpx.BasicAuth("", "")).host == "127.0.0.1:81"
    )
