"""`deskpilot setup`: look at the account, show the calls, make them, keep the secret, and see a test delivery arrive."""

from __future__ import annotations

import asyncio
import json
import secrets as randomness
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.text import Text

from connectors import Account, sender_of, setup_of
from connectors.base import RetryableError
from connectors.setup import Call, Check, Connected, Setup
from service import envfile
from service.arrivals import first_arrival
from service.settings import PREFIX, Settings, filed, in_environment

_STOPS = frozenset({"identity", "scopes", "address"})
"""What set-up could not go on with; whatever else is wrong, it says and goes on."""

_NOT_YET = frozenset({"webhook", "signing secret", "webhook secret", "deliveries"})
"""What set-up is about to put right."""

_EVERY_S = 2.0
"""Between two test deliveries: half of what a trial of Zendesk sends in a minute."""

_MARKS = {"fine": ("✓", "green"), "doubtful": ("!", "yellow"), "wrong": ("✗", "red")}

_NEW = "(new)"


@dataclass(frozen=True, slots=True)
class Order:
    """What the operator wants, all questions answered."""

    helpdesk: str
    account: Account
    endpoint: str
    keep: Mapping[str, str] = field(default_factory=dict, repr=False)  # settings to write beside the secret, by name
    env_file: Path | None = None  # None: the secret is printed
    secret: str = field(default="", repr=False)  # for a vendor that makes none
    events: bool = True
    dry_run: bool = False
    undo: bool = False
    sure: bool = False
    as_json: bool = False
    wait_s: float = 120.0  # for a test delivery; 0: none is tried


@dataclass(slots=True)
class _Told:
    """What happened, for a program; people read it as it happens."""

    helpdesk: str
    endpoint: str
    checks: Sequence[Check] = ()
    calls: Sequence[Mapping[str, Any]] = ()
    made: Sequence[str] = ()
    undone: Sequence[str] = ()
    clicks: Sequence[str] = ()
    written: str = ""
    secret: str = ""  # only where it was not written
    delivery: Check | None = None


class Connecting:
    """One run of the command. Tables and sentences go to `out`, questions and progress to standard error."""

    def __init__(self, settings: Settings, order: Order) -> None:
        self._settings, self._order = settings, order
        # what a program reads stands alone on standard output
        self._out = Console(stderr=order.as_json, highlight=False, soft_wrap=True, markup=False)
        self._errors = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
        self._told = _Told(order.helpdesk, order.endpoint)
        groups = {"zendesk": settings.zendesk, "freshdesk": settings.freshdesk}
        self._secrets = groups[order.helpdesk].secrets  # that the service's settings have

    async def run(self) -> int:
        """Do it. 0: done, or nothing to do; 1: something is wrong, and said. Raises ConnectorError, ServiceError."""
        order = self._order
        async with httpx.AsyncClient() as http:
            setup = setup_of(order.helpdesk, order.account, http, events=order.events)
            code = await (self._undone(setup, http) if order.undo else self._connected(setup, http))
        if order.as_json:
            print(json.dumps(asdict(self._told), indent=2))  # noqa: T201 - the command's output
        return code

    async def _connected(self, setup: Setup, http: httpx.AsyncClient) -> int:
        order, began = self._order, datetime.now(UTC)
        if not await self._looked_at(setup):
            return 1
        secret = order.secret or await asyncio.to_thread(self._known_secret)
        calls = list[Call]()
        rehearsed = await setup.connect(order.endpoint, send=_noting(calls), secret=secret)
        secret = secret or rehearsed.secret or randomness.token_urlsafe(32)
        self._show(calls, secret=secret)
        if not calls:
            self._out.print("The helpdesk is connected as far as calls can do it: no call changes anything.")
        if order.dry_run:
            self._click([_struck(click, secret) for click in rehearsed.clicks])
            return 0
        if calls and not self._agreed():
            return 0
        send = sender_of(order.helpdesk, order.account, http)
        made = await setup.connect(order.endpoint, send=send, secret=secret)
        self._told.made = made.made
        for one in made.made:
            self._out.print(Text.assemble(("✓", "green"), f" Made or changed: {one}."))
        await self._keep(made)
        self._click(made.clicks)
        if not order.wait_s:
            return 0
        self._told.delivery = check = await self._delivery(setup, since=began)
        self._say(check)
        return 1 if check.state == "wrong" else 0

    async def _undone(self, setup: Setup, http: httpx.AsyncClient) -> int:
        order, calls = self._order, list[Call]()
        await setup.disconnect(order.endpoint, send=_noting(calls))
        self._show(calls)
        if not calls:
            self._out.print(f"Nothing of ours calls {order.endpoint}: there is nothing to undo.")
        elif not order.dry_run and self._agreed():
            send = sender_of(order.helpdesk, order.account, http)
            self._told.undone = gone = await setup.disconnect(order.endpoint, send=send)
            for one in gone:
                self._out.print(Text.assemble(("✓", "green"), f" Deleted: {one}."))
            self._out.print(
                f"{_secrets_name(order.helpdesk)} stays where it is: take it out when nothing is sent any more."
            )
        return 0

    async def _looked_at(self, setup: Setup) -> bool:
        """Say what is fine, doubtful and wrong; whether to go on."""
        found = await setup.examine(self._order.endpoint, secrets=self._secrets, now=datetime.now(UTC))
        self._told.checks = checks = [one for one in found if one.what not in _NOT_YET]
        for check in checks:
            self._say(check)
        return not any(check.state == "wrong" and check.what in _STOPS for check in checks)

    def _known_secret(self) -> str:
        """For a vendor that makes none: the one that the service has already, so that a second run changes nothing."""
        return next((one for one in (*self._secrets, *_split(self._in_file()))), "")

    def _in_file(self) -> str:
        order = self._order
        return envfile.value_in(order.env_file, _secrets_name(order.helpdesk)) if order.env_file else ""

    async def _keep(self, made: Connected) -> None:
        """Put the secret where the operator wants it, beside older ones: deliveries under them may be on their way."""
        order, name = self._order, _secrets_name(self._order.helpdesk)
        elsewhere = order.env_file is not None and name in await asyncio.to_thread(filed)
        if elsewhere:
            self._out.print(f"{name}_FILE is set, so {order.env_file} is left alone: add the secret to that file.")
        if order.env_file is None or elsewhere:
            if made.secret in self._secrets:
                self._out.print("The service's settings have the signing secret already.")
                return
            self._told.secret = made.secret
            others = f", beside what is there ({len(self._secrets)})" if self._secrets else ""
            self._out.print(f"Set this where the service runs{others}; it is not shown again:")
            self._out.print(Text(f"{name}={made.secret}", style="bold"), soft_wrap=True)
            return
        there = _split(await asyncio.to_thread(self._in_file)) or list(self._secrets)
        values = dict(order.keep)
        if made.secret not in there:
            values[name] = ",".join((made.secret, *there))
        if values:
            await asyncio.to_thread(envfile.written, order.env_file, values)
            self._told.written = str(order.env_file)
            self._out.print(Text.assemble(("✓", "green"), f" Written to {order.env_file}: {', '.join(values)}."))
            waits = "; this command waits for its answer" if order.wait_s else ""
            self._out.print(f"Start `deskpilot serve` with it now, or start it again{waits}.")
        else:
            self._out.print(f"{order.env_file} has the signing secret already.")
        await self._tell_missing(order.env_file)

    async def _tell_missing(self, env_file: Path) -> None:
        """What this run knew from its environment, and a service that is started elsewhere would not."""
        group = f"{PREFIX}{self._order.helpdesk.upper()}__"
        given = sorted(name for name in in_environment() if name.startswith(group))
        alone = [name for name in given if not await asyncio.to_thread(envfile.value_in, env_file, name)]
        if alone:
            names = " and ".join(alone)
            self._out.print(f"Only the environment of this command has {names}: set it where the service runs, too.")

    async def _delivery(self, setup: Setup, *, since: datetime) -> Check:
        """Ask for test deliveries until one is accepted, or the time is over; the last answer."""
        order, loop = self._order, asyncio.get_running_loop()
        over, said = loop.time() + order.wait_s, ""
        with self._errors.status(f"Waiting for a test delivery, {order.wait_s:g} seconds at most ..."):
            while True:
                check = await _tried(setup, order.endpoint)
                if check.said != said and check.state == "wrong":
                    self._errors.print(f"… {check.said} {check.remedy}", style="dim")
                    said = check.said
                if check.state == "doubtful":  # the vendor cannot tell, or tells of somebody else: our inbox can
                    if check.said != said:
                        self._errors.print(f"… {check.said} {check.remedy}", style="dim")
                    return await first_arrival(
                        self._settings, order.helpdesk, since=since, wait_s=over - loop.time(), otherwise=check
                    )
                if check.state == "fine" or loop.time() + _EVERY_S > over:
                    return check
                await asyncio.sleep(_EVERY_S)

    def _show(self, calls: Sequence[Call], *, secret: str = "") -> None:
        """The calls as they are made, bodies and all; a secret of the service is not shown."""
        shown = [json.loads(_struck(json.dumps(asdict(call)), secret)) for call in calls]
        self._told.calls = shown
        if not calls:
            return
        self._out.print(
            f"\nCalls to {self._order.account.url}:" if not self._order.dry_run else "\nCalls that would be made:"
        )
        for call in shown:
            self._out.print(Text.assemble((f"{call['method']} {call['path']}", "bold"), f"  {call['why']}"))
            if call["body"] is not None:
                self._out.print(Text(json.dumps(call["body"], indent=2, ensure_ascii=False)))

    def _click(self, clicks: Sequence[str]) -> None:
        self._told.clicks = clicks
        if clicks:
            self._out.print("\nBy hand, because no call can do it:")
        for number, click in enumerate(clicks, start=1):
            self._out.print(Text(f"{number}. {click}"))

    def _agreed(self) -> bool:
        if self._order.sure:
            return True
        return self._errors.input("Go on? [y/N] ", markup=False).strip().lower() in ("y", "yes")

    def _say(self, check: Check) -> None:
        mark, colour = _MARKS[check.state]
        self._out.print(
            Text.assemble(
                (mark, colour), f" {check.what}: {check.said}", (f" {check.remedy}" if check.remedy else "", "bold")
            )
        )


async def _tried(setup: Setup, endpoint: str) -> Check:
    try:
        return await setup.deliver(endpoint)
    except RetryableError as error:
        return Check("test delivery", "wrong", f"The helpdesk sent no test: {error}.", "It is asked again.")


def _noting(calls: list[Call]) -> Any:  # noqa: ANN401 - a Send
    """A `Send` that only writes calls down; what stands for an answer has an id wherever one may be looked for."""

    async def note(call: Call) -> Mapping[str, Any]:
        calls.append(call)
        parts = {name: {**part, "id": _NEW} for name, part in (call.body or {}).items() if isinstance(part, Mapping)}
        return {**(call.body or {}), **parts, "id": _NEW}

    return note


def _struck(text: str, secret: str) -> str:
    return text.replace(json.dumps(secret)[1:-1], "***") if secret else text


def _split(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


def _secrets_name(helpdesk: str) -> str:
    return f"{PREFIX}{helpdesk.upper()}__WEBHOOK_SECRETS"
