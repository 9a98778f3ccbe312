"""Each helpdesk as its own set-up sees it, and the secrets that its webhooks are verified with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

import httpx

from connectors import WEBHOOKS, Account, connect, setup_of
from connectors.base import ConnectorError
from connectors.setup import Check
from service.assembly import account_of
from service.doctor import fields
from service.doctor.examination import failed
from service.policy.standing import required
from service.settings import Settings, SettingsProblem

_REACH = "See that this machine may call it, and that its address is right."


class Examiner(Protocol):
    """What is needed of a Setup."""

    async def examine(self, endpoint: str, *, secrets: Sequence[str], now: datetime) -> Sequence[Check]:
        """See connectors.setup.Setup."""
        ...


SetupOf = Callable[[str, Account, httpx.AsyncClient], Examiner]
"""As in connectors.setup_of."""


async def look(settings: Settings, name: str, *, now: datetime, setup_of: SetupOf = setup_of) -> Sequence[Check]:
    """All checks of one helpdesk, each with its name."""
    helpdesk = settings.helpdesks[name]
    endpoint = f"{settings.public_url}/webhooks/{name}" if settings.public_url else ""
    checks = [_secrets(name, helpdesk.secrets)]
    try:
        async with httpx.AsyncClient() as http:
            setup = setup_of(name, account_of(helpdesk), http)
            checks += await setup.examine(endpoint, secrets=helpdesk.secrets, now=now)
    except ConnectorError as error:
        checks.append(failed("answers", str(error), _REACH))
    return [replace(check, what=f"{name} {check.what}") for check in checks]


async def look_at_fields(settings: Settings, name: str) -> Sequence[Check]:
    """Whether there is in the helpdesk what the policy sets there."""
    try:
        policy = (await asyncio.to_thread(required, settings.policy_file)).policy
    except SettingsProblem:
        return []  # what is wrong with the policy is told once, of the policy
    async with httpx.AsyncClient() as http:
        checks = await fields.look(connect(name, account_of(settings.helpdesks[name]), http), policy)
    return [replace(check, what=f"{name} {check.what}") for check in checks]


def _secrets(name: str, secrets: Sequence[str]) -> Check:
    """What prevents a start of `serve`, and that there are any."""
    if not secrets:
        setting = f"DESKPILOT_{name.upper()}__WEBHOOK_SECRETS"
        return failed(
            "secrets",
            f"Webhooks cannot be verified: set {setting} to the signing secret; until then nothing is received.",
        )
    if refused := WEBHOOKS[name].refuse(secrets):
        return failed("secrets", " ".join(refused))
    count = "one is" if len(secrets) == 1 else f"{len(secrets)} are"
    return Check("secrets", "fine", f"Webhooks are verified: {count} set, long enough and nobody else's.")
