"""A server that answers, while it is told to, with what it was sent: some vendors and gateways repeat the key in an error."""

from __future__ import annotations

import base64
import binascii
import json

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_CARRIERS = ("authorization", "api-key", "x-webhook-secret")


class Echo:
    """In front of a twin: passes requests on, or refuses them with a `status` and repeats their credentials."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.status = 0  # 0: pass on
        self.repeated = 0  # requests that were answered so

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or not self.status:
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        body = (await request.body()).decode(errors="replace")
        sent = [request.headers[name] for name in _CARRIERS if name in request.headers]
        said = f"refused: {' '.join((*sent, *map(_decoded, sent), body[-1_000:]))}"
        self.repeated += 1
        # what OpenAI, Zendesk, Freshdesk and Qdrant call it
        answer = {"error": said, "description": said, "message": said, "status": {"error": said}}
        await JSONResponse(answer, self.status)(scope, receive, send)


def _decoded(header: str) -> str:
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return value
    try:
        return base64.b64decode(value).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def forms(secret: str) -> tuple[str, ...]:
    """How a secret looks on a wire or in a log: as it is, in JSON, and as user or password of Basic."""
    basic = (base64.b64encode(text.encode()).decode().rstrip("=") for text in (secret, f"{secret}:X"))
    return tuple({secret, json.dumps(secret)[1:-1], *basic})
