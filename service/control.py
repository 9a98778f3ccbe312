"""How a command on the same machine finds the running `serve`: the embedded index belongs to one process."""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx

from service.errors import ServiceError

_FILE = "serve.json"
_CONNECT_S = 10.0


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


async def asked(
    control: Control,
    method: str,
    path: str,
    *,
    cannot: str,
    also: Collection[int] = (),
    read_s: float | None = None,
    **given: Any,  # noqa: ANN401 - httpx's, handed on
) -> httpx.Response | None:
    """What the running `serve` answers; None where nobody answers any more: ours was killed, and somebody else may listen there.

    cannot: what it does not do where it refuses, as in "forget". also: statuses that are no success and an answer all the
    same. read_s: how long it may take. Raises ServiceError where it refuses or breaks off.
    """
    try:
        # on this machine: by no proxy of the environment, which would see the token
        async with httpx.AsyncClient(timeout=httpx.Timeout(_CONNECT_S, read=read_s), trust_env=False) as http:
            headers = {"Authorization": f"Bearer {control.token}"}
            answer = await http.request(method, f"{control.url}{path}", headers=headers, **given)
    except httpx.ConnectError:
        return None
    except httpx.TransportError as error:
        what = str(error) or type(error).__name__
        raise ServiceError(
            f"the running serve at {control.url} broke off ({what}): {cannot} again when it runs"
        ) from error
    if answer.status_code in (401, 404):
        return None
    if not answer.is_success and answer.status_code not in also:
        said = answer.json()["detail"] if answer.status_code == 503 else "its log says why"
        raise ServiceError(f"the running serve at {control.url} cannot {cannot} ({answer.status_code}): {said}")
    return answer
