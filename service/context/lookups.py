"""One look-up over HTTP: short, small, and whatever comes back, an answer or a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import httpx

from connectors.base import Ticket
from service.context.facts import at, facts, parsed
from service.context.requests import UnaskedError, asking, names
from service.policy.document import Lookup
from service.steps import answered, call

LARGEST_BYTES: Final = 64 * 1024
"""Of an answer; a customer's data is a page."""

Result = Literal["ok", "absent", "unasked", "slow", "paused", "failed", "refused", "misconfigured"]


@dataclass(frozen=True, slots=True)
class Found:
    """What one look-up says. why: it says nothing, or not all of it. keep: it is an answer, to be kept for a while."""

    result: Result
    facts: Mapping[str, str] = field(default_factory=dict)
    why: str = ""

    @property
    def keep(self) -> bool:
        """Whether it was answered."""
        return self.result in ("ok", "absent")


async def look_up(lookup: Lookup, ticket: Ticket, *, http: httpx.AsyncClient, secrets: Mapping[str, str]) -> Found:
    """Ask about a ticket's requester. Never raises but when it is cancelled; whoever calls says how long it may take."""
    try:
        asked = asking(lookup, ticket, secrets=secrets)
    except UnaskedError as error:
        return Found("misconfigured" if error.misconfigured else "unasked", why=str(error))
    try:
        with call("GET lookup", to="lookup") as span:
            async with http.stream("GET", asked.url, headers=dict(asked.headers), follow_redirects=False) as response:
                answered(span, response.status_code)
                if response.status_code != httpx.codes.OK:
                    return _of_status(response.status_code)
                body = await _body(response)
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError) as error:
        return Found("failed", why=f"does not answer ({type(error).__name__})")
    if body is None:
        return Found("failed", why=f"answers more than {LARGEST_BYTES // 1024} KB")
    return _read(body, asked.paths)


def _of_status(status: int) -> Found:
    if status == httpx.codes.NOT_FOUND:
        return Found("absent", why="does not know this customer")
    if status == httpx.codes.NO_CONTENT:
        return Found("absent", why="says nothing of this customer")
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        return Found(
            "misconfigured", why=f"refuses our credentials ({status}): correct DESKPILOT_LOOKUP__SECRETS or the policy"
        )
    if 300 <= status < 400:
        return Found("refused", why=f"leads elsewhere ({status}), which is not followed: correct its url in the policy")
    return Found("failed" if status >= 500 else "refused", why=f"answers {status}")


async def _body(response: httpx.Response) -> bytes | None:
    """As it came, which is not packed: we asked for that, and what unpacks itself has no size. None: too much."""
    body = bytearray()
    async for part in response.aiter_raw():
        body += part
        if len(body) > LARGEST_BYTES:
            return None
    return bytes(body)


def _read(body: bytes, paths: Mapping[str, str]) -> Found:
    try:
        answer: Any = parsed(body)
    except ValueError:
        return Found("failed", why="answers something else than JSON")
    if not isinstance(answer, dict | list):
        return Found("failed", why="answers JSON that holds no fields")
    found = facts({name: at(path, answer) for name, path in paths.items()})
    return Found("ok", found) if found else Found("absent", why="says nothing of this customer")


def missing(lookup: Lookup, found: Found) -> dict[str, str]:
    """What a look-up should have said and did not, and why."""
    why = f"{lookup.name}: {found.why or 'does not say'}"
    return {name: why for name in (names(lookup) or (lookup.name,)) if name not in found.facts}
