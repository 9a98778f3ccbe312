"""What connecting a helpdesk takes, in words that every vendor shares: what was looked at, what is called, what a person must click."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

State = Literal["fine", "doubtful", "wrong"]
"""`doubtful`: it works, and somebody should look at it. `wrong`: no note is written before this is mended."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: what it is, how it is, in one sentence, and what to do; no remedy where all is well."""

    what: str  # two words for a table: "identity", "rights", "webhook", "signing secret"
    state: State
    said: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One request that changes the account, as it is sent. `why`: what it is for, in a few words."""

    method: str
    path: str
    why: str
    body: Mapping[str, Any] | None = None


Send = Callable[[Call], Awaitable[Mapping[str, Any]]]
"""Makes a call and gives the JSON of its answer; in a rehearsal it only shows the call, and answers with what stands for it."""


@dataclass(frozen=True, slots=True)
class Connected:
    """What set-up leaves behind. `secret`: signs or accompanies each webhook. `clicks`: what no API can do, one line each."""

    secret: str = field(repr=False)
    made: tuple[str, ...] = ()  # what was created or changed; empty where all of it stood there
    clicks: tuple[str, ...] = ()


class Setup(Protocol):
    """Connecting one account. Reads as often as it likes; everything that changes something goes through a `Send`.

    Every failure leaves as a ConnectorError.
    """

    name: str

    async def examine(self, endpoint: str, *, secrets: Sequence[str], now: datetime) -> Sequence[Check]:
        """Look, and change nothing.

        Looked at: identity, rights and scopes, whose user it is, clock, plan, our webhook, its secret and its recent failures as
        the vendor counts them, rules of the account that would mail a private note to people.

        endpoint: where webhooks should go, as in https://deskpilot.example/webhooks/zendesk; empty: not known. secrets: those
        that we accept. Raises RetryableError where the helpdesk does not answer; what it forbids is a check that is wrong.
        """
        ...

    async def connect(self, endpoint: str, *, send: Send, secret: str = "") -> Connected:
        """Make what is missing, change what is different, leave alone what is right.

        secret: the one to use where the vendor makes none itself (Freshdesk).
        """
        ...

    async def disconnect(self, endpoint: str, *, send: Send) -> Sequence[str]:
        """Take away what `connect` made for this endpoint, and nothing else; what that was."""
        ...

    async def deliver(self, endpoint: str) -> Check:
        """Have the vendor send a test delivery now, where it can, and say what came of it."""
        ...
