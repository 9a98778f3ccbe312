"""Everything that can be set, read once from the environment (and `.env`). No other file reads the environment."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from io import StringIO
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from dotenv.parser import parse_stream
from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from service.contradictions import contradictions, unknown_names
from service.files import SUFFIX, read_files
from service.groups import (
    BrandSettings,
    ConfidenceSettings,
    EmbeddingsSettings,
    FreshdeskSettings,
    HelpdeskSettings,
    KnowledgeSettings,
    LinksSettings,
    LLMSettings,
    LookupSettings,
    MaskingSettings,
    PromisesSettings,
    ProxySettings,
    QdrantSettings,
    ReportSettings,
    TeamSettings,
    TelemetrySettings,
    TicketsSettings,
    ZendeskSettings,
    without_slash,
)

PREFIX = "DESKPILOT_"
ENV_FILE = Path(".env")

SHORTEST_SECRET = 6
"""Anything shorter cannot be told from a part of a word, and is not struck out of logs."""

NotesWhen = Literal["first", "question", "every", "on_request"]


class SettingsProblem(Exception):
    """The settings contradict each other or lack something. `problems`: one sentence each, saying what to set."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


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
    embedded: bool = True  # PostgreSQL and Qdrant of one process; False where several must share servers
    public_url: str = ""
    admin_token: SecretStr = SecretStr("")
    signals_token: SecretStr = SecretStr("")  # of the customer's own product: opens /api/context and /api/signals alone
    policy_file: Path | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    notes: NotesWhen = "question"
    debounce_s: float = Field(default=3.0, ge=0)
    debounce_max_s: float = Field(default=15.0, ge=0)
    reconcile_every_s: float = Field(default=300.0, ge=0)  # ask the helpdesks what changed, for lost webhooks; 0: never
    jobs_at_once: int = Field(default=20, ge=1)  # for each helpdesk; a job mostly waits for the model
    retention_days: int = Field(default=30, ge=1, le=36_500)  # how long our tables keep text of tickets
    qdrant: QdrantSettings = QdrantSettings()
    llm: LLMSettings = LLMSettings()
    embeddings: EmbeddingsSettings = EmbeddingsSettings()
    zendesk: ZendeskSettings = ZendeskSettings()
    freshdesk: FreshdeskSettings = FreshdeskSettings()
    tickets: TicketsSettings = TicketsSettings()
    team: TeamSettings = TeamSettings()
    brand: BrandSettings = BrandSettings()
    knowledge: KnowledgeSettings = KnowledgeSettings()
    confidence: ConfidenceSettings = ConfidenceSettings()
    masking: MaskingSettings = MaskingSettings()
    links: LinksSettings = LinksSettings()
    promises: PromisesSettings = PromisesSettings()
    proxy: ProxySettings = ProxySettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    lookup: LookupSettings = LookupSettings()
    report: ReportSettings = ReportSettings()

    _public = field_validator("public_url")(without_slash)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """As always, but what a source leaves empty it does not say: the next one, or the default, holds. An empty list is said."""
        lists = {name.lower() for name in _list_names()}
        for source in (env_settings, dotenv_settings):
            if isinstance(source, EnvSettingsSource):
                source.env_vars = {name: value for name, value in source.env_vars.items() if value or name in lists}
        return super().settings_customise_sources(
            settings_cls, init_settings, env_settings, dotenv_settings, file_secret_settings
        )

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
            *(
                self.public_url,
                self.knowledge.folder_url,
                self.database_url.get_secret_value(),
                self.telemetry.otlp_endpoint,
            ),
        )
        parts = [urlsplit(address) for address in addresses]
        with_user = {f"{part.username}@{part.hostname}" for part in parts if part.username}
        return frozenset({part.hostname for part in parts if part.hostname} | with_user)

    @cached_property
    def secrets(self) -> tuple[str, ...]:
        """The value of every setting that is a secret, and the database's password; the longest first."""
        groups = [self, *(value for _, value in self if isinstance(value, BaseModel))]
        held = [value for group in groups for _, value in group]
        given = [one for value in held for one in (value if isinstance(value, list) else [value])]
        plain = {one.get_secret_value() for one in given if isinstance(one, SecretStr)}
        plain.add(urlsplit(self.database_url.get_secret_value()).password or "")
        plain |= {part.partition("=")[2].strip() for part in self.telemetry.otlp_headers.get_secret_value().split(",")}
        with suppress(ValueError):  # what is wrong with it, contradictions.py says
            plain |= set(self.lookup.by_name.values())
        return tuple(sorted((one for one in plain if len(one) >= SHORTEST_SECRET), key=len, reverse=True))


Demand = Callable[[Settings], Iterable[str]]
"""What else a command needs of the settings; one sentence per problem."""


def load(*demands: Demand, **changes: object) -> Settings:
    """Read the settings. Raises SettingsProblem with one sentence for each problem of all of them.

    changes: what stands here, by field, replaces what the environment says.
    """
    return _read((contradictions, *demands), changes)


def unfinished() -> Settings:
    """The settings as far as they go: nobody asks yet whether they fit together. For set-up, which completes them."""
    return _read((), {})


def _read(demands: Iterable[Demand], changes: Mapping[str, object]) -> Settings:
    dotenv, names = _from_file(), setting_names()
    known = [*names, *(name + SUFFIX for name in names)]
    found = read_files({**dotenv, **os.environ}, known=names)
    problems = [*unknown_names(dotenv, known=known), *unknown_names(os.environ, known=known), *found.problems.values()]
    changes = _nested(found.values, changes)
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
    unread = faulty.keys() | found.problems.keys()
    for demand in demands:
        # what is said of a setting that could not be read would be said of its default
        problems += [said for said in demand(settings) if not unread & set(re.findall(r"DESKPILOT_\w+", said))]
    if problems:
        raise SettingsProblem(problems)
    return settings


def filed() -> frozenset[str]:
    """Names of the settings that are read from files of their own: what stands beside them elsewhere prevents the start."""
    given = {**_from_file(), **os.environ}
    return frozenset(name for name in setting_names() if given.get(name + SUFFIX))


def in_environment() -> frozenset[str]:
    """Names of the settings that the environment of this process gives."""
    return frozenset(name for name in setting_names() if os.environ.get(name))


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


def _list_names() -> Iterator[str]:
    """Names of the settings that are lists."""
    for group, fields in _groups():
        owner = type(Settings.model_fields[group[0]].default) if group else Settings
        yield from (_name((*group, name)) for name in fields if isinstance(owner.model_fields[name].default, list))


def setting_names() -> list[str]:
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


def _nested(filed: Mapping[str, str], changes: Mapping[str, object]) -> dict[str, object]:
    """What stands in files, by field as `changes` are; these win."""
    merged: dict[str, object] = dict(changes)
    for name, value in filed.items():
        first, _, rest = name.removeprefix(PREFIX).lower().partition("__")
        if not rest:
            merged.setdefault(first, value)
        elif isinstance(group := merged.setdefault(first, {}), dict):
            merged[first] = {rest: value, **group}
    return merged


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
