"""A look-up of the policy, as a request: the address filled in for one customer, headers with secrets, and where facts stand.

The host is the policy file's: what a customer is called can change neither it nor a segment of the path.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urldefrag, urlsplit

from connectors.base import Ticket
from service.policy.document import Lookup

_HOLE = re.compile(r"(?:\{|%7B)(email|id|organization)(?:\}|%7D)", re.IGNORECASE)
_SECRET = re.compile(r"\{secret:([^{}]{1,100})\}")
_UNFIT = re.compile(r"[/\\\x00-\x20\x7f]|\A\.+\Z")  # some servers read %2F as a slash, and %2E%2E as a way up
_LONGEST = 320  # of an e-mail address, the longest of the three

_SAID: Final = {"email": "e-mail address", "id": "id", "organization": "organisation"}


@dataclass(frozen=True, slots=True)
class Known:
    """How an API that many have is asked. prefix: before every path of `fields`. fields: where the policy names none."""

    url: str
    secret: str
    prefix: str
    fields: Mapping[str, str]


KINDS: Final = {
    # https://developers.hubspot.com/docs/api-reference/crm-contacts-v3/guide: a contact by its e-mail address
    "hubspot": Known(
        url="https://api.hubapi.com/crm/v3/objects/contacts/{email}?idProperty=email&properties=",
        secret="HUBSPOT",  # noqa: S106 - a name
        prefix="properties.",
        fields={"lifecycle_stage": "lifecyclestage", "lead_status": "hs_lead_status", "since": "createdate"},
    ),
    # https://docs.stripe.com/api/customers/list: the newest customer with this address, which is compared case by case
    "stripe": Known(
        url="https://api.stripe.com/v1/customers?limit=1&expand[]=data.subscriptions&email={email}",
        secret="STRIPE",  # noqa: S106 - a name
        prefix="data.0.",
        fields={
            "since": "created",
            "subscription": "subscriptions.data.0.status",
            "plan": "subscriptions.data.0.items.data.0.price.nickname",
            "delinquent": "delinquent",
        },
    ),
}
"""Ready mappings. Of a `url` in the policy only the host counts for them: another region's, say."""


class UnaskedError(Exception):
    """Nothing is asked; the text says why. misconfigured: until a person changes something."""

    def __init__(self, message: str, *, misconfigured: bool = False) -> None:
        super().__init__(message)
        self.misconfigured = misconfigured


@dataclass(frozen=True, slots=True)
class Asking:
    """A request that is ready. paths: our name → where it stands in the answer."""

    url: str = field(repr=False)  # it names the customer
    headers: Mapping[str, str] = field(repr=False)  # they hold secrets
    paths: Mapping[str, str]


def names(lookup: Lookup) -> tuple[str, ...]:
    """What a look-up says of a customer, by our names."""
    return tuple(lookup.fields or (KINDS[lookup.kind].fields if lookup.kind in KINDS else ()))


def asking(lookup: Lookup, ticket: Ticket, *, secrets: Mapping[str, str]) -> Asking:
    """What to ask about the requester of a ticket. Raises UnaskedError."""
    known = KINDS.get(lookup.kind)
    given = dict(lookup.fields or (known.fields if known else {}))
    template = urldefrag(str(lookup.url or "")).url.removesuffix("?")  # neither is sent
    headers = {
        "accept": "application/json",
        "accept-encoding": "identity",
        **{k.lower(): v for k, v in lookup.headers.items()},
    }
    if known:
        own = urlsplit(template)
        template = known.url if not template else f"{own.scheme}://{own.netloc}{_beyond(known.url)}"
        if lookup.kind == "hubspot":
            template += ",".join(quote(name, safe="") for name in given.values())
        headers.setdefault("authorization", f"Bearer {{secret:{known.secret}}}")
    if not template:
        raise UnaskedError("has no url in the policy", misconfigured=True)
    host, rest = template.removesuffix(_beyond(template)), _beyond(template)
    paths = {name: (known.prefix if known else "") + path for name, path in given.items()}
    url = host + _HOLE.sub(lambda hole: _filled(hole[1].lower(), ticket), rest)
    return Asking(url, {name: _header(name, value, secrets) for name, value in headers.items()}, paths)


def _beyond(url: str) -> str:
    """What stands behind the host."""
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _filled(name: str, ticket: Ticket) -> str:
    organization = ticket.organization.id if ticket.organization else ""
    value = {"email": ticket.requester.email, "id": ticket.requester.id, "organization": organization}[name]
    if not value:
        raise UnaskedError(f"the ticket has no {_SAID[name]} to ask with")
    if _UNFIT.search(value) or len(value) > _LONGEST:
        raise UnaskedError(f"the customer's {_SAID[name]} cannot stand in an address")
    return quote(value, safe="", errors="replace")


def _header(name: str, template: str, secrets: Mapping[str, str]) -> str:
    known = {one.lower(): value for one, value in secrets.items()}  # as the policy's check reads them
    if absent := next((one for one in _SECRET.findall(template) if one.lower() not in known), ""):
        raise UnaskedError(f"DESKPILOT_LOOKUP__SECRETS has no {absent}", misconfigured=True)
    value = _SECRET.sub(lambda found: known[found[1].lower()], template)
    if not (value.isascii() and value.isprintable()):
        raise UnaskedError(f"its header {name} holds what no header can carry", misconfigured=True)
    return value
