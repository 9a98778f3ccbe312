"""The groups of settings, each with its defaults: DESKPILOT_LLM__MODEL is the field `model` of LLMSettings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

TeamLanguage = Literal["en", "de", "fr", "es"]
Promise = Literal["refund", "legal", "date"]


def _split(value: object) -> object:
    """Lists are written with commas between their parts; one is enough."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Names = Annotated[list[str], NoDecode]
"""Written with commas between them."""


def without_slash(value: str) -> str:
    """An address as everything is put behind it."""
    return value.rstrip("/")


def without_empty(model: type[BaseModel], given: object) -> object:
    """Who leaves a setting empty has not set it, as in a copied env.example; of a list that is "none at all"."""
    if not isinstance(given, dict):
        return given
    lists = {name for name, field in model.model_fields.items() if isinstance(field.default, list)}
    return {name: value for name, value in given.items() if value != "" or name in lists}


class Group(BaseModel):
    """Settings that belong together. What is empty is its default."""

    @model_validator(mode="before")
    @classmethod
    def _empty(cls, given: object) -> object:
        return without_empty(cls, given)


class QdrantSettings(Group):
    """A Qdrant server. Empty url: the embedded one in the data directory."""

    url: str = ""
    api_key: SecretStr = SecretStr("")
    collection: str = "deskpilot"

    _url = field_validator("url")(without_slash)


class LLMSettings(Group):
    """Any OpenAI-compatible chat endpoint. Empty base_url and api_key: the extractive writer."""

    base_url: str = ""
    api_key: SecretStr = SecretStr("")
    model: str = ""
    fast_model: str = ""  # empty: `model` analyses too
    price_in: float | None = Field(default=None, ge=0)  # of a million tokens, in your currency
    price_out: float | None = Field(default=None, ge=0)
    daily_cap: float | None = Field(default=None, ge=0)  # of each helpdesk account, in that currency, per day of UTC
    # some 60 and 300 ordinary messages, 9 and 44 of the longest; 0: no limit
    tokens_per_requester_hour: int = Field(default=300_000, ge=0)
    tokens_per_organization_hour: int = Field(default=1_500_000, ge=0)
    wait_s: float = Field(default=600.0, ge=0)  # a ticket's patience with a model that is down; then a note without one
    timeout_s: float = Field(default=45.0, gt=0)  # a long draft of a slow hosted model; local ones want more
    context_tokens: int = Field(default=16_000, ge=2_000)  # what a prompt may fill; small local models have 8k to 32k
    max_output_tokens: int = Field(default=1_200, ge=200)
    # "none" works everywhere: the prompt asks for JSON. "object", "schema": also the server's own JSON mode, where it has one
    json_mode: Literal["none", "object", "schema"] = "none"

    _url = field_validator("base_url")(without_slash)

    @property
    def on(self) -> bool:
        """Whether there is a model."""
        return bool(self.base_url or self.api_key.get_secret_value())


class TicketsSettings(Group):
    """Which tickets are kept out, by the helpdesk's ids (of groups at Zendesk also by name; a Freshdesk form is a ticket's type).

    Deny wins over allow; an empty list denies nothing, or allows everything.
    """

    deny_groups: Names = []
    deny_brands: Names = []
    deny_forms: Names = []
    deny_tags: Names = []
    allow_groups: Names = []
    allow_brands: Names = []
    allow_forms: Names = []
    allow_tags: Names = []

    _lists = field_validator("*", mode="before")(_split)


class EmbeddingsSettings(Group):
    """Any OpenAI-compatible embeddings endpoint. Empty base_url and api_key: BM25 only."""

    base_url: str = ""
    api_key: SecretStr = SecretStr("")
    model: str = ""
    timeout_s: float = Field(default=10.0, gt=0)
    batch: int = Field(default=64, ge=1, le=2048)  # texts per request; the largest that all known servers accept

    _url = field_validator("base_url")(without_slash)

    @property
    def on(self) -> bool:
        """Whether there are embeddings."""
        return bool(self.base_url or self.api_key.get_secret_value())


class HelpdeskSettings(Group):
    """What both vendors share. Empty url: this helpdesk is off."""

    url: str = ""
    webhook_secrets: Annotated[list[SecretStr], NoDecode] = []

    _url = field_validator("url")(without_slash)
    _secrets = field_validator("webhook_secrets", mode="before")(_split)

    @property
    def on(self) -> bool:
        """Whether this helpdesk is connected."""
        return bool(self.url)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Accepted webhook secrets, in plain text."""
        return tuple(secret.get_secret_value() for secret in self.webhook_secrets)


class ZendeskSettings(HelpdeskSettings):
    """One of: client id and secret (OAuth client credentials), a ready OAuth token, or e-mail and API token (legacy)."""

    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    token: SecretStr = SecretStr("")  # OAuth access token; with `email` set it is an API token
    email: str = ""


class FreshdeskSettings(HelpdeskSettings):
    """The key is one agent's and has that agent's rights."""

    api_key: SecretStr = SecretStr("")


class TeamSettings(Group):
    """How the team reads its notes."""

    language: TeamLanguage = "en"
    timezone: str = "UTC"


class BrandSettings(Group):
    """How drafts sound."""

    name: str = ""
    tone: str = "friendly, plain and brief"
    guidance: str = Field(default="", max_length=600)  # the house's own rules for whoever drafts, in a few sentences


class ConfidenceSettings(Group):
    """How sure is sure enough. lead, coverage, base: as `deskpilot eval confidence` prints them for your data; empty: as shipped."""

    lead: float | None = None
    coverage: float | None = None
    base: float | None = None
    cited: float = Field(default=5.0, ge=1)  # what a model's own citations multiply the odds by
    abstain_below: float = Field(default=0.4, ge=0, le=1)  # a draft that is less sure is not shown

    @property
    def own(self) -> tuple[float, float, float] | None:
        """Lead, coverage and base in place of the shipped ones; None where they are not set, all three."""
        if self.lead is None or self.coverage is None or self.base is None:
            return None
        return self.lead, self.coverage, self.base


class KnowledgeSettings(Group):
    """Articles beside the help centres: a folder of Markdown or HTML, and where its pages stand on the web."""

    folder: Path | None = None
    folder_url: str = ""
    sync_every_s: float = Field(default=3600.0, ge=0)  # also at start-up; 0: only when `deskpilot sync` is called
    solved: bool = True  # keep solved tickets as examples for their own organization

    _url = field_validator("folder_url")(without_slash)


class MaskingSettings(Group):
    """Beyond what is recognised by its form. entities: entry point of a plug-in that finds names and addresses; empty: none."""

    entities: str = ""


class TelemetrySettings(Group):
    """Where traces go, over OTLP/HTTP. Empty otlp_endpoint: nowhere, and nothing of it is loaded."""

    otlp_endpoint: str = ""  # as in http://collector:4318; /v1/traces is put behind it
    otlp_headers: SecretStr = SecretStr("")  # name=value, with commas between them; a collector's key stands here
    service_name: str = "deskpilot"

    _endpoint = field_validator("otlp_endpoint")(without_slash)

    @property
    def headers(self) -> dict[str, str]:
        """The headers by name. Raises ValueError for what is not name=value."""
        given = [one.partition("=") for one in self.otlp_headers.get_secret_value().split(",") if one.strip()]
        if any(not (name.strip() and sign) for name, sign, _ in given):
            raise ValueError("a header is written as name=value")
        return {name.strip().lower(): value.strip() for name, _, value in given}


class ReportSettings(Group):
    """Where the weekly report goes, on Monday morning by the team's clock. Both empty: nowhere."""

    folder: Path | None = None
    webhook: SecretStr = SecretStr("")  # https; whoever knows the address can write there


class LinksSettings(Group):
    """Hosts that a draft may link to where a cited public article does: "status.example.com", "*.example.com"."""

    hosts: Annotated[list[str], NoDecode] = []

    _hosts = field_validator("hosts", mode="before")(_split)


class PromisesSettings(Group):
    """What a draft must not promise by itself; a check says where it does."""

    flagged: Annotated[list[Promise], NoDecode] = ["refund", "legal", "date"]

    _flagged = field_validator("flagged", mode="before")(_split)


class ProxySettings(Group):
    """A reverse proxy that signs people in to the admin page: the header that names them, and where it may come from (CIDR)."""

    identity_header: str = ""
    networks: Names = []

    _networks = field_validator("networks", mode="before")(_split)


class LookupSettings(Group):
    """Secrets of the policy's look-ups: a JSON object, or name=value with commas between several."""

    secrets: SecretStr = SecretStr("")

    @property
    def by_name(self) -> dict[str, str]:
        """The secrets. Raises ValueError for what is neither form."""
        written = self.secrets.get_secret_value().strip()
        if written.startswith("{"):
            given = json.loads(written)
            if not all(isinstance(value, str) for value in given.values()):
                raise ValueError("a secret is a text")
            return dict(given)
        pairs = [one.partition("=") for one in written.split(",") if one.strip()]
        if any(not (name.strip() and sign) for name, sign, _ in pairs):
            raise ValueError("a secret is written as name=value")
        return {name.strip(): value.strip() for name, _, value in pairs}
