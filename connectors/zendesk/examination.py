"""Looking at a Zendesk account: who we are to it, what we may, how its webhook does, which rules would mail our notes."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from connectors.base import ForbiddenError, MisconfiguredError, Person, RejectedError
from connectors.http import JSON, Door
from connectors.setup import Check
from connectors.signing import WINDOW
from connectors.zendesk import mailing
from connectors.zendesk.paging import PAGE_SIZE, pages
from connectors.zendesk.wire import documented_shape

UNREACHED = (
    "Start the service, and make its address reachable from the internet: name, certificate, firewall, and a proxy that hands on "
    "/webhooks/."
)

_CLOCK_DOUBTFUL = timedelta(seconds=30)
_TRIAL_WEBHOOKS = 10
_LOOKED_BACK = timedelta(days=1)
_OF_MACHINES = re.compile(
    r"desk-?pilot|co-?pilot|\bbots?\b|\bapi\b|integration|automation|service|support|helpdesk|assistant|no-?reply", re.IGNORECASE
)  # fmt: skip
_OWN_USER = (
    "Make a user of its own for the notes, such as deskpilot@your-company.example: an agent whose role comments privately only "
    "is enough."
)
_NEEDED_SCOPES = {"read", "write"}


async def examined(door: Door, endpoint: str, *, secrets: Sequence[str], now: datetime) -> list[Check]:
    """Every check, in the order in which they are mended. See `connectors.setup.Setup.examine`."""
    address = [*_address(endpoint, account=door.host)] if endpoint else []
    try:
        answer = await door.call("GET", "/api/v2/users/me")
    except MisconfiguredError as error:
        remedy = "Make a confidential OAuth client in Admin Center (Apps and integrations, APIs, OAuth clients)."
        return [Check("identity", "wrong", f"Zendesk refuses our credentials: {error}.", remedy), *address]
    except ForbiddenError as error:  # a mistyped scope yields a token all the same, which opens nothing
        said = f"Our token opens nothing: {error}."
        return [Check("scopes", "wrong", said, "Give the OAuth client the scopes read and write."), *address]
    clock = [*_clock(answer.headers, now=now)]
    with documented_shape("current user"):
        user = answer.body["user"]
        identity = _identity(user)
    if identity.state == "wrong":
        return [identity, *clock, *address]
    me = Person(id=str(user["id"]), name=str(user.get("name") or "our user"), role="agent")
    seen = [identity, _rights(user), *await _scopes(door), *clock, *address]
    if user["role"] != "admin":  # it could not look at more
        return seen
    try:
        seen += await _webhook(door, endpoint, secrets=secrets, now=now)
        seen += mailing.checks(await _rules(door, "triggers"), await _rules(door, "automations"), me=me)
    except ForbiddenError as error:
        seen.append(
            Check("scopes", "wrong", f"We may not look at webhooks and triggers: {error}.", "Add the scope read.")
        )
    return seen


def arrived(status: object, payload: str, endpoint: str) -> Check:
    """What the answer to a test delivery means. status: None or 0 where nobody answered."""
    what = "test delivery"
    if not isinstance(status, int) or not status:
        return Check(what, "wrong", f"Zendesk cannot reach {endpoint}.", UNREACHED)
    if 200 <= status < 300:
        if payload and '"detail"' not in payload:  # a page for people, perhaps of a proxy that asks for a login
            said = f"{endpoint} answered {status}, but not as deskpilot does."
            return Check(what, "doubtful", said, "Look which service the address leads to.")
        return Check(what, "fine", f"A signed test delivery was accepted ({status}).")
    said, remedy = {
        401: (
            "reached the service, which does not know this secret yet",
            "Start the service again with the secret among its webhook secrets; if it has it, set its clock right.",
        ),
        404: (
            "reached a server, but no webhook of Zendesk there",
            "Set the address of Zendesk in the service, and start it.",
        ),
        503: ("reached the service, which could not store it", "Look at the service's database."),
    }.get(status, (f"was answered {status}", "Look which service or proxy the address leads to, and at its log."))
    return Check(what, "wrong", f"A test delivery to {endpoint} {said} ({status}).", remedy)


def _identity(user: JSON) -> Check:
    if user["id"] is None:
        said = "Zendesk takes us for an anonymous user, which is what it does with wrong credentials."
        return Check("identity", "wrong", said, "Check e-mail and token, or use an OAuth client.")
    who = f"{user['name']} ({user.get('email') or user['id']})"
    if user["role"] not in ("agent", "admin"):
        return Check(
            "identity", "wrong", f"{who} is no agent and cannot write notes.", "Give the user the role of an agent."
        )
    if user.get("suspended"):
        return Check("identity", "wrong", f"{who} is suspended.", "Unsuspend the user in Zendesk.")
    if not _OF_MACHINES.search(f"{user['name']} {user.get('email') or ''}"):
        return Check(
            "identity", "doubtful", f"{who} looks like a person's account: notes would carry that name.", _OWN_USER
        )
    return Check("identity", "fine", f"We are {who}.")


def _rights(user: JSON) -> Check:
    if user["role"] == "admin":
        return Check("rights", "fine", "An admin: may make webhooks and triggers; writing notes alone needs no admin.")
    least = " that can only comment privately, which is the best" if user.get("only_private_comments") else ""
    said = f"An agent{least}: may write notes, and needs no more; set-up needs an admin's credentials, for webhooks and triggers."
    return Check("rights", "fine", said)


async def _scopes(door: Door) -> list[Check]:
    """What the token may, where it is one of OAuth.

    https://developer.zendesk.com/api-reference/ticketing/oauth/oauth_tokens/
    """
    try:
        token = (await door.call("GET", "/api/v2/oauth/tokens/current")).body
    except (
        RejectedError,
        MisconfiguredError,
    ):  # an API token, which may all that its user may; no text says how it is refused
        return []
    with documented_shape("current token"):
        scopes = [str(scope) for scope in token["token"]["scopes"]]
    named = ", ".join(scopes) or "none"
    if missing := sorted(_NEEDED_SCOPES - set(scopes)):
        if any(scope.rpartition(":")[0] and scope.endswith(":write") for scope in scopes):
            said = f"The token has scopes of single families only ({named})."
            return [Check("scopes", "doubtful", said, "Ask for read and write, unless you know that these are enough.")]
        said = f"The token lacks the scope {' and '.join(missing)}: it has {named}."
        return [Check("scopes", "wrong", said, "Give the OAuth client the scopes read and write.")]
    return [Check("scopes", "fine", f"The token has the scopes {named}.")]


def _clock(headers: Mapping[str, str], *, now: datetime) -> Iterator[Check]:
    """How far our clock is off, as the answer's Date tells it."""
    try:
        off = now - parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError, TypeError):  # TypeError: no zone
        return
    seconds = round(abs(off.total_seconds()))
    said = f"Our clock is {seconds} seconds {'ahead of' if off > timedelta(0) else 'behind'} Zendesk's."
    if abs(off) < _CLOCK_DOUBTFUL:
        yield Check("clock", "fine", "Our clock and Zendesk's agree.")
    else:
        much = f"beyond {round(WINDOW.total_seconds())} every webhook is refused"
        remedy = f"Set the clock right (NTP): {much}."
        yield Check("clock", "wrong" if abs(off) >= WINDOW else "doubtful", said, remedy)


def _address(endpoint: str, *, account: str) -> Iterator[Check]:
    """Whether Zendesk could call it, as far as the address alone tells. account: a helpdesk on this machine reaches us here."""
    parts = urlsplit(endpoint)
    host = parts.hostname or ""
    if not host or parts.scheme not in ("http", "https"):
        yield Check("address", "wrong", f"{endpoint} is not an address.", "Write it as https://host.")
    elif _private(urlsplit(f"//{account}").hostname or ""):
        yield Check("address", "fine", f"Webhooks go to {endpoint}.")
    elif _private(host):
        said = f"{host} is an address of this machine or network: Zendesk cannot reach it."
        yield Check("address", "wrong", said, "Give the public address of the service, or of a tunnel to it.")
    elif parts.scheme != "https":
        said = f"{endpoint} is not https: anybody on the way could read what is sent there."
        yield Check("address", "wrong", said, "Put TLS in front of the service, and give its https address.")
    else:
        yield Check("address", "fine", f"Webhooks go to {endpoint}.")


def _private(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:
        name = host.lower().rstrip(".")
        return "." not in name or name.endswith((".local", ".internal", ".localhost", ".lan", ".home.arpa"))


async def _webhook(door: Door, endpoint: str, *, secrets: Sequence[str], now: datetime) -> list[Check]:
    there = [one async for page in pages(door, "/api/v2/webhooks", params={}) for one in _rows(page, "webhooks")]
    with documented_shape("webhook"):
        here = [one for one in there if (one["endpoint"] == endpoint if endpoint else one["name"] == "deskpilot")]
        if not here and not endpoint:
            said = "Which webhook is ours is not known: none has our name, and our public address is not set."
            return [Check("webhook", "doubtful", said, "Set the public address.")]
        if not here:
            ours = ", ".join(one["endpoint"] for one in there if one["name"] == "deskpilot")
            said = f"No webhook calls {endpoint}{f'; ours calls {ours}' if ours else ''}."
            full = len(there) >= _TRIAL_WEBHOOKS and not ours
            plan = f"The account has {len(there)} webhooks, and a trial takes {_TRIAL_WEBHOOKS}, sixty deliveries a minute."
            limit = (
                [Check("plan", "doubtful", plan, "If it is a trial, delete a webhook that nobody uses.")]
                if full
                else []
            )
            return [Check("webhook", "wrong", said, "Let set-up make it."), *limit]
        if len(here) > 1:
            said = f"{len(here)} webhooks call {endpoint or 'us'}: everything comes more than once."
            return [Check("webhook", "doubtful", said, "Delete all but one, then run set-up.")]
        webhook = here[0]
        path = f"/api/v2/webhooks/{webhook['id']}"
        secret = (await door.call("GET", f"{path}/signing_secret")).body["signing_secret"]["secret"]
        calls = (await door.call("GET", f"{path}/invocations", params={"page[size]": PAGE_SIZE})).body["invocations"]
        return [_state(webhook), _signing(str(secret), secrets), *_recent(calls, now=now)]


def _state(webhook: JSON) -> Check:
    if webhook["status"] != "active":
        said = f'The webhook "{webhook["name"]}" is switched off.'
        return Check("webhook", "wrong", said, "Activate it in Admin Center, or let set-up do it.")
    return Check("webhook", "fine", f'The webhook "{webhook["name"]}" calls {webhook["endpoint"]}.')


def _signing(secret: str, secrets: Sequence[str]) -> Check:
    if any(hmac.compare_digest(secret.encode(), one.encode()) for one in secrets):
        return Check("signing secret", "fine", "The webhook's signing secret is among ours.")
    said = "The webhook's signing secret is not among ours: everything that it sends is refused."
    return Check(
        "signing secret",
        "wrong",
        said,
        "Let set-up fetch it, or copy it from Admin Center, and start the service again.",
    )


def _recent(calls: Sequence[JSON], *, now: datetime) -> Iterator[Check]:
    """How the deliveries of the last day went, as Zendesk tells; newest last."""
    done = sorted(
        (one for one in calls if one.get("latest_completed_at") and _at(one) >= now - _LOOKED_BACK),
        key=lambda one: (_at(one), str(one["id"])),
    )
    failed = [one for one in done if one["status"] not in ("success", "accepted", "throttled")]
    if any(one["status"] == "throttled" for one in done):
        said = "Zendesk holds deliveries back: too many a minute."
        yield Check("deliveries", "doubtful", said, "A trial sends sixty a minute, another plan more.")
    if not done:
        return
    count = f"{len(failed)} of the last {len(done)} deliveries failed"
    if not failed:
        yield Check("deliveries", "fine", f"The last {len(done)} deliveries were accepted.")
    elif failed[-1] is done[-1]:
        how = _how(failed[-1])
        yield Check("deliveries", "wrong", f"{count}, the last one too: {how[0]}.", how[1])
    else:
        how = _how(failed[-1])
        said = f"{count}: {how[0]}; those after it were accepted."
        yield Check("deliveries", "doubtful", said, "Nothing is lost: what was missed is asked for every five minutes.")


def _how(call: JSON) -> tuple[str, str]:
    status = call.get("status_code")
    if status == 401:
        return "refused with 401", "Check the signing secret, and the clock."
    if call["status"] == "circuit broken":
        return "not sent, after too many failures", "Look at the failures before it."
    return (f"answered {status}" if status else f"{call['status']}, nobody answered"), UNREACHED


def _at(call: JSON) -> datetime:
    return datetime.fromisoformat(call["latest_completed_at"])


async def _rules(door: Door, name: str) -> list[JSON]:
    return [one async for page in pages(door, f"/api/v2/{name}", params={}) for one in _rows(page, name)]


def _rows(page: JSON, name: str) -> list[Any]:
    with documented_shape(f"list of {name}"):
        return list(page[name])
