"""How a command on the same machine finds the running `serve`: the embedded index belongs to one process."""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

_FILE = "serve.json"


@dataclass(frozen=True, slots=True)
class Control:
    """Where the running `serve` listens, and the token it made for this run."""

    url: str
    token: str = field(repr=False)


def new_token() -> str:
    """A token for one run of `serve`."""
    return secrets.token_urlsafe(32)


@contextlib.contextmanager
def announced(data_dir: Path, control: Control) -> Iterator[None]:
    """Say in the data directory, readable for our user only, that `serve` runs. Raises OSError with what to do."""
    file = data_dir / _FILE
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(json.dumps(asdict(control)))
    except OSError as error:
        raise OSError(
            f"{file} cannot be written ({error.strerror}): make room there, give our user the right, or set DESKPILOT_DATA_DIR"
        ) from error
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def find(data_dir: Path) -> Control | None:
    """The `serve` that said it runs here; a killed one leaves its word behind, so the caller may find nobody there."""
    try:
        return Control(**json.loads((data_dir / _FILE).read_text()))
    except (FileNotFoundError, json.JSONDecodeError, TypeError):
        return None
