"""Signing in with the admin token, and out."""

from __future__ import annotations

import re

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from connectors.base import SpentError
from connectors.budget import Bucket
from service.budgets import Budgets
from service.queue import AWAY
from service.web.console.door import LOGIN, ROOT
from service.web.console.layout import Layout, gone_on
from service.web.console.sessions import Sessions
from service.web.console.visitors import form_of, neighbourhood, visitor_of

log = structlog.get_logger()

NAME = "admin"

ATTEMPTS = 10
"""A minute, from one address, over all replicas."""

_OWN = re.compile(r"/(?:admin|dashboard)(?:/[\w.:~%+@=,-]+)*/?(?:\?[\w.:~%+@=,&/-]*)?", re.ASCII)


def router(layout: Layout, sessions: Sessions, budgets: Budgets) -> APIRouter:
    """The only pages that are open before one is signed in."""
    routes = APIRouter(tags=["admin page"])
    attempts = budgets.of("admin page", share=1.0)

    def form(request: Request, *, onward: str, status: int = 200, problem: str = "") -> HTMLResponse:
        return layout.page(
            request,
            "login.html.j2",
            title="Sign in",
            status=status,
            onward=onward,
            problem=problem,
            on=sessions.by_token,
        )

    @routes.get(LOGIN, response_class=HTMLResponse)
    async def ask(request: Request) -> Response:
        """One field. Whoever is signed in goes on."""
        onward = own_path(request.query_params.get("next", ""))
        return gone_on(onward) if visitor_of(request).name else form(request, onward=onward)

    @routes.post(LOGIN, response_class=HTMLResponse)
    async def sign_in(request: Request) -> Response:
        """A new session for whoever knows the token."""
        sent = form_of(request)
        onward = own_path(sent.one("next"))
        peer = neighbourhood(request.client.host if request.client else "")
        try:
            await attempts.take(Bucket(f"logins from {peer}", limit=ATTEMPTS))
        except SpentError as error:
            wait_s = max(round(error.after_s or 0), 1)
            log.warning("too many attempts to sign in to the admin page", peer=peer)
            answer = form(
                request, onward=onward, status=429, problem=f"Too many attempts. Try again in {wait_s} seconds."
            )
            answer.headers["Retry-After"] = str(wait_s)
            return answer
        except AWAY:
            return layout.refusal(request, "away", 503)
        if not sessions.is_token(sent.one("token")):
            log.warning("a wrong admin token", peer=peer)
            return form(request, onward=onward, status=403, problem="This is not the admin token.")
        log.info("signed in to the admin page", peer=peer)
        inside = gone_on(onward)
        inside.headers["Set-Cookie"] = sessions.kept(sessions.begin(NAME))
        return inside

    @routes.post(f"{ROOT}/logout", response_class=HTMLResponse)
    async def sign_out(request: Request) -> Response:  # noqa: ARG001 - the door has looked at it
        """The cookie goes."""
        answer = gone_on(LOGIN)
        answer.headers["Set-Cookie"] = sessions.ended
        return answer

    return routes


def own_path(path: str) -> str:
    """Where to go after signing in: a page of ours, whatever stands in the address."""
    known = _OWN.fullmatch(path) and ".." not in path and not path.startswith(LOGIN)
    return path if known else ROOT
