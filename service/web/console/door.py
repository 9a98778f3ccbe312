"""The door of the admin page: nobody gets below /admin or /dashboard without being signed in, and no form works that is not of this session."""

from __future__ import annotations

import hmac
from urllib.parse import quote

from fastapi import HTTPException, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import DatabaseUnavailableError
from service.groups import ProxySettings
from service.web.bodies import body_of
from service.web.console.layout import Layout
from service.web.console.sessions import Session, Sessions
from service.web.console.visitors import Form, Visitor, form_in, name_from_proxy

ROOT = "/admin"
BEHIND = (ROOT, "/dashboard")
"""What nobody gets below without being signed in."""

LOGIN = "/admin/login"

LARGEST_BYTES = 128 * 1024
"""Of a form."""

_READS = ("GET", "HEAD")


def is_behind(path: str) -> bool:
    """Whether this is one of the pages behind the door."""
    return any(path == root or path.startswith(f"{root}/") for root in BEHIND)


class Door:
    """Bare ASGI in front of the application, so that a new page cannot forget to ask. It leaves a Visitor and a Form in the scope."""

    def __init__(self, app: ASGIApp, *, layout: Layout, sessions: Sessions, proxy: ProxySettings) -> None:
        self._app, self._layout, self._sessions, self._proxy = app, layout, sessions, proxy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on."""
        if scope["type"] != "http" or not is_behind(scope.get("path", "")):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            session = await self._sessions.read(request.cookies.get(self._sessions.cookie, ""))
            new = session is None
            session = session or self._sessions.begin()
        except DatabaseUnavailableError:
            await self._layout.refusal(request, "away", 503)(scope, receive, send)
            return
        scope["deskpilot.visitor"] = visitor = self._visitor(request, session)
        refused = self._refused(request, visitor, new=new) or await self._unproven(request, visitor)
        if refused:
            await refused(scope, receive, send)
            return

        async def remembered(message: Message) -> None:
            if new and message["type"] == "http.response.start":
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"set-cookie", self._sessions.kept(session).encode()),
                ]
            await send(message)

        await self._app(scope, receive, remembered)

    def _visitor(self, request: Request, session: Session) -> Visitor:
        peer = request.client.host if request.client else ""
        named = name_from_proxy(self._proxy, peer=peer, headers=request.scope["headers"])
        name = named or session.name
        token = self._sessions.form_token(session, name=name)
        return Visitor(name, "proxy" if named else "token" if name else "", form_token=token)

    def _refused(self, request: Request, visitor: Visitor, *, new: bool) -> Response | None:
        """What a visitor gets who may not go on; None: they may."""
        reads = request.method in _READS
        if not self._sessions.by_token and not self._proxy.identity_header:
            return self._layout.refusal(request, "off", 404)
        if new and reads and request.headers.get("sec-fetch-site") == "cross-site":
            # somebody follows a link from the helpdesk: a strict cookie is not sent then, but is when we ask again
            return self._layout.refusal(request, "again", 200)
        if visitor.name or request.url.path == LOGIN:
            return None
        if not reads:
            return self._layout.refusal(request, "ended", 403)
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"{LOGIN}?next={quote(asked, safe='/')}", 303)

    async def _unproven(self, request: Request, visitor: Visitor) -> Response | None:
        """Refuse a change that was not sent from a form of this session; else its fields are in the scope."""
        if request.method in _READS:
            return None
        try:
            form = form_in(await body_of(request, largest=LARGEST_BYTES))
        except HTTPException as error:
            return self._layout.refusal(request, "large", error.status_code)
        given = form.one("csrf").encode()
        if not visitor.form_token or not hmac.compare_digest(given, visitor.form_token.encode()):
            return self._layout.refusal(request, "foreign", 403)
        request.scope["deskpilot.form"] = Form({name: each for name, each in form.fields.items() if name != "csrf"})
        return None
