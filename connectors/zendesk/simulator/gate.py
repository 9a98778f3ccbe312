"""What stands before every API call: credentials, rate limits, and the ways in which an answer can go wrong."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from email.utils import format_datetime

import httpx
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connectors.zendesk.simulator.limits import Limits
from connectors.zendesk.simulator.oauth import Gatekeeper
from connectors.zendesk.simulator.problems import ApiProblem, answer
from connectors.zendesk.simulator.state import State

PREFIXES = ("/api/v2/", "/oauth/")


class Gate:
    """ASGI middleware around the API; the web page and the help centre's pages pass untouched."""

    def __init__(self, app: ASGIApp, *, state: State, gatekeeper: Gatekeeper, limits: Limits) -> None:
        self._app = app
        self._state = state
        self._gatekeeper = gatekeeper
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the call through, or answer it here."""
        if scope["type"] != "http" or not scope["path"].startswith(PREFIXES):
            await self._app(scope, receive, send)
            return
        faults = self._state.faults
        # Every address exists with and without ".json".
        scope = {**scope, "path": scope["path"].removesuffix(".json")}
        try:
            rate_headers = self._admit(scope)
        except ApiProblem as problem:
            await answer(problem, faults=faults)(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                if faults.answer_after_s:
                    await asyncio.sleep(faults.answer_after_s)
                MutableHeaders(raw=message["headers"]).update(rate_headers | self._date())
            await send(message)

        is_write = scope["method"] != "GET" and not scope["path"].startswith("/oauth/")
        if is_write and faults.lost_answers:
            await self._lose_answer(scope, receive, send_with_headers)
        else:
            await self._app(scope, receive, send_with_headers)

    def _admit(self, scope: Scope) -> dict[str, str]:
        faults, path = self._state.faults, scope["path"]
        if faults.unavailable:
            faults.unavailable -= 1
            text = {"error": "Service Unavailable", "description": "Try again later"}
            raise ApiProblem(503, text, headers={"Retry-After": str(faults.retry_after_s)})
        if path.startswith("/oauth/"):
            return {}
        authorization = Headers(scope=scope).get("authorization", "")
        user = self._gatekeeper.identify(authorization, method=scope["method"], path=path)
        scope["caller"] = user
        return self._limits.take(scope["method"], path, user_id=user.id if user else 0)

    def _date(self) -> dict[str, str]:
        ahead_s = self._state.faults.dated_s
        if ahead_s is None:
            return {}
        return {"date": format_datetime(self._state.clock() + timedelta(seconds=ahead_s), usegmt=True)}

    async def _lose_answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Do the work, then break the connection: the write has landed, and the caller cannot know."""
        kept: list[Message] = []

        async def keep(message: Message) -> None:
            kept.append(message)

        await self._app(scope, receive, keep)
        if kept[0]["status"] >= 300:  # nothing was stored, so there is nothing to be in doubt about
            for message in kept:
                await send(message)
            return
        self._state.faults.lost_answers -= 1
        # Begun and never finished: over a socket the server hangs up; an in-process client gets the exception itself.
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4096")]})
        await send({"type": "http.response.body", "body": b'{"ticket":', "more_body": True})
        raise httpx.ReadTimeout("the simulated connection broke before the answer")
