"""Who asks for a page of the administrators, and what came with the form."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network
from typing import Literal
from urllib.parse import parse_qs

from fastapi import Request

from service.groups import ProxySettings

Headers = Sequence[tuple[bytes, bytes]]

_NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f]{1,200}")


@dataclass(frozen=True, slots=True)
class Form:
    """What a form sent; without its CSRF token, which was looked at before."""

    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def one(self, name: str) -> str:
        """The (first) value of a field, without space around it; "" where it is missing."""
        return next(iter(self.fields.get(name, ())), "").strip()

    def every(self, name: str) -> Sequence[str]:
        """All values of a field that may come several times."""
        return self.fields.get(name, ())


@dataclass(frozen=True, slots=True)
class Visitor:
    """name: who is signed in; empty: nobody. by: what says so. form_token: for the forms of the page."""

    name: str = ""
    by: Literal["", "token", "proxy"] = ""
    form_token: str = field(default="", repr=False)


def visitor_of(request: Request) -> Visitor:
    """Whom the door has let in."""
    visitor = request.scope.get("deskpilot.visitor")
    return visitor if isinstance(visitor, Visitor) else Visitor()


def form_of(request: Request) -> Form:
    """What was sent, once the door has found that it comes from a form of ours; empty for GET."""
    form = request.scope.get("deskpilot.form")
    return form if isinstance(form, Form) else Form()


def form_in(body: bytes) -> Form:
    """A form as browsers send it; empty for anything that is none."""
    try:
        return Form(parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=200))
    except ValueError:
        return Form()


def name_from_proxy(proxy: ProxySettings, *, peer: str, headers: Headers) -> str:
    """Whom a reverse proxy of ours says this is; "" where it says nothing, says it twice, or is none of ours.

    peer: the address that the connection comes from. What X-Forwarded-For says, anybody can say.
    """
    if not proxy.identity_header or not _is_within(peer, proxy.networks):
        return ""
    wanted = proxy.identity_header.lower().encode()
    given = [value for name, value in headers if name.lower() == wanted]
    said = given[0].decode("utf-8", "replace").strip() if len(given) == 1 else ""
    return said if _NAME.fullmatch(said) else ""


def neighbourhood(peer: str) -> str:
    """Whose attempts are counted together: an address, of IPv6 its network of 64 bits, which is one household's."""
    try:
        address = ip_address(peer)
    except ValueError:
        return "nobody knows whom"
    address = address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
    return str(IPv6Network((address, 64), strict=False)) if isinstance(address, IPv6Address) else str(address)


def _is_within(peer: str, networks: Sequence[str]) -> bool:
    try:
        address = ip_address(peer)
    except ValueError:  # of a socket in the file system, or none at all
        return False
    address = address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
    return any(address in ip_network(network, strict=False) for network in networks)
