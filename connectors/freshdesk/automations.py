"""The automation rules that we need, and what the rules of an account do; pure.

The API for them is not in the public reference. Shapes are those that public clients write and read: `content_layout` "2" is
"Advanced", `custom_headers` come back as they were given, a password does not.
Source: https://support.freshdesk.com/support/solutions/articles/132589 (the action), .../99047 (rules on updates)
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from connectors.http import JSON

Kind = Literal["creation", "updates"]
"""When a rule runs: on new tickets, or on what happens to one."""

Rule = Mapping[str, Any]

AGENT, REQUESTER, ANYBODY = 1, 2, 3
"""`type` of a performer: whose deed a rule on updates hears of."""

HEADER = "X-Webhook-Secret"

CONTENT = {"ticket_id": "{{ticket.id}}", "event": "{{triggered_event}}"}
"""Body of our webhook: ids only. Whether Freshdesk escapes what it inserts is not documented."""

_ANY = "--"
_WEBHOOK = "trigger_webhook"
_MAIL = "send_email_to_"
_TO_REQUESTER = "send_email_to_requester"
_PRIVATE = "ticket.latest_private_comment"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A rule that we need. `performer` and `events`: of rules on updates."""

    name: str
    kind: Kind
    performer: int = 0
    events: tuple[Rule, ...] = ()


WANTED = (
    Wanted("deskpilot: new ticket", "creation"),
    Wanted(
        "deskpilot: requester replied",
        "updates",
        performer=REQUESTER,
        events=(
            {"field_name": "reply_sent"},
            {"field_name": "note_type", "value": "public"},
        ),  # as they do in the portal
    ),
    Wanted(
        "deskpilot: agent wrote a note or changed the status",
        "updates",
        performer=AGENT,
        events=({"field_name": "note_type", "value": "private"}, {"field_name": "status", "from": _ANY, "to": _ANY}),
    ),
)

_EVERY_TICKET = {  # a condition is compulsory; every ticket has a priority
    "name": "condition_set_1",
    "match_type": "any",
    "properties": [{"resource_type": "ticket", "field_name": "priority", "operator": "in", "value": [1, 2, 3, 4]}],
}


@dataclass(frozen=True, slots=True)
class Mailing:
    """A rule of the account by which our private notes get into e-mails.

    how: "people" or "requester" are mailed at every private note; "shown": the requester is sent the newest one at other times.
    """

    rule: str
    how: Literal["people", "requester", "shown"]
    anybody: bool = False  # it hears of requesters' deeds, too


def written(wanted: Wanted, *, endpoint: str, secret: str, found: Rule | None = None) -> JSON:
    """The body that makes the rule, or puts ours right: its conditions, and what it was given to do besides, stay."""
    calling: JSON = {
        "field_name": _WEBHOOK,
        "request_type": "POST",
        "url": endpoint,
        "content_type": "JSON",
        "content_layout": "2",
        "custom_headers": {HEADER: secret},
        "content": dict(CONTENT),
    }
    others = [action for action in _list(found, "actions") if not _called_us(action, endpoint)]
    rule: JSON = {"name": wanted.name, "active": True}
    if wanted.kind == "updates":
        rule |= {"performer": {"type": wanted.performer}, "events": [dict(event) for event in wanted.events]}
    return rule | {"conditions": _list(found, "conditions") or [_EVERY_TICKET], "actions": [*others, calling]}


def named(rules: Sequence[Rule], wanted: Wanted) -> Rule | None:
    """The rule of that name, which set-up made or somebody who followed its clicks."""
    return next((rule for rule in rules if rule.get("name") == wanted.name), None)


def serving(rules: Sequence[Rule], wanted: Wanted, *, endpoint: str) -> Rule | None:
    """The rule that does this one's work: by its name, else one that calls us when it should."""
    calling = (rule for rule in rules if rule.get("active") and hears(rule, wanted) and hook(rule, endpoint=endpoint))
    return named(rules, wanted) or next(calling, None)


def stands(rule: Rule, wanted: Wanted, *, endpoint: str, secret: str) -> bool:
    """Whether nothing need be done about it."""
    action = hook(rule, endpoint=endpoint)
    return (
        action is not None
        and bool(rule.get("active"))
        and hears(rule, wanted)
        and _names_ticket(action)
        and proven(action, endpoint=endpoint, secrets=[secret]) is True
    )


def hears(rule: Rule, wanted: Wanted) -> bool:
    """Whether everything that the wanted rule should hear of makes this one run."""
    if wanted.kind == "creation":
        return True
    performer = _performer(rule)
    heard = performer.get("type") in (wanted.performer, ANYBODY) and not performer.get("members")
    return heard and all(any(_covers(event, one) for event in _list(rule, "events")) for one in wanted.events)


def hook(rule: Rule, *, endpoint: str) -> Rule | None:
    """Its action that calls us: at this address, or with the secret as the last part of it."""
    address = endpoint.rstrip("/")
    for action in _list(rule, "actions"):
        url = str(action.get("url") or "")
        if action.get("field_name") == _WEBHOOK and (url.rstrip("/") == address or url.startswith(f"{address}/")):
            return action
    return None


def proven(action: Rule, *, endpoint: str, secrets: Sequence[str]) -> bool | None:
    """Whether the webhook carries one of these; None where Freshdesk does not tell what it carries."""
    given = [*_header(action), _in_path(action, endpoint=endpoint), str(action.get("password") or "")]
    if any(one and one in secrets for one in given):
        return True
    hidden = action.get("need_authentication") or any(set(one) <= {"*"} for one in _header(action))
    return None if hidden else False


def told(rules: Sequence[Rule], *, endpoint: str) -> str:
    """A secret that a webhook to us carries already; empty where none is told."""
    for action in (hook(rule, endpoint=endpoint) for rule in rules):
        for secret in (*_header(action), _in_path(action, endpoint=endpoint)) if action else ():
            if secret.strip("*"):
                return secret
    return ""


def ours(rules: Sequence[Rule], *, endpoint: str) -> Iterator[Rule]:
    """What set-up made for this address."""
    names = {wanted.name for wanted in WANTED}
    return (rule for rule in rules if rule.get("name") in names and hook(rule, endpoint=endpoint))


def mailings(rules: Sequence[Rule], *, me: str) -> Iterator[Mailing]:
    """Rules of any kind that mail when the agent `me` writes a private note, or that show private notes to requesters."""
    for rule in rules:
        mails = [action for action in _list(rule, "actions") if str(action.get("field_name")).startswith(_MAIL)]
        if not rule.get("active") or not mails:
            continue
        name = str(rule.get("name") or "without a name")
        to_requester = [mail for mail in mails if mail["field_name"] == _TO_REQUESTER]
        if any(_PRIVATE in str(mail.get(part)) for mail in to_requester for part in ("email_subject", "email_body")):
            yield Mailing(name, "shown")
        elif _of_agent(rule, me) and _of_private_note(rule):
            anybody = _performer(rule).get("type") == ANYBODY
            yield Mailing(name, "requester" if to_requester else "people", anybody=anybody)


def on_updates(rules: Sequence[Rule]) -> bool:
    """Whether these are rules on updates: only those have events."""
    return any(_list(rule, "events") for rule in rules)


def _covers(event: Rule, wanted: Rule) -> bool:
    return event.get("field_name") == wanted["field_name"] and all(
        event.get(part, _ANY) in (_ANY, wanted.get(part, _ANY)) for part in ("value", "from", "to")
    )


def _of_agent(rule: Rule, me: str) -> bool:
    performer = _performer(rule)
    members = performer.get("members")
    return performer.get("type") in (AGENT, ANYBODY) and (not members or me in map(str, members))


def _of_private_note(rule: Rule) -> bool:
    note = {"field_name": "note_type", "value": "private"}
    return any(_covers(event, note) for event in _list(rule, "events"))


def _names_ticket(action: Rule) -> bool:
    """Whether the body names the ticket; it is an object, or the text that was typed."""
    content = action.get("content")
    if isinstance(content, str):
        try:
            content = json.loads(content)
        except (ValueError, RecursionError):
            return False
    return isinstance(content, Mapping) and content.get("ticket_id") == CONTENT["ticket_id"]


def _called_us(action: Rule, endpoint: str) -> bool:
    """Whether an action of a rule of ours is its webhook, also where we had another host or secret."""
    path = urlsplit(str(action.get("url") or "")).path
    return action.get("field_name") == _WEBHOOK and (path.startswith(urlsplit(endpoint).path) or bool(_header(action)))


def _header(action: Rule) -> list[str]:
    headers = action.get("custom_headers")
    pairs = headers.items() if isinstance(headers, Mapping) else ()
    return [str(value) for name, value in pairs if str(name).lower() == HEADER.lower() and value]


def _in_path(action: Rule, *, endpoint: str) -> str:
    return str(action.get("url") or "").removeprefix(endpoint.rstrip("/")).strip("/")


def _performer(rule: Rule) -> Mapping[str, Any]:
    performer = rule.get("performer")
    return performer if isinstance(performer, Mapping) else {}


def _list(rule: Rule | None, name: str) -> list[JSON]:
    """The objects of a list; what is none of Freshdesk's shapes is left out."""
    parts = (rule or {}).get(name)
    return [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
