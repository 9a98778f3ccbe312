"""The fake model as a process of its own: `python -m tests.chaos.model PORT SEED`. It takes its time, and remembers who asked."""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
import time

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from connectors.simulated.record import replayed
from service.web.server import stop_signal
from tests import fake_llm
from tests.chaos.evidence import TicketName
from tests.chaos.port import listening
from tests.chaos.watch import Flight, Log, Meaning
from tests.fake_llm import FakeLLM

FASTEST_S, SLOWEST_S = 0.2, 1.0

_ABOUT = re.compile(r"\bkettle model (zendesk|freshdesk) (\w+)")
"""How a message of the driver says which ticket it is of; the number behind it is the driver's, spelled in letters."""

ANALYSIS = {
    "problem": "The kettle does not switch on.",
    "tried": [],
    "open": ["What can be done?"],
    "intent": "repair",
    "sentiment": "neutral",
    "urgency": "normal",
    "language": "en",
    "query": "kettle does not switch on",
    "asks": True,
    "wishes": [],
}
DRAFT = {
    "reply": "Hello,\n\nplease put the kettle on its base again and press the switch until it clicks.",
    "covered": True,
    "citations": [{"number": 1, "supports": "the switch"}],
    "checks": [],
    "reason": "The article says so.",
    "gloss": "",
}


class SlowModel:
    """The fake model behind a log, each answer after a time of its own. `/log` and `/flying` are the driver's."""

    def __init__(self, app: ASGIApp, *, seed: str) -> None:
        self._app, self._log, self._random = app, Log(), random.Random(seed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, slowly."""
        if scope["path"] in ("/log", "/flying"):
            told = self._log.as_json()
            await JSONResponse(told if scope["path"] == "/log" else told["flying"])(scope, receive, send)
            return
        request = Request(scope, receive)
        body = await request.body()
        about = _ABOUT.search(body.decode())
        # the key says who asks: each process has one of its own
        key = request.headers.get("authorization", "").rpartition("-")[2]
        ticket = TicketName(about[1], about[2]) if about else None
        flight = Flight(Meaning(ticket, int(key) if key.isdecimal() else 0, "model"), time.time())
        self._log.flying.append(flight)
        try:
            await asyncio.sleep(self._random.uniform(FASTEST_S, SLOWEST_S))
            await self._app(scope, replayed(body, receive), send)
            flight.status = 200
        finally:
            self._log.land(flight, where="model")


async def run(port: int, *, seed: str) -> None:
    """Serve until SIGTERM."""
    fake = FakeLLM()
    fake.behave(analysis=json.loads(json.dumps(ANALYSIS)), draft=DRAFT)
    with stop_signal() as stopped:
        async with listening(SlowModel(fake_llm._app(fake), seed=seed), port):
            await stopped.wait()


if __name__ == "__main__":
    asyncio.run(run(int(sys.argv[1]), seed=sys.argv[2]))
