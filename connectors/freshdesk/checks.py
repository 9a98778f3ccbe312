"""What set-up says about an account: pure functions of what was read, one Check each."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from connectors.base import ConnectorError, ForbiddenError, MisconfiguredError, RejectedError
from connectors.freshdesk import limits, webhook
from connectors.freshdesk.automations import (
    AGENT,
    REQUESTER,
    WANTED,
    Kind,
    Mailing,
    Rule,
    Wanted,
    hears,
    hook,
    proven,
    serving,
)
from connectors.setup import Check

_SKEW = timedelta(minutes=1)
_CALLS_PER_MESSAGE = 10  # two reads of a ticket with its conversation, the note, and who the people are
_OF_A_PROGRAM = re.compile(
    r"deskpilot|bot\b|\bapi\b|co-?pilot|integration|automation|assistant|service|system|no-?reply", re.IGNORECASE
)
_AN_AGENT_OF_OUR_OWN = (
    'Make an agent for it alone (Admin, Team, Agents, New agent): called "deskpilot", role Agent, scope "All tickets"; '
    "then use the API key of that agent"
)
_LATE = {
    0: "new tickets are noticed up to five minutes late",
    REQUESTER: "replies of customers are noticed up to five minutes late",
    AGENT: "what agents ask for in a note, and solved tickets, are noticed up to five minutes late",
}


def identity(body: Mapping[str, Any], *, host: str) -> Check:
    """Whose key it is: somebody's, and not a person's."""
    name, email = _name_and_email(body)
    if not body.get("id") or not (name or email):
        return Check(
            "identity",
            "wrong",
            f"{host} does not say whose API key this is.",
            "Use the API key of an agent: profile picture, Profile settings, View API key.",
        )
    who = f"{name} <{email}>" if email else name
    if not _a_program(name, email):
        said = f"The API key is that of {who}, which looks like a person: notes would carry that name."
        return Check("identity", "doubtful", said, f"{_AN_AGENT_OF_OUR_OWN}.")
    return Check("identity", "fine", f"Notes are written as {who}.")


def name_of(body: Mapping[str, Any]) -> str:
    """Who writes the notes, in a sentence; a person's key will be replaced by another agent's."""
    name, email = _name_and_email(body)
    return (name or email) if _a_program(name, email) else "the one that writes our notes"


def _name_and_email(body: Mapping[str, Any]) -> tuple[str, str]:
    contact = body.get("contact")
    told = contact if isinstance(contact, Mapping) else {}
    return str(told.get("name") or ""), str(told.get("email") or "")


def _a_program(name: str, email: str) -> bool:
    return any(map(_OF_A_PROGRAM.search, (name, email.partition("@")[0])))


def scope(body: Mapping[str, Any]) -> Check:
    """Which tickets the agent may see."""
    seen = body.get("ticket_scope")
    remedy = 'Give it the scope "All tickets" (Admin, Team, Agents, the agent, Scope), and no more than the role Agent.'
    if seen == 3:
        said = "The agent sees only tickets that are assigned to it, so no other ticket gets a note."
        return Check("ticket scope", "wrong", said, remedy)
    if seen == 2:
        said = "The agent sees only tickets of its groups: those of other groups get no note."
        return Check("ticket scope", "doubtful", said, remedy)
    return Check("ticket scope", "fine", "The agent sees all tickets.")


def rights(*, administrator: bool) -> Check:
    """Whether the agent may do more than writing notes takes."""
    if not administrator:
        return Check("rights", "fine", "The agent may not see automation rules: writing notes takes no more.")
    return Check(
        "rights",
        "doubtful",
        "The API key is an administrator's, which set-up needs once and notes never.",
        "Once set-up is done, give the service the API key of an agent whose role is Agent.",
    )


def reading(error: ConnectorError | None) -> Check:
    """Whether the agent may read tickets at all."""
    if error is None:
        return Check("tickets", "fine", "The agent may read tickets.")
    remedy = "Give it the role Agent (Admin, Team, Agents); where the account is on the plan Free, choose a larger one."
    return Check("tickets", "wrong", f"The agent may not read tickets: {error}.", remedy)


def refused(error: ConnectorError, *, host: str) -> Check:
    """The very first call was refused. `host`: the helpdesk's."""
    if isinstance(error, ForbiddenError):
        said = f"{host} allows this API key nothing: {error}."
        return Check(
            "identity", "wrong", said, "Choose the plan Growth or a larger one, and the key of an active agent."
        )
    if isinstance(error, MisconfiguredError):
        said = f"{host} does not take the API key: {error}."
        remedy = "Copy it again from the agent's page: profile picture, Profile settings, View API key."
        return Check("identity", "wrong", said, remedy)
    said = f"{host} is not the address of a Freshdesk account's API: {error}."
    return Check("identity", "wrong", said, "Use https://you.freshdesk.com, not a name of your own that points there.")


def clock(headers: Mapping[str, str], *, now: datetime) -> Check | None:
    """Our clock beside theirs; None where the answer has no date."""
    try:
        theirs = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError):
        return None
    behind = theirs - now if theirs.tzinfo else theirs.replace(tzinfo=UTC) - now
    if abs(behind) <= _SKEW:
        return Check("clock", "fine", "Our clock and Freshdesk's agree.")
    way = "behind" if behind > timedelta() else "ahead of"
    return Check(
        "clock",
        "doubtful",
        f"The clock of this machine is {abs(behind).total_seconds():.0f} seconds {way} Freshdesk's.",
        "Have the machine set its clock by NTP: changed tickets are looked for by time.",
    )


def plan(headers: Mapping[str, str]) -> Check | None:
    """What the plan allows a minute; None where the answer does not say."""
    total = limits.calls_a_minute(headers)
    if total is None:
        return None
    said = f"The account allows {total} API calls a minute, some {total // _CALLS_PER_MESSAGE} customer messages"
    if limits.of_a_trial(headers):
        remedy = "Enough to try it; for daily work choose the plan Growth (200 calls) or a larger one."
        return Check("plan", "doubtful", f"{said}: that is a trial's limit.", remedy)
    if total <= 0:
        return Check(
            "plan", "wrong", "The account's plan allows no API calls.", "Choose the plan Growth or a larger one."
        )
    return Check("plan", "fine", f"{said}.")


def address(endpoint: str, *, base_url: str) -> Check:
    """Whether Freshdesk could call this address, as far as its looks tell."""
    parts = urlsplit(endpoint)
    host = parts.hostname or ""
    if not endpoint:
        said = "Our public address is not set, so whether webhooks reach us cannot be looked at."
        return Check("address", "doubtful", said, "Set it: https and a host name that the internet knows.")
    if not host or parts.scheme not in ("http", "https"):
        said = f"{endpoint!r} is not an address that webhooks can be sent to."
        return Check("address", "wrong", said, "Set one with https and a host name that the internet knows.")
    if _private(urlsplit(base_url).hostname or ""):  # a simulator beside us
        return Check("address", "fine", f"Webhooks go to {endpoint}, as near as the helpdesk itself.")
    if _private(host):
        said = f"Freshdesk cannot reach {host}: the address is known in your own network only."
        return Check(
            "address", "wrong", said, "Put a public host name with https in front of the service, or a tunnel."
        )
    if parts.scheme != "https":
        said = f"Webhooks go to {endpoint} without encryption, and their secret with them."
        return Check("address", "wrong", said, "Put TLS in front of the service, and give its https address.")
    return Check("address", "fine", f"Webhooks go to {endpoint}.")


def reached(endpoint: str, error: ConnectorError | None) -> Check | None:
    """What answered there when we asked; None for what this service answers to whoever only asks (405)."""
    if type(error) is RejectedError:
        return None
    what = (
        f"nothing of this service answers there yet: {error}"
        if error
        else "something else than this service answers there"
    )
    return Check(
        "address",
        "doubtful",
        f"Webhooks go to {endpoint}, and, asked from here, {what}.",
        "Start the service with these settings behind that address, and see that the internet may POST there.",
    )


def secret(secrets: Sequence[str]) -> Check:
    """Whether what we accept is fit for use."""
    if not secrets:
        said = "No webhook secret is set, so every delivery is refused."
        return Check("webhook secret", "wrong", said, "Run `deskpilot setup freshdesk`: it makes one.")
    if weak := webhook.refuse(secrets):
        return Check("webhook secret", "wrong", weak[0], "Run `deskpilot setup freshdesk` with another one.")
    return Check("webhook secret", "fine", "Deliveries are believed by their secret.")


def rules_unread(said: str) -> Check:
    """Our rules could not be looked at. `said`: why."""
    return Check(
        "webhook",
        "doubtful",
        f"Whether our automation rules stand cannot be read: {said}.",
        "Write a test ticket and see its webhook arrive, or run set-up once with the API key of an administrator.",
    )


def webhooks(rules: Mapping[Kind, Sequence[Rule]], *, endpoint: str, secrets: Sequence[str]) -> Check:
    """Whether each rule that we need is there, active, and carries a secret that we accept; the first that is not."""
    hidden = False
    for wanted in WANTED:
        rule = serving(rules[wanted.kind], wanted, endpoint=endpoint)
        action = hook(rule, endpoint=endpoint) if rule else None
        known = proven(action, endpoint=endpoint, secrets=secrets) if action else None
        hidden |= known is None
        if problem := _problem(rule, action, wanted, known=known):
            return Check(
                "webhook",
                "doubtful" if wanted.performer == AGENT else "wrong",
                f'The automation rule "{wanted.name}" {problem}: {_LATE[wanted.performer]}.',
                "Run `deskpilot setup freshdesk`: it makes what is missing and changes what is different.",
            )
    told = ", with a secret that Freshdesk does not tell" if hidden else ""
    if others := sum(bool(rule.get("active")) and not hook(rule, endpoint=endpoint) for rule in rules["creation"]):
        told += (
            f"; {others} more run on new tickets: if that list executes the first matching rule only, tickets that these "
            "take are noticed up to five minutes late"
        )
    return Check("webhook", "fine", f"Our {len(WANTED)} automation rules call {endpoint}{told}.")


def _problem(rule: Rule | None, action: Rule | None, wanted: Wanted, *, known: bool | None) -> str:
    if rule is None:
        return "is missing"
    if not rule.get("active"):
        return "is switched off"
    if action is None:
        return "calls another address than ours"
    if not hears(rule, wanted):
        return "does not run on all that it should"
    return "carries another secret than ours, so its deliveries are refused" if known is False else ""


def mail(found: Sequence[Mailing], *, me: str) -> Iterator[Check]:
    """Rules of the account that would mail our notes, each with what excludes it; one Check where there is none."""
    for one in found:
        what, state = f'The automation rule "{one.rule}" mails', "wrong"
        agents = (
            f'choose Agent under "When an action performed by" and pick every agent but {me} in place of "Any agent"'
        )
        more = ", and make a second rule for Requester" if one.anybody else ""
        remedy = f"In Admin, Workflows, Automations, Ticket Updates, that rule: {agents}{more}."
        if one.how == "shown":
            said = f"{what} the newest private note to requesters, which may be ours."
            remedy = "Put {{ticket.latest_public_comment}} where its text has {{ticket.latest_private_comment}}."
        elif one.how == "requester":
            said = f"{what} the requester at every private note, so at each of ours."
        else:
            said, state = f"{what} people of yours at every private note, so at each of ours.", "doubtful"
        yield Check("mail rules", "wrong" if state == "wrong" else "doubtful", said, remedy)
    if not found:
        yield Check(
            "mail rules",
            "fine",
            "No automation rule mails private notes; what Freshdesk itself mails (Admin, Workflows, Email "
            "notifications, Agent notifications) the API does not tell.",
        )


def failures() -> Check:
    """What became of past deliveries."""
    return Check(
        "deliveries",
        "fine",
        "Which webhooks failed the API does not tell: Freshdesk mails its administrators when it gives one up, and whatever "
        "was lost is found within five minutes.",
    )


def _private(host: str) -> bool:
    """True for what only this machine or this network knows."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".local", ".internal", ".localhost", ".lan", ".home.arpa"))
