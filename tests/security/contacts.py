"""S11: tickets, articles and vendors' answers name addresses; nothing but what the settings name is ever contacted.

A trap listens beside the configured hosts. Vendors' answers name it in every link they hold, or send us there with a redirect,
credentials and all; tickets and articles name it, too, with the addresses that attackers like.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connectors.base import Article, ConnectorError, Helpdesk
from connectors.freshdesk.simulator import FreshdeskSimulator
from connectors.freshdesk.simulator import Options as FreshdeskOptions
from connectors.zendesk.simulator import ZendeskSimulator
from service.assembly import assembled, opened_library, working
from service.embeddings import Embeddings
from service.errors import ServiceError
from service.groups import (
    EmbeddingsSettings,
    FreshdeskSettings,
    KnowledgeSettings,
    LLMSettings,
    QdrantSettings,
    ZendeskSettings,
)
from service.knowledge.sources import sync_all
from service.llm import LLM
from service.settings import Settings, load
from service.vectors import VectorsUnavailableError
from service.web.app import create_app
from service.web.server import listener, serving
from tests.security.bars import Bar
from tests.security.outward import strangers, watched

HOST = "127.0.0.1"
_PATIENCE_S = 120
_ARTICLES = 105  # more than one page

Mode = Literal["links", "redirect", "redirect api"]
"""What a vendor's answers do: name the trap in every link; send every request there; every one but that for a token."""


@dataclass
class Trap:
    """Whoever comes here was led here."""

    url: str = ""
    requests: list[str] = field(default_factory=list)

    async def caught(self, request: Request) -> Response:
        """Remember, with the credentials."""
        told = request.headers.get("authorization", "") or (await request.body()).decode("utf-8", "replace")[:80]
        self.requests.append(f"{request.method} {request.url.path} {told}")
        return Response("{}", media_type="application/json")

    @property
    def app(self) -> Starlette:
        methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        return Starlette(routes=[Route("/{path:path}", self.caught, methods=methods)])


class Hostile:
    """A vendor whose answers lead astray."""

    def __init__(self, app: ASGIApp, *, trap: Trap, mode: Mode) -> None:
        self._app, self._trap, self._mode = app, trap, mode
        self.spoilt = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and spoil the answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        token = scope["path"].startswith("/oauth/")
        if self._mode == "redirect" or (self._mode == "redirect api" and not token):
            self.spoilt += 1
            status = (301, 302, 303, 307, 308)[self.spoilt % 5]
            answer = Response(status_code=status, headers={"location": f"{self._trap.url}{scope['path']}"})
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, self._spoiling(send) if self._mode == "links" and not token else send)

    def _spoiling(self, send: Send) -> Send:
        start: list[Message] = []
        pieces: list[bytes] = []

        async def spoiling(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.append(message)
                return
            pieces.append(message.get("body", b""))
            if message.get("more_body"):
                return
            body = self._spoilt(b"".join(pieces))
            headers = [one for one in start[0]["headers"] if one[0] not in (b"content-length", b"link")]
            headers += [
                (b"content-length", str(len(body)).encode()),
                (b"link", f'<{self._trap.url}/next?page=2>; rel="next"'.encode()),
            ]
            await send({**start[0], "headers": headers})
            await send({"type": "http.response.body", "body": body})

        return spoiling

    def _spoilt(self, body: bytes) -> bytes:
        """Every address in the JSON is the trap's."""
        if not body.startswith((b"{", b"[")):
            return body
        return json.dumps(self._led_astray(json.loads(body))).encode()

    def _led_astray(self, part: Any) -> Any:
        if isinstance(part, dict):
            return {key: self._led_astray(value) for key, value in part.items()}
        if isinstance(part, list):
            return [self._led_astray(one) for one in part]
        if isinstance(part, str) and part.startswith(("http://", "https://")):
            self.spoilt += 1
            parts = urlsplit(part)
            return f"{self._trap.url}{parts.path}" + (f"?{parts.query}" if parts.query else "")
        return part


@dataclass
class Seen:
    """What was contacted, and how much there was to fall for."""

    strangers: list[str] = field(default_factory=list)
    caught: list[str] = field(default_factory=list)
    spoilt: int = 0
    notes: int = 0
    calls: int = 0


def lures(trap: str) -> list[str]:
    """Addresses that a ticket or an article may name."""
    port = urlsplit(trap).port
    return [
        f"{trap}/picture.png", f"http://localhost:{port}/x", f"http://[::1]:{port}/x", f"//127.1:{port}/x", "http://2130706433/x",
        "http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/latest/", "http://metadata.google.internal/computeMetadata/v1/",
        "https://tracker.invalid/pixel.gif", "ftp://files.invalid/a", "http://0x7f000001/x", "file:///etc/passwd", "gopher://127.0.0.1:6379/_x",
    ]  # fmt: skip


def baited(trap: str) -> str:
    """HTML that a careless reader would fetch something for."""
    pieces = [f'<a href="{one}">{one}</a><img src="{one}"><iframe src="{one}"></iframe>' for one in lures(trap)]
    head = f'<link rel="stylesheet" href="{trap}/a.css"><style>@import url({trap}/b.css); p {{ background: url({trap}/c.png) }}</style>'
    return f"{head}<p>My parcel is lost.</p>{''.join(pieces)}"


@asynccontextmanager
async def accounts(
    trap: Trap, mode: Mode, *, web: str = ""
) -> AsyncIterator[tuple[ZendeskSimulator, FreshdeskSimulator, dict[str, Any], list[Hostile]]]:
    """Both vendors, hostile; and the settings that lead to them. web: our own address, for webhooks; "": none."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx.AsyncClient())
        held = [stack.enter_context(listener(HOST, 0)) for _ in range(2)]
        urls = [f"http://{HOST}:{one.getsockname()[1]}" for one in held]
        zendesk = ZendeskSimulator(http=http, url=urls[0])
        freshdesk = FreshdeskSimulator(http=http, url=urls[1], options=FreshdeskOptions(fire_on_agents=True))
        hostile = [Hostile(app, trap=trap, mode=mode) for app in (zendesk.app, freshdesk.app)]
        secrets = {
            "zendesk": zendesk.connect_webhook(f"{web or HOST}/webhooks/zendesk"),
            "freshdesk": freshdesk.connect_webhook(f"{web or HOST}/webhooks/freshdesk", kind="header"),
        }
        for one, socket in zip(hostile, held, strict=True):
            await stack.enter_async_context(serving(one, host=HOST, port=0, listening=socket))
        settings = {
            "zendesk": ZendeskSettings.model_validate(
                {**zendesk.oauth_settings, "webhook_secrets": secrets["zendesk"]}
            ),
            "freshdesk": FreshdeskSettings.model_validate(
                {**freshdesk.settings, "webhook_secrets": secrets["freshdesk"]}
            ),
        }
        yield zendesk, freshdesk, settings, hostile
        await zendesk.close()


async def links_lead_nowhere(seen: Seen, trap: Trap, **changes: Any) -> set[str]:
    """The whole service works on baited tickets and articles, and every link in every answer is the trap's."""
    async with AsyncExitStack() as stack:
        data_dir = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="deskpilot-contacts-")))
        (data_dir / "articles").mkdir()
        (data_dir / "articles" / "bait.html").write_text(
            f"<title>Lost parcels</title>{baited(trap.url)}", encoding="utf-8"
        )
        held = stack.enter_context(listener(HOST, 0))
        web = f"http://{HOST}:{held.getsockname()[1]}"
        zendesk, freshdesk, desks, hostile = await stack.enter_async_context(accounts(trap, "links", web=web))
        settings = load(**{
            "data_dir": data_dir, "database_url": "", "qdrant": QdrantSettings(), "policy_file": None, "debounce_s": 0, "debounce_max_s": 0,
            "reconcile_every_s": 0, "knowledge": KnowledgeSettings(folder=data_dir / "articles", sync_every_s=0), **desks, **changes,
        })  # fmt: skip
        service = await stack.enter_async_context(assembled(settings))
        await stack.enter_async_context(working(service))
        await stack.enter_async_context(serving(create_app(service), host=HOST, port=0, listening=held))
        for desk in (zendesk, freshdesk):
            for number in range(_ARTICLES):
                text = baited(trap.url) if number < 3 else "<p>A lost parcel is replaced.</p>"
                desk.add_article(
                    Article(
                        source="",
                        id=f"a{number}",
                        title=f"Lost parcels {number}",
                        html=text,
                        audience="public",
                        url=trap.url,
                    )
                )
            desk.add_macro("Parcels::Lost", baited(trap.url))
        await sync_all(service.tools.library, progress=lambda *_: None)
        async with asyncio.timeout(_PATIENCE_S):
            for name, desk in (("zendesk", zendesk), ("freshdesk", freshdesk)):
                ticket = await desk.open_ticket(
                    name=f"{trap.url}/name", email="ana@customer.example", subject=f"Lost parcel {trap.url}/subject",
                    html=baited(trap.url), attachments=[f"{trap.url}/shot.png", "a.html"],
                )  # fmt: skip
                await _settled(desk, service, name, ticket)
                await desk.customer_message(ticket, html=baited(trap.url))
                await _settled(desk, service, name, ticket)
                seen.notes += len(desk.notes(ticket))
                await service.pipeline.reconcile(name, since=datetime.now(UTC) - timedelta(days=1))
        seen.spoilt += sum(one.spoilt for one in hostile)
        return {web, settings.zendesk.url, settings.freshdesk.url, settings.database_url.get_secret_value()}


async def _settled(desk: Any, service: Any, name: str, ticket: str) -> None:
    while True:
        await desk.settle()
        if not await service.inbox.waiting() and not await service.jobs.busy(name, ticket):
            return
        await asyncio.sleep(0.02)


async def redirects_are_not_followed(seen: Seen, trap: Trap) -> set[str]:
    """Every call that we make to a vendor, to a model and to an index is answered with a redirect."""
    known: set[str] = set()
    for mode in ("redirect", "redirect api"):
        async with accounts(trap, mode) as (zendesk, freshdesk, desks, hostile):
            tickets = {
                "zendesk": await zendesk.open_ticket(
                    name="Ana", email="ana@customer.example", subject="Lost", text="Lost?"
                ),
                "freshdesk": await freshdesk.open_ticket(
                    name="Ana", email="ana@customer.example", subject="Lost", text="Lost?"
                ),
            }
            with tempfile.TemporaryDirectory(prefix="deskpilot-contacts-") as folder:
                settings = Settings(data_dir=Path(folder), **desks)
                known |= {settings.zendesk.url, settings.freshdesk.url}
                async with opened_library(settings) as library:
                    for name, desk in library.helpdesks.items():
                        seen.calls += await _every_call(desk, tickets[name])
            seen.spoilt += sum(one.spoilt for one in hostile)
    nowhere = Hostile(Starlette(), trap=trap, mode="redirect")
    async with serving(nowhere, host=HOST, port=0) as url:
        known.add(url)
        seen.calls += await _models(url)
        with tempfile.TemporaryDirectory(prefix="deskpilot-contacts-") as folder:
            async with opened_library(Settings(data_dir=Path(folder), qdrant=QdrantSettings(url=url))) as library:
                try:
                    await library.vectors.status()
                except VectorsUnavailableError:
                    seen.calls += 1
    seen.spoilt += nowhere.spoilt
    return known


async def _every_call(desk: Helpdesk, ticket_id: str) -> int:
    """Each verb of a helpdesk; how many failed, as all of them must."""

    async def all_of(iterator: AsyncIterator[Any]) -> None:
        async for _ in iterator:
            pass

    since, failed = datetime.now(UTC) - timedelta(days=1), 0
    for call in (
        desk.whoami(), desk.ticket(ticket_id), all_of(desk.changed_since(since)), all_of(desk.articles()), desk.changed_articles(since),
        all_of(desk.macros()), desk.edit_note(ticket_id, "1", "<p>x</p>"),
    ):  # fmt: skip
        try:
            await call
        except ConnectorError:
            failed += 1
    return failed


async def _models(url: str) -> int:
    """A model and embeddings behind a redirect; how many calls failed."""
    failed = 0
    async with LLM.opened(
        LLMSettings.model_validate({"base_url": f"{url}/v1", "api_key": "llm-key", "model": "m"})
    ) as llm:
        assert llm
        try:
            await llm.complete([{"role": "user", "content": "ticket text"}], model="m", schema={}, max_tokens=10)
        except ServiceError:
            failed += 1
    given = EmbeddingsSettings.model_validate({"base_url": f"{url}/v1", "api_key": "embeddings-key", "model": "m"})
    async with Embeddings.opened(given) as embeddings:
        assert embeddings
        try:
            await embeddings.embed(["ticket text"])
        except ServiceError:
            failed += 1
    return failed


async def run(**changes: Any) -> Seen:
    """Both parts. changes: settings that differ."""
    seen, trap = Seen(), Trap()
    async with serving(trap.app, host=HOST, port=0) as trap.url:
        with watched() as contacted:
            known = await links_lead_nowhere(seen, trap, **changes)
            known |= await redirects_are_not_followed(seen, trap)
        seen.strangers = [str(one) for one in strangers(contacted, known=known)]
        seen.caught = list(trap.requests)
    return seen


def bars(seen: Seen, *, own: bool) -> list[Bar]:
    """The figures."""
    return [
        Bar("S11", "connections and look-ups that no setting names", len(seen.strangers), seen.spoilt, most=0, own=own),
        Bar("S11", "requests that a link or a redirect led elsewhere", len(seen.caught), seen.spoilt, most=0, own=own),
        Bar("S11", "notes on baited tickets: the service worked all the same", seen.notes, seen.notes, least=2, own=own),
        Bar("S11", "calls that ended at a redirect", seen.calls, seen.calls, least=20, own=own),
    ]  # fmt: skip


async def measure(own: bool) -> list[Bar]:  # noqa: FBT001
    """The cases are this repository's own, with the corpora or without."""
    del own
    return bars(await run(), own=True)
