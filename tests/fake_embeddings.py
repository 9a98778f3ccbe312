"""An OpenAI-compatible embeddings server on loopback: bags of hashed words, so that shared words mean near vectors."""

from __future__ import annotations

import math
import re
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from service.groups import EmbeddingsSettings


@dataclass
class Recorded:
    """One request as it arrived."""

    body: dict[str, Any]
    authorization: str


@dataclass
class FakeEmbeddings:
    """The server's state: what it was asked, and how it shall fail.

    statuses: answered to the next requests, one each. refused: a text that holds this word gets 400. bodies: sent
    as they are, with 200, one each.
    """

    dimension: int = 64
    url: str = ""
    requests: list[Recorded] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    refused: str = ""
    down: bool = False
    reverse: bool = False  # answer in the wrong order, with right indices
    indices: bool = True

    @property
    def texts(self) -> list[str]:
        """Every text that was embedded, in the order of asking."""
        return [text for request in self.requests for text in request.body["input"]]

    def settings(self, **changes: Any) -> EmbeddingsSettings:
        """Settings that lead here."""
        return EmbeddingsSettings(**{"base_url": self.url, "model": "fake-small", "timeout_s": 5, **changes})

    def vector(self, text: str) -> list[float]:
        """Counts of the text's words, hashed to places, of length 1. The same text always gives the same."""
        counts = [0.0] * self.dimension
        for word in re.findall(r"\w+", text.lower()) or [text]:
            counts[zlib.crc32(word.encode()) % self.dimension] += 1.0
        norm = math.sqrt(sum(count * count for count in counts))
        return [count / norm for count in counts]

    def answer(self, body: dict[str, Any], authorization: str) -> Response:
        """What the endpoint says to one request."""
        self.requests.append(Recorded(body, authorization))
        if self.down:
            return JSONResponse({"error": {"message": "overloaded"}}, 503)
        if self.statuses:
            return JSONResponse({"error": {"message": "as scripted"}}, self.statuses.pop(0))
        if self.bodies:
            return Response(self.bodies.pop(0), media_type="application/json")
        if self.refused and any(self.refused in text for text in body["input"]):
            return JSONResponse({"error": {"message": "input is too long"}}, 400)
        data = [
            {"object": "embedding", "embedding": self.vector(text)} | ({"index": number} if self.indices else {})
            for number, text in enumerate(body["input"])
        ]
        return JSONResponse({"object": "list", "data": data[::-1] if self.reverse else data, "model": body["model"]})

    def app(self) -> FastAPI:
        """Embeddings, and a list of models for everybody."""
        app = FastAPI()

        @app.get("/v1/models")
        async def models() -> Response:
            return JSONResponse({"data": [{"id": "fake-small"}]})

        @app.post("/v1/embeddings")
        async def embeddings(request: Request) -> Response:
            return self.answer(await request.json(), request.headers.get("authorization", ""))

        return app


@contextmanager
def fake_embeddings(dimension: int = 64) -> Iterator[FakeEmbeddings]:
    """A running server; its record tells whether it was asked."""
    fake = FakeEmbeddings(dimension)
    server = uvicorn.Server(uvicorn.Config(fake.app(), host="127.0.0.1", port=0, log_level="warning", ws="none"))
    started = threading.Event()
    startup = server.startup

    async def start(*args: Any, **kwargs: Any) -> None:
        await startup(*args, **kwargs)
        started.set()

    server.startup = start  # type: ignore[method-assign] # the thread must wait for the port
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert started.wait(10), "the fake embeddings server did not start"
    fake.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/v1"
    try:
        yield fake
    finally:
        server.should_exit = True
        thread.join(10)
