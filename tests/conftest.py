"""Real parts for every test: one embedded PostgreSQL for the run, a fresh database of its own for each test."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from connectors.http import Answer, Door
from service import embedded_postgres
from service.database import Database, migrate, open_database
from service.settings import Settings
from tests.writes import changes_a_ticket, is_ours_to_send

_numbers = itertools.count(1)

_MEMORY, _ROOM = Path("/dev/shm"), 2 * 1024**3  # noqa: S108 - only where it has this much room, and only for tests
if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM:
    # an index waits two seconds for the disk to be made and closed, every test has two, and none pulls a plug; what
    # pytest itself keeps after a run stays where it was
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())
    tempfile.tempdir = str(_MEMORY)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long ones, spread over the workers' shares: else the run waits for the last of them."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    long = [item for item in items if item.get_closest_marker("long")]
    others = [item for item in items if not item.get_closest_marker("long")]
    share = len(others) // workers
    items[:] = [
        item
        for number in range(workers)
        for item in (
            *long[number::workers],
            *others[number * share : (number + 1) * share if number + 1 < workers else None],
        )
    ]


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test reads the settings of the machine it runs on."""
    for name in list(os.environ):
        if name.startswith("DESKPILOT_"):  # DESKPILOT_SHARED was read when the tests were imported
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def forbidden_writes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """No test sees a connector send anything to a ticket but a private note and the few fields that a policy can name.

    A test that makes a connector careless on purpose clears the list.
    """
    found: list[str] = []
    call = Door.call

    async def watched(door: Door, method: str, path: str, **given: Any) -> Answer:
        if changes_a_ticket(method, path) and not is_ours_to_send(method, path, given.get("json")):
            found.append(f"{method} {path} {given.get('json')}")
        return await call(door, method, path, **given)

    monkeypatch.setattr(Door, "call", watched)
    yield found
    assert found == []


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A directory for embedded engines, outside pytest's own.

    As root, PostgreSQL runs as another user, whom pytest shuts out of its directories whenever a second run starts.
    """
    with tempfile.TemporaryDirectory(prefix="deskpilot-") as directory:
        yield Path(directory)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a running PostgreSQL with a migrated database called `template`."""
    with tempfile.TemporaryDirectory(prefix="deskpilot-") as directory, asyncio.Runner() as runner:
        server = embedded_postgres.running(Path(directory) / "postgres")
        url = runner.run(server.__aenter__())
        with psycopg.connect(url, autocommit=True) as connection:
            for setting in ("fsync", "full_page_writes"):  # no test pulls a plug
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")
            connection.execute("CREATE DATABASE template")
        migrate(make_url(url).set(drivername="postgresql+psycopg", database="template"))
        yield url
        runner.run(server.__aexit__(None, None, None))


@pytest.fixture
def database_url(postgres: str) -> Iterator[str]:
    """A fresh, migrated database."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template")
        yield make_url(postgres).set(database=name).render_as_string(hide_password=False)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The same, opened as the service opens it."""
    async with open_database(Settings(database_url=SecretStr(database_url))) as opened:
        yield opened
