"""The network of a test about traps: one simulated account answers whatever host is asked, and all of it is written down."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
from fastapi import FastAPI

_ON_ITS_WAY = 50
"""Turns of the loop that a request takes, so that what is asked side by side is seen side by side."""

Meanwhile = Callable[[], Awaitable[object]]


@dataclass
class Network(httpx.AsyncBaseTransport):
    """Carries requests to `app`, keeps them with their answers, and spoils the answers as it is told."""

    app: FastAPI
    requests: list[httpx.Request] = field(default_factory=list)
    answers: list[httpx.Response] = field(default_factory=list)  # in the order in which they were given
    story: list[str] = field(default_factory=list)  # "ask /path", "answer /path", as it happened
    without: tuple[str, ...] = ()  # names of headers that no answer has
    headers: dict[str, Callable[[str], str]] = field(default_factory=dict)  # name -> what becomes of its value
    before_reads: list[Meanwhile] = field(default_factory=list)  # done before our next reads of tickets, in turn
    before_writes: list[Meanwhile] = field(default_factory=list)  # done before our next writes to tickets, in turn
    refused: dict[str, int] = field(default_factory=dict)  # path -> status, answered without asking the account
    spoil: Callable[[object], object] | None = None  # changes the JSON of every answer that has some

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Ask the app, whatever host the request is for."""
        self.requests.append(request)
        self.story.append(f"ask {request.url.path}")
        for _ in range(_ON_ITS_WAY):
            await asyncio.sleep(0)
        meanwhile = self.before_reads if request.method == "GET" else self.before_writes
        if meanwhile and "/tickets" in request.url.path:
            await meanwhile.pop(0)()
        if request.url.path in self.refused:
            return httpx.Response(self.refused[request.url.path], request=request)
        given = await httpx.ASGITransport(app=self.app).handle_async_request(request)
        body = await given.aread()
        if self.spoil and body.startswith((b"{", b"[")):
            body = json.dumps(self.spoil(json.loads(body))).encode()
        headers = {
            name: self.headers.get(name, str)(value)
            for name, value in given.headers.items()
            if name not in (*self.without, "content-length")
        }
        answer = httpx.Response(given.status_code, headers=headers, content=body, request=request)
        self.answers.append(answer)
        self.story.append(f"answer {request.url.path}")
        return answer

    @property
    def hosts(self) -> set[str]:
        """Every host that was asked."""
        return {request.url.netloc.decode() for request in self.requests}

    def asked(self, end: str, *, method: str = "GET") -> list[httpx.Request]:
        """Requests whose path ends so."""
        return [one for one in self.requests if one.method == method and one.url.path.endswith(end)]


@asynccontextmanager
async def network(app: FastAPI) -> AsyncIterator[tuple[Network, httpx.AsyncClient]]:
    """A network, and a client that has no other."""
    carrier = Network(app)
    async with httpx.AsyncClient(transport=carrier) as http:
        yield carrier, http
