"""A Zendesk and a model that cost next to nothing: `python -m tests.bench.canned desk|model --port N [--seconds S] [--poison fails|kills]`.

Both answer from memory, each in its own process, so that a bench on two cores measures the service and not its
surroundings. What the desk says has the shapes of the simulator: it asks one for a ticket and fills in the number.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import psutil
import uvicorn

from connectors.http import JSON
from connectors.zendesk.simulator import ZendeskSimulator
from tests.story.model import ANALYSIS, DRAFT

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Answer = Callable[[str, str, bytes], Awaitable[tuple[int, JSON]]]

POISON_EVERY = 100

_TICKET = re.compile(r"/api/v2/tickets/(\d+)(/comments|\.json|)")
_EMPTY_PAGE: JSON = {"meta": {"has_more": False}, "results": [], "audits": [], "tickets": [], "end_of_stream": True}

# The service heeds what an account allows: here it is measured, not the vendor's patience.
_LIMITS = [
    (b"x-rate-limit", b"1000000"),
    (b"zendesk-rate-limit-tickets-update", b"total=1000000; remaining=999999; resets=60"),
]


@dataclass(slots=True)
class Desk:
    """Every ticket number is a customer's question; notes are kept and counted."""

    me: JSON
    shown: JSON
    comments: JSON
    updated: JSON
    notes: dict[int, JSON] = field(default_factory=dict)
    written: Counter[str] = field(default_factory=Counter)

    async def answer(self, method: str, path: str, body: bytes) -> tuple[int, JSON]:
        """Status and body."""
        if found := _TICKET.fullmatch(path):
            number = int(found[1])
            if method == "PUT":
                return 200, self._write(number, json.loads(body)["ticket"]["comment"])
            return 200, self._comments(number) if found[2] == "/comments" else self._ticket(number)
        if path.startswith("/api/v2/help_center"):
            return 404, {"error": "RecordNotFound"}
        if path == "/counted":
            return 200, {"tickets": len(self.notes), **self.written}
        return 200, self.me if path == "/api/v2/users/me" else _EMPTY_PAGE

    def _ticket(self, number: int) -> JSON:
        subject = f"Where is my parcel, order {number}?"
        return {**self.shown, "ticket": {**self.shown["ticket"], "id": number, "subject": subject}}

    def _comments(self, number: int) -> JSON:
        (first,) = self.comments["comments"]
        text = (
            f"Hello, the tracking of my order {number} has not moved for nine days. Is it lost? Do I get a new kettle?"
        )
        asked = {**first, "id": number * 10, "plain_body": text, "body": text, "html_body": f"<p>{text}</p>"}
        return {**self.comments, "comments": [asked, *([self.notes[number]] if number in self.notes else [])]}

    def _write(self, number: int, comment: JSON) -> JSON:
        self.written["notes"] += 1
        self.written["doubles"] += number in self.notes
        self.written["public"] += comment.get("public") is not False
        (first,) = self.comments["comments"]
        me, html, public = self.me["user"]["id"], comment["html_body"], comment.get("public")
        added = {"id": number * 10 + 1, "author_id": me, "html_body": html, "public": public, "type": "Comment"}
        self.notes[number] = {**first, **added, "via": {"channel": "api"}}
        return {**self.updated, "audit": {**self.updated["audit"], "ticket_id": number, "events": [added]}}


def kill(port: int) -> None:
    """The process that speaks from this port of the machine dies."""
    (pid,) = {one.pid for one in psutil.net_connections("tcp") if one.laddr[1:] == (port,) and one.pid != os.getpid()}
    os.kill(pid or 0, signal.SIGKILL)


async def desk() -> Desk:
    """A desk that has looked at a simulator's answers."""
    simulator = ZendeskSimulator()
    number = await simulator.open_ticket(name="Ana Lind", email="ana@customer.example", subject="-", text="-")
    headers = {"authorization": f"Bearer {simulator.settings['token']}"}
    transport = httpx.ASGITransport(app=simulator.app)
    async with httpx.AsyncClient(transport=transport, base_url=simulator.state.url, headers=headers) as http:
        me = (await http.get("/api/v2/users/me")).json()
        shown = (await http.get(f"/api/v2/tickets/{number}?include=users,organizations,groups,slas")).json()
        comments = (await http.get(f"/api/v2/tickets/{number}/comments?include=users&page[size]=100")).json()
        note = {"ticket": {"comment": {"html_body": "<p>-</p>", "public": False}}}
        updated = (await http.put(f"/api/v2/tickets/{number}.json", json=note)).json()
    return Desk(me, shown, comments, updated)


def model(seconds: float) -> Answer:
    """A model that takes `seconds` for each answer; it cites the passage that answers."""

    async def answer(_method: str, path: str, body: bytes) -> tuple[int, JSON]:
        if path == "/counted":
            return 200, {}
        asked = json.loads(body)
        await asyncio.sleep(seconds)
        said: Any = ANALYSIS
        if asked["model"] != "fast":
            given = re.search(r"\((\d+)\) When a parcel does not arrive", asked["messages"][-1]["content"])
            said = {**DRAFT, "citations": [{"number": int(given[1]) if given else 1, "supports": "the seven days"}]}
        message = {"role": "assistant", "content": json.dumps(said)}
        return 200, {
            "id": "x",
            "object": "chat.completion",
            "model": asked["model"],
            "created": int(datetime.now(UTC).timestamp()),
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
        }

    return answer


def application(answer: Answer, *, poison: str = "") -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """The least of an ASGI application around `answer`. poison: what becomes of one ticket in a hundred, for ever."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        found = _TICKET.fullmatch(scope["path"])
        if poison and found and int(found[1]) % POISON_EVERY == 0:
            if poison == "kills":
                kill(scope["client"][1])
            status, said = 500, {"error": "InternalError"}
        else:
            status, said = await answer(scope["method"], scope["path"], body)
        content = json.dumps(said).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content)), *_LIMITS]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    return app


def main() -> None:
    """Serve until terminated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("which", choices=["desk", "model"])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=0.0, help="how long the model thinks")
    parser.add_argument("--poison", choices=["fails", "kills"], default="")
    given = parser.parse_args()
    answer = asyncio.run(desk()).answer if given.which == "desk" else model(given.seconds)
    uvicorn.run(
        application(answer, poison=given.poison), host="127.0.0.1", port=given.port, lifespan="off", log_level="error"
    )


if __name__ == "__main__":
    main()
