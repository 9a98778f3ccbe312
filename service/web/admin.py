"""The door of the administrators: below PRIVATE nobody gets any further without the admin token."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Sequence

from fastapi.security import HTTPBearer
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

PRIVATE = ("/api",)
"""Also for what may be routed there one day: a route cannot forget to ask."""

REFUSAL = "send the admin token as Authorization: Bearer"
REFUSAL_OF_NARROW = "send DESKPILOT_SIGNALS_TOKEN, or the admin token, as Authorization: Bearer"

TOLD = HTTPBearer(auto_error=False, description="DESKPILOT_ADMIN_TOKEN")
"""A dependency that only says in the OpenAPI document what is needed; `Admin` has looked by then."""


class Admin:
    """Answers 401 below PRIVATE, before a route is looked for or a byte of the body read, and hands on the rest."""

    def __init__(
        self, app: ASGIApp, *, tokens: Sequence[str], narrow_token: str = "", narrow: Collection[str] = ()
    ) -> None:
        """tokens: any of these lets in; empty ones let nobody in. narrow_token: opens the paths `narrow` alone."""
        self._app = app
        self._digests = [_digest(token.encode()) for token in tokens if token]
        self._narrow, self._narrow_digests = narrow, [_digest(narrow_token.encode())] * bool(narrow_token)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on."""
        if scope["type"] == "http" and _is_private(scope["path"]) and not self._lets_in(scope):
            said = REFUSAL_OF_NARROW if scope["path"] in self._narrow else REFUSAL
            refused = JSONResponse({"detail": said}, 401, {"WWW-Authenticate": "Bearer"})
            await refused(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _lets_in(self, scope: Scope) -> bool:
        """Compare with every token, without stopping early; digests make every length alike."""
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        scheme, _, token = given.partition(b" ")
        digest, known = _digest(token.strip()), False
        for one in self._digests + self._narrow_digests * (scope["path"] in self._narrow):
            known |= hmac.compare_digest(digest, one)
        return known and scheme.lower() == b"bearer"


def _is_private(path: str) -> bool:
    return any(path == prefix or path.startswith(f"{prefix}/") for prefix in PRIVATE)


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()
