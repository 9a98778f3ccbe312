"""Automation rules: what they do when something happens to a ticket, and how the receiver of a webhook may know that it is us."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any, Literal

from connectors.freshdesk.simulator.deliveries import Deliveries
from connectors.freshdesk.simulator.judging import applies
from connectors.freshdesk.simulator.options import Options
from connectors.freshdesk.simulator.payloads import ADVANCED, SIMPLE, render
from connectors.freshdesk.simulator.records import ACTIONS, JSON, Change, Mail, StoredRule
from connectors.freshdesk.simulator.state import State
from connectors.simulated.clock import Clock

SecretKind = Literal["basic", "header", "path"]
"""Where the shared secret travels: password of Basic authentication, `X-Webhook-Secret`, or last part of the address."""

BodyKind = Literal["simple", "advanced"]

CREATION, KINDS = 1, (1, 3, 4)
"""Numbers of rules in addresses: 3 and 4 are the hourly ones and those on updates; which is which is an option, for texts disagree."""

AGENT, REQUESTER, ANYBODY = 1, 2, 3
"""Whose deed a rule on updates hears of: `type` of its performer."""

_USER_NAME = "deskpilot"
_HEADER = "X-Webhook-Secret"
_EVERY_TICKET: list[JSON] = [
    {
        "name": "condition_set_1",
        "match_type": "all",
        "properties": [{"resource_type": "ticket", "field_name": "priority", "operator": "in", "value": [1, 2, 3, 4]}],
    }
]
_REPLIED: list[JSON] = [{"field_name": "reply_sent"}, {"field_name": "note_type", "value": "public"}]
_ANYTHING: list[JSON] = [
    {"field_name": "reply_sent"},
    {"field_name": "note_type", "value": "--"},
    *({"field_name": name, "from": "--", "to": "--"} for name in ("status", "priority", "group_id")),
]


class Rules:
    """The account's rules, by kind in the order they were made."""

    def __init__(self, *, clock: Clock, options: Options) -> None:
        self._clock = clock
        self._options = options
        self._ids = count(43_000_030_001)
        self.all: dict[int, StoredRule] = {}
        self.secrets: list[str] = []  # of the webhooks that were connected by hand
        self.mails: list[Mail] = []  # what rules mailed to people

    @property
    def updates(self) -> int:
        """Number of the kind that runs on updates."""
        return self._options.update_rules

    def connect(self, endpoint: str, *, kind: SecretKind, body: BodyKind, content: str, secret: str) -> str:
        """Connect a webhook as an administrator does by hand: one rule for new tickets, one for replies. Returns the secret.

        content: overrides what `body` stands for; an empty `secret` is made up.
        """
        secret = secret or secrets.token_urlsafe(24)
        action: JSON = {
            "field_name": "trigger_webhook",
            "request_type": "POST",
            "url": f"{endpoint.rstrip('/')}/{secret}" if kind == "path" else endpoint,
            "content_type": "JSON",
            "content_layout": "1" if body == "simple" and not content else "2",
            "content": content or {"simple": SIMPLE, "advanced": ADVANCED}[body],
        }
        if kind == "basic":
            action |= {"need_authentication": True, "username": _USER_NAME, "password": secret}
        elif kind == "header":
            action["custom_headers"] = {_HEADER: secret}
        everything = self._options.fire_on_agents
        heard: JSON = {"type": ANYBODY if everything else REQUESTER}
        shared: JSON = {"conditions": _EVERY_TICKET, "actions": [action]}
        self.add(CREATION, {"name": f"New ticket to {endpoint}", **shared})
        events = _ANYTHING if everything else _REPLIED
        self.add(self.updates, {"name": f"Update to {endpoint}", "performer": heard, "events": events, **shared})
        self.secrets.append(secret)
        return secret

    def add(self, kind: int, given: JSON) -> StoredRule:
        """Store a rule of fields as the API takes them."""
        now = self._clock().replace(microsecond=0)
        rule = StoredRule(next(self._ids), kind, str(given["name"]), now, now)
        self.all[rule.id] = rule
        self.change(rule, given)
        return rule

    def change(self, rule: StoredRule, given: JSON) -> None:
        """Set the fields that are given; the others stay."""
        for name in ("name", "active", "performer", "events", "conditions", "actions"):
            if name in given:
                setattr(rule, name, given[name])
        rule.updated_at = self._clock().replace(microsecond=0)

    def of(self, kind: int) -> list[StoredRule]:
        """Rules of one kind, in the order in which they run."""
        return [rule for rule in self.all.values() if rule.kind == kind]

    def run(self, state: State, change: Change, deliveries: Deliveries) -> None:
        """Do what the rules say; on a new ticket only the first that fits, where the account is set so."""
        created = change.triggered == "{ticket_action:created}"
        for rule in self.of(CREATION if created else self.updates):
            if rule.active and applies(rule, change, state):
                for action in rule.actions:
                    self._act(action, rule, state, change, deliveries)
                if created and self._options.first_rule_only:
                    return

    def _act(
        self, action: Mapping[str, Any], rule: StoredRule, state: State, change: Change, deliveries: Deliveries
    ) -> None:
        name = action["field_name"]
        if name == "trigger_webhook":
            deliveries.send(
                ticket_id=str(change.ticket_id),
                url=action["url"],
                headers=_headers(action),
                body=render(state, change, content=_content(action)),
            )
        elif name in ACTIONS["mail"]:
            self.mails.append(Mail(change.ticket_id, rule.name, name, action.get("email_body", "")))

    def known_secrets(self) -> Iterator[str]:
        """Secrets of all webhooks, once each, oldest first."""
        made = (
            str(value)
            for rule in self.all.values()
            for action in rule.actions
            for name, value in (action.get("custom_headers") or {}).items()
            if name.lower() == _HEADER.lower()
        )
        yield from dict.fromkeys((*self.secrets, *made))


def _headers(action: Mapping[str, Any]) -> dict[str, str]:
    """What a webhook sends along. Nothing is signed."""
    headers = {"Content-Type": "application/json", "User-Agent": "Freshdesk"} | dict(action.get("custom_headers") or {})
    if action.get("need_authentication"):
        pair = base64.b64encode(f"{action.get('username')}:{action.get('password')}".encode()).decode()
        headers["Authorization"] = f"Basic {pair}"
    return headers


def _content(action: Mapping[str, Any]) -> str:
    """The template of a webhook's body: text as it was typed, or the object that the API was given."""
    content = action["content"]
    return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False, separators=(",", ":"))
