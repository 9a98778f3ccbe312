"""The bars of what else is served: the administrators' door, votes (S8), the OpenAPI document (S9), headers, slow and large requests."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hmac
import json
import random
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import sqlalchemy as sa
from pydantic import SecretStr
from starlette.types import ASGIApp
from structlog.testing import capture_logs

from service.assembly import Service, assembled
from service.feedback import Judgement, Vote, token_for, vote_in
from service.ledger import SavedDraft, TicketKey
from service.settings import Settings
from service.web import connection
from service.web.app import create_app
from service.web.protection import HEADERS
from service.web.server import serving
from tests.bench.processes import HOST, postgres
from tests.security import contract
from tests.security.bars import Bar
from tests.security.door import Answer, Request, answer_of

ADMIN = "admin-token-of-this-test"
PUBLIC = "https://desk.example"
NOTE = SavedDraft(TicketKey("zendesk", "acme.example", "123"), "1", "DP-7K2QX", "ready", "<p>x</p>", {})
KEYS = {1: b"1" * 32, 2: b"2" * 32}
LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


@dataclass(frozen=True, slots=True)
class Size:
    """How much is done."""

    forged: int = 100_000
    posted: int = 1_000
    examples: int = 100  # of each operation of the document


async def measure(own: bool) -> list[Bar]:  # noqa: ARG001, FBT001 - see Measure
    """All bars in full, on a PostgreSQL of their own. The cases are always of this repository."""
    with tempfile.TemporaryDirectory(prefix="deskpilot-") as name:
        async with postgres(Path(name)) as url:
            return await judged(url, Path(name), size=Size())


async def judged(database_url: str, folder: Path, *, size: Size) -> list[Bar]:
    """All bars."""
    settings = Settings(
        database_url=SecretStr(database_url), data_dir=folder / "data", admin_token=SecretStr(ADMIN), public_url=PUBLIC
    )
    bars = [forged_tokens(size.forged)]
    with capture_logs():
        async with assembled(settings) as service:
            app = create_app(service)
            bars += await votes(service, app, size.posted)
            document = json.loads((await answer_of(app, asked("/api/openapi.json", token=ADMIN))).body)
            bars += [await private(app, document), await pages(app, document), await headers(app, document)]
            async with serving(app, host=HOST, port=0) as url:
                bars += await contract.judged(url, document, token=ADMIN, examples=size.examples)
            bars.append(await patience(app))
    return bars


def asked(path: str, *, method: str = "GET", token: str = "", body: bytes = b"") -> Request:
    """A request, with a token or without."""
    given = [(b"authorization", b"Bearer " + token.encode())] if token else []
    return Request(path, given, [body], method=method)


def forged_tokens(count: int) -> Bar:
    """S8: of tokens that are forged or have expired none is a vote; of good ones each is."""
    now = datetime.now(UTC)
    accepted = sum(vote_in(token, keys=KEYS, now=now) is not None for token in _forged(count, now))
    refused = sum(vote_in(good, keys=KEYS, now=now) is None for good in _good(now))
    return Bar("S8", "forged or expired votes accepted", accepted + refused, count, most=0)


def _good(now: datetime) -> list[str]:
    judgements: tuple[Judgement, ...] = ("right", "wrong")
    return [
        token_for(Vote(NOTE.key, NOTE.reference, judgement), key_id=number, key=key, expires_at=now + timedelta(days=1))
        for judgement in judgements
        for number, key in KEYS.items()
    ]


def _forged(count: int, now: datetime) -> Iterator[str]:
    """Changed, cut and put together from good ones; rightly signed with other keys, or too long ago."""
    dice, good = random.Random(8), _good(now)
    vote = Vote(NOTE.key, NOTE.reference, "right")
    for _ in range(count):
        token = dice.choice(good)
        number, content, mac = token.split(".")
        match dice.randrange(10):
            case 0 | 1:
                at = dice.randrange(len(token))
                token = (
                    token[:at]
                    + dice.choice([one for one in f"{LETTERS}0189.-_=~A" if one != token[at]])
                    + token[at + 1 :]
                )
            case 2:
                other = dice.choice([one for one in good if one.split(".")[1] != content]).split(".")
                token = f"{number}.{other[1]}.{mac}"
            case 3:
                token = (
                    f"{dice.choice(['3', '0', '01', '٣', '-1', '', '1' * 30, str(3 - int(number))])}.{content}.{mac}"
                )
            case 4:
                past = now - timedelta(seconds=dice.choice((0, 1, 60, 10**6)))
                token = token_for(vote, key_id=1, key=KEYS[1], expires_at=past)
            case 5:
                key = dice.choice((b"", b"1", bytes(32), dice.randbytes(32), KEYS[2]))
                token = token_for(vote, key_id=1, key=key, expires_at=now + timedelta(days=1))
            case 6:  # the right key, without what says that it signs a vote
                bare = base64.b32encode(hmac.digest(KEYS[int(number)], f"{number}.{content}".encode(), "sha256"))
                token = f"{number}.{content}.{bare.decode().rstrip('=').lower()}"
            case 7:
                token = dice.choice((token[:-1], token[1:], token + "a", token.upper(), token + "=", f" {token}", token + "\n", f"{token}.{mac}",
                                     f"{number}.{content}", f"{number}.{content}.", f"..{mac}", token.replace(".", "..")))  # fmt: skip
            case 8:
                token = "".join(dice.choices(f"{LETTERS}.", k=dice.randrange(300)))
            case _:
                token = "".join(map(chr, dice.choices(range(1, 0xD800), k=dice.randrange(300))))
        yield token


async def votes(service: Service, app: ASGIApp, count: int) -> list[Bar]:
    """S8 over HTTP: what is forged records nothing, nor does it to look at what is not; to send it does, once per note."""
    await service.tools.ledger.save(NOTE)
    (_, right), (_, wrong) = service.tools.votes.links(NOTE.key, NOTE.reference, language="en")
    right, wrong = right.removeprefix(PUBLIC), wrong.removeprefix(PUBLIC)
    tokens = [token for token in _forged(count, datetime.now(UTC)) if "/" not in token and "?" not in token]
    statuses = [(await answer_of(app, asked(f"/feedback/{token}", method="POST"))).status for token in tokens]
    taken = sum(not 400 <= status < 500 for status in statuses) + await _recorded(service)
    looked = [
        (await answer_of(app, asked(path, method=method))).status
        for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "PURPOSE")
        for path in (right, wrong)
        for _ in range(3)
    ]
    left = await _recorded(service) + sum(status >= 500 for status in looked)
    sent = [
        (await answer_of(app, asked(path, method="POST", body=b"comment=no"))).status for path in (right, wrong, right)
    ]
    return [
        Bar("S8", "forged votes sent that were taken", taken, len(tokens), most=0),
        Bar("S8", "votes recorded by looking at them (GET, HEAD, ...)", left, len(looked), most=0),
        Bar(
            "S8",
            "rows after three votes on one note",
            await _recorded(service),
            sum(status == 200 for status in sent),
            least=1,
            most=1,
        ),
    ]


async def _recorded(service: Service) -> int:
    async with service.database.engine.connect() as open_connection:
        return int(await open_connection.scalar(sa.text("SELECT count(*) FROM feedback")) or 0)


def operations(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(method, path) of every operation, each parameter in the path filled."""
    return [
        (method.upper(), re.sub(r"\{[^}]+\}", "x", path))
        for path, item in document["paths"].items()
        for method in item
        if method in {"get", "put", "post", "delete", "patch", "head", "options", "trace"}
    ]


async def private(app: ASGIApp, document: Mapping[str, Any]) -> Bar:
    """S9: whatever lies below the administrators' paths answers 401 to everybody else, and so does what is not there."""
    known = [(method, path) for method, path in operations(document) if path.startswith("/api")]
    made_up = [
        ("GET", "/api"),
        ("GET", "/api/"),
        ("GET", "/api/x"),
        ("BREW", "/api/sync"),
        ("GET", "/api/openapi.json"),
    ]
    tokens: Sequence[bytes | None] = (
        None, b"", b"Bearer", b"Bearer ", b"Bearer x", b"Basic " + ADMIN.encode(), ADMIN.encode(), b"Bearer " + ADMIN[:-1].encode(),
        b"Bearer " + ADMIN.upper().encode(), b"Bearer " + ADMIN.encode() + b"x", b"Bearer \xff\xfe", b"Bearer " + b"x" * 10_000,
    )  # fmt: skip
    open_, asked_ = 0, 0
    for method, path in (*known, *made_up):
        for token in tokens:
            given = [(b"authorization", token)] if token is not None else []
            answer = await answer_of(app, Request(path, given, [b"{}"], method=method))
            open_ += answer.status != 401
            asked_ += 1
        let_in = await answer_of(app, asked(path, method=method, token=ADMIN, body=b"{}"))
        open_ += let_in.status == 401  # or nobody at all would get in
    assert len(known) >= 4
    return Bar("S9", "administrators' routes open to others", open_, asked_, most=0)


async def pages(app: ASGIApp, document: Mapping[str, Any]) -> Bar:
    """S9: whatever lies below /admin leads everybody else to the login, or refuses; the admin token as Bearer is for programs only."""
    known = [(method, path) for method, path in operations(document) if path.startswith("/admin")]
    made_up = [
        ("GET", "/admin/"),
        ("GET", "/admin/x/y"),
        ("BREW", "/admin"),
        ("PUT", "/admin/login"),
        ("OPTIONS", "/admin"),
    ]
    cookies = (
        b"",
        b"deskpilot=",
        b"deskpilot=x",
        b"deskpilot=1.%s.%s" % (b"a" * 64, b"a" * 52),
        b"=;;deskpilot=\xff\xfe",
        b"deskpilot=" + b"a." * 9_000,
    )
    open_, asked_ = 0, 0
    for method, path in (*known, *made_up):
        for cookie in cookies:
            for more in (
                [],
                [(b"authorization", b"Bearer " + ADMIN.encode())],
                [(b"x-forwarded-user", b"admin"), (b"x-forwarded-for", b"127.0.0.1")],
            ):
                answer = await answer_of(
                    app, Request(path, [(b"cookie", cookie), *more], [b"csrf=x&token=x"], method=method)
                )
                to_login = answer.status == 303 and answer.headers[b"location"].startswith(b"/admin/login?next=/admin")
                open_ += not (
                    to_login
                    if method == "GET" and path != "/admin/login"
                    else answer.status == (200 if method == "GET" else 403)
                )
                asked_ += 1
    assert len(known) >= 4
    return Bar("S9", "pages of the administrators open to others", open_, asked_, most=0)


async def headers(app: ASGIApp, document: Mapping[str, Any]) -> Bar:
    """Every answer carries what protects a browser: pages, JSON, refusals, what is not found."""
    made_up = [("GET", "/"), ("GET", "/x"), ("POST", "/healthz"), ("GET", "/docs"), ("GET", "/openapi.json"), ("POST", "/webhooks/zendesk"),
               ("GET", "/webhooks/freshdesk/x"), ("GET", "/feedback/"), ("TRACE", "/metrics")]  # fmt: skip
    answers: list[Answer] = []
    for method, path in (*operations(document), *made_up):
        for token in ("", ADMIN):
            verbs = {method, "HEAD", "OPTIONS"}
            answers += [await answer_of(app, asked(path, method=verb, token=token, body=b"{}")) for verb in verbs]
    names = {name for name, _ in HEADERS} | {b"strict-transport-security"}
    lacking = sum(bool(names - answer.headers.keys()) or not _strict(answer) for answer in answers)
    return Bar(
        "headers",
        "answers that lack a header, have a lax policy, or allow another origin",
        lacking,
        len(answers),
        most=0,
    )


def _strict(answer: Answer) -> bool:
    policy = answer.headers.get(b"content-security-policy", b"").decode()
    lax = ("unsafe", "*", "http:", "https:", "data:", "script-src")
    closed = (
        policy.startswith("default-src 'none'") and "frame-ancestors 'none'" in policy and "base-uri 'none'" in policy
    )
    return closed and not any(word in policy for word in lax) and b"access-control-allow-origin" not in answer.headers


async def patience(app: ASGIApp) -> Bar:
    """Whoever sends a head or a body without end, in time or in size, is told so and cut off; whoever is in time is served."""
    wrong = 0
    with patch.object(connection, "PATIENCE_S", 0.4):
        async with serving(app, host=HOST, port=0) as url:
            port = int(url.rsplit(":", 1)[1])
            put = b"PUT /api/knowledge/wiki/x HTTP/1.1\r\nhost: x\r\nauthorization: Bearer %s\r\n" % ADMIN.encode()
            cases = (
                (b"", b"", 408),
                (b"GET /healthz HTTP/1.1\r\nhost: x\r\n", b"x-a: b\r\n", 408),
                (b"\r\n", b"\r\n", 408),
                (put + b"content-length: 100000\r\n\r\n", b" ", 408),
                (put + b"transfer-encoding: chunked\r\n\r\n", b"1\r\n \r\n", 408),
                (b"POST /webhooks/zendesk HTTP/1.1\r\nhost: x\r\ncontent-length: 99\r\n\r\n", b" ", 404),
                (b"GET /healthz HTTP/1.1\r\nhost: x\r\n" + b"x-a: %s\r\n" % (b"b" * 500) * 600, b"", 431),
                (b"GET /%s" % (b"a" * 300_000), b"", 431),
                (put + b"transfer-encoding: chunked\r\n\r\n0\r\n" + b"x-a: %s\r\n" % (b"b" * 500) * 1_200, b"", 431),
                (b"this is not HTTP\r\n\r\n", b"", 400),
                (b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", b"", 200),
            )
            statuses = await asyncio.gather(*(_dripped(port, first, drop) for first, drop, _ in cases))
            wrong += sum(status != wanted for status, (_, _, wanted) in zip(statuses, cases, strict=True))
            async with httpx.AsyncClient() as http:  # and the rest is served as always
                wrong += sum([(await http.get(f"{url}/healthz")).status_code != 200 for _ in range(3)])
    return Bar("limits", "slow or large requests that are not ended as they should be", wrong, len(cases) + 3, most=0)


async def _dripped(port: int, first: bytes, drop: bytes) -> int:
    """Send this, then a drop at a time until the other side hangs up; the status it said."""
    reader, writer = await asyncio.open_connection(HOST, port)

    async def drip() -> None:
        with contextlib.suppress(ConnectionError):
            writer.write(first)
            await writer.drain()
            while drop:
                await asyncio.sleep(0.05)
                writer.write(drop)
                await writer.drain()

    dripping = asyncio.create_task(drip())
    said = b""
    with contextlib.suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(10):
            while part := await reader.read(65_536):
                said += part
    dripping.cancel()
    writer.close()
    return int(said.split()[1]) if said else 0
