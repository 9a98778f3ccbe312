"""Who is calling: OAuth tokens (the main way), API tokens (until 2027-04-30), and the anonymous user nobody expects.

Sources: https://developer.zendesk.com/api-reference/introduction/security-and-auth/ and the grant types of `/oauth/tokens`.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from connectors.zendesk.simulator.bodies import fields_of
from connectors.zendesk.simulator.problems import ApiProblem, forbidden, not_found, unauthenticated
from connectors.zendesk.simulator.records import JSON, User
from connectors.zendesk.simulator.state import State

_CODE_LIVES_S = 120

_FAMILIES = {"hc": "help_center", "tickets": "tickets", "users": "users", "organizations": "organizations"}


@dataclass(slots=True)
class Token:
    """An access token and the refresh token that belongs to it."""

    access: str
    refresh: str
    scope: str
    expires_at: datetime
    uses: int = 0


class Gatekeeper:
    """The account's credentials."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.client_id = "deskpilot_simulated"
        self.client_secret = secrets.token_hex(32)
        self.api_token = secrets.token_urlsafe(30)
        self.tokens: dict[str, Token] = {}
        self._codes: dict[str, datetime] = {}
        self._standing: Token | None = None

    def new_token(
        self, *, scope: str = "read write", lifetime_s: int | None = None, refreshable: bool = False
    ) -> Token:
        """A token that works until its time is over."""
        lives = timedelta(seconds=lifetime_s or self._state.options.token_lifetime_s)
        refresh = secrets.token_hex(32) if refreshable else ""
        token = Token(
            access=secrets.token_hex(32), refresh=refresh, scope=scope, expires_at=self._state.clock() + lives
        )
        self.tokens[token.access] = token
        return token

    def standing_token(self) -> str:
        """An access token that works now: the last one given here, or a new one when that is over."""
        if self._standing is None or self._standing.expires_at <= self._state.clock():
            self._standing = self.new_token()
        return self._standing.access

    def new_code(self) -> str:
        """An authorization code, as if a person had agreed in a browser; it lives 120 s."""
        code = secrets.token_hex(16)
        self._codes[code] = self._state.clock() + timedelta(seconds=_CODE_LIVES_S)
        return code

    def expire_tokens(self) -> None:
        """End every access token now; refresh tokens stay good."""
        for token in self.tokens.values():
            token.expires_at = self._state.clock()

    def identify(self, authorization: str, *, method: str, path: str) -> User | None:
        """The caller; None is the anonymous user, who may only ask who he is. Raises ApiProblem 401 or 403."""
        kind, _, value = authorization.partition(" ")
        if kind.lower() == "bearer":
            self._check_scope(self._live_token(value.strip()), method=method, path=path)
            return self._state.api_user
        if kind.lower() == "basic" and self._basic_user(value.strip()):
            return self._state.api_user
        # No credentials, or a wrong password: 200 as "Anonymous user" where anybody may ask.
        if path.startswith(("/api/v2/users/me", "/api/v2/help_center")):
            return None
        raise unauthenticated()

    def grant(self, given: JSON) -> JSON:
        """Answer a token request. Raises ApiProblem 400 or 401."""
        if not self._same(given.get("client_id"), self.client_id) or not self._same(
            given.get("client_secret"), self.client_secret
        ):
            raise ApiProblem(401, {"error": "invalid_client", "error_description": "Client authentication failed."})
        kind = given.get("grant_type")
        lifetime = given.get("expires_in")
        if lifetime is not None and not (isinstance(lifetime, int) and 301 <= lifetime <= 172_800):
            raise ApiProblem(400, {"error": "invalid_request", "error_description": "expires_in must be 301 to 172800"})
        scope = self._state.options.client_scope or str(given.get("scope") or "read")
        if kind == "client_credentials":
            return self._pair(self.new_token(scope=scope, lifetime_s=lifetime))
        if (
            kind == "authorization_code"
            and self._codes.pop(str(given.get("code")), self._state.clock()) > self._state.clock()
        ):
            return self._pair(self.new_token(scope=scope, lifetime_s=lifetime, refreshable=True))
        if kind == "refresh_token" and (old := self._with_refresh(str(given.get("refresh_token")))):
            # Both halves of the old pair are gone at once: whoever refreshes twice has no token at all.
            del self.tokens[old.access]
            return self._pair(self.new_token(scope=old.scope, lifetime_s=lifetime, refreshable=True))
        if kind in ("authorization_code", "refresh_token"):
            raise ApiProblem(
                400, {"error": "invalid_grant", "error_description": "The grant is invalid, expired or revoked."}
            )
        raise ApiProblem(
            400, {"error": "unsupported_grant_type", "error_description": "The grant type is not supported."}
        )

    def shown(self, authorization: str) -> JSON:
        """The token that a request carries, as it is listed: never whole. Raises ApiProblem 404 where it is none of OAuth."""
        token = self.tokens.get(authorization.partition(" ")[2].strip())
        if token is None:
            raise not_found()
        expires = f"{token.expires_at:%Y-%m-%dT%H:%M:%SZ}"
        return {"token": {"token": token.access[:10], "scopes": token.scope.split(), "expires_at": expires}}

    def _live_token(self, access: str) -> Token:
        token = self.tokens.get(access)
        if token is None or token.expires_at <= self._state.clock():
            raise unauthenticated()
        limit = self._state.faults.token_uses
        if limit and token.uses >= limit:
            raise unauthenticated()
        token.uses += 1
        return token

    def _check_scope(self, token: Token, *, method: str, path: str) -> None:
        """A mistyped scope yields a token with which every call answers 403."""
        needed = "read" if method in ("GET", "HEAD") else "write"
        for scope in token.scope.split():
            family, _, verb = scope.rpartition(":")
            if verb == needed and (not family or path.startswith(f"/api/v2/{_FAMILIES.get(family, family)}")):
                return
        raise forbidden()

    def _basic_user(self, value: str) -> bool:
        """True for the API token; a wrong API token is 401, a wrong password is merely nobody."""
        try:
            name, _, key = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        if not name.endswith("/token"):
            return False
        if self._same(key, self.api_token) and name.removesuffix("/token").lower() == self._state.api_user.email:
            return True
        raise unauthenticated()

    def _with_refresh(self, refresh: str) -> Token | None:
        return next(
            (token for token in self.tokens.values() if token.refresh and self._same(refresh, token.refresh)), None
        )

    def _pair(self, token: Token) -> JSON:
        answer: JSON = {"access_token": token.access, "token_type": "bearer", "scope": token.scope}
        answer["expires_in"] = round((token.expires_at - self._state.clock()).total_seconds())
        if token.refresh:
            answer |= {"refresh_token": token.refresh, "refresh_token_expires_in": 2_592_000}
        return answer

    @staticmethod
    def _same(given: object, expected: str) -> bool:
        return isinstance(given, str) and hmac.compare_digest(given.encode(), expected.encode())


def oauth_router(gatekeeper: Gatekeeper) -> APIRouter:
    """`POST /oauth/tokens`, JSON or form, and the token that is used."""
    router = APIRouter()

    @router.post("/oauth/tokens")
    async def tokens(request: Request) -> Response:
        return JSONResponse(gatekeeper.grant(await fields_of(request)))

    @router.get("/api/v2/oauth/tokens/current")
    async def current(request: Request) -> Response:
        return JSONResponse(gatekeeper.shown(request.headers.get("authorization", "")))

    return router
