"""Connecting a Freshdesk account: automation rules by the API where it lets us, else the clicks that make them.

Freshdesk makes no secret, has no test call and tells nothing of past deliveries: what cannot be read is said, not guessed.
"""

from __future__ import annotations

import re
import secrets as randomness
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from connectors.base import (
    ConnectorError,
    ForbiddenError,
    GoneError,
    MisconfiguredError,
    RejectedError,
)
from connectors.freshdesk import checks, webhook, wire
from connectors.freshdesk.automations import (
    WANTED,
    Kind,
    Wanted,
    mailings,
    named,
    on_updates,
    ours,
    stands,
    told,
    written,
)
from connectors.freshdesk.clicks import clicks
from connectors.http import JSON, Answer, Door
from connectors.setup import Call, Check, Connected, Send

_CREATION = 1
_UPDATES = (4, 3)
"""Public clients count rules on updates as 4 and those by the hour as 3; one text counts updates as 3."""

_PAGE, _MOST_PAGES = 100, 10
_WRITABLE = re.compile(r"[!-+\--~]+")  # what a header, an address and a list with commas all carry as it is


@dataclass(frozen=True, slots=True)
class _Rules:
    """The account's automation rules, and the number of each kind in addresses."""

    numbers: Mapping[Kind, int]
    by_kind: Mapping[Kind, Sequence[JSON]]
    hourly: Sequence[JSON]  # those of the remaining kind

    def path(self, kind: Kind) -> str:
        return f"/api/v2/automations/{self.numbers[kind]}/rules"


class FreshdeskSetup:
    """One Freshdesk account. Borrows `http`. Its rules are for administrators: set-up may use another key than notes do."""

    name = "freshdesk"

    def __init__(self, http: httpx.AsyncClient, *, base_url: str, auth: httpx.Auth) -> None:
        self._http = http
        self._door = Door(http, base_url=base_url, auth=auth)

    async def examine(self, endpoint: str, *, secrets: Sequence[str], now: datetime) -> Sequence[Check]:
        """Look at everything; nothing but the identity where that is refused. See connectors/setup.py. Raises RetryableError."""
        try:
            me = await self._door.call("GET", "/api/v2/agents/me")
        except (RejectedError, MisconfiguredError) as error:
            return [checks.refused(error, host=self._door.host)]
        agent = me.body if isinstance(me.body, dict) else {}
        who = checks.identity(agent, host=self._door.host)
        if who.state == "wrong":
            return [who]
        seen = [
            who,
            checks.scope(agent),
            await self._reading(),
            checks.clock(me.headers, now=now),
            checks.plan(me.headers),
        ]
        seen += [await self._address(endpoint), checks.secret(secrets)]
        seen += await self._automations(agent, endpoint=endpoint, secrets=secrets)
        return [check for check in (*seen, checks.failures()) if check]

    async def connect(self, endpoint: str, *, send: Send, secret: str = "") -> Connected:
        """Make the three rules; what the API refuses is left for clicks. Empty secret: that of our rules, else a new one.

        Raises MisconfiguredError where address, secret or key is of no use, RetryableError.
        """
        if not urlsplit(endpoint).netloc:
            raise MisconfiguredError(
                "Freshdesk needs the public address of this service to send webhooks to: set it first"
            )
        try:
            rules = await self._rules()
        except RejectedError as error:
            secret = _usable(secret or _kept(""))
            return self._by_hand(WANTED, endpoint=endpoint, secret=secret, why=_why(error))
        every = [*rules.by_kind["creation"], *rules.by_kind["updates"]]
        secret = _usable(secret or _kept(told(every, endpoint=endpoint)))
        made: list[str] = []
        missing: list[Wanted] = []
        why = ""
        for wanted in WANTED:
            there = rules.by_kind[wanted.kind]
            found = named(there, wanted)
            # a rule of another name is somebody's: left alone, and only where it surely works instead of ours
            if any(stands(rule, wanted, endpoint=endpoint, secret=secret) for rule in ([found] if found else there)):
                continue
            body = written(wanted, endpoint=endpoint, secret=secret, found=found)
            try:
                await send(_call(rules.path(wanted.kind), body, found=found))
            except RejectedError as error:
                missing.append(wanted)
                why = _why(error).replace(secret, "***")
            else:
                made.append(f'automation rule "{body["name"]}"')
        return self._by_hand(missing, endpoint=endpoint, secret=secret, why=why, made=made)

    async def disconnect(self, endpoint: str, *, send: Send) -> Sequence[str]:
        """Delete our rules that call this address. Raises MisconfiguredError where the API does not let us."""
        names = ", ".join(f'"{wanted.name}"' for wanted in WANTED)
        try:
            rules = await self._rules()
        except RejectedError as error:
            raise MisconfiguredError(
                f"{_why(error)}: delete by hand, in Admin, Workflows, Automations, the rules {names}"
            ) from error
        gone = []
        for kind, there in rules.by_kind.items():
            for rule in list(ours(there, endpoint=endpoint)):
                await send(
                    Call(
                        "DELETE",
                        f"{rules.path(kind)}/{wire.number(rule.get('id'))}",
                        f'delete the rule "{rule["name"]}"',
                    )
                )
                gone.append(f'automation rule "{rule["name"]}"')
        return gone

    async def deliver(self, endpoint: str) -> Check:
        """Freshdesk has no test call; what to do instead."""
        return Check(
            "test delivery",
            "doubtful",
            f"Freshdesk has no test call: the first webhook comes to {endpoint} with the next ticket.",
            "Write a test ticket as a customer, or wait for one; its webhook takes some seconds.",
        )

    def _by_hand(
        self, missing: Sequence[Wanted], *, endpoint: str, secret: str, why: str, made: Sequence[str] = ()
    ) -> Connected:
        lines = clicks(missing, base_url=self._door.base_url, endpoint=endpoint, secret=secret, why=why)
        return Connected(secret=secret, made=tuple(made), clicks=lines)

    async def _reading(self) -> Check:
        try:
            await self._door.call("GET", "/api/v2/tickets", params={"per_page": 1})
        except RejectedError as error:
            return checks.reading(error)
        return checks.reading(None)

    async def _address(self, endpoint: str) -> Check:
        """How the address looks, and whether something answers there; asked without our credentials."""
        looks = checks.address(endpoint, base_url=self._door.base_url)
        if looks.state == "wrong" or not endpoint:
            return looks
        parts = urlsplit(endpoint)
        there = Door(self._http, base_url=f"{parts.scheme}://{parts.netloc}", auth=httpx.Auth())
        try:
            await there.call("GET", parts.path)
        except ConnectorError as error:
            return checks.reached(endpoint, error) or looks
        return checks.reached(endpoint, None) or looks

    async def _automations(self, agent: JSON, *, endpoint: str, secrets: Sequence[str]) -> list[Check]:
        try:
            rules = await self._rules()
        except RejectedError as error:
            rights = [checks.rights(administrator=False)] if isinstance(error, ForbiddenError) else []
            return [*rights, checks.rules_unread(_why(error))]
        every = [rule for there in (*rules.by_kind.values(), rules.hourly) for rule in there]
        found = list(mailings(every, me=str(agent["id"])))
        return [
            checks.rights(administrator=True),
            *([checks.webhooks(rules.by_kind, endpoint=endpoint, secrets=secrets)] if endpoint else []),
            *checks.mail(found, me=checks.name_of(agent)),
        ]

    async def _rules(self) -> _Rules:
        """All rules. Raises RejectedError where the API has none for us."""
        creation = [rule async for rule in self._listed(_CREATION)]
        answers: dict[int, list[JSON]] = {}
        refusal = RejectedError("no kind of automation rules answers")
        for number in _UPDATES:
            try:
                answers[number] = [rule async for rule in self._listed(number)]
            except GoneError as error:
                refusal = error
        if not answers:
            raise refusal
        # where no rule yet tells which kind it is: the number that most clients use
        updates = next((number for number, rules in answers.items() if on_updates(rules)), next(iter(answers)))
        hourly = [rule for number, rules in answers.items() if number != updates for rule in rules]
        by_kind: dict[Kind, Sequence[JSON]] = {"creation": creation, "updates": answers[updates]}
        return _Rules({"creation": _CREATION, "updates": updates}, by_kind, hourly)

    async def _listed(self, number: int) -> AsyncIterator[JSON]:
        """Rules of one kind; a list that ignores `page` repeats itself. Seen bare, and below "rules"."""
        known = set[Any]()
        for page in range(1, _MOST_PAGES + 1):
            answer: Answer = await self._door.call(
                "GET", f"/api/v2/automations/{number}/rules", params={"per_page": _PAGE, "page": page}
            )
            body = answer.body.get("rules") if isinstance(answer.body, dict) else answer.body
            if not isinstance(body, list):
                raise RejectedError(f"{self._door.host} sent a list of automation rules of an unknown shape")
            fresh = [rule for rule in body if isinstance(rule, dict) and rule.get("id") not in known]
            known.update(rule.get("id") for rule in fresh)
            for rule in fresh:
                yield rule
            if len(body) < _PAGE or not fresh:
                return


def _call(path: str, body: JSON, *, found: Mapping[str, Any] | None) -> Call:
    if found:
        return Call("PUT", f"{path}/{wire.number(found.get('id'))}", f'put the rule "{body["name"]}" right', body)
    return Call("POST", path, f'make the rule "{body["name"]}"', body)


def _kept(told: str) -> str:
    """A secret that is in use already, unless it is too weak: then a new one."""
    return told if told and not webhook.refuse([told]) else randomness.token_urlsafe(32)


def _usable(secret: str) -> str:
    """The secret, where Freshdesk can send it and we would take it. Raises MisconfiguredError."""
    if weak := webhook.refuse([secret]):
        raise MisconfiguredError(weak[0])
    if not _WRITABLE.fullmatch(secret):
        raise MisconfiguredError("a Freshdesk webhook secret has letters, digits and signs, no blank and no comma")
    return secret


def _why(error: RejectedError) -> str:
    """Why the API does not do it, as part of a sentence."""
    if isinstance(error, ForbiddenError):
        return "the API refuses this key the automation rules: its agent is no administrator, or the plan has none"
    if isinstance(error, GoneError):
        return "the API of this account has no automation rules"
    return f"the API did not take them: {error}"
