"""What every answer carries: headers that keep a browser from making more of it than it is. Pages, JSON, refusals alike."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = (
    (b"content-security-policy", b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),  # the address of a vote is what proves it
    (b"cache-control", b"no-store"),
)
"""For an answer that says nothing of its own about these. A page that loads anything states its own policy.
https://cheatsheetseries.owasp.org/cheatsheets/HTTP_Headers_Cheat_Sheet.html"""

_HTTPS_ONLY = (b"strict-transport-security", b"max-age=31536000")


class Protection:
    """Adds what an answer lacks of HEADERS, and answers HEAD as GET without its body. Bare ASGI, around all the rest.

    There is no CORS: no page of another origin reads anything here.
    """

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        """https: people reach us under https, so browsers may be told to use nothing else."""
        self._app = app
        self._headers = (*HEADERS, _HTTPS_ONLY) if https else HEADERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        bodiless = scope["method"] == "HEAD"
        if bodiless:
            scope = {**scope, "method": "GET"}

        async def protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = message.get("headers", ())
                names = {name for name, _ in given}
                message["headers"] = [*given, *(pair for pair in self._headers if pair[0] not in names)]
            elif bodiless:
                message["body"] = b""
            await send(message)

        await self._app(scope, receive, protected)
