"""What a command needs of the settings beyond that they do not contradict each other: one sentence per problem."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from service.assembly import refuse_unsafe
from service.policy.standing import required
from service.settings import Demand, Settings, SettingsProblem


def idle(loaded: Settings) -> Iterator[str]:
    """A service without a helpdesk would wait for ever, and look well."""
    if not loaded.helpdesks:
        yield (
            "No helpdesk is connected: run `deskpilot setup zendesk` or `deskpilot setup freshdesk`, or set DESKPILOT_ZENDESK__URL "
            "or DESKPILOT_FRESHDESK__URL, and its credentials."
        )


def unverified(loaded: Settings) -> Iterator[str]:
    """Whoever receives webhooks must tell theirs from anybody's. A look at the past needs none: there are no webhooks yet."""
    for name, helpdesk in loaded.helpdesks.items():
        if not helpdesk.secrets:
            secrets = f"DESKPILOT_{name.upper()}__WEBHOOK_SECRETS"
            yield f"Webhooks of {name} cannot be verified: set {secrets} to the signing secret."


def unsafe(loaded: Settings) -> Sequence[str]:
    """Webhook secrets that everybody knows or could guess."""
    try:
        refuse_unsafe(loaded)
    except SettingsProblem as error:
        return error.problems
    return ()


def misread(loaded: Settings) -> Sequence[str]:
    """A policy file that must not come into force."""
    try:
        required(loaded.policy_file, secrets=loaded.lookup.by_name)
    except SettingsProblem as error:
        return error.problems
    except ValueError:  # of secrets that cannot be read, which is told beside the other settings
        return ()
    return ()


def not_shared(loaded: Settings) -> Iterator[str]:
    """Why a worker of its own would work on nothing. Without a Qdrant server it keeps an index of its own."""
    if not loaded.database_url.get_secret_value():
        yield "A worker of its own shares its queue with serve: set DESKPILOT_DATABASE_URL in both."


RECEIVING: Final[tuple[Demand, ...]] = (idle, unverified, unsafe, misread)
"""What `serve` asks for before it starts."""
