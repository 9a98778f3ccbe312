"""How people and programs reach us: the admin token, the public address and what answers there; the policy."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from urllib.parse import urlsplit

import httpx

from connectors.setup import Check
from service.policy.problems import PolicyError
from service.policy.reading import builtin, read
from service.settings import Settings
from service.votes import PATH

_SHORT = 16
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})  # noqa: S104 - nothing is bound here
_TIMEOUT_S = 8.0

_OURS = "· deskpilot</title>"
"""Stands in each of our pages."""


async def look(settings: Settings) -> Sequence[Check]:
    """Settings that were read; who may come in, and where from."""
    count = len(settings.helpdesks)
    read = f"All settings are read; {' and '.join(settings.helpdesks)} {'is' if count == 1 else 'are'} connected."
    nobody = "Set DESKPILOT_ZENDESK__URL or DESKPILOT_FRESHDESK__URL, and its credentials."
    return [
        Check("settings", "fine", read) if count else Check("settings", "wrong", "No helpdesk is connected.", nobody),
        _token(settings.admin_token.get_secret_value()),
        await _public(settings.public_url),
        await asyncio.to_thread(_policy, settings),
    ]


def _token(token: str) -> Check:
    make = "Set DESKPILOT_ADMIN_TOKEN, for example to what `openssl rand -hex 32` prints."
    if not token:
        return Check(
            "admin token",
            "doubtful",
            "None is set: nobody gets in under /api, and to /admin only whom a proxy signs in.",
            make,
        )
    if len(token) < _SHORT:
        return Check("admin token", "doubtful", f"It has fewer than {_SHORT} characters and could be guessed.", make)
    return Check("admin token", "fine", "It is set.")


async def _public(url: str) -> Check:
    """Ask for a page that a link in a note would lead to: nobody has voted with this token."""
    if not url:
        said = "None is set: notes have no links to vote by, and webhooks cannot be checked for leading here."
        remedy = "Set DESKPILOT_PUBLIC_URL to the address under which agents reach us."
        return Check("public address", "doubtful", said, remedy)
    proxy = (
        "Let the proxy pass /webhooks/ and /feedback/ to a running `deskpilot serve`, or correct DESKPILOT_PUBLIC_URL."
    )
    try:
        async with httpx.AsyncClient(timeout=_TIMEOUT_S) as http:
            answer = await http.get(f"{url}{PATH}doctor")
    except httpx.TransportError as error:
        said = f"Nobody answers at {url} from here ({type(error).__name__}); from elsewhere it may be different."
        return Check("public address", "doubtful", said, f"Open {url}{PATH}doctor in a browser. {proxy}")
    if _OURS not in answer.text:
        said = f"{url} answers ({answer.status_code}), but not with our pages."
        return Check("public address", "wrong", said, proxy)
    parts = urlsplit(url)
    if parts.scheme != "https":
        local = parts.hostname in _LOCAL
        said = f"{url} is {'of this machine only' if local else 'not https: votes and webhooks travel in the open'}."
        return Check("public address", "doubtful", said, "Set DESKPILOT_PUBLIC_URL to an https address of a proxy.")
    return Check("public address", "fine", f"Links in notes lead to our pages at {url}.")


def _policy(settings: Settings) -> Check:
    """The file as it is now, as a start would read it: a process that runs may follow the one before, where this one is bad."""
    file, secrets = settings.policy_file, settings.lookup.by_name
    try:
        found = read(file, secrets=secrets) if file else builtin()
    except PolicyError as error:
        first, more = error.problems[0], len(error.problems) - 1
        said = f"{first.file} must not come into force; the last good policy of a running process stays. {first}"
        remedy = "`deskpilot policy check` names each line and how to mend it" + (
            f"; there are {more} more." if more else "."
        )
        return Check("policy", "wrong", said, remedy)
    rules = len(found.policy.rules)
    if settings.policy_file is None:
        return Check("policy", "fine", f"The built-in one with {rules} rules; notes: {settings.notes}.")
    name = f" ({found.policy.name})" if found.policy.name else ""
    said = f"{found.source}{name}: version {found.version}, {rules} rules; notes: {settings.notes}."
    return Check("policy", "fine", said)
