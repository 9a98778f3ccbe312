"""The other configuration of `--against`: a file of the settings that differ."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from dotenv.parser import parse_stream

from service.contradictions import unknown_names
from service.settings import PREFIX, Settings, SettingsProblem, setting_names

_IDLE = {
    *("log_level", "admin_token", "signals_token", "debounce_s", "debounce_max_s", "reconcile_every_s", "jobs_at_once"),
    *("retention_days", "telemetry", "report", "notes"),
}
"""Settings that a running service has, and a draft knows nothing of."""


def overlay(file: Path) -> dict[str, object]:
    """The settings of a file, by field, as `load` takes them. Raises SettingsProblem."""
    try:
        lines = list(parse_stream(StringIO(file.read_text(encoding="utf-8-sig"))))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsProblem([f"{file} cannot be read: {error}"]) from error
    bad = [str(line.original.line) for line in lines if line.error or (line.key and not line.key.startswith(PREFIX))]
    if bad:
        raise SettingsProblem(
            [f"Line {number} of {file} is no setting: write it as {PREFIX}NAME=value." for number in bad]
        )
    misspelt = list(unknown_names({line.key: line.value for line in lines if line.key}, known=setting_names()))
    if misspelt:
        raise SettingsProblem([f"{file}: {one}" for one in misspelt])
    changes: dict[str, object] = {}
    for line in lines:
        if line.key:
            first, _, rest = line.key.removeprefix(PREFIX).lower().partition("__")
            if rest:
                group = changes.setdefault(first, {})
                assert isinstance(group, dict)  # noqa: S101 - a group holds settings alone
                group[rest] = line.value
            else:
                changes[first] = line.value
    return changes


def alike(one: Settings, other: Settings) -> bool:
    """Whether both draft the same: what differs, if anything, is no draft's business."""
    return one.model_dump(exclude=_IDLE) == other.model_dump(exclude=_IDLE)
