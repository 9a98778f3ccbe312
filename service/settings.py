"""Everything that can be set, read once from the environment (and `.env`). No other file reads the environment."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict, SettingsError

PLACEHOLDERS = frozenset({"changeme", "change-me", "secret", "password", "xxx", "todo", "your-api-key", "<secret>"})

NotesWhen = Literal["first", "question", "every", "on_request"]

TeamLanguage = Literal["en", "de", "fr", "es"]


class SettingsProblem(Exception):
    """The settings contradict each other or lack something. `problems`: one sentence each, saying what to set."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def _real(value: SecretStr) -> SecretStr:
    if value.get_secret_value().strip().lower() in PLACEHOLDERS:
        raise ValueError("is a placeholder: put the real value there, or leave it empty")
    return value


def _split(value: object) -> object:
    """Secrets are written with commas between them; one is enough."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _address(value: str) -> str:
    if not value:
        return value
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is not an address: write it as https://host")
    if parts.username or parts.password:
        raise ValueError("carries a name or password: put credentials into their own settings")
    return value.rstrip("/")


class QdrantSettings(BaseModel):
    """A Qdrant server. Empty url: the embedded one in the data directory."""

    url: str = ""
    api_key: SecretStr = SecretStr("")
    collection: str = "deskpilot"

    _url = field_validator("url")(_address)


class LLMSettings(BaseModel):
    """Any OpenAI-compatible chat endpoint. Empty base_url and api_key: the extractive writer."""

    base_url: str = ""
    api_key: SecretStr = SecretStr("")
    model: str = ""
    fast_model: str = ""  # empty: `model` analyses too
    timeout_s: float = Field(default=45.0, gt=0)  # a long draft of a slow hosted model; local ones want more
    context_tokens: int = Field(default=16_000, ge=2_000)  # what a prompt may fill; small local models have 8k to 32k
    max_output_tokens: int = Field(default=1_200, ge=200)
    # "none" works everywhere: the prompt asks for JSON. "object", "schema": also the server's own JSON mode, where it has one
    json_mode: Literal["none", "object", "schema"] = "none"

    _url = field_validator("base_url")(_address)
    _key = field_validator("api_key")(_real)

    @property
    def on(self) -> bool:
        """Whether there is a model."""
        return bool(self.base_url or self.api_key.get_secret_value())


class EmbeddingsSettings(BaseModel):
    """Any OpenAI-compatible embeddings endpoint. Empty base_url and api_key: BM25 only."""

    base_url: str = ""
    api_key: SecretStr = SecretStr("")
    model: str = ""
    timeout_s: float = Field(default=10.0, gt=0)
    batch: int = Field(default=64, ge=1, le=2048)  # texts per request; the largest that all known servers accept

    _url = field_validator("base_url")(_address)
    _key = field_validator("api_key")(_real)

    @property
    def on(self) -> bool:
        """Whether there are embeddings."""
        return bool(self.base_url or self.api_key.get_secret_value())


class HelpdeskSettings(BaseModel):
    """What both vendors share. Empty url: this helpdesk is off."""

    url: str = ""
    webhook_secrets: Annotated[list[SecretStr], NoDecode] = []

    _url = field_validator("url")(_address)
    _secrets = field_validator("webhook_secrets", mode="before")(_split)

    @field_validator("webhook_secrets")
    @classmethod
    def _real_secrets(cls, value: list[SecretStr]) -> list[SecretStr]:
        return [_real(secret) for secret in value]

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

    _keys = field_validator("client_secret", "token")(_real)


class FreshdeskSettings(HelpdeskSettings):
    """The key is one agent's and has that agent's rights."""

    api_key: SecretStr = SecretStr("")

    _key = field_validator("api_key")(_real)


class TeamSettings(BaseModel):
    """How the team reads its notes."""

    language: TeamLanguage = "en"
    timezone: str = "UTC"

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("is not a time zone: write it as Europe/Berlin") from error
        return value


class BrandSettings(BaseModel):
    """How drafts sound."""

    name: str = ""
    tone: str = "friendly, plain and brief"


class KnowledgeSettings(BaseModel):
    """Articles beside the help centres: a folder of Markdown or HTML, and where its pages stand on the web."""

    folder: Path | None = None
    folder_url: str = ""
    sync_every_s: float = Field(default=3600.0, ge=0)  # also at start-up; 0: only when `deskpilot sync` is called

    _url = field_validator("folder_url")(_address)


class Settings(BaseSettings):
    """All settings; the environment's names are DESKPILOT_ and the field's, `__` between levels."""

    model_config = SettingsConfigDict(
        env_prefix="DESKPILOT_",
        env_nested_delimiter="__",
        env_file=".env",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    data_dir: Path = Path(".deskpilot")
    database_url: SecretStr = SecretStr("")
    public_url: str = ""
    admin_token: SecretStr = SecretStr("")
    policy_file: Path | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    notes: NotesWhen = "question"
    debounce_s: float = Field(default=3.0, ge=0)
    debounce_max_s: float = Field(default=15.0, ge=0)
    jobs_at_once: int = Field(default=20, ge=1)  # a job mostly waits for the model
    qdrant: QdrantSettings = QdrantSettings()
    llm: LLMSettings = LLMSettings()
    embeddings: EmbeddingsSettings = EmbeddingsSettings()
    zendesk: ZendeskSettings = ZendeskSettings()
    freshdesk: FreshdeskSettings = FreshdeskSettings()
    team: TeamSettings = TeamSettings()
    brand: BrandSettings = BrandSettings()
    knowledge: KnowledgeSettings = KnowledgeSettings()

    _public = field_validator("public_url")(_address)
    _token = field_validator("admin_token")(_real)

    @cached_property
    def helpdesks(self) -> dict[str, HelpdeskSettings]:
        """The helpdesks that are on, by name."""
        both: dict[str, HelpdeskSettings] = {"zendesk": self.zendesk, "freshdesk": self.freshdesk}
        return {name: settings for name, settings in both.items() if settings.on}

    @model_validator(mode="after")
    def _consistent(self) -> Settings:
        if problems := list(_contradictions(self)):
            raise SettingsProblem(problems)
        return self


def _contradictions(settings: Settings) -> Iterator[str]:
    """One sentence per problem that only several settings together show."""
    if settings.zendesk.on:
        yield from _zendesk_credentials(settings.zendesk)
    if settings.freshdesk.on and not settings.freshdesk.api_key.get_secret_value():
        yield "Freshdesk has no credentials: set DESKPILOT_FRESHDESK__API_KEY."
    for name, helpdesk in settings.helpdesks.items():
        if not helpdesk.secrets:
            secrets = f"DESKPILOT_{name.upper()}__WEBHOOK_SECRETS"
            yield f"Webhooks of {name} cannot be verified: set {secrets} to the signing secret."
    yield from _endpoint("LLM", settings.llm)
    yield from _endpoint("EMBEDDINGS", settings.embeddings)
    if settings.debounce_max_s < settings.debounce_s:
        yield "DESKPILOT_DEBOUNCE_MAX_S is below DESKPILOT_DEBOUNCE_S: a burst would never be waited for."
    if settings.knowledge.folder and not settings.knowledge.folder.is_dir():
        yield f"DESKPILOT_KNOWLEDGE__FOLDER is not a folder: {settings.knowledge.folder}."
    if settings.policy_file and not settings.policy_file.is_file():
        yield f"DESKPILOT_POLICY_FILE is not a file: {settings.policy_file}."


def _zendesk_credentials(zendesk: ZendeskSettings) -> Iterator[str]:
    client, token = "DESKPILOT_ZENDESK__CLIENT_ID", bool(zendesk.token.get_secret_value())
    match bool(zendesk.client_id), bool(zendesk.client_secret.get_secret_value()):
        case (True, True) if token:
            yield f"Zendesk has two kinds of credentials: set either {client} and __CLIENT_SECRET, or __TOKEN."
        case (False, False) if not token:
            yield f"Zendesk has no credentials: set {client} and __CLIENT_SECRET, or DESKPILOT_ZENDESK__TOKEN."
        case (True, False) | (False, True):
            yield f"Set both {client} and DESKPILOT_ZENDESK__CLIENT_SECRET, or neither."


def _endpoint(name: str, endpoint: LLMSettings | EmbeddingsSettings) -> Iterator[str]:
    if endpoint.on and not endpoint.model:
        yield f"DESKPILOT_{name}__MODEL is empty: name the model to ask for."
    if endpoint.model and not endpoint.on:
        yield f"DESKPILOT_{name}__MODEL is set without DESKPILOT_{name}__BASE_URL or __API_KEY: set one of them."


def load() -> Settings:
    """Read the settings. Raises SettingsProblem with one sentence per problem."""
    try:
        return Settings()
    except SettingsError as error:
        raise SettingsProblem([f"A setting cannot be read: {error}."]) from error
    except ValidationError as error:
        raise SettingsProblem([_sentence(problem["loc"], problem["msg"]) for problem in error.errors()]) from error


def _sentence(location: tuple[int | str, ...], message: str) -> str:
    """One sentence: ours as they stand; pydantic's ("Input should be ...") behind the name of the setting."""
    name = "DESKPILOT_" + "__".join(str(part).upper() for part in location if isinstance(part, str))
    if message.startswith("Value error, "):
        return f"{name} {message.removeprefix('Value error, ')}."
    return f"{name} cannot be used: {message[:1].lower()}{message[1:]}."


def tiktoken_cache() -> Path:
    """Where tiktoken looks for its encoding files, by its own rules: its two variables are read, not set, by us."""
    for name in ("TIKTOKEN_CACHE_DIR", "DATA_GYM_CACHE_DIR"):
        if name in os.environ:  # set but empty: tiktoken keeps no cache
            return Path(os.environ[name] or os.devnull)
    return Path(tempfile.gettempdir()) / "data-gym-cache"
