"""Automation rules that call a webhook: who hears of a change, and how the receiver may know that it is us."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from typing import Literal

from connectors.freshdesk.simulator.deliveries import Deliveries
from connectors.freshdesk.simulator.payloads import ADVANCED, SIMPLE, render
from connectors.freshdesk.simulator.records import Change
from connectors.freshdesk.simulator.state import State

SecretKind = Literal["basic", "header", "path"]
"""Where the shared secret travels: password of Basic authentication, `X-Webhook-Secret`, or last part of the address."""

BodyKind = Literal["simple", "advanced"]

_USER_NAME = "deskpilot"


@dataclass(frozen=True, slots=True)
class Rule:
    """One "Trigger Webhook" action."""

    endpoint: str
    secret: str
    kind: SecretKind
    content: str

    @property
    def url(self) -> str:
        """Where it posts to."""
        return f"{self.endpoint.rstrip('/')}/{self.secret}" if self.kind == "path" else self.endpoint

    @property
    def headers(self) -> dict[str, str]:
        """What it sends along. Nothing is signed."""
        headers = {"Content-Type": "application/json", "User-Agent": "Freshdesk"}
        if self.kind == "basic":
            pair = base64.b64encode(f"{_USER_NAME}:{self.secret}".encode()).decode()
            headers["Authorization"] = f"Basic {pair}"
        elif self.kind == "header":
            headers["X-Webhook-Secret"] = self.secret
        return headers


class Rules:
    """The account's rules, in the order they were made."""

    def __init__(self) -> None:
        self.all: list[Rule] = []

    def add(self, endpoint: str, *, kind: SecretKind, body: BodyKind, content: str, secret: str) -> Rule:
        """Connect a webhook. `content` overrides what `body` stands for; an empty `secret` is made up."""
        written = content or {"simple": SIMPLE, "advanced": ADVANCED}[body]
        rule = Rule(endpoint, secret or secrets.token_urlsafe(24), kind, written)
        self.all.append(rule)
        return rule

    def run(self, state: State, change: Change, deliveries: Deliveries) -> None:
        """Send what the rules choose: new tickets and the requester's replies, or everything where so set up."""
        if not (change.by_rule_choice or state.options.fire_on_agents):
            return
        for rule in self.all:
            deliveries.send(
                ticket_id=str(change.ticket_id),
                url=rule.url,
                headers=rule.headers,
                body=render(state, change, content=rule.content),
            )
