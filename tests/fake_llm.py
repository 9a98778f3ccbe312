"""A real OpenAI-compatible chat server on loopback, scripted per test; it records every request and fails in all known ways."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import Response, StreamingResponse

from service.groups import LLMSettings

Answer = Callable[[dict[str, Any]], Response]


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request: headers in lower case, the JSON body."""

    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def text(self) -> str:
        """All that the model reads."""
        return "\n".join(str(message["content"]) for message in self.body["messages"])


@dataclass
class FakeLLM:
    """The server. Answers from `script` in order, then with `otherwise`."""

    url: str = ""
    requests: list[Recorded] = field(default_factory=list)
    script: deque[Answer] = field(default_factory=deque)
    otherwise: Answer | None = None
    models: tuple[str, ...] = ("main", "fast")  # that its list names, to whoever has the key
    released: threading.Event = field(default_factory=threading.Event)  # set: black holes and drips end

    def settings(self, **values: object) -> LLMSettings:
        """Settings that lead here."""
        return LLMSettings.model_validate(
            {"base_url": f"{self.url}/v1", "api_key": "test-key", "model": "main", "fast_model": "fast"} | values
        )

    def reply(self, content: object, *, finish: str = "stop", usage: bool = True, **message: object) -> None:
        """Next: a chat completion; anything but text is sent as JSON text."""
        self.script.append(completion(content, finish=finish, usage=usage, **message))

    def always(self, content: object) -> None:
        """From now on, when the script is empty."""
        self.otherwise = completion(content)

    def behave(self, *, analysis: object, draft: object) -> None:
        """From now on, when the script is empty: one answer to each of the two prompts."""
        answers = {"analyse": completion(analysis), "draft": completion(draft)}
        self.otherwise = lambda body: answers["draft" if '"reply"' in body["messages"][0]["content"] else "analyse"](
            body
        )

    def fail(self, status: int, *, body: object = None, headers: Mapping[str, str] | None = None) -> None:
        """Next: this status with an error body of OpenAI's form (`body` text) or any other (`body` object)."""
        error = {"error": {"message": body, "type": "error"}} if isinstance(body, str) else body or {}
        self.send(json.dumps(error), status=status, headers=headers)

    def send(
        self,
        content: str | bytes,
        *,
        status: int = 200,
        kind: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Next: exactly these bytes."""
        self.script.append(
            lambda _: Response(content, status_code=status, media_type=kind, headers=dict(headers or {}))
        )

    def cut(self) -> None:
        """Next: an answer whose connection breaks in the middle."""
        self.script.append(
            lambda _: StreamingResponse(
                self._pieces(), media_type="application/json", headers={"content-length": "500"}
            )
        )

    def drip(self) -> None:
        """Next: a space every few milliseconds and never an end; each read is quick, the whole is endless."""
        self.script.append(lambda _: StreamingResponse(self._drops(), media_type="application/json"))

    async def _pieces(self) -> AsyncIterator[bytes]:
        yield b'{"choices": [{"message": {"content": "half of'
        raise ConnectionAbortedError

    async def _drops(self) -> AsyncIterator[bytes]:
        while not self.released.is_set():
            yield b" "
            await asyncio.sleep(0.01)  # the pace of the drip; nobody waits for it


def completion(content: object, *, finish: str = "stop", usage: bool = True, **message: object) -> Answer:
    """An answer of the usual form around `content`."""
    text = content if content is None or isinstance(content, str) else json.dumps(content, ensure_ascii=False)

    def answer(body: dict[str, Any]) -> Response:
        choice = {"index": 0, "message": {"role": "assistant", "content": text} | message, "finish_reason": finish}
        whole: dict[str, Any] = {"id": "x", "object": "chat.completion", "model": body["model"], "choices": [choice]}
        if usage:
            whole["usage"] = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
        return Response(json.dumps(whole), media_type="application/json")

    return answer


@contextmanager
def serving() -> Iterator[FakeLLM]:
    """Run a server in a thread. Ends with a check that it was asked: a by-passed fake proves nothing."""
    fake = FakeLLM()
    config = uvicorn.Config(_app(fake), host="127.0.0.1", port=0, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    with config.bind_socket() as socket:
        socket.listen()  # a caller who comes before the thread has begun waits instead of being refused
        fake.url = f"http://127.0.0.1:{socket.getsockname()[1]}"
        thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
        thread.start()
        try:
            yield fake
        finally:
            fake.released.set()
            server.should_exit = True
            thread.join(timeout=10)
    assert fake.requests, "the fake model was never asked"


def _app(fake: FakeLLM) -> FastAPI:
    app = FastAPI()

    @app.get("/v1/models")
    async def models(request: Request) -> Response:
        if request.headers.get("authorization") != "Bearer test-key":
            return Response('{"error": {"message": "no such key"}}', 401, media_type="application/json")
        return Response(json.dumps({"data": [{"id": name} for name in fake.models]}), media_type="application/json")

    @app.post("/v1/chat/completions")
    async def chat(request: Request) -> Response:
        body = await request.json()
        fake.requests.append(Recorded(headers=dict(request.headers), body=body))
        answer = fake.script.popleft() if fake.script else fake.otherwise
        assert answer is not None, "the fake model was asked more often than the test says"
        return answer(body)

    return app
