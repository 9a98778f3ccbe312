"""A file of settings (`.env`) that gets some new values: every other line stays, and nobody else may read it."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from dotenv.parser import parse_stream

from service.errors import ServiceError

_PLAIN = re.compile(r"[^\s#'\"\\$`]*")
"""Needs no quotes: `docker run --env-file` reads them as part of the value."""


def written(path: Path, values: Mapping[str, str]) -> None:
    """Set these names in the file, which is made where it is missing; readable for its owner only. Raises ServiceError.

    It is replaced as a whole: whoever reads it meanwhile sees the old one or the new one.
    """
    target = path.resolve()  # a link stays a link
    try:
        text = target.read_text(encoding="utf-8-sig") if target.exists() else ""
        # has mode 0600
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=target.parent, delete=False) as file:
            new = Path(file.name)
            try:
                file.write(with_values(text, values))
                file.flush()
                new.replace(target)
            finally:  # a file that is a mount cannot be replaced: no copy of the secrets stays beside it
                new.unlink(missing_ok=True)
    except (OSError, UnicodeDecodeError) as error:
        raise ServiceError(f"{path} cannot be written: {error}") from error


def value_in(path: Path, name: str) -> str:
    """What the file says of a name; empty where it, or the file, is missing. Raises ServiceError."""
    try:
        text = path.read_text(encoding="utf-8-sig") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise ServiceError(f"{path} cannot be read: {error}") from error
    said = [line.value or "" for line in parse_stream(StringIO(text)) if line.key == name]
    return said[-1] if said else ""  # of several the service reads the last


def refused(path: Path) -> str:
    """Why the file could not be written, before anything depends on it; empty where it could."""
    folder = path.resolve().parent
    if path.is_dir():
        return f"{path} is a folder: name a file."
    if not folder.is_dir():
        return f"{folder} is not a folder: make it, or name another file."
    return "" if os.access(folder, os.W_OK) else f"Nothing can be written into {folder}: name another file."


def with_values(text: str, values: Mapping[str, str]) -> str:
    """The text of such a file with these values; a name that stands there twice is left once. Pure."""
    left, parts = dict(values), list[str]()
    for line in parse_stream(StringIO(text)):
        said = line.original.string
        if line.key is None or line.key not in values:
            parts.append(said)
        elif line.key in left:
            before = said[: len(said) - len(said.lstrip())]  # blank lines belong to the name behind them
            export = "export " if said.lstrip().startswith("export ") else ""
            parts.append(f"{before}{export}{line.key}={_quoted(left.pop(line.key))}\n")
    if parts and left and not parts[-1].endswith("\n"):
        parts.append("\n")
    return "".join((*parts, *(f"{name}={_quoted(value)}\n" for name, value in left.items())))


def _quoted(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
