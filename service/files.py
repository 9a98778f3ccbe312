"""Files that somebody names. Settings from files: DESKPILOT_LLM__API_KEY_FILE=/run/secrets/llm_key, as containers are handed their secrets.

No sentence repeats what such a name is set to: some put the secret itself there.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from service.errors import ServiceError

SUFFIX = "_FILE"

LARGEST_BYTES = 64 * 1024
"""Of a file: a setting is a line."""


@dataclass(frozen=True, slots=True)
class Filed:
    """What was found: values by the setting's own name, and for each that cannot be had why, in a sentence."""

    values: Mapping[str, str] = field(repr=False)
    problems: Mapping[str, str]


def read_files(given: Mapping[str, str | None], *, known: Sequence[str]) -> Filed:
    """Read each setting that is named with _FILE. An empty name in either place is one that is not set."""
    by_name = {name.upper(): value for name, value in given.items() if value}
    values: dict[str, str] = {}
    problems: dict[str, str] = {}
    for name in known:
        source = f"{name}{SUFFIX}"
        if source not in by_name:
            continue
        if name in by_name:
            problems[name] = f"{name} and {source} are both set: remove one of them."
            continue
        try:
            values[name] = _content(Path(by_name[source]))
        except ValueError as error:
            problems[name] = f"{source} {error}."
        except OSError as error:
            problems[name] = (
                f"{source} names a file that cannot be read ({error.strerror}): correct its path or its rights."
            )
    return Filed(values, problems)


def _content(path: Path) -> str:
    """What stands in the file, without line breaks at its end. Raises ValueError with the rest of a sentence, OSError."""
    if path.exists() and not path.is_file():  # a pipe would wait for ever
        raise ValueError("names no file: put the path of a text file there")
    with path.open("rb") as file:
        raw = file.read(LARGEST_BYTES + 1)
    if len(raw) > LARGEST_BYTES:
        raise ValueError(f"names a file of more than {LARGEST_BYTES // 1024} KB: put the value alone into it")
    try:
        text = raw.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise ValueError("names a file that is not text in UTF-8: save it as that") from None
    if "\0" in text:  # as ASCII reads in UTF-16
        raise ValueError("names a file that is not text in UTF-8: save it as that")
    if not text.strip():
        raise ValueError("names an empty file: put the value into it, or remove the setting")
    if "\n" in text:
        raise ValueError("names a file of several lines: put the value alone into it")
    return text


def refuse_unwritable(*files: Path | None) -> None:
    """Before anything takes minutes: raise ServiceError where a file that a command is to write cannot be. None: not wanted."""
    for file in files:
        if file is None:
            continue
        folder = file.absolute().parent
        if not folder.is_dir():
            raise ServiceError(f"{file} cannot be written: there is no folder {folder}; make it first")
        if file.is_dir():
            raise ServiceError(f"{file} cannot be written: it is a folder; name a file in it")
        if not os.access(file if file.exists() else folder, os.W_OK):
            raise ServiceError(f"{file} cannot be written: its rights do not let us; name another place")
