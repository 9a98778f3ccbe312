"""Everything that can be set, read once from the environment (and `.env`). No other file reads the environment."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from io import StringIO
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from dotenv.parser import parse_stream
from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict, SettingsError

from service.contradictions import contradictions, unknown_names

PREFIX = "DESKPILOT_"
ENV_FILE = Path(".env")

NotesWhen = Literal["first", "question", "every", "on_request"]

TeamLanguage = Literal["en", "de", "fr", "es"]


class SettingsProblem(Exception):
    """The settings contradict each other or lack something. `problems`: one sentence each, saying what to set."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def _split(value: object) -> object:
    """Secrets are written with commas between them; one is enough."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _without_slash(value: str) -> str:
    return value.rstrip("/")


class QdrantSettings(BaseModel):
    """A Qdrant server. Empty url: the embedded one in the data directory."""

    url: str = ""
    api_key: SecretStr = SecretStr("")
    collection: str = "deskpilot"

    _url = field_validator("url")(_without_slash)


class LLMSettings(BaseModel):
    """Any OpenAI-compatible chat endpoint. Empty base_url and api_key: the extractive writer."""

    base_url: str = ""
    api_key: SecretStr = SecretStr("")
    model: str = ""
    fast_model: str = ""  # empty: `model` analyses too
    price_in: float | None = Field(default=None, ge=0)  # of a million tokens, in your currency
    price_out: float | None = Field(default=None, ge=0)
    wait_s: float = Field(default=600.0, ge=0)  # a ticket's patience with a model that is down; then a note without one
    timeout_s: float = Field(default=45.0, gt=0)  # a long draft of a slow hosted model; local ones want more
    context_tokens: int = Field(default=16_000, ge=2_000)  # what a prompt may fill; small local models have 8k to 32k
    max_output_tokens: int = Field(default=1_200, ge=200)
    # "none" works everywhere: the prompt asks for JSON. "object", "schema": also the server's own JSON mode, where it has one
    json_mode: Literal["none", "object", "schema"] = "none"

    _url = field_validator("base_url")(_without_slash)

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

    _url = field_validator("base_url")(_without_slash)

    @property
    def on(self) -> bool:
        """Whether there are embeddings."""
        return bool(self.base_url or self.api_key.get_secret_value())


class HelpdeskSettings(BaseModel):
    """What both vendors share. Empty url: this helpdesk is off."""

    url: str = ""
    webhook_secrets: Annotated[list[SecretStr], NoDecode] = []

    _url = field_validator("url")(_without_slash)
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


class TeamSettings(BaseModel):
    """How the team reads its notes."""

    language: TeamLanguage = "en"
    timezone: str = "UTC"


class BrandSettings(BaseModel):
    """How drafts sound."""

    name: str = ""
    tone: str = "friendly, plain and brief"


class ConfidenceSettings(BaseModel):
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


class KnowledgeSettings(BaseModel):
    """Articles beside the help centres: a folder of Markdown or HTML, and where its pages stand on the web."""

    folder: Path | None = None
    folder_url: str = ""
    sync_every_s: float = Field(default=3600.0, ge=0)  # also at start-up; 0: only when `deskpilot sync` is called
    solved: bool = True  # keep solved tickets as examples for their own organization

    _url = field_validator("folder_url")(_without_slash)


class Settings(BaseSettings):
    """All settings; the environment's names are DESKPILOT_ and the field's, `__` between levels.

    Read them with `load`, which also says what they contradict each other in.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_file=ENV_FILE,
        env_file_encoding="utf-8-sig",  # as some editors write it
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
    reconcile_every_s: float = Field(default=300.0, ge=0)  # ask the helpdesks what changed, for lost webhooks; 0: never
    jobs_at_once: int = Field(default=20, ge=1)  # for each helpdesk; a job mostly waits for the model
    qdrant: QdrantSettings = QdrantSettings()
    llm: LLMSettings = LLMSettings()
    embeddings: EmbeddingsSettings = EmbeddingsSettings()
    zendesk: ZendeskSettings = ZendeskSettings()
    freshdesk: FreshdeskSettings = FreshdeskSettings()
    team: TeamSettings = TeamSettings()
    brand: BrandSettings = BrandSettings()
    knowledge: KnowledgeSettings = KnowledgeSettings()
    confidence: ConfidenceSettings = ConfidenceSettings()

    _public = field_validator("public_url")(_without_slash)

    @cached_property
    def helpdesks(self) -> dict[str, HelpdeskSettings]:
        """The helpdesks that are on, by name."""
        both: dict[str, HelpdeskSettings] = {"zendesk": self.zendesk, "freshdesk": self.freshdesk}
        return {name: settings for name, settings in both.items() if settings.on}

    @cached_property
    def hosts(self) -> frozenset[str]:
        """The operator's own hosts, as they stand in addresses: nobody's personal data."""
        addresses = (
            *(self.zendesk.url, self.freshdesk.url, self.qdrant.url, self.llm.base_url, self.embeddings.base_url),
            *(self.public_url, self.knowledge.folder_url, self.database_url.get_secret_value()),
        )
        parts = [urlsplit(address) for address in addresses]
        with_user = {f"{part.username}@{part.hostname}" for part in parts if part.username}
        return frozenset({part.hostname for part in parts if part.hostname} | with_user)


Demand = Callable[[Settings], Iterable[str]]
"""What else a command needs of the settings; one sentence per problem."""


def load(*demands: Demand, **changes: object) -> Settings:
    """Read the settings. Raises SettingsProblem with one sentence for each problem of all of them.

    changes: what stands here, by field, replaces what the environment says.
    """
    problems = [*unknown_names(_from_file(), known=_known()), *unknown_names(os.environ, known=_known())]
    faulty: dict[str, str] = {}
    try:
        settings = Settings.model_validate(changes)
    except SettingsError as error:
        raise SettingsProblem(problems or [f"A setting cannot be read: {error}."]) from error
    except ValidationError as error:
        wrong = error.errors()
        if not all(problem["loc"] for problem in wrong):  # a group set as a whole: no setting, and nobody's default
            raise SettingsProblem(problems or [f"A setting cannot be read: {wrong[0]['msg']}."]) from error
        faulty = {_name(problem["loc"]): problem["msg"] for problem in wrong}
        settings = Settings.model_validate(_with_defaults(changes, [problem["loc"] for problem in wrong]))
    problems += [f"{name} cannot be used: {said[:1].lower()}{said[1:]}." for name, said in faulty.items()]
    for demand in (contradictions, *demands):
        # what is said of a setting that could not be read would be said of its default
        problems += [said for said in demand(settings) if not faulty.keys() & set(re.findall(r"DESKPILOT_\w+", said))]
    if problems:
        raise SettingsProblem(problems)
    return settings


def _from_file() -> dict[str, str | None]:
    """What stands in `.env`. Raises SettingsProblem where it cannot be read, whole or in parts."""
    if not ENV_FILE.is_file():
        return {}
    where = ENV_FILE.absolute()
    try:
        text = ENV_FILE.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SettingsProblem([f"{where} cannot be read: {error.strerror}."]) from error
    except UnicodeDecodeError as error:
        raise SettingsProblem([f"{where} cannot be read: save it as text in UTF-8."]) from error
    if "\0" in text:  # as ASCII reads in UTF-16
        raise SettingsProblem([f"{where} cannot be read: save it as text in UTF-8."])
    lines = list(parse_stream(StringIO(text)))
    if bad := [line.original.line for line in lines if line.error]:
        raise SettingsProblem([f"Line {number} of {where} cannot be read: write it as NAME=value." for number in bad])
    return {line.key: line.value for line in lines if line.key}


def _known() -> list[str]:
    """Every name there is."""
    return [_name((*group, field)) for group, fields in _groups() for field in fields]


def _groups() -> Iterator[tuple[tuple[str, ...], Sequence[str]]]:
    """(path of a group, the settings in it)."""
    fields = Settings.model_fields
    models = {name: field.annotation for name, field in fields.items() if isinstance(field.default, BaseModel)}
    yield (), [name for name in fields if name not in models]
    for name in models:
        yield (name,), list(type(fields[name].default).model_fields)


def _name(location: Sequence[int | str]) -> str:
    """The name in the environment: ("llm", "timeout_s") -> DESKPILOT_LLM__TIMEOUT_S."""
    return PREFIX + "__".join(part.upper() for part in location if isinstance(part, str))


def _with_defaults(changes: Mapping[str, object], locations: Iterable[Sequence[int | str]]) -> dict[str, Any]:
    """The changes, and for each of these locations the default instead of what the environment says."""
    mended: dict[str, Any] = dict(changes)
    for location in locations:
        first, *rest = (part for part in location if isinstance(part, str))
        default = Settings.model_fields[first].default
        if rest:
            mended[first] = {**mended.get(first, {}), rest[0]: getattr(default, rest[0])}
        else:
            mended[first] = default
    return mended


def tiktoken_cache() -> Path:
    """Where tiktoken looks for its encoding files, by its own rules: its two variables are read, not set, by us."""
    for name in ("TIKTOKEN_CACHE_DIR", "DATA_GYM_CACHE_DIR"):
        if name in os.environ:  # set but empty: tiktoken keeps no cache
            return Path(os.environ[name] or os.devnull)
    return Path(tempfile.gettempdir()) / "data-gym-cache"
