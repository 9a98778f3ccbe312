"""Who is signed in: a signed cookie that expires. Its keys lie in the database, so every replica knows it and a restart keeps it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from service.errors import DatabaseUnavailableError
from service.keys import Keys
from service.seals import key_of, sealed, unsealed

LASTS = timedelta(hours=12)
"""A working day; then the token is asked for again."""

_PURPOSE = b"deskpilot admin session 1:"
_FORM_PURPOSE = b"deskpilot admin form 1:"


@dataclass(frozen=True, slots=True)
class Session:
    """One browser. name: who signed in there; empty before anybody has. token: as the cookie holds it."""

    id: str
    name: str
    token: str


class Sessions:
    """Makes and reads cookies. Nothing is kept of them: a new admin token ends every session, for it is part of what is signed."""

    def __init__(self, keys: Keys, *, admin_token: str, https: bool) -> None:
        """admin_token: empty, nobody signs in by it. https: the cookie is sent under https only."""
        self._keys, self._https = keys, https
        self._digest = hashlib.sha256(admin_token.encode()).digest()
        self._purpose = _PURPOSE + self._digest
        self.by_token = bool(admin_token)

    @property
    def cookie(self) -> str:
        """Its name. A browser takes __Host- from nobody else: no other host below the same domain can plant one."""
        return "__Host-deskpilot" if self._https else "deskpilot"

    def is_token(self, given: str) -> bool:
        """Whether this is the admin token; digests make every length alike."""
        return hmac.compare_digest(hashlib.sha256(given.encode()).digest(), self._digest) and self.by_token

    def begin(self, name: str = "") -> Session:
        """A new session. Raises DatabaseUnavailableError where no key was ever read."""
        newest = self._keys.newest
        if newest is None:
            raise DatabaseUnavailableError("there is no key to sign a session with")
        key_id, key = newest
        session, expires = secrets.token_hex(16), int((datetime.now(UTC) + LASTS).timestamp())
        token = sealed([session, name, expires], purpose=self._purpose, key_id=key_id, key=key)
        return Session(session, name, token)

    async def read(self, token: str) -> Session | None:
        """The session of a cookie; None for one that is forged, cut, of another admin token, or has expired. Raises DatabaseUnavailableError."""
        await self._keys.look_for(key_of(token))
        content = unsealed(token, purpose=self._purpose, keys=self._keys.known)
        if content is None:
            return None
        session, name, expires = content
        if datetime.now(UTC).timestamp() >= int(expires):
            return None
        return Session(
            str(session), str(name) if self.by_token else "", token
        )  # without a token nobody has signed in by it

    def form_token(self, session: Session, *, name: str) -> str:
        """What every form of this session carries. name: who is signed in, whoever says so."""
        key = self._keys.known.get(key_of(session.token) or 0, b"")
        about = f"{session.id}\0{name}".encode()
        return hmac.digest(key, _FORM_PURPOSE + self._digest + about, "sha256").hex() if key else ""

    def kept(self, session: Session) -> str:
        """Set-Cookie for a session."""
        return f"{self.cookie}={session.token}; Max-Age={int(LASTS.total_seconds())}{self._flags}"

    @property
    def ended(self) -> str:
        """Set-Cookie that takes it away."""
        return f"{self.cookie}=; Max-Age=0{self._flags}"

    @property
    def _flags(self) -> str:
        return "; Path=/; HttpOnly; SameSite=Strict" + "; Secure" * self._https
