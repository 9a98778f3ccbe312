"""What settings can have wrong beyond their types: names that are none, values that cannot be meant, contradictions."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from ipaddress import ip_network
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from psycopg.pq import Conninfo
from pydantic import SecretStr

from service.groups import (
    EmbeddingsSettings,
    FreshdeskSettings,
    LLMSettings,
    ProxySettings,
    ReportSettings,
    TelemetrySettings,
    ZendeskSettings,
)

if TYPE_CHECKING:  # the settings call this file, which only reads them
    from service.settings import Settings

PLACEHOLDERS = frozenset({"changeme", "change-me", "secret", "password", "xxx", "todo", "your-api-key", "<secret>"})

_POSTGRES = re.compile(  # what SQLAlchemy can read, as it reads it: https://docs.sqlalchemy.org/en/20/core/engines.html
    r"postgres(?:ql)?(?:\+\w+)?://(?:[^:/@]*(?::[^@]*)?@)?(?:\[[^/?\]]+\]|[^/:?@\[\]\s]*)(?::\d{1,5})?(?:/[^?]*)?(?:\?(?P<options>.*))?"
)

_HOST = re.compile(r"(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]*[a-z][a-z0-9-]*")
"""As the guard compares it: a name in lower case, other scripts as xn--; "*." in front stands for every name below."""

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2

_CLUSTERS = re.compile(r"\w+_SERVICE_(?:HOST|PORT(?:_\w+)?)|\w+_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?")
"""Kubernetes sets these for every service of a namespace, so for one that is called deskpilot, too.

https://kubernetes.io/docs/tutorials/services/connect-applications-service/#environment-variables
"""

_PREFIX = "DESKPILOT_"


def unknown_names(given: Mapping[str, str | None], *, known: Sequence[str]) -> Iterator[str]:
    """A sentence for each name that looks like a setting of ours and is none."""
    short = [name.removeprefix(_PREFIX) for name in known]
    for name, value in given.items():
        ours = name.upper().startswith(_PREFIX) and name.upper() not in known
        if not ours or _CLUSTERS.fullmatch(name) or (value or "").startswith(("tcp://", "udp://", "sctp://")):
            continue
        near = get_close_matches(name.upper().removeprefix(_PREFIX), short, n=1)
        hint = f"did you mean {_PREFIX}{near[0]}?" if near else "remove it; README.md lists them all."
        yield f"{name} is not a setting: {hint}"


def contradictions(settings: Settings) -> Iterator[str]:
    """One sentence per problem, which names the settings it is about and says what to set."""
    yield from _addresses(settings)
    yield from _placeholders(settings)
    if not _is_time_zone(settings.team.timezone):
        yield "DESKPILOT_TEAM__TIMEZONE is not a time zone: write it as Europe/Berlin."
    yield from _zendesk(settings.zendesk)
    yield from _freshdesk(settings.freshdesk)
    if settings.qdrant.api_key.get_secret_value() and not settings.qdrant.url:
        yield "DESKPILOT_QDRANT__API_KEY is set without an address: set DESKPILOT_QDRANT__URL, too."
    yield from _alone(settings)
    yield from _endpoint("LLM", settings.llm)
    yield from _endpoint("EMBEDDINGS", settings.embeddings)
    yield from _prices(settings.llm)
    yield from _lists(settings)
    yield from _proxy(settings.proxy)
    yield from _telemetry(settings.telemetry)
    yield from _report(settings.report)
    yield from _tokens(settings)
    if settings.debounce_max_s < settings.debounce_s:
        yield "DESKPILOT_DEBOUNCE_MAX_S is below DESKPILOT_DEBOUNCE_S: a burst would never be waited for."
    if settings.knowledge.folder and not settings.knowledge.folder.is_dir():
        yield f"DESKPILOT_KNOWLEDGE__FOLDER is not a folder: {settings.knowledge.folder}."
    curve = settings.confidence
    if len({value is None for value in (curve.lead, curve.coverage, curve.base)}) > 1:
        yield "DESKPILOT_CONFIDENCE__LEAD, __COVERAGE and __BASE belong together: set all three or none."
    for host in settings.links.hosts:
        if not _HOST.fullmatch(host):
            yield f"DESKPILOT_LINKS__HOSTS holds {host}: write hosts in lower case, status.example.com or *.example.com."
    if settings.policy_file and not settings.policy_file.is_file():
        yield f"DESKPILOT_POLICY_FILE is not a file: {settings.policy_file}."


def _alone(settings: Settings) -> Iterator[str]:
    servers = {"DATABASE_URL": settings.database_url.get_secret_value(), "QDRANT__URL": settings.qdrant.url}
    for name, address in servers.items():
        if not settings.embedded and not address:
            yield f"DESKPILOT_EMBEDDED is false and there is no server: set DESKPILOT_{name}."


def _addresses(settings: Settings) -> Iterator[str]:
    addresses = {
        "PUBLIC_URL": settings.public_url,
        "QDRANT__URL": settings.qdrant.url,
        "LLM__BASE_URL": settings.llm.base_url,
        "EMBEDDINGS__BASE_URL": settings.embeddings.base_url,
        "ZENDESK__URL": settings.zendesk.url,
        "FRESHDESK__URL": settings.freshdesk.url,
        "KNOWLEDGE__FOLDER_URL": settings.knowledge.folder_url,
        "TELEMETRY__OTLP_ENDPOINT": settings.telemetry.otlp_endpoint,
    }
    for name, address in addresses.items():
        if problem := _address_problem(address):
            yield f"DESKPILOT_{name} {problem}."
    database = settings.database_url.get_secret_value()
    written = _POSTGRES.fullmatch(database)
    if database and not written:
        yield (
            "DESKPILOT_DATABASE_URL is not the address of a PostgreSQL: write it as postgresql://user:password@host/database, "
            "with %40 for an @ in the password."
        )
    elif written and not {name for name, _ in parse_qsl(written["options"] or "")} <= _connection_options():
        # not which: behind a wrong ? may stand half a password
        yield (
            "DESKPILOT_DATABASE_URL has an option that PostgreSQL does not know: behind the ? stand options such as "
            "sslmode=require; write a ? in the password as %3F."
        )


def _connection_options() -> set[str]:
    """https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS, as the installed library has them."""
    return {option.keyword.decode() for option in Conninfo.get_defaults()}


def _address_problem(address: str) -> str:
    """What is wrong with it; "" for a good address, or none."""
    try:
        parts = urlsplit(address)
        whole = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # of brackets and ports
        return "is not an address: write it as https://host"
    if address and not whole:
        return "is not an address: write it as https://host"
    if parts.username or parts.password:
        return "carries a name or password: put credentials into their own settings"
    return ""


def _placeholders(settings: Settings) -> Iterator[str]:
    secrets: dict[str, tuple[SecretStr, ...]] = {
        "ADMIN_TOKEN": (settings.admin_token,),
        "SIGNALS_TOKEN": (settings.signals_token,),
        "QDRANT__API_KEY": (settings.qdrant.api_key,),
        "LLM__API_KEY": (settings.llm.api_key,),
        "EMBEDDINGS__API_KEY": (settings.embeddings.api_key,),
        "ZENDESK__CLIENT_SECRET": (settings.zendesk.client_secret,),
        "ZENDESK__TOKEN": (settings.zendesk.token,),
        "ZENDESK__WEBHOOK_SECRETS": tuple(settings.zendesk.webhook_secrets),
        "FRESHDESK__API_KEY": (settings.freshdesk.api_key,),
        "FRESHDESK__WEBHOOK_SECRETS": tuple(settings.freshdesk.webhook_secrets),
    }
    for name, values in secrets.items():
        if any(value.get_secret_value().strip().lower() in PLACEHOLDERS for value in values):
            yield f"DESKPILOT_{name} is a placeholder: put the real value there, or leave it empty."


def _zendesk(zendesk: ZendeskSettings) -> Iterator[str]:
    token, secret = bool(zendesk.token.get_secret_value()), bool(zendesk.client_secret.get_secret_value())
    given = {
        "CLIENT_ID": zendesk.client_id,
        "CLIENT_SECRET": secret,
        "TOKEN": token,
        "EMAIL": zendesk.email,
        "WEBHOOK_SECRETS": zendesk.secrets,
    }
    if not zendesk.url:
        yield from _without_address("ZENDESK", [name for name, value in given.items() if value])
        return
    client = ("DESKPILOT_ZENDESK__CLIENT_ID", "DESKPILOT_ZENDESK__CLIENT_SECRET")
    if zendesk.client_id and secret and token:
        yield f"Zendesk has two kinds of credentials: set either {client[0]} and {client[1]}, or DESKPILOT_ZENDESK__TOKEN."
    elif bool(zendesk.client_id) != secret:
        yield f"Set both {client[0]} and {client[1]}, or neither."
    elif not secret and not token:
        yield f"Zendesk has no credentials: set {client[0]} and {client[1]}, or DESKPILOT_ZENDESK__TOKEN."


def _freshdesk(freshdesk: FreshdeskSettings) -> Iterator[str]:
    key = freshdesk.api_key.get_secret_value()
    if not freshdesk.url:
        given = {"API_KEY": key, "WEBHOOK_SECRETS": freshdesk.secrets}
        yield from _without_address("FRESHDESK", [name for name, value in given.items() if value])
        return
    if not key:
        yield "Freshdesk has no credentials: set DESKPILOT_FRESHDESK__API_KEY."


def _without_address(group: str, given: list[str]) -> Iterator[str]:
    names = " and ".join(f"DESKPILOT_{group}__{name}" for name in given)
    if names:
        verb = "is" if len(given) == 1 else "are"
        yield f"{names} {verb} set without an address: set DESKPILOT_{group}__URL, too."


def _endpoint(name: str, endpoint: LLMSettings | EmbeddingsSettings) -> Iterator[str]:
    if endpoint.on and not endpoint.model:
        yield f"DESKPILOT_{name}__MODEL is empty: name the model to ask for."
    if endpoint.model and not endpoint.on:
        address, key = f"DESKPILOT_{name}__BASE_URL", f"DESKPILOT_{name}__API_KEY"
        yield f"DESKPILOT_{name}__MODEL is set without {address} or {key}: set one of them."


def _prices(llm: LLMSettings) -> Iterator[str]:
    if llm.daily_cap is not None and (llm.price_in is None or llm.price_out is None):
        yield "DESKPILOT_LLM__DAILY_CAP is set without prices: set DESKPILOT_LLM__PRICE_IN and DESKPILOT_LLM__PRICE_OUT, too."


def _telemetry(telemetry: TelemetrySettings) -> Iterator[str]:
    headers = telemetry.otlp_headers.get_secret_value()
    try:
        all(name.encode("ascii") and value.encode("ascii") for name, value in telemetry.headers.items())
    except ValueError:  # of one that no header can carry, too
        yield "DESKPILOT_TELEMETRY__OTLP_HEADERS cannot be read: write name=value, with commas between several."
    if headers and not telemetry.otlp_endpoint:
        yield "DESKPILOT_TELEMETRY__OTLP_HEADERS is set without an address: set DESKPILOT_TELEMETRY__OTLP_ENDPOINT, too."


def _report(report: ReportSettings) -> Iterator[str]:
    webhook = report.webhook.get_secret_value()
    if webhook and (not webhook.startswith("https://") or _address_problem(webhook)):
        yield "DESKPILOT_REPORT__WEBHOOK must be a whole address that begins with https://: the report leaves the house."


def _tokens(settings: Settings) -> Iterator[str]:
    try:
        secrets = settings.lookup.by_name
    except ValueError:
        yield "DESKPILOT_LOOKUP__SECRETS cannot be read: write a JSON object, or name=value with commas between several."
    else:
        if any(not (value.isascii() and value.isprintable()) for value in secrets.values()):
            yield "DESKPILOT_LOOKUP__SECRETS holds a value that no header can carry: write it in printable ASCII."
    pushing, admin = settings.signals_token.get_secret_value(), settings.admin_token.get_secret_value()
    if pushing and hmac.compare_digest(pushing.encode(), admin.encode()):
        yield "DESKPILOT_SIGNALS_TOKEN is the admin token, which opens everything: set another one for your product."


def _lists(settings: Settings) -> Iterator[str]:
    """A name where the vendor tells numbers only would keep nobody out."""
    tickets, freshdesk = settings.tickets, settings.freshdesk.on
    lists = {
        "DENY_BRANDS": tickets.deny_brands,
        "ALLOW_BRANDS": tickets.allow_brands,
        "DENY_GROUPS": tickets.deny_groups if freshdesk else (),
        "ALLOW_GROUPS": tickets.allow_groups if freshdesk else (),
        "DENY_FORMS": () if freshdesk else tickets.deny_forms,
        "ALLOW_FORMS": () if freshdesk else tickets.allow_forms,
    }
    for name, listed in lists.items():
        if word := next((one for one in listed if not one.isdecimal()), ""):
            what = name.partition("_")[2].lower()
            yield f"DESKPILOT_TICKETS__{name} holds {word!r}, but your helpdesk tells {what} by number: write that."


def _proxy(proxy: ProxySettings) -> Iterator[str]:
    """Whoever may set the header is whoever they like."""
    header, networks = "DESKPILOT_PROXY__IDENTITY_HEADER", "DESKPILOT_PROXY__NETWORKS"
    if proxy.identity_header and not _TOKEN.fullmatch(proxy.identity_header):
        yield f"{header} is not the name of a header: write it as X-Forwarded-User."
    if bool(proxy.identity_header) != bool(proxy.networks):
        yield f"{header} and {networks} belong together: set both or neither."
    for network in proxy.networks:
        if problem := _network_problem(network):
            yield f"{networks} holds {network}: {problem}."


def _network_problem(network: str) -> str:
    try:
        return "" if ip_network(network).prefixlen else "that is everybody, who could then say to be anybody"
    except ValueError:
        return "write the proxy's address or network as 10.0.0.5 or 10.0.0.0/24"


def _is_time_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder of zones
        return False
    return True
